/// Which graphs one program serves.
module Iql.Torch.Tests.SameGraphTests

open Expecto
open Iql.Algorithms
open Iql.Torch

let private step (config: IAlgorithmConfig) = config.Learner(4, 2).Step

let private small: IAlgorithmConfig =
    ImplicitQLearningConfig(HiddenSizes = Widths [ 8 ], BatchSize = 16)

[<Tests>]
let tests =
    testList "SameGraphTests" [
        testCase "learners that differ in hyperparameters alone have the same graph" (fun () ->
            let other = small.With("expectile", 0.9).With("inverseTemperature", 10.0)
            Expect.isTrue (SameGraph.Holds(step small, step other)) "other numbers"
            Expect.isTrue (SameGraph.Holds(step small, step small)) "traced twice")

        testCase "another loss, size or constant is another graph" (fun () ->
            let changed (name: string) (value: obj) = small.With(name, value)

            for name, value in
                [
                    "hiddenSizes", box "9"
                    "batchSize", box 17
                    "dropout", box 0.1
                    "objective", box "sarsa"
                    "policyKind", box "deterministic"
                ] do
                Expect.isFalse (SameGraph.Holds(step small, step (changed name value))) name)
    ]
