/// Means and their differences with Student's intervals, which hold their confidence from two runs on where scores are
/// about normal. Counts of runs may differ from group to group.
[<RequireQualifiedAccess>]
module Iql.Scripts.Student

open Iql
open Iql.Scripts.Statistics

/// Σ w_i mean_i of groups, with its interval; without one where a group with a weight has a single run. Degrees of
/// freedom are Satterthwaite's: (Σ v_i)² / Σ v_i² / (n_i − 1), v_i = w_i² s_i² / n_i. confidence in (0, 1). Source:
/// Satterthwaite 1946, "An approximate distribution of estimates of variance components"; of two means, Welch 1947.
let combination (confidence: float) (weights: float[]) (groups: float[][]) : Estimate =
    Check.Between(confidence, 0.0, 1.0, nameof confidence)
    let value = Array.map2 (fun weight group -> weight * mean group) weights groups |> Array.sum

    if groups |> Array.exists (fun group -> group.Length < 2) then
        estimateOf value None
    else
        let variances =
            Array.map2 (fun weight group -> (weight * std group) ** 2.0 / float group.Length) weights groups

        let variance = Array.sum variances

        let degrees =
            variance * variance
            / (Array.map2 (fun v (group: float[]) -> v * v / float (group.Length - 1)) variances groups
               |> Array.sum)

        let half =
            if variance = 0.0 then
                0.0
            else
                Distribution.studentBound degrees confidence * sqrt variance

        estimateOf value (Some { Low = value - half; High = value + half })

/// The mean of one group's runs.
let ofRuns (confidence: float) (xs: float[]) : Estimate = combination confidence [| 1.0 |] [| xs |]

/// mean xs − mean ys on common seeds, xs [K] and ys [K] seed by seed: the mean of the differences.
let paired (confidence: float) (xs: float[]) (ys: float[]) : Estimate =
    Check.That((xs.Length = ys.Length), nameof ys, $"{xs.Length} scores, as many as xs", ys.Length)
    ofRuns confidence (Array.map2 (-) xs ys)

/// mean xs − mean ys without common seeds.
let unpaired (confidence: float) (xs: float[]) (ys: float[]) : Estimate =
    combination confidence [| 1.0; -1.0 |] [| xs; ys |]

/// Mean over tasks of the mean over runs; scores are M arrays of runs.
let ofTasks (confidence: float) (scores: float[][]) : Estimate =
    combination confidence (Array.create scores.Length (1.0 / float scores.Length)) scores

/// Mean over tasks of the differences of two methods on common seeds, both M arrays of runs, seed by seed.
let pairedTasks (confidence: float) (xs: float[][]) (ys: float[][]) : Estimate =
    ofTasks confidence (Array.map2 (Array.map2 (-)) xs ys)
