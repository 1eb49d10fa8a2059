/// Steps of discrete actions against plain arithmetic in double precision: every loss again, and its gradients by
/// central differences.
module Iql.Core.Tests.Learning.DiscreteTests

open System
open Iql
open Iql.Algorithms
open Iql.Execution
open Iql.Graph
open Iql.Cpu.Emit
open Iql.Losses
open Iql.Networks
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Execute

let private s, a, rows = 3, 4, 6

let private taken = [| 0; 3; 1; 1; 2; 0 |]

let private batch: Numbers =
    Map [
        "batch/observations", numbers "s" (rows * s) 1.0
        "batch/actions", Array.concat [ for choice in taken -> Array.init a (fun i -> if i = choice then 1.0 else 0.0) ]
        "batch/rewards", numbers "r" rows 1.0
        "batch/terminals", [| 0.0; 1.0; 0.0; 0.0; 0.0; 0.0 |]
        "batch/nextObservations", numbers "next" (rows * s) 1.0
        // The data's next actions, for the algorithms that ask for them.
        "batch/nextActions",
        Array.concat [ for choice in Array.rev taken -> Array.init a (fun i -> if i = choice then 1.0 else 0.0) ]
    ]

// ---- arithmetic of its own

/// x W₀ + b₀, rectified, … of the network under a name.
let private outputs (parameters: Numbers) (net: string) (x: float list) : float list =
    let rec layer k (x: float list) =
        match parameters.TryFind $"{net}/w{k}" with
        | None -> x
        | Some w ->
            let b = parameters[$"{net}/b{k}"]
            let x = if k = 0 then x else List.map (max 0.0) x

            layer (k + 1) [
                for j in 0 .. b.Length - 1 ->
                    b[j] + Seq.sum [ for i, value in List.indexed x -> value * w[i * b.Length + j] ]
            ]

    layer 0 x

let private row name width b = [ for i in 0 .. width - 1 -> batch[$"batch/{name}"][b * width + i] ]
let private logSumExp (x: float list) = log (List.sumBy exp x)
let private mean (each: int -> float) = List.averageBy each [ 0 .. rows - 1 ]
let private indexOfMax (x: float list) = List.findIndex ((=) (List.max x)) x
let private reward b = batch["batch/rewards"][b]
let private goesOn b = 1.0 - batch["batch/terminals"][b]

let private logProbabilities parameters observation =
    let logits = outputs parameters "policy0" observation
    logits |> List.map (fun x -> x - logSumExp logits)

let private valuesOf parameters net b = outputs parameters $"shared/{net}" (row "observations" s b)

/// The gradient of a loss with respect to the parameters of a network, by central differences.
let private differences (loss: Numbers -> float) (start: Numbers) (net: string) : Map<string, float[]> =
    let step = 1e-5

    Map [
        for KeyValue(name, values) in start do
            if name.StartsWith(net + "/w") || name.StartsWith(net + "/b") then
                let moved i by = loss (start.Add(name, Array.updateAt i (values[i] + by) values))

                name, Array.init values.Length (fun i -> (moved i step - moved i -step) / (2.0 * step))
    ]

/// The first step of a learner: metrics as `expected`, and Adam's first moments as a tenth of the differences of each
/// network's loss.
let private check (learner: Learner) (expected: Numbers -> Numbers -> (string * float) list) losses =
    let seed = Seed.Named "discrete"
    let start = initial learner seed
    let after, metrics = train inDouble learner seed (fun _ -> batch) start 1
    let metrics = List.exactlyOne metrics

    for name, value in expected start after do
        let found = metrics[name]
        Expect.isTrue (abs (found - value) <= 1e-12 * (1.0 + abs value)) $"{name}: expected {value:R}, got {found:R}"

    for net: string, loss in losses do
        let gradient = differences (loss start after) start net
        Expect.isNonEmpty gradient "gradient"

        for KeyValue(name, values) in gradient do
            let block, entry = name.Split('/', 2) |> fun parts -> parts[0], parts[1]
            let moments = after[$"{block}/adam-m/{entry}"]

            Array.iteri2
                (fun i (expected: float) moment ->
                    Expect.isTrue
                        (abs (moment / 0.1 - expected) <= 2e-8 * (1.0 + abs expected))
                        $"d/d{name}[{i}]: differences {expected:R}, gradient {moment / 0.1:R}")
                values
                moments

