/// Mean final score over one hyperparameter, with intervals and seeds, for sweeps that have only one.
module Iql.Scripts.Charts.ScoreLine

open Iql.Scripts
open Iql.Scripts.Statistics

/// Cells that differ in one hyperparameter → a point with its 95 % interval for each value, and the seeds behind it.
let figure (measure: Measure) (name: string) (cells: Cell list) : Figure =
    let points =
        Cells.values name cells
        |> List.choose (fun value ->
            cells
            |> Cells.where name value
            |> List.tryHead
            |> Option.bind (fun cell ->
                Cells.summary measure cell
                |> Option.map (fun summary -> Json.display value, Cells.finals measure cell, summary)))

    let estimate (summary: RunSummary) = {
        Value = summary.Mean
        Interval =
            summary.Interval
            |> Option.defaultValue {
                Low = summary.Mean
                High = summary.Mean
            }
    }

    let seeds =
        points
        |> List.collect (fun (label, finals, _) -> [ for final in finals -> label, final ])
        |> List.unzip
        ||> Chart.dots "one seed"
        |> Chart.coloured "#9aa5b1"

    let means =
        Chart.whiskers "mean" [ for label, _, _ in points -> label ] [ for _, _, summary in points -> estimate summary ]

    Chart.over [ seeds; means ]
    |> Figure.withLayout "showlegend" (Json.Bool false)
    |> Chart.titled $"Final {Cells.measureTitle measure}" (Cells.axisTitle name) (Cells.measureTitle measure)
