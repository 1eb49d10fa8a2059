/// The sections of a report that are about a grid as a whole, with any number of axes.
module Iql.Scripts.GridSections

open Giraffe.ViewEngine
open Iql
open Iql.Scripts.Charts
open Iql.Scripts.Statistics

/// Runs of one task, one algorithm and one data set, over all other axes.
type Subject = { Values: (string * string) list; Cells: ResultGroup list }

/// What is never an axis of a grid: scores of different tasks are not compared.
let private apart = [ "task"; "algorithm"; "data" ]

let subjects (sweep: SweepResults) : Subject list =
    let own, axes = ResultGroups.varying sweep |> List.partition (fun name -> List.contains name apart)

    [
        for group in ResultGroups.ofRuns own sweep.Runs ->
            { Values = group.Values; Cells = ResultGroups.ofRuns axes group.Runs }
    ]

let private listed (words: string list) : XmlNode list = List.map Html.paragraph words

let private explained figure (measure: Measure) (grid: Grid) : XmlNode list =
    match Grid.shares grid with
    | None -> []
    | Some shares ->
        let words = GridWords.shares grid

        let pairs =
            shares.Effects
            |> List.filter (fun effect -> effect.Axes.Length = 2)
            |> List.sortByDescending _.Share.Value
            |> List.truncate 6

        let effects =
            "Means over all other axes. Bars of two values do not overlap exactly where they are told apart. \
                       Grey lines are seeds."

        [
            // What was found says it of a plane.
            if grid.Axes.Length > 2 then
                yield! listed words
            yield! [ GridEffects.shares grid shares ] |> figure "shares" "Shares with 95 % intervals." words.Head
            Html.computed
                "variance-shares"
                "Two-way analysis of variance on the seeds that all cells share, seeds as blocks. A share is ω²: the \
                 variance of an effect, without what chance adds, over the variance of all. Intervals come from the \
                 noncentral F distribution. With few seeds they are wide."
            yield!
                GridEffects.main measure grid
                |> figure "effects" effects $"Means by value of {Plural.listed [ for name, _ in grid.Axes -> name ]}."
            yield!
                [
                    for effect in pairs ->
                        let name axis = fst grid.Axes[axis]
                        GridEffects.interaction measure (name effect.Axes[1]) (name effect.Axes[0]) grid
                ]
                |> figure
                    "interactions"
                    "Two axes at once, means over seeds and over all other axes. Where lines are parallel, the axes do \
                     not act together."
                    "Means by two axes."
            Html.computed
                "cells-compared-at-once"
                "Bars are half of Tukey's least difference, on means over all other axes, seeds as blocks. They hold \
                 for all values of one axis at once, 95 %."
        ]

/// Numbers of tries: 1, 2, 5, 10 and so on, up to all.
let private counts (cells: int) : int list =
    [ 1; 2; 3; 5; 7; 10; 15; 20; 30; 50; 70; 100; 150; 200; 250 ]
    |> List.filter (fun count -> count < cells)
    |> fun counts -> counts @ [ cells ]

let private choosing (difference: float option) figure (measure: Measure) (grid: Grid) : XmlNode list =
    let widest = 3.0 * List.last (GridWords.distances measure grid)
    let reach = GridWords.reach measure grid

    [
        yield! listed reach
        yield!
            [ GridCurves.reach measure widest grid ]
            |> figure "reach" "Share of the grid by its distance to the best, with a 95 % band." reach.Head
        Html.computed
            "robustness"
            "The share of cells whose mean is within a distance of the best mean. Cells count by the spacing of the \
             axes, logarithmic where an axis spans a factor of ten. The band holds for the whole curve: it comes from \
             Tukey's intervals of the distances to the best."
        for best in Option.toList (GridWords.byHalves grid) do
            let words = GridWords.optimism measure grid
            yield! listed words

            let tries = [
                for count in counts grid.Blocks.Cells ->
                    count,
                    if count = grid.Blocks.Cells then
                        best
                    else
                        Halves.ofTries (Seed.Named "halves") grid.Blocks count
            ]

            yield!
                [ GridCurves.tries measure tries ]
                |> figure
                    "tries"
                    "Score of the best of so many cells, drawn from the grid. The last point is the best of all. The \
                     distance of the lines is what choosing adds."
                    words.Head

            Html.computed
                "choosing"
                "Each way to take half of the seeds chooses the best cell by its mean there. Its mean on the other \
                 seeds knows nothing of the choice. Both are means over all ways. For n tries, cells are drawn with \
                 replacement, and their best is counted exactly."
        if grid.Axes.Length > 2 then
            yield! listed (GridWords.settled difference measure grid)
        Html.computed
            "seeds-needed"
            "Power of Tukey's test among this many cells at the variance that cells and seeds leave over: the least \
             number of seeds that tells a true difference of this size apart with probability 0.8, at 5 % error for \
             all pairs."
    ]

