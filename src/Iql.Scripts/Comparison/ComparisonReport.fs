/// The page of a comparison, and the files of its table. All of it is made of the folder alone: the same folder gives the same bytes.
module Iql.Scripts.ComparisonReport

open System.Globalization
open System.IO
open Iql.Scripts.Charts

let private decimal (value: float) : string =
    value.ToString("0.0", CultureInfo.InvariantCulture).Replace('-', '−')

let private number (measure: Measure) (value: float) : string =
    match measure with
    | Score -> decimal value
    | Return -> Cells.show value

/// A number with what stands small below it; in bold where it leads.
let private td (apart: bool) (leads: bool) (value: string) (below: string) : Html =
    Html.element "td" (if apart then [ "class", "apart" ] else []) [
        if leads then Html.strong value else Html.text value
        if below <> "" then
            Html.element "span" [ "class", "range" ] [ Html.text below ]
    ]

/// The table as papers print it: tasks by algorithms, published columns behind ours, totals below.
let scores (table: ScoreTable) : Html =
    let group (name: string) (columns: int) (apart: bool) =
        Html.element "th" [
            "scope", "colgroup"
            "colspan", string columns
            "class", (if apart then "group apart" else "group")
        ] [ Html.text name ]

    let head (apart: bool) (name: string) =
        Html.element "th" (("scope", "col") :: (if apart then [ "class", "apart" ] else [])) [ Html.text name ]

    let published (values: 'source -> (string * string) list) (sources: 'source list) = [
        for source in sources do
            for i, (value, below) in List.indexed (values source) do
                td (i = 0) false value below
    ]

    let interval (interval: Statistics.Interval option) =
        interval
        |> Option.map (fun interval -> $"[{number table.Measure interval.Low}, {number table.Measure interval.High}]")
        |> Option.defaultValue ""

    let row (row: ScoreRow) =
        Html.plain "tr" [
            Html.element "th" [ "scope", "row" ] [
                Html.text (row.Task + (if row.ForeignData.IsSome then " †" else ""))
            ]
            for cell in row.Cells do
                match cell.Summary with
                | None -> td false false "–" ""
                | Some summary ->
                    let left = if cell.Diverged + cell.Waiting > 0 then "*" else ""

                    td false cell.Leads (number table.Measure summary.Mean + left) (interval summary.Interval)
            yield!
                table.Published
                |> published (fun source -> [
                    for algorithm in source.Algorithms ->
                        match PublishedTable.find row.Task algorithm source with
                        | None -> "–", ""
                        | Some score ->
                            decimal score.Value,
                            score.Spread
                            |> Option.map (fun spread -> $"± {decimal spread}")
                            |> Option.defaultValue ""
                ])
        ]

    let total (aggregate: ScoreAggregate) =
        Html.plain "tr" [
            Html.element "th" [ "scope", "row" ] [ Html.text aggregate.Name ]
            for value, leads in List.zip aggregate.Estimates aggregate.Leads do
                match value with
                | None -> td false false "–" ""
                | Some value ->
                    let shown = if table.Seeds > 1 then Some value.Interval else None
                    td false leads (number table.Measure value.Value) (interval shown)
            yield!
                aggregate.Published
                |> published (List.map (fun value -> value |> Option.map decimal |> Option.defaultValue "–", ""))
        ]

    Html.element "div" [ "class", "wide" ] [
        Html.element "table" [ "class", "scores" ] [
            Html.plain "thead" [
                if not table.Published.IsEmpty then
                    Html.plain "tr" [
                        Html.plain "th" []
                        group "here" table.Contenders.Length false
                        for source in table.Published do
                            group $"{source.Title}, published" source.Algorithms.Length true
                    ]
                Html.plain "tr" [
                    Html.element "th" [ "scope", "col" ] [ Html.text "task" ]
                    for contender in table.Contenders do
                        head false (Published.title contender)
                    for source in table.Published do
                        for i, algorithm in List.indexed source.Algorithms do
                            head (i = 0) (Published.title algorithm)
                ]
            ]
            Html.plain "tbody" [ for each in table.Rows -> row each ]
            if not table.Aggregates.IsEmpty then
                Html.plain "tbody" [ for each in table.Aggregates -> total each ]
        ]
    ]

