/// What a sweep found, in plain words, written from the numbers alone: paragraphs, the most important first. Every
/// claim carries its interval. A difference whose interval holds zero is said to be unclear.
module Iql.Scripts.Findings

open Iql
open Iql.Scripts.Statistics

/// The difference of two cells' means with its interval; None where too few runs finished.
type private Comparison = ResultGroup -> ResultGroup -> Estimate option

/// mean(a) − mean(b) over finished runs with its 95 % interval; None unless both cells have at least two.
let private pairwise (measure: Measure) (a: ResultGroup) (b: ResultGroup) : Estimate option =
    match ResultGroups.finals measure a, ResultGroups.finals measure b with
    | (_ :: _ :: _ as xs), (_ :: _ :: _ as ys) ->
        Student.unpaired RunSummary.confidence (Array.ofList xs) (Array.ofList ys) |> Some
    | _ -> None

/// By Tukey's test, for all cells at once; pair by pair where no two cells share two seeds.
let private comparison (measure: Measure) (grid: Grid option) : Comparison =
    match grid with
    | Some grid -> fun a b -> Grid.difference a b grid
    | None -> pairwise measure

/// Whether a number is a score that is no better than that of a random policy, as far as it is shown.
let isRandom (measure: Measure) (best: float) : bool = measure = Score && System.Math.Round(best, 1) <= 0.0

/// Does the interval hold zero?
let private unclear (estimate: Estimate) : bool = estimate.Interval.Low <= 0.0 && estimate.Interval.High >= 0.0

/// "+12 [3, 20]".
let private signed (estimate: Estimate) : string =
    let sign = if estimate.Value > 0.0 then "+" else ""
    $"{sign}{Shown.estimate estimate}"

/// How many runs and evaluation episodes stand behind a cell's number.
let private basis (cell: ResultGroup) (summary: RunSummary) : string =
    let episodes =
        match cell.Runs |> List.map _.Config.EvaluationEpisodes |> List.distinct with
        | [ episodes ] when episodes > 0 ->
            $""", {Plural.count episodes "episode"}{Plural.given (summary.Count > 1) " each"}"""
        | _ -> ""

    $"""{Plural.count summary.Count "seed"}{episodes}"""

/// What the episodes of a single run's last evaluation say; it leaves out that another seed would train another policy.
let private episodes (run: Run) : string list =
    match run.Evaluations |> Seq.tryLast with
    | Some last when last.Returns.Length > 1 ->
        let returns = Array.ofSeq last.Returns

        let estimate = Student.ofRuns RunSummary.confidence returns

        [
            $"Over the {returns.Length} episodes of the last evaluation the mean return is {Shown.estimate estimate}, \
              from {Shown.number (Array.min returns)} to {Shown.number (Array.max returns)}. This interval is for \
              episodes of this policy. It says nothing about other seeds."
        ]
    | _ -> []

/// "(τ = 0.9, β = 3)", or "τ = 0.9".
let private named (cell: ResultGroup) : string =
    let words = Shown.values cell.Values
    if cell.Values.Length > 1 then $"({words})" else words

/// How the leaders stand to the other cells.
let private others (compare: Comparison) (best: ResultGroup) (leaders: ResultGroup list) (cells: ResultGroup list) =
    let compared =
        cells
        |> List.except leaders
        |> List.choose (fun cell -> compare best cell |> Option.map (fun estimate -> cell, estimate))

    let equals =
        compared
        |> List.filter (snd >> unclear)
        |> List.sortBy (fun (_, estimate) -> estimate.Value)
        |> List.map (fst >> named)

    let beside = leaders.Length + equals.Length
    let zero = "the 95 % interval of the difference contains zero."

    match compared.Length, equals with
    | 0, _ -> []
    | 1, [] -> [ "The lead over the other cell is larger than the spread between seeds." ]
    | count, [] -> [ $"The lead over each of the other {count} cells is larger than the spread between seeds." ]
    | _, equals ->
        let which, named =
            match equals with
            | [ one ] -> "The other is", one
            | few when few.Length <= 6 -> "The others are", Plural.listed few
            | many -> "The closest are", Plural.listed (List.truncate 4 many)

        [
            $"**{beside} of {cells.Length} cells cannot be told from the best**, itself among them. {which} \
              {named}: {zero}"
        ]

