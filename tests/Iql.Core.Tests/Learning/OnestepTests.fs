/// Onestep RL: its losses against plain arithmetic, its phases, and a bandit whose best policies have a closed form.
module Iql.Core.Tests.Learning.OnestepTests

open System
open Iql
open Iql.Algorithms
open Iql.Graph
open Iql.Losses
open Iql.Networks
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Differences
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Learning.Replay

let private scalar name value = Tensor.Scalar name, [| value |]

/// ln of a normal density, in double, apart from the core.
let private logNormal (x: float) mean logStd =
    let z = (x - mean) / exp logStd in -0.5 * z * z - logStd - 0.5 * log (2.0 * Math.PI)

// ---- a whole step of the divergence, which no golden trace has, on networks of one linear layer

let private s, a, rows, samples = 3, 2, 5, 4

let private draws = [ Onestep.PolicyNoise, [ rows; a ]; Onestep.DivergenceNoise, [ samples; rows; a ] ]

let private batch: Numbers =
    Map [
        "batch/observations", numbers "s" (rows * s) 1.0
        "batch/actions", numbers "a" (rows * a) 1.0
        "batch/rewards", numbers "r" rows 1.0
        "batch/terminals", Array.zeroCreate rows
        "batch/nextObservations", numbers "next" (rows * s) 1.0
        "batch/nextActions", numbers "nextA" (rows * a) 1.0
        // Wide enough for samples far outside ±1: the critic sees them as they fall.
        for stream, extents in draws do
            $"batch/noise{stream}", numbers $"noise{stream}" (List.reduce (*) extents) 2.5
    ]

let private row (name: string) width b = [ for i in 0 .. width - 1 -> batch[$"batch/{name}"][b * width + i] ]

/// μ and ln σ of a policy at an observation.
let private distribution (config: OnestepConfig) (start: Numbers) net observation = [
    for i in 0 .. a - 1 ->
        tanh (linear start net observation i),
        if config.StateDependentStd then
            config.LogStdMin
            + (config.LogStdMax - config.LogStdMin) * (tanh (linear start net observation (a + i)) + 1.0) / 2.0
        else
            min config.LogStdMax (max config.LogStdMin start[$"{net}/logStd"].[i])
]

let private q (config: OnestepConfig) (start: Numbers) observation action =
    Seq.min [ for i in 1 .. config.Critics -> linear start $"shared/critic{i}" (observation @ action) 0 ]

/// The loss, mean Q(s, ã) and the estimate of the divergence.
let private oracle (config: OnestepConfig) (start: Numbers) =
    let sample stream n b = [
        for i, (mean, logStd) in List.indexed (distribution config start "policy0" (row "observations" s b)) ->
            mean + exp logStd * batch[$"batch/noise{stream}"][(n * rows + b) * a + i]
    ]

    let density net b x =
        List.map2
            (fun (mean, logStd) x -> logNormal x mean logStd)
            (distribution config start net (row "observations" s b))
            x
        |> List.sum

    let value =
        Seq.average [
            for b in 0 .. rows - 1 -> q config start (row "observations" s b) (sample Onestep.PolicyNoise 0 b)
        ]

    let divergence =
        Seq.average [
            for b in 0 .. rows - 1 do
                for n in 0 .. samples - 1 do
                    let x = sample Onestep.DivergenceNoise n b
                    density "policy0" b x - density "shared/behaviour" b x
        ]

    config.DivergenceWeight * divergence - value, value, divergence

let private linearConfig =
    OnestepConfig(
        HiddenSizes = Widths [],
        BatchSize = rows,
        DivergenceSamples = samples,
        DivergenceWeight = 0.7,
        Phases = Phases(1, 1, 100_000),
        LogStdMin = -1.5,
        LogStdMax = 0.5
    )

/// First blocks, the policy moved off the behaviour it starts as.
let private start (learner: Learner) : Numbers =
    initial learner (Seed.Named "onestep")
    |> Map.map (fun name values ->
        if name.StartsWith "policy0/" && not (name.Contains "adam") then
            Array.map2 (+) values (numbers name values.Length 0.3)
        else
            values)

