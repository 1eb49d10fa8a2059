/// A whole step of conservative Q-learning, with every switch, against plain arithmetic on single linear layers.
module Iql.Core.Tests.Learning.ConservativeStepTests

open System
open Iql
open Iql.Algorithms
open Iql.Losses
open Expecto
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Learning.Replay

let private s, a, rows, samples = 2, 2, 5, 3

let private draws = [
    ConservativeQLearning.PolicyNoise, [ rows; a ]
    ConservativeQLearning.TargetNoise, [ samples; rows; a ]
    ConservativeQLearning.CurrentNoise, [ samples; rows; a ]
    ConservativeQLearning.NextNoise, [ samples; rows; a ]
    ConservativeQLearning.UniformActions, [ samples; rows; a ]
]

let private batch: Numbers =
    Map [
        "batch/observations", numbers "s" (rows * s) 1.0
        "batch/actions", numbers "a" (rows * a) 0.99
        "batch/rewards", numbers "r" rows 1.0
        "batch/terminals", [| 0.0; 1.0; 0.0; 0.0; 0.0 |]
        "batch/nextObservations", numbers "next" (rows * s) 1.0
        // Some above and some below what the critics say.
        "batch/returnsToGo", numbers "returns" rows 1.0 |> Array.map (fun x -> x - 0.7)
        for stream, extents in draws do
            let bound = if stream = ConservativeQLearning.UniformActions then 1.0 else 1.5

            $"batch/noise{stream}", numbers $"noise{stream}" (List.reduce (*) extents) bound
    ]

