namespace Iql.Scripts

open System
open Iql
open Iql.Scripts.Statistics

/// How much an algorithm's scores depend on tuning its hyperparameters for each task apart.
type Sensitivity = {
    /// Mean over tasks of each one's best setting's score.
    Tuned: float
    /// The setting with the best mean over tasks, among those that have a score on all; and that mean.
    Shared: int
    SharedScore: float
    /// The least number of hyperparameters to tune for each task, the others as in the shared setting, that reaches
    /// 95 % of `Tuned`. Fewer than all are tuned among settings that have a score on all tasks, as the authors do.
    Dimension: int
} with

    /// Φ = mean over tasks of the best − best of the means over tasks; never negative.
    member sensitivity.Value: float = sensitivity.Tuned - sensitivity.SharedScore

/// Source: Adkins, Bowling and White 2024, "A method for evaluating hyperparameter sensitivity in reinforcement
/// learning".
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Sensitivity =

    /// A task's scale: its scores of all settings and algorithms have their 5 % quantile at 0 and their 95 % quantile
    /// at 1.
    let normalised (all: float[]) : float -> float =
        let low, high = quantile 0.05 all, quantile 0.95 all
        fun score -> (score - low) / (high - low)

    /// Scores [task][setting], normalised; NaN where a setting has none. Settings lie in order of the hyperparameters'
    /// values, the last one fastest: `lengths` are their numbers of values. One setting must have scores on all tasks.
    let ofTasks (lengths: int list) (scores: float[][]) : Sensitivity =
        let product = List.reduce (*) lengths

        for task in scores do
            Check.That((task.Length = product), nameof scores, $"{product} settings", task.Length)

        let strides = List.scanBack (*) lengths 1 |> List.tail
        let shares = Array.init product (fun setting -> scores |> Array.averageBy (fun task -> task[setting]))
        let ranked = [ 0 .. product - 1 ] |> List.filter (fun setting -> not (Double.IsNaN shares[setting]))
        Check.AtLeast(ranked.Length, 1, nameof scores, "Leave tasks out until a setting has a score on all.")
        let shared = ranked |> List.maxBy (fun setting -> shares[setting])
        let value setting axis = setting / strides[axis] % lengths[axis]

        /// Mean over tasks of the best setting that differs from the shared one in chosen hyperparameters only.
        let tuned (settings: int list) (mask: int) : float =
            let others =
                settings
                |> List.filter (fun setting ->
                    List.indexed lengths
                    |> List.forall (fun (axis, _) -> mask >>> axis &&& 1 = 1 || value setting axis = value shared axis))

            scores
            |> Array.averageBy (fun task ->
                others |> List.map (fun setting -> task[setting]) |> List.filter (Double.IsNaN >> not) |> List.max)

        let all = (1 <<< lengths.Length) - 1
        let best = tuned [ 0 .. product - 1 ] all

        {
            Tuned = best
            Shared = shared
            SharedScore = shares[shared]
            Dimension =
                [ 0..all ]
                |> List.filter (fun mask -> mask = all || tuned ranked mask >= 0.95 * best)
                |> List.map (uint32 >> Numerics.BitOperations.PopCount)
                |> List.min
        }

    /// Φ of tasks whose cells are the settings, and an interval that holds the true one with `confidence` in (0, 1):
    /// Φ is the least mean distance behind the tasks' best cells, and Tukey's test bounds all these distances at
    /// once.
    let ofBlocks (confidence: float) (tasks: Blocks[]) : Estimate =
        Check.Between(confidence, 0.0, 1.0, nameof confidence)
        let apart = 1.0 - (1.0 - confidence) / float tasks.Length
        let behind = tasks |> Array.map (Tukey.ofBlocks apart >> Tukey.behind) |> Array.transpose
        let least (part: Estimate -> float) = behind |> Array.map (Array.averageBy part) |> Array.min
        estimateOf (least _.Value) (Some { Low = least _.Interval.Low; High = least _.Interval.High })
