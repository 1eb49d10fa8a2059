/// Maxima over all actions and over the data's support: steps against plain arithmetic, and a problem of known values.
module Iql.Core.Tests.Learning.SupportedMaximumTests

open System
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Graph
open Iql.Networks
open Iql.Optimizers
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Differences
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Learning.Replay

// ---- whole steps, on networks of one linear layer

let private s, a, rows, samples = 3, 2, 5, 4

let private batch: Numbers =
    Map [
        "batch/observations", numbers "s" (rows * s) 1.0
        "batch/actions", numbers "a" (rows * a) 1.0
        "batch/rewards", numbers "r" rows 1.0
        "batch/terminals", [| 0.0; 1.0; 0.0; 0.0; 0.0 |]
        "batch/nextObservations", numbers "next" (rows * s) 1.0
        "batch/candidates", numbers "candidates" (samples * rows * a) 1.0
    ]

let private row (name: string) width b = [ for i in 0 .. width - 1 -> batch[$"batch/{name}"][b * width + i] ]

let private config =
    ImplicitQLearningConfig(
        Objective = Objective.MaximumTD,
        Candidates = samples,
        HiddenSizes = Widths [],
        BatchSize = rows,
        Discount = 0.8,
        LogStdMin = -1.5,
        LogStdMax = 0.5,
        PolicySchedule = LearningRateSchedule.Constant
    )

/// First blocks, targets moved off their critics.
let private start (learner: Learner) : Numbers =
    initial learner (Seed.Named "maximum")
    |> Map.map (fun name values ->
        if name.StartsWith "shared/target" then
            Array.map2 (+) values (numbers name values.Length 0.5)
        else
            values)

let private each f = Seq.average [ for b in 0 .. rows - 1 -> f b ]

// ---- one state that goes on for ever, and pays what is done: r = a. The data do no more than 0.3.

let private endless =
    lazy
        (let seed, count = Seed.Named "endless", 400
         let actions = [| for i in 0 .. count - 1 -> float32 (seed.Uniform(uint64 i, 0.3)) |]
         let ones, never = Array.replicate count 1f, Array.replicate count false
         Transitions("endless", 1, 1, ones, actions, actions, never, never, ones))

/// What a learner makes of doing nothing: γ times the value of what follows.
let private valueOfNothing (objective: Objective) (threshold: float) =
    let config =
        ImplicitQLearningConfig(
            Objective = objective,
            Critics = 1,
            Candidates = 60,
            SupportThreshold = threshold,
            HiddenSizes = Widths [],
            BatchSize = 64,
            Discount = 0.5,
            PolyakStep = 0.05,
            CriticLearningRate = 0.01,
            PolicyLearningRate = 0.01,
            PolicySchedule = LearningRateSchedule.Constant
        )

    let learner = config.Learner(1, 1)

    use trainer = new Trainer(learner, endless.Value, Trainer.Start(learner, Seed.Named "endless"))

    for _ in 1..2000 do
        trainer.Advance()

    let weights, bias = trainer.Blocks[0].Read "critic1/w0", trainer.Blocks[0].Read "critic1/b0"

    Expect.floatClose (Accuracy.within 0.03) (float weights[1]) 1.0 "weight 1"
    float (weights[0] + bias[0])

