/// Statistics of scores over runs. Shape letters: R runs of one task, M tasks. Scores of several tasks are one array a
/// task, so tasks may have different numbers of runs. Every random draw comes from the seed that is passed in.
/// Source: Agarwal et al. 2021, "Deep RL at the edge of the statistical precipice", arXiv:2108.13264.
module Iql.Scripts.Statistics

open System
open Iql

/// An interval of values, low &lt;= high.
type Interval = { Low: float; High: float }

/// An estimate and the interval around it at some confidence.
type Estimate = { Value: float; Interval: Interval }

/// A value with its interval; without one, the interval from the value to itself.
let estimateOf (value: float) (interval: Interval option) : Estimate = {
    Value = value
    Interval = defaultArg interval { Low = value; High = value }
}

let private atLeastOne (name: string) (values: float[]) =
    if values.Length = 0 then
        raise (Iql.InputException $"{name}: expected at least one number, got none.")

/// Arithmetic mean of xs [R]; an empty input is an error.
let mean (xs: float[]) : float =
    atLeastOne (nameof xs) xs
    Array.average xs

/// Sample standard deviation of xs [R], sqrt(Σ(x − mean)² / (R − 1)); NaN for a single number, which has none.
let std (xs: float[]) : float =
    let centre = mean xs
    sqrt ((xs |> Array.sumBy (fun x -> (x - centre) ** 2.0)) / float (xs.Length - 1))

/// Quantile p in [0, 1] of xs [R]: linear between the order statistics around (R − 1) p (Hyndman and Fan's type 7).
let quantile (p: float) (xs: float[]) : float =
    atLeastOne (nameof xs) xs
    Check.That(p >= 0.0 && p <= 1.0, nameof p, "a share in [0, 1]", p)
    let sorted = Array.sort xs
    let place = float (sorted.Length - 1) * p
    let below = int (floor place)
    let above = min (below + 1) (sorted.Length - 1)
    let share = place - float below
    // Two products, not low + share (high − low): the ends come out exactly, and between equal numbers nothing is
    // added.
    sorted[below] * (1.0 - share) + sorted[above] * share

/// Median of xs [R].
let median (xs: float[]) : float = quantile 0.5 xs

/// Interquartile mean of xs [R]: sort, drop floor(R / 4) from each end, average the rest (scipy's trim_mean at 0.25).
/// Source: arXiv:2108.13264, section 4.3.
let iqm (xs: float[]) : float =
    atLeastOne (nameof xs) xs
    let cut = xs.Length / 4
    (Array.sort xs)[cut .. xs.Length - 1 - cut] |> Array.average

/// Optimality gap of xs [R] to a target (100 for normalised scores): target − mean(min(x, target)); 0 is best.
/// Source: arXiv:2108.13264, section 4.3.
let optimalityGap (target: float) (xs: float[]) : float = target - mean (xs |> Array.map (min target))

/// Probability that a run of xs [R₁] beats a run of ys [R₂] on one task, ties counted half (Mann and Whitney's U /
/// R₁R₂).
let winRate (xs: float[]) (ys: float[]) : float =
    atLeastOne (nameof xs) xs
    atLeastOne (nameof ys) ys

    let wins =
        Array.allPairs xs ys
        |> Array.sumBy (fun (x, y) ->
            if x > y then 1.0
            elif x = y then 0.5
            else 0.0)

    wins / float (xs.Length * ys.Length)

/// Probability of improvement of xs over ys: the mean over tasks of the win rate. Both are M arrays, task by task.
/// Source: arXiv:2108.13264, section 4.3.
let probabilityOfImprovement (xs: float[][]) (ys: float[][]) : float =
    Check.That(xs.Length = ys.Length, nameof ys, $"{xs.Length} tasks, as many as xs", ys.Length)
    Array.map2 winRate xs ys |> mean

/// Kendall's rank correlation τ_b of xs and ys [N]: the share of pairs in the same order, less that of pairs in the
/// opposite one, ties taken out; 1 is the same order. NaN where all xs or all ys are equal.
/// Source: Kendall 1945, "The treatment of ties in ranking problems".
let rankCorrelation (xs: float[]) (ys: float[]) : float =
    Check.That(xs.Length = ys.Length, nameof ys, $"{xs.Length} numbers, as many as xs", ys.Length)

    let mutable same, ofX, ofY = 0, 0, 0

    for i in 0 .. xs.Length - 1 do
        for j in i + 1 .. xs.Length - 1 do
            let x, y = compare xs[i] xs[j], compare ys[i] ys[j]
            same <- same + x * y
            ofX <- ofX + abs x
            ofY <- ofY + abs y

    float same / sqrt (float ofX * float ofY)

/// Mean over tasks of the mean over runs; scores are M arrays of runs.
let meanOfTasks (scores: float[][]) : float = scores |> Array.map mean |> mean

