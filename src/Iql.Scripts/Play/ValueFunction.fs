namespace Iql.Scripts

open Iql.Algorithms
open Iql.Execution
open Iql.Data
open Iql.Training

/// A trained run's values of states: discounted rewards to come, in the units of its training.
type ValueFunction = {
    /// "V(s)", "min Q(s, π(s))".
    Formula: string
    /// γ.
    Discount: float
    /// A raw reward as it was trained on.
    Reward: float32 -> float
    /// Values of observations as the environment gives them.
    Of: float32[] list -> float[]
}

[<RequireQualifiedAccess>]
module ValueFunction =

    /// That of a learner; None where it learns no values.
    let ofLearner (learner: Learner) (normalization: Normalization) (state: LearnerState) : ValueFunction option =
        Option.ofObj learner.Value
        |> Option.map (fun value -> {
            Formula = value.Formula
            Discount = learner.Hyperparameter("discount", 0)
            Reward = fun reward -> float (normalization.Reward reward)
            Of =
                fun observations ->
                    use values = new StateValues(learner, normalization, state)
                    Array.concat observations |> values.Of |> Array.map float
        })

    /// Discounted sums of the rewards to come, one before each decision and, 0, one at the end.
    let returnsToGo (values: ValueFunction) (rewards: float32 list) : float[] =
        (rewards, 0.0)
        ||> List.scanBack (fun reward rest -> values.Reward reward + values.Discount * rest)
        |> Array.ofList
