/// Conservative Q-learning on problems whose answer is known.
module Iql.Core.Tests.Learning.ConservativeTests

open System
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Losses
open Iql.Networks
open Iql.Training
open Expecto
open Iql.Tests

let private config =
    ConservativeQLearningConfig(
        HiddenSizes = Widths [ 32; 32 ],
        BatchSize = 64,
        ActionSamples = 4,
        ConservativeWeight = 0.1,
        CriticLearningRate = 0.003,
        PolicyLearningRate = 0.003
    )

let private acts (config: ConservativeQLearningConfig) data steps =
    let learner = ConservativeQLearning.Learner(config, 1, 1)
    Bandit.action learner (Bandit.trained learner data steps)

/// Metrics' means over the last hundred of so many steps.
let private metrics (config: ConservativeQLearningConfig) (data: Transitions) steps : Map<string, float> =
    let learner = ConservativeQLearning.Learner(config, 1, 1)

    use trainer = new Trainer(learner, data, Trainer.Start(learner, Seed.Named "metrics"))

    let last = [
        for step in 1..steps do
            trainer.Advance true

            if step > steps - 100 then
                for struct (name, value) in trainer.Metrics do
                    name, value
    ]

    last |> List.groupBy fst |> List.map (fun (name, values) -> name, List.averageBy snd values) |> Map

[<Tests>]
let tests =
    testList "ConservativeTests" [
        testCase "it climbs to the best action inside the data" (fun () ->
            Expect.floatClose
                (Accuracy.within 0.1)
                (acts config (Bandit.data (fun a -> -(a - 0.6f) * (a - 0.6f))) 3000)
                0.6
                "acts")

        testCase "without its term it runs out of the data, with much of it it stays there" (fun () ->
            let weight (x: float) = acts (config.With("conservativeWeight", x)) Bandit.lowerHalf 3000

            Expect.between 0.3 1.0 (weight 0.0) "weight 0.0"
            Expect.between (-0.55) 0.0 (weight 5.0) "weight 5.0")

        testCase "the warm-up clones" (fun () ->
            let cloned =
                acts (config.With("cloningSteps", 10_000).With("initialLogTemperature", -5.0)) Bandit.lowerHalf 2000

            let pretransformed = Bandit.lowerHalf.Actions |> Seq.averageBy (fun a -> Math.Atanh(float a)) |> tanh

            Expect.floatClose (Accuracy.within 0.03) cloned pretransformed "cloned")

        testCase "the temperature holds the entropy" (fun () ->
            let steep = Bandit.data (fun a -> -10f * (a - 0.6f) * (a - 0.6f))

            let held =
                metrics (config.With("conservativeWeight", 0.0).With("initialLogTemperature", -2.0)) steep 3000

            // H is −1 nat: the samples' mean log-density is 1.
            Expect.between 0.8 1.2 held["0:sampledLogProbabilityMean"] "0 sampled log probability mean")

        testCase "the multiplier holds the gap" (fun () ->
            let held =
                metrics
                    (config
                        .With("lagrange", Lagrange.WeightOutside)
                        .With("lagrangeGap", 3.8)
                        .With("conservativeWeight", 1.0))
                    (Bandit.data (fun a -> -4f * (a - 0.6f) * (a - 0.6f)))
                    3000

            // The reward itself has a difference near 4.8; the least there is, where e^Q is the data's density, is near
            // 2.8.
            Expect.between
                3.6
                4.0
                ((held["difference1"] + held["difference2"]) / 2.0)
                "difference 1 plus difference 2 over 2.0")
    ]