[<Tests>]
let tests =
    testList "SupportedMaximumTests" [
        testRows "noise is drawn in to the ball along its own ray" [ 1.3; 38.6 ] (fun (radius: float) ->
            let noise = input "noise" [ 4; 5; 2 ] 2.5
            let r = Tensor.Scalar "radius", [| radius |]
            let within = GaussianPolicy.Within(fst noise, fst r)
            let drawn = number within [ noise; r ]
            let mutable moved = 0

            for i in 0..19 do
                let x, y = (snd noise)[2 * i], (snd noise)[2 * i + 1]
                let length = sqrt (x * x + y * y)
                let share = min 1.0 (radius / length)

                if share < 1.0 then
                    moved <- moved + 1

                Expect.floatClose (Accuracy.decimals 13) drawn[2 * i] (x * share) "drawn"
                Expect.floatClose (Accuracy.decimals 13) drawn[2 * i + 1] (y * share) "drawn"

            Expect.equal (moved > 0) (radius < 2.0) "radius < 2.0"
            assertGradient "within" (Tensor.Mean(Tensor.Square(within + 1.0))) [ noise; r ]
            let nothing = Tensor.Input("nothing", Shape.Of [ 1; 2 ]), [| 0.0; 0.0 |]
            Expect.equal (number (GaussianPolicy.Within(fst nothing, fst r)) [ nothing; r ]) [| 0.0; 0.0 |] "number")

        testCase "the support's radius is where a normal's density is the threshold's share of its largest" (fun () ->
            let radius threshold =
                let epsilon = Tensor.Scalar "supportThreshold"
                (number (TemporalDifferenceLearning.Radius epsilon) [ epsilon, [| threshold |] ]).[0]

            for threshold in [ 0.9; 0.5; 0.1; 1e-6 ] do
                let radius = radius threshold

                Expect.floatClose
                    (Accuracy.decimals 12)
                    (exp (-radius * radius / 2.0))
                    threshold
                    "exp of op unary negation of radius times radius over 2.0"

            // Beyond any sample, and still a number.
            Expect.between 38.0 39.0 (radius 0.0) "radius 0.0")

        testRows
            "a step of a maximum is plain arithmetic, its gradient that of differences"
            [ Objective.MaximumTD; Objective.SupportedMaximumTD ]
            (fun (objective: Objective) ->
                let handed = Candidates(fun _ -> Tensor.Input("batch/candidates", Shape.Of [ samples; rows; a ]))

                let learner =
                    ImplicitQLearning.Learner([ config.With("objective", objective) ], s, a, handed)
                    |> withColumns [ "candidates", [ samples; rows; a ] ]

                let start = start learner
                let scalars = 0.0 :: 0.0 :: List.ofSeq learner.Hyperparameters
                let _, metrics = inDouble learner.Step (over batch start) scalars

                let q net observation action = linear start $"shared/{net}" (observation @ action) 0

                let values b = [
                    for n in 0 .. samples - 1 ->
                        let action = [ for i in 0 .. a - 1 -> batch["batch/candidates"][(n * rows + b) * a + i] ]
                        let next = row "nextObservations" s b
                        min (q "targetCritic1" next action) (q "targetCritic2" next action)
                ]

                let target b =
                    (row "rewards" 1 b).Head + 0.8 * (1.0 - (row "terminals" 1 b).Head) * List.max (values b)

                let loss (start: Numbers) =
                    Seq.sum [
                        for net in [ "critic1"; "critic2" ] ->
                            each (fun b ->
                                (target b
                                 - linear start $"shared/{net}" (row "observations" s b @ row "actions" a b) 0)
                                ** 2.0)
                    ]

                Expect.floatClose (Accuracy.decimals 12) metrics["tdTargetMean"] (each target) "td target mean"

                Expect.floatClose
                    (Accuracy.decimals 12)
                    metrics["maximumGain"]
                    (each (fun b -> List.max (values b) - List.average (values b)))
                    "maximum gain"

                Expect.floatClose (Accuracy.decimals 12) metrics["criticLoss"] (loss start) "critic loss"

                // The target is a constant: only the online critics move.
                let gradient = [
                    for name in [ "critic1/w0"; "critic1/b0"; "critic2/w0"; "critic2/b0" ] do
                        let name = $"shared/{name}"

                        for i in 0 .. start[name].Length - 1 do
                            let moved by = loss (start.Add(name, Array.updateAt i (start[name].[i] + by) start[name]))

                            (moved 1e-5 - moved -1e-5) / 2e-5
                ]

                Expect.floatClose
                    (Accuracy.decimals 7)
                    metrics["criticGradientNorm"]
                    (gradient |> List.sumBy (fun x -> x * x) |> sqrt)
                    "critic gradient norm"

                // ln β of the data's actions, where there is a β.
                if objective = Objective.SupportedMaximumTD then
                    let density b =
                        Seq.sum [
                            for i, x in List.indexed (row "actions" a b) ->
                                let head = linear start "shared/behaviour" (row "observations" s b)
                                let logStd = -1.5 + (tanh (head (a + i)) + 1.0)
                                let z = (x - tanh (head i)) / exp logStd
                                -0.5 * z * z - logStd - 0.5 * log (2.0 * Math.PI)
                        ]

                    Expect.floatClose
                        (Accuracy.decimals 12)
                        metrics["behaviourLoss"]
                        (-(each density))
                        "behaviour loss")

        testCase "samples of the support are the behaviour policy's, drawn in and clipped" (fun () ->
            let config = config.With("objective", Objective.SupportedMaximumTD).With("supportThreshold", 0.3)

            let learner = config.Learner(s, a)
            let start = start learner
            let noise = numbers "noise" (samples * rows * a) 2.5
            let radius = sqrt (-2.0 * log 0.3)

            let actions =
                TemporalDifferenceLearning.Supported(
                    config,
                    learner.Blocks[0].Inputs(),
                    Tensor.Input("batch/nextObservations", Shape.Of [ rows; s ]),
                    Tensor.Input("noise", Shape.Of [ samples; rows; a ])
                )

            let inputs =
                over batch start
                |> over (
                    Map [
                        "noise", noise
                        "supportThreshold", [| config.SupportThreshold |]
                        "logStdMin", [| -1.5 |]
                        "logStdMax", [| 0.5 |]
                    ]
                )

            let expected = [
                for n in 0 .. samples - 1 do
                    for b in 0 .. rows - 1 do
                        let head = linear start "shared/behaviour" (row "nextObservations" s b)
                        let own = [ for i in 0 .. a - 1 -> noise[(n * rows + b) * a + i] ]
                        let length = own |> List.sumBy (fun x -> x * x) |> sqrt

                        for i, x in List.indexed own do
                            let logStd = -1.5 + (tanh (head (a + i)) + 1.0)
                            let x = tanh (head i) + exp logStd * x * min 1.0 (radius / length)
                            max -1.0 (min 1.0 x)
            ]

            Seq.iter2
                (fun (x: float) y -> Expect.floatClose (Accuracy.decimals 12) y x "y")
                expected
                (Interpreter.Evaluate([| actions |], inputs).[0]))

        testCase
            "the support's maximum is worth the best that was done, the maximum over all what nobody did"
            (fun () ->
                // Q(0) = γ m / (1 − γ) = m. Here m is what is taken for the best action: on average, in the support,
                // anywhere.
                let mean = endless.Value.Actions |> Seq.averageBy float
                Expect.floatClose (Accuracy.within 0.03) (valueOfNothing Objective.Sarsa 0.0) mean "value of nothing"
                // The uniform's deviation is 0.3/√3, so its edge is √3 deviations out.
                Expect.floatClose
                    (Accuracy.within 0.04)
                    (valueOfNothing Objective.SupportedMaximumTD (exp -1.5))
                    0.3
                    "value of nothing"

                Expect.floatClose
                    (Accuracy.within 0.06)
                    (valueOfNothing Objective.MaximumTD 0.0)
                    (1.0 - 2.0 / 61.0)
                    "value of nothing")
    ]
