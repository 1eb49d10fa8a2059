/// What a score table found, in plain words, written from the numbers alone.
module Iql.Scripts.ScoreFindings

open Giraffe.ViewEngine

/// Who leads, with a number, and who cannot be told from the leader.
let private lead (measure: Measure) (what: string) (contenders: string list) (line: ScoreLine) : XmlNode list =
    let present = [
        for name, entry in List.zip contenders line.Entries do
            for entry in Option.toList entry -> Published.title name, entry
    ]

    match present with
    | [] -> [ Html.paragraph "No run has finished, so there is nothing to compare yet." ]
    | _ ->
        let entry = present |> List.map snd |> List.maxBy _.Value
        let shown (entry: ScoreEntry) = Shown.measured measure entry.Value

        let ties, others =
            present |> List.partition (fun (_, other) -> shown other = shown entry)

        let best, value =
            ties |> List.map fst |> Plural.listed, Shown.mean entry.Value entry.Interval

        let equals = others |> List.filter (fun (_, entry) -> entry.Leads) |> List.map fst

        [
            if Findings.isRandom measure entry.Value then
                Findings.lead [
                    true, "Nothing beat a random policy. "
                    false, $"The highest {what} is "
                    true, value
                    false, "."
                ]
            elif ties.Length > 1 then
                Findings.lead [ true, best; false, $" tie for the highest {what}, "; true, value; false, "." ]
            else
                Findings.lead [
                    false, $"The highest {what} is from "
                    true, best
                    false, ", "
                    true, value
                    false, "."
                ]
            if not others.IsEmpty && entry.Interval.IsSome && not (Findings.isRandom measure entry.Value) then
                if equals.IsEmpty then
                    let each =
                        if others.Length = 1 then
                            "the other"
                        else
                            "each of the others"

                    Html.paragraph $"The lead over {each} is larger than the spread between seeds."
                else
                    Html.paragraph
                        $"There is no clear difference to {Plural.listed equals}: the 95 %% interval of the \
                          difference contains zero."
        ]

/// Tasks on which somebody else than the overall leader is ahead of all, by more than the spread between seeds.
let private elsewhere (best: string option) (table: ScoreTable) : XmlNode list =
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
            Html.paragraph
                $"On {tasks |> List.map snd |> Plural.listed} the highest is {Published.title name}, with a lead \
                  over each of the others that is larger than the spread between seeds."
    ]

/// How often the figures others published fall into our intervals, where the data are the same.
let private agreement (table: ScoreTable) : XmlNode list = [
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
                pairs
                |> List.filter (fun (value, interval) -> value >= interval.Low && value <= interval.High)

            Html.paragraph
                $"{source.Title}: {inside.Length} of {pairs.Length} published scores of the same data are within our \
                  95 %% intervals."
]

/// What the numbers are.
let private basisNote (table: ScoreTable) : XmlNode =
    let sentences = [
        if table.Last = 1 then
            "Every number is from the last evaluation of a run. No best policy was selected."
        else
            $"Every number is the mean of the last {table.Last} evaluations of a run. No best policy was selected."
        if table.Seeds > 1 then
            let several = (ScoreTable.tasks table).Length > 1
            let over = if several then ", resampled within each task" else ""
            $"Brackets are 95 %% percentile-bootstrap intervals over {table.Seeds} seeds{over}."
    ]

    Html.styled "under" (String.concat " " sentences)

/// The findings of a table: who leads, where others do, how it agrees with what was published, and what the numbers
/// are.
let ofTable (table: ScoreTable) : XmlNode list =
    let title = Measure.title table.Measure

    [
        match ScoreTable.total "mean" table, ScoreTable.ours table.Rows with
        | Some mean, rows when List.exists Option.isSome mean.Entries ->
            let best, _ =
                List.zip table.Contenders mean.Entries |> List.maxBy (snd >> Option.map _.Value)

            yield! lead table.Measure $"{title} over {rows.Length} tasks" table.Contenders mean
            yield! elsewhere (Some best) table
        | _, [ row ] -> yield! lead table.Measure $"{title} on {row.Heading}" table.Contenders row
        | _ -> yield! elsewhere None table
        yield! agreement table
        yield basisNote table
    ]
