/// Losses over training, one panel a metric, one line for each value of a hyperparameter.
module Iql.Scripts.Charts.LossCurves

open Iql.Training
open Iql.Scripts

/// At most this many points a line; more would only make the page heavy.
let private points = 200

/// Neighbouring lines averaged until at most `points` are left.
let private thinned (series: (float * float) list) : (float * float) list =
    let size = max 1 ((series.Length + points - 1) / points)

    series
    |> List.chunkBySize size
    |> List.map (fun chunk -> fst (List.last chunk), List.averageBy snd chunk)

/// Mean over runs of a metric at each step, with a band from the lowest run to the highest.
let private line (metric: string) (label: string) (colour: string) (listed: bool) (runs: Run list) : Figure option =
    let steps =
        runs
        |> List.collect (fun run -> run |> Run.metric metric |> thinned)
        |> Run.byStep

    match steps with
    | [] -> None
    | steps ->
        let over pick = [ for _, values in steps -> pick values ]

        Chart.band label (List.map fst steps) (over List.min) (over List.average) (over List.max)
        |> Chart.coloured colour
        |> (if listed then id else Chart.unlisted)
        |> Some

/// The first steps' losses dwarf all later ones. A squared error then goes by powers of ten; of another loss, which
/// may be negative, the first tenth of the steps may leave the picture.
let private readable (metric: string) (cells: ResultGroup list) (figure: Figure) : Figure =
    let values = cells |> List.collect (_.Runs >> List.collect (Run.metric metric))
    let last = values |> List.map fst |> List.fold max 0.0

    match List.map snd values, values |> List.filter (fun (step, _) -> step > last / 10.0) |> List.map snd with
    | [], _
    | _, [] -> figure
    | all, _ when
        metric <> "policyLoss"
        && List.min all > 0.0
        && List.max all > 30.0 * List.min all
        ->
        Chart.logY figure |> Figure.withLayout "yaxis.dtick" (Json.Number 1.0)
    | all, later when List.max all - List.min all > 2.0 * (List.max later - List.min later) ->
        let low, high = List.min later, List.max later
        let room = max 1e-6 (0.08 * (high - low))
        Chart.between (low - room) (high + room) figure
    | _ -> figure

/// Loss curves of metrics (name, title), coloured by one hyperparameter if there is one. Lines are means over all runs
/// of a value, and bands go from the lowest run to the highest. None where no run logged any of the metrics.
let figure (metrics: (string * string) list) (name: string option) (cells: ResultGroup list) : Figure option =
    let groups =
        match name with
        | Some name -> [
            for value in ResultGroups.values name cells -> value, ResultGroups.where name value cells
          ]
        | None -> [ "all runs", cells ]

    let colours = Palette.ordered groups.Length

    let panels =
        metrics
        |> List.mapi (fun i (metric, title) ->
            match
                List.zip groups colours
                |> List.choose (fun ((label, cells), colour) ->
                    cells |> List.collect _.Runs |> line metric label colour (i = 0))
            with
            | [] -> None
            | lines ->
                Chart.over lines
                |> Chart.titled title "gradient step" ""
                |> readable metric cells
                |> Some)
        |> List.choose id

    match panels with
    | [] -> None
    | panels -> Chart.grid 3 290 panels |> Chart.keyed name |> Some
