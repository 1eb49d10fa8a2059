module Iql.Cli.Tests.CompareRefusalTests

open System.IO
open Expecto
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private refused (words: string) (parts: string list) : unit =
    use scratch = new Scratch()
    refuses $"compare {words} -o {scratch}/out" parts
    Expect.isFalse (Directory.Exists(scratch.Path "out")) "path of scratch 'out' exists"

[<Tests>]
let tests =
    testSequenced
    <| testList "CompareRefusalTests" [
        testCase "unknown names are refused with the nearest one" (fun () ->
            refused "-a iql,td3b" [ "--algorithms: expected some of iql"; "got td3b"; "Did you mean td3bc?" ]
            refused "--task pointmaze-umase-v0" [ "got pointmaze-umase-v0"; "Did you mean pointmaze-umaze-v0?" ]
            refused "--task hoper-medium-v2" [ "got hoper-medium-v2. Did you mean hopper-medium-v2?" ]
            refused "--data hoper-medium-v2.hdf5" [ "found none. Did you mean hopper-medium-v2?" ]
            refused "--tsak pointmaze-umaze-v0" [ "Did you mean --task?" ]
            refused "--published --task hopper-medum-v2" [ "got hopper-medum-v2"; "Did you mean hopper-medium-v2?" ]
            refused "--published -a iqll" [ "got iqll"; "Did you mean iql?" ])

        testCase "no seeds, names given twice and empty names are refused" (fun () ->
            refused "--seeds=" [ "--seeds: expected seeds such as" ]
            refused "--seeds 1,1" [ "each value once" ]
            refused "-a iql,iql" [ "algorithm: expected each value once, got iql twice" ]
            refused "--task pointmaze-umaze-v0,pointmaze-umaze-v0" [ "task: expected each value once" ]
            refused "-a=" [ "--algorithms: expected names between commas" ]
            refused "--last 0" [ "--last: expected a whole number of at least 1" ]
            refused "--episodes 0" [ "expected at least 1 per evaluation" ])

        testCase "two versions of a dataset are refused in one column" (fun () ->
            use scratch = new Scratch()

            refused "--published --task antmaze-umaze-v0,antmaze-large-play-v2" [
                "expected one version of the antmaze data"
                "antmaze-umaze-v0 and antmaze-large-play-v2"
                "Compare them separately"
            ]

            // A file's name counts as well: data of one version scored in another.
            let file = scratch.Path "pointmaze-umaze-v7.npz"
            File.WriteAllText(file, "")

            refused $"--task pointmaze-umaze-v0 --data {file}" [
                "one version of the pointmaze data"
                "pointmaze-umaze-v0 and pointmaze-umaze-v7"
            ])

        testCase "damaged files, and files that are not there, are refused" (fun () ->
            use scratch = new Scratch()
            let file = scratch.Path "kitchen_complete-v0.hdf5"
            File.WriteAllText(file, "")

            refused $"--data {file}" [ "kitchen_complete-v0.hdf5" ]
            refused $"--data {scratch}/pointmaze-umaze-v0.npz" [ "found none" ]

            refused $"--data {file} --task pointmaze-umaze-v0,pointmaze-medium-v0" [
                "expected one file for each --task"
                "got 1 for 2"
            ])

        testCase "an option of no algorithm asked for is refused" (fun () ->
            refused "-a td3bc,bc --expectile 0.9" [ "--expectile: belongs to --algorithm iql"; "got td3bc, bc" ])

        testCase "what an algorithm asks in vain of the data is refused before anything is trained" (fun () ->
            use scratch = new Scratch()
            let rows = scratch.Path "pointmaze-umaze-stitch-v0.rows"
            let source = scratch.Path "source.npz"
            run $"data collect {TaskName.standard} --size 1000 -o {source}"
            succeedsQuietly $"data pack {source} -o {rows}" |> ignore

            // A row file gives single rows: no best episodes, no pieces of them.
            refused $"-a iql,10%%bc --data {rows}" [ "10%bc on pointmaze-umaze-stitch-v0: "; "row file" ]
            refused $"-a bc,dt --data {rows}" [ "dt on pointmaze-umaze-stitch-v0: " ])

        testCase "a folder of something else, or with more than was asked for, is refused and left as it is" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"
            succeedsQuietly $"compare -a iql,bc --seeds 0 {small} -o {folder}" |> ignore
            let before = results folder

            let refuses (words: string) = refuses $"compare {words} {small} -o {folder}"

            refuses "-a iql --seeds 0" [ "algorithm=bc,seed=0"; "not part of this one" ]
            refuses "-a iql,bc --seeds 0 --discount 0.9" [ "discount: 0.99, 0.9" ]

            refuses "-a iql,bc --seeds 0 --task pointmaze-umaze-v0" [
                "the run task=pointmaze-large-windy-v0,algorithm=iql,seed=0, which is not part of this one"
            ]

            same (before, results folder)
            let mine = scratch.Path "mine"
            Directory.CreateDirectory mine |> ignore
            File.WriteAllText(Path.Combine(mine, "thesis.tex"), "mine")
            CommandTests.refuses $"compare -o {mine}" [ mine; "other files" ]
            Expect.hasLength (Directory.GetFileSystemEntries mine) 1 "entries of mine")
    ]
