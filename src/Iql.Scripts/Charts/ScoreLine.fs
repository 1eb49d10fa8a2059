/// Mean final score over one hyperparameter, with intervals and seeds, for sweeps that have only one.
module Iql.Scripts.Charts.ScoreLine

open Iql.Scripts
open Iql.Scripts.Statistics

/// Cells that differ in one hyperparameter → a point with its 95 % interval for each value, and the seeds behind it.
let figure (measure: Measure) (name: string) (cells: Cell list) : Figure =
    let point value (cell: Cell) (summary: RunSummary) =
        let certain = {
            Low = summary.Mean
            High = summary.Mean
        }

        value,
        Cells.finals measure cell,
        {
            Value = summary.Mean
            Interval = defaultArg summary.Interval certain
        }

    Cells.values name cells
    |> List.choose (fun value ->
        Cells.where name value cells
        |> List.tryHead
        |> Option.bind (fun cell -> Cells.summary measure cell |> Option.map (point value cell)))
    |> Chart.estimates "mean"
    |> Chart.titled $"Final {Cells.measureTitle measure}" (Cells.axisTitle name) (Cells.measureTitle measure)
