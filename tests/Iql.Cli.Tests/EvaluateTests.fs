/// `iql evaluate`: policies judged by data alone.
module Iql.Cli.Tests.EvaluateTests

open System.IO
open Iql.Data
open Iql.Data.Files
open Iql.Scripts
open Expecto
open Iql.Tests
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

[<Tests>]
let tests =
    testSequenced
    <| testList "EvaluateTests" [
        testCase "the policies of a sweep are judged by their own data, once, and the report shows it" (fun () ->
            use scratch = new Scratch()
            run $"ablate --expectiles 0.9 --inverse-temperatures 3 --seeds 0,1 {small} --threads 1 -o {scratch}/sweep"
            let evaluate = $"evaluate {scratch}/sweep --steps 30 --threads 2"
            let output = succeeds evaluate
            Expect.stringContains output "Fitted value" "table"
            Expect.stringContains output "The policies learned from these data" "what was held out"
            Expect.equal (succeeds evaluate) output "again"
            run $"report {scratch}/sweep"
            let page = File.ReadAllText(scratch.Path "sweep/report.html")
            Expect.stringContains page "Judged by data alone" "report")

        testCase "runs of a file without an environment say how to judge them, and need the file" (fun () ->
            use scratch = new Scratch()
            let data = TrainingData.load (DataSource.Task("pointmaze-umaze-stitch-v0", Some 500)) |> Attempt.get
            let file = scratch.Path "plant.npz"
            DatasetFile.Save(file, data.Raw :?> Transitions)
            let output = succeeds $"train --data {file} {quick} --threads 1 -o {scratch}/runs"
            Expect.stringContains output "To judge the policies by the data: iql evaluate" "train says it"
            refuses $"evaluate {scratch}/runs" [ "found no plant.npz here"; "--data FILE" ]
            run $"evaluate {scratch}/runs --data {file} --steps 30"
            run $"report {scratch}/runs"
            let page = File.ReadAllText(scratch.Path "runs/report.html")
            Expect.stringContains page "By the data alone, the policy" "found"

            refuses $"evaluate {scratch}/runs --data {file} --behaviour-log-probabilities infos/logp" [
                "expected a column infos/logp, got actions"
            ])

        testCase "what is no run, and data of other sizes, are refused" (fun () ->
            use scratch = new Scratch()
            refuses $"evaluate {scratch}" [ "with config.json" ]
            refuses "evaluate" [ "expected RUN" ]
            refuses $"evaluate {scratch} --mode strict" [ "config.json" ]
            refuses $"evaluate {scratch} --hold-out 1" [ "--hold-out: expected a number in (0, 1), got '1'" ])
    ]
