/// What tuning for each task gives to algorithms, against what they lose without it. Source: Adkins et al. 2024.
module Iql.Scripts.Charts.SensitivityPlane

open Plotly.NET
open Plotly.NET.LayoutObjects
open Plotly.NET.TraceObjects
open Iql.Scripts

/// A point an algorithm: Φ with its interval, and the mean over tasks of the best setting's score. On a grey line the
/// score with one setting for all tasks, tuned less Φ, is the same.
let figure (tunings: Tuning list) : GenericChart =
    let right = tunings |> List.map _.Lost.Interval.High |> List.max |> (*) 1.05 |> max 5.0

    let equal = [
        for score in 0.0..20.0..100.0 ->
            Chart.Line([ 0.0, score; right, score + right ], Name = $"{score} with one setting", UseDefaults = false)
            |> Chart.withLineStyle (Color = Style.colour Style.grey, Width = 0.7, Dash = StyleParam.DrawingStyle.Dot)
            |> Chart.withTraceInfo (ShowLegend = false)
            |> GenericChart.mapTrace (Trace2DStyle.Scatter(HoverInfo = StyleParam.HoverInfo.Name))
    ]

    let points = [
        for i, (tuning, colour) in List.indexed (List.zip tunings (Style.apart tunings.Length)) ->
            let lost = tuning.Lost

            Chart.Point(
                [ lost.Value, tuning.Sensitivity.Tuned ],
                Name = Published.title tuning.Algorithm,
                Marker = Marker.init (Color = Style.colour colour, Symbol = Style.symbol i, Size = 10),
                UseDefaults = false
            )
            |> Chart.withXErrorStyle (
                Array = [ lost.Interval.High - lost.Value ],
                Arrayminus = [ lost.Value - lost.Interval.Low ],
                Color = Style.colour colour,
                Thickness = 1.2,
                Width = 4.0
            )
    ]

    Marks.over (equal @ points)
    |> Style.titled "Tuned score against sensitivity" "Φ: score lost with one setting for all tasks" "tuned score"
    |> Style.keyed (Some "")
    |> Chart.withXAxisStyle (MinMax = (-0.02 * right, right))
    |> Chart.withYAxisStyle (MinMax = Style.bounds Score [ for tuning in tunings -> tuning.Sensitivity.Tuned ])
    |> Style.tall 420
