/// A run's policy, judged by data: what is written, and that neither stops nor threads change it.
module Iql.Core.Tests.Estimation.OfflineEvaluationTests

open System
open System.IO
open System.Threading
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Estimation
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests
open Iql.Core.Tests.Learning
open Iql.Core.Tests.Training
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns

let private info = TinyRuns.config.Dataset
let private other = DatasetInfo("other", "other.npz", 64L, 4, "fedcba9876543210")

let private plan =
    EvaluationPlan(
        Steps = 40L,
        HoldOut = 0.25,
        Config = FittedQEvaluationConfig(HiddenSizes = Widths [ 16; 16 ], BatchSize = 32)
    )

let private judge (run: RunFolder) = OfflineEvaluation.Run(run, transitions, info, plan)

/// A run of implicit Q-learning of 60 steps.
let private trained folder = (ImplicitQLearningRunTests.train folder 1 [ 3.0 ]).Head

/// A run of another algorithm, of one step.
let private trainedAs (folder: string) (algorithm: string) (config: IAlgorithmConfig) : RunFolder =
    let learner = config.Learner(observationSize, actionSize)

    let config =
        TinyRuns.config.With(
            algorithm = algorithm,
            steps = 1L,
            batchSize = learner.Batch["observations"].Shape[0],
            hyperparameters = config.ToJson()
        )

    let run = run folder algorithm config
    TrainingLoop.Run(TrainingPlan(learner, transitions), [| run |]) |> ignore
    run.Folder

/// What an evaluation leaves, without times.
let private left (run: RunFolder) =
    let folder = RunFolder(Path.Combine(run.Path, "estimates"))
    let checkpoint, lines, result = contents folder
    checkpoint, lines, result, File.ReadAllText(Path.Combine(folder.Path, "estimates.json"))

