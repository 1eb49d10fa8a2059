/// What the expectile does to the value function: V and the advantages Q − V at the end of training, against τ.
module Iql.Scripts.Charts.ValueStatistics

open Plotly.NET
open Iql.Scripts
open Iql.Scripts.Statistics

let private shown = [
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

/// Value and advantage against one hyperparameter, usually the expectile, a chart a metric that a run logged: the last
/// value's mean over seeds, its 95 % interval, and each seed as a dot.
let panels (name: string) (cells: ResultGroup list) : GenericChart list = [
    for metric, title, unit in shown do
        let points = [
            for label in ResultGroups.values name cells do
                let seeds = cells |> ResultGroups.where name label |> List.collect _.Runs |> bySeed metric

                for summary in Option.toList (RunSummary.ofNumbers seeds) ->
                    label, seeds, estimateOf summary.Mean summary.Interval
        ]

        if not points.IsEmpty then
            Marks.estimates points |> Style.titled title (Shown.axisTitle name) unit |> Style.tall 320
]
