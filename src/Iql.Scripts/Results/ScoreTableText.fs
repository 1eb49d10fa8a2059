/// A score table as text, as Markdown and as LaTeX.
module Iql.Scripts.ScoreTableText

open System.Globalization

let private tenth (value: float) : string = value.ToString("0.0", CultureInfo.InvariantCulture).Replace("-0.0", "0.0")

let private text (lines: string list) : string = String.concat "\n" lines + "\n"

let private number (measure: Measure) (value: float) : string =
    match measure with
    | Score -> tenth value
    | Return -> Shown.number value

/// "72.3 ± 7.9": our mean and half the width of its interval, or a published score; an asterisk where runs are missing.
/// Where runs went on online, the same before it: "40.1 ± 3.0 → 72.3 ± 7.9".
let rec private entry (measure: Measure) (entry': ScoreEntry option) : string =
    match entry' with
    | None -> "–"
    | Some({ Before = Some before } as after) ->
        $"{entry measure (Some { before with Partial = false })} → {entry measure (Some { after with Before = None })}"
    | Some entry ->
        let value = number measure entry.Value
        let mark = if entry.Partial then "*" else ""

        match entry.Interval, entry.Spread with
        | Some interval, _ -> $"{value} ± {number measure ((interval.High - interval.Low) / 2.0)}{mark}"
        | None, Some spread -> $"{value} ± {number measure spread}"
        | None, None -> value + mark

/// A line's name, with a dagger where published figures are of other data; those of others are set in.
let heading (indent: string) (line: ScoreLine) : string =
    match line.Source, line.ForeignData with
    | Some source, Some _ -> $"{indent}{source.Title}, on D4RL's data"
    | Some source, None -> indent + source.Title
    | None, Some _ -> line.Heading + " †"
    | None, None -> line.Heading

/// The heads of the columns.
let heads (table: ScoreTable) : string list = "task" :: List.map Published.title table.Contenders

/// What a reader must know of the numbers, in sentences.
let notes (table: ScoreTable) : string list = [
    let online = table.Phase <> PublishedPhase.Offline

    let what =
        match table.Measure with
        | Score -> "Normalised scores (0 random, 100 expert)"
        | Return -> "Returns"

    let what =
        match online, table.Last with
        | true, 1 -> $"{what} of the last evaluations before → after going online"
        | true, last -> $"{what} before → after going online: the last evaluation → the mean of the last {last}"
        | false, 1 -> $"{what} of last evaluations"
        | false, last -> $"{what}, each the mean of a run's last {last} evaluations"

    let what =
        Plural.given (table.Measure = Return) " (not every task has reference scores, so there are no totals)"
        |> (+) what

    if table.Seeds = 1 then
        $"{what}. There is one seed, so there are no intervals. Any difference may be chance."
    else
        $"{what}: mean over {table.Seeds} seeds ± half the width of the 95 %% interval."

    for line in ScoreTable.ours table.Rows do
        for contender, diverged, waiting in List.zip3 table.Contenders line.Diverged line.Waiting do
            if diverged > 0 then
                $"* {Published.title contender} on {line.Heading}: {diverged} of {table.Seeds} runs diverged and are \
                  left out."

            if waiting > 0 then
                $"* {Published.title contender} on {line.Heading}: {waiting} of {table.Seeds} runs have no result yet."

    for line in ScoreTable.ours table.Rows do
        for why in Option.toList line.ForeignData do
            $"† {line.Heading}: the data are {why}. The published scores are for D4RL's data."

    for source, versions in
        ScoreTable.tasks table
        |> List.collect (fun task -> Published.otherVersions table.Phase task table.Contenders)
        |> List.groupBy fst do
        if table.Measure = Score then
            let first = snd versions.Head
            let names = versions |> List.map snd |> String.concat ", "

            if online then
                $"{source.Title} scores {names}: another version, which is different data."
            else
                $"{source.Title} scores {names} instead. Another version is different data, so its scores are not \
                  shown here (`iql compare --published --task {first}` shows them)."

    for source in table.Published do
        $"{source.Title}: {source.Source}; {source.Protocol}."

    if not (table.Published.IsEmpty || table.Totals.IsEmpty) then
        "Sums and means of published scores are computed from the rounded rows above."
]

/// Lines for a terminal.
let lines (table: ScoreTable) : string list =
    TextTable.lines [
        yield heads table
        for line in table.Rows @ table.Totals do
            yield heading "  " line :: List.map (entry table.Measure) line.Entries
    ]

/// A Markdown table; what leads its row is bold.
let markdown (table: ScoreTable) : string =
    let bold (each: ScoreEntry option) =
        let shown = entry table.Measure each
        if Option.exists _.Leads each then $"**{shown}**" else shown

    [
        yield!
            TextTable.markdown [
                yield heads table
                for line in table.Rows @ table.Totals do
                    yield heading "&emsp;" line :: List.map bold line.Entries
            ]
        for note in notes table do
            yield ""
            yield note
    ]
    |> text

/// A LaTeX table for \usepackage{booktabs}; what leads its row is bold.
let latex (table: ScoreTable) : string =
    let escape (text: string) =
        (text.Replace("%", "\\%").Replace("_", "\\_").Replace("&", "\\&"))
            .Replace(" †", "$^\\dagger$")
            .Replace("–", "--")

    let set (each: ScoreEntry option) =
        let part isBold (shown: string) =
            let bold shown = if isBold then $"\\textbf{{{shown}}}" else shown

            match shown.Split " ± " with
            | [| value; spread |] -> $"{bold value} {{\\scriptsize$\\pm$\\,{spread}}}"
            | parts -> bold parts[0]

        let leads = Option.exists _.Leads each

        match (entry table.Measure each |> escape).Split " → " with
        | [| before; after |] -> $"{part false before} $\\to$ {part leads after}"
        | parts -> part leads parts[0]

    let row (cells: string list) = String.concat " & " cells + " \\\\"

    let body (lines: ScoreLine list) = [
        for line in lines -> escape (heading "\\quad " line) :: List.map set line.Entries |> row
    ]

    let columns = String.replicate table.Contenders.Length "r"

    [
        "% \\usepackage{booktabs}"
        for note in notes table do
            $"%% {note}"
        $"\\begin{{tabular}}{{l{columns}}}"
        "\\toprule"
        heads table |> List.map escape |> row
        "\\midrule"
        yield! body table.Rows
        if not table.Totals.IsEmpty then
            "\\midrule"
            yield! body table.Totals
        "\\bottomrule"
        "\\end{tabular}"
    ]
    |> text
