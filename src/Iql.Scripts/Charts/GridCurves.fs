/// Curves about choosing from a grid: how far a good score reaches, and what tries give.
module Iql.Scripts.Charts.GridCurves

open Plotly.NET
open Iql.Scripts
open Iql.Scripts.Statistics

let private drawn (x: string) (y: string) (bounds: float * float) (lines: (string * (float * Estimate) list) list) =
    let colours = Style.apart lines.Length

    [
        for i, ((name, points), colour) in List.indexed (List.zip lines colours) -> Marks.line i colour name points
    ]
    |> Marks.over
    |> Style.titled "" x y
    |> Chart.withYAxisStyle (MinMax = bounds)
    |> Style.keyed (if lines.Length > 1 then Some "" else None)
    |> Style.tall 340

/// The share of the grid within a distance of the best, by the distance.
let reach (measure: Measure) (widest: float) (grid: Grid) : GenericChart =
    let weights = Grid.weights grid

    let percent (share: Estimate) : Estimate = {
        Value = 100.0 * share.Value
        Interval = { Low = 100.0 * share.Interval.Low; High = 100.0 * share.Interval.High }
    }

    drawn $"distance to the best {Measure.title measure}" "share of the grid, %" (-3.0, 103.0) [
        "share of the grid",
        [
            for i in 0..50 ->
                let distance = widest * float i / 50.0
                distance, percent (Robustness.volume weights grid.Tukey distance)
        ]
    ]

let private bounds measure (lines: (string * (float * Estimate) list) list) =
    Style.bounds measure [
        for _, points in lines do
            for _, estimate in points do
                estimate.Interval.Low
                estimate.Interval.High
    ]

/// The best of so many cells: as it looks to those who chose it, and as other seeds see it.
let tries (measure: Measure) (best: (int * BestByHalves) list) : GenericChart =
    let line pick = [ for count, best in best -> float count, estimateOf (pick best) None ]
    let lines = [ "on the seeds that chose", line _.Claimed; "on the other seeds", line _.Confirmed ]
    drawn "cells tried" (Measure.title measure) (bounds measure lines) lines

/// What trying out trained policies gives, by the episodes spent.
let budget (measure: Measure) (curve: Estimate[]) : GenericChart =
    let lines = [ "score of the pick", [ for i, estimate in Seq.indexed curve -> float (i + 1), estimate ] ]
    drawn "episodes spent on trying" (Measure.title measure) (bounds measure lines) lines