let private note (text: string) : Html =
    Html.element "p" [ "class", "note" ] [ Html.text text ]

let private figure (id: string) (caption: string) (chart: Figure) : Html =
    Html.figure $"figure-{id}" caption (Figure.untitled chart)

/// What stands below the table: where the figures are from, what the marks mean.
let private notes (table: ScoreTable) : Html list =
    let first =
        let below =
            if table.Seeds > 1 then
                "Below each mean is its 95 % interval; bold is the best of a row and what cannot be told from it. "
            else
                ""

        $"{below}The same table as text lies beside this page: table.md, table.tex for LaTeX, and scores.csv with a line a run."

    note first
    :: [
        for text in List.tail (ScoreTableText.notes table) do
            note text
        if table.Published.IsEmpty then
            note
                "Nobody has published scores of these tasks: published columns appear for tasks of D4RL, of the same dataset version."
    ]

/// How each algorithm was set up: its presets, and every setting of its runs.
let private trained (results: ComparisonResults) (table: ScoreTable) : Html list = [
    Html.paragraph
        "Each algorithm starts from the preset that it has for the task's name (`iql presets` has their sources); options of the command change all of them alike. Where an algorithm's runs differ, all values are given, separated by bars."
    for i, contender in List.indexed table.Contenders do
        let runs =
            results.Tasks
            |> List.collect (fun (_, sweep) -> ScoreTable.runsOf contender sweep)

        let presets = [
            for task in results.Plan.Tasks do
                match List.tryItem i task.Presets with
                | Some(Some preset) -> preset, task.Name
                | _ -> ()
        ]

        Html.plain "details" [
            Html.plain "summary" [ Html.text (Published.title contender) ]
            for preset, tasks in List.groupBy fst presets do
                Html.paragraph $"Preset for {tasks |> List.map snd |> Findings.listed}: {preset}."
            let rows = Tables.settings runs
            let left, right = List.splitAt ((rows.Length + 1) / 2) rows
            Html.element "div" [ "class", "columns" ] [ Html.facts left; Html.facts right ]
        ]
]

/// A row a task: what its runs learned from, as they wrote it down.
let private data (results: ComparisonResults) : Html list =
    let rows = [
        for task, sweep in results.Tasks do
            match sweep.Runs with
            | [] -> ()
            | run :: _ ->
                let dataset = Json.field "dataset" run.Settings.Whole

                let text name =
                    Json.text name dataset |> Option.defaultValue "–"

                let source =
                    match text "source" with
                    | "generated" -> "collected here"
                    | file -> file

                [
                    Html.cell task
                    Html.cell source
                    Html.numberCell Tables.thousands (Json.number "transitions" dataset)
                    Html.numberCell Tables.thousands (Json.number "episodes" dataset)
                    Html.cell (text "fingerprint")
                ]
    ]

    [
        Html.sortable [ "Task"; "Source"; "Transitions"; "Episodes"; "Fingerprint" ] rows
    ]

let private subtitle (results: ComparisonResults) (table: ScoreTable) (runs: Run list) : string =
    let steps =
        runs
        |> List.map (fun run -> Tables.thousands (float run.Settings.Steps))
        |> List.distinct
        |> String.concat " or "

    [
        table.Contenders |> List.map Published.title |> String.concat ", "
        Findings.count table.Rows.Length "task"
        Findings.count table.Seeds "seed"
        Findings.count (table.Rows.Length * table.Contenders.Length * results.Plan.Seeds.Length) "run"
        $"{steps} steps"
    ]
    |> String.concat " · "

