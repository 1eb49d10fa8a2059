/// Several processes on one sweep.
module Iql.Cli.Tests.SharingTests

open System
open System.Collections.Concurrent
open System.IO
open Expecto
open Iql.Algorithms
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private command (folder: string) =
    $"ablate --expectiles 0.5,0.7,0.9 --inverse-temperatures 0,3 --seeds 0-1 {small} --threads 1 -o {folder}"

let private sweep: Sweep = {
    Name = "shared"
    Base = {
        Trial.standard with
            Config = ImplicitQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)
            Data = DataSource.Task(TaskName.standard, Some 1000)
            Steps = 200
            EvaluateEvery = 100
            Episodes = 1
    }
    Axes = [ Axis.expectile [ 0.5; 0.9 ]; Axis.inverseTemperature [ 0.0; 3.0 ]; Axis.seed [ 0..2 ] ]
}

let private launch folder lease watch =
    Launch.run { Launch.into folder with Threads = 1; Lease = lease; Watch = watch } sweep
    |> Attempt.get

[<Tests>]
let tests =
    testSequenced
    <| testList "SharingTests" [
        testCase
            "eight processes train every run of a sweep once, to the bits of one, and one writes the report"
            (fun () ->
                use scratch = new Scratch()
                let alone, shared = scratch.Path "alone", scratch.Path "shared"
                run (command alone)
                // No file system needs to know locks.
                let processes = [
                    for _ in 1..8 -> startWith [ "DOTNET_SYSTEM_IO_DISABLEFILELOCKING", "1" ] (command shared)
                ]

                let outputs = [
                    for each in processes ->
                        let code, output, error = finished each
                        // A scheduler takes only work for done that is done.
                        let isDone = output.TrimEnd().EndsWith "report.html" || output.Contains "All runs are done"
                        Expect.equal code (if isDone then 0 else 130) error
                        each.Dispose()
                        output
                ]

                let writers, others = outputs |> List.partition (fun output -> output.TrimEnd().EndsWith "report.html")

                Expect.hasLength writers 1 "writers"

                for output in others do
                    Expect.isMatch output "runs are done, [0-9]+ of them by this process" "output"

                same (results alone, results shared)

                Expect.isEmpty
                    (Directory.GetFiles(shared, "claim.json*", SearchOption.AllDirectories))
                    "files in shared")

        testCase "launches side by side share the runs among them, and name who trains the rest" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "sweep"

            let outcomes = Array.Parallel.map (fun _ -> launch folder (TimeSpan.FromMinutes 5.0) ignore) [| 1..3 |]

            Expect.equal (outcomes |> Array.sumBy _.Trained) 12 "sum of outcomes"
            Expect.exists outcomes SweepOutcome.isWhole "outcomes"

            for outcome in outcomes do
                Expect.equal outcome.Elsewhere.IsEmpty (SweepOutcome.isWhole outcome) "is empty of outcome"

                for _, holder in outcome.Elsewhere do
                    Expect.equal holder.Process Environment.ProcessId "process of holder")

        testCase
            "a group that another process took over is given up with one message, and trained when that \
            one falls silent"
            (fun () ->
                use scratch = new Scratch()
                let alone, shared = scratch.Path "alone", scratch.Path "shared"
                launch alone (TimeSpan.FromMinutes 5.0) ignore |> ignore
                let said = ConcurrentQueue<SweepEvent>()
                let mutable taken = false

                let takeOver event =
                    match event with
                    | Advanced { Training = group :: _ } when not taken ->
                        taken <- true

                        for run in group.Latest.Runs do
                            let claim = Path.Combine(shared, "runs", run, "claim.json")
                            File.Delete claim

                            File.WriteAllText(
                                claim,
                                "{\"host\":\"elsewhere\",\"process\":1,\"start\":\"\",\"token\":\"abc\"}\n1\n"
                            )
                    | Advanced _
                    | Chosen _ -> ()
                    | event -> said.Enqueue event

                let outcome = launch shared (TimeSpan.FromSeconds 1.0) takeOver
                Expect.isTrue (SweepOutcome.isWhole outcome) "is whole of outcome"
                same (results alone, results shared)

                match List.ofSeq said with
                | [ Lost(group, Some taker); Waiting(other, holder) ] ->
                    Expect.equal other group "other"
                    Expect.equal (string taker) "process 1 on elsewhere" "taker"
                    Expect.equal holder taker "holder"
                | other -> failwith $"expected a loss and a wait, got {other}")
    ]
