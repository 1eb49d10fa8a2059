/// The charts of a report: for the cells of one plane, which figures are drawn and what is said below them.
module Iql.Scripts.Sections

open Plotly.NET
open Iql.Scripts.Charts

/// A part of the page: an id, a heading, and what stands below it.
type Section = {
    Id: string
    Heading: string
    Body: Html list
}

/// Sections that have something to show; `prefix` keeps the ids of planes apart.
let shown (prefix: string) (parts: (string * string * Html list) list) : Section list = [
    for id, heading, body in parts do
        if not body.IsEmpty then
            {
                Id = prefix + id
                Heading = heading
                Body = body
            }
]

/// Charts as a figure, if there are any.
let private figure prefix id caption (charts: GenericChart list) : Html list =
    if charts.IsEmpty then
        []
    else
        [ Html.figure $"{prefix}figure-{id}" caption charts ]

/// The cells in line with the best one along a hyperparameter, and the values they share; all cells where nothing is
/// best.
let private bestAlong (measure: Measure option) (axis: string option) (cells: ResultGroup list) =
    match axis, measure |> Option.bind (fun measure -> ResultGroups.best measure cells) with
    | Some name, Some(best, _) -> ResultGroups.without name best, ResultGroups.along name best cells
    | _ -> [], cells

/// " at τ = 0.9", or nothing.
let private at (values: (string * string) list) : string =
    if values.IsEmpty then "" else $" at {Shown.values values}"

let private severalRuns (cells: ResultGroup list) : bool =
    cells.Length > 1 || cells |> List.exists (fun cell -> cell.Runs.Length > 1)

let private scores prefix (measure: Measure) rows columns (cells: ResultGroup list) : Html list = [
    let scale =
        match measure with
        | Score -> " A random policy scores 0, an expert 100."
        | Return -> ""

    match rows, columns with
    | Some rows, Some columns ->
        yield!
            figure
                prefix
                "scores"
                $"Mean final {Measure.title measure} over seeds in bold, with its 95 %% interval below. The orange \
                  frame is the best cell.{scale}"
                [ ScoreHeatMap.figure measure rows columns cells ]
    | Some only, None
    | None, Some only ->
        yield!
            figure
                prefix
                "scores"
                $"Mean final {Measure.title measure} with its 95 %% interval over seeds. Grey dots are seeds.{scale}"
                [ ScoreLine.figure measure only cells ]
    | None, None -> ()

    if severalRuns cells then
        Tables.cells measure cells

        Html.styled
            "note"
            "Mean, interval, IQM (interquartile mean) and standard deviation are over the last evaluations of finished \
             runs. Last 10 and Best are means over runs: of the last ten evaluations and of the best evaluation. Best \
             uses the environment, so it makes every cell look too good."
]

let private curves prefix (measure: Measure) rows columns (cells: ResultGroup list) : Html list =
    let points =
        if cells |> List.exists (fun cell -> cell.Runs.Length > 1) then
            "Each point is one evaluation. The line is the mean over seeds, and the band is its 95 % interval."
        else
            "Each point is one evaluation."

    let lost =
        if cells |> List.exists (fun cell -> List.exists Run.diverged cell.Runs) then
            " Dotted lines with a cross at their end are diverged runs. They are not part of the mean."
        else
            ""

    figure prefix "curves" (points + lost) (LearningCurves.panels measure rows columns cells)

let private value prefix axis (cells: ResultGroup list) : Html list =
    axis
    |> Option.map (fun name -> ValueStatistics.panels name cells)
    |> Option.defaultValue []
    |> figure
        prefix
        "value"
        "Means of the last ten logged training lines: blue with 95 % intervals over seeds. Grey dots are seeds. With a \
         larger τ, V rises towards the best actions in the data, so fewer advantages are above zero."

let private weights prefix measure axis (cells: ResultGroup list) : Html list =
    let others, along = bestAlong measure axis cells

    WeightDistribution.figure axis along
    |> Option.toList
    |> figure
        prefix
        "weights"
        $"Weights of a fixed batch of the data in the policy's loss, at the last evaluation{at others}. With β = 0 \
          every weight is 1. With a larger β, fewer transitions have a large weight."

let private losses prefix measure valueAxis policyAxis (cells: ResultGroup list) : Html list =
    let value, policy =
        [ "valueLoss", "Value loss"; "criticLoss", "Critic loss" ], [ "policyLoss", "Policy loss" ]

    let over =
        if severalRuns cells then
            "Means over runs. Bands go from the lowest run to the highest."
        else
            "As logged."

    if (valueAxis, policyAxis) = (None, None) then
        LossCurves.panels (value @ policy) None cells |> figure prefix "losses" over
    else
        let others, along = bestAlong measure policyAxis cells

        let caution =
            if policyAxis = Some "inverseTemperature" then
                " Different β weigh the data differently, so do not compare their losses."
            else
                ""

        figure prefix "losses" over (LossCurves.panels value valueAxis cells)
        @ (LossCurves.panels policy policyAxis along
           |> figure prefix "policy-loss" $"Policy loss{at others}.{caution}")

/// The sections of one plane of cells; those without anything to show are left out. `prefix` keeps the ids of planes
/// apart.
let ofGroups (prefix: string) (measure: Measure option) (plane: Plane) (cells: ResultGroup list) : Section list =
    let rows, columns = plane.Rows, plane.Columns

    let valueAxis =
        if columns = Some "expectile" then
            columns
        else
            Option.orElse columns rows

    let policyAxis = Option.orElse rows columns

    let against =
        valueAxis
        |> Option.map (Shown.axisTitle >> sprintf " against %s")
        |> Option.defaultValue ""

    let evaluated draw =
        match measure with
        | Some measure -> draw prefix measure rows columns cells
        | None -> []

    [
        "scores", "Final scores", evaluated scores
        "curves", "Learning curves", evaluated curves
        "value", $"Value and advantage{against}", value prefix valueAxis cells
        "weights", "Advantage weights", weights prefix measure policyAxis cells
        "losses", "Losses", losses prefix measure valueAxis policyAxis cells
    ]
    |> shown prefix