let private leading (measure: Measure) (compare: Comparison) (cells: ResultGroup list) : string list =
    match ResultGroups.best measure cells with
    | None -> [ "No run has finished, so there is no final result to compare yet." ]
    | Some(best, summary) ->
        let final = $"final {Measure.title measure}"
        let ties = ResultGroups.leaders measure cells

        let number =
            if summary.Count + cells.Length = 2 then
                Shown.number summary.Mean
            else
                Shown.summary summary

        let value = $"**{number}** ({basis best summary})."

        [
            match cells with
            | [ cell ] ->
                $"The {final} is {value}"

                if isRandom measure summary.Mean then
                    "This is no better than a random policy, which scores 0."

                match cell.Runs with
                | [ only ] -> yield! episodes only
                | _ -> ()
            | _ when isRandom measure summary.Mean ->
                $"**No cell beat a random policy.** The highest mean {final} is {value}"
            | _ ->
                if ties.Length = cells.Length then
                    $"**All {ties.Length} cells tie** with a mean {final} of {value}"
                elif ties.Length > 1 then
                    $"**{ties.Length} of {cells.Length} cells tie for the best** with a mean {final} of {value}"
                    $"They are {ties |> List.truncate 12 |> List.map named |> Plural.listed}."
                else
                    $"The best cell is **{Shown.values best.Values}** with a mean {final} of {value}"

                yield! others compare best ties cells

                if cells.Length > 2 && ties.Length = 1 && summary.Count > 1 then
                    let tooGood =
                        if summary.Count > 2 then
                            "The section Choosing a cell says by how much."
                        else
                            "New seeds would show by how much."

                    $"It was selected as the best of {cells.Length} cells by the evaluations shown here. This makes it \
                      look a little too good. {tooGood}"
        ]

/// What one hyperparameter does while the others stay at the best cell's values.
let private effect (measure: Measure) (compare: Comparison) (cells: ResultGroup list) name : string list =
    let best = ResultGroups.best measure cells
    let line = best |> Option.map (fun (best, _) -> ResultGroups.along name best cells)

    let points =
        line
        |> Option.defaultValue []
        |> List.choose (fun cell -> ResultGroups.summary measure cell |> Option.map (fun summary -> cell, summary))
        |> List.sortBy (fun (cell, _) ->
            ResultGroups.values name cells |> List.findIndex ((=) (ResultGroups.at name cell)))

    match best, points with
    | Some(best, bestSummary), _ :: _ :: _ ->
        let symbol = Shown.symbol name

        let fixedAt =
            match ResultGroups.without name best with
            | [] -> "By value, "
            | others -> $"At {Shown.values others}, by {symbol}, "

        let series =
            Plural.listed [ for cell, summary in points -> $"{Shown.summary summary} at {ResultGroups.at name cell}" ]

        let low, lowSummary = points |> List.minBy (fun (_, summary) -> summary.Mean)
        let from, until = ResultGroups.at name low, ResultGroups.at name best

        let change estimate =
            $"From the worst ({symbol} = {from}) to the best ({symbol} = {until}) the difference is {signed estimate}."

        let verdict =
            match compare best low with
            | _ when Shown.measured measure lowSummary.Mean = Shown.measured measure bestSummary.Mean ->
                "All values tie."
            | None when lowSummary.Count = 1 -> "With one seed, these differences may be chance."
            | None -> "Too few runs finished, so these differences may be chance."
            | Some estimate when unclear estimate ->
                $"{change estimate} Its interval contains zero, so there is no clear effect of {symbol}."
            | Some estimate ->
                let finals = ResultGroups.finals measure >> Array.ofList
                let wins = Shown.percent (winRate (finals best) (finals low))
                $"{change estimate} A run at {symbol} = {until} beats a run at {symbol} = {from} in {wins} of pairs."

        let title = Measure.title measure
        [ $"**Effect of {Shown.axisTitle name}.** {fixedAt}the mean final {title} is {series}. {verdict}" ]
    | _ -> []

