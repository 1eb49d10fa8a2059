/// The sections of a report that are about a score table.
module Iql.Scripts.ScoreSections

open Giraffe.ViewEngine
open Iql.Training
open Iql.Scripts.Charts

/// A number in bold where it leads, with its interval or spread small below it; where runs went on online, the number
/// before it in front.
let private cell (measure: Measure) (entry: ScoreEntry option) : XmlNode =
    let shown = Shown.measured measure

    let range (what: string) (entry: ScoreEntry) = [
        for interval in Option.toList entry.Interval do
            span [ _class "range" ] [ str $"{what}[{shown interval.Low}, {shown interval.High}]" ]
    ]

    let spread (entry: ScoreEntry) = [
        for spread in Option.toList entry.Spread do
            span [ _class "spread" ] [ str $" ± {Shown.measured Score spread}" ]
    ]

    match entry with
    | None -> td [] [ str "–" ]
    | Some entry ->
        let value = shown entry.Value + (if entry.Partial then "*" else "")

        td [] [
            for before in Option.toList entry.Before do
                str (shown before.Value)
                yield! spread before
                str " → "

            if entry.Leads then strong [] [ str value ] else str value
            yield! spread entry

            match entry.Before with
            | Some before ->
                yield! range "before " before
                yield! range "after " entry
            | None -> yield! range "" entry
        ]

let private isOnline (table: ScoreTable) = table.Phase <> PublishedPhase.Offline

/// The table as papers print it: tasks by algorithms, published figures below ours, totals at the end.
let scores (table: ScoreTable) : XmlNode =
    let body (lines: ScoreLine list) =
        tbody [] [
            for line in lines ->
                tr (if line.Source.IsSome then [ _class "theirs" ] else []) [
                    th [ _scope "row" ] [ str (ScoreTableText.heading "" line) ]
                    for entry in line.Entries do
                        cell table.Measure entry
                ]
        ]

    let online = Plural.given (isOnline table) " before → after going online,"

    Html.captioned "scores" $"Mean {Measure.title table.Measure}{online} by task and algorithm" [
        thead [] [ tr [] [ for name in ScoreTableText.heads table -> th [ _scope "col" ] [ str name ] ] ]
        body table.Rows
        if not table.Totals.IsEmpty then
            body table.Totals
    ]

/// What stands below the table: where the figures are from, what the marks mean.
let notes (table: ScoreTable) : XmlNode list = [
    let below =
        Plural.given
            (table.Seeds > 1)
            "Below each mean is its 95 % interval. Bold means the best of a row, or no clear difference to it. "

    Html.styled "note" $"{below}The same folder has this table as table.md and as table.tex for LaTeX."

    for text in List.tail (ScoreTableText.notes table) do
        Html.styled "note" text

    if table.Published.IsEmpty then
        Html.styled
            "note"
            "There are no published scores of these tasks. Published scores appear for D4RL data sets of the same \
             version."
]

/// "hopper: IQL 65.0 (one run), BC 51.0 (one run).", for those who do not see a chart.
let private spoken (what: string) (table: ScoreTable) (lines: ScoreLine list) : string =
    let said = [
        for line in ScoreTable.ours lines ->
            [
                for contender, entry in List.zip table.Contenders line.Entries do
                    for entry in Option.toList entry ->
                        $"{Published.title contender} {Shown.mean entry.Value entry.Interval}"
            ]
            |> String.concat ", "
            |> sprintf "%s: %s" line.Heading
    ]

    $"""{what}. {String.concat "; " said}."""

let private byTask (table: ScoreTable) : XmlNode list =
    let what = Plural.given (isOnline table) "Scores after going online. "

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

    Html.figure
        "figure-tasks"
        (what + dots + theirs)
        (spoken "Scores by task" table table.Rows)
        (ScoreIntervals.byTask table)

