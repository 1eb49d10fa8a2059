/// The charts of a report: for the cells of one plane, which figures are drawn and what is said below them.
module Iql.Scripts.Sections

open Giraffe.ViewEngine
open Plotly.NET
open Iql.Scripts.Charts

/// A part of the page: an id, a heading, and what stands below it.
type Section = {
    Id: string
    Heading: string
    Body: XmlNode list
}

/// Sections that have something to show; `prefix` keeps the ids of planes apart.
let shown (prefix: string) (parts: (string * string * XmlNode list) list) : Section list = [
    for id, heading, body in parts do
        if not body.IsEmpty then
            {
                Id = prefix + id
                Heading = heading
                Body = body
            }
]

/// "Final score: 72 [64, 80] at τ = 0.9; 51 [40, 60] at τ = 0.5.", for those who do not see a chart.
let private spoken (what: string) (number: ResultGroup -> string option) (cells: ResultGroup list) : string =
    let said = [
        for cell in cells do
            for number in Option.toList (number cell) ->
                if cell.Values.IsEmpty then
                    number
                else
                    $"{number} at {Shown.values cell.Values}"
    ]

    let more =
        match said.Length - 20 with
        | more when more > 0 -> [ $"and {more} more" ]
        | _ -> []

    $"""{what}: {String.concat "; " (List.truncate 20 said @ more)}."""

/// The last value of a logged metric in each cell.
let private ends (what: string) (metric: string) : ResultGroup list -> string =
    spoken what (ResultGroups.meanOfKept (Run.lastMetric metric) >> Option.map Shown.number)

let private figure (prefix: string) (id: string) : string -> string -> GenericChart list -> XmlNode list =
    Html.figure $"{prefix}figure-{id}"

/// Words that are said only where they are true.
let private given (condition: bool) (words: string) : string = if condition then words else ""

/// The cells in line with the best one along a hyperparameter, and the values they share; all cells where nothing is
/// best.
let private bestAlong (measure: Measure option) (axis: string option) (cells: ResultGroup list) =
    match axis, measure |> Option.bind (fun measure -> ResultGroups.best measure cells) with
    | Some name, Some(best, _) -> ResultGroups.without name best, ResultGroups.along name best cells
    | _ -> [], cells

/// " at τ = 0.9", or nothing.
let private at (values: (string * string) list) : string =
    if values.IsEmpty then "" else $" at {Shown.values values}"

let private several (cells: ResultGroup list) : bool =
    cells |> List.exists (fun cell -> cell.Runs.Length > 1)

let private scores prefix (measure: Measure) rows columns (cells: ResultGroup list) : XmlNode list = [
    let final = $"Mean final {Measure.title measure}"

    let alt =
        cells |> spoken final (ResultGroups.summary measure >> Option.map Shown.summary)

    let scale =
        match measure with
        | Score -> " A random policy scores 0, an expert 100."
        | Return -> ""

    match rows, columns with
    | Some rows, Some columns ->
        let frame =
            match (ResultGroups.leaders measure cells).Length with
            | 1 -> " The orange frame is the best cell."
            | ties when ties > 1 && ties < cells.Length -> $" The {ties} orange frames are the cells that tie."
            | _ -> ""

        let below = given (several cells) ", with its 95 % interval below"

        yield!
            [ ScoreHeatMap.figure measure rows columns cells ]
            |> figure prefix "scores" $"{final} in bold{below}.{frame}{scale}" alt
    | Some only, None
    | None, Some only ->
        let over =
            if several cells then
                " with its 95 % interval over seeds. Grey dots are seeds."
            else
                ", one seed a value."

        yield!
            [ ScoreLine.figure measure only cells ]
            |> figure prefix "scores" $"{final}{over}{scale}" alt
    | None, None -> ()

    if cells.Length > 1 || several cells then
        yield! Tables.cells measure cells
]

