/// Scores of a comparison as intervals, contender by contender: on each task, and over all tasks.
module Iql.Scripts.Charts.ScoreIntervals

open Iql.Scripts
open Iql.Scripts.Statistics

let private grey = "#9aa5b1"

let private estimate (entry: ScoreEntry) : Estimate = estimateOf entry.Value entry.Interval

let private titles (table: ScoreTable) =
    List.map Published.title table.Contenders

/// How a published table's figures are drawn.
let private symbols = [ "diamond-open"; "square-open"; "triangle-up-open" ]

/// A panel a task: mean with its 95 % interval over seeds, seeds as grey dots, published figures as open marks.
let byTask (table: ScoreTable) : Figure =
    let rows = titles table
    let colours = Palette.apart rows.Length
    let tasks = ScoreTable.ours table.Rows
    let columns = min 3 tasks.Length

    let published (row: ScoreLine) = [
        for source, symbol in List.zip table.Published (List.truncate table.Published.Length symbols) do
            for algorithm in source.Algorithms do
                match PublishedTable.find row.Heading algorithm source with
                | Some score -> source.Title, symbol, Published.title algorithm, score.Value
                | None -> ()
    ]

    /// The panel whose marks of a source stand in the legend for all.
    let firstWith source =
        tasks
        |> List.findIndex (fun row -> published row |> List.exists (fun (other, _, _, _) -> other = source))

    let one i (row: ScoreLine) =
        let theirs = published row

        let values = [
            for entry in List.choose id row.Entries do
                yield! entry.Scores
                yield (estimate entry).Interval.Low
                yield (estimate entry).Interval.High
            for _, _, _, value in theirs do
                yield value
        ]

        let bounds =
            if values.IsEmpty then
                0.0, 1.0
            else
                List.min values, List.max values

        [
            for name, colour, entry in List.zip3 rows colours row.Entries do
                for entry in Option.toList entry do
                    IntervalBars.interval name name (estimate entry) |> Chart.coloured colour

                    IntervalBars.marks "one seed" "circle" name entry.Scores
                    |> Chart.coloured grey
                    |> Chart.withTrace "marker.size" (Json.Number 5.0)
                    |> Chart.unlisted
            for j, (source, symbol, name, value) in List.indexed theirs do
                let marks =
                    IntervalBars.marks source symbol name [ value ]
                    |> Chart.coloured "#1f2933"
                    |> Chart.withTrace "marker.size" (Json.Number 9.0)

                let first =
                    i = firstWith source
                    && j = List.findIndex (fun (other, _, _, _) -> other = source) theirs

                if first then marks else Chart.unlisted marks
        ]
        |> IntervalBars.panel
            (ScoreTableText.heading "" row)
            (Measure.title table.Measure)
            (i % columns = 0)
            rows
            bounds

    let whole = tasks |> List.mapi one |> IntervalBars.together columns rows

    if table.Published.IsEmpty then
        Figure.withLayout "showlegend" (Json.Bool false) whole
    else
        Chart.legendAbove "published:  " whole

/// A panel each for mean, median, interquartile mean and optimality gap over all tasks, with stratified bootstrap
/// intervals; None for a table without totals.
let overall (table: ScoreTable) : Figure option =
    let rows = titles table
    let colours = Palette.apart rows.Length

    let shown = [
        for name in [ "mean"; "median"; "IQM"; "optimality gap" ] do
            for total in Option.toList (ScoreTable.total name table) do
                if total.Entries |> List.exists Option.isSome then
                    (if name = "optimality gap" then
                         name + " (lower is better)"
                     else
                         name),
                    total
    ]

    if shown.IsEmpty then
        None
    else
        shown
        |> List.mapi (fun i (title, total) ->
            let present = total.Entries |> List.choose id |> List.map (estimate >> _.Interval)

            [
                for name, colour, entry in List.zip3 rows colours total.Entries do
                    for entry in Option.toList entry do
                        IntervalBars.interval name name (estimate entry) |> Chart.coloured colour
            ]
            |> IntervalBars.panel
                title
                "score"
                (i = 0)
                rows
                (present |> List.map _.Low |> List.min, present |> List.map _.High |> List.max))
        |> IntervalBars.together 4 rows
        |> Figure.withLayout "showlegend" (Json.Bool false)
        |> Some

/// Pairs of contenders: how likely a run of the first beats a run of the second on a task; None without pairs.
let improvement (table: ScoreTable) : Figure option =
    match ScoreTable.improvements table with
    | [] -> None
    | pairs ->
        let name (pair: Improvement) =
            $"{Published.title pair.Better} over {Published.title pair.Worse}"

        let rows = List.map name pairs

        [
            for pair in pairs -> IntervalBars.interval (name pair) (name pair) pair.Probability
        ]
        |> IntervalBars.panel "" "probability of improvement" true rows (0.0, 1.0)
        |> List.singleton
        |> IntervalBars.together 1 rows
        |> Figure.withLayout "showlegend" (Json.Bool false)
        |> Figure.withLayout
            "shapes"
            (Json.List [
                Json.Object [
                    "type", Json.Text "line"
                    "xref", Json.Text "x"
                    "yref", Json.Text "paper"
                    "x0", Json.Number 0.5
                    "x1", Json.Number 0.5
                    "y0", Json.Number 0.0
                    "y1", Json.Number 1.0
                    "line", Json.Object [ "color", Json.Text grey; "width", Json.Number 1.0; "dash", Json.Text "dot" ]
                ]
            ])
        |> Some

/// Scores over training: a panel a task, a line a contender, a band over seeds.
let curves (sweep: SweepResults) (table: ScoreTable) : Figure =
    [
        for task, contender in List.allPairs (ScoreTable.tasks table) table.Contenders do
            match ScoreTable.runsOf task contender sweep with
            | [] -> ()
            | runs -> {
                Values = [ "task", task; "algorithm", Published.title contender ]
                Runs = runs
              }
    ]
    |> LearningCurves.figure table.Measure (Some "task") (Some "algorithm")
