/// A run goes on to more steps in its folder, and policies are named by runs and sweeps.
module Iql.Cli.Tests.LongerTests

open System.IO
open Expecto
open Iql.Algorithms
open Iql.Scripts
open Iql.Training
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private sizes = "--transitions 2000 --hidden 8x8 --batch 16 --episodes 2"

/// What goes on: schedules that do not end with the run.
let private commands = [
    $"train {sizes} --policy-schedule constant"
    $"train {sizes} --algorithm td3bc"
    $"train {sizes} --algorithm bc"
    $"ablate {sizes} --policy-schedule constant --expectiles 0.5,0.9 --inverse-temperatures 0,3 --seeds 0"
    $"compare {sizes} --policy-schedule constant --seeds 0"
]

[<Tests>]
let tests =
    testSequenced
    <| testList "LongerTests" [
        testCase "more steps in the same folder give the files of a run that asked for them from the start" (fun () ->
            for command in commands do
                use scratch = new Scratch()
                let short, long = scratch.Path "short", scratch.Path "long"
                run $"{command} --steps 60 -o {short}"
                run $"{command} --steps 120 -o {short}"
                run $"{command} --steps 120 --evaluate-every 6 -o {long}"
                same (results long, results short)
                // The same command again changes nothing.
                run $"{command} --steps 120 -o {short}"
                same (results long, results short))

        testCase "a schedule that ends with the run is the reason of a refusal" (fun () ->
            for command, words in
                [
                    $"train {sizes} --policy-schedule cosine", [ "policySchedule cosine"; "expected --steps 60" ]
                    $"train {sizes} --algorithm onestep", [ "phases"; "expected --steps 60" ]
                ] do
                use scratch = new Scratch()
                let folder = scratch.Path "runs"
                run $"{command} --steps 60 -o {folder}"
                let before = results folder
                refuses $"{command} --steps 120 -o {folder}" (folder :: words)
                same (before, results folder))

        testCase "fewer steps, and more steps with another number, are refused" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "runs"
            run $"{commands.Head} --steps 60 -o {folder}"
            let before = results folder
            refuses $"{commands.Head} --steps 30 -o {folder}" [ "another sweep"; "steps: 60, 30" ]
            refuses $"{commands.Head} --steps 120 --discount 0.9 -o {folder}" [ "another sweep" ]
            refuses $"{commands.Head} --steps 120 --evaluate-every 7 -o {folder}" [ "another sweep" ]
            same (before, results folder))

        testCase "policies of a sweep are named by run, with commas, or as its best" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "sweep"
            run $"{grid} -o {folder}"
            let one = Path.Combine(folder, "runs", "expectile=0.5,inverseTemperature=0,seed=0")
            let other = Path.Combine(folder, "runs", "expectile=0.9,inverseTemperature=3,seed=0")

            let collect policies name =
                let file = scratch.Path name
                let output = succeeds $"data collect {TaskName.standard} {policies} --size 60 -o {file}"
                Expect.isTrue (File.Exists file) file
                output

            collect $"--policy {one}" "one.npz" |> ignore
            collect $"--policy {one},random" "two.npz" |> ignore
            collect $"--policy {one},{other}" "runs.npz" |> ignore
            collect $"--policy {one} --policy {other}" "twice.npz" |> ignore
            let output = collect $"--policy {folder} --best" "best.npz"
            Expect.stringContains output "The best of 4 runs is expectile=" "output"
            let file = scratch.Path "no.npz"

            refuses $"data collect {TaskName.standard} --policy {one},{one} -o {file}" [ "each policy once" ]
            refuses $"data collect {TaskName.standard} --policy random,,random -o {file}" [ "one comma between" ])

        testCase "no more threads than a batch feeds" (fun () ->
            let most batch = TrainingPlan.MostThreads(ImplicitQLearningConfig(BatchSize = batch).Learner(4, 2))

            Expect.equal (List.map most [ 1; 16; 17; 256; 1024 ]) [ 1; 1; 2; 16; 64 ] "threads"
            let group = { Demand.none with Threads = 16 }
            Expect.equal (Demand.remarks 64 16 [ group ]) [] "as many"

            Expect.equal
                (Demand.remarks 64 64 [ group; group ])
                [ "a batch feeds 16 threads, so that a group uses 16 of 64" ]
                "said once")

        testCase "mirrors by https come first" (fun () ->
            let mirrors = List.ofSeq Iql.Data.Download.D4rlCache.Mirrors
            let secure = mirrors |> List.filter (fun mirror -> mirror.StartsWith "https://")
            Expect.equal (List.truncate secure.Length mirrors) secure "mirrors"
            Expect.isNonEmpty secure "https")

        testCase "a file without time-outs names an option that train has, and a command that helps" (fun () ->
            let rec above (folder: DirectoryInfo) =
                if File.Exists(Path.Combine(folder.FullName, "Iql.sln")) then
                    folder.FullName
                else
                    above folder.Parent

            let root = above (DirectoryInfo System.AppContext.BaseDirectory)
            let file = Path.GetFullPath(Path.Combine(root, "../shared/data/faults/reports/no-timeouts.npz"))

            if not (File.Exists file) then
                skiptest $"{file} is not here."

            use scratch = new Scratch()
            let folder = scratch.Path "runs"
            refuses $"train --data {file} -o {folder}" [ "--mode strict"; "iql data pack FILE --time-limit N" ]
            run $"train --data {file} --mode strict {quick} -o {folder}"
            let rows = scratch.Path "file.rows"
            run $"data pack {file} --time-limit 100 -o {rows}"
            let packed = scratch.Path "packed"
            run $"train --data {rows} {quick} -o {packed}")
    ]
