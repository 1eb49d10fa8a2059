namespace Iql.Scripts

open Iql.Data
open Iql.Scripts.PresetRow

/// Presets of conservative Q-learning and of its two variants, as data.
[<RequireQualifiedAccess>]
module ConservativePresets =

    let private cql =
        let row domain rewards normalize weight learningRate others differences =
            let values = [
                value corl "conservativeWeight" weight
                value corl "policyLearningRate" learningRate
                for name, word in others do
                    value corl name word
            ]

            preset "cql" domain rewards (normalize, corl) values differences

        let raw = Some(RewardRule.None, corl)
        let held gap = [ "lagrange", "weight-outside"; "lagrangeGap", gap ]

        let authors =
            "CORL's: the authors' policy learns at 1e-4, clones for 40k steps, sees other networks and has no learned scale of ln σ (cql-authors)"

        [
            row "adroit" raw true "1" "0.0001" [] [ authors ]
            row
                "antmaze"
                (Some(RewardRule.AntMazeTimes10, corl))
                false
                "5"
                "0.0001"
                (held "0.8"
                 @ [
                     "differenceMin", "-200"
                     "backup", "max-of-least"
                     "criticHiddenSizes", "256x256x256x256x256"
                 ])
                [ authors; "both critics have five layers; CORL's second has three, by a slip" ]
            preset "cql" "gridmaze" None (false, d3rlpy) [
                value d3rlpy "conservativeWeight" "1"
                value corl "criticLearningRate" "0.0003"
            ] [
                "the paper's discrete actions are Atari's, learned by quantiles; here two critics and slow targets, as for continuous ones"
            ]
            row "kitchen" (Some(RewardRule.None, "as adroit")) true "1" "0.0001" [] [
                authors
                "CORL has no kitchen; its numbers of adroit"
            ]
            row "locomotion" raw true "10" "3E-05" [] [
                authors
                "rewards are never rescaled; CORL rescales those of hopper-medium alone"
            ]
            row "maze2d" raw true "10" "3E-05" (held "5") [ authors; "the paper has no maze2d; CORL's numbers" ]
            row "pointmaze" None true "10" "3E-05" (held "5") [
                authors
                "neither the paper nor CORL has such a task; CORL's numbers of maze2d"
            ]
        ]

    let private cqlAuthors =
        let code = "aviralkumar2907/CQL @d67dbe9, README and d4rl defaults"

        let all = [
            value code "conservativeWeight" "5"
            value code "policyLearningRate" "0.0001"
            value code "cloningSteps" "40000"
            value code "logStdMin" "-5"
        ]

        let ports =
            "policy and critics see the networks from before them, as that code sets out to do; weights start as PyTorch's with a small last layer"

        [
            preset
                "cql-authors"
                "antmaze"
                (Some(RewardRule.AntMazeTimes4, code))
                (false, code)
                (all @ [ value code "lagrange" "weight-inside"; value code "lagrangeGap" "5" ])
                [ ports ]
            preset "cql-authors" "locomotion" (Some(RewardRule.None, code)) (false, code) all [
                ports
                "w is 5 or 10 there; here 5"
            ]
        ]

    let private cqlYoungGeng =
        let code = "young-geng/CQL @21efac4, defaults"

        let row domain cloningSteps differences =
            preset
                "cql-young-geng"
                domain
                (Some(RewardRule.None, code))
                (false, code)
                [
                    value code "conservativeWeight" "5"
                    value code "policyLearningRate" "0.0003"
                    value code "hiddenSizes" "256x256"
                    value code "actionLimit" "0.999"
                    value code "cloningSteps" cloningSteps
                ]
                differences

        let paper =
            "the paper's networks have three layers, its policy learns at 1e-4 and clones first"

        [
            row "antmaze" "40000" [ paper; "40 epochs of cloning as in its issue 2; rewards go by flags there" ]
            row "locomotion" "0" [ paper ]
        ]

    /// All of them.
    let all: Preset list = cql @ cqlAuthors @ cqlYoungGeng
