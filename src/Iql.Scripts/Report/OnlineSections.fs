/// The parts of a report that are about runs that go on online.
module Iql.Scripts.OnlineSections

open Giraffe.ViewEngine
open Iql.Scripts.Charts

/// A row's heading, with its task small below it.
let private heading (row: OnlineRow) : Html.Cell =
    let cell = Html.cell row.Heading

    if row.Heading.StartsWith(row.Task + ", ") then
        let name = row.Heading.Substring(row.Task.Length + 2)
        { cell with Shown = span [] [ str name; span [ _class "range" ] [ str row.Task ] ] }
    else
        cell

/// A mean with its interval small below it.
let private cell (shown: float -> string) (summary: RunSummary option) : Html.Cell =
    let number = Html.numberCell shown (summary |> Option.map _.Mean)

    match summary |> Option.bind _.Interval with
    | Some interval -> {
        number with
            Shown =
                span [] [
                    number.Shown
                    span [ _class "range" ] [ str $"[{shown interval.Low}, {shown interval.High}]" ]
                ]
      }
    | None -> number

let private table (measure: Measure) (curves: PublishedRun list) (sweep: SweepResults) : XmlNode list =
    let columns = OnlineColumn.all measure
    let rows = OnlineTable.rows measure curves sweep

    [
        Html.sortable
            "The online phase, means over runs"
            [
                "Group", heading
                "Seeds", (fun row -> Html.sortedCell (string row.Numbers.Length) (string row.Numbers.Length))
                for column in columns do
                    column.Head,
                    fun row -> OnlineColumn.summary column row.Numbers |> cell (OnlineColumn.shown measure column)
            ]
            rows
        Html.styled
            "note"
            ("Numbers are means over finished runs"
             + Plural.given
                 (rows |> List.exists (fun row -> row.Numbers.Length > 1))
                 ", with 95 % intervals over seeds below them"
             + ". The same folder has a row for each run in online.csv.")
        for line in OnlineRates.describe sweep.Runs do
            Html.styled "note" line
        Html.facts "What the columns mean" [ for column in columns -> column.Head, column.Meaning ]
    ]

/// "a 45.0, b 60.0", for those who do not see a chart.
let private spoken (what: string) (number: Run -> float) (groups: ResultGroup list) : string =
    [
        for group in groups -> $"{OnlineTable.title group} {Shown.number (group.Runs |> List.averageBy number)}"
    ]
    |> String.concat ", "
    |> sprintf "%s: %s." what

let private success (groups: ResultGroup list) : XmlNode list =
    SuccessCurves.panels groups
    |> Html.figure
        "figure-success"
        "Acting: the share of successes among the episodes that ended in each twentieth of the online phase. \
         Evaluation: the share in each evaluation, the first at the switch. Bands are 95 % intervals over seeds. \
         Acting takes the actions that the configuration says: drawn, noisy or greedy ones. So the two lines differ \
         also without any learning."
        (spoken "Episodes ended while acting" (_.Acting.Length >> float) groups)

let private buffer (groups: ResultGroup list) : XmlNode list =
    let rows (run: Run) = if run.Acting.IsEmpty then 0.0 else float run.Acting[run.Acting.Length - 1].OnlineRows

    let kinds =
        groups
        |> List.collect (_.Runs >> List.choose Run.online >> List.map BufferRows.words)
        |> List.distinct

    BufferRows.panels groups
    |> Html.figure
        "figure-buffer"
        ($"The rows that batches are drawn from ({Plural.either kinds}), after each finished episode of one run. Rows \
           of data are below, rows of acting on top. acting.csv has these numbers for each run.")
        (spoken "Rows of acting at the end" rows groups)

let private published (curves: PublishedRun list) (groups: ResultGroup list) : XmlNode list =
    let budgets =
        [
            for group in groups do
                for online in Option.toList (Run.online group.Runs.Head) ->
                    $"{Plural.thousands online.OfflineSteps} and {Plural.thousands online.OnlineSteps}"
        ]
        |> List.distinct
        |> Plural.either

    let runs = groups |> List.collect (OnlineTable.published curves)
    let steps = Plural.thousands PublishedRun.steps

    BesidePublished.panels curves groups
    |> Html.figure
        "figure-published"
        ("Grey: published runs of CORL on D4RL's data, their mean, and a band from the lowest to the highest. They are \
          laid over the same shares of each phase as ours. Their phases had "
         + $"{steps} updates and {steps} environment steps. Ours had {budgets}. Blue: our mean with its 95 %% interval \
             over seeds.")
        $"Curves of {runs.Length} published runs below ours."

/// The sections of a sweep whose runs go on online; none for another.
let ofSweep (curves: PublishedRun list) (sweep: SweepResults) : Sections.Section list =
    let groups = OnlineTable.groups sweep

    let judged =
        match Measure.ofRuns sweep.Runs with
        | Some measure when not groups.IsEmpty -> table measure curves sweep
        | _ -> []

    [
        "online", "The online phase", judged
        "published", "Beside published curves", published curves groups
        "success", "Success while acting and in evaluations", success groups
        "buffer", "What the buffer holds", buffer groups
    ]
    |> Sections.shown ""
