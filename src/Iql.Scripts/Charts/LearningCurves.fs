/// Scores over training: a panel for each row of the plane, a line for each column, a band over seeds.
module Iql.Scripts.Charts.LearningCurves

open Iql.Scripts

// A band has hundreds of points and is looked at, not read off: fewer replicates do.
let private bandReplicates = 500

/// One cell's line: at each step the mean over the runs that were evaluated there, with its 95 % interval over runs.
/// Diverged runs are kept out of the mean and drawn by themselves, dashed, up to a cross at their end.
let private cellLine
    (measure: Measure)
    (name: string)
    (colour: string)
    (listed: bool)
    (cell: ResultGroup)
    : Figure list =
    let lost, kept = cell.Runs |> List.partition Run.diverged

    let points =
        kept
        |> List.collect (Run.curve measure)
        |> List.groupBy fst
        |> List.sortBy fst
        |> List.choose (fun (step, values) ->
            RunSummary.ofNumbersWith bandReplicates $"{Shown.values cell.Values} at {step}" (List.map snd values)
            |> Option.map (fun summary -> step, summary))

    let steps = points |> List.map fst
    let means = points |> List.map (fun (_, summary) -> summary.Mean)

    let bound pick =
        points
        |> List.map (fun (_, summary) -> summary.Interval |> Option.map pick |> Option.defaultValue summary.Mean)

    let line =
        if points |> List.exists (fun (_, summary) -> summary.Interval <> None) then
            Chart.band name steps (bound _.Low) means (bound _.High)
        elif points.Length = 1 then
            Chart.points name steps means
        else
            Chart.line name steps means

    [
        if not points.IsEmpty then
            let line = Chart.coloured colour line
            if listed then line else Chart.unlisted line

        for run in lost do
            let steps, values = run |> Run.curve measure |> List.unzip

            if not steps.IsEmpty then
                Chart.line $"{name}, seed {run.Config.Seed}, diverged" steps values
                |> Chart.coloured colour
                |> Chart.withTrace "mode" (Json.Text "lines+markers")
                |> Chart.withTrace "line.dash" (Json.Text "dot")
                |> Chart.withTrace "line.width" (Json.Number 1.0)
                |> Chart.withTrace
                    "marker"
                    (Json.Object [
                        "symbol", Json.Text "x"
                        "color", Json.Text "#b42318"
                        "size", Json.ofNumbers [ for i in 1 .. steps.Length -> if i = steps.Length then 9.0 else 0.0 ]
                    ])
                |> Chart.unlisted
    ]

/// Cells of a plane → learning curves. Rows or columns may be absent: then there is one panel, or one line.
let figure (measure: Measure) (rows: string option) (columns: string option) (cells: ResultGroup list) : Figure =
    let valuesOf name =
        match name with
        | Some name -> ResultGroups.values name cells |> List.map (fun value -> Some(name, value))
        | None -> [ None ]

    let within value cells =
        match value with
        | Some(name, value) -> ResultGroups.where name value cells
        | None -> cells

    // Without columns the rows become the lines of one panel.
    let rows, columns =
        match rows, columns with
        | Some rows, None -> None, Some rows
        | both -> both

    let columnValues = valuesOf columns

    // Numbers have an order to show; names have none.
    let colours =
        if
            columnValues
            |> List.forall (function
                | Some(_, value) -> (ResultGroups.number value).IsSome
                | None -> true)
        then
            Palette.ordered columnValues.Length
        else
            Palette.apart columnValues.Length

    let name value =
        match value with
        | Some(_, value) -> value
        | None -> Measure.title measure

    let everything =
        cells
        |> List.collect (fun cell -> cell.Runs |> List.collect (Run.curve measure) |> List.map snd)

    let low, high =
        match everything with
        | [] -> 0.0, 1.0
        | values ->
            let low, high = List.min values, List.max values
            let room = max 1e-9 (0.05 * (high - low))
            low - room, high + room

    // Four panels sit better two by two than three and one.
    let across = if (valuesOf rows).Length = 4 then 2 else 3

    let lastStep =
        cells
        |> List.collect (fun cell -> cell.Runs |> List.collect (Run.curve measure) |> List.map fst)
        |> List.fold max 1.0

    let panels =
        valuesOf rows
        |> List.mapi (fun i row ->
            List.zip columnValues colours
            |> List.collect (fun (column, colour) ->
                cells
                |> within row
                |> within column
                |> List.collect (cellLine measure (name column) colour (i = 0)))
            |> Chart.over
            |> Chart.titled
                (match row with
                 | Some("task", task) -> task
                 | Some row -> Shown.values [ row ]
                 | None -> "")
                "gradient step"
                (if i % across = 0 then Measure.title measure else "")
            |> Chart.between low high
            // A little past the end, so that crosses and the last points are whole.
            |> Figure.withLayout "xaxis.range" (Json.ofNumbers [ 0.0; 1.02 * lastStep ]))

    let whole =
        match panels with
        | [ only ] -> only |> Figure.untitled |> Figure.tall 360
        | panels -> Chart.grid across 310 panels

    whole
    |> Figure.withLayout "title" (Json.Object [ "text", Json.Text "" ])
    |> fun figure ->
        match columns with
        | Some columns -> Chart.legendAbove $"{Shown.axisTitle columns}  " figure
        | None -> Figure.withLayout "showlegend" (Json.Bool false) figure
