/// What it costs to choose policies by a number that needs no environment. Source: regret@k of Fu et al. 2021,
/// "Benchmarks for deep off-policy evaluation", here in the scores' units.
[<RequireQualifiedAccess>]
module Iql.Scripts.Selectability

open System
open Iql
open Iql.Scripts.Statistics

/// C(n, m) as a float.
let private choose (n: int) (m: int) : float =
    if m < 0 || m > n then
        0.0
    else
        Seq.fold (fun product i -> product * float (n - i) / float (i + 1)) 1.0 [ 0 .. m - 1 ]

/// The mean, over all orders of ties, of the best score among the k policies with the highest numbers.
let private bestOf (k: int) (numbers: float[]) (scores: float[]) : float =
    let border = numbers |> Array.sortDescending |> Array.item (k - 1)

    let above =
        Array.zip numbers scores |> Array.filter (fst >> fun number -> number > border) |> Array.map snd

    let tied = Array.zip numbers scores |> Array.filter (fst >> (=) border) |> Array.map snd |> Array.sort
    let least = if above.Length = 0 then -infinity else Array.max above
    let drawn = k - above.Length

    // The best of m draws without replacement is the i-th of them in order in C(i, m − 1) of C(n, m) cases.
    tied
    |> Array.mapi (fun i score -> choose i (drawn - 1) / choose tied.Length drawn * max least score)
    |> Array.sum

/// Regret@k: the best score of all policies less the best score among the k policies with the highest numbers, of
/// which the environment then shows the best. Ties count as a mean over their orders. numbers, scores [N], finite;
/// k from 1 to N.
let regret (k: int) (numbers: float[]) (scores: float[]) : float =
    Check.That((numbers.Length = scores.Length), nameof scores, $"{numbers.Length}, as many as numbers", scores.Length)
    Check.That((k >= 1 && k <= numbers.Length), nameof k, $"from 1 to {numbers.Length}", k)
    Array.max scores - bestOf k numbers scores