/// Episodes of the last evaluations of finished runs, and the runs' scores.
let private arms (measure: Measure) (runs: Run list) : BudgetArm[] = [|
    for run in runs do
        match Run.final measure run, Seq.tryLast run.Evaluations with
        | Some score, Some last when last.Returns.Length > 1 ->
            ({ Returns = Array.ofSeq last.Returns; Score = score }: BudgetArm)
        | _ -> ()
|]

let private trying figure (measure: Measure) (cells: ResultGroup list) : XmlNode list =
    let arms = arms measure (List.collect _.Runs cells)

    if arms.Length < 3 then
        []
    else
        let plan = BudgetCurve.standard
        let curve = BudgetCurve.ofArms (Seed.Named "budget") plan arms
        let shown = Shown.measured measure
        let tried = min plan.Policies arms.Length
        let at spent = shown curve[spent - 1].Value

        let words =
            $"**Without knowing the scores.** Who trains {tried} of these {arms.Length} policies and tries them out \
              gets {at 1} after one episode, {at 20} after 20 and {at plan.Episodes} after {plan.Episodes}. The mean \
              over all episodes spent is {shown (BudgetCurve.area curve)}."

        [
            Html.paragraph words
            yield!
                [ GridCurves.budget measure curve ]
                |> figure
                    "budget"
                    "True score of the policy that looks best so far. The band holds nine of ten repeats: they draw \
                     other policies and other episodes."
                    words
            Html.computed
                "online-budget"
                $"{plan.Repeats:N0} repeats. Each draws {tried} trained policies and spends {plan.Episodes} episodes \
                  by UCB1 (α = {plan.Exploration}) on returns scaled to 0 to 1. Episodes are drawn from those stored \
                  at the last evaluation. The true score is the policy's mean there, so noise of few episodes makes \
                  the curve end a little too high."
        ]

/// Which training metric could have chosen the cell.
let private selecting (measure: Measure) (cells: ResultGroup list) : XmlNode list =
    let runs = cells |> List.collect _.Runs |> List.filter (Run.final measure >> Option.isSome)

    // More cells would make the bootstrap slow.
    match (if runs.Length < 8 || cells.Length > 120 then [] else Foresight.ofMetrics measure cells) with
    | [] -> []
    | found ->
        let tau (each: Foresight) = each.Correlation.Value
        let sorted = found |> List.sortByDescending (tau >> _.Value)
        let best = sorted.Head
        let shown = Shown.measured measure

        let lost =
            match best.Regrets with
            | (_, regret) :: _ -> $" The cell that it picks is {shown regret.Value} below the best."
            | [] -> ""

        let helped = sorted |> List.filter (fun each -> (tau each).Interval.Low > 0.0)

        let verdict =
            match helped with
            | [] -> "The interval of no metric is above 0: none was a guide."
            | some -> $"The intervals of {some.Length} of {sorted.Length} metrics are above 0."

        [
            Html.paragraph
                $"**Choosing without an environment.** The {best.Column.Head} at the end of training orders the cells \
                  best: rank correlation {Shown.number (tau best).Value}.{lost} {verdict} \
                  The best of many metrics looks better than it is. `iql evaluate` adds fitted Q evaluation."
            EstimateSections.predictions $"Training metrics against the {Measure.title measure}" measure sorted
            yield! EstimateSections.predictionWords measure
        ]

/// The sections of each subject whose runs were evaluated.
let ofSweep (sweep: SweepResults) : Sections.Section list = [
    let subjects = subjects sweep

    for i, subject in List.indexed subjects do
        for measure in Option.toList (subject.Cells |> List.collect _.Runs |> Measure.ofRuns) do
            let many = subjects.Length > 1
            let prefix = if many then $"g{i + 1}-" else ""
            let aside = if many then $": {Shown.values subject.Values}" else ""
            let figure (id: string) = Html.figure $"{prefix}figure-{id}"
            let grid = Grid.ofGroups measure subject.Cells
            let ofGrid draw = grid |> Option.map (draw figure measure) |> Option.defaultValue []

            yield!
                Sections.shown prefix [
                    "explained", "What explains the scores" + aside, ofGrid explained
                    "choosing", "Choosing a cell" + aside, ofGrid (choosing (Option.ofNullable sweep.Plan.Difference))
                    "trying", "Trying out policies" + aside, trying figure measure subject.Cells
                    "selecting", "Choosing without an environment" + aside, selecting measure subject.Cells
                ]
]
