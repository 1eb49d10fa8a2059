/// A whole step of RLPD against plain arithmetic in double precision: losses, gradients, targets, drawn critics.
module Iql.Core.Tests.Learning.RlpdTests

open System
open Iql
open Iql.Algorithms
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Learning.Replay

let private s, a, rows, hidden, ensemble = 2, 2, 5, 3, 3

let private batch: Numbers =
    Map [
        "batch/observations", numbers "s" (rows * s) 1.0
        "batch/actions", numbers "a" (rows * a) 0.99
        "batch/rewards", numbers "r" rows 1.0
        "batch/terminals", [| 0.0; 1.0; 0.0; 0.0; 0.0 |]
        "batch/nextObservations", numbers "next" (rows * s) 1.0
        $"batch/noise{Rlpd.PolicyNoise}", numbers "noise0" (rows * a) 1.5
        $"batch/noise{Rlpd.TargetNoise}", numbers "noise1" (rows * a) 1.5
        $"batch/noise{Rlpd.DrawnCritics}", [| 0.3; -0.9; 0.1 |]
    ]

let private row name width b = [ for i in 0 .. width - 1 -> batch[$"batch/{name}"][b * width + i] ]

let private each f = Seq.average [ for b in 0 .. rows - 1 -> f b ]

/// A network with one hidden layer, normalised where it has gains.
let private network (parameters: Numbers) (net: string) (x: float list) (outputs: int) : float list =
    let layer k (x: float list) width =
        let w, b = parameters[$"{net}/w{k}"], parameters[$"{net}/b{k}"]

        [
            for o in 0 .. width - 1 -> b[o] + Seq.sum [ for i, value in List.indexed x -> value * w[i * width + o] ]
        ]

    let inner = layer 0 x hidden

    let normalised =
        match parameters.TryFind $"{net}/gain0" with
        | None -> inner
        | Some gain ->
            let mean = List.average inner
            let deviation = sqrt (List.averageBy (fun h -> (h - mean) ** 2.0) inner + 1e-6)

            [
                for i, h in List.indexed inner -> (h - mean) / deviation * gain[i] + parameters[$"{net}/offset0"][i]
            ]

    layer 1 (List.map (max 0.0) normalised) outputs

let private config (layerNorm: bool) (drawn: int) (entropy: bool) =
    RlpdConfig(
        Ensemble = ensemble,
        TargetCritics = drawn,
        LayerNorm = layerNorm,
        PolicyDelay = 1,
        EntropyInBackup = entropy,
        HiddenSizes = Widths [ hidden ],
        BatchSize = rows,
        InitialLogTemperature = -0.7,
        TargetEntropy = -0.4,
        ActionLimit = 0.8,
        LogStdMin = -1.2,
        LogStdMax = 0.1,
        PolyakStep = 0.3,
        // The policy's loss has the critics after their step: here they stay.
        CriticLearningRate = 0.0
    )

/// Losses of the first step, and the mean target.
let private oracle (config: RlpdConfig) (p: Numbers) : Map<string, float> =
    let alpha = exp p["shared/temperature/log"].[0]

    let sample stream observation b =
        let head = network p "policy0" observation (2 * a)

        List.unzip [
            for i in 0 .. a - 1 ->
                let logStd = min config.LogStdMax (max config.LogStdMin head[a + i])
                let noise = batch[$"batch/noise{stream}"][b * a + i]
                let x = head[i] + exp logStd * noise
                let slope = log (1.0 - tanh x * tanh x)
                tanh x, -noise * noise / 2.0 - logStd - log (2.0 * Math.PI) / 2.0 - slope
        ]
        |> fun (action, densities) -> action, List.sum densities

    let q net observation action = (network p $"shared/{net}" (observation @ action) 1).Head

    let limited b = row "actions" a b |> List.map (max -config.ActionLimit >> min config.ActionLimit)

    // Of the numbers 0.3, −0.9, 0.1: the second is the smallest, then the third.
    let drawn = [ 2; 3; 1 ] |> List.truncate config.TargetCritics

    let target b =
        let after = row "nextObservations" s b
        let action, density = sample Rlpd.TargetNoise after b
        let least = Seq.min [ for i in drawn -> q $"targetCritic{i}" after action ]
        let next = if config.EntropyInBackup then least - alpha * density else least
        (row "rewards" 1 b).Head + config.Discount * (1.0 - (row "terminals" 1 b).Head) * next

    // Targets are constants in gradients: reckoned once, with the numbers of the start.
    let policy b =
        let seen = row "observations" s b
        let action, density = sample Rlpd.PolicyNoise seen b
        alpha * density - Seq.average [ for i in 1..ensemble -> q $"critic{i}" seen action ]

    Map [
        "tdTargetMean", each target
        "criticLoss",
        each (fun b ->
            let data net = q net (row "observations" s b) (limited b)
            Seq.average [ for i in 1..ensemble -> (target b - data $"critic{i}") ** 2.0 ])
        "0:policyLoss", each policy
        "temperatureLoss",
        -alpha
        * (each (fun b -> snd (sample Rlpd.PolicyNoise (row "observations" s b) b))
           + config.TargetEntropy * float a)
    ]