/// Sum over tasks of the mean over runs, the total of the papers' tables; scores are M arrays of runs.
let sumOfTasks (scores: float[][]) : float = scores |> Array.sumBy mean

/// Median over tasks of the mean over runs; scores are M arrays of runs.
let medianOfTasks (scores: float[][]) : float = scores |> Array.map mean |> median

/// Optimality gap of all runs of all tasks pooled; scores are M arrays of runs.
let optimalityGapOfTasks (target: float) (scores: float[][]) : float = scores |> Array.concat |> optimalityGap target

/// Interquartile mean of all runs of all tasks pooled, as rliable pools them; scores are M arrays of runs.
let iqmOfTasks (scores: float[][]) : float = scores |> Array.concat |> iqm

/// Performance profile: the mean over tasks of the share of runs with a score above a bound; scores are M arrays of
/// runs. Source: arXiv:2108.13264, section 4.3.
let shareAbove (bound: float) (scores: float[][]) : float =
    scores |> Array.averageBy (Array.averageBy (fun score -> if score > bound then 1.0 else 0.0))

/// Wilson's interval for a share of successes: the values p for which the count seen is not surprising.
/// confidence in (0, 1), 0 &lt;= successes &lt;= trials, trials at least 1; shares are in [0, 1].
/// Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
let wilson (confidence: float) (successes: int) (trials: int) : Estimate =
    Check.Between(confidence, 0.0, 1.0, nameof confidence)
    Check.AtLeast(trials, 1, nameof trials)
    Check.That(successes >= 0 && successes <= trials, nameof successes, $"a count from 0 to {trials}", successes)
    let n = float trials
    let share = float successes / n
    let z = Distribution.normalQuantile ((1.0 + confidence) / 2.0)
    let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n)

    let half = z / (1.0 + z * z / n) * sqrt (share * (1.0 - share) / n + z * z / (4.0 * n * n))

    {
        Value = share
        Interval = {
            Low = if successes = 0 then 0.0 else centre - half
            High = if successes = trials then 1.0 else centre + half
        }
    }

/// Resample number r: every task draws as many runs as it has, with replacement, independently of the other tasks.
let private resample (seed: Seed) (replicate: int) (scores: float[][]) : float[][] =
    scores
    |> Array.mapi (fun task runs ->
        let draws = seed.Split(uint64 task).Split(uint64 replicate)
        Array.init runs.Length (fun i -> runs[draws.Below(uint64 i, runs.Length)]))

let private percentiles (confidence: float) (replicates: float[]) : Interval =
    let tail = (1.0 - confidence) / 2.0

    { Low = quantile tail replicates; High = quantile (1.0 - tail) replicates }

/// How an interval is drawn: `Replicates` resamples, at least 1, from a seed; `Confidence` in (0, 1).
type Bootstrap = { Seed: Seed; Replicates: int; Confidence: float }

/// Several statistics of M tasks' scores, of the same resamples, each as `bootstrapTasks` has it.
let bootstrapAll (how: Bootstrap) (statistics: float[][] -> float[]) (scores: float[][]) : Estimate[] =
    Check.Between(how.Confidence, 0.0, 1.0, nameof how.Confidence)
    Check.AtLeast(how.Replicates, 1, nameof how.Replicates)
    Check.AtLeast(scores.Length, 1, nameof scores, "Give at least one task.")
    scores |> Array.iter (atLeastOne (nameof scores))

    Array.init how.Replicates (fun r -> statistics (resample how.Seed r scores))
    |> Array.transpose
    |> Array.map (percentiles how.Confidence >> Some)
    |> Array.map2 estimateOf (statistics scores)

/// A statistic of M tasks' scores with its stratified percentile-bootstrap interval: runs are drawn with replacement
/// within each task. The same seed gives the same interval, bit for bit. With few runs the interval is too narrow.
/// Source: arXiv:2108.13264, section 4.1; Efron 1979.
let bootstrapTasks (how: Bootstrap) (statistic: float[][] -> float) (scores: float[][]) : Estimate =
    bootstrapAll how (statistic >> Array.singleton) scores |> Array.head

/// A statistic of one task's scores xs [R] with its percentile-bootstrap interval.
let bootstrap (how: Bootstrap) (statistic: float[] -> float) (xs: float[]) : Estimate =
    bootstrapTasks how (fun tasks -> statistic tasks[0]) [| xs |]

/// A statistic of two methods' scores on tasks, both arrays of runs task by task, with its interval. Runs are drawn
/// with replacement within each task of each method, all independently. Methods that share seeds or value functions are
/// then treated as unrelated, which widens the interval: the safe side.
let bootstrapTwoTasks (how: Bootstrap) statistic (xs: float[][]) (ys: float[][]) : Estimate =
    let ofBoth (scores: float[][]) : float = statistic scores[.. xs.Length - 1] scores[xs.Length ..]

    bootstrapTasks how ofBoth (Array.append xs ys)
