namespace Iql.Scripts

open Iql.Algorithms

/// One dimension of an ablation, as data: its name and, for each value, a label and what the value does to a trial.
type Axis = {
    Name: string
    Values: (string * (Trial -> Trial)) list
}

/// Axes over the hyperparameters.
[<RequireQualifiedAccess>]
module Axis =

    /// An axis over any hyperparameter; values as on the command line. 3.0 and 3 are the same value and the same label.
    let along (hyperparameter: Hyperparameter) (values: string seq) : Axis = {
        Name = hyperparameter.Name
        Values = [
            for value in values do
                match hyperparameter.Read value with
                | Ok set -> hyperparameter.Show(set Trial.standard), set
                | Error expected ->
                    raise (System.ArgumentException $"{hyperparameter.Name}: expected {expected}, got {value}.")
        ]
    }

    let private numbers hyperparameter (values: float seq) =
        along hyperparameter (Seq.map Json.numberText values)

    /// τ of the value loss, each in (0, 1).
    let expectile (values: float seq) : Axis = numbers Hyperparameter.expectile values

    /// β of the policy's weights, each at least 0. Cells that differ in β alone share a value function.
    let inverseTemperature (values: float seq) : Axis =
        numbers Hyperparameter.inverseTemperature values

    /// Repetitions.
    let seed (values: int seq) : Axis =
        along Hyperparameter.seed (Seq.map string<int> values)

    /// γ, each in [0, 1].
    let discount (values: float seq) : Axis = numbers Hyperparameter.discount values

    /// α of the target critics, each in (0, 1].
    let polyakStep (values: float seq) : Axis =
        numbers Hyperparameter.polyakStep values

    /// Cap on the policy's weights, each above 0.
    let maxAdvantageWeight (values: float seq) : Axis =
        numbers Hyperparameter.maxAdvantageWeight values

    /// Adam's learning rate of V.
    let valueLearningRate (values: float seq) : Axis =
        numbers Hyperparameter.valueLearningRate values

    /// Adam's learning rate of the critics.
    let criticLearningRate (values: float seq) : Axis =
        numbers Hyperparameter.criticLearningRate values

    /// Adam's learning rate of the policy.
    let policyLearningRate (values: float seq) : Axis =
        numbers Hyperparameter.policyLearningRate values

    /// The policy's dropout, each in [0, 1).
    let dropout (values: float seq) : Axis = numbers Hyperparameter.dropout values

    /// Widths of the hidden layers.
    let hiddenSizes (values: int list seq) : Axis =
        values
        |> Seq.map (List.map string<int> >> String.concat "x")
        |> along Hyperparameter.hiddenSizes

    /// Transitions a step.
    let batchSize (values: int seq) : Axis =
        along Hyperparameter.batchSize (Seq.map string<int> values)

    /// "iql", "sarsa", "expectile-td".
    let objective (values: string seq) : Axis = along Hyperparameter.objective values

    /// Value losses written by hand, by name, beside the built-in one, "expectile".
    let valueLoss (losses: (string * ValueLoss) seq) : Axis = {
        Name = "valueLoss"
        Values = [
            yield "expectile", (fun trial -> { trial with ValueLoss = None })
            for name, loss in losses do
                yield
                    name,
                    (fun trial -> {
                        trial with
                            ValueLoss = Some(name, loss)
                    })
        ]
    }
