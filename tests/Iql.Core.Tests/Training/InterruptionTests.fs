module Iql.Core.Tests.Training.InterruptionTests

open System
open System.Diagnostics
open System.IO
open System.Threading
open Iql
open Iql.Algorithms
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns

let algorithm: ImplicitQLearningConfig =
    ImplicitQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16, CosineSteps = 2000.0, Dropout = 0.1)

let betas = [ 1.0; 10.0 ]

let learner () =
    ImplicitQLearning.Learner(algorithm.Varied("inverseTemperature", betas), observationSize, actionSize)

/// One run for each inverse temperature in a folder: 2,000 steps, a checkpoint every 250.
let runs (folder: string) : TrainingRun[] = [|
    for beta in betas do
        let config =
            TinyRuns.config.With(
                algorithm = "iql",
                steps = 2000L,
                batchSize = 16,
                logEvery = 20L,
                checkpointEvery = 250L,
                evaluateEvery = 500L,
                hyperparameters = algorithm.With("inverseTemperature", beta).ToJson()
            )

        run folder $"beta={beta}" config
|]

/// Where the other process is told which folder to train in.
let variable = "IQL_TEST_TRAINS_IN"

/// What the process does that will be killed: it trains, and dawdles once it has gone beyond step 1,000.
let trainSlowly (folder: string) =
    let dawdle (progress: TrainingProgress) =
        if progress.Step > 1000L then
            Thread.Sleep 200

    TrainingLoop.Run(plan 1 (learner ()), runs folder, dawdle) |> ignore

/// This test program again, running the test below alone, told to train.
let startTraining (folder: string) : Process =
    Processes.thisTest variable folder "InterruptionTests" "training killed after step 1,000 goes on to the same bits"

/// Waits until a run has a checkpoint of at least step 1,000 and metrics beyond it.
let waitUntilBeyond (training: Process) (folder: RunFolder) =
    let clock = Stopwatch.StartNew()

    let lastStep () = (MetricsFile.Read folder.MetricsPath |> Seq.last).Step

    let beyond () = Checkpoint.Step folder >= 1000L && lastStep () > Checkpoint.Step folder

    while not (beyond ()) do
        Expect.isFalse training.HasExited "The training process ended by itself"

        Expect.isLessThan
            clock.Elapsed
            (TimeSpan.FromSeconds 100.0)
            "The training process did not get beyond step 1,000 in time"

        Thread.Sleep 5

[<Tests>]
let tests =
    testSequenced
    <| testList "InterruptionTests" [
        testCase "training killed after step 1,000 goes on to the same bits" (fun () ->
            match Environment.GetEnvironmentVariable variable with
            | null ->
                inFolder (fun root ->
                    let killed, whole = Path.Combine(root, "killed"), Path.Combine(root, "whole")
                    use training = startTraining killed

                    try
                        waitUntilBeyond training (runs killed).[1].Folder
                    finally
                        training.Kill() // SIGKILL: it can clean up nothing
                        training.WaitForExit()

                    for run in runs killed do
                        Expect.equal run.Folder.State RunFolderState.Started "state of run"
                        Expect.between 1000L 1750L (Checkpoint.Step run.Folder) "step"

                    let groups = TrainingLoop.Groups(runs killed)

                    Expect.equal
                        (Seq.sum [ for group in groups -> group.Runs.Length ])
                        2
                        "sum of length of runs of group"

                    TrainingLoop.Run(plan 1 (learner ()), runs killed) |> ignore
                    TrainingLoop.Run(plan 1 (learner ()), runs whole) |> ignore

                    for one, other in Array.zip (runs killed) (runs whole) do
                        Expect.equal
                            (one.Folder.ReadResult().Status)
                            RunStatus.Finished
                            "status of read result of one"

                        Expect.equal (contents one.Folder) (contents other.Folder) "contents"
                        Expect.hasLength (Directory.GetFiles(one.Folder.Path)) 5 "files in path of folder of one")
            | folder -> trainSlowly folder)
    ]