/// A step from numbers that are all different: the start, the numbers after, the metrics.
let private step (config: RlpdConfig) =
    let columns = [ 0, [ rows; a ]; 1, [ rows; a ]; 2, [ ensemble ] ]

    let learner =
        Rlpd.Learner(config, s, a, recorded, recorded)
        |> withColumns [ for stream, shape in columns -> $"noise{stream}", shape ]

    let seed = Seed.Named "rlpd step"

    let start =
        initial learner seed
        |> Map.map (fun name values ->
            if name.Contains "adam" || name.EndsWith "log" then
                values
            else
                numbers name values.Length 0.9)
        |> over (Map [ "shared/temperature/log", [| config.InitialLogTemperature |] ])

    let next, metrics = train inDouble learner seed (fun _ -> batch) start 1
    start, next, metrics.Head

let private close what (expected: float) (actual: float) tolerance =
    Expect.isTrue (abs (expected - actual) <= tolerance * (1.0 + abs expected)) $"{what}: {expected:R} {actual:R}"

[<Tests>]
let tests =
    testList "RlpdTests" [
        testCase "a step is plain arithmetic, with and without layer norm, entropy, and a draw of critics" (fun () ->
            for layerNorm in [ true; false ] do
                for drawn in 1..ensemble do
                    for entropy in [ true; false ] do
                        let config = config layerNorm drawn entropy
                        let start, _, metrics = step config

                        for KeyValue(name, expected) in oracle config start do
                            close $"{layerNorm} {drawn} {entropy} {name}" expected metrics[name] 1e-10)

        testCase "gradients are central differences of the losses" (fun () ->
            let config = config true 2 true
            let start, next, _ = step config
            let h = 1e-5

            let check (loss: string) (block: string) (tensor: string) =
                let values = start[$"{block}/{tensor}"]

                for i in 0 .. values.Length - 1 do
                    let at delta =
                        let moved = Array.copy values
                        moved[i] <- moved[i] + delta
                        (oracle config (start.Add($"{block}/{tensor}", moved)))[loss]

                    // Adam's first mean is a tenth of the gradient.
                    let expected = (at h - at -h) / (2.0 * h) / 10.0
                    close $"{loss} {tensor}[{i}]" expected next[$"{block}/adam-m/{tensor}"].[i] 1e-7

            for net in [ "critic1"; "critic3" ] do
                for tensor in [ "w0"; "b0"; "gain0"; "offset0"; "w1"; "b1" ] do
                    check "criticLoss" "shared" $"{net}/{tensor}"

            for tensor in [ "w0"; "b0"; "w1"; "b1" ] do
                check "0:policyLoss" "policy0" tensor

            check "temperatureLoss" "shared" "temperature/log")

        testCase "targets move by the Polyak step, and the policy waits for its turn" (fun () ->
            let config = config true 2 true
            let start, next, _ = step config

            for i in 0 .. start["shared/critic2/w0"].Length - 1 do
                let expected = 0.3 * start["shared/critic2/w0"].[i] + 0.7 * start["shared/targetCritic2/w0"].[i]
                close "target" expected next["shared/targetCritic2/w0"].[i] 1e-12

            let learner = Rlpd.Learner(RlpdConfig(PolicyDelay = 4), s, a)
            Expect.equal [ for t in 0L .. 8L -> learner.Choose.Invoke t ] [ 1; 1; 1; 0; 1; 1; 1; 0; 1 ] "programs")

        testCase "it climbs to the best action, and past the data where Q promises more" (fun () ->
            let config =
                RlpdConfig(
                    Ensemble = 4,
                    PolicyDelay = 2,
                    HiddenSizes = Widths [ 32; 32 ],
                    BatchSize = 64,
                    CriticLearningRate = 0.003,
                    PolicyLearningRate = 0.003
                )

            let acts data =
                let learner = Rlpd.Learner(config, 1, 1)
                Bandit.action learner (Bandit.trained learner data 4000)

            let best = acts (Bandit.data (fun a -> -4f * (a - 0.6f) * (a - 0.6f)))
            Expect.floatClose (Accuracy.within 0.1) best 0.6 "best"
            // Its rewards rise with the action, which is below 0.
            Expect.between 0.3 1.0 (acts Bandit.lowerHalf) "lower half")

        testCase "more drawn critics than there are is refused" (fun () ->
            let error =
                Expect.raises<ArgumentException>
                    (fun () -> RlpdConfig(Ensemble = 2, TargetCritics = 3).Validate() |> ignore)
                    "the refusal"

            Expect.equal error.Message "targetCritics: expected at most the 2 critics of ensemble, got 3." "message")
    ]
