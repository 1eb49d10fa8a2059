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
        /// The task whose environment replays rows; None: the one the file is of.
        Task: string option
        Replayed: int
    }

    type private Packing = {
        Source: string
        Mode: DatasetMode
        TimeLimit: int option
        Target: string option
    }

    /// Rows of a row file that are looked at one by one.
    let private mostInspected = 1_000_000

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

        if file.Count > int64 mostInspected then
            yield $"The first {mostInspected:N0} rows:"
    ]

    /// Refuses a path where something is.
    let mustBeNew (path: string) : unit =
        if File.Exists path then
            raise (Refusal $"{path}: expected a new file, found one there. Delete it, or choose another --output.")

    /// By its ending.
    let isRowFile (path: string) =
        Path.GetExtension(path).Equals(".rows", System.StringComparison.OrdinalIgnoreCase)

    /// What an interruption says.
    let stopping = "Stopping: no file is kept."

    /// Says how far writing is, in one line every few seconds.
    let watch () : int64 -> int64 -> unit =
        let clock = Stopwatch.StartNew()
        let mutable said = 0.0

        fun rows all ->
            let seconds = clock.Elapsed.TotalSeconds

            if seconds - said > 5.0 then
                said <- seconds

                let whole (value: float) =
                    value.ToString("N0", System.Globalization.CultureInfo.InvariantCulture)

                eprintfn
                    "%.0f %%, %s of %s rows, %s rows/s"
                    (100.0 * float rows / float all)
                    (whole (float rows))
                    (whole (float all))
                    (whole (float rows / seconds))

    let inspect: Command =
        Command.create
            "data inspect"
            "Describe a data set and its problems: columns, episodes, rewards"
            ("Reads D4RL's HDF5 layout, .npz files with the same names, Minari's folders, and row files "
             + "(a description of all rows, and details of the first million).")
            [
                Parameter.value
                    "FILE"
                    ""
                    "An .hdf5 or .npz file, a Minari folder, or a row file"
                    Read.text
                    (fun file (inspection: Inspection) -> { inspection with File = file })
            ]
            [
                Parameter.value
                    "--html"
                    "PAGE"
                    "Write the same text as a page with charts"
                    Read.text
                    (fun page (inspection: Inspection) -> { inspection with Page = Some page })
                Parameter.value
                    "--task"
                    "NAME"
                    "The MuJoCo task for a replay of rows, to check their states and rewards"
                    Read.text
                    (fun task (inspection: Inspection) -> { inspection with Task = Some task })
                |> Parameter.showing "the task in the file's metadata or name"
                Parameter.value
                    "--replay"
                    "N"
                    "Rows to replay, evenly spaced; 0 replays none"
                    (Read.whole 0)
                    (fun rows (inspection: Inspection) -> { inspection with Replayed = rows })
                |> Parameter.showing (string DatasetReplay.StandardRows)
            ]
            [
                "iql data inspect antmaze-umaze-v2.hdf5 --html antmaze.html", "as text, and as a page"
            ]
            {
                File = ""
                Page = None
                Task = None
                Replayed = DatasetReplay.StandardRows
            }
            (fun inspection ->
                // A wrong name is the first thing said.
                let task = inspection.Task |> Option.map (TaskName.card >> Command.orRefuse)

                let look (raw: RawDataset) file =
                    DatasetReport.Of raw
                    |> Replay.extend task inspection.Replayed raw file
                    |> Command.orRefuse

                let report =
                    if RowFile.IsRowFile inspection.File then
                        let rows = RowFile inspection.File
                        describe rows |> List.iter (printfn "%s")

                        let raw = RawDataset.Of(rows.Rows(0L, mostInspected)).Saying rows.Metadata

                        look raw None
                    else
                        use file = DatasetFile.Open inspection.File
                        look (RawDataset.Read file) (Some file)

                printfn "%s" (report.ToText())

                match inspection.Page with
                | None -> ()
                | Some page ->
                    DatasetPage.write page report
                    printfn "%s" (Path.GetFullPath page)

                Shell.success)

    let pack: Command =
        Command.create
            "data pack"
            "Pack a data set into a row file, for data sets larger than memory"
            "Training maps a row file into memory instead of reading it, and gives the same bits."
            [
                Parameter.value
                    "FILE"
                    ""
                    "An .hdf5 file in D4RL's layout, an .npz file with the same names, or a Minari folder"
                    Read.text
                    (fun file (packing: Packing) -> { packing with Source = file })
            ]
            [
                Parameter.value "--output" "FILE" "Where to" Read.text (fun file (packing: Packing) -> {
                    packing with
                        Target = Some file
                })
                |> Parameter.alias [ "-o"; "--out" ]
                |> Parameter.showing "the file's name with .rows"
                Parameter.value
                    "--mode"
                    "d4rl|strict"
                    ("How rows become transitions, fixed in the row file: as in D4RL's q-learning "
                     + "loader, or without rows across an episode's end")
                    (Read.oneOf [ "d4rl"; "strict" ])
                    (fun mode (packing: Packing) -> {
                        packing with
                            Mode =
                                (if mode = "strict" then
                                     DatasetMode.Strict
                                 else
                                     DatasetMode.D4rlParity)
                    })
                |> Parameter.showing "d4rl"
                Parameter.value
                    "--time-limit"
                    "N"
                    "The task's longest episode, for a file without time-outs"
                    (Read.whole 1)
                    (fun limit (packing: Packing) -> { packing with TimeLimit = Some limit })
            ]
            [ "iql data pack logs.hdf5 -o logs.rows", "then: iql train --data logs.rows" ]
            {
                Source = ""
                Mode = DatasetMode.D4rlParity
                TimeLimit = None
                Target = None
            }
            (fun packing ->
                let path =
                    packing.Target
                    |> Option.defaultValue (Path.ChangeExtension(packing.Source, ".rows"))

                mustBeNew path
                let say = watch ()

                let outcome =
                    Interrupt.guardSaying stopping (fun cancellation ->
                        DatasetPacking.Pack(
                            packing.Source,
                            path,
                            packing.Mode,
                            Option.toNullable packing.TimeLimit,
                            (fun rows all -> say rows all),
                            cancellation
                        ))

                printfn "%s" outcome
                printfn "%s" (Path.GetFullPath path)
                Shell.success)