[<Tests>]
let tests =
    testList "OfflineEvaluationTests" [
        testCase "episodes are held out whole, always the same ones, and the rest is fitted" (fun () ->
            let step i : DataCases.Step = { Terminal = (i % 4 = 3); Timeout = false; Reward = float32 i }
            let steps = Array.init 40 step

            let data = DataCases.transitions 1 1 steps
            let struct (fitted, heldOut) = HeldOutEpisodes.Of(data, 0.3)
            Expect.equal heldOut.Episodes.Length 3 "episodes held out"
            Expect.equal (Seq.append fitted.Rewards heldOut.Rewards |> Seq.sort |> List.ofSeq) [ 0f .. 39f ] "rewards"
            let struct (_, again) = HeldOutEpisodes.Of(data, 0.3)
            Expect.sequenceEqual again.Rewards heldOut.Rewards "again"

            Expect.stringContains
                (messageOf<InputException>(fun () -> HeldOutEpisodes.Of(data.Subset [ 0 ], 0.3) |> ignore))
                "at least 2 episodes"
                "one episode")

        testCase "an evaluation says what was judged, and is found again for that checkpoint alone" (fun () ->
            inFolder (fun root ->
                let run = trained root
                let estimates = judge run
                let names = set estimates.Numbers.Keys

                for name in [ "value"; "dataReturn"; "fittedError"; "tdError"; "advantageMean"; "actionError" ] do
                    Expect.isTrue (names.Contains name && Double.IsFinite estimates.Numbers[name]) name

                Expect.isTrue estimates.Seen "the run's own data"
                Expect.equal (estimates.Episodes, estimates.HeldOut) (4, 1) "episodes"
                Expect.equal estimates.PolicyStep 60L "step"
                OfflineEvaluation.Run(run, transitions, other, plan) |> ignore
                Expect.equal [ for each in OfflineEstimates.Of run -> each.Seen ] [ true; false ] "own data first"

                let checkpoint = run.CheckpointPath
                File.WriteAllBytes(checkpoint, Array.append (File.ReadAllBytes checkpoint) [| 0uy |])
                Expect.isEmpty (OfflineEstimates.Of run) "of another checkpoint"))

        testCase "the data's return is discounted in units of the data, and the errors are those of formulas" (fun () ->
            inFolder (fun root ->
                let estimates = judge (trained root)

                let expected =
                    Seq.average [
                        for episode in transitions.Episodes ->
                            Seq.sum [
                                for i in 0 .. episode.Length - 1 ->
                                    0.99 ** float i * float transitions.Rewards[episode.Start + i]
                            ]
                    ]

                Expect.floatClose (Accuracy.within 1e-4) estimates.Numbers["dataReturn"] expected "data's return"))

        testCase "the bits are the same on two threads and after a stop, and done work is not done again" (fun () ->
            inFolder (fun root ->
                let one, two, broken =
                    trained (Path.Combine(root, "1")),
                    trained (Path.Combine(root, "2")),
                    trained (Path.Combine(root, "3"))

                judge one |> ignore
                OfflineEvaluation.Run(two, transitions, info, plan.With(threads = 2)) |> ignore
                Expect.equal (left two) (left one) "two threads"

                use stop = new CancellationTokenSource()

                let stopping =
                    Action<TrainingProgress>(fun progress ->
                        if progress.Step >= 20L then
                            stop.Cancel())

                let stopped = OfflineEvaluation.Run(broken, transitions, info, plan, null, stopping, stop.Token)
                Expect.isNull stopped "stopped"
                judge broken |> ignore
                Expect.equal (left broken) (left one) "after a stop"

                let written = File.GetLastWriteTimeUtc(Path.Combine(one.Path, "estimates", "metrics.jsonl"))
                judge one |> ignore
                let now = File.GetLastWriteTimeUtc(Path.Combine(one.Path, "estimates", "metrics.jsonl"))
                Expect.equal now written "metrics"
                // Other settings replace it.
                Expect.equal (OfflineEvaluation.Run(one, transitions, info, plan.With(steps = 20L))).Steps 20L "steps"))

        testCase "importance sampling is of policies that draw, and refused of others before any work" (fun () ->
            inFolder (fun root ->
                let behaviour = Array.replicate transitions.Count -2f
                let run = trained root
                let estimates = OfflineEvaluation.Run(run, transitions, info, plan, behaviour)

                for name in [ "weightedImportance"; "doublyRobust"; "effectiveEpisodes" ] do
                    Expect.isTrue (Double.IsFinite estimates.Numbers[name]) name

                let td3bc = trainedAs root "td3bc" (TD3BCConfig(HiddenSizes = Widths [ 8 ], BatchSize = 16))

                let refusal run (behaviour: float32[]) =
                    messageOf<InputException>(fun () ->
                        OfflineEvaluation.Run(run, transitions, info, plan, behaviour) |> ignore)

                Expect.stringContains (refusal td3bc behaviour) "td3bc: expected a policy that draws" "deterministic"
                Expect.isFalse (Directory.Exists(Path.Combine(td3bc.Path, "estimates"))) "a folder"
                Expect.stringContains (refusal run behaviour[1..]) "expected 64, one a row of tiny, got 63" "rows"))

        testCase "cloning has no values of its own, and a policy with a memory is refused" (fun () ->
            inFolder (fun root ->
                let bc =
                    judge (trainedAs root "bc" (BehaviourCloningConfig(HiddenSizes = Widths [ 8 ], BatchSize = 16)))

                Expect.isFalse (bc.Numbers.ContainsKey "tdError") "TD error"
                Expect.equal bc.Discount 0.99 "discount"

                let dt =
                    trainedAs root "dt" (DecisionTransformerConfig(Context = 2, BatchSize = 4, MaxTimesteps = 20))

                Expect.stringContains
                    (messageOf<InputException>(fun () -> judge dt |> ignore))
                    "remembers its episode"
                    "the refusal"))
    ]
