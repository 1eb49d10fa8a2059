namespace Iql.Web

open System
open System.Text.Json.Nodes
open Iql
open Iql.Data
open Iql.Policies

/// A policy as it is served.
type Served = {
    Policy: Policy
    Sliders: Slider list
    /// Names of the actions' numbers.
    Actions: string list
}

module Served =

    let ofPolicy (policy: Policy) : Served = {
        Policy = policy
        Sliders = Slider.ofPolicy policy
        Actions = [
            for i in 0 .. (if policy.Actions.IsDiscrete then 0 else policy.Actions.Size - 1) ->
                match policy.Config.Dataset.Columns with
                | null -> $"action {i}"
                | columns -> columns.Actions[i].Name
        ]
    }

    /// What it is, as /metadata has it.
    let metadata (limits: (string * int64) list) (served: Served) : JsonNode =
        let policy, config = served.Policy, served.Policy.Config
        let columns = config.Dataset.Columns

        let action i =
            let column = if isNull columns then DataColumn served.Actions[i] else columns.Actions[i]

            if policy.Actions.IsDiscrete then
                Json.node {| Name = column.Name; Choices = policy.Actions.Size |}
            else
                Json.node {|
                    Name = column.Name
                    Unit = column.Unit
                    Least = policy.Bounds.Least[i]
                    Greatest = policy.Bounds.Greatest[i]
                |}

        Json.object [
            "policy", Json.node policy.Folder
            "algorithm", Json.node config.Algorithm
            "step", Json.node policy.State.Step
            "seed", Json.node config.Seed
            "task", Json.node config.Task
            "dataset", Json.node config.Dataset.Name
            "datasetFingerprint", Json.node config.Dataset.Fingerprint
            "version", Json.node config.Version
            "remembers", Json.node policy.Remembers
            "observations", Json.node served.Sliders
            "actions", Json.list [ for i in 0 .. served.Actions.Length - 1 -> action i ]
            "limits", Json.object [ for name, limit in limits -> name, Json.node limit ]
        ]

    /// One row of actions: a list of numbers, or by names, or the number of a choice.
    let answer (named: bool) (served: Served) (row: ReadOnlyMemory<float32>) : JsonNode =
        if served.Policy.Actions.IsDiscrete then
            JsonValue.Create(ActionSpace.Choice row.Span)
        elif named then
            Json.object [ for i in 0 .. row.Length - 1 -> served.Actions[i], Json.node row.Span[i] ]
        else
            Json.list [ for i in 0 .. row.Length - 1 -> Json.node row.Span[i] ]
