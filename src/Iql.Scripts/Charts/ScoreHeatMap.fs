/// Mean final score over two hyperparameters, a cell each, with its interval written into it.
module Iql.Scripts.Charts.ScoreHeatMap

open System
open Plotly.NET
open Plotly.NET.LayoutObjects
open Iql.Scripts

/// What stands in a cell; `None`: the plane has no such group.
let private label (measure: Measure) (cell: ResultGroup option, summary: RunSummary option) : string =
    let failed =
        cell
        |> Option.map (fun cell -> cell.Runs |> List.filter Run.diverged |> List.length)
        |> Option.defaultValue 0

    match cell, summary with
    | None, _ -> "not run"
    | Some _, None when failed = 0 -> "not finished"
    | Some cell, None when failed = cell.Runs.Length -> "all failed"
    | Some _, None -> $"{failed} failed,<br>rest not finished"
    | Some cell, Some summary ->
        String.concat "<br>" [
            $"<b>{Shown.measured measure summary.Mean}</b>"
            yield! summary.Interval |> Option.map Shown.interval |> Option.toList
            if failed > 0 then
                $"{failed} of {cell.Runs.Length} failed"
        ]

/// The best cells of a plane, and the others that Tukey's test cannot tell from them.
let besideBest (measure: Measure) (cells: ResultGroup list) : ResultGroup list * ResultGroup list =
    let leaders = ResultGroups.leaders measure cells

    let beside = Grid.ofGroups measure cells |> Option.map Grid.besideBest |> Option.defaultValue []

    leaders, List.except leaders beside

/// The heat map of a plane's groups: columns along x, rows along y. In each cell the mean over finished runs, its 95 %
/// interval, and how many runs failed. Frames are solid around the best cells, dotted around others that cannot be told
/// from them. Cells without a finished run stay empty and say why.
let figure (measure: Measure) (rows: string) (columns: string) (cells: ResultGroup list) : GenericChart =
    let rowValues, columnValues = ResultGroups.values rows cells, ResultGroups.values columns cells

    let summaries = [
        for row in rowValues ->
            [
                for column in columnValues ->
                    let cell = cells |> ResultGroups.where rows row |> ResultGroups.where columns column |> List.tryHead

                    cell, cell |> Option.bind (ResultGroups.summary measure)
            ]
    ]

    let means = summaries |> List.map (List.map (snd >> Option.map _.Mean >> Option.defaultValue nan))

    // On a category axis a position is a number: labels such as "3" would be read as one.
    let places = [
        for row, line in List.indexed summaries do
            for column, cell in List.indexed line -> float column, float row, cell
    ]

    let notes = [
        for column, row, (cell, summary) in places do
            if summary = None then
                Annotation.init (
                    Text = label measure (cell, summary),
                    X = column,
                    Y = row,
                    ShowArrow = false,
                    Font = Font.init (Color = Style.colour Style.failed)
                )
    ]

    let leaders, beside = besideBest measure cells

    let frames = [
        // Frames around all cells would say nothing.
        for column, row, (cell, _) in places do
            let within cells = cell |> Option.exists (fun cell -> List.contains cell cells)

            let frame dash width =
                Shape.init (
                    ShapeType = StyleParam.ShapeType.Rectangle,
                    X0 = column - 0.485,
                    X1 = column + 0.485,
                    Y0 = row - 0.47,
                    Y1 = row + 0.47,
                    Line = Line.init (Color = Style.colour "#d55e00", Width = width, Dash = dash)
                )

            if leaders.Length < cells.Length && within leaders then
                frame StyleParam.DrawingStyle.Solid 3.0
            elif within beside then
                frame StyleParam.DrawingStyle.Dot 2.5
    ]

    // Colours are light, so that dark texts are readable on all. They span the scale of scores, so that small
    // differences look small.
    let low, high = Style.bounds measure (means |> List.concat |> List.filter Double.IsFinite)

    Chart.Heatmap(
        zData = means,
        X = columnValues,
        Y = rowValues,
        ColorScale =
            StyleParam.Colorscale.Custom [
                for at, light in List.indexed Style.cells ->
                    float at / float (Style.cells.Length - 1), Style.colour light
            ],
        ShowScale = false,
        XGap = 2,
        YGap = 2,
        UseDefaults = false
    )
    |> GenericChart.mapTrace (
        Trace2DStyle.Heatmap(
            ZMin = low,
            ZMax = high,
            TextTemplate = "%{text}",
            TextFont = Font.init (Color = Style.colour Style.ink),
            HoverTemplate = "%{y}, %{x}<br>%{text}<extra></extra>",
            HoverOnGaps = false
        )
        >> fun trace ->
            trace.SetProperty(
                "text",
                [
                    for line in summaries -> [ for cell in line -> if snd cell = None then "" else label measure cell ]
                ]
            )

            trace
    )
    |> Style.titled $"Final {Measure.title measure}" (Shown.axisTitle columns) (Shown.axisTitle rows)
    |> Chart.withXAxisStyle (AxisType = StyleParam.AxisType.Category, ShowGrid = false)
    |> Chart.withYAxisStyle (AxisType = StyleParam.AxisType.Category, ShowGrid = false)
    |> Chart.withAnnotations notes
    |> Chart.withShapes frames
    |> Style.tall (130 + 84 * rowValues.Length)
    // explore.js shows the cell that is clicked.
    |> GenericChart.mapLayout (fun layout ->
        layout.SetProperty("meta", {| rows = rows; columns = columns |})
        layout)
