/// What a comparison found, in plain words, written from the numbers alone.
module Iql.Scripts.ComparisonFindings

open Iql.Scripts.Statistics

let private names (contenders: string list) : string =
    contenders |> List.map Published.title |> Findings.listed

/// Who leads, with a number, and who cannot be told from the leader.
let private lead (what: string) (entries: (string * (float * Interval option) option * bool) list) : Html list =
    let present = [
        for name, value, leads in entries do
            match value with
            | Some(value, interval) -> name, value, interval, leads
            | None -> ()
    ]

    match present with
    | [] -> [ Html.paragraph "No run has finished, so there is nothing to compare yet." ]
    | _ ->
        let best, value, interval, _ = present |> List.maxBy (fun (_, value, _, _) -> value)

        let shown =
            match interval with
            | Some interval -> Cells.showEstimate { Value = value; Interval = interval }
            | None -> $"{Cells.show value} (one run)"

        let others = present |> List.filter (fun (name, _, _, _) -> name <> best)

        let equals = [
            for name, _, _, leads in others do
                if leads then
                    name
        ]

        [
            Html.element "p" [ "class", "lead" ] [
                Html.text $"The highest {what} is that of "
                Html.strong (Published.title best)
                Html.text ", "
                Html.strong shown
                Html.text "."
            ]
            match others, equals with
            | [], _ -> ()
            | _ when interval.IsNone -> ()
            | _, [] ->
                Html.paragraph
                    $"""Its lead over {if others.Length = 1 then
                                           "the other"
                                       else
                                           "each of the others"} is larger than the spread between seeds explains."""
            | _ ->
                Html.paragraph
                    $"It cannot be told from {names equals}: the 95 %% interval of the difference holds zero."
        ]

/// Tasks on which somebody else than the overall leader is ahead of all, by more than the spread between seeds.
let private elsewhere (best: string option) (table: ScoreTable) : Html list =
    let clear = [
        for row in table.Rows do
            match
                [
                    for name, cell in List.zip table.Contenders row.Cells do
                        if cell.Leads then
                            name
                ]
            with
            | [ only ] when Some only <> best && row.Cells.Length > 1 && table.Seeds > 1 -> only, row.Task
            | _ -> ()
    ]

    [
        for name, tasks in List.groupBy fst clear do
            Html.paragraph
                $"On {tasks |> List.map snd |> Findings.listed} it is {Published.title name}, whose lead over each of the others is larger than the spread between seeds explains."
    ]

/// How often the figures others published fall into our intervals, where the data are the same.
let private agreement (table: ScoreTable) : Html list = [
    for source in table.Published do
        let pairs = [
            for row in table.Rows do
                if row.ForeignData.IsNone then
                    for contender, cell in List.zip table.Contenders row.Cells do
                        match PublishedTable.find row.Task contender source, cell.Summary with
                        | Some theirs, Some { Interval = Some interval } -> theirs.Value, interval
                        | _ -> ()
        ]

        if not pairs.IsEmpty then
            let inside =
                pairs
                |> List.filter (fun (value, interval) -> value >= interval.Low && value <= interval.High)

            Html.paragraph
                $"{source.Title}: {inside.Length} of {pairs.Length} published figures of the same data lie within our 95 %% intervals."
]

let private caution (table: ScoreTable) : Html list =
    let sentences = [
        if table.Last = 1 then
            "Every number is that of a run's last evaluation; no best policy was picked."
        else
            $"Every number is the mean of a run's last {table.Last} evaluations; no best policy was picked."
        if table.Seeds = 1 then
            "There is one seed, so there are no intervals: any difference may be chance."
        else
            let few =
                if table.Seeds < 5 then
                    "; with fewer than five or so seeds they come out too narrow, so read them as the least uncertainty there is"
                else
                    ""

            let over =
                if table.Rows.Length > 1 then
                    ", drawn within each task where tasks are put together"
                else
                    ""

            $"""Brackets are 95 %% percentile-bootstrap intervals over {Findings.count table.Seeds "seed"}{over}{few}."""
        if
            table.Rows
            |> List.exists (fun row -> row.Cells |> List.exists (fun cell -> cell.Diverged > 0))
        then
            "Runs that diverged are left out of the means, which makes their algorithm look better than it is."
    ]

    [
        Html.element "p" [ "class", "under" ] [ Html.text (String.concat " " sentences) ]
    ]

/// The findings of a table: who leads, where others do, how it agrees with what was published, and how far to trust it all.
let ofTable (table: ScoreTable) : Html list =
    let title = Cells.measureTitle table.Measure

    let leads, best =
        match ScoreTable.aggregate "mean" table, table.Rows with
        | Some mean, rows when List.exists Option.isSome mean.Estimates ->
            let best =
                List.zip table.Contenders mean.Estimates
                |> List.choose (fun (name, value) -> value |> Option.map (fun value -> name, value.Value))
                |> List.maxBy snd
                |> fst

            lead $"{title} over {rows.Length} tasks" [
                for name, value, leads in List.zip3 table.Contenders mean.Estimates mean.Leads ->
                    let interval (estimate: Estimate) =
                        estimate.Value, (if table.Seeds > 1 then Some estimate.Interval else None)

                    name, Option.map interval value, leads
            ],
            Some best
        | _, [ row ] ->
            lead $"{title} on {row.Task}" [
                for name, cell in List.zip table.Contenders row.Cells ->
                    name, cell.Summary |> Option.map (fun summary -> summary.Mean, summary.Interval), cell.Leads
            ],
            None
        | _ -> [], None

    leads
    @ (if table.Rows.Length > 1 then elsewhere best table else [])
    @ agreement table
    @ caution table
