namespace Iql.Scripts

open Iql
open Iql.Scripts.Statistics

/// All cells compared with one another at once: with probability `Confidence` no pair of equal cells is told apart, and
/// every interval of a difference holds the true one.
type Tukey = {
    Confidence: float
    /// Means of cells.
    Means: float[]
    /// What each cell adds to the least differences.
    Reach: float[]
} with

    /// The least difference of two cells' means that tells them apart: √(reach² + reach²).
    member tukey.Least(a: int, b: int) : float = sqrt (tukey.Reach[a] ** 2.0 + tukey.Reach[b] ** 2.0)

    /// Half lengths of bars around means, which do not overlap where cells are told apart.
    member tukey.Bars: float[] = tukey.Reach |> Array.map (fun reach -> reach / sqrt 2.0)

/// Tukey's test with seeds as blocks, and with each cell's own spread as far as the seeds show it: with one spread
/// for all, it tells equal cells of uneven spread apart in nearly every fifth grid. Source: Tukey 1953, "The problem of
/// multiple comparisons"; Scheffé 1959, "The analysis of variance", section 3.6.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Tukey =

    /// The least difference is q √((v_a + v_b) / 2K): q of C means, and variances v of cells with their degrees of
    /// freedom (`Spread`). confidence in (0, 1).
    let ofBlocks (confidence: float) (blocks: Blocks) : Tukey =
        Check.Between(confidence, 0.0, 1.0, nameof confidence)
        let spread = Spread.ofBlocks blocks
        let q = StudentisedRange.quantile blocks.Cells spread.Degrees confidence

        {
            Confidence = confidence
            Means = Blocks.means blocks
            Reach = spread.Variances |> Array.map (fun variance -> q * sqrt (variance / 2.0 / float blocks.Seeds))
        }

    /// Whether two cells are told apart.
    let apart (tukey: Tukey) (a: int) (b: int) : bool = abs (tukey.Means[a] - tukey.Means[b]) > tukey.Least(a, b)

    /// The difference of two cells' means, a − b, with its simultaneous interval.
    let difference (tukey: Tukey) (a: int) (b: int) : Estimate =
        let value, least = tukey.Means[a] - tukey.Means[b], tukey.Least(a, b)
        estimateOf value (Some { Low = value - least; High = value + least })

    /// What the best cell exceeds each by [C]; intervals hold the true distances to the truly best cell, all at once.
    let behind (tukey: Tukey) : Estimate[] =
        let cells = [| 0 .. tukey.Means.Length - 1 |]

        cells
        |> Array.map (fun cell ->
            let ahead = cells |> Array.filter ((<>) cell) |> Array.map (fun other -> difference tukey other cell)
            let most (part: Estimate -> float) = ahead |> Array.map part |> Array.max |> max 0.0
            estimateOf (most _.Value) (Some { Low = most _.Interval.Low; High = most _.Interval.High }))

    /// The cells that no other is told to be better than: each may be the best.
    let besideBest (tukey: Tukey) : int[] =
        behind tukey
        |> Array.indexed
        |> Array.filter (fun (_, gap) -> gap.Interval.Low = 0.0)
        |> Array.map fst

    /// The best and the second best mean where these cells cannot be told apart.
    let rivals (tukey: Tukey) : (int * int) option =
        let order = Array.init tukey.Means.Length id |> Array.sortByDescending (fun cell -> tukey.Means[cell])
        if apart tukey order[0] order[1] then None else Some(order[0], order[1])
