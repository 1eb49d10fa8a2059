/// The charts of a report: for the cells of one plane, which figures are drawn and what is said below them.
module Iql.Scripts.Sections

open Giraffe.ViewEngine
open Plotly.NET
open Iql.Scripts.Charts

/// A part of the page: its id, its heading, and what is below it.
type Section = string * string * XmlNode list

/// Sections that have something to show; `prefix` keeps the ids of planes apart.
let shown (prefix: string) (parts: Section list) : Section list = [
    for id, heading, body in parts do
        if not body.IsEmpty then
            prefix + id, heading, body
]

/// " at τ = 0.9", or nothing.
let private at (values: (string * string) list) : string =
    Plural.given (not values.IsEmpty) $" at {Shown.values values}"

/// "Final score: 72 [64, 80] at τ = 0.9; 51 [40, 60] at τ = 0.5.", for those who do not see a chart.
let private spoken (what: string) (number: ResultGroup -> string option) (cells: ResultGroup list) : string =
    let said = [
        for cell in List.truncate 24 cells do
            for number in Option.toList (number cell) -> number + at cell.Values
    ]

    let more = Plural.given (cells.Length > 24) $"; and {cells.Length - 24} more"
    $"""{what}: {String.concat "; " said}{more}."""

/// The last value of a logged metric in each cell.
let private ends (what: string) (metric: string) : ResultGroup list -> string =
    spoken what (ResultGroups.meanOfKept (Run.lastMetric metric) >> Option.map Shown.number)

/// The cells in line with the best one along a hyperparameter, and the values they share; all cells where nothing is
/// best.
let private bestAlong (measure: Measure option) (axis: string option) (cells: ResultGroup list) =
    match axis, measure |> Option.bind (fun measure -> ResultGroups.best measure cells) with
    | Some name, Some(best, _) -> ResultGroups.without name best, ResultGroups.along name best cells
    | _ -> [], cells

let private several (cells: ResultGroup list) : bool = cells |> List.exists (fun cell -> cell.Runs.Length > 1)

let private scores figure (measure: Measure) rows columns (cells: ResultGroup list) : XmlNode list =
    let final = $"Mean final {Measure.title measure}"

    let alt = cells |> spoken final (ResultGroups.summary measure >> Option.map Shown.summary)

    let scale = Plural.given (measure = Score) " A random policy scores 0, an expert 100."

    let frame =
        let leaders, beside = ScoreHeatMap.besideBest measure cells

        let best =
            match leaders.Length with
            | 1 -> " The orange frame is the best cell."
            | ties when ties > 1 && ties < cells.Length -> $" The {ties} orange frames are the cells that tie."
            | _ -> ""

        best
        + Plural.given
            (not beside.IsEmpty)
            $""" Dotted frames: {Plural.count beside.Length "cell"} that cannot be told from the best."""

    let interval = Plural.given (several cells) " with its 95 % interval over seeds"
    let dots = Plural.given (several cells) " Grey dots are seeds."

    let charts =
        match rows, columns with
        | Some rows, Some columns ->
            [ ScoreHeatMap.figure measure rows columns cells ]
            |> figure "scores" $"{final}{interval}.{frame}{scale}" alt
        | Some only, None
        | None, Some only ->
            [ ScoreLine.figure measure only cells ] |> figure "scores" $"{final}{interval}.{dots}{scale}" alt
        | None, None -> []

    charts @ (if cells.Length > 1 || several cells then Tables.cells measure cells else [])

let private curves figure (measure: Measure) rows columns (cells: ResultGroup list) : XmlNode list =
    let runs = List.collect _.Runs cells

    let words = [
        "Each point is one evaluation."
        Plural.given (several cells) " The line is the mean over seeds, and the band is its 95 % interval."
        Plural.given
            (runs |> List.exists (Run.curve measure >> List.exists (fst >> (=) 0.0)))
            " The point at step 0 is the untrained policy."
        Plural.given
            (List.exists Run.diverged runs)
            " Dotted lines with a cross at their end are diverged runs. They are not part of the mean."
    ]

    let ends (cell: ResultGroup) =
        match cell.Runs |> List.filter (Run.diverged >> not) |> List.map (Run.curve measure) with
        | points when points.IsEmpty || List.exists List.isEmpty points -> None
        | points ->
            let mean pick = points |> List.averageBy (pick >> snd) |> Shown.measured measure

            Some $"from {mean List.head} to {mean List.last}"

    LearningCurves.panels measure rows columns cells
    |> figure "curves" (String.concat "" words) (spoken $"Mean {Measure.title measure} over training" ends cells)

