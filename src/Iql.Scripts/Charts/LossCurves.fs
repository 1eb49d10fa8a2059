/// Losses over training, one panel a metric, one line for each value of a hyperparameter.
module Iql.Scripts.Charts.LossCurves

open Plotly.NET
open Plotly.NET.LayoutObjects
open Iql.Scripts
open Iql.Scripts.Statistics

/// At most this many points a line; more would only make the page heavy.
let private points = 200

/// Neighbouring lines averaged until at most `points` are left.
let private thinned (series: (float * float) list) : (float * float) list =
    let size = max 1 ((series.Length + points - 1) / points)

    series
    |> List.chunkBySize size
    |> List.map (fun chunk -> fst (List.last chunk), List.averageBy snd chunk)

/// Mean over runs of a metric at each step, with a band from the lowest run to the highest.
let private line (metric: string) i colour label (runs: Run list) : GenericChart option =
    match runs |> List.collect (fun run -> run |> Run.metric metric |> thinned) |> Run.byStep with
    | [] -> None
    | steps ->
        [
            for step, values in steps ->
                step,
                {
                    Value = List.average values
                    Interval = { Low = List.min values; High = List.max values }
                }
        ]
        |> Marks.line i colour label
        |> Some

/// The first steps' losses dwarf all later ones. A squared error then goes by powers of ten; of another loss, which
/// may be negative, the first tenth of the steps may leave the picture.
let private readable (metric: string) (cells: ResultGroup list) : GenericChart -> GenericChart =
    let values = cells |> List.collect (_.Runs >> List.collect (Run.metric metric))
    let last = values |> List.map fst |> List.fold max 0.0

    match List.map snd values, values |> List.filter (fun (step, _) -> step > last / 10.0) |> List.map snd with
    | [], _
    | _, [] -> id
    | all, _ when metric <> "policyLoss" && List.min all > 0.0 && List.max all > 30.0 * List.min all ->
        Chart.withYAxis (LinearAxis.init (AxisType = StyleParam.AxisType.Log, DTick = 1))
    | all, later when List.max all - List.min all > 2.0 * (List.max later - List.min later) ->
        let low, high = List.min later, List.max later
        let room = max 1e-6 (0.08 * (high - low))
        Chart.withYAxisStyle (MinMax = (low - room, high + room))
    | _ -> id

/// Loss curves of metrics (name, title), coloured by one hyperparameter if there is one, a chart a metric. Lines are
/// means over all runs of a value, and bands go from the lowest run to the highest. Metrics that no run logged are left
/// out.
let panels (metrics: (string * string) list) (name: string option) (cells: ResultGroup list) : GenericChart list =
    let groups =
        match name with
        | Some name -> [ for value in ResultGroups.values name cells -> value, ResultGroups.where name value cells ]
        | None -> [ "all runs", cells ]

    let colours = Style.ordered groups.Length

    [
        for metric, title in metrics do
            match
                List.zip groups colours
                |> List.indexed
                |> List.choose (fun (i, ((label, cells), colour)) ->
                    cells |> List.collect _.Runs |> line metric i colour label)
            with
            | [] -> ()
            | lines ->
                Chart.combine lines
                |> Style.titled title "gradient step" "loss"
                |> readable metric cells
                |> Marks.switches (List.collect _.Runs cells)
                |> Style.keyed (Option.map Shown.symbol name)
                |> Style.tall 320
    ]
