/// How far a good score reaches around the best cell.
[<RequireQualifiedAccess>]
module Iql.Scripts.Robustness

open System
open Iql
open Iql.Scripts.Statistics

/// Weights of an axis's values: half the way to each neighbour, on a logarithmic axis in logarithms; they add up to
/// 1. The values ascend; one value, or none that is a number, weighs the same as another.
let spacing (logarithmic: bool) (values: float[]) : float[] =
    let places = if logarithmic then Array.map log values else values
    let last = places.Length - 1

    if last < 1 || not (Array.forall Double.IsFinite places) then
        Array.create values.Length (1.0 / float values.Length)
    else
        let width = places[last] - places[0]

        Array.init places.Length (fun i -> (places[min last (i + 1)] - places[max 0 (i - 1)]) / 2.0 / width)

/// Weights of cells: products of their values' weights, the last axis fastest.
let weights (axes: float[] list) : float[] =
    List.fold (fun cells axis -> Array.allPairs cells axis |> Array.map (fun (a, b) -> a * b)) [| 1.0 |] axes

/// R(ε): the share of cells, by weight, whose true mean is within ε >= 0 of the best one's. The interval holds the true
/// curve for all ε at once with Tukey's confidence.
let volume (weights: float[]) (tukey: Tukey) (epsilon: float) : Estimate =
    Check.That((weights.Length = tukey.Means.Length), nameof weights, $"{tukey.Means.Length} weights", weights.Length)
    let gaps = Tukey.behind tukey

    let within (limit: Estimate -> float) =
        Array.zip weights gaps
        |> Array.sumBy (fun (weight, gap) -> if limit gap <= epsilon then weight else 0.0)

    {
        Value = within _.Value
        Interval = { Low = within _.Interval.High; High = within _.Interval.Low }
    }

/// The values of an axis around the best cell, all others held, whose means are within ε >= 0 of the best: indices of
/// the first and the last. Cells lie in order of the axes' values, the last axis fastest.
let plateau (lengths: int list) (axis: int) (epsilon: float) (means: float[]) : int * int =
    let product = List.reduce (*) lengths
    Check.That((product = means.Length), nameof lengths, $"a product of {means.Length} cells", product)
    let best = Array.IndexOf(means, Array.max means)
    let stride = List.skip (axis + 1) lengths |> List.fold (*) 1
    let own = best / stride % lengths[axis]
    let within value = means[best + (value - own) * stride] >= means[best] - epsilon

    let rec reach value step =
        let next = value + step
        if next >= 0 && next < lengths[axis] && within next then reach next step else value

    reach own -1, reach own 1
