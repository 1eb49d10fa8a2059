/// Onestep RL: its losses against plain arithmetic, its phases, and a bandit whose best policies are known in closed form.
module Iql.Core.Tests.Learning.OnestepTests

open System
open System.Collections.Generic
open Iql
open Iql.Algorithms
open Iql.Graph
open Iql.Losses
open Iql.Networks
open Xunit
open Iql.Core.Tests.Learning.Differences
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Learning.Replay

let private scalar name value = Tensor.Scalar name, [| value |]

/// ln of a normal density, in double, apart from the core.
let private logNormal (x: float) mean logStd =
    let z = (x - mean) / exp logStd in -0.5 * z * z - logStd - 0.5 * log (2.0 * Math.PI)

[<Fact>]
let ``the reverse divergence and its loss are their formulas, their gradients those of differences`` () =
    let policy, behaviour, q =
        input "policy" [ 12 ] 2.0, input "behaviour" [ 12 ] 2.0, input "q" [ 4 ] 3.0

    let weight = scalar "alpha" 0.3
    let estimate = ReverseDivergence.Estimate(fst policy, fst behaviour)
    let divergence = Array.map2 (-) (snd policy) (snd behaviour) |> Array.average
    Assert.Equal(divergence, (number estimate [ policy; behaviour ]).[0], 14)
    let loss = ReverseDivergence.Loss(fst q, estimate, fst weight)
    let inputs = [ policy; behaviour; q; weight ]
    Assert.Equal(0.3 * divergence - Array.average (snd q), (number loss inputs).[0], 14)
    assertGradient "reverse divergence" loss inputs

[<Fact>]
let ``the soft-clamped policy is its formulas, within its bounds, with a gradient everywhere`` () =
    let s, w, b =
        input "s" [ 4; 3 ] 1.0, input "policy/w0" [ 3; 4 ] 2.0, input "policy/b0" [ 4 ] 6.0

    let parameters =
        TensorGroups.Group("policy", [| struct ("w0", fst w); struct ("b0", fst b) |])

    let low, high = scalar "low" -5.0, scalar "high" 0.5

    let struct (mean, logStd) =
        SoftClampedPolicy.Of(parameters, fst s, fst low, fst high)

    let inputs = [ s; w; b; low; high ]
    let means, logStds = number mean inputs, number logStd inputs

    for row in 0..3 do
        for i in 0..1 do
            let head output =
                (snd b)[output]
                + Seq.sum [ for j in 0..2 -> (snd s)[3 * row + j] * (snd w)[4 * j + output] ]

            Assert.Equal(tanh (head i), means[2 * row + i], 13)
            Assert.Equal(-5.0 + 5.5 * (tanh (head (2 + i)) + 1.0) / 2.0, logStds[2 * row + i], 13)
            Assert.InRange(logStds[2 * row + i], -5.0, 0.5)

    assertGradient "mean" (Tensor.Mean mean) inputs
    assertGradient "deviation" (Tensor.Mean(Tensor.Exp logStd)) inputs

// ---- a whole step of the divergence, which no golden trace has, on networks of one linear layer

let private s, a, rows, samples = 3, 2, 5, 4

let private draws = [
    Onestep.PolicyNoise, [ rows; a ]
    Onestep.DivergenceNoise, [ samples; rows; a ]
]

let private numbers name count bound =
    let seed = Seed.Named name
    Array.init count (fun i -> seed.Uniform(uint64 i, bound))

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

let private linear (start: Numbers) net (x: float list) output =
    let w, b = start[$"{net}/w0"], start[$"{net}/b0"]

    b[output]
    + Seq.sum [ for i, value in List.indexed x -> value * w[i * b.Length + output] ]

let private row (name: string) width b = [ for i in 0 .. width - 1 -> batch[$"batch/{name}"][b * width + i] ]

