namespace Iql.Scripts

open System.Diagnostics
open System.IO
open Iql
open Iql.Data

/// The commands `iql data …`.
module Data =

    type private Inspection = { File: string; Page: string option }

    type private Packing = {
        Source: string
        Mode: DatasetMode
        TimeLimit: int option
        Target: string option
    }

    type private Collection = {
        Task: string
        Size: int option
        Seed: int
        Output: string option
    }

    /// Rows of a row file that are looked at one by one.
    let private mostInspected = 1_000_000

    let private describe (file: RowFile) : string list = [
        let all = file.Statistics
        yield $"row file {file.Name}   {file.Path}"

        yield
            $"{file.Count:N0} transitions in {all.Episodes:N0} episodes, observations of {file.ObservationSize}, {file.ActionSpace}, fingerprint {file.Fingerprint}"

        yield
            $"{all.Terminals:N0} terminals, {all.Timeouts:N0} time-outs; mean reward {all.RewardMean:G6}; trajectories return {all.LeastTrajectoryReturn:G6} to {all.GreatestTrajectoryReturn:G6}"

        for entry in file.Metadata do
            yield $"  {entry.Key, -12} {entry.Value}"

        yield ""

        if file.Count > int64 mostInspected then
            yield $"The first {mostInspected:N0} rows:"
    ]

    let private mustBeNew (path: string) : unit =
        if File.Exists path then
            raise (Refusal $"{path}: expected a new file, found one there. Delete it, or choose another --output.")

    let private isRowFile (path: string) =
        Path.GetExtension(path).Equals(".rows", System.StringComparison.OrdinalIgnoreCase)

    let private stopping = "Stopping: no file is left behind."

    /// Says how far writing is, in one line every few seconds.
    let private watch () : int64 -> int64 -> unit =
        let clock = Stopwatch.StartNew()
        let mutable said = 0.0

        fun rows all ->
            let seconds = clock.Elapsed.TotalSeconds

            if seconds - said > 5.0 then
                said <- seconds

                eprintfn
                    "%.0f %%, %.1f of %.1f million rows, %.2f million rows/s"
                    (100.0 * float rows / float all)
                    (float rows / 1e6)
                    (float all / 1e6)
                    (float rows / seconds / 1e6)

    let inspect: Command =
        Command.create
            "data inspect"
            "Look into a data set: columns, episodes, rewards, and what may be wrong with it"
            "Reads D4RL's HDF5 layout, .npz files of the same names, and row files (what describes all rows, and a look into the first million)."
            [
                Parameter.value
                    "FILE"
                    ""
                    "An .hdf5 or .npz file, or a row file"
                    Read.text
                    (fun file (inspection: Inspection) -> { inspection with File = file })
            ]
            [
                Parameter.value "--html" "PAGE" "Write the same as a page with charts" Read.text (fun page inspection -> {
                    inspection with
                        Page = Some page
                })
            ]
            [
                "iql data inspect antmaze-umaze-v2.hdf5 --html antmaze.html", "in text here, and as a page"
            ]
            { File = ""; Page = None }
            (fun inspection ->
                let report =
                    if RowFile.IsRowFile inspection.File then
                        let rows = RowFile inspection.File
                        describe rows |> List.iter (printfn "%s")
                        DatasetReport.Of(RawDataset.Of(rows.Rows(0L, mostInspected)))
                    else
                        DatasetReport.Of(DatasetFile.Read inspection.File)

                printfn "%s" (report.ToText())

                match inspection.Page with
                | None -> ()
                | Some page ->
                    DatasetPage.write page report
                    printfn "%s" (Path.GetFullPath page)

                Shell.success)

    let collect: Command =
        Command.create
            "data collect"
            "Collect a built-in task's data set into a file"
            "The same task, size and seed give the same file on any machine."
            [
                Parameter.value
                    "TASK"
                    ""
                    "A built-in task; `iql tasks` lists them"
                    Read.text
                    (fun task (collection: Collection) -> { collection with Task = task })
            ]
            [
                Parameter.value "--size" "N" "Transitions" (Read.whole 1) (fun size (collection: Collection) -> {
                    collection with
                        Size = Some size
                })
                |> Parameter.showing "the task's own number"
                Parameter.value
                    "--seed"
                    "SEED"
                    "Where every draw comes from; without it, the data that train and ablate use"
                    (Read.whole 0)
                    (fun seed (collection: Collection) -> { collection with Seed = seed })
                Parameter.value
                    "--output"
                    "FILE"
                    "Where to: .hdf5, .npz, or .rows, which may be larger than memory"
                    Read.text
                    (fun file (collection: Collection) -> { collection with Output = Some file })
                |> Parameter.alias [ "-o"; "--out" ]
                |> Parameter.showing "TASK.npz"
            ]
            [
                "iql data collect pointmaze-umaze-stitch-v0 --size 100k -o maze.hdf5", "a file in D4RL's layout"
            ]
            {
                Task = ""
                Size = None
                Seed = -1
                Output = None
            }
            (fun collection ->
                let card = Problem.task collection.Task
                let path = collection.Output |> Option.defaultValue (card.Name + ".npz")

                mustBeNew path

                let seed =
                    if collection.Seed < 0 then
                        Seed.Named "dataset"
                    else
                        Seed(uint64 collection.Seed)

                let clock = Stopwatch.StartNew()

                let size = Option.defaultValue card.DatasetSize collection.Size

                let metadata =
                    readOnlyDict [ "task", card.Name; "seed", string seed.Value; "iql", Shell.version ]

                let count, episodes =
                    if isRowFile path then
                        let say = watch ()

                        Interrupt.guardSaying stopping (fun cancellation ->
                            let environment = card.Environment

                            RowFileWriter.Write(
                                path,
                                Path.GetFileNameWithoutExtension path,
                                environment.ObservationSize,
                                environment.ActionSize,
                                metadata,
                                (fun writer ->
                                    for piece in card.DatasetPieces.Invoke(seed, int64 size) do
                                        cancellation.ThrowIfCancellationRequested()
                                        writer.Add piece
                                        say writer.Count (int64 size)),
                                environment.ActionSpace.Kind
                            ))

                        let file = RowFile path
                        file.Count, file.Statistics.Episodes
                    else
                        let transitions = card.Dataset.Invoke(seed, size)
                        DatasetFile.Save(path, transitions, metadata)
                        int64 transitions.Count, int64 transitions.Episodes.Length

                let rate = float count / clock.Elapsed.TotalSeconds / 1e6
                printfn "%d transitions, %d episodes, %.2f million transitions/s" count episodes rate
                printfn "%s" (Path.GetFullPath path)
                Shell.success)

    let pack: Command =
        Command.create
            "data pack"
            "Pack a data set into a row file, for data beyond memory"
            "Training maps a row file instead of reading it, and gets the same results to the bit."
            [
                Parameter.value
                    "FILE"
                    ""
                    "An .hdf5 file in D4RL's layout, or an .npz of the same names"
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
                    "How rows become transitions, once and for all: as D4RL's q-learning loader has them, or no row that crosses an episode's end"
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
