namespace Iql.Scripts

open Iql
open Iql.Scripts.Statistics

/// How a policy is chosen by trying several: a draw of policies, and episodes given to them one by one.
type BudgetPlan = {
    /// Policies that are tried, drawn anew for each repeat; at most all are.
    Policies: int
    /// Episodes that are spent in all.
    Episodes: int
    Repeats: int
    /// α of the bonus.
    Exploration: float
}

/// A trained policy as the choice sees it.
type BudgetArm = {
    /// Returns of episodes, from which each try draws with replacement.
    Returns: float[]
    /// What the policy is worth.
    Score: float
}

/// What trying out trained policies gives, by the number of episodes spent. Source: Jackson et al. 2025, "A clean slate
/// for offline reinforcement learning" (the protocol); Auer et al. 2002, "Finite-time analysis of the multiarmed bandit
/// problem" (UCB1).
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module BudgetCurve =

    /// Eight policies, two hundred episodes, a thousand repeats, α = 2.
    let standard: BudgetPlan = { Policies = 8; Episodes = 200; Repeats = 1000; Exploration = 2.0 }

    /// Whole numbers in order from a stream of random words.
    let private numbers (seed: Seed) : int -> int =
        let drawn = ref 0UL

        fun below ->
            drawn.Value <- drawn.Value + 1UL
            int (seed.Word drawn.Value % uint64 below)

    /// The scores of the policy with the best mean so far, after 1, 2, … episodes. The next episode is that of the
    /// policy with the largest mean + √(α ln n / nᵢ), returns scaled to [0, 1] over all; those not tried come first.
    let private once (plan: BudgetPlan) (low: float) (high: float) (arms: BudgetArm[]) (seed: Seed) : float[] =
        let draw = numbers seed

        let tried =
            let order = Array.init arms.Length id

            for i in 0 .. min plan.Policies arms.Length - 1 do
                let other = i + draw (arms.Length - i)
                let kept = order[i]
                order[i] <- order[other]
                order[other] <- kept

            Array.truncate plan.Policies order |> Array.map (fun i -> arms[i])

        let counts, sums = Array.zeroCreate<float> tried.Length, Array.zeroCreate<float> tried.Length

        Array.init plan.Episodes (fun spent ->
            // Loops, because this is done a million times.
            let exploration = plan.Exploration * log (float (max 1 spent))
            let mutable next = 0
            let mutable most = -infinity

            for i in 0 .. tried.Length - 1 do
                let promise =
                    if counts[i] = 0.0 then infinity else sums[i] / counts[i] + sqrt (exploration / counts[i])

                if promise > most then
                    next <- i
                    most <- promise

            let returns = tried[next].Returns
            counts[next] <- counts[next] + 1.0
            sums[next] <- sums[next] + (returns[draw returns.Length] - low) / max (high - low) 1e-12
            let mutable best = 0

            for i in 1 .. tried.Length - 1 do
                if counts[i] > 0.0 && sums[i] / counts[i] > sums[best] / counts[best] then
                    best <- i

            tried[best].Score)

    /// Scores of the pick after 1, 2, … episodes: means over repeats, with the middle nine tenths of the repeats. At
    /// least one policy, each with a return.
    let ofArms (seed: Seed) (plan: BudgetPlan) (arms: BudgetArm[]) : Estimate[] =
        Check.AtLeast(arms.Length, 1, "policies")

        for arm in arms do
            Check.AtLeast(arm.Returns.Length, 1, "returns", "Give each policy an episode.")

        let all = arms |> Array.collect _.Returns
        let low, high = Array.min all, Array.max all
        let repeats = Array.init plan.Repeats (fun i -> once plan low high arms (seed.Split(uint64 i)))

        Array.init plan.Episodes (fun spent ->
            let scores = repeats |> Array.map (fun curve -> curve[spent])

            {
                Value = mean scores
                Interval = { Low = quantile 0.05 scores; High = quantile 0.95 scores }
            })

    /// One number for a curve: its mean, which is the area below it by the episodes spent.
    let area (curve: Estimate[]) : float = curve |> Array.averageBy _.Value
