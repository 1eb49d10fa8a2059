/// Intervals on their side: named rows from top to bottom, values from left to right.
module Iql.Scripts.Charts.IntervalBars

open Iql.Scripts
open Iql.Scripts.Statistics

let private first = List.head Palette.categorical

/// An interval on its side at a named category: a thick bar from low to high, a stroke at the value.
let interval (name: string) (label: string) (estimate: Estimate) : Figure =
    let trace attributes =
        Chart.ofTrace (
            [
                "type", Json.Text "scatter"
                "name", Json.Text name
                "legendgroup", Json.Text name
                "showlegend", Json.Bool false
            ]
            @ attributes
        )

    Chart.over [
        trace [
            "mode", Json.Text "lines"
            "hoverinfo", Json.Text "skip"
            "x", Json.ofNumbers [ estimate.Interval.Low; estimate.Interval.High ]
            "y", Json.ofTexts [ label; label ]
            "line", Json.Object [ "color", Json.Text(Palette.translucent 0.4 first); "width", Json.Number 11.0 ]
        ]
        trace [
            "mode", Json.Text "markers"
            "x", Json.ofNumbers [ estimate.Value ]
            "y", Json.ofTexts [ label ]
            "marker",
            Json.Object [
                "symbol", Json.Text "line-ns"
                "color", Json.Text first
                "size", Json.Number 15.0
                "line", Json.Object [ "color", Json.Text first; "width", Json.Number 3.0 ]
            ]
        ]
    ]
    |> Figure.withLayout "yaxis.type" (Json.Text "category")

/// Points on their side at one named category, drawn as plotly.js's symbol of a name ("circle", "diamond-open").
let marks (name: string) (symbol: string) (label: string) (values: float seq) : Figure =
    let values = List.ofSeq values

    Chart.ofTrace [
        "type", Json.Text "scatter"
        "mode", Json.Text "markers"
        "name", Json.Text name
        "legendgroup", Json.Text name
        "x", Json.ofNumbers values
        "y", Json.ofTexts [ for _ in values -> label ]
        "marker",
        Json.Object [
            "symbol", Json.Text symbol
            "color", Json.Text first
            "size", Json.Number 6.0
        ]
    ]
    |> Figure.withLayout "yaxis.type" (Json.Text "category")

/// A panel of named rows from top to bottom, its values from `low` to `high`; without names where another panel has
/// them.
let panel (title: string) (unit: string) (named: bool) (rows: string list) (low, high) (marks: Figure list) =
    let room = max 1e-6 (0.06 * (high - low))

    Chart.over marks
    |> Chart.titled title unit ""
    |> Figure.withLayout "yaxis.type" (Json.Text "category")
    |> Figure.withLayout "yaxis.categoryorder" (Json.Text "array")
    |> Figure.withLayout "yaxis.categoryarray" (Json.ofTexts rows)
    |> Figure.withLayout "yaxis.range" (Json.ofNumbers [ float rows.Length - 0.5; -0.5 ])
    |> Figure.withLayout "yaxis.showgrid" (Json.Bool false)
    |> Figure.withLayout "yaxis.showticklabels" (Json.Bool named)
    |> Figure.withLayout "yaxis.ticks" (Json.Text(if named then "outside" else ""))
    |> Figure.withLayout "xaxis.range" (Json.ofNumbers [ low - room; high + room ])

/// Panels side by side with room for the longest name at the left.
let together (columns: int) (rows: string list) (panels: Figure list) : Figure =
    let height = 26 * rows.Length + 60
    let longest = rows |> List.map String.length |> List.max

    (match panels with
     | [ only ] -> only |> Figure.tall (height + 72)
     | panels -> Panels.place columns (height + 30) 0.05 100.0 panels)
    |> Figure.withLayout "margin.l" (Json.Number(24.0 + 8.0 * float longest))
