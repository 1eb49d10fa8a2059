/// Scores over training: a panel for each row of the plane, a line for each column, a band over seeds.
module Iql.Scripts.Charts.LearningCurves

open Iql.Scripts
open Iql.Scripts.Statistics

// A band has hundreds of points and is looked at, not read off: fewer replicates do.
let private fewer (how: Bootstrap) = { how with Replicates = 500 }

/// The line of a group: at each step the mean over the runs that were evaluated there, with its 95 % interval over
/// runs. Diverged runs are not part of the mean. Each is a dotted line up to a cross at its end.
let private groupLine measure name (colour: string) (listed: bool) (cell: ResultGroup) : Figure list =
    let lost, kept = cell.Runs |> List.partition Run.diverged

    let points =
        kept
        |> List.collect (Run.curve measure)
        |> Run.byStep
        |> List.choose (fun (step, values) ->
            RunSummary.ofNumbersWith fewer $"{Shown.values cell.Values} at {step}" values
            |> Option.map (fun summary -> step, summary))

    let steps = points |> List.map fst
    let means = [ for _, summary in points -> summary.Mean ]

    let bound (pick: Interval -> float) = [
        for _, summary in points -> pick (estimateOf summary.Mean summary.Interval).Interval
    ]

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

/// Learning curves of the groups of a plane. Rows or columns may be absent: then there is one panel, or one line.
let figure (measure: Measure) (rows: string option) (columns: string option) (cells: ResultGroup list) : Figure =
    let valuesOf name =
        match name with
        | Some name -> [ for value in ResultGroups.values name cells -> Some(name, value) ]
        | None -> [ None ]

    let within value =
        value
        |> Option.map (fun (name, value) -> ResultGroups.where name value)
        |> Option.defaultValue id

    // Without columns the rows become the lines of one panel.
    let rows, columns =
        match rows, columns with
        | Some rows, None -> None, Some rows
        | both -> both

    let columnValues = valuesOf columns

    // Numbers have an order to show; names have none.
    let colours =
        let isOrdered =
            columnValues
            |> List.choose id
            |> List.forall (snd >> ResultGroups.number >> Option.isSome)

        (if isOrdered then Palette.ordered else Palette.apart) columnValues.Length

    let name value =
        value |> Option.map snd |> Option.defaultValue (Measure.title measure)

    let steps, values =
        cells |> List.collect (_.Runs >> List.collect (Run.curve measure)) |> List.unzip

    let low, high =
        if values.IsEmpty then
            0.0, 1.0
        else
            let low, high = List.min values, List.max values
            let room = max 1e-9 (0.05 * (high - low))
            low - room, high + room

    // Four panels sit better two by two than three and one.
    let across = if (valuesOf rows).Length = 4 then 2 else 3

    let panels =
        valuesOf rows
        |> List.mapi (fun i row ->
            List.zip columnValues colours
            |> List.collect (fun (column, colour) ->
                cells
                |> within row
                |> within column
                |> List.collect (groupLine measure (name column) colour (i = 0)))
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
            |> Figure.withLayout "xaxis.range" (Json.ofNumbers [ 0.0; 1.02 * List.fold max 1.0 steps ]))

    (match panels with
     | [ only ] -> only |> Figure.untitled |> Figure.tall 360
     | panels -> Chart.grid across 310 panels)
    |> Figure.withLayout "title" (Json.Object [ "text", Json.Text "" ])
    |> Chart.keyed columns
