/// Mean final score over one hyperparameter, with intervals and seeds, for sweeps that have only one.
module Iql.Scripts.Charts.ScoreLine

open Plotly.NET
open Iql.Scripts
open Iql.Scripts.Statistics

/// A point with its 95 % interval for each value of one hyperparameter, and the seeds behind it.
let figure (measure: Measure) (name: string) (cells: ResultGroup list) : GenericChart =
    let points = [
        for value in ResultGroups.values name cells do
            for cell in ResultGroups.where name value cells |> List.truncate 1 do
                for summary in Option.toList (ResultGroups.summary measure cell) ->
                    value, ResultGroups.finals measure cell, estimateOf summary.Mean summary.Interval
    ]

    Marks.estimates points
    |> Style.titled $"Final {Measure.title measure}" (Shown.axisTitle name) (Measure.title measure)
    |> Chart.withYAxisStyle (MinMax = Style.bounds measure (points |> List.collect (fun (_, values, _) -> values)))
    |> Style.tall 380