/// The page of a comparison; `rebuild` are the commands that make it again.
let page (rebuild: string list) (results: ComparisonResults) : string =
    let table = ScoreTable.ofResults results
    let together = ComparisonResults.together results
    let runs = together.Runs

    let overall =
        match ScoreIntervals.overall table with
        | None -> []
        | Some chart -> [
            "overall",
            "Over all tasks",
            [
                figure
                    "overall"
                    "Strokes are values over all tasks, bars their stratified bootstrap 95 % intervals. Mean and median are of tasks' means; IQM (interquartile mean) drops the best and the worst quarter of all runs; the optimality gap is how far runs stay below 100 on average."
                    chart
            ]
          ]

    let improvement =
        match ScoreIntervals.improvement table with
        | None -> []
        | Some chart -> [
            "improvement",
            "Probability of improvement",
            [
                figure
                    "improvement"
                    "How likely a run of the first scores higher than a run of the second on the same task, averaged over tasks, with its 95 % interval. An interval that holds 0.5 does not tell the two apart; one above it is about how often, not about how much."
                    chart
            ]
          ]

    let byTask =
        let dots =
            if table.Seeds > 1 then
                "Strokes are means, bars their 95 % intervals over seeds, grey dots the seeds."
            else
                "Strokes are the scores of the one seed."

        let theirs =
            if table.Published.IsEmpty then
                ""
            else
                " Open marks are published figures."

        figure "tasks" (dots + theirs) (ScoreIntervals.byTask table)

    let sections =
        [ "scores", "Scores", scores table :: notes table @ [ byTask ] ]
        @ overall
        @ improvement
        @ [
            "curves",
            "Learning curves",
            [
                figure
                    "curves"
                    (if table.Seeds > 1 then
                         "Each point is one evaluation: the line is the mean over seeds, the band its 95 % interval."
                     else
                         "Each point is one evaluation.")
                    (ScoreIntervals.curves results table)
            ]
            "trained", "What was trained", trained results table
            "runs", "All runs", [ Tables.runs (Some table.Measure) [ "task"; "algorithm" ] runs ]
            "data", "The data", data results
            "origin", "Where the numbers come from", Report.origin [] rebuild runs
        ]

    [
        Html.plain "header" [
            Html.plain "h1" [ Html.text results.Plan.Name ]
            Html.element "p" [ "class", "under" ] [ Html.text (subtitle results table runs) ]
        ]
    ]
    @ Report.failures together
    @ [
        Html.element "section" [ "id", "found" ] [
            Html.plain "h2" [ Html.text "What was found" ]
            yield! ComparisonFindings.ofTable table
        ]
        Html.plain "nav" [
            for id, title, _ in sections do
                Html.element "a" [ "href", $"#{id}" ] [ Html.text title ]
        ]
    ]
    @ [ for id, title, body in sections -> Report.section id title body ]
    |> Html.page results.Plan.Name

/// Reads a comparison's folder and writes report.html, table.md, table.tex and scores.csv into it; the page's path, or what could not
/// be read.
let write (folder: string) : Result<string, string> =
    ComparisonResults.read folder
    |> Result.bind (fun results ->
        let table = ScoreTable.ofResults results

        let home =
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath folder))

        let file name = Path.Combine(folder, name)

        if results.Tasks |> List.forall (fun (_, sweep) -> sweep.Runs.IsEmpty) then
            Error $"{folder}: expected at least one run, got none. Start the comparison first."
        else
            [
                "table.md", ScoreTableText.markdown table
                "table.tex", ScoreTableText.latex table
                "scores.csv", ScoreTableText.csv results table
                "report.html", page ($"iql report {home}" :: Option.toList results.Plan.Command) results
            ]
            |> List.fold
                (fun written (name, text) -> written |> Result.bind (fun _ -> Report.save (file name) text))
                (Ok ""))