let private likelihood weight parameters =
    -mean (fun b -> weight b * (logProbabilities parameters (row "observations" s b))[taken[b]])

/// Metrics of a categorical policy's fit.
let private fit parameters = [
    "0:logProbabilityMean", -(likelihood (fun _ -> 1.0) parameters)
    "0:policyEntropy",
    mean (fun b -> -(logProbabilities parameters (row "observations" s b) |> List.sumBy (fun x -> x * exp x)))
    "0:actionAgreement",
    mean (fun b ->
        if indexOfMax (outputs parameters "policy0" (row "observations" s b)) = taken[b] then
            1.0
        else
            0.0)
]

// ---- the steps

let private implicitly =
    ImplicitQLearningConfig(
        Actions = ActionKind.Discrete,
        HiddenSizes = Widths [ 5 ],
        BatchSize = rows,
        Expectile = 0.8,
        InverseTemperature = 2.0
    )

let private targetQ parameters b =
    List.min [ for net in [ "targetCritic1"; "targetCritic2" ] -> (valuesOf parameters net b)[taken[b]] ]

let private v parameters observation = outputs parameters "shared/value" observation |> List.exactlyOne

let private weight (start: Numbers) (after: Numbers) b =
    min 100.0 (exp (2.0 * (targetQ start b - v after (row "observations" s b))))

let private conservatively (lagrange: Lagrange) =
    ConservativeQLearningConfig(
        Actions = ActionKind.Discrete,
        HiddenSizes = Widths [ 5 ],
        BatchSize = rows,
        ConservativeWeight = 1.5,
        SoftmaxTemperature = 0.7,
        Lagrange = lagrange,
        LagrangeGap = 0.4,
        InitialLogMultiplier = 0.3,
        CriticInitialisation = Initialisation.Torch
    )

// ---- the policy, and how it acts

let private acting (config: ImplicitQLearningConfig) episodes (logits: float[]) (decision: float) (execute: Executor) =
    let learner = (config.With("hiddenSizes", ([]: int list))).Learner(s, a)
    let act = learner.Act.Invoke episodes

    let numbers =
        initial learner (Seed.Named "acting")
        |> over (
            Map [
                "policy0/w0", Array.zeroCreate (s * a)
                "policy0/b0", logits
                "observations/observations", Array.zeroCreate (episodes * s)
            ]
        )

    let scalars = [ for name in act.Scalars -> if name = "decision" then decision else 12345.0 ]

    let chosen, _ = execute act numbers scalars
    chosen["actions/actions"] |> Array.chunkBySize a

let private logits = [| 0.5; -1.0; 1.5; 0.0 |]