/// μ and ln σ of a policy at an observation.
let private distribution (config: OnestepConfig) (start: Numbers) net observation = [
    for i in 0 .. a - 1 ->
        tanh (linear start net observation i),
        if config.StateDependentStd then
            config.LogStdMin
            + (config.LogStdMax - config.LogStdMin)
              * (tanh (linear start net observation (a + i)) + 1.0)
              / 2.0
        else
            min config.LogStdMax (max config.LogStdMin start[$"{net}/logStd"].[i])
]

let private q (config: OnestepConfig) (start: Numbers) observation action =
    Seq.min [
        for i in 1 .. config.Critics -> linear start $"shared/critic{i}" (observation @ action) 0
    ]

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

[<Theory>]
[<InlineData(true, 1)>]
[<InlineData(false, 2)>]
let ``a step of the reverse divergence is plain arithmetic, its gradient that of differences``
    (soft: bool)
    (critics: int)
    =
    let config = linearConfig.With("stateDependentStd", soft).With("critics", critics)

    let learner =
        Onestep.Learner([ config ], s, a, recorded)
        |> withColumns [ for stream, extents in draws -> $"noise{stream}", extents ]

    let start = start learner
    let scalars = 0.0 :: 2.0 :: List.ofSeq learner.Hyperparameters

    let _, metrics = inDouble (learner.StepAt 2L) (over batch start) scalars
    let loss, value, divergence = oracle config start
    Assert.Equal(loss, metrics["0:policyLoss"], 12)
    Assert.Equal(value, metrics["0:policyQMean"], 12)
    Assert.Equal(divergence, metrics["0:divergence"], 12)

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
                        oracle config (start.Add(name, Array.updateAt i (start[name].[i] + by) start[name]))

                    loss

                (moved 1e-5 - moved -1e-5) / 2e-5
    ]

    let norm = gradient |> List.sumBy (fun x -> x * x) |> sqrt
    Assert.Equal(norm, metrics["0:policyGradientNorm"], 7)

[<Fact>]
let ``Easy BCQ does the best of its samples of the behaviour`` () =
    let config =
        linearConfig.With("improvement", PolicyImprovement.EasyBCQ).With("candidates", samples).With("critics", 2)

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

    let inputs = Dictionary<string, float[]>()

    for KeyValue(name, values) in over batch start do
        inputs[name] <- values

    inputs["noise"] <- noise
    inputs["sampleBound"] <- [| config.SampleBound |]
    inputs["logStdMin"] <- [| config.LogStdMin |]
    inputs["logStdMax"] <- [| config.LogStdMax |]

    let expected = [
        for b in 0 .. rows - 1 do
            let observation = row "observations" s b

            let candidates = [
                for n in 0 .. samples - 1 ->
                    [
                        for i, (mean, logStd) in List.indexed (distribution config start "shared/behaviour" observation) ->
                            let x = mean + exp logStd * noise[(b * samples + n) * a + i]
                            min config.SampleBound (max -config.SampleBound x)
                    ]
            ]

            yield! List.maxBy (q config start observation) candidates
    ]

    Seq.iter2 (fun (x: float) y -> Assert.Equal(x, y, 12)) expected (Interpreter.Evaluate([| best |], inputs).[0])

// ---- phases

[<Fact>]
let ``a run of any length keeps the phases' proportions`` () =
    let phases steps (config: OnestepConfig) =
        ((config :> IAlgorithmConfig).ForSteps steps :?> OnestepConfig).Phases

    let config = OnestepConfig()
    Assert.Equal(Phases(500_000, 2_000_000, 100_000), config.Phases)
    Assert.Equal(config.Phases, phases 2_600_000 config)
    Assert.Equal(Phases(5_000, 20_000, 1_000), phases 26_000 config)
    // Easy BCQ has no third phase, and its length is left alone.
    let easy = config.With("improvement", PolicyImprovement.EasyBCQ)
    Assert.Equal(Phases(5_000, 20_000, 100_000), phases 25_000 easy)

    for steps in [ 3; 4; 7; 100; 12_345; 1_000_000 ] do
        let phases = phases steps config
        Assert.True(phases.Behaviour >= 1 && phases.Critic >= 1 && phases.Policy >= 1)
        Assert.Equal(steps, phases.Behaviour + phases.Critic + phases.Policy)

    Assert.Equal(Phases(1, 1, 1), phases 1 config)

