module Iql.Cli.Tests.ResumeTests

open System
open System.IO
open System.Threading
open Expecto
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Iql.Algorithms

[<Tests>]
let tests =
    testSequenced
    <| testList "ResumeTests" [
        testCase "cells that share a value function get the bits they would get alone" (fun () ->
            use scratch = new Scratch()

            let trial = {
                Trial.standard with
                    Config =
                        ImplicitQLearningConfig(
                            HiddenSizes = Widths [ 8; 8 ],
                            BatchSize = 16,
                            InverseTemperature = 3.0
                        )
                    Data = DataSource.Task(TaskName.standard, Some 1000)
                    Steps = 40
                    EvaluateEvery = 20
                    Episodes = 2
            }

            let run name axes =
                Launch.run { Launch.into (scratch.Path name) with Threads = 1 } {
                    Name = name
                    Base = trial
                    Axes = axes
                }
                |> Attempt.get
                |> ignore

                results (scratch.Path name)

            let together = run "together" [ Axis.inverseTemperature [ 0.0; 3.0 ] ]
            let alone = run "alone" [ Axis.inverseTemperature [ 3.0 ] ]
            Expect.hasLength together 6 "together"

            same (alone, together |> List.filter (fun (name, _) -> name.StartsWith "inverseTemperature=3")))

        testCase "results do not depend on the number of threads" (fun () ->
            use scratch = new Scratch()

            let trained (threads: string) =
                run $"{grid} --threads {threads} -o {scratch}/{threads}"
                results (scratch.Path threads)

            same (trained "1", trained "3"))

        testCase "a sweep that is killed goes on to the same bytes" (fun () ->
            use scratch = new Scratch()

            goesOnAfterAKill
                scratch
                "ablate --expectiles 0.5,0.9 --inverse-temperatures 0,3 --seeds 0 --transitions 2000 --episodes 1")

        testCase "Ctrl-C saves, says how to go on, and exits 130" (fun () ->
            use scratch = new Scratch()

            use running =
                start
                    $"ablate --transitions 2000 --hidden 32x32 --steps 1M --episodes 1 --threads 1 --seeds 0 \
                    -o {scratch}/sweep"

            running |> waitUntil (fun () -> File.Exists(scratch.Path(Path.Combine("sweep", "sweep.json"))))

            Thread.Sleep 500
            signal "-INT" running
            let code, _, error = finished running
            Expect.equal code 130 "code"
            Expect.stringContains error "The same command continues." "error")

        testCase "runs that were interrupted are not counted as done" (fun () ->
            use scratch = new Scratch()
            use stop = new CancellationTokenSource()
            let said = Collections.Concurrent.ConcurrentQueue<SweepProgress>()

            let watch event =
                match event with
                | Advanced progress ->
                    said.Enqueue progress
                    stop.Cancel()
                | _ -> ()

            let outcome =
                Launch.run { Launch.into (scratch.Path "sweep") with Cancellation = stop.Token; Watch = watch } {
                    Name = "interrupted"
                    Base = {
                        Trial.standard with
                            Config = ImplicitQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)
                            Data = DataSource.Task(TaskName.standard, Some 1000)
                            Steps = 1_000_000
                            EvaluateEvery = 500_000
                            Episodes = 1
                    }
                    Axes = [ Axis.seed [ 0; 1 ] ]
                }
                |> Attempt.get

            for _, result in outcome.Runs do
                Expect.isNone result "result"

            for progress in said do
                Expect.equal progress.Done 0 "done of progress")
    ]
