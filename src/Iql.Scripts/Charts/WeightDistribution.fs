/// What the inverse temperature does to the policy's weights exp(β A): their distribution, one row for each β.
module Iql.Scripts.Charts.WeightDistribution

open Plotly.NET
open Plotly.NET.LayoutObjects
open Iql.Scripts

/// The last histograms of a cell's runs as shares, averaged over the runs that have the first one's edges.
let private shares (cell: ResultGroup) : (float list * float list) option =
    match cell.Runs |> List.filter (Run.diverged >> not) |> List.choose (_.Weights >> Seq.tryLast) with
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
/// logarithmic axis of weights. Above each are its highest bin, its mean and the share that hit the cap. None where
/// no run counted its weights.
let figure (name: string option) (cells: ResultGroup list) : GenericChart option =
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
            for edges, shares in Option.toList (shares cell) -> label, cell, edges, shares
    ]

    /// The highest column of a row, of the 1 that a row is high.
    let tallest = 0.56

    let row i colour (label: string, cell, edges, shares) =
        let floor, most = float (rows.Length - 1 - i), List.max shares

        let average metric = ResultGroups.meanOfKept (Run.lastMetric metric) cell

        let listed items = items |> List.choose id |> String.concat ", "

        let notes = [
            listed [ (if label = "" then None else Some $"<b>{label}</b>"); Some $"highest bin {Shown.percent most}" ]
            listed [
                average "weightMean" |> Option.map (fun mean -> $"mean weight {Shown.number mean}")
                average "weightCapped" |> Option.map (fun share -> $"{Shown.percent share} capped")
            ]
        ]

        Marks.steps colour label floor (positive edges) [ for share in shares -> tallest * share / most ]
        |> GenericChart.mapTrace (Trace2DStyle.Scatter(HoverInfo = StyleParam.HoverInfo.Skip)),
        Annotation.init (
            Text = String.concat "<br>" notes,
            Align = StyleParam.AnnotationAlignment.Left,
            Font = Font.init (Size = 12.0),
            X = 0.0,
            XRef = "paper",
            XAnchor = StyleParam.XAnchorPosition.Left,
            Y = floor + tallest,
            YAnchor = StyleParam.YAnchorPosition.Bottom,
            ShowArrow = false
        )

    match List.map2 (fun (i, colour) -> row i colour) (List.indexed (Style.ordered rows.Length)) rows with
    | [] -> None
    | rows ->
        List.map fst rows
        |> Chart.combine
        |> Style.titled "" "advantage weight min(exp(β (Q − V)), cap)" ""
        |> Chart.withXAxis (LinearAxis.init (AxisType = StyleParam.AxisType.Log, DTick = 1))
        |> Chart.withYAxis (
            LinearAxis.init (
                Range = StyleParam.Range.ofMinMax (-0.02, float rows.Length),
                ShowGrid = false,
                ShowTickLabels = false,
                Ticks = StyleParam.TickOptions.Empty
            )
        )
        |> Chart.withAnnotations (List.map snd rows)
        |> Style.keyed None
        |> Style.tall (120 + 84 * rows.Length)
        |> Some