[<Fact>]
let ``one phase follows the other, and targets move at every second step of theirs`` () =
    let config = linearConfig.With("phases", "2:5:3")

    let programs (improvement: PolicyImprovement) =
        let learner = config.With("improvement", improvement).Learner(s, a)
        [ for step in 0L .. 10L -> learner.Programs.IndexOf(learner.StepAt step) ]

    Assert.Equal<int list>([ 0; 0; 1; 2; 1; 2; 1; 3; 3; 3; 3 ], programs PolicyImprovement.ReverseKL)
    // A longer run goes on with π; Easy BCQ has none and goes on with Q.
    Assert.Equal<int list>([ 0; 0; 1; 2; 1; 2; 1; 2; 1; 2; 1 ], programs PolicyImprovement.EasyBCQ)

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

[<Fact>]
let ``the reverse divergence finds the normal that weighs reward against nearness`` () =
    // The minimum of −E Q + α KL(π ‖ β) is β(a) e^{Q(a)/α}: of a normal and a parabola, a normal.
    let alphas = [ 1.0; 0.2 ]
    let learner = Onestep.Learner(small.Varied("divergenceWeight", alphas), 1, 1)
    let blocks = Bandit.trained learner bandit.Value 6000
    let mean, variance = behaviour.Value

    for i, alpha in List.indexed alphas do
        let precision = 1.0 / variance + 2.0 / alpha
        let expected = (mean / variance + 2.0 * 0.6 / alpha) / precision
        Assert.Equal(expected, Bandit.actionOf i learner blocks, 0.05)
        let deviation = exp (float (blocks[1 + i].Read "logStd").[0])
        Assert.Equal(1.0 / sqrt precision, deviation, 0.05)

[<Fact>]
let ``exponential weights find the weighted mean, and none of it without temperature`` () =
    let temperatures = [ 0.0; 3.0; 20.0 ]

    let config = small.With("improvement", PolicyImprovement.ExponentialWeights)

    let learner =
        Onestep.Learner(config.Varied("inverseTemperature", temperatures), 1, 1)

    let blocks = Bandit.trained learner bandit.Value 6000
    let actions = [ for a in bandit.Value.Actions -> float a ]
    let mean, variance = behaviour.Value
    let baseline = -((mean - 0.6) ** 2.0) - variance

    for i, temperature in List.indexed temperatures do
        // At 20 the cap cuts the weights of the best actions.
        let weights = [
            for a in actions -> min 100.0 (exp (temperature * (-((a - 0.6) ** 2.0) - baseline)))
        ]

        let expected = List.sum (List.map2 (*) weights actions) / List.sum weights
        Assert.Equal(expected, Bandit.actionOf i learner blocks, 0.05)

[<Fact>]
let ``policies of several strengths learn the bits they would learn alone`` () =
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
            Assert.True(together[0].SameBits alone[0])

            for entry in alone[1].Layout.Entries do
                Assert.Equal<float32[]>(alone[1].Read entry.Name, together[1 + i].Read entry.Name)

        Assert.NotEqual<float32[]>(together[1].Read "w0", together[2].Read "w0")

[<Fact>]
let ``Easy BCQ finds the best action among many samples`` () =
    let config =
        small.With("improvement", PolicyImprovement.EasyBCQ).With("candidates", 300).With("stateDependentStd", true)

    let learner = config.Learner(1, 1)
    Assert.Equal(0.6, Bandit.action learner (Bandit.trained learner bandit.Value 3500), 0.08)
