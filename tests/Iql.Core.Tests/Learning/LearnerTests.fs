module Iql.Core.Tests.Learning.LearnerTests

open System
open System.Collections.Generic
open Iql
open Iql.Algorithms
open Iql.Execution
open Iql.Cpu.Emit
open Iql.Graph
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Differences
open Iql.Core.Tests.Learning.Execute

let private config =
    ImplicitQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16, Dropout = 0.1)

let private batch step : Numbers =
    Map [
        for name, count, bound in
            [
                "observations", 48, 1.0
                "actions", 32, 0.95
                "rewards", 16, 1.0
                "nextObservations", 48, 1.0
                "nextActions", 32, 0.95
            ] do
            $"batch/{name}", Golden.uniform $"learner/{step}/{name}" count bound

        "batch/terminals",
        Golden.uniform $"learner/{step}/terminals" 16 1.0
        |> Array.map (fun u -> if u < -0.8 then 1.0 else 0.0)
    ]

let private seed = Seed.Named "learner"

let private run (learner: Learner) steps = train inDouble learner seed batch (initial learner seed) steps

let private act (learner: Learner) (numbers: Numbers) rows (observations: float[]) =
    let group = learner.Act.Invoke rows

    let inputs =
        readOnlyDict [
            for KeyValue(name, values) in numbers do
                name, values
            "observations/observations", observations
        ]

    (Interpreter.Evaluate(group.Results, inputs)).[0]

