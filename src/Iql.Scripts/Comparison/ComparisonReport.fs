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

/// A number in bold where it leads, with its interval or spread small below it.
let private cell (measure: Measure) (entry: ScoreEntry option) : Html =
    Html.plain
        "td"
        (match entry with
         | None -> [ Html.text "–" ]
         | Some entry ->
             let value = number measure entry.Value + (if entry.Partial then "*" else "")

             [
                 if entry.Leads then Html.strong value else Html.text value
                 match entry.Interval, entry.Spread with
                 | Some interval, _ ->
                     Html.element "span" [ "class", "range" ] [
                         Html.text $"[{number measure interval.Low}, {number measure interval.High}]"
                     ]
                 | None, Some spread -> Html.element "span" [ "class", "spread" ] [ Html.text $" ± {decimal spread}" ]
                 | None, None -> ()
             ])

/// The table as papers print it: tasks by algorithms, published figures below ours, totals at the end.
let scores (table: ScoreTable) : Html =
    let body (lines: ScoreLine list) =
        Html.plain "tbody" [
            for line in lines ->
                let name, kind =
                    match line.Source with
                    | Some source -> source, [ "class", "theirs" ]
                    | None -> line.Heading + (if line.ForeignData then " †" else ""), []

                Html.element "tr" kind [
                    Html.element "th" [ "scope", "row" ] [ Html.text name ]
                    for entry in line.Entries do
                        cell table.Measure entry
                ]
        ]

    let totals = ScoreTable.totals table

    Html.element "div" [ "class", "wide" ] [
        Html.element "table" [ "class", "scores" ] [
            Html.plain "thead" [
                Html.plain "tr" [
                    for name in "task" :: List.map Published.title table.Contenders ->
                        Html.element "th" [ "scope", "col" ] [ Html.text name ]
                ]
            ]
            body (ScoreTable.rows table)
            if not totals.IsEmpty then
                body totals
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
                "There are no published scores of these tasks: such figures appear below ours for datasets of D4RL, version and all."
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

                let about =
                    Map.tryFind task results.Origins
                    |> Option.map DataOrigin.words
                    |> Option.defaultValue ""

                [
                    Html.cell task
                    Html.cell source
                    Html.cell (if about = "" then "–" else about)
                    Html.numberCell Tables.thousands (Json.number "transitions" dataset)
                    Html.numberCell Tables.thousands (Json.number "episodes" dataset)
                    Html.cell (text "fingerprint")
                ]
    ]

    [
        Html.sortable
            [
                "Task"
                "Source"
                "How they came about"
                "Transitions"
                "Episodes"
                "Fingerprint"
            ]
            rows
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

/// An episode a task and algorithm, from the folder of the comparison; nothing where no run was evaluated.
let private episodes (folder: string) (results: ComparisonResults) (table: ScoreTable) : Html list =
    let stages = [
        for task, sweep in results.Tasks do
            let chosen: Animations.Chosen list = [
                for contender in table.Contenders do
                    match Animations.median (ScoreTable.runsOf contender sweep) with
                    | Some run ->
                        Animations.chosen
                            $"{Published.title contender}, seed {run.Settings.Seed}"
                            (Path.Combine(Comparison.folderOf folder task, "runs", run.Name))
                    | None -> ()
            ]

            if not chosen.IsEmpty then
                Html.plain "h3" [ Html.text task ]
                yield! Animations.ofTask task chosen
    ]

    let says =
        if table.Seeds > 1 then
            "Of each algorithm, the seed in the middle of its last evaluations (of an even number, the better of the two). "
        else
            ""

    if stages.IsEmpty then
        []
    else
        Animations.section says stages

/// The page of a comparison, with its episodes; `rebuild` are the commands that make it again.
let page (rebuild: string list) (episodes: Html list) (results: ComparisonResults) : string =
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
                let foreign =
                    if table.Rows |> List.exists _.ForeignData.IsSome then
                        ", where a task is marked † of D4RL's data and not of those our runs learned from"
                    else
                        ""

                $" Open marks are published figures{foreign}."

        figure "tasks" (dots + theirs) (ScoreIntervals.byTask table)

    let sections =
        [
            yield "scores", "Scores", scores table :: notes table @ [ byTask ]
            if not episodes.IsEmpty then
                yield "episodes", "Episodes", episodes
        ]
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
                "report.html",
                page
                    ($"iql report {home}" :: Option.toList results.Plan.Command)
                    (episodes folder results table)
                    results
            ]
            |> List.fold
                (fun written (name, text) -> written |> Result.bind (fun _ -> Report.save (file name) text))
                (Ok ""))