// ---- the bandit: rewards −(a − 0.6)²

let private bandit = lazy Bandit.data (fun a -> -(a - 0.6f) * (a - 0.6f))

let private small =
    OnestepConfig(
        HiddenSizes = Widths [ 32; 32 ],
        BatchSize = 128,
        Phases = Phases(1500, 2000, 2500),
        StateDependentStd = false,
        BehaviourLearningRate = 0.003,
        CriticLearningRate = 0.003,
        PolicyLearningRate = 0.003
    )

/// Mean and variance of the data's actions: β is their normal.
let private behaviour =
    lazy
        (let mean = Bandit.meanAction bandit.Value
         mean, bandit.Value.Actions |> Seq.averageBy (fun a -> (float a - mean) ** 2.0))

[<Tests>]
let tests =
    testList "OnestepTests" [
        testCase
            "the reverse divergence and its loss are their formulas, their gradients those of differences"
            (fun () ->
                let policy, behaviour, q = input "policy" [ 12 ] 2.0, input "behaviour" [ 12 ] 2.0, input "q" [ 4 ] 3.0

                let weight = scalar "alpha" 0.3
                let estimate = ReverseDivergence.Estimate(fst policy, fst behaviour)
                let divergence = Array.map2 (-) (snd policy) (snd behaviour) |> Array.average

                Expect.floatClose
                    (Accuracy.decimals 14)
                    (number estimate [ policy; behaviour ]).[0]
                    divergence
                    "number 0"

                let loss = ReverseDivergence.Loss(fst q, estimate, fst weight)
                let inputs = [ policy; behaviour; q; weight ]

                Expect.floatClose
                    (Accuracy.decimals 14)
                    (number loss inputs).[0]
                    (0.3 * divergence - Array.average (snd q))
                    "number loss input 0"

                assertGradient "reverse divergence" loss inputs)

        testCase "the soft-clamped policy is its formulas, within its bounds, with a gradient everywhere" (fun () ->
            let s, w, b = input "s" [ 4; 3 ] 1.0, input "policy/w0" [ 3; 4 ] 2.0, input "policy/b0" [ 4 ] 6.0

            let parameters = TensorGroups.Group("policy", [| struct ("w0", fst w); struct ("b0", fst b) |])

            let low, high = scalar "low" -5.0, scalar "high" 0.5

            let struct (mean, logStd) = SoftClampedPolicy.Of(parameters, fst s, fst low, fst high)

            let inputs = [ s; w; b; low; high ]
            let means, logStds = number mean inputs, number logStd inputs

            for row in 0..3 do
                for i in 0..1 do
                    let head output =
                        (snd b)[output] + Seq.sum [ for j in 0..2 -> (snd s)[3 * row + j] * (snd w)[4 * j + output] ]

                    Expect.floatClose (Accuracy.decimals 13) means[2 * row + i] (tanh (head i)) "means"

                    Expect.floatClose
                        (Accuracy.decimals 13)
                        logStds[2 * row + i]
                        (-5.0 + 5.5 * (tanh (head (2 + i)) + 1.0) / 2.0)
                        "log stds"

                    Expect.between (-5.0) 0.5 logStds[2 * row + i] "log stds"

            assertGradient "mean" (Tensor.Mean mean) inputs
            assertGradient "deviation" (Tensor.Mean(Tensor.Exp logStd)) inputs)

        testRows
            "a step of the reverse divergence is plain arithmetic, its gradient that of differences"
            [ true, 1; false, 2 ]
            (fun (soft: bool, critics: int) ->
                let config = linearConfig.With("stateDependentStd", soft).With("critics", critics)

                let learner =
                    Onestep.Learner([ config ], s, a, recorded)
                    |> withColumns [ for stream, extents in draws -> $"noise{stream}", extents ]

                let start = start learner
                let scalars = 0.0 :: 2.0 :: List.ofSeq learner.Hyperparameters

                let _, metrics = inDouble (learner.StepAt 2L) (over batch start) scalars
                let loss, value, divergence = oracle config start
                Expect.floatClose (Accuracy.decimals 12) metrics["0:policyLoss"] loss "0 policy loss"
                Expect.floatClose (Accuracy.decimals 12) metrics["0:policyQMean"] value "0 policy q mean"
                Expect.floatClose (Accuracy.decimals 12) metrics["0:divergence"] divergence "0 divergence"

                let gradient = [
                    for name in
                        [
                            "w0"
                            "b0"
                            if not soft then
                                "logStd"
                        ] do
                        let name = $"policy0/{name}"

                        for i in 0 .. start[name].Length - 1 do
                            let moved by =
                                let loss, _, _ =
                                    oracle
                                        config
                                        (start.Add(name, Array.updateAt i (start[name].[i] + by) start[name]))

                                loss

                            (moved 1e-5 - moved -1e-5) / 2e-5
                ]

                let norm = gradient |> List.sumBy (fun x -> x * x) |> sqrt
                Expect.floatClose (Accuracy.decimals 7) metrics["0:policyGradientNorm"] norm "0 policy gradient norm")

        testCase "Easy BCQ does the best of its samples of the behaviour" (fun () ->
            let config =
                linearConfig
                    .With("improvement", PolicyImprovement.EasyBCQ)
                    .With("candidates", samples)
                    .With("critics", 2)

            let learner = config.Learner(s, a)
            let start = start learner
            let noise = numbers "candidates" (rows * samples * a) 2.5

            let best =
                Onestep.Best(
                    config,
                    learner.Blocks[0].Inputs(),
                    Tensor.Input("batch/observations", Shape.Of [ rows; s ]),
                    Tensor.Input("noise", Shape.Of [ rows; samples; a ])
                )

            let inputs =
                over batch start
                |> over (
                    Map [
                        "noise", noise
                        "sampleBound", [| config.SampleBound |]
                        "logStdMin", [| config.LogStdMin |]
                        "logStdMax", [| config.LogStdMax |]
                    ]
                )

            let expected = [
                for b in 0 .. rows - 1 do
                    let observation = row "observations" s b

                    let candidates = [
                        for n in 0 .. samples - 1 ->
                            [
                                for i, (mean, logStd) in
                                    List.indexed (distribution config start "shared/behaviour" observation) ->
                                    let x = mean + exp logStd * noise[(b * samples + n) * a + i]
                                    min config.SampleBound (max -config.SampleBound x)
                            ]
                    ]

                    yield! List.maxBy (q config start observation) candidates
            ]

            Seq.iter2
                (fun (x: float) y -> Expect.floatClose (Accuracy.decimals 12) y x "y")
                expected
                (Interpreter.Evaluate([| best |], inputs).[0]))

        testCase "a run of any length keeps the phases' proportions" (fun () ->
            let phases steps (config: OnestepConfig) =
                ((config :> IAlgorithmConfig).ForSteps steps :?> OnestepConfig).Phases

            let config = OnestepConfig()
            Expect.equal config.Phases (Phases(500_000, 2_000_000, 100_000)) "phases of config"
            Expect.equal (phases 2_600_000 config) config.Phases "phases 2_600_000 config"
            Expect.equal (phases 26_000 config) (Phases(5_000, 20_000, 1_000)) "phases 26_000 config"
            // Easy BCQ has no third phase, and its length is left alone.
            let easy = config.With("improvement", PolicyImprovement.EasyBCQ)
            Expect.equal (phases 25_000 easy) (Phases(5_000, 20_000, 100_000)) "phases 25_000 easy"

            for steps in [ 3; 4; 7; 100; 12_345; 1_000_000 ] do
                let phases = phases steps config

                Expect.isTrue
                    (phases.Behaviour >= 1 && phases.Critic >= 1 && phases.Policy >= 1)
                    "policy of phases is at least 1"

                Expect.equal (phases.Behaviour + phases.Critic + phases.Policy) steps "steps"

            Expect.equal (phases 1 config) (Phases(1, 1, 1)) "phases 1 config")

        testCase "one phase follows the other, and targets move at every second step of theirs" (fun () ->
            let config = linearConfig.With("phases", "2:5:3")

            let programs (improvement: PolicyImprovement) =
                let learner = config.With("improvement", improvement).Learner(s, a)
                [ for step in 0L .. 10L -> learner.Programs.IndexOf(learner.StepAt step) ]

            Expect.equal (programs PolicyImprovement.ReverseKL) [ 0; 0; 1; 2; 1; 2; 1; 3; 3; 3; 3 ] "programs"
            // A longer run goes on with π; Easy BCQ has none and goes on with Q.
            Expect.equal (programs PolicyImprovement.EasyBCQ) [ 0; 0; 1; 2; 1; 2; 1; 2; 1; 2; 1 ] "programs")

        testCase "the reverse divergence finds the normal that weighs reward against nearness" (fun () ->
            // The minimum of −E Q + α KL(π ‖ β) is β(a) e^{Q(a)/α}: of a normal and a parabola, a normal.
            let alphas = [ 1.0; 0.2 ]
            let learner = Onestep.Learner(small.Varied("divergenceWeight", alphas), 1, 1)
            let blocks = Bandit.trained learner bandit.Value 6000
            let mean, variance = behaviour.Value

            for i, alpha in List.indexed alphas do
                let precision = 1.0 / variance + 2.0 / alpha
                let expected = (mean / variance + 2.0 * 0.6 / alpha) / precision

                Expect.floatClose
                    (Accuracy.within 0.05)
                    (Bandit.actionOf i learner blocks)
                    expected
                    "action of i learner blocks"

                let deviation = exp (float (blocks[1 + i].Read "logStd").[0])
                Expect.floatClose (Accuracy.within 0.05) deviation (1.0 / sqrt precision) "deviation")

        testCase "exponential weights find the weighted mean, and none of it without temperature" (fun () ->
            let temperatures = [ 0.0; 3.0; 20.0 ]

            let config = small.With("improvement", PolicyImprovement.ExponentialWeights)

            let learner = Onestep.Learner(config.Varied("inverseTemperature", temperatures), 1, 1)

            let blocks = Bandit.trained learner bandit.Value 6000
            let actions = [ for a in bandit.Value.Actions -> float a ]
            let mean, variance = behaviour.Value
            let baseline = -((mean - 0.6) ** 2.0) - variance

            for i, temperature in List.indexed temperatures do
                // At 20 the cap cuts the weights of the best actions.
                let weights = [ for a in actions -> min 100.0 (exp (temperature * (-((a - 0.6) ** 2.0) - baseline))) ]

                let expected = List.sum (List.map2 (*) weights actions) / List.sum weights

                Expect.floatClose
                    (Accuracy.within 0.05)
                    (Bandit.actionOf i learner blocks)
                    expected
                    "action of i learner blocks")

        testCase "policies of several strengths learn the bits they would learn alone" (fun () ->
            for improvement, strength in
                [
                    PolicyImprovement.ReverseKL, "divergenceWeight"
                    PolicyImprovement.ExponentialWeights, "inverseTemperature"
                ] do
                let config = small.With("improvement", improvement).With("phases", "20:20:20")

                let trained (strengths: float list) =
                    let learner = Onestep.Learner(config.Varied(strength, strengths), 1, 1)
                    Bandit.trained learner bandit.Value 60

                let together = trained [ 0.1; 0.5; 2.0 ]

                for i, strength in List.indexed [ 0.1; 0.5; 2.0 ] do
                    let alone = trained [ strength ]
                    Expect.isTrue (together[0].SameBits alone[0]) "same bits of together 0"

                    for entry in alone[1].Layout.Entries do
                        Expect.equal (together[1 + i].Read entry.Name) (alone[1].Read entry.Name) "read of together"

                Expect.notEqual (together[2].Read "w0") (together[1].Read "w0") "read 'w0' of together 2")

        testCase "Easy BCQ finds the best action among many samples" (fun () ->
            let config =
                small
                    .With("improvement", PolicyImprovement.EasyBCQ)
                    .With("candidates", 300)
                    .With("stateDependentStd", true)

            let learner = config.Learner(1, 1)

            Expect.floatClose
                (Accuracy.within 0.08)
                (Bandit.action learner (Bandit.trained learner bandit.Value 3500))
                0.6
                "action")
    ]
