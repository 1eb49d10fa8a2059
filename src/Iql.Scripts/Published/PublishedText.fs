/// Published tables as lines of text.
module Iql.Scripts.PublishedText

let private shown (table: PublishedTable) (score: PublishedScore option) : string =
    match score with
    | None -> "–"
    | Some { Value = value; Spread = None } -> PublishedTable.number table value
    | Some { Value = value; Spread = Some spread } ->
        $"{PublishedTable.number table value} ± {PublishedTable.number table spread}"

let private kind (total: PublishedTotal) : string =
    match total.Kind with
    | PublishedTotalKind.Sum -> $"sum {total.Name}"
    | PublishedTotalKind.Mean -> $"mean {total.Name}"

/// A table with its source: rows in their order, every total below the rows it closes.
let lines (table: PublishedTable) : string list =
    let total (total: PublishedTotal) =
        kind total
        :: [
            for figure in total.Figures -> figure |> Option.map (PublishedTable.number table) |> Option.defaultValue "–"
        ]

    let after dataset =
        table.Totals
        |> List.filter (fun total -> List.tryLast total.Datasets = Some dataset)
        |> List.map total

    [
        yield $"{table.Title} ({table.Name}): {table.Source}"
        yield $"  {table.Protocol}"
        yield ""
        yield!
            TextTable.lines [
                yield "dataset" :: List.map Published.title table.Algorithms
                for dataset, scores in table.Rows do
                    yield dataset :: List.map (shown table) scores
                    yield! after dataset
                // Totals whose rows are not known.
                for each in table.Totals do
                    if each.Datasets.IsEmpty then
                        yield total each
            ]
            |> List.map (fun line -> "  " + line)
    ]
