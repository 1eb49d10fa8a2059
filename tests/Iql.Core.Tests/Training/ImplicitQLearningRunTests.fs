module Iql.Core.Tests.Training.ImplicitQLearningRunTests

open System
open System.IO
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Execution
open Iql.Environments.Tasks
open Iql.Graph
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns

let algorithm: ImplicitQLearningConfig =
    ImplicitQLearningConfig(HiddenSizes = Widths [ 24; 16 ], BatchSize = 32, CosineSteps = 60.0, Dropout = 0.1)

let config (beta: float) : RunConfig =
    TinyRuns.config.With(
        algorithm = "iql",
        steps = 60L,
        batchSize = 32,
        hyperparameters = algorithm.With("inverseTemperature", beta).ToJson()
    )

let private learner (betas: float list) =
    ImplicitQLearning.Learner(algorithm.Varied("inverseTemperature", betas), observationSize, actionSize)

let train (folder: string) (threads: int) (betas: float list) =
    let runs = [| for beta in betas -> run folder $"beta={beta}" (config beta) |]

    [ for outcome in TrainingLoop.Run(plan threads (learner betas), runs) -> outcome.Run.Folder ]

[<Tests>]
let tests =
    testList "ImplicitQLearningRunTests" [
        testCase "policies on one value function are separate runs to the bit" (fun () ->
            inFolder (fun root ->
                let together = train (Path.Combine(root, "together")) 1 [ 0.0; 3.0; 10.0 ]

                for folder, beta in List.zip together [ 0.0; 3.0; 10.0 ] do
                    let alone = train (Path.Combine(root, "alone")) 1 [ beta ]
                    Expect.equal (contents folder) (contents alone.Head) "contents of folder"))

        testCase "one, two and three threads give the same bits" (fun () ->
            inFolder (fun root ->
                let one = train (Path.Combine(root, "1")) 1 [ 1.0; 3.0 ] |> List.map contents

                for threads in [ 2; 3 ] do
                    Expect.equal
                        (train (Path.Combine(root, $"{threads}")) threads [ 1.0; 3.0 ] |> List.map contents)
                        one
                        "train"))

        testCase "other seeds start from other numbers and end in others" (fun () ->
            inFolder (fun root ->
                let final (seed: uint64) =
                    let run = run root $"{seed}" ((config 3.0).With(seed = seed))

                    let learner = algorithm.With("inverseTemperature", 3.0).Learner(observationSize, actionSize)

                    TrainingLoop.Run(plan 1 learner, [| run |]) |> ignore
                    lines run.Folder |> List.head

                Expect.equal
                    ([ for seed in [ 0UL; 1UL; 2UL ] -> final seed ] |> List.distinct |> List.length)
                    3
                    "number of distinct final of seed"))

        testCase "a policy's learning rate of 1e30 stops that run with the step and the metric" (fun () ->
            inFolder (fun root ->
                let wild = algorithm.With("policyLearningRate", 1e30)

                let run = run root "wild" ((config 3.0).With(hyperparameters = wild.ToJson()))

                let outcome = TrainingLoop.Run(plan 1 (wild.Learner(observationSize, actionSize)), [| run |])

                let failure = outcome[0].Result.Failure
                Expect.equal outcome[0].Status RunStatus.Diverged "status of outcome 0"
                Expect.equal failure.Step 5L "step of failure"
                Expect.stringContains failure.Message "after 5 steps" "message of failure"))

        testAlone "a step of implicit Q-learning allocates nothing" (fun () ->
            let learner = learner [ 1.0; 3.0 ]

            for threads in [ 1; 2 ] do
                use device = new CpuDevice(threads)

                use trainer = new Trainer(learner, transitions, Trainer.Start(learner, Seed 1UL), device)

                let advance count =
                    for step in 1..count do
                        trainer.Advance((step % 50 = 0))

                advance 100
                Expect.allocatesNothing (fun () -> advance 200) "200 steps")

        testCase "metrics or none, a step gives the same bits" (fun () ->
            let learner = learner [ 1.0; 3.0 ]

            use always = new Trainer(learner, transitions, Trainer.Start(learner, Seed 1UL))
            use never = new Trainer(learner, transitions, Trainer.Start(learner, Seed 1UL))

            for _ in 1..20 do
                always.Advance true
                never.Advance false

            for one, other in Seq.zip always.State.Blocks never.State.Blocks do
                Expect.isTrue (one.SameBits other) "same bits of one of other")

        testCase "the probe weighs transitions as the policy's loss does" (fun () ->
            let learner = learner [ 1.0; 3.0 ]

            use trainer = new Trainer(learner, transitions, Trainer.Start(learner, Seed 1UL))

            for _ in 1..30 do
                trainer.Advance()

            let state = trainer.State
            let probe = learner.Probe.Invoke 32
            use batch = new TensorBlock(learner.Batch)
            use columns = new TensorBlock(probe.Inputs[2])
            use output = new TensorBlock(probe.Outputs[0].Layout)
            // The batch that step 31 will draw; its V before the step is what the probe sees.
            Data.Sampler(transitions, learner.Batch).Fill(batch, (Seed 1UL).Split "sampling", 30L)

            for name in [ "observations"; "actions" ] do
                columns.Write(name, ReadOnlySpan(batch.Read name))

            use graph = CompiledGraph.Compile probe
            let inputs, outputs = [| state.Blocks[0]; state.Blocks[1]; columns |], [| output |]
            graph.Run(ReadOnlySpan inputs, ReadOnlySpan [| 3.0; 100.0 |], ReadOnlySpan outputs, Span [||])
            trainer.Advance true

            let metrics = Map [ for struct (name, value) in trainer.Metrics -> name, value ]
            let metric name = metrics[name]

            let values, advantages, weights = output.Read "values", output.Read "advantages", output.Read "weights"

            Expect.floatClose (Accuracy.decimals 5) (Seq.averageBy float values) (metric "valueMean") "mean of values"

            Expect.floatClose
                (Accuracy.decimals 5)
                (Seq.averageBy float advantages)
                (metric "targetQMean" - metric "valueMean")
                "mean of advantages"

            for advantage, weight in Seq.zip advantages weights do
                Expect.floatClose
                    (Accuracy.decimals 4)
                    (float weight)
                    (min 100.0 (exp (3.0 * float advantage)))
                    "weight")

        testCase "a short run on a point maze is scored" (fun () ->
            inFolder (fun root ->
                let card = Tasks.Get "pointmaze-umaze-v0"
                let data = card.Dataset.Collect(Seed 3UL, 2000)

                let config =
                    config(3.0)
                        .With(
                            task = card.Name,
                            evaluationEpisodes = 3,
                            dataset =
                                DatasetInfo(
                                    card.Name,
                                    "generated",
                                    int64 data.Count,
                                    data.Episodes.Length,
                                    data.Fingerprint
                                )
                        )

                let learner = algorithm.Learner(card.Environment.ObservationSize, card.Environment.ActionSize)

                let plan = TrainingPlan(Learner = learner, Transitions = data, Environment = card.Environment)

                let outcome = TrainingLoop.Run(plan, [| run root "maze" config |])
                Expect.equal outcome[0].Status RunStatus.Finished "status of outcome 0"
                Expect.equal outcome[0].Result.Scores.Length 3 "length of scores of outcome 0"

                Expect.equal
                    outcome[0].Result.Score.Value
                    (card.Reference.Normalised outcome[0].Result.Return.Value)
                    "score of outcome 0"))
    ]
