namespace Iql.Scripts

open System.Diagnostics
open System.IO
open Iql
open Iql.Data

/// The commands `iql data …`.
module Data =

    type private Inspection = { File: string; Page: string option }

    type private Collection = {
        Task: string
        Size: int option
        Seed: int
        Output: string option
    }

    let inspect: Command =
        Command.create
            "data inspect"
            "Look into a data set: columns, episodes, rewards, and what may be wrong with it"
            "Reads D4RL's HDF5 layout and .npz files of the same names."
            [
                Parameter.value "FILE" "" "An .hdf5 or .npz file" Read.text (fun file (inspection: Inspection) -> {
                    inspection with
                        File = file
                })
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
                let report = DatasetReport.Of(DatasetFile.Read inspection.File)
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
                    "Where to: .hdf5 or .npz"
                    Read.text
                    (fun file (collection: Collection) -> { collection with Output = Some file })
                |> Parameter.alias [ "-o" ]
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

                if File.Exists path then
                    raise (
                        Refusal $"{path}: expected a new file, found one there. Delete it, or choose another --output."
                    )

                let seed =
                    if collection.Seed < 0 then
                        Seed.Named "dataset"
                    else
                        Seed(uint64 collection.Seed)

                let clock = Stopwatch.StartNew()

                let transitions =
                    card.Dataset.Invoke(seed, Option.defaultValue card.DatasetSize collection.Size)

                let rate = float transitions.Count / clock.Elapsed.TotalSeconds / 1e6

                DatasetFile.Save(
                    path,
                    transitions,
                    readOnlyDict [ "task", card.Name; "seed", string seed.Value; "iql", Shell.version ]
                )

                printfn
                    "%d transitions, %d episodes, %.2f million transitions/s"
                    transitions.Count
                    transitions.Episodes.Length
                    rate

                printfn "%s" (Path.GetFullPath path)
                Shell.success)
