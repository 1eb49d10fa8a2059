namespace Iql.Scripts

open Iql
open Iql.Scripts.Statistics

/// The best of N cells by half the seeds, scored by the other half: means over splits.
type BestByHalves = {
    /// The best cell's score on the seeds that chose it.
    Claimed: float
    /// Its score on the other seeds, which knows nothing of the choice.
    Confirmed: float
    /// How often each cell was chosen; shares that add up to 1.
    Chosen: float[]
} with

    /// What choosing adds to a score: claimed − confirmed.
    member best.Optimism: float = best.Claimed - best.Confirmed

/// Choosing without believing the choice's own scores. Source: Patterson et al. 2024, "Empirical design in
/// reinforcement learning", JMLR 25(318) (choosing and scoring on different seeds); Dodge et al. 2019, "Show your
/// work" (the expected maximum of n tries).
[<RequireQualifiedAccess>]
module Halves =

    /// Splits beyond which some are drawn instead.
    let private most = 1000

    /// The choices of some of a list's elements.
    let rec private some (count: int) (elements: int list) : int list list =
        match elements with
        | _ when count = 0 -> [ [] ]
        | [] -> []
        | first :: others -> (some (count - 1) others |> List.map (fun rest -> first :: rest)) @ some count others

    /// The seeds that choose, split by split: the larger half, so that a choice is as good as it can be.
    let private splits (seed: Seed) (seeds: int) : int list list =
        let count = (seeds + 1) / 2
        let all = [ 0 .. seeds - 1 ]

        if seeds <= 12 then
            some count all
        else
            List.init most (fun split ->
                let draws = seed.Split(uint64 split)
                all |> List.sortBy (fun i -> draws.Word(uint64 i)) |> List.take count)

    /// Means over the chosen seeds and over the others, cell by cell, split by split.
    let private scored (seed: Seed) (blocks: Blocks) : (float[] * float[]) list = [
        for choice in splits seed blocks.Seeds ->
            let others = List.except choice [ 0 .. blocks.Seeds - 1 ]
            let over seeds = blocks.Scores |> Array.map (fun row -> seeds |> List.averageBy (fun k -> row[k]))
            over choice, over others
    ]

    /// The weight of each cell as the best of n cells drawn with replacement: (i/N)^n − ((i − 1)/N)^n for the i-th
    /// from below; cells with equal scores share theirs.
    let private maximumOf (tries: float) (scores: float[]) : float[] =
        let count = float scores.Length

        scores
        |> Array.map (fun score ->
            let below = scores |> Array.filter (fun other -> other < score) |> Array.length |> float
            let equal = scores |> Array.filter ((=) score) |> Array.length |> float
            (((below + equal) / count) ** tries - (below / count) ** tries) / equal)

    let private dot (weights: float[]) (scores: float[]) : float = Array.sum (Array.map2 (*) weights scores)

    let private by (weigh: float[] -> float[]) (seed: Seed) (blocks: Blocks) : BestByHalves =
        let splits = [ for choosing, scoring in scored seed blocks -> weigh choosing, choosing, scoring ]

        {
            Claimed = splits |> List.averageBy (fun (weights, choosing, _) -> dot weights choosing)
            Confirmed = splits |> List.averageBy (fun (weights, _, scoring) -> dot weights scoring)
            Chosen =
                splits
                |> List.map (fun (weights, _, _) -> weights)
                |> List.reduce (Array.map2 (+))
                |> Array.map (fun sum -> sum / float splits.Length)
        }

    /// The best of all cells. All splits of up to twelve seeds; of more, a thousand drawn from `seed`.
    let best (seed: Seed) (blocks: Blocks) : BestByHalves = by (maximumOf infinity) seed blocks

    /// The best of n >= 1 cells drawn from the grid: what a user who tries n of them may expect.
    let ofTries (seed: Seed) (blocks: Blocks) (tries: int) : BestByHalves =
        Check.AtLeast(tries, 1, nameof tries)
        by (maximumOf (float tries)) seed blocks

    /// E_n = Σ_i ((i/N)^n − ((i − 1)/N)^n) s_(i): the expected maximum of n >= 1 scores drawn with replacement from N.
    let expectedMaximum (tries: int) (scores: float[]) : float =
        Check.AtLeast(tries, 1, nameof tries)
        dot (maximumOf (float tries) scores) scores
