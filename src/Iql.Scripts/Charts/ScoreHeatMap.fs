/// Mean final score over two hyperparameters, a cell each, with its interval written into it.
module Iql.Scripts.Charts.ScoreHeatMap

open Iql.Scripts

/// Colours span at least this many points, so that differences of noise do not look like day and night.
let private leastSpan = 20.0

/// The heat map of a plane's groups: columns along x, rows along y. In each cell the mean over finished runs, its 95 %
/// interval, and how many runs failed. Cells without a finished run stay empty and say why.
let figure (measure: Measure) (rows: string) (columns: string) (cells: ResultGroup list) : Figure =
    let rowValues, columnValues =
        ResultGroups.values rows cells, ResultGroups.values columns cells

    let at row column =
        cells
        |> ResultGroups.where rows row
        |> ResultGroups.where columns column
        |> List.tryHead

    let failed (cell: ResultGroup) =
        cell.Runs |> List.filter Run.diverged |> List.length

    let failures (cell: ResultGroup) =
        if failed cell = 0 then
            ""
        else
            $"<br>{failed cell} of {cell.Runs.Length} failed"

    let summaries = [
        for row in rowValues ->
            [
                for column in columnValues ->
                    let cell = at row column
                    cell, cell |> Option.bind (ResultGroups.summary measure)
            ]
    ]

    let means =
        summaries
        |> List.map (List.map (snd >> Option.map (fun summary -> summary.Mean) >> Option.defaultValue nan))

    let label (cell: ResultGroup option, summary: RunSummary option) =
        match cell, summary with
        | Some cell, Some summary ->
            let interval =
                summary.Interval
                |> Option.map (fun interval -> $"<br>{Shown.interval interval}")
                |> Option.defaultValue ""

            $"<b>{Shown.measured measure summary.Mean}</b>{interval}{failures cell}"
        | Some cell, None ->
            match failed cell with
            | 0 -> "not finished"
            | count when count = cell.Runs.Length -> "all failed"
            | count -> $"{count} failed,<br>rest not finished"
        | None, _ -> "not run"

    let notes = [
        for row, line in List.indexed summaries do
            for column, (cell, summary) in List.indexed line do
                if summary = None then
                    Json.Object [
                        "text", Json.Text(label (cell, summary))
                        // On a category axis a position is a number: labels such as "3" would be read as one.
                        "x", Json.Number(float column)
                        "y", Json.Number(float row)
                        "xref", Json.Text "x"
                        "yref", Json.Text "y"
                        "showarrow", Json.Bool false
                        "font", Json.Object [ "color", Json.Text "#b42318" ]
                    ]
    ]

    let frame = [
        match ResultGroups.best measure cells with
        | Some(best, _) when cells.Length > 1 ->
            for row, line in List.indexed summaries do
                for column, (cell, _) in List.indexed line do
                    if cell = Some best then
                        Json.Object [
                            "type", Json.Text "rect"
                            "xref", Json.Text "x"
                            "yref", Json.Text "y"
                            "x0", Json.Number(float column - 0.485)
                            "x1", Json.Number(float column + 0.485)
                            "y0", Json.Number(float row - 0.47)
                            "y1", Json.Number(float row + 0.47)
                            "line", Json.Object [ "color", Json.Text "#d55e00"; "width", Json.Number 3.0 ]
                        ]
        | _ -> ()
    ]

    let known = means |> List.concat |> List.filter System.Double.IsFinite

    let low, high =
        match known with
        | [] -> 0.0, 1.0
        | known -> List.min known, List.max known

    let spread = max 0.0 (leastSpan - (high - low)) / 2.0

    let range =
        match measure with
        | Score -> low - spread, high + spread
        | Return when low = high -> low - 1.0, high + 1.0
        | Return -> low, high

    Chart.heatmap
        columnValues
        rowValues
        (means |> Seq.map Seq.ofList)
        (summaries
         |> List.map (
             List.map (fun (cell, summary) -> if summary = None then "" else label (cell, summary))
             >> Seq.ofList
         ))
    |> Chart.withTrace "zmin" (Json.Number(fst range))
    |> Chart.withTrace "zmax" (Json.Number(snd range))
    |> Chart.withTrace
        "colorbar.title"
        (Json.Object [ "text", Json.Text(Measure.title measure); "side", Json.Text "right" ])
    |> Chart.titled $"Final {Measure.title measure}" (Shown.axisTitle columns) (Shown.axisTitle rows)
    |> Figure.withLayout "annotations" (Json.List notes)
    |> Figure.withLayout "shapes" (Json.List frame)
    |> Figure.withLayout "xaxis.ticks" (Json.Text "")
    |> Figure.withLayout "yaxis.ticks" (Json.Text "")
    |> Figure.tall (130 + 84 * rowValues.Length)