/// What the first step reports, in order of update TemperatureFirst, so that critics and policy both see the first
/// policy.
let private oracle (config: ConservativeQLearningConfig) cloning (start: Numbers) : Map<string, float> =
    let clip low high x = min high (max low x)
    let row name width b = [ for i in 0 .. width - 1 -> batch[$"batch/{name}"][b * width + i] ]

    let limited b = row "actions" a b |> List.map (clip -config.ActionLimit config.ActionLimit)

    let policy observation = [
        for i in 0 .. a - 1 ->
            let raw = linear start "policy0" observation (a + i)
            let raw = if config.LearnedLogStd then raw - 1.0 else raw
            linear start "policy0" observation i, clip config.LogStdMin config.LogStdMax raw
    ]

    let density observation x =
        Seq.sum [
            for (mean, logStd), x in List.zip (policy observation) x ->
                let noise = (x - mean) / exp logStd

                -noise * noise / 2.0 - logStd - log (2.0 * Math.PI) / 2.0 - log (1.0 - tanh x * tanh x)
        ]

    /// Sample number n of stream, of π(·|observation), for row b.
    let sample stream n observation b =
        let x = [
            for i, (mean, logStd) in List.indexed (policy observation) ->
                mean + exp logStd * batch[$"batch/noise{stream}"][(n * rows + b) * a + i]
        ]

        List.map tanh x, density observation x

    let q net observation action : float = linear start $"shared/{net}" (observation @ action) 0

    let each f = Seq.average [ for b in 0 .. rows - 1 -> f b ]

    let seen b = row "observations" s b
    let after b = row "nextObservations" s b

    let drawn b = sample ConservativeQLearning.PolicyNoise 0 (seen b) b

    let temperatureLoss, alpha =
        if config.AutomaticTemperature then
            let gap = each (fun b -> snd (drawn b) + config.TargetEntropy * float a)
            let rate = config.PolicyLearningRate
            // Adam's first step: the gradient −gap over its own size.
            let moved = config.InitialLogTemperature + rate * gap / (abs gap + 1e-8)
            Some(-config.InitialLogTemperature * gap), exp moved
        else
            None, config.EntropyTemperature

    let policyLoss =
        each (fun b ->
            let action, logDensity = drawn b

            if cloning then
                alpha * logDensity - density (seen b) (limited b |> List.map Math.Atanh)
            else
                alpha * logDensity - min (q "critic1" (seen b) action) (q "critic2" (seen b) action))

    let target b =
        let count = if config.Backup = SampledBackup.Sample then 1 else samples

        let candidates = [
            for n in 0 .. count - 1 ->
                let action, logDensity = sample ConservativeQLearning.TargetNoise n (after b) b
                q "targetCritic1" (after b) action, q "targetCritic2" (after b) action, logDensity
        ]

        let next =
            if config.Backup = SampledBackup.LeastOfMax then
                min
                    (candidates |> List.map (fun (x, _, _) -> x) |> List.max)
                    (candidates |> List.map (fun (_, y, _) -> y) |> List.max)
            else
                let x, y, logDensity = candidates |> List.maxBy (fun (x, y, _) -> min x y)
                min x y - (if config.EntropyInBackup then alpha * logDensity else 0.0)

        (row "rewards" 1 b).Head + config.Discount * (1.0 - (row "terminals" 1 b).Head) * next

    let calibrated = config.Calibration <> Calibration.Off
    let returnToGo b = (row "returnsToGo" 1 b).Head

    let ofPolicy n b = [
        sample ConservativeQLearning.NextNoise n (after b) b
        sample ConservativeQLearning.CurrentNoise n (seen b) b
    ]

    let boundShare net =
        each (fun b ->
            Seq.average [
                for n in 0 .. samples - 1 do
                    for action, _ in ofPolicy n b -> if q net (seen b) action < returnToGo b then 1.0 else 0.0
            ])

    let difference net =
        each (fun b ->
            let importance = config.ConservativeTerm = ConservativeTerm.ImportanceWeighted
            let data = q net (seen b) (limited b)

            let logit least (action, logDensity) =
                max least (q net (seen b) action) - (if importance then logDensity else 0.0)

            let logits = [
                for n in 0 .. samples - 1 do
                    let uniform = [
                        for i in 0 .. a - 1 ->
                            batch[$"batch/noise{ConservativeQLearning.UniformActions}"][(n * rows + b) * a + i]
                    ]

                    logit -infinity (uniform, float a * log 0.5)
                    yield! ofPolicy n b |> List.map (logit (if calibrated then returnToGo b else -infinity))

                if not importance then
                    data
            ]

            let c = config.SoftmaxTemperature
            let soft = c * log (Seq.sum [ for x in logits -> exp (x / c) ])
            clip config.DifferenceMin config.DifferenceMax (soft - data))

    let multiplier = exp config.InitialLogMultiplier

    let penalty net =
        match config.Lagrange with
        | Lagrange.WeightOutside -> multiplier * config.ConservativeWeight * (difference net - config.LagrangeGap)
        | Lagrange.WeightInside -> multiplier * (config.ConservativeWeight * difference net - config.LagrangeGap)
        | _ -> config.ConservativeWeight * difference net

    let squared net = each (fun b -> (target b - q net (seen b) (limited b)) ** 2.0)

    Map [
        "tdTargetMean", each target
        "0:policyLoss", policyLoss
        "0:policyTemperature", alpha
        "difference1", difference "critic1"
        "difference2", difference "critic2"
        "criticLoss", squared "critic1" + squared "critic2" + penalty "critic1" + penalty "critic2"
        if calibrated then
            "boundShare1", boundShare "critic1"
            "boundShare2", boundShare "critic2"
        match temperatureLoss with
        | Some loss -> "temperatureLoss", loss
        | None -> ()
        if config.Lagrange <> Lagrange.Off then
            "multiplierLoss", -(penalty "critic1" + penalty "critic2") / 2.0
    ]

/// A step from numbers that are all different: the start, the numbers after, the metrics.
let private step (config: ConservativeQLearningConfig) =
    let extents stream extents =
        if stream = ConservativeQLearning.TargetNoise && config.Backup = SampledBackup.Sample then
            List.tail extents
        else
            extents

    let learner =
        ConservativeQLearning.Learner(config, s, a, recorded, recorded)
        |> withColumns [ for stream, shape in draws -> $"noise{stream}", extents stream shape ]

    // One sample is the first of the three.
    let handed =
        if config.Backup = SampledBackup.Sample then
            batch
            |> Map.change $"batch/noise{ConservativeQLearning.TargetNoise}" (Option.map (Array.take (rows * a)))
        else
            batch

    let seed = Seed.Named "conservative step"

    let start =
        initial learner seed
        |> Map.map (fun name values ->
            if name.EndsWith "/w0" || name.EndsWith "/b0" then
                if name.Contains "adam" then values else numbers name values.Length 0.9
            else
                values)
        |> over (
            Map [
                if config.AutomaticTemperature then
                    "shared/temperature/log", [| config.InitialLogTemperature |]
                if config.Lagrange <> Lagrange.Off then
                    "shared/multiplier/log", [| config.InitialLogMultiplier |]
            ]
        )

    let next, metrics = train inDouble learner seed (fun _ -> handed) start 1
    start, next, metrics.Head