/// How each contender was set up: its presets, and every setting of its runs.
let private trained (sweep: SweepResults) (table: ScoreTable) : XmlNode list = [
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

        details [] [
            summary [] [ str (Published.title contender) ]
            for preset, tasks in List.groupBy fst presets do
                Html.paragraph
                    $"Preset for {tasks |> List.map snd |> List.distinct |> Plural.listed}: {Shown.words preset}."
            Tables.inColumns $"Settings of {Published.title contender}" (Tables.settings (List.map snd runs))
        ]
]

/// A row a task: what its runs learned from, as they wrote it down.
let private data (sweep: SweepResults) (table: ScoreTable) : XmlNode =
    let count pick =
        fun (_, data: DatasetInfo) -> Html.numberCell (int64 >> Plural.thousands) (Some(float<int64>(pick data)))

    Html.sortable "What the runs learned from" [
        "Task", (fun (task: string, _: DatasetInfo) -> Html.cell task)
        "Source",
        fun (_, data: DatasetInfo) -> Html.cell (if data.Source = "generated" then "collected here" else data.Source)
        "Origin",
        fun (_, data: DatasetInfo) ->
            match data.Origin |> Option.ofObj |> Option.map DataOrigin.words with
            | None
            | Some "" -> Html.cell "–"
            | Some words -> Html.cell words
        "Transitions", count _.Transitions
        "Episodes", count _.Episodes
        "Fingerprint", (fun (_, data: DatasetInfo) -> Html.cell data.Fingerprint)
    ] [
        for task in ScoreTable.tasks table do
            match table.Contenders |> List.collect (fun name -> ScoreTable.runsOf task name sweep) with
            | run :: _ -> task, run.Config.Dataset
            | [] -> ()
    ]

/// An episode a task and contender, of runs in a sweep's folder; nothing where no run was evaluated.
let episodes (folder: string) (sweep: SweepResults) (table: ScoreTable) : XmlNode list =
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
                yield h3 [] [ str task ]
                yield! Animations.ofTask task chosen
    ]

    let says =
        Plural.given
            (table.Seeds > 1)
            "For each algorithm, the seed with the middle score at the last evaluation (with an even number of \
             seeds, the better of the two). "

    if stages.IsEmpty then [] else Animations.section says stages

/// The sections of a table, with its episodes; those without anything to show are left out.
let ofTable (episodes: XmlNode list) (sweep: SweepResults) (table: ScoreTable) : Sections.Section list =
    [
        "scores", (if isOnline table then "Before → after" else "Scores"), scores table :: notes table @ byTask table
        "episodes", "Episodes", episodes
        "overall",
        "Over all tasks",
        ScoreIntervals.overall table
        |> Html.figure
            "figure-overall"
            (Plural.given (isOnline table) "Scores after going online. "
             + "Strokes are values over all tasks. Bars are their 95 % intervals: Student's for the mean, a bootstrap \
             within each task for the others. Mean and median are over the means of tasks. IQM (interquartile mean) \
             drops the best and the worst quarter of all runs. The optimality gap is the mean distance of runs to 100.")
            (spoken "Statistics over all tasks" table table.Totals)
        "improvement",
        "Probability of improvement",
        ScoreIntervals.improvement table
        |> Option.toList
        |> Html.figure
            "figure-improvement"
            "The probability that a run of the first scores higher than a run of the second on the same task. It is \
             averaged over tasks, with its 95 % interval. An interval with 0.5 inside shows no clear difference. The \
             probability says how often, not how much."
            ([
                for pair in ScoreTable.improvements table ->
                    $"{Published.title pair.Better} over {Published.title pair.Worse} {Shown.estimate pair.Probability}"
             ]
             |> String.concat "; "
             |> sprintf "Probability of improvement: %s.")
        "curves",
        "Learning curves",
        ScoreIntervals.curves sweep table
        |> Html.figure
            "figure-curves"
            ("Each point is one evaluation."
             + Plural.given (table.Seeds > 1) " The line is the mean over seeds, and the band is its 95 % interval.")
            (spoken "Scores over training, which end near these" table table.Rows)
        "trained", "What was trained", trained sweep table
        "data", "The data", [ data sweep table ]
    ]
    |> Sections.shown ""
