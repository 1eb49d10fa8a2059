module Iql.Cli.Tests.DiscreteTests

open System
open System.IO
open Expecto
open Iql.Algorithms
open Iql
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Iql.Training

let private task = "gridmaze-medium-v0"

let private hyperparameter (name: string) (folder: string) =
    let run = Directory.GetDirectories(Path.Combine(folder, "runs")) |> Array.exactlyOne
    RunFolder(run).ReadConfig().Hyperparameters.GetProperty(name).GetString()

[<Tests>]
let tests =
    testSequenced
    <| testList "DiscreteTests" [
        testCase "algorithms that learn discrete actions do so where the data have them" (fun () ->
            let discrete = [
                for each in Algorithm.All do
                    if each.TakesDiscreteActions then
                        each.Name
            ]

            Expect.equal discrete [ "iql"; "bc"; "cql" ] "discrete"

            for name in discrete do
                use scratch = new Scratch()
                let folder = scratch.Path "out"

                let output = succeedsQuietly $"train --task {task} --algorithm {name} {small} -o {folder}"

                Expect.stringContains output "preset gridmaze" "output"
                Expect.stringContains output "Mean score" "output"
                Expect.equal (hyperparameter "actions" folder) "discrete" "hyperparameter 'actions'"
                let page = File.ReadAllText(Path.Combine(folder, "report.html"))
                Expect.stringContains page "share of rows" "page"
                Expect.stringContains page "nothing about an action with share 0" "page")

        testCase "the others say which do, before any folder is made" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"

            for entry in Algorithm.All do
                if not entry.TakesDiscreteActions then
                    refuses $"train --task {task} --algorithm {entry.Name} --steps 60 -o {folder}" [
                        $"{entry.Name}: expected continuous actions, got data of 4 discrete actions"
                        "iql, bc, cql"
                    ]

            Expect.isFalse (Directory.Exists folder) "folder exists")

        testCase "a comparison takes those that learn of the data's actions" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"

            let compare (algorithms: string) =
                $"compare --task {task} --algorithms {algorithms} --seeds 0 {small} -o {folder}"

            refuses (compare "iql,td3bc") [ "td3bc on gridmaze-medium-v0: td3bc: expected continuous actions" ]
            Expect.isFalse (Directory.Exists folder) "folder exists"
            let output = succeeds (compare "iql,bc")
            Expect.stringContains output "report.html" "output")

        testCase "options about continuous actions are refused for discrete ones" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"

            for algorithm, option, value in
                [
                    "iql", "--policy-kind", "deterministic"
                    "bc", "--log-std-min", "-3"
                    "cql", "--action-samples", "4"
                ] do
                refuses $"train --task {task} --algorithm {algorithm} {option} {value} {small} -o {folder}" [
                    $"{option}: expected continuous actions, got 4 discrete actions"
                ]

            refuses $"ablate --task {task} --algorithm cql --backup sample,max-of-least -o {folder} {small}" [
                "--backup: expected continuous actions"
            ]

            Expect.isFalse (Directory.Exists folder) "folder exists")

        testCase
            "collected walks are a file of integers, packed and trained from with the same results, scored by the task"
            (fun () ->
                use scratch = new Scratch()
                let file = scratch.Path "walks.npz"
                run $"data collect {task} --size 2000 -o {file}"

                let text = succeeds $"data inspect {file} --html {scratch}/walks.html"

                Expect.stringContains text "4 discrete actions" "text"

                Expect.stringContains
                    (File.ReadAllText(scratch.Path "walks.html"))
                    "one of 4"
                    "file path of scratch 'walks.html'"

                run $"data pack {file} --mode strict"
                let described = succeeds $"data inspect {scratch}/walks.rows"
                Expect.stringContains described "observations of 26, 4 discrete actions, fingerprint" "described"

                let trained (data: string) (options: string) =
                    let folder = scratch.Path(Path.GetFileName data + "-out")

                    succeedsQuietly
                        $"train --data {data} --task {task} --preset gridmaze {options} {quick} -o {folder}"
                    |> ignore

                    results folder

                same (trained file "--mode strict", trained (scratch.Path "walks.rows") "")

                // Of other tasks neither.
                refuses $"train --data {file} --task {TaskName.standard} -o {scratch}/no" [
                    "expected 4 numbers per observation and 2 per action, as in"
                    "got 26 numbers per observation and 4 discrete actions."
                ])

        testCase "a task knows how many actions there are where its data never take the last" (fun () ->
            use scratch = new Scratch()
            let card = TaskName.installed task |> Attempt.get
            let whole = RawDataset.Of(card.Dataset.Collect(Seed 1UL, 500))
            let file = scratch.Path "few.npz"

            let array (name: string) (shape: int list) (values: Array) =
                ArrayData(name, Collections.Immutable.ImmutableArray.CreateRange(List.map int64 shape), values)

            let n = whole.Count

            NpzFile.Write(
                file,
                [|
                    array "observations" [ n; 26 ] whole.Observations
                    array "actions" [ n ] (Array.init n (fun i -> int64 (i % 3)))
                    array "rewards" [ n ] whole.Rewards
                    array "terminals" [ n ] whole.Terminals
                    array "timeouts" [ n ] whole.Timeouts
                |]
            )

            let actions task = (DataSource.File(file, None, task) |> TrainingData.load |> Attempt.get).Raw.ActionSpace

            Expect.equal (actions None) (ActionSpace.Discrete 3) "actions of none"
            Expect.equal (actions (Some task)) (ActionSpace.Discrete 4) "actions")

        testCase "a sweep in F# adapts its trials to the data" (fun () ->
            use scratch = new Scratch()
            let data = DataSource.Task(task, Some 500) |> TrainingData.load |> Attempt.get
            let trial = Trial.standard

            Expect.equal
                (trial.Config :?> ImplicitQLearningConfig).Actions
                ActionKind.Continuous
                "actions of config of trial"

            let learner = Examine.learner data [ trial ] |> Attempt.get
            let shared, policy = learner.Blocks[0], learner.Blocks[1]
            Expect.equal shared["critic1/w0"].Shape[0] 26 "shape 0 of critic 1 w 0"
            Expect.equal policy["w2"].Shape[1] 4 "shape 1 of w 2"

            match Examine.learner data [ { trial with Config = TD3BCConfig() } ] with
            | Ok _ -> failwith "td3bc took discrete actions"
            | Error message -> Expect.stringContains message "td3bc: expected continuous actions" "message")
    ]