[<Tests>]
let tests =
    testList "LearnerTests" [
        testCase "the state is one shared block and one block a policy" (fun () ->
            let learner = ImplicitQLearning.Learner(config.Varied("inverseTemperature", [| 0.5; 3.0; 10.0 |]), 3, 2)

            Expect.equal
                [ for block in learner.Blocks -> block.Name ]
                [ "shared"; "policy0"; "policy1"; "policy2" ]
                "name of block"

            Expect.equal learner.Members 3 "members of learner"

            for name in
                [
                    "value/w0"
                    "critic1/b2"
                    "critic2/w1"
                    "targetCritic1/w0"
                    "targetCritic2/b0"
                    "adam-m/value/w0"
                    "adam-v/critic2/b2"
                ] do
                Expect.isTrue (learner.Blocks[0].Contains name) name

            Expect.isFalse
                (learner.Blocks[0].Contains "adam-m/targetCritic1/w0")
                "contains 'adam-m/targetCritic1/w0' of block 0 of learner"

            for name in [ "w0"; "b2"; "logStd"; "adam-m/w0"; "adam-v/logStd" ] do
                Expect.isTrue (learner.Blocks[1].Contains name) name

            Expect.equal
                (learner.Hyperparameters.Length + 2)
                learner.Step.Scalars.Length
                "length of hyperparameters of learner plus 2"

            Expect.equal (List.ofSeq learner.Step.Scalars |> List.truncate 2) [ "seed"; "step" ] "scalars of learner")

        testCase "at the start targets equal their critics and the policies are alike" (fun () ->
            let blocks =
                ImplicitQLearning.Learner(config.Varied("inverseTemperature", [| 1.0; 2.0 |]), 3, 2).Initialise.Invoke
                    seed

            for i in [ 1; 2 ] do
                for entry in [ "w0"; "b0"; "w2" ] do
                    Expect.equal
                        (blocks[0].Read $"targetCritic{i}/{entry}")
                        (blocks[0].Read $"critic{i}/{entry}")
                        "read of block 0"

            Expect.notEqual (blocks[0].Read "critic2/w0") (blocks[0].Read "critic1/w0") "read 'critic2/w0' of block 0"
            Expect.isTrue (blocks[1].SameBits blocks[2]) "same bits of block 1")

        testCase "a policy learns the same numbers in company as alone" (fun () ->
            let together, metrics =
                run (ImplicitQLearning.Learner(config.Varied("inverseTemperature", [| 0.5; 3.0; 10.0 |]), 3, 2)) 3

            for member', beta in List.indexed [ 0.5; 3.0; 10.0 ] do
                let alone, metricsAlone = run (config.With("inverseTemperature", beta).Learner(3, 2)) 3

                for KeyValue(name, values) in alone do
                    Expect.equal together[name.Replace("policy0/", $"policy{member'}/")] values "together"

                for (one: Map<string, float>), (all: Map<string, float>) in List.zip metricsAlone metrics do
                    for KeyValue(name, value) in one do
                        Expect.equal all[name.Replace("0:", $"{member'}:")] value "all")

        testCase "without metrics the numbers are the same" (fun () ->
            let learner = config.Learner(3, 2)
            let scalars = [ seed.AsScalar(); 0.0; yield! learner.Hyperparameters ]
            let numbers = over (batch 0) (initial learner seed)

            Expect.equal
                (inDouble (learner.Step.WithoutMetrics()) numbers scalars |> fst)
                (inDouble learner.Step numbers scalars |> fst)
                "in double")

        testCase "hyperparameters are inputs, so a sweep has one graph" (fun () ->
            let graph (config: ImplicitQLearningConfig) =
                let known = Dictionary<Tensor, int>(HashIdentity.Reference)

                let rec describe (x: Tensor) =
                    match known.TryGetValue x with
                    | true, description -> description
                    | _ ->
                        let sources = (0, x.Sources) ||> Seq.fold (fun all y -> HashCode.Combine(all, describe y))

                        known[x] <- HashCode.Combine(x.Op, x.Number, x.Name, x.Shape, sources)
                        known[x]

                [ for result in config.Learner(3, 2).Step.Results -> describe result ]

            let swept =
                config
                    .With("expectile", 0.9)
                    .With("inverseTemperature", 10.0)
                    .With("discount", 0.95)
                    .With("polyakStep", 0.01)
                    .With("maxAdvantageWeight", 50.0)
                    .With("valueLearningRate", 1e-3)
                    .With("criticLearningRate", 1e-3)
                    .With("policyLearningRate", 1e-3)
                    .With("cosineSteps", 5.0)
                    .With("logStdMin", -9.0)
                    .With("logStdMax", 1.0)
                    .With("dropout", 0.2)

            Expect.equal (graph swept) (graph config) "graph of swept")

        testCase "inverse temperature 0 clones behaviour: every weight is 1" (fun () ->
            let _, metrics = run (config.With("inverseTemperature", 0.0).Learner(3, 2)) 2

            for step in metrics do
                Expect.equal step["0:weightMean"] 1.0 "0 weight mean"
                Expect.equal step["0:weightMax"] 1.0 "0 weight max"
                Expect.equal step["0:weightCapped"] 0.0 "0 weight capped"

                Expect.floatClose
                    (Accuracy.decimals 12)
                    step["0:policyLoss"]
                    (-step["0:logProbabilityMean"])
                    "0 policy loss")

        testCase "metrics measure what their names say" (fun () ->
            let _, metrics = run (config.Learner(3, 2)) 2
            let m = metrics[1]

            Expect.floatClose
                (Accuracy.decimals 12)
                m["advantageMean"]
                (m["targetQMean"] - m["valueMeanAfter"])
                "advantage mean"

            Expect.floatClose (Accuracy.decimals 12) m["tdErrorMean"] (m["tdTargetMean"] - m["q1Mean"]) "td error mean"

            Expect.isTrue
                (m["qMean"] <= min m["q1Mean"] m["q2Mean"] + 1e-12)
                "q mean is at most min q 1 mean q 2 mean plus 1e-12"

            Expect.isGreaterThanOrEqual m["tdErrorAbsMean"] (abs m["tdErrorMean"]) "td error abs mean"
            Expect.between 0.0 1.0 m["residualPositive"] "residual positive"

            for name in [ "valueGradientNorm"; "criticGradientNorm"; "0:policyGradientNorm" ] do
                Expect.isGreaterThan m[name] 0.0 name)

        testCase "acting is the mean, clipped, without dropout" (fun () ->
            let policies = [ PolicyKind.Gaussian, true; PolicyKind.Gaussian, false; PolicyKind.Deterministic, true ]

            for kind, tanh in policies do
                let learner =
                    (config.With("policyKind", kind).With("meanTanh", tanh).With("hiddenSizes", ([]: int list)))
                        .Learner(1, 1)

                let numbers = initial learner seed |> Map.add "policy0/w0" [| 2.0 |] |> Map.add "policy0/b0" [| 0.1 |]

                let squash = if tanh then Math.Tanh else id

                act learner numbers 3 [| -5.0; 0.1; 5.0 |]
                |> Array.iter2
                    (fun x y ->
                        Expect.floatClose (Accuracy.decimals 12) y (Math.Clamp(squash (2.0 * x + 0.1), -1.0, 1.0)) "y")
                    [| -5.0; 0.1; 5.0 |])

        testCase "F# code trains with its own value loss" (fun () ->
            // Expectile regression on Huber's error: squared within ±1, linear beyond.
            let huberExpectile (residual: Tensor) (expectile: Tensor) =
                let size = Tensor.Abs residual

                let huber = Tensor.Where(Tensor.Less(size, 1.0), 0.5 * Tensor.Square residual, size - 0.5)

                Tensor.Mean(Tensor.Where(Tensor.Less(residual, 0.0), 1.0 - expectile, expectile) * huber)

            let residual, tau = input "residual" [ 9 ] 3.0, (Tensor.Scalar "tau", [| 0.8 |])
            assertGradient "Huber expectile" (huberExpectile (fst residual) (fst tau)) [ residual; tau ]

            let learner =
                config
                    .With("valueLearningRate", 1e-2)
                    .With("valueLoss", ValueLoss("huber", huberExpectile))
                    .Learner(3, 2)

            let _, metrics =
                train
                    (compiled InstructionSets.Default WorkerTeam.Single)
                    learner
                    seed
                    (fun _ -> batch 0)
                    (initial learner seed)
                    60

            Expect.isTrue
                ((List.last metrics)["valueLoss"] < 0.2 * (List.head metrics)["valueLoss"])
                "last of metrics is below 0.2 times first of metrics")

        testCase "F# code weighs actions its own way" (fun () ->
            // Filtered cloning: keep what is better than average.
            let learner =
                config
                    .With("policyWeight", PolicyWeight("filter", fun advantage _ _ -> Tensor.Less(0.0, advantage)))
                    .Learner(3, 2)

            let _, metrics = run learner 2

            Expect.floatClose
                (Accuracy.decimals 12)
                (metrics[0]["0:weightMean"])
                (metrics[0]["advantagePositive"])
                "metrics")

        testCase "a value loss that is no scalar is refused" (fun () ->
            let failure =
                Expect.raises<ArgumentException>
                    (fun () ->
                        config
                            .With("valueLoss", ValueLoss("rows", fun residual _ -> Tensor.Square residual))
                            .Learner(3, 2)
                        |> ignore)
                    "learner of with of config"

            Expect.stringContains failure.Message "End it with Mean" "message of failure")
    ]
