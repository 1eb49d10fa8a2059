/// An episode as lines over its decisions, for environments that have no picture.
module Iql.Scripts.EpisodeLines

open System
open Plotly.NET
open Iql
open Iql.Data
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Scripts.Charts

/// A decision: what was seen, what was done, and what came of it.
type Decision = { Observation: float32[]; Action: float32[]; Reward: float }

/// Plays one episode. `policy` is the one who acts, null acts at random.
let play (card: TaskCard) (seed: Seed) (policy: Player) : Decision list * string =
    let environment = card.Environment
    let observation = Array.zeroCreate<float32> environment.ObservationSize
    let action = Array.zeroCreate<float32> environment.ActionSize
    let state = Array.zeroCreate<float> environment.StateSize
    use actor = if isNull policy.Make then null else policy.Make.Invoke 1
    let random = ReferenceMeasurement.RandomPolicy(environment.ActionSpace, seed.Split "actions")
    let act = if isNull actor then null else actor.Begin(seed.Split "policy")

    let rec go (decisions: Decision list) =
        let before = decisions |> List.tryHead |> Option.map (_.Reward >> float32) |> Option.defaultValue 0f

        if isNull act then
            random.Invoke(ReadOnlySpan observation, 1, action.AsSpan())
        else
            act.Invoke(ReadOnlySpan [| 0 |], ReadOnlySpan observation, ReadOnlySpan [| before |], action.AsSpan())

        let seen = Array.copy observation
        let result = environment.Step(state, ReadOnlySpan action, observation)

        let chosen =
            if environment.ActionSpace.IsDiscrete then
                [| float32 (ActionSpace.Choice(ReadOnlySpan action)) |]
            else
                Array.copy action

        let decision = { Observation = seen; Action = chosen; Reward = float result.Reward }
        let decisions = decision :: decisions

        if result.Terminal then
            List.rev decisions, "terminal"
        elif result.Truncated || decisions.Length >= environment.TimeLimit then
            List.rev decisions, "time-out"
        else
            go decisions

    environment.Reset(seed, state, observation)
    go []

/// A chart of the return so far, and one for each number of the action and of the observation, by its column's name.
let charts (columns: DataColumns) (decisions: Decision list) : GenericChart list =
    let line (title: string) (values: float list) =
        Chart.Line(
            xy = List.indexed values,
            UseDefaults = false,
            Name = title,
            LineColor = Style.colour Style.categorical.Head
        )
        |> Style.titled title "decision" ""
        |> Style.tall 220

    let each (name: DataColumns * int -> string) (numbers: Decision -> float32[]) = [
        for i in 0 .. (numbers decisions.Head).Length - 1 ->
            line (name (columns, i)) [ for decision in decisions -> float (Array.item i (numbers decision)) ]
    ]

    line "return so far" (decisions |> List.map _.Reward |> List.scan (+) 0.0 |> List.tail)
    :: each DataColumns.Action _.Action
    @ each DataColumns.Observation _.Observation
