/// Mean final score over one hyperparameter, with intervals and seeds, for sweeps that have only one.
module Iql.Scripts.Charts.ScoreLine

open Iql.Scripts
open Iql.Scripts.Statistics

/// A point with its 95 % interval for each value of one hyperparameter, and the seeds behind it.
let figure (measure: Measure) (name: string) (cells: ResultGroup list) : Figure =
    let point value (cell: ResultGroup) (summary: RunSummary) =
        value, ResultGroups.finals measure cell, estimateOf summary.Mean summary.Interval

    ResultGroups.values name cells
    |> List.choose (fun value ->
        ResultGroups.where name value cells
        |> List.tryHead
        |> Option.bind (fun cell -> ResultGroups.summary measure cell |> Option.map (point value cell)))
    |> Chart.estimates "mean"
    |> Chart.titled $"Final {Measure.title measure}" (Shown.axisTitle name) (Measure.title measure)
