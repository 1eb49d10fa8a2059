/// What a score table found, in plain words, written from the numbers alone: paragraphs, the most important first.
module Iql.Scripts.ScoreFindings

/// Who leads, with a number, and who cannot be told from the leader.
let private lead (measure: Measure) (what: string) (contenders: string list) (line: ScoreLine) : string list =
    let present = [
        for name, entry in List.zip contenders line.Entries do
            for entry in Option.toList entry -> Published.title name, entry
    ]

    match present with
    | [] -> [ "No run has finished, so there is nothing to compare yet." ]
    | _ ->
        let entry = present |> List.map snd |> List.maxBy _.Value
        let shown (entry: ScoreEntry) = Shown.measured measure entry.Value

        let ties, others = present |> List.partition (fun (_, other) -> shown other = shown entry)

        let best = ties |> List.map fst |> Plural.listed
        let value = $"**{Shown.mean entry.Value entry.Interval}**"
        let equals = others |> List.filter (fun (_, entry) -> entry.Leads) |> List.map fst

        [
            if Findings.isRandom measure entry.Value then
                $"**Nothing beat a random policy.** The highest {what} is {value}."
            else
                if ties.Length > 1 then
                    $"**{best}** tie for the highest {what}, {value}."
                else
                    $"The highest {what} is from **{best}**, {value}."

                match others.Length, equals with
                | 0, _ -> ()
                | _ when entry.Interval.IsNone -> ()
                | 1, [] -> "The lead over the other is larger than the spread between seeds."
                | _, [] -> "The lead over each of the others is larger than the spread between seeds."
                | _ ->
                    $"There is no clear difference to {Plural.listed equals}: the 95 %% interval of the difference \
                      contains zero."
        ]

/// Tasks on which somebody else than the overall leader is ahead of all, by more than the spread between seeds.
let private elsewhere (best: string option) (table: ScoreTable) : string list =
    let clear = [
        for row in ScoreTable.ours table.Rows do
            let ahead = [
                for name, entry in List.zip table.Contenders row.Entries do
                    if entry |> Option.exists _.Leads then
                        name
            ]

            match ahead with
            | [ only ] when Some only <> best && table.Contenders.Length > 1 && table.Seeds > 1 -> only, row.Heading
            | _ -> ()
    ]

    [
        for name, tasks in List.groupBy fst clear ->
            $"On {tasks |> List.map snd |> Plural.listed} the highest is {Published.title name}. Its lead over each \
              other algorithm is larger than the spread between seeds."
    ]

/// How often the figures others published fall into our intervals, where the data are the same.
let private agreement (table: ScoreTable) : string list = [
    for source in table.Published do
        let pairs = [
            for row in ScoreTable.ours table.Rows do
                if row.ForeignData.IsNone then
                    for contender, entry in List.zip table.Contenders row.Entries do
                        match PublishedTable.find row.Heading contender source, entry with
                        | Some theirs, Some { Interval = Some interval } -> theirs.Value, interval
                        | _ -> ()
        ]

        if not pairs.IsEmpty then
            let inside =
                pairs |> List.filter (fun (value, interval) -> value >= interval.Low && value <= interval.High)

            $"{source.Title}: {inside.Length} of {pairs.Length} published scores of the same data are within our 95 %% \
              intervals."
]

/// What the numbers are.
let private basis (table: ScoreTable) : string =
    let number =
        if table.Last = 1 then
            "from the last evaluation of a run"
        else
            $"the mean of the last {table.Last} evaluations of a run"

    let several =
        Plural.given ((ScoreTable.tasks table).Length > 1) ", sums and means; the bootstrap's for median, IQM and gap"

    let brackets =
        Plural.given
            (table.Seeds > 1)
            $" Brackets are 95 %% intervals over {table.Seeds} seeds: Student's for one task{several}."

    $"Every number is {number}. No best policy was selected.{brackets}"

/// The findings of a table: who leads, where others do, how it agrees with what was published, and what the numbers
/// are.
let ofTable (table: ScoreTable) : string list =
    let title = Measure.title table.Measure

    [
        match ScoreTable.total "mean" table, ScoreTable.ours table.Rows with
        | Some mean, rows when List.exists Option.isSome mean.Entries ->
            let best, _ = List.zip table.Contenders mean.Entries |> List.maxBy (snd >> Option.map _.Value)

            yield! lead table.Measure $"{title} over {rows.Length} tasks" table.Contenders mean
            yield! elsewhere (Some best) table
        | _, [ row ] -> yield! lead table.Measure $"{title} on {row.Heading}" table.Contenders row
        | _ -> yield! elsewhere None table
        yield! agreement table
        basis table
    ]

/// Variances of the differences of two contenders on a task, over their common seeds.
let private variances (sweep: SweepResults) (table: ScoreTable) : float list = [
    for task in ScoreTable.tasks table do
        let scores = [
            for name in table.Contenders ->
                Map [
                    for run in ScoreTable.runsOf task name sweep do
                        for score in Option.toList (Run.lastOf sweep.Plan.Last table.Measure run) ->
                            run.Config.Seed, score
                ]
        ]

        for i, first in List.indexed scores do
            for second in List.skip (i + 1) scores do
                let differences = [
                    for KeyValue(seed, score) in first do
                        for other in Option.toList (second.TryFind seed) -> score - other
                ]

                if differences.Length > 1 then
                    Statistics.std (Array.ofList differences) ** 2.0
]

/// How many seeds find the difference that the reader asked for, between two algorithms on one task.
let seedsNeeded (sweep: SweepResults) (table: ScoreTable) : string list =
    match Option.ofNullable sweep.Plan.Difference, variances sweep table with
    | None, _ -> []
    | Some points, [] -> [
        $"**Seeds for a difference of {Shown.number points}.** Two algorithms need two common seeds to say this."
      ]
    | Some points, variances ->
        let deviation = sqrt (List.average variances)

        let seeds =
            match SeedsNeeded.paired (1.0 - RunSummary.confidence) 0.8 (max deviation 1e-9) points with
            | Some count -> Plural.count count "common seed"
            | None -> "more than 10,000 common seeds"

        [
            $"**Seeds for a difference of {Shown.number points}.** Differences of two algorithms on one task vary by \
              {Shown.number deviation} between seeds (standard deviation). So it takes {seeds} to find such a \
              difference in four of five studies. There are {table.Seeds} now."
        ]
