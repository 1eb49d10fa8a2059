/// Losses over training, one panel a metric, one line for each value of a hyperparameter.
module Iql.Scripts.Charts.LossCurves

open Iql.Scripts

/// At most this many points a line; more would only make the page heavy.
let private points = 200

/// Neighbouring lines averaged until at most `points` are left.
let private thinned (series: (float * float) list) : (float * float) list =
    let size = max 1 ((series.Length + points - 1) / points)

    series
    |> List.chunkBySize size
    |> List.map (fun chunk -> fst (List.last chunk), List.averageBy snd chunk)

/// Mean over runs of a metric at each step, with the least and the greatest run around it.
let private line (metric: string) (label: string) (colour: string) (listed: bool) (runs: Run list) : Figure option =
    let steps =
        runs
        |> List.collect (fun run ->
            run.Train
            |> List.choose (fun line ->
                Map.tryFind metric line.Values
                |> Option.map (fun value -> float line.Step, value))
            |> thinned)
        |> List.groupBy fst
        |> List.sortBy fst
        |> List.map (fun (step, values) -> step, List.map snd values)

    match steps with
    | [] -> None
    | steps ->
        let over pick = [ for _, values in steps -> pick values ]

        Chart.band label (List.map fst steps) (over List.min) (over List.average) (over List.max)
        |> Chart.coloured colour
        |> fun figure -> if listed then figure else Chart.unlisted figure
        |> Some

/// Metrics (name, title) of cells → loss curves, coloured by one hyperparameter if there is one: lines are means over all
/// runs of a value, bands reach from the least run to the greatest. None where no run logged any of the metrics.
let figure (metrics: (string * string) list) (name: string option) (cells: Cell list) : Figure option =
    let groups =
        match name with
        | Some name -> [
            for value in Cells.values name cells -> Json.display value, Cells.where name value cells
          ]
        | None -> [ "all runs", cells ]

    let colours = Palette.ordered groups.Length

    let panels =
        metrics
        |> List.mapi (fun i (metric, title) ->
            let lines =
                List.zip groups colours
                |> List.choose (fun ((label, cells), colour) ->
                    cells
                    |> List.collect (fun cell -> cell.Runs)
                    |> line metric label colour (i = 0))

            match lines with
            | [] -> None
            | lines -> Chart.over lines |> Chart.titled title "gradient step" "" |> Some)
        |> List.choose id

    match panels with
    | [] -> None
    | panels ->
        let grid = Chart.grid 3 290 panels

        match name with
        | Some name -> Chart.legendAbove $"{Cells.axisTitle name}  " grid |> Some
        | None -> Figure.withLayout "showlegend" (Json.Bool false) grid |> Some
