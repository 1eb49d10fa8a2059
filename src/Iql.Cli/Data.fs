namespace Iql.Cli

open Iql.Scripts

open System.Diagnostics
open System.IO
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Inspection
open Iql.Data.Rows
open Iql.Environments.Tasks

/// The commands `iql data …`.
module Data =

    type private Inspection = {
        File: string
        Page: string option
        /// The task whose environment replays rows; None: the task of the file.
        Task: string option
        Replayed: int
        UnpackedLimit: int64 option
        Columns: (string * string) list
    }

    type private Packing = {
        Source: string
        Mode: DatasetMode
        TimeLimit: int option
        Target: string option
        UnpackedLimit: int64 option
        Columns: (string * string) list
    }

    /// How much an .npz file may unpack to.
    let unpacked (set: int64 -> 'settings -> 'settings) : Parameter<'settings> =
        Parameter.value "--unpacked-limit BYTES" "Bytes that an .npz file may unpack to, such as 4G" Read.bytes set
        |> Parameter.showing "256M, or 100 times its own size"

    /// The arrays of a file in no known layout, by D4RL's names.
    let columns (set: (string * string) list -> 'settings -> 'settings) : Parameter<'settings> =
        let pair (word: string) =
            match word.Split('=', 2) with
            | [| name; array |] when name <> "" && array <> "" -> Ok(name, array)
            | _ -> Error $"expected NAME=ARRAY, such as observations=obs, got {word}"

        Parameter.value
            "--columns NAME=ARRAY,..."
            "The file's arrays by D4RL's names, such as observations=obs"
            (Read.listOf pair)
            set
        |> Parameter.showing "by the file's layout"

    /// The rows of a row file that the inspection reads one by one.
    let private inspectedRows = 1_000_000

    let private describe (file: RowFile) : string list = [
        let all = file.Statistics
        yield $"row file {file.Name}   {file.Path}"

        yield
            ($"{file.Count:N0} transitions in {all.Episodes:N0} episodes, observations of "
             + $"{file.ObservationSize}, {file.ActionSpace}, fingerprint {file.Fingerprint}")

        yield
            ($"{all.Terminals:N0} terminals, {all.Timeouts:N0} time-outs; mean reward {all.RewardMean:G6}; "
             + $"trajectories return {all.LeastTrajectoryReturn:G6} to {all.GreatestTrajectoryReturn:G6}")

        for entry in file.Metadata do
            yield $"  {entry.Key, -12} {entry.Value}"

        yield ""

        if file.Count > int64 inspectedRows then
            yield $"The first {inspectedRows:N0} rows:"
    ]

    /// Refuses a path that exists.
    let mustBeNew (path: string) : unit =
        if File.Exists path then
            Command.refuse $"{path}: expected a new file, found one there. Delete it, or choose another --output."

    /// Whether the name ends in .rows.
    let isRowFile (path: string) = Path.GetExtension(path).Equals(".rows", System.StringComparison.OrdinalIgnoreCase)

    /// Prints the progress of writing every few seconds.
    let watch () : int64 -> int64 -> unit =
        let clock = Stopwatch.StartNew()
        let due = Progress.every 5.0

        fun rows all ->
            if due () then
                let rate = float rows / clock.Elapsed.TotalSeconds
                eprintfn $"{100.0 * float rows / float all:F0} %%, {rows:N0} of {all:N0} rows, {rate:N0} rows/s"

    let private look (inspection: Inspection) : int =
        // A wrong name is refused first.
        let task = inspection.Task |> Option.map (TaskName.card >> Command.orRefuse)

        let report (raw: RawDataset) file =
            DatasetReport.Of raw |> Replay.extend task inspection.Replayed raw file |> Command.orRefuse

        let report =
            if RowFile.IsRowFile inspection.File then
                let rows = RowFile inspection.File
                rows.Verify()
                Command.print (describe rows)
                report (RawDataset.Of(rows.Rows(0L, inspectedRows)).Saying rows.Metadata) None
            else
                use file =
                    DatasetFile.Open(
                        inspection.File,
                        Option.toNullable inspection.UnpackedLimit,
                        readOnlyDict inspection.Columns
                    )

                report (RawDataset.Read file) (Some file)

        printfn "%s" (report.ToText())

        match inspection.Page with
        | None -> Shell.printed ()
        | Some page ->
            DatasetPage.write page report
            Shell.wrote page

    let inspect: Command =
        Command.create
            "data inspect"
            "Describe a data set and its problems: columns, episodes, rewards"
            "Reads D4RL's HDF5 layout, .npz files with the same names, Minari's folders, row files, and files of \
             d3rlpy, OGBench, robomimic and imitation. Of a row file, it describes all rows, with details of the first \
             million."
            [
                Parameter.text "FILE" "An .hdf5 or .npz file, a Minari folder, or a row file" (fun file inspection -> {
                    inspection with
                        File = file
                })
            ]
            [
                Parameter.text "--html PAGE" "Write the same text as a page with charts" (fun page inspection -> {
                    inspection with
                        Page = Some page
                })
                Parameter.text
                    "--task NAME"
                    "The MuJoCo task for a replay of rows, to check their states and rewards"
                    (fun task (inspection: Inspection) -> { inspection with Task = Some task })
                |> Parameter.showing "the task in the file's metadata or name"
                Parameter.value
                    "--replay N"
                    "Rows to replay, evenly spaced; 0 replays none"
                    (Read.whole 0)
                    (fun rows inspection -> { inspection with Replayed = rows })
                |> Parameter.showing (string DatasetReplay.StandardRows)
                unpacked (fun limit (inspection: Inspection) -> { inspection with UnpackedLimit = Some limit })
                columns (fun names (inspection: Inspection) -> { inspection with Columns = names })
            ]
            [ "iql data inspect antmaze-umaze-v2.hdf5 --html antmaze.html", "as text, and as a page" ]
            {
                File = ""
                Page = None
                Task = None
                Replayed = DatasetReplay.StandardRows
                UnpackedLimit = None
                Columns = []
            }
            look

    let private write (packing: Packing) : int =
        let path = packing.Target |> Option.defaultValue (Path.ChangeExtension(packing.Source, ".rows"))

        mustBeNew path
        let say = watch ()
        let limit = Option.toNullable packing.TimeLimit

        let unpacked = Option.toNullable packing.UnpackedLimit

        DatasetPacking.Pack(
            packing.Source,
            path,
            packing.Mode,
            limit,
            (fun rows all -> say rows all),
            unpackedLimit = unpacked,
            columns = readOnlyDict packing.Columns
        )
        |> printfn "%s"

        Shell.wrote path

    let pack: Command =
        Command.create
            "data pack"
            "Pack a data set into a row file, for data sets larger than memory"
            "Training maps a row file into memory instead of reading it, and gives the same bits."
            [
                Parameter.text
                    "FILE"
                    "An .hdf5 file in D4RL's layout, an .npz file with the same names, or a Minari folder"
                    (fun file (packing: Packing) -> { packing with Source = file })
            ]
            [
                Parameter.output "The row file" (fun file packing -> { packing with Target = Some file })
                |> Parameter.showing "the file's name with .rows"
                Request.mode
                    "How rows become transitions, fixed in the row file: as in D4RL's q-learning loader, or without \
                     rows across an episode's end"
                    (fun mode packing -> { packing with Mode = mode })
                Parameter.value
                    "--time-limit N"
                    "The task's longest episode, for a file without time-outs"
                    (Read.whole 1)
                    (fun limit packing -> { packing with TimeLimit = Some limit })
                unpacked (fun limit (packing: Packing) -> { packing with UnpackedLimit = Some limit })
                columns (fun names (packing: Packing) -> { packing with Columns = names })
            ]
            [ "iql data pack logs.hdf5 -o logs.rows", "then: iql train --data logs.rows" ]
            {
                Source = ""
                Mode = DatasetMode.D4rlParity
                TimeLimit = None
                Target = None
                UnpackedLimit = None
                Columns = []
            }
            write
