/// The sections of a report that are about a score table.
module Iql.Scripts.ScoreSections

open System.IO
open Iql.Training
open Iql.Scripts.Charts

/// A number in bold where it leads, with its interval or spread small below it.
let private cell (measure: Measure) (entry: ScoreEntry option) : Html =
    Html.plain
        "td"
        (match entry with
         | None -> [ Html.text "–" ]
         | Some entry ->
             let value = Shown.measured measure entry.Value + (if entry.Partial then "*" else "")

             [
                 if entry.Leads then Html.strong value else Html.text value
                 match entry.Interval, entry.Spread with
                 | Some interval, _ ->
                     Html.element "span" [ "class", "range" ] [
                         Html.text $"[{Shown.measured measure interval.Low}, {Shown.measured measure interval.High}]"
                     ]
                 | None, Some spread ->
                     Html.element "span" [ "class", "spread" ] [ Html.text $" ± {Shown.measured Score spread}" ]
                 | None, None -> ()
             ])

/// The table as papers print it: tasks by algorithms, published figures below ours, totals at the end.
let private scores (table: ScoreTable) : Html =
    let body (lines: ScoreLine list) =
        Html.plain "tbody" [
            for line in lines ->
                Html.element "tr" (if line.Source.IsSome then [ "class", "theirs" ] else []) [
                    Html.element "th" [ "scope", "row" ] [ Html.text (ScoreTableText.heading "" line) ]
                    for entry in line.Entries do
                        cell table.Measure entry
                ]
        ]

    Html.element "div" [ "class", "wide" ] [
        Html.element "table" [ "class", "scores" ] [
            Html.plain "thead" [
                Html.plain "tr" [
                    for name in "task" :: List.map Published.title table.Contenders ->
                        Html.element "th" [ "scope", "col" ] [ Html.text name ]
                ]
            ]
            body table.Rows
            if not table.Totals.IsEmpty then
                body table.Totals
        ]
    ]

/// What stands below the table: where the figures are from, what the marks mean.
let private notes (table: ScoreTable) : Html list = [
    let below =
        if table.Seeds > 1 then
            "Below each mean is its 95 % interval. Bold means the best of a row, or no clear difference to the best. "
        else
            ""

    Html.styled "note" $"{below}The same folder has this table as table.md and as table.tex for LaTeX."

    for text in List.tail (ScoreTableText.notes table) do
        Html.styled "note" text

    if table.Published.IsEmpty then
        Html.styled
            "note"
            "There are no published scores of these tasks. Published scores appear for D4RL data sets of the same \
             version."
]

let private byTask (table: ScoreTable) : Html =
    let dots =
        if table.Seeds > 1 then
            "Strokes are means, bars are their 95 % intervals over seeds, and grey dots are seeds."
        else
            "Strokes are the scores of the single seed."

    let theirs =
        match table.Published, table.Rows |> List.exists _.ForeignData.IsSome with
        | [], _ -> ""
        | _, false -> " Open marks are published scores."
        | _, true ->
            " Open marks are published scores; for a task with †, they are for D4RL's data, and our runs used other \
             data."

    Html.figure "figure-tasks" (dots + theirs) (ScoreIntervals.byTask table)

/// How each contender was set up: its presets, and every setting of its runs.
let private trained (sweep: SweepResults) (table: ScoreTable) : Html list = [
    Html.paragraph
        "Each algorithm starts from its preset for the task's name (`iql presets` has the sources). Options of the \
         command change all algorithms. If runs of an algorithm differ, all values are shown, separated by bars."
    for contender in table.Contenders do
        let runs = [
            for task in ScoreTable.tasks table do
                for run in ScoreTable.runsOf task contender sweep -> task, run
        ]

        let presets = [
            for task, run in runs do
                for preset in Option.toList (Option.ofObj run.Config.Preset) -> preset, task
        ]

        Html.plain "details" [
            Html.plain "summary" [ Html.text (Published.title contender) ]
            for preset, tasks in List.groupBy fst presets do
                Html.paragraph $"Preset for {tasks |> List.map snd |> List.distinct |> Plural.listed}: {preset}."
            Tables.inColumns (Tables.settings (List.map snd runs))
        ]
]

