/// What several charts draw.
[<RequireQualifiedAccess>]
module Iql.Scripts.Charts.Marks

open Plotly.NET
open Plotly.NET.LayoutObjects
open Plotly.NET.TraceObjects
open Iql.Scripts
open Iql.Scripts.Statistics

/// Charts over each other; of none an empty chart.
let over (charts: GenericChart list) : GenericChart =
    if charts.IsEmpty then
        GenericChart.MultiChart([], Layout(), Config(), DisplayOptions())
    else
        Chart.combine charts

/// Line `i` of a chart with dashes and a mark of its own, over a band from low to high where there is one.
let line (i: int) (colour: string) (name: string) (points: (float * Estimate) list) : GenericChart =
    let x = List.map fst points
    let each pick = [ for _, estimate in points -> pick estimate ]
    let low, high = each _.Interval.Low, each _.Interval.High

    [
        if low <> high then
            Chart.Scatter(
                X = x @ List.rev x,
                Y = low @ List.rev high,
                Mode = StyleParam.Mode.Lines,
                Name = name,
                ShowLegend = false,
                Line = Line.init (Width = 0.0),
                Fill = StyleParam.Fill.ToSelf,
                FillColor = Style.translucent 0.16 colour,
                UseDefaults = false
            )
            |> GenericChart.mapTrace (Trace2DStyle.Scatter(HoverInfo = StyleParam.HoverInfo.Skip))

        Chart.Scatter(
            X = x,
            Y = each _.Value,
            Mode = StyleParam.Mode.Lines_Markers,
            Name = name,
            Line = Line.init (Color = Style.colour colour, Width = 2.0, Dash = Style.dash i),
            Marker =
                Marker.init (
                    Color = Style.colour colour,
                    Symbol = Style.symbol i,
                    // Later marks are smaller: earlier ones show around them.
                    Size = max 5 (10 - i),
                    MaxDisplayed = 8
                ),
            UseDefaults = false
        )
    ]
    |> Chart.combine
    |> Chart.withTraceInfo (LegendGroup = name)

/// A thin line without marks over its band, for what lies below ours.
let thin (colour: string) (name: string) (points: (float * Estimate) list) : GenericChart =
    let thinner = Line.init (Color = Style.colour colour, Width = 1.0)
    let chart = line 0 colour name points
    let last = (GenericChart.getTraces chart).Length - 1

    chart
    |> GenericChart.mapiTrace (fun i trace ->
        if i = last then
            trace |> Trace2DStyle.Scatter(Mode = StyleParam.Mode.Lines, Line = thinner)
        else
            trace)

/// A vertical line with a label where runs go on online.
let switches (runs: Run list) (chart: GenericChart) : GenericChart =
    // 0 is a run that stays offline, or one that begins online.
    let places = runs |> List.map Run.switch |> List.filter ((<) 0.0) |> List.distinct

    if places.IsEmpty then
        chart
    else
        chart
        |> Chart.withShapes [
            for place in places ->
                Shape.init (
                    ShapeType = StyleParam.ShapeType.Line,
                    X0 = place,
                    X1 = place,
                    Yref = "paper",
                    Y0 = 0.0,
                    Y1 = 1.0,
                    Line = Line.init (Color = Style.colour Style.grey, Width = 1.0, Dash = StyleParam.DrawingStyle.Dot)
                )
        ]
        |> Chart.withAnnotations [
            for place in places ->
                Annotation.init (
                    X = place,
                    Y = 1.0,
                    YAnchor = StyleParam.YAnchorPosition.Top,
                    YRef = "paper",
                    Text = "goes online",
                    TextAngle = -90.0,
                    XAnchor = StyleParam.XAnchorPosition.Right,
                    ShowArrow = false,
                    Font = Font.init (Size = 11.0, Color = Style.colour Style.grey)
                )
        ]

/// An estimate a category with its interval, over the grey values that it is made of.
let estimates (points: (string * float list * Estimate) list) : GenericChart =
    let blue = Style.colour Style.categorical.Head

    let values = points |> List.collect (fun (label, values, _) -> [ for value in values -> label, value ])

    let each pick = [ for _, _, estimate in points -> pick estimate ]

    [
        Chart.Point(
            values,
            Name = "one seed",
            Marker = Marker.init (Color = Style.colour Style.grey, Size = 5),
            UseDefaults = false
        )
        Chart.Scatter(
            X = [ for label, _, _ in points -> label ],
            Y = each _.Value,
            Mode = StyleParam.Mode.Lines_Markers,
            Name = "mean",
            Line = Line.init (Color = blue, Width = 1.5),
            Marker = Marker.init (Color = blue, Size = 8),
            UseDefaults = false
        )
        |> Chart.withYErrorStyle (
            Type = StyleParam.ErrorType.Data,
            Symmetric = false,
            Array = each (fun estimate -> estimate.Interval.High - estimate.Value),
            Arrayminus = each (fun estimate -> estimate.Value - estimate.Interval.Low),
            Color = blue,
            Thickness = 1.5,
            Width = 5.0
        )
    ]
    |> Chart.combine
    |> Chart.withXAxisStyle (AxisType = StyleParam.AxisType.Category)
    |> Chart.withLayoutStyle (ShowLegend = false)

/// A histogram that is counted already, as a filled outline from a base line: edges [K + 1], values [K].
let steps (colour: string) (name: string) (floor: float) (edges: float seq) (values: float seq) : GenericChart =
    let twice values = values |> List.ofSeq |> List.collect (fun value -> [ value; value ])

    let outline = [ 0.0 ] @ twice values @ [ 0.0 ]

    Chart.Scatter(
        X = twice edges,
        Y = [ for value in outline -> floor + value ],
        Mode = StyleParam.Mode.Lines,
        Name = name,
        Line = Line.init (Color = Style.colour colour, Width = 1.5),
        Fill = StyleParam.Fill.ToSelf,
        FillColor = Style.translucent 0.25 colour,
        UseDefaults = false
    )
