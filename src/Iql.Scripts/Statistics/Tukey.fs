namespace Iql.Scripts

open Iql
open Iql.Scripts.Statistics

/// All cells compared with one another at once: with probability `Confidence` no pair of equal cells is told apart, and
/// every interval of a difference holds the true one.
type Tukey = {
    Confidence: float
    /// Means of cells.
    Means: float[]
    /// The least difference of two means that tells their cells apart. Bars of half this length on either side of the
    /// means do not overlap exactly where cells are told apart.
    Least: float
}

/// Tukey's test with seeds as blocks. Source: Tukey 1953, "The problem of multiple comparisons"; Scheffé 1959, "The
/// analysis of variance", section 3.6.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Tukey =

    /// The least difference is q √(s² / K): q of C means with (C − 1)(K − 1) degrees of freedom, s² the variance of
    /// what cell and seed leave over. confidence in (0, 1).
    let ofBlocks (confidence: float) (blocks: Blocks) : Tukey =
        Check.Between(confidence, 0.0, 1.0, nameof confidence)
        let q = StudentisedRange.quantile blocks.Cells (Blocks.degrees blocks) confidence

        {
            Confidence = confidence
            Means = Blocks.means blocks
            Least = q * sqrt (Blocks.restVariance blocks / float blocks.Seeds)
        }

    /// Whether two cells are told apart.
    let apart (tukey: Tukey) (a: int) (b: int) : bool = abs (tukey.Means[a] - tukey.Means[b]) > tukey.Least

    /// The difference of two cells' means, a − b, with its simultaneous interval.
    let difference (tukey: Tukey) (a: int) (b: int) : Estimate =
        let value = tukey.Means[a] - tukey.Means[b]

        { Value = value; Interval = { Low = value - tukey.Least; High = value + tukey.Least } }

    /// What the best mean exceeds each cell's by [C]; intervals hold the true distances to the truly best cell, all
    /// at once.
    let behind (tukey: Tukey) : Estimate[] =
        let best = Array.max tukey.Means

        tukey.Means
        |> Array.map (fun mean -> {
            Value = best - mean
            Interval = { Low = max 0.0 (best - mean - tukey.Least); High = best - mean + tukey.Least }
        })

    /// The cells that cannot be told from the best mean, itself among them.
    let besideBest (tukey: Tukey) : int[] =
        behind tukey
        |> Array.indexed
        |> Array.filter (fun (_, gap) -> gap.Interval.Low = 0.0)
        |> Array.map fst

    /// The best of the other cells where it cannot be told from the best.
    let rival (tukey: Tukey) : int option =
        let order = Array.init tukey.Means.Length id |> Array.sortByDescending (fun cell -> tukey.Means[cell])
        if apart tukey order[0] order[1] then None else Some order[1]
