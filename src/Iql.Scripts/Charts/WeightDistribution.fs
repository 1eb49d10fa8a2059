/// What the inverse temperature does to the policy's weights exp(β A): their distribution, one row for each β.
module Iql.Scripts.Charts.WeightDistribution

open Iql.Scripts

/// The last histograms of a cell's runs as shares, averaged over the runs that have the first one's edges.
let private shares (cell: ResultGroup) : (float list * float list) option =
    match
        cell.Runs
        |> List.filter (Run.diverged >> not)
        |> List.choose (_.Weights >> Seq.tryLast)
    with
    | [] -> None
    | first :: _ as last ->
        let counts =
            last
            |> List.filter (fun histogram -> Seq.forall2 (=) histogram.Edges first.Edges)
            |> List.map (fun histogram -> [ for count in histogram.Counts -> float count ])
            |> List.transpose
            |> List.map List.sum

        match List.sum counts with
        | 0.0 -> None
        | total -> Some(List.ofSeq first.Edges, counts |> List.map (fun count -> count / total))

/// On a logarithmic axis an edge at 0 is drawn one bin's width to the left of the next edge.
let private positive (edges: float list) : float list =
    match edges with
    | first :: second :: third :: _ when first <= 0.0 && second > 0.0 && third > second ->
        second * second / third :: List.tail edges
    | first :: rest when first <= 0.0 -> 1e-6 :: rest
    | edges -> edges

/// Cells that differ on one axis, usually β, or a single one → one histogram a cell, above each other over one
/// logarithmic axis of weights, with the share that hit the cap written beside it; None where no run counted its
/// weights.
let figure (name: string option) (cells: ResultGroup list) : Figure option =
    let cells =
        match name with
        | Some name -> [
            for value in ResultGroups.values name cells do
                for cell in cells |> ResultGroups.where name value |> List.truncate 1 ->
                    Shown.values [ name, value ], cell
          ]
        | None -> [ for cell in List.truncate 1 cells -> "", cell ]

    let rows = [
        for label, cell in cells do
            for histogram in Option.toList (shares cell) -> label, cell, histogram
    ]

    match rows with
    | [] -> None
    | rows ->
        let edges = rows |> List.collect (fun (_, _, (edges, _)) -> positive edges)
        let left, right = log10 (List.min edges), log10 (List.max edges)
        let colours = Palette.ordered rows.Length
        let height = 86

        let average metric =
            ResultGroups.meanOfKept (Run.lastMetric metric)

        let row i ((label: string, cell, (edges, shares)), colour) =
            // A long name does not fit beside so low a chart; it goes into the note.
            let short = label.Length <= 9

            let notes =
                [
                    (if short then None else Some label)
                    average "weightMean" cell
                    |> Option.map (fun mean -> $"mean weight {Shown.number mean}")
                    average "weightCapped" cell
                    |> Option.map (fun share -> $"{Shown.percent share} capped")
                ]
                |> List.choose id
                |> String.concat "<br>"

            let note =
                Json.Object [
                    "text", Json.Text notes
                    "x", Json.Number 1.01
                    "xref", Json.Text "x domain"
                    "xanchor", Json.Text "left"
                    "y", Json.Number 0.5
                    "yref", Json.Text "y domain"
                    "yanchor", Json.Text "middle"
                    "align", Json.Text "left"
                    "showarrow", Json.Bool false
                    "font", Json.Object [ "size", Json.Number 12.0; "color", Json.Text "#52606d" ]
                ]

            let last = i = rows.Length - 1
            let unit = "advantage weight min(exp(β (Q − V)), cap)"

            Chart.steps label (positive edges) shares
            |> Chart.coloured colour
            |> Chart.logX
            |> Chart.titled "" (if last then unit else "") (if short then label else "")
            |> Figure.withLayout "annotations" (Json.List [ note ])
            |> Figure.withLayout "xaxis.range" (Json.ofNumbers [ left; right ])
            |> Figure.withLayout "xaxis.showticklabels" (Json.Bool last)
            |> Figure.withLayout "xaxis.dtick" (Json.Number 1.0)
            |> Figure.withLayout "yaxis.tickformat" (Json.Text ".0%")
            |> Figure.withLayout "yaxis.nticks" (Json.Number 3.0)
            |> Figure.withLayout "yaxis.rangemode" (Json.Text "tozero")

        List.zip rows colours
        |> List.mapi row
        |> Chart.stack height
        |> Figure.withLayout "showlegend" (Json.Bool false)
        // Room for the notes.
        |> Figure.withLayout
            "margin.r"
            (Json.Number(
                match name with
                | Some name when name.Length > 20 || Shown.symbol name = name -> 220.0
                | _ -> 136.0
            ))
        |> Some