let private curves prefix (measure: Measure) rows columns (cells: ResultGroup list) : XmlNode list =
    let points =
        if several cells then
            "Each point is one evaluation. The line is the mean over seeds, and the band is its 95 % interval."
        else
            "Each point is one evaluation."

    let untrained =
        if
            cells
            |> List.exists (_.Runs >> List.exists (Run.curve measure >> List.exists (fst >> (=) 0.0)))
        then
            " The point at step 0 is the untrained policy."
        else
            ""

    let lost =
        given
            (cells |> List.exists (fun cell -> List.exists Run.diverged cell.Runs))
            " Dotted lines with a cross at their end are diverged runs. They are not part of the mean."

    let ends (cell: ResultGroup) =
        let mean pick =
            ResultGroups.meanOfKept (Run.curve measure >> pick >> Option.map snd) cell

        Option.map2
            (fun first last -> $"from {Shown.measured measure first} to {Shown.measured measure last}")
            (mean List.tryHead)
            (mean List.tryLast)

    LearningCurves.panels measure rows columns cells
    |> figure
        prefix
        "curves"
        (points + untrained + lost)
        (spoken $"Mean {Measure.title measure} from the first evaluation to the last" ends cells)

let private value prefix axis (cells: ResultGroup list) : XmlNode list =
    let seeds =
        given (several cells) " with 95 % intervals over seeds. Grey dots are seeds"

    let expected =
        given
            (axis = Some "expectile")
            " With a larger τ, V rises towards the best actions in the data, so fewer advantages are above zero."

    axis
    |> Option.toList
    |> List.collect (fun name -> ValueStatistics.panels name cells)
    |> figure
        prefix
        "value"
        $"Means of the last ten logged training lines{seeds}.{expected}"
        (ends "Mean of V" "valueMean" cells)

let private weights prefix measure axis (cells: ResultGroup list) : XmlNode list =
    let others, along = bestAlong measure axis cells

    let expected =
        given
            (axis = Some "inverseTemperature")
            " With β = 0 every weight is 1. With a larger β, fewer transitions have a large weight."

    WeightDistribution.figure axis along
    |> Option.toList
    |> figure
        prefix
        "weights"
        $"Weights of a fixed batch of the data in the policy's loss, at the last evaluation{at others}.{expected}"
        (ends "Mean weight" "weightMean" along)

let private losses prefix measure valueAxis policyAxis (cells: ResultGroup list) : XmlNode list =
    let value, policy =
        [ "valueLoss", "Value loss"; "criticLoss", "Critic loss" ], [ "policyLoss", "Policy loss" ]

    let over =
        if cells.Length > 1 || several cells then
            "Means over runs. Bands go from the lowest run to the highest."
        else
            "As logged."

    let others, along = bestAlong measure policyAxis cells
    let alt = ends "Last critic loss" "criticLoss" cells

    if (valueAxis, policyAxis) = (None, None) then
        LossCurves.panels (value @ policy) None cells |> figure prefix "losses" over alt
    else
        let caution =
            given
                (policyAxis = Some "inverseTemperature")
                " Different β weigh the data differently, so do not compare their losses."

        figure prefix "losses" over alt (LossCurves.panels value valueAxis cells)
        @ (LossCurves.panels policy policyAxis along
           |> figure
               prefix
               "policy-loss"
               $"Policy loss{at others}.{caution}"
               (ends "Last policy loss" "policyLoss" along))

/// The sections of one plane of cells; those without anything to show of the swept axes are left out. `prefix` keeps
/// the ids of planes apart.
let ofGroups (prefix: string) (measure: Measure option) (plane: Plane) (cells: ResultGroup list) : Section list =
    let rows, columns = plane.Rows, plane.Columns

    let moving metrics axis =
        axis
        |> Option.filter (fun name -> metrics |> List.exists (fun metric -> ResultGroups.moves metric name cells))

    // The value function does not know β.
    let valueAxis =
        (if columns = Some "expectile" then
             columns
         else
             Option.orElse columns rows)
        |> moving [ "valueMean"; "criticLoss" ]

    let policyAxis = Option.orElse rows columns |> moving [ "policyLoss" ]

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