/// A row a task: what its runs learned from, as they wrote it down.
let private data (sweep: SweepResults) (table: ScoreTable) : Html =
    let rows = [
        for task in ScoreTable.tasks table do
            let runs =
                table.Contenders
                |> List.collect (fun contender -> ScoreTable.runsOf task contender sweep)

            for run in List.truncate 1 runs do
                let data = run.Config.Dataset

                let about = data.Origin |> Option.ofObj |> Option.map DataOrigin.words

                [
                    Html.cell task
                    Html.cell (
                        if data.Source = "generated" then
                            "collected here"
                        else
                            data.Source
                    )
                    Html.cell (about |> Option.filter ((<>) "") |> Option.defaultValue "–")
                    for count in [ data.Transitions; data.Episodes ] do
                        Html.numberCell (int64 >> Plural.thousands) (Some(float count))
                    Html.cell data.Fingerprint
                ]
    ]

    Html.sortable [ "Task"; "Source"; "Origin"; "Transitions"; "Episodes"; "Fingerprint" ] rows

/// An episode a task and contender, of runs in a sweep's folder; nothing where no run was evaluated.
let episodes (folder: string) (sweep: SweepResults) (table: ScoreTable) : Html list =
    let stages = [
        for task in ScoreTable.tasks table do
            let chosen = [
                for contender in table.Contenders do
                    for run in Option.toList (Animations.median (ScoreTable.runsOf task contender sweep)) ->
                        {
                            Title = $"{Published.title contender}, seed {run.Config.Seed}"
                            Folder = SweepPlan.RunFolder(folder, run.Name).Path
                        }
                        : Animations.Chosen
            ]

            if not chosen.IsEmpty then
                yield Html.plain "h3" [ Html.text task ]
                yield! Animations.ofTask task chosen
    ]

    let says =
        if table.Seeds > 1 then
            "For each algorithm, the seed with the middle score at the last evaluation (with an even number of \
             seeds, the better of the two). "
        else
            ""

    if stages.IsEmpty then
        []
    else
        Animations.section says stages

/// The sections of a table, with its episodes; those without anything to show are left out.
let ofTable (episodes: Html list) (sweep: SweepResults) (table: ScoreTable) : Sections.Section list =
    let chart id caption charts =
        if List.isEmpty charts then
            []
        else
            [ Html.figure $"figure-{id}" caption charts ]

    [
        "scores", "Scores", scores table :: notes table @ [ byTask table ]
        "episodes", "Episodes", episodes
        "overall",
        "Over all tasks",
        ScoreIntervals.overall table
        |> chart
            "overall"
            "Strokes are values over all tasks, and bars are their stratified bootstrap 95 % intervals. Mean and \
             median are over the means of tasks. IQM (interquartile mean) drops the best and the worst quarter of all \
             runs. The optimality gap is the mean distance of runs to 100."
        "improvement",
        "Probability of improvement",
        ScoreIntervals.improvement table
        |> Option.toList
        |> chart
            "improvement"
            "The probability that a run of the first scores higher than a run of the second on the same task, \
             averaged over tasks, with its 95 % interval. An interval with 0.5 inside shows no clear difference. The \
             probability says how often, not how much."
        "curves",
        "Learning curves",
        [
            Html.figure
                "figure-curves"
                (if table.Seeds > 1 then
                     "Each point is one evaluation. The line is the mean over seeds, and the band is its 95 % interval."
                 else
                     "Each point is one evaluation.")
                (ScoreIntervals.curves sweep table)
        ]
        "trained", "What was trained", trained sweep table
        "data", "The data", [ data sweep table ]
    ]
    |> Sections.shown ""
