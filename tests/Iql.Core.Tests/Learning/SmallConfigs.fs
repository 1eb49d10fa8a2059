/// Every algorithm, small. A new algorithm, or something to switch on, is one row.
module Iql.Core.Tests.Learning.SmallConfigs

open Iql
open Iql.Algorithms

/// Every algorithm and variant of the table, small, and what else of them can be switched on.
let configs: (string * IAlgorithmConfig) list =
    let small (config: IAlgorithmConfig) =
        [
            "hiddenSizes", box [ 24; 24 ]
            "batchSize", 20
            "actionSamples", 3
            "ensemble", 3
            "policyDelay", 2
            "candidates", 3
            "baselineSamples", 3
            "divergenceSamples", 3
            "context", 4
            "maxTimesteps", 60
        ]
        |> List.filter (fun (name, _) -> not (isNull (config.Find name)))
        |> List.fold (fun (config: IAlgorithmConfig) (name, value) -> config.With(name, value)) (config.ForSteps 8)

    // In float32, atanh has few digits at 1 − 10⁻⁵.
    let coarse (config: IAlgorithmConfig) =
        match config.Find "actionLimit" with
        | null -> config
        | limit ->
            let value = limit.Get config :?> float
            if value > 0.999 && value < 1.0 then config.With("actionLimit", 0.999) else config

    let change name (changes: (string * obj) list) =
        let standard = small (Algorithm.Find name).Standard
        List.fold (fun (config: IAlgorithmConfig) (name, value) -> config.With(name, value)) standard changes

    let discrete = "actions", box ActionKind.Discrete

    let variants = [
        "iql dropout", [ "dropout", box 0.1; "updateOrder", "value-critic-policy-old" ]
        for objective in [ "sarsa"; "expectile-td"; "maximum-td"; "supported-maximum-td" ] do
            $"iql {objective}", [ "objective", box objective; "supportThreshold", 0.1 ]
        "iql discrete", [ discrete; "actionChoice", "sampled" ]
        "iql sarsa discrete", [ discrete; "objective", "sarsa" ]
        "bc gaussian", [ "dropout", box 0.1; "policyKind", "gaussian"; "policySchedule", "cosine" ]
        "bc discrete", [ discrete; "actionChoice", "sampled" ]
        "td3bc delayed", [ "policyDelay", box 3 ]
        "cql constrained",
        [
            "criticHiddenSizes", box "16"
            "lagrange", "weight-inside"
            "backup", "max-of-least"
            "entropyInBackup", true
            "conservativeOrder", "temperature-first"
            "cloningSteps", 3
        ]
        "cql plain",
        [
            "conservativeTerm", box "plain"
            "lagrange", "weight-outside"
            "backup", "least-of-max"
            "automaticTemperature", false
            "learnedLogStd", false
            "conservativeOrder", "simultaneous"
        ]
        "rlpd plain", [ "hiddenSizes", box "16"; "layerNorm", false; "targetCritics", 3; "entropyInBackup", false ]
        "cql discrete", [ discrete; "lagrange", "weight-outside" ]
        "awac coupled", [ "weightDecay", box 1e-3; "weightDecayKind", "coupled" ]
        "awac softmax",
        [
            "weightDecay", box 1e-3
            "weighting", "softmax"
            "baseline", "mean"
            "clipActions", false
            "policyHiddenSizes", "16"
        ]
        "onestep weighted", [ "improvement", box "exponential-weights"; "phases", "1:2:4" ]
        "onestep free", [ "critics", box 2; "stateDependentStd", false; "phases", "1:2:4" ]
        "onestep easy", [ "improvement", box "easy-bcq"; "phases", "1:2:4" ]
    ]

    [ for each in Algorithm.Named -> each.Name, coarse (small each.Standard) ]
    @ [ for name, changes in variants -> name, change (name.Split(' ')[0]) changes ]
