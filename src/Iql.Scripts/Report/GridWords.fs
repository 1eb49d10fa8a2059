/// What the statistics of a grid say, in sentences: what explains the scores, how far a good one reaches, what choosing
/// adds, and what more seeds would settle.
module Iql.Scripts.GridWords

open Iql
open Iql.Scripts.Charts
open Iql.Scripts.Statistics

let private percent (share: Estimate) : string =
    let whole x = $"{100.0 * x:F0}"
    $"**{whole share.Value} %%** [{whole share.Interval.Low}, {whole share.Interval.High}]"

/// What the axes explain, the largest first.
let shares (grid: Grid) : string list =
    match Grid.shares grid with
    | None -> []
    | Some shares ->
        let effects = shares.Effects |> List.sortByDescending _.Share.Value
        let said, others = List.splitAt (min 4 effects.Length) effects

        let named (effect: VarianceShare) =
            match effect.Axes with
            | [ axis ] -> Shown.symbol (fst grid.Axes[axis])
            | _ when grid.Axes.Length = 2 -> "both together beyond each alone"
            | axes -> $"{GridEffects.name grid axes} together"

        let rest = List.sumBy _.Share.Value others

        [
            $"**What explains the scores.** Of the variance, "
            + Plural.listed [
                for i, effect in List.indexed said do
                    named effect + Plural.given (i = 0) " explains" + $" {percent effect.Share}"
                if not others.IsEmpty then
                    $"all other effects {100.0 * rest:F0} %%"
                $"seeds {percent shares.Seeds}"
            ]
            + "."
        ]

/// Distances that are worth a word: points of scores, or shares of the range of means.
let distances (measure: Measure) (grid: Grid) : float list =
    match measure with
    | Score -> [ 5.0; 10.0 ]
    | Return ->
        let range = Array.max grid.Tukey.Means - Array.min grid.Tukey.Means
        [ 0.05 * range; 0.1 * range ]

/// How much of the grid is near the best, and how far one can go along each axis.
let reach (measure: Measure) (grid: Grid) : string list =
    let near = List.last (distances measure grid)
    let share = Robustness.volume (Grid.weights grid) grid.Tukey near
    let lengths = [ for _, values in grid.Axes -> values.Length ]

    let along = [
        for axis, (name, values) in List.indexed grid.Axes ->
            let first, last = Robustness.plateau lengths axis near grid.Tukey.Means

            if first = last then
                $"{Shown.symbol name} = {values[first]} alone"
            else
                $"{Shown.symbol name} from {values[first]} to {values[last]}"
    ]

    [
        $"{percent share} of the grid is within {Shown.number near} of the best."
        + Plural.given (not along.IsEmpty) $" From the best cell, this holds for {Plural.listed along}."
    ]

/// The best cell by half of the seeds.
let byHalves (grid: Grid) : BestByHalves option =
    if grid.Blocks.Seeds < 3 || grid.Blocks.Cells > 250 then
        None
    else
        Some(Halves.best (Seed.Named "halves") grid.Blocks)

/// What choosing adds to the score of the chosen.
let optimism (measure: Measure) (grid: Grid) : string list = [
    for best in Option.toList (byHalves grid) ->
        let shown = Shown.measured measure

        $"**The best without its luck.** Chosen on half of the seeds, the best cell has {shown best.Claimed} there and \
          **{shown best.Confirmed}** on the other half. Choosing adds {shown best.Optimism}."
]

/// Error and power of the studies that seeds are counted for.
let private needed (grid: Grid) : float -> int option =
    SeedsNeeded.ofCells (1.0 - RunSummary.confidence) 0.8 grid.Blocks

let private seeds (count: int option) : string =
    match count with
    | Some count -> Plural.count count "seed"
    | None -> "more than 10,000 seeds"

/// What more seeds would settle: the best cell and its nearest rival, and a difference: the reader's, or a usual one.
let settled (difference: float option) (measure: Measure) (grid: Grid) : string list =
    let rival =
        match Tukey.rivals grid.Tukey with
        | Some(best, rival) when grid.Tukey.Means[best] - grid.Tukey.Means[rival] > 1e-9 ->
            let gap = grid.Tukey.Means[best] - grid.Tukey.Means[rival]
            let count = SeedsNeeded.ofPair (1.0 - RunSummary.confidence) 0.8 grid.Blocks (best, rival)

            $"The nearest rival of the best cell ({Shown.values grid.Cells[rival].Values}) is \
              {Shown.measured measure gap} behind. If this is the true difference, it takes {seeds count} \
              a cell to tell them apart in four of five studies. "
        | Some _ -> "The best cells are equal, so more seeds may not tell them apart. "
        | None -> "The best cell is told apart from all others. "

    let size = difference |> Option.defaultValue (List.last (distances measure grid))
    let asked = Plural.given difference.IsSome ", the one asked for,"

    [
        $"**What more seeds would settle.** {rival}For a difference of {Shown.number size}{asked} it takes \
          {seeds (needed grid size)}. There are {grid.Blocks.Seeds} now."
    ]
