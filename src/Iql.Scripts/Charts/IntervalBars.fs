/// Intervals on their side: named rows from top to bottom, values from left to right.
[<RequireQualifiedAccess>]
module Iql.Scripts.Charts.IntervalBars

open Plotly.NET
open Plotly.NET.LayoutObjects
open Plotly.NET.TraceObjects
open Iql.Scripts.Statistics

/// An interval at a named row: a thick bar from low to high, a stroke at the value.
let interval (colour: string) (row: string) (estimate: Estimate) : GenericChart =
    Chart.Scatter(
        X = [ estimate.Interval.Low; estimate.Value; estimate.Interval.High ],
        Y = [ row; row; row ],
        Mode = StyleParam.Mode.Lines_Markers,
        Name = row,
        ShowLegend = false,
        Line = Line.init (Color = Style.translucent 0.4 colour, Width = 11.0),
        Marker =
            Marker.init (
                Symbol = StyleParam.MarkerSymbol.LineNS,
                MultiSize = [ 0; 15; 0 ],
                Outline = Line.init (Color = Style.colour colour, Width = 3.0)
            ),
        UseDefaults = false
    )

/// Values at a named row as marks of one kind.
let marks (name: string) (listed: bool) (look: Marker) (row: string) (values: float list) : GenericChart =
    Chart.Point(
        x = values,
        y = [ for _ in values -> row ],
        Name = name,
        ShowLegend = listed,
        Marker = look,
        UseDefaults = false
    )
    |> Chart.withTraceInfo (LegendGroup = name)

/// A chart of named rows from top to bottom, with its values between bounds.
let chart (title: string) (unit: string) (rows: string list) (low: float, high: float) (marks: GenericChart list) =
    Marks.over marks
    |> Style.titled title unit ""
    |> Chart.withXAxisStyle (MinMax = (low, high))
    |> Chart.withYAxisStyle (
        AxisType = StyleParam.AxisType.Category,
        CategoryOrder = StyleParam.CategoryOrder.Array,
        CategoryArray = rows,
        MinMax = (float rows.Length - 0.5, -0.5),
        ShowGrid = false
    )
    |> Chart.withLayoutStyle (ShowLegend = false)
    |> Style.tall (124 + 26 * rows.Length)
