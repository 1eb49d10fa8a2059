module Iql.Core.Tests.Learning.MetricsPageTests

open System
open System.Text.RegularExpressions
open Iql
open Iql.Algorithms
open Iql.Core.Tests
open Iql.Losses
open Expecto

[<Tests>]
let tests =
    testList "MetricsPageTests" [
        testCase "every metric of a learner stands in the page of metrics, and nothing else does" (fun () ->
            let config = ImplicitQLearningConfig(HiddenSizes = Widths [ 2 ], BatchSize = 2)

            let reported =
                set [
                    for learner in
                        [
                            for objective in Enum.GetValues<Objective>() do
                                config.With("objective", objective).Learner(2, 1)
                            BehaviourCloning.Learner(BehaviourCloningConfig(PolicyKind = PolicyKind.Gaussian), 2, 1)
                            TD3BC.Learner(TD3BCConfig(), 2, 1)
                            ConservativeQLearning.Learner(
                                ConservativeQLearningConfig(Lagrange = Lagrange.WeightOutside),
                                2,
                                1
                            )
                            ConservativeQLearningConfig.Calibrated.Learner(2, 1)
                            RlpdConfig().Learner(2, 1)
                            BehaviourCloning.Learner(BehaviourCloningConfig(Actions = ActionKind.Discrete), 2, 2)
                            ConservativeQLearning.Learner(
                                ConservativeQLearningConfig(Actions = ActionKind.Discrete),
                                2,
                                2
                            )
                            Awac.Learner(AwacConfig(), 2, 1)
                            DecisionTransformerConfig(Context = 2).Learner(2, 1)
                            FittedQEvaluation.Learner(
                                FittedQEvaluationConfig(),
                                FixedPolicy(TD3BC.Learner(TD3BCConfig(), 2, 1), null, false)
                            )
                            OnestepConfig().Learner(2, 1)
                            OnestepConfig(Improvement = PolicyImprovement.ExponentialWeights).Learner(2, 1)
                        ] do
                        for program in learner.Programs do
                            for struct (name, _) in program.Metrics do
                                name.Replace("0:", "")
                ]

            let described =
                set [
                    for line in Repository.lines "docs/metrics.md" do
                        let names = Regex.Match(line, @"^\| ([a-z]\w*(, \w+)*) \|").Groups[1].Value

                        for name in names.Split(", ") do
                            if name <> "" && name <> "name" then
                                name
                ]

            Expect.equal (Set.toList described) (Set.toList reported) "described")
    ]
