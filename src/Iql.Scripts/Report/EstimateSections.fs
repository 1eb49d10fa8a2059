/// The parts of a report that are about policies judged by data alone.
module Iql.Scripts.EstimateSections

open Giraffe.ViewEngine
open Iql.Estimation
open Iql.Scripts.Charts

/// What the numbers can and cannot say, for people who are about to use a policy.
let private caution (judged: (Run * OfflineEstimates) list) : string list = [
    "These numbers come from the data alone. They can tell a clearly worse policy from a better one, and they show a \
     policy that leaves the data. They cannot prove that a policy is good or safe: nothing checks what an action does \
     where the data never tried it."
    "Read them in this order. First the action error: the farther from the data, the less the other numbers are worth. \
     Then the fitted error: it should be small beside the fitted value. Then the fitted value beside the data's \
     return: the difference is what the policy promises over the people or programs that made the data."
    if judged |> List.exists (fun (_, estimates) -> estimates.Seen) then
        "The policies learned from these data. Episodes are held out from the fit, not from the policies. Data that \
         were kept back give an honest test: `iql evaluate FOLDER --data FILE`."
    if judged |> List.exists (fun (_, estimates) -> not (isNull estimates.Failure)) then
        "Some fits diverged, so these policies have no fitted value."
]

let private cell (summary: RunSummary option) : Html.Cell =
    match summary with
    | Some { Mean = mean; Interval = Some interval } -> {
        Html.numberCell Shown.number (Some mean) with
            Shown = span [] [ str (Shown.number mean); span [ _class "range" ] [ str (Shown.interval interval) ] ]
      }
    | _ -> Html.numberCell Shown.number (summary |> Option.map _.Mean)

let private table (judged: (Run * OfflineEstimates) list) (groups: EstimateGroup list) : XmlNode list =
    let columns = Estimates.columns groups
    let several = groups |> List.exists (fun group -> group.Judged.Length > 1)
    let distinct pick = judged |> List.map (snd >> pick) |> List.distinct |> Plural.listed
    let name (estimates: OfflineEstimates) = estimates.Dataset.Name
    let episodes (estimates: OfflineEstimates) = $"{estimates.HeldOut} of {estimates.Episodes}"
    let discount (estimates: OfflineEstimates) = Shown.number estimates.Discount

    [
        Html.sortable
            "Policies judged by data"
            [
                "Policy", (fun group -> Html.cell group.Heading)
                "Seeds", (fun group -> Html.cell (string group.Judged.Length))
                for column in columns do
                    column.Head, Estimates.summary column >> cell
            ]
            groups
        Html.styled
            "note"
            ($"Data: {distinct name}. Held-out episodes: {distinct episodes}. Discount γ: {distinct discount}."
             + Plural.given several " Below means are 95 % intervals over seeds.")
        yield! caution judged |> List.map Html.paragraph
        Html.facts "What the columns mean" [ for column in columns -> column.Head, column.Meaning ]
    ]

/// A table of numbers that need no environment, against the scores.
let predictions (caption: string) (measure: Measure) (shown: Foresight list) : XmlNode =
    let estimated (show: float -> string) (estimate: Statistics.Estimate) : Html.Cell =
        let { Statistics.Low = low; Statistics.High = high } = estimate.Interval

        Html.sortedCell
            (string estimate.Value)
            (if low = high then
                 show estimate.Value
             else
                 $"{show estimate.Value} [{show low}, {show high}]")

    Html.sortable
        caption
        [
            "Number", (fun each -> Html.cell each.Column.Head)
            "Better", (fun each -> Html.cell (if each.Column.Sign < 0.0 then "lower" else "higher"))
            "Rank correlation",
            (fun each ->
                match each.Correlation with
                | Some tau -> estimated Shown.number tau
                | None -> Html.cell "–")
            for k in [ 1; 3; 5 ] do
                if shown |> List.exists (fun each -> List.exists (fst >> (=) k) each.Regrets) then
                    $"Regret@{k}",
                    (fun each ->
                        match List.tryFind (fst >> (=) k) each.Regrets with
                        | Some(_, regret) -> estimated (Shown.measured measure) regret
                        | None -> Html.cell "–")
        ]
        shown

/// What the columns of `predictions` mean.
let predictionWords (measure: Measure) : XmlNode list = [
    Html.styled
        "note"
        $"Rank correlation is Kendall's τ_b: 1 is the right order, 0 none, −1 the opposite. Regret@k is the \
          {Measure.title measure} lost by trying the k best by the number, and keeping the best of them. The column \
          Better is settled by the number's name, not by the scores. Brackets are 95 %% bootstrap intervals over seeds."
    Html.computed
        "choosing-without-an-environment"
        "Numbers and scores are means over the seeds of a cell. Among equal numbers, chance decides: regret is a mean \
         over all orders."
]

let private foresight (measure: Measure) (groups: EstimateGroup list) : XmlNode list =
    let shown = Foresight.ofGroups measure groups

    if shown.IsEmpty then
        []
    else
        [
            h3 [] [ str "How well each number predicted the scores" ]
            predictions $"Numbers from data against the {Measure.title measure}" measure shown
            yield! predictionWords measure
            for column in EstimateColumn.all |> List.truncate 1 do
                yield!
                    ValueAgainstScore.figure measure column groups
                    |> Option.toList
                    |> Html.figure
                        "figure-estimates"
                        "Each point is one policy. Points that rise from left to right are in the right order."
                        (shown
                         |> List.choose (fun each ->
                             each.Correlation |> Option.map (fun tau -> $"{each.Column.Head} {Shown.number tau.Value}"))
                         |> String.concat ", "
                         |> sprintf "Rank correlations with the score: %s.")
        ]

/// The section of the runs that were judged; of runs without an environment it stands where scores would.
let ofRuns (sweep: SweepResults) (judged: (Run * OfflineEstimates) list) : Sections.Section list =
    let groups = Estimates.groups judged

    let predicted =
        match Measure.ofRuns sweep.Runs with
        | Some measure -> foresight measure groups
        | None -> []

    Sections.shown "" [
        "estimates", "Judged by data alone", (if judged.IsEmpty then [] else table judged groups @ predicted)
    ]

/// What the fitted values say of runs without an environment, in a paragraph; how to get them where there are none.
let found (sweep: SweepResults) (judged: (Run * OfflineEstimates) list) : string list =
    let value = EstimateColumn.all.Head

    let valued = [
        for group in Estimates.groups judged do
            for summary in Option.toList (Estimates.summary value group) -> group, summary
    ]

    match Measure.ofRuns sweep.Runs, valued with
    | Some _, _ -> []
    | None, [] -> [ "`iql evaluate FOLDER` judges the policies by data, and this page then shows what it says." ]
    | None, valued ->
        let best, summary = valued |> List.maxBy (fun (_, summary) -> summary.Mean)

        let beside =
            EstimateColumn.all
            |> List.find (fun column -> column.Name = "dataReturn")
            |> fun column -> Estimates.summary column best
            |> Option.map (fun own -> $" The data's own return is {Shown.number own.Mean}.")
            |> Option.defaultValue ""

        let which = Plural.given (valued.Length > 1) $" has {best.Heading}, the highest of {valued.Length}"

        [
            $"**By the data alone, the policy's value is {Shown.summary summary}**{which}.{beside} This is an \
              estimate, no score: the section Judged by data alone says how far to trust it."
        ]