[<Tests>]
let tests =
    testList "DiscreteTests" [
        testCase "cloning discrete actions is a likelihood" (fun () ->
            let config =
                BehaviourCloningConfig(Actions = ActionKind.Discrete, HiddenSizes = Widths [ 5 ], BatchSize = rows)

            let loss _ _ parameters = likelihood (fun _ -> 1.0) parameters

            check
                (BehaviourCloning.Learner(config, s, a))
                (fun start after -> ("0:policyLoss", loss start after start) :: fit start)
                [ "policy0", loss ])

        testCase "an implicit step learns V, Q and a categorical policy from the data's choices" (fun () ->
            let valueLoss start _ parameters =
                mean (fun b ->
                    let u = targetQ start b - v parameters (row "observations" s b)
                    (if u < 0.0 then 0.2 else 0.8) * u * u)

            let policyLoss start after parameters = likelihood (weight start after) parameters

            let criticLoss _ after parameters =
                List.sum [
                    for net in [ "critic1"; "critic2" ] ->
                        mean (fun b ->
                            let y = reward b + 0.99 * goesOn b * v after (row "nextObservations" s b)
                            (y - (valuesOf parameters net b)[taken[b]]) ** 2.0)
                ]

            check
                (implicitly.Learner(s, a))
                (fun start after ->
                    [
                        "valueLoss", valueLoss start after start
                        "targetQMean", mean (targetQ start)
                        "0:policyLoss", policyLoss start after start
                        "0:weightMean", mean (weight start after)
                        "criticLoss", criticLoss start after start
                        "q1Mean", mean (fun b -> (valuesOf start "critic1" b)[taken[b]])
                    ]
                    @ fit start)
                [
                    "shared/value", valueLoss
                    "policy0", policyLoss
                    "shared/critic1", criticLoss
                    "shared/critic2", criticLoss
                ])

        testCase "temporal differences take the data's next choice" (fun () ->
            let config = implicitly.With("objective", Objective.Sarsa)

            let following = Array.rev taken

            let criticLoss start _ parameters =
                List.sum [
                    for net in [ "critic1"; "critic2" ] ->
                        mean (fun b ->
                            let next = row "nextObservations" s b

                            let target =
                                List.min [
                                    for net in [ "targetCritic1"; "targetCritic2" ] ->
                                        (outputs start $"shared/{net}" next)[following[b]]
                                ]

                            let y = reward b + 0.99 * goesOn b * target
                            (y - (valuesOf parameters net b)[taken[b]]) ** 2.0)
                ]

            check (config.Learner(s, a)) (fun start after -> [ "criticLoss", criticLoss start after start ]) [
                "shared/critic1", criticLoss
            ])

        testCase "a conservative step is double Q-learning with a soft maximum over all actions" (fun () ->
            for lagrange in [ Lagrange.Off; Lagrange.WeightOutside; Lagrange.WeightInside ] do
                // As the block holds its logarithm, in float32.
                let multiplier = exp (float 0.3f)

                let difference parameters net =
                    mean (fun b ->
                        let q = valuesOf parameters net b
                        0.7 * logSumExp (List.map (fun x -> x / 0.7) q) - q[taken[b]])

                let penalty parameters net =
                    match lagrange with
                    | Lagrange.WeightOutside -> multiplier * 1.5 * (difference parameters net - 0.4)
                    | Lagrange.WeightInside -> multiplier * (1.5 * difference parameters net - 0.4)
                    | _ -> 1.5 * difference parameters net

                let target start b =
                    let next = row "nextObservations" s b

                    let chosen =
                        List.map2 (+) (outputs start "shared/critic1" next) (outputs start "shared/critic2" next)
                        |> indexOfMax

                    let value =
                        List.min [
                            for net in [ "targetCritic1"; "targetCritic2" ] ->
                                (outputs start $"shared/{net}" next)[chosen]
                        ]

                    reward b + 0.99 * goesOn b * value

                let loss start _ parameters =
                    List.sum [
                        for net in [ "critic1"; "critic2" ] ->
                            mean (fun b -> (target start b - (valuesOf parameters net b)[taken[b]]) ** 2.0)
                            + penalty parameters net
                    ]

                check
                    (ConservativeQLearning.Learner(conservatively lagrange, s, a))
                    (fun start after -> [
                        "criticLoss", loss start after start
                        "tdTargetMean", mean (target start)
                        "difference1", difference start "critic1"
                        "difference2", difference start "critic2"
                        "0:actionAgreement",
                        mean (fun b ->
                            let both = List.map2 (+) (valuesOf start "critic1" b) (valuesOf start "critic2" b)
                            if indexOfMax both = taken[b] then 1.0 else 0.0)
                        if lagrange <> Lagrange.Off then
                            "multiplier", multiplier
                            "multiplierLoss", -0.5 * (penalty start "critic1" + penalty start "critic2")
                    ])
                    [ "shared/critic1", loss; "shared/critic2", loss ])

        testCase "probabilities are a softmax whatever the size of the logits, and greedy marks the largest" (fun () ->
            let logits = Tensor.Input("logits", Iql.Core.Tests.Graph.Dense.shape [ 2; 3 ])
            let values = [| 1000.0; 999.0; 0.0; -3.0; -3.0; -4.0 |]

            let number (tensor: Tensor) = Differences.number tensor [ logits, values ]

            let logProbability = logits - Tensor.LogSumExp(logits, 1)
            let first = number logProbability
            Expect.floatClose (Accuracy.decimals 12) first[0] (-log(1.0 + exp -1.0)) "first 0"
            Expect.floatClose (Accuracy.decimals 12) first[1] (-1.0 - log (1.0 + exp -1.0)) "first 1"
            Expect.floatClose (Accuracy.decimals 9) first[2] (-1000.0 - log (1.0 + exp -1.0)) "first 2"
            Expect.equal (number (CategoricalPolicy.Greedy logits)) [| 1.0; 0.0; 0.0; 1.0; 1.0; 0.0 |] "number"
            let entropy = number (CategoricalPolicy.Entropy logProbability)
            let p = [ for x in [ 0.0; 0.0; -1.0 ] -> exp x / (2.0 + exp -1.0) ]
            Expect.floatClose (Accuracy.decimals 12) entropy[1] (-(List.sumBy (fun x -> x * log x) p)) "entropy 1")

        testCase "a greedy policy takes the likeliest action" (fun () ->
            for row in acting implicitly 5 logits 0.0 inDouble do
                Expect.equal row [| 0.0; 0.0; 1.0; 0.0 |] "row")

        testCase "a sampled policy takes each action as often as it is likely, anew at each decision" (fun () ->
            let sampled = implicitly.With("actionChoice", ActionChoice.Sampled)
            let episodes = 20_000
            let first = acting sampled episodes logits 0.0 inDouble
            let total = Array.sumBy exp logits

            for i in 0 .. a - 1 do
                let p = exp logits[i] / total
                let frequency = first |> Array.averageBy (fun row -> row[i])
                let deviation = sqrt (p * (1.0 - p) / float episodes)
                Expect.isTrue (abs (frequency - p) < 4.0 * deviation) $"action {i}: {frequency}, expected {p}"

            for row in first do
                Expect.equal (Array.sum row) 1.0 "sum of row"

            Expect.notEqual (acting sampled episodes logits 1.0 inDouble) first "acting"

            let single = acting sampled episodes logits 0.0 (compiled InstructionSets.Default WorkerTeam.Single)

            // A draw may fall on the other side of a tie within float32's rounding.
            let differing = Seq.zip first single |> Seq.filter (fun (x, y) -> x <> y) |> Seq.length

            Expect.isLessThanOrEqual differing 2 $"{differing} of {episodes}")

        testCase "a Gaussian policy can be sampled too, a deterministic one cannot" (fun () ->
            let gaussian =
                implicitly
                    .With("actions", ActionKind.Continuous)
                    .With("actionChoice", ActionChoice.Sampled)
                    .With("hiddenSizes", ([]: int list))

            let learner = gaussian.Learner(s, a)
            let act = learner.Act.Invoke 4

            Expect.sequenceEqual
                (Seq.sort act.Scalars)
                [ "decision"; "logStdMax"; "logStdMin"; "seed" ]
                "scalars of act"

            let error =
                Expect.raises<ArgumentException>
                    (fun () -> gaussian.With("policyKind", PolicyKind.Deterministic).Validate() |> ignore)
                    "validate of with of gaussian"

            Expect.stringContains error.Message "Only a stochastic policy can be sampled" "message of error"

            BehaviourCloningConfig(Actions = ActionKind.Discrete, ActionChoice = ActionChoice.Sampled).Validate()
            |> ignore)
    ]
