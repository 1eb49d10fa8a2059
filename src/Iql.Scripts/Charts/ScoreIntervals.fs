/// Scores of a comparison as intervals, contender by contender: on each task, and over all tasks.
module Iql.Scripts.Charts.ScoreIntervals

open Plotly.NET
open Plotly.NET.LayoutObjects
open Plotly.NET.TraceObjects
open Iql.Scripts
open Iql.Scripts.Statistics

let private estimate (entry: ScoreEntry) : Estimate = estimateOf entry.Value entry.Interval

let private titles (table: ScoreTable) = List.map Published.title table.Contenders

/// How a published table's figures are drawn.
let private symbols = [
    StyleParam.MarkerSymbol.Diamond
    StyleParam.MarkerSymbol.Square
    StyleParam.MarkerSymbol.TriangleUp
]

/// A chart a task: mean with its 95 % interval over seeds, seeds as grey dots, published figures as open marks.
let byTask (table: ScoreTable) : GenericChart list =
    let rows = titles table
    let colours = Style.apart rows.Length

    let published (row: ScoreLine) = [
        for source, symbol in List.zip table.Published (List.truncate table.Published.Length symbols) do
            for algorithm in source.Algorithms do
                match PublishedTable.find row.Heading algorithm source with
                | Some score -> source.Title, symbol, Published.title algorithm, score.Value
                | None -> ()
    ]

    [
        for row in ScoreTable.ours table.Rows ->
            let theirs = published row

            let values = [
                for entry in List.choose id row.Entries do
                    yield! entry.Scores
                for _, _, _, value in theirs do
                    yield value
            ]

            [
                for name, colour, entry in List.zip3 rows colours row.Entries do
                    for entry in Option.toList entry do
                        IntervalBars.interval colour name (estimate entry)

                        IntervalBars.marks
                            "one seed"
                            false
                            (Marker.init (Color = Style.colour Style.grey, Size = 5))
                            name
                            entry.Scores
                for i, (source, symbol, name, value) in List.indexed theirs do
                    IntervalBars.marks
                        source
                        // Once a source.
                        (i = List.findIndex (fun (other, _, _, _) -> other = source) theirs)
                        (Marker.init (
                            Color = Style.colour Style.grey,
                            Size = 9,
                            Symbol = StyleParam.MarkerSymbol.Modified(symbol, StyleParam.SymbolStyle.Open)
                        ))
                        name
                        [ value ]
            ]
            |> IntervalBars.chart
                (ScoreTableText.heading "" row)
                (Measure.title table.Measure)
                rows
                (Style.bounds table.Measure values)
            |> Style.keyed (if theirs.IsEmpty then None else Some "published:")
    ]

/// A chart each for mean, median, interquartile mean and optimality gap over all tasks, with stratified bootstrap
/// intervals; none for a table without totals.
let overall (table: ScoreTable) : GenericChart list =
    let rows = titles table

    [
        for name in [ "mean"; "median"; "IQM"; "optimality gap" ] do
            for total in Option.toList (ScoreTable.total name table) do
                let entries = [
                    for name, colour, entry in List.zip3 rows (Style.apart rows.Length) total.Entries do
                        for entry in Option.toList entry -> name, colour, estimate entry
                ]

                if not entries.IsEmpty then
                    [ for name, colour, estimate in entries -> IntervalBars.interval colour name estimate ]
                    |> IntervalBars.chart
                        (if name = "optimality gap" then name + " (lower is better)" else name)
                        "score"
                        rows
                        (Style.bounds Score [ for _, _, estimate in entries -> estimate.Value ])
    ]

/// Pairs of contenders: how likely a run of the first beats a run of the second on a task; None without pairs.
let improvement (table: ScoreTable) : GenericChart option =
    match ScoreTable.improvements table with
    | [] -> None
    | pairs ->
        let name (pair: Improvement) = $"{Published.title pair.Better} over {Published.title pair.Worse}"

        [ for pair in pairs -> IntervalBars.interval Style.categorical.Head (name pair) pair.Probability ]
        |> IntervalBars.chart "" "probability of improvement" (List.map name pairs) (-0.06, 1.06)
        |> Chart.withShape (
            Shape.init (
                ShapeType = StyleParam.ShapeType.Line,
                X0 = 0.5,
                X1 = 0.5,
                Yref = "paper",
                Y0 = 0.0,
                Y1 = 1.0,
                Line = Line.init (Color = Style.colour Style.grey, Width = 1.0, Dash = StyleParam.DrawingStyle.Dot)
            )
        )
        |> Some

/// Scores over training: a chart a task, a line a contender, a band over seeds.
let curves (sweep: SweepResults) (table: ScoreTable) : GenericChart list =
    [
        for task, contender in List.allPairs (ScoreTable.tasks table) table.Contenders do
            match ScoreTable.runsOf task contender sweep with
            | [] -> ()
            | runs -> { Values = [ "task", task; "algorithm", Published.title contender ]; Runs = runs }
    ]
    |> LearningCurves.panels table.Measure (Some "task") (Some "algorithm")