[<Tests>]
let tests =
    testList "ConservativeStepTests" [
        testCase "a step is plain arithmetic, with every switch" (fun () ->
            for term in Enum.GetValues<ConservativeTerm>() do
                for lagrange in Enum.GetValues<Lagrange>() do
                    for backup in Enum.GetValues<SampledBackup>() do
                        let cases = [ true, false, true; false, true, false; true, true, false ]

                        for automatic, cloning, learned in cases do
                            let config =
                                ConservativeQLearningConfig(
                                    HiddenSizes = Widths [],
                                    BatchSize = rows,
                                    ActionSamples = samples,
                                    ConservativeTerm = term,
                                    ConservativeWeight = 1.7,
                                    SoftmaxTemperature = 1.3,
                                    DifferenceMin = 2.6,
                                    DifferenceMax = 3.4,
                                    Lagrange = lagrange,
                                    LagrangeGap = 0.9,
                                    InitialLogMultiplier = 0.4,
                                    Backup = backup,
                                    EntropyInBackup = (automatic && backup <> SampledBackup.LeastOfMax),
                                    Calibration = (if cloning then Calibration.Off else Calibration.Returns),
                                    AutomaticTemperature = automatic,
                                    InitialLogTemperature = -0.7,
                                    LearnedLogStd = learned,
                                    LogStdMin = -1.2,
                                    LogStdMax = 0.1,
                                    ActionLimit = 0.8,
                                    CloningSteps = (if cloning then 1 else 0),
                                    ConservativeOrder = ConservativeOrder.TemperatureFirst,
                                    PolicyLearningRate = 0.05
                                )

                            let start, _, metrics = step config

                            for KeyValue(name, expected) in oracle config cloning start do
                                let actual = metrics[name]

                                Expect.isTrue
                                    (Golden.deviation expected actual <= 1e-10)
                                    $"{term} {lagrange} {backup} {automatic} {cloning} {name}: {expected:R} {actual:R}")

        testCase "gradients of critics are central differences, where returns to go bound some samples" (fun () ->
            for term in Enum.GetValues<ConservativeTerm>() do
                let config =
                    ConservativeQLearningConfig(
                        HiddenSizes = Widths [],
                        BatchSize = rows,
                        ActionSamples = samples,
                        ConservativeTerm = term,
                        Calibration = Calibration.Returns,
                        ConservativeOrder = ConservativeOrder.TemperatureFirst
                    )

                let start, next, metrics = step config
                let share = metrics["boundShare1"]
                Expect.isTrue (share > 0.1 && share < 0.9) $"some are bounded: {share}"

                for tensor in [ "critic1/w0"; "critic1/b0"; "critic2/w0"; "critic2/b0" ] do
                    let values = start[$"shared/{tensor}"]

                    for i in 0 .. values.Length - 1 do
                        let at change =
                            let moved = Array.copy values
                            moved[i] <- moved[i] + change
                            (oracle config false (start.Add($"shared/{tensor}", moved)))["criticLoss"]

                        // Adam's first mean is a tenth of the gradient.
                        let expected = (at 1e-5 - at -1e-5) / 2e-5 / 10.0
                        let actual = next[$"shared/adam-m/{tensor}"].[i]

                        Expect.isTrue
                            (abs (expected - actual) <= 1e-7 * (1.0 + abs expected))
                            $"{term} {tensor}[{i}]: {expected:R} {actual:R}")
    ]
