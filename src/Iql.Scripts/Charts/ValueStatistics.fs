/// What the expectile does to the value function: V and the advantages Q − V at the end of training, against τ.
module Iql.Scripts.Charts.ValueStatistics

open Iql.Training
open Iql.Scripts
open Iql.Scripts.Statistics

let private panels = [
    "valueMean", "mean of V(s)", "reward units"
    "advantageMean", "mean advantage Q − V", "reward units"
    "advantageStd", "spread of advantages", "standard deviation"
    "advantagePositive", "advantages above zero", "share of the batch"
]

/// One number a seed: runs that differ in other hyperparameters (β never reaches the value function) are averaged
/// first, so that they do not count as repetitions.
let private bySeed (metric: string) (runs: Run list) : float list =
    runs
    |> List.filter (Run.diverged >> not)
    |> List.groupBy (fun run -> run.Config.Seed)
    |> List.choose (fun (_, runs) ->
        match List.choose (Run.lastMetric metric) runs with
        | [] -> None
        | values -> Some(List.average values))

/// The last value of a metric at each value of a hyperparameter: mean over seeds, 95 % interval, and each seed as a
/// dot.
let private panel name (cells: ResultGroup list) (metric, title, unit) : Figure option =
    let points =
        ResultGroups.values name cells
        |> List.choose (fun label ->
            let seeds =
                cells |> ResultGroups.where name label |> List.collect _.Runs |> bySeed metric

            RunSummary.ofNumbers $"{metric} at {label}" seeds
            |> Option.map (fun summary -> label, seeds, estimateOf summary.Mean summary.Interval))

    match points with
    | [] -> None
    | points ->
        Chart.estimates title points
        |> Chart.titled title (Shown.axisTitle name) unit
        |> Some

/// Value and advantage against one hyperparameter, usually the expectile; None where no run logged them.
let figure (name: string) (cells: ResultGroup list) : Figure option =
    match panels |> List.choose (panel name cells) with
    | [] -> None
    | panels ->
        Chart.grid 2 300 panels
        |> Figure.withLayout "showlegend" (Json.Bool false)
        |> Some