/// The best cell beside β = 0, where the policy is cloned from the data without weights.
let private cloning (measure: Measure) (compare: Comparison) (cells: ResultGroup list) : string list =
    let clones = ResultGroups.where "inverseTemperature" "0" cells

    match ResultGroups.best measure clones, ResultGroups.best measure cells with
    | Some(clone, summary), Some(best, bestSummary) ->
        let compared =
            match compare best clone with
            | _ when List.contains clone (ResultGroups.leaders measure cells) ->
                "No cell is better, so the weights gave no gain."
            | None ->
                $"The best cell's mean is {Shown.summary bestSummary}; with one seed, the difference may be chance."
            | Some estimate when unclear estimate ->
                $"The best cell differs from it by {signed estimate}. The interval contains zero, so there is no clear \
                  gain over cloning."
            | Some estimate -> $"The best cell is {Shown.estimate estimate} above it."

        [
            $"**Against behaviour cloning.** With β = 0 all actions have equal weights. This is cloning. The best such \
              cell ({Shown.values clone.Values}) scores {Shown.summary summary}. {compared}"
        ]
    | _ -> []

/// What the numbers are.
let private basisOf (grid: Grid option) (cells: ResultGroup list) : string =
    let brackets =
        Plural.given
            (cells |> List.exists (fun cell -> cell.Runs.Length > 1))
            " Brackets are Student's 95 % intervals over seeds."

    let pairs =
        match grid with
        | None -> ""
        | Some grid ->
            let left =
                Plural.given
                    (not grid.Others.IsEmpty)
                    $""" {Plural.count grid.Others.Length "cell"} with too few of these seeds took no part."""

            $" Those of differences are Tukey's, on {grid.Blocks.Seeds} common seeds: they hold for all pairs of cells \
               at once.{left}"

    $"Every number is from the last evaluation of a run. No best checkpoint was selected.{brackets}{pairs}"

/// What offline metrics can say where nothing was evaluated: how V moved, and that this is no score.
let private offline (axis: string option) (cells: ResultGroup list) : string list = [
    "**Offline metrics only.** No run was evaluated in an environment. So this page does not show how well a policy \
     acts. Losses and values show whether training was stable. A lower loss does not mean a better policy."

    let axis = axis |> Option.filter (fun name -> ResultGroups.moves "valueMean" name cells)

    let values = [
        for cell in ResultGroups.ofRuns (Option.toList axis) (List.collect _.Runs cells) do
            match ResultGroups.meanOfKept (Run.lastMetric "valueMean") cell with
            | Some mean when axis.IsSome -> $"{Shown.number mean} at {Shown.values cell.Values}"
            | Some mean -> Shown.number mean
            | None -> ()
    ]

    if not values.IsEmpty then
        $"Mean of V over the data at the end of training: {Plural.listed values}."
]

/// The findings of one facet of a sweep: the best cell, what each hyperparameter does, behaviour cloning beside it, and
/// what the numbers are. Without evaluations: that there are offline metrics only.
let ofGroups
    (difference: float option)
    (measure: Measure option)
    (rows: string option)
    (columns: string option)
    (cells: ResultGroup list)
    =
    match measure with
    | None -> offline (Option.orElse columns rows) cells
    | Some measure ->
        let grid = Grid.ofGroups measure cells
        let compare = comparison measure grid

        leading measure compare cells
        @ (List.choose id [ rows; columns ] |> List.collect (effect measure compare cells))
        @ cloning measure compare cells
        @ (Option.toList grid
           |> List.collect (fun grid -> GridWords.shares grid @ GridWords.settled difference measure grid))
        @ [ basisOf grid cells ]
