/// Scores over training: a panel for each row of the plane, a line for each column, a band over seeds.
module Iql.Scripts.Charts.LearningCurves

open Plotly.NET
open Plotly.NET.TraceObjects
open Iql.Scripts
open Iql.Scripts.Statistics

/// A diverged run: a thin dotted line up to a cross at its end.
let private lost measure (colour: string) (name: string) (run: Run) : GenericChart =
    let points = Run.curve measure run

    Chart.Scatter(
        X = List.map fst points,
        Y = List.map snd points,
        Mode = StyleParam.Mode.Lines_Markers,
        Name = $"{name}, seed {run.Config.Seed}, diverged",
        ShowLegend = false,
        Line = Line.init (Color = Style.colour colour, Width = 1.0, Dash = StyleParam.DrawingStyle.Dot),
        Marker =
            Marker.init (
                Color = Style.colour Style.failed,
                Symbol = StyleParam.MarkerSymbol.X,
                MultiSize = [ for i in 1 .. points.Length -> if i = points.Length then 9 else 0 ]
            ),
        UseDefaults = false
    )
    |> Chart.withTraceInfo (LegendGroup = name)

/// At each step the mean over the runs that have a point there, with its 95 % interval over runs.
let means (points: (float * float) list) : (float * Estimate) list =
    Run.byStep points
    |> List.choose (fun (step, values) ->
        RunSummary.ofNumbers values
        |> Option.map (fun summary -> step, estimateOf summary.Mean summary.Interval))

/// A chart of runs over training with its title, its axes, and a mark where runs go on online.
let framed
    (title: string)
    (measure: Measure)
    (runs: Run list)
    (values: float list)
    (chart: GenericChart)
    : GenericChart =
    let ends = runs |> List.collect (Run.curve measure >> List.map fst)
    let online = List.exists (Run.online >> Option.isSome) runs

    chart
    |> Style.titled
        title
        (if online then "updates from data, then environment steps" else "gradient step")
        (Measure.title measure)
    |> Chart.withYAxisStyle (MinMax = Style.bounds measure values)
    // A little past the end, so that crosses and the last points are whole.
    |> Chart.withXAxisStyle (MinMax = (0.0, 1.02 * List.fold max 1.0 ends))
    |> Marks.switches runs

/// The line of a group: at each step the mean over the runs that were evaluated there, with its 95 % interval over
/// runs. Diverged runs are not part of the mean; each has a line of its own.
let private lines measure i colour name (cell: ResultGroup) : GenericChart list =
    let diverged, kept = cell.Runs |> List.partition Run.diverged

    let points = kept |> List.collect (Run.curve measure) |> means

    [
        if not points.IsEmpty then
            Marks.line i colour name points
        for run in diverged do
            if not (Run.curve measure run).IsEmpty then
                lost measure colour name run
    ]

/// Learning curves of the groups of a plane, a chart a row. Rows or columns may be absent: then there is one chart, or
/// one line.
let panels
    (measure: Measure)
    (rows: string option)
    (columns: string option)
    (cells: ResultGroup list)
    : GenericChart list =
    let valuesOf name =
        match name with
        | Some name -> [ for value in ResultGroups.values name cells -> Some(name, value) ]
        | None -> [ None ]

    let within value =
        value |> Option.map (fun (name, value) -> ResultGroups.where name value) |> Option.defaultValue id

    // Without columns the rows become the lines of one chart.
    let rows, columns =
        match rows, columns with
        | Some rows, None -> None, Some rows
        | both -> both

    let columnValues = valuesOf columns

    // Numbers have an order to show; names have none.
    let colours =
        let isOrdered =
            columnValues |> List.choose id |> List.forall (snd >> ResultGroups.number >> Option.isSome)

        (if isOrdered then Style.ordered else Style.apart) columnValues.Length

    let name value = value |> Option.map snd |> Option.defaultValue (Measure.title measure)

    let runs = cells |> List.collect _.Runs
    let values = runs |> List.collect (Run.curve measure >> List.map snd)

    [
        for row in valuesOf rows ->
            [
                for i, (column, colour) in List.indexed (List.zip columnValues colours) do
                    for cell in cells |> within row |> within column do
                        yield! lines measure i colour (name column) cell
            ]
            |> Marks.over
            |> framed
                (match row with
                 | Some("task", task) -> task
                 | Some row -> Shown.values [ row ]
                 | None -> "")
                measure
                runs
                values
            |> Style.keyed (columns |> Option.map Shown.symbol)
            |> Style.tall 340
    ]
