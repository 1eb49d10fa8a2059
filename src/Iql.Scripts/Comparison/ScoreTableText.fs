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

/// "72.3 ± 7.9": a value and half the width of its interval.
let private estimate (measure: Measure) (value: float) (interval: Interval option) : string =
    match interval with
    | Some interval -> $"{number measure value} ± {number measure ((interval.High - interval.Low) / 2.0)}"
    | None -> number measure value

/// A cell of ours: an asterisk where runs are left out.
let private cell (measure: Measure) (cell: ScoreCell) : string =
    match cell.Summary with
    | None -> "–"
    | Some summary ->
        estimate measure summary.Mean summary.Interval
        + (if cell.Diverged + cell.Waiting > 0 then "*" else "")

let private published (score: PublishedScore option) : string =
    match score with
    | None -> "–"
    | Some { Value = value; Spread = None } -> tenth value
    | Some { Value = value; Spread = Some spread } -> $"{tenth value} ± {tenth spread}"

/// Rows with a dagger where published figures are of other data.
let private rowName (row: ScoreRow) : string =
    row.Task + (if row.ForeignData.IsSome then " †" else "")

/// One block of columns: heads, then a list of cells for each row of the table and each aggregate.
type private Block = {
    Heads: string list
    Body: string list list
    Totals: string list list
}

let private own (table: ScoreTable) : Block = {
    Heads = List.map Published.title table.Contenders
    Body = [ for row in table.Rows -> List.map (cell table.Measure) row.Cells ]
    Totals = [
        for aggregate in table.Aggregates ->
            [
                for value in aggregate.Estimates ->
                    match value with
                    | Some value -> estimate table.Measure value.Value (Some value.Interval)
                    | None -> "–"
            ]
    ]
}

let private others (table: ScoreTable) : Block list = [
    for i, source in List.indexed table.Published ->
        {
            Heads = [
                for algorithm in source.Algorithms -> $"{Published.title algorithm}, {source.Title}"
            ]
            Body = [
                for row in table.Rows ->
                    [
                        for algorithm in source.Algorithms -> published (PublishedTable.find row.Task algorithm source)
                    ]
            ]
            Totals = [
                for aggregate in table.Aggregates ->
                    [
                        for value in List.item i aggregate.Published ->
                            value |> Option.map tenth |> Option.defaultValue "–"
                    ]
            ]
        }
]

let private cells (table: ScoreTable) (blocks: Block list) : string list list = [
    yield "task" :: List.collect _.Heads blocks
    for i, row in List.indexed table.Rows do
        yield
            rowName row
            :: [
                for block in blocks do
                    yield! List.item i block.Body
            ]
    for i, aggregate in List.indexed table.Aggregates do
        yield
            aggregate.Name
            :: [
                for block in blocks do
                    yield! List.item i block.Totals
            ]
]

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
            $"† {row.Task}: learned from {why}; the published figures are of D4RL's."

    for source in table.Published do
        $"{source.Title}: {source.Source}; {source.Protocol}."
]

/// Lines for a terminal: published columns beside ours where all fit into `width`, else below them.
let lines (width: int) (table: ScoreTable) : string list =
    let whole = TextTable.lines (cells table (own table :: others table))

    if whole |> List.forall (fun line -> line.Length <= width) then
        whole
    else
        [
            yield! TextTable.lines (cells table [ own table ])
            for block in others table do
                yield ""
                yield! TextTable.lines (cells table [ block ])
        ]

/// A Markdown table; what leads its row is bold.
let markdown (table: ScoreTable) : string =
    let bold leads (text: string) = if leads then $"**{text}**" else text
    let mine = own table

    let emphasised = {
        mine with
            Body = [
                for row, texts in List.zip table.Rows mine.Body ->
                    [ for cell, text in List.zip row.Cells texts -> bold cell.Leads text ]
            ]
            Totals = [
                for aggregate, texts in List.zip table.Aggregates mine.Totals ->
                    [ for leads, text in List.zip aggregate.Leads texts -> bold leads text ]
            ]
    }

    [
        yield! TextTable.markdown (cells table (emphasised :: others table))
        for note in notes table do
            yield ""
            yield note
    ]
    |> String.concat "\n"
    |> fun text -> text + "\n"

/// A LaTeX table for \usepackage{booktabs}; what leads its row is bold.
let latex (table: ScoreTable) : string =
    let escape (text: string) =
        text.Replace("%", "\\%").Replace("_", "\\_").Replace("&", "\\&").Replace("†", "$^\\dagger$").Replace("–", "--")

    let small (text: string) =
        match text.Split " ± " with
        | [| value; spread |] -> $"{value} {{\\scriptsize$\\pm$\\,{spread}}}"
        | _ -> text

    let bold leads (text: string) =
        match leads, text.Split " ± " with
        | true, [| value; spread |] -> $"\\textbf{{{value}}} {{\\scriptsize$\\pm$\\,{spread}}}"
        | true, _ -> $"\\textbf{{{text}}}"
        | false, _ -> small text

    let mine, theirs = own table, others table

    let columns =
        String.replicate (mine.Heads.Length + (theirs |> List.sumBy _.Heads.Length)) "r"

    let line (name: string) (ownCells: (bool * string) list) (otherCells: string list) =
        escape name :: [ for leads, text in ownCells -> bold leads (escape text) ]
        @ [ for text in otherCells -> small (escape text) ]
        |> String.concat " & "
        |> fun cells -> cells + " \\\\"

    let other pick i = [
        for block in theirs do
            yield! List.item i (pick block)
    ]

    [
        "% \\usepackage{booktabs}"
        for note in notes table do
            $"%% {note}"
        $"\\begin{{tabular}}{{l{columns}}}"
        "\\toprule"
        line "task" [ for head in mine.Heads -> false, head ] (theirs |> List.collect _.Heads)
        "\\midrule"
        for i, row in List.indexed table.Rows do
            let own = [
                for cell, text in List.zip row.Cells (List.item i mine.Body) -> cell.Leads, text
            ]

            line (rowName row) own (other _.Body i)
        if not table.Aggregates.IsEmpty then
            "\\midrule"

            for i, aggregate in List.indexed table.Aggregates do
                line aggregate.Name (List.zip aggregate.Leads (List.item i mine.Totals)) (other _.Totals i)
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