let private value figure axis (cells: ResultGroup list) : XmlNode list =
    let words = [
        "Means of the last ten logged training lines"
        Plural.given (several cells) " with 95 % intervals over seeds. Grey dots are seeds"
        Plural.given
            (axis = Some "expectile")
            ". With a larger τ, V rises towards the best actions in the data, so fewer advantages are above zero"
        "."
    ]

    Option.toList axis
    |> List.collect (fun name -> ValueStatistics.panels name cells)
    |> figure "value" (String.concat "" words) (ends "Mean of V" "valueMean" cells)

let private weights figure measure axis (cells: ResultGroup list) : XmlNode list =
    let others, along = bestAlong measure axis cells

    let expected =
        Plural.given
            (axis = Some "inverseTemperature")
            " With β = 0 every weight is 1. With a larger β, fewer transitions have a large weight."

    let words =
        $"Weights of a fixed batch of the data in the policy's loss, at the last evaluation{at others}.{expected}"

    WeightDistribution.figure axis along
    |> Option.toList
    |> figure "weights" words (ends "Mean weight" "weightMean" along)

let private losses figure measure valueAxis policyAxis (cells: ResultGroup list) : XmlNode list =
    let value, policy =
        [ "valueLoss", "Value loss"; "criticLoss", "Critic loss" ], [ "policyLoss", "Policy loss" ]

    let over =
        if cells.Length > 1 || several cells then
            "Means over runs. Bands go from the lowest run to the highest."
        else
            "As logged."

    let others, along = bestAlong measure policyAxis cells
    let first = ends "Last critic loss" "criticLoss" cells
    let second = ends "Last policy loss" "policyLoss" along

    let caution =
        Plural.given
            (policyAxis = Some "inverseTemperature")
            " Different β weigh the data differently, so do not compare their losses."

    if (valueAxis, policyAxis) = (None, None) then
        LossCurves.panels (value @ policy) None cells |> figure "losses" over first
    else
        figure "losses" over first (LossCurves.panels value valueAxis cells)
        @ figure "policy-loss" $"Policy loss{at others}.{caution}" second (LossCurves.panels policy policyAxis along)

/// The sections of one plane of cells; those without anything to show of the swept axes are left out. `prefix` keeps
/// the ids of planes apart.
let ofPlane (prefix: string) (measure: Measure option) (plane: Plane) : Section list =
    let rows, columns, cells = plane.Rows, plane.Columns, plane.Cells
    let figure (id: string) = Html.figure $"{prefix}figure-{id}"

    let moving metrics =
        Option.filter (fun name -> metrics |> List.exists (fun metric -> ResultGroups.moves metric name cells))

    // The value function does not know β.
    let valueAxis =
        (if columns = Some "expectile" then columns else Option.orElse columns rows)
        |> moving [ "valueMean"; "criticLoss" ]

    let policyAxis = Option.orElse rows columns |> moving [ "policyLoss" ]

    let against =
        valueAxis |> Option.map (Shown.axisTitle >> sprintf " against %s") |> Option.defaultValue ""

    let evaluated draw =
        match measure with
        | Some measure -> draw figure measure rows columns cells
        | None -> []

    [
        "scores", "Final scores", evaluated scores
        "curves", "Learning curves", evaluated curves
        "value", $"Value and advantage{against}", value figure valueAxis cells
        "weights", "Advantage weights", weights figure measure policyAxis cells
        "losses", "Losses", losses figure measure valueAxis policyAxis cells
    ]
    |> shown prefix
