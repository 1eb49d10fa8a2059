/// A score table as text, as Markdown, as LaTeX, and its scores as comma-separated values.
module Iql.Scripts.ScoreTableText

open System.Globalization
open Iql.Scripts.Statistics

let private tenth (value: float) : string =
    value.ToString("0.0", CultureInfo.InvariantCulture).Replace("-0.0", "0.0")

let private number (measure: Measure) (value: float) : string =
    match measure with
    | Score -> tenth value
    | Return -> Cells.show value

/// "72.3 ± 7.9": our mean and half the width of its interval, or what others published; an asterisk where runs are left out.
let private entry (measure: Measure) (entry: ScoreEntry option) : string =
    match entry with
    | None -> "–"
    | Some entry ->
        let value = number measure entry.Value
        let mark = if entry.Partial then "*" else ""

        match entry.Interval, entry.Spread with
        | Some interval, _ -> $"{value} ± {number measure ((interval.High - interval.Low) / 2.0)}{mark}"
        | None, Some spread -> $"{value} ± {number measure spread}"
        | None, None -> value + mark

let private leads (entry: ScoreEntry option) : bool = entry |> Option.exists _.Leads

/// A row's name, with a dagger where published figures are of other data; those of others stand below, set in.
let private name (indent: string) (line: ScoreLine) : string =
    match line.Source with
    | Some source -> indent + source
    | None -> line.Heading + (if line.ForeignData then " †" else "")

let private heads (table: ScoreTable) : string list =
    "task" :: List.map Published.title table.Contenders

/// What a reader must know of the numbers, in sentences.
let notes (table: ScoreTable) : string list = [
    let what =
        match table.Measure, table.Last with
        | Score, 1 -> "Normalised scores (0 random, 100 expert) of last evaluations"
        | Return, 1 -> "Returns of last evaluations (not every task has reference scores, so nothing is added up)"
        | Score, last -> $"Normalised scores (0 random, 100 expert), each the mean of a run's last {last} evaluations"
        | Return, last ->
            $"Returns, each the mean of a run's last {last} evaluations (not every task has reference scores, so nothing is added up)"

    if table.Seeds = 1 then
        $"{what}; one seed, so there are no intervals: any difference may be chance."
    else
        $"{what}: mean over {table.Seeds} seeds ± half the width of the 95 %% bootstrap interval."

    for row in table.Rows do
        for contender, cell in List.zip table.Contenders row.Cells do
            if cell.Diverged > 0 then
                $"* {Published.title contender} on {row.Task}: {cell.Diverged} of {table.Seeds} runs diverged and are left out."

            if cell.Waiting > 0 then
                $"* {Published.title contender} on {row.Task}: {cell.Waiting} of {table.Seeds} runs have no result yet."

    for row in table.Rows do
        for why in Option.toList row.ForeignData do
            $"† {row.Task}: learned from {why}. The published figures are of D4RL's data, not of these."

    for source, versions in
        table.Rows
        |> List.collect (fun row -> Published.otherVersions row.Task table.Contenders)
        |> List.groupBy fst do
        if table.Measure = Score then
            let names = versions |> List.map snd

            $"""{source.Title} scores {String.concat ", " names} instead: another version is other data, whose figures do not stand here (`iql compare --published --task {List.head names}` shows them)."""

    for source in table.Published do
        $"{source.Title}: {source.Source}; {source.Protocol}."

    if not (table.Published.IsEmpty || table.Aggregates.IsEmpty) then
        "Sums and means of published figures are those of the rows above, which are rounded."
]

/// Lines for a terminal.
let lines (table: ScoreTable) : string list =
    TextTable.lines [
        yield heads table
        for line in ScoreTable.rows table @ ScoreTable.totals table do
            yield name "  " line :: List.map (entry table.Measure) line.Entries
    ]

/// A Markdown table; what leads its row is bold.
let markdown (table: ScoreTable) : string =
    let bold (each: ScoreEntry option) =
        let text = entry table.Measure each
        if leads each then $"**{text}**" else text

    [
        yield!
            TextTable.markdown [
                yield heads table
                for line in ScoreTable.rows table @ ScoreTable.totals table do
                    yield name "&emsp;" line :: List.map bold line.Entries
            ]
        for note in notes table do
            yield ""
            yield note
    ]
    |> String.concat "\n"
    |> fun text -> text + "\n"

/// A LaTeX table for \usepackage{booktabs}; what leads its row is bold.
let latex (table: ScoreTable) : string =
    let escape (text: string) =
        text.Replace("%", "\\%").Replace("_", "\\_").Replace("&", "\\&").Replace(" †", "$^\\dagger$").Replace("–", "--")

    let set (each: ScoreEntry option) =
        let bold text =
            if leads each then $"\\textbf{{{text}}}" else text

        match (entry table.Measure each |> escape).Split " ± " with
        | [| value; spread |] -> $"{bold value} {{\\scriptsize$\\pm$\\,{spread}}}"
        | parts -> bold parts[0]

    let row (cells: string list) = String.concat " & " cells + " \\\\"

    let body (lines: ScoreLine list) = [
        for line in lines -> escape (name "\\quad " line) :: List.map set line.Entries |> row
    ]

    let totals = ScoreTable.totals table
    let columns = String.replicate table.Contenders.Length "r"

    [
        "% \\usepackage{booktabs}"
        for note in notes table do
            $"%% {note}"
        $"\\begin{{tabular}}{{l{columns}}}"
        "\\toprule"
        heads table |> List.map escape |> row
        "\\midrule"
        yield! body (ScoreTable.rows table)
        if not totals.IsEmpty then
            "\\midrule"
            yield! body totals
        "\\bottomrule"
        "\\end{tabular}"
    ]
    |> String.concat "\n"
    |> fun text -> text + "\n"

/// A line a run: task, algorithm, seed, outcome, its number in the table, steps and seconds.
let csv (results: ComparisonResults) (table: ScoreTable) : string =
    let text (value: float option) =
        value |> Option.map Json.numberText |> Option.defaultValue ""

    let measured =
        match table.Measure with
        | Score -> "score"
        | Return -> "return"

    [
        $"task,algorithm,seed,outcome,{measured},steps,seconds"
        for task, sweep in results.Tasks do
            for contender in table.Contenders do
                for run in ScoreTable.runsOf contender sweep do
                    let outcome, score =
                        match run.Outcome with
                        | Finished -> "finished", Cells.lastOf table.Last table.Measure run
                        | Diverged _ -> "diverged", None
                        | Unfinished _ -> "unfinished", None

                    [
                        task
                        contender
                        string run.Settings.Seed
                        outcome
                        text score
                        text (Json.number "steps" run.Result)
                        text (Json.number "seconds" run.Result)
                    ]
                    |> String.concat ","
    ]
    |> String.concat "\n"
    |> fun text -> text + "\n"
