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
                | Ok set -> Hyperparameter.label hyperparameter set, set
                | Error expected ->
                    raise (System.ArgumentException $"{hyperparameter.Name}: expected {expected}, got {value}.")
        ]
    }

    /// An axis over the hyperparameter of a name, values as on the command line: `Axis.named "alpha" [ "1"; "2.5" ]`.
    let named (name: string) (values: string seq) : Axis = along (Hyperparameter.find name) values

    let private numbers name (values: float seq) =
        named name (Seq.map Json.numberText values)

    /// τ of the value loss, each in (0, 1).
    let expectile (values: float seq) : Axis = numbers "expectile" values

    /// β of the policy's weights, each at least 0. Cells that differ in β alone share a value function.
    let inverseTemperature (values: float seq) : Axis = numbers "inverseTemperature" values

    /// Repetitions.
    let seed (values: int seq) : Axis =
        along Hyperparameter.seed (Seq.map string<int> values)

    /// γ, each in [0, 1].
    let discount (values: float seq) : Axis = numbers "discount" values

    /// α of the target critics, each in (0, 1].
    let polyakStep (values: float seq) : Axis = numbers "polyakStep" values

    /// Cap on the policy's weights, each above 0.
    let maxAdvantageWeight (values: float seq) : Axis = numbers "maxAdvantageWeight" values

    /// α of TD3+BC, each at least 0.
    let alpha (values: float seq) : Axis = numbers "alpha" values

    /// Share of the data that behaviour cloning clones, each in (0, 1].
    let bestShare (values: float seq) : Axis = numbers "bestShare" values

    /// Adam's learning rate of V.
    let valueLearningRate (values: float seq) : Axis = numbers "valueLearningRate" values

    /// Adam's learning rate of the critics.
    let criticLearningRate (values: float seq) : Axis = numbers "criticLearningRate" values

    /// Adam's learning rate of the policy.
    let policyLearningRate (values: float seq) : Axis = numbers "policyLearningRate" values

    /// The policy's dropout, each in [0, 1).
    let dropout (values: float seq) : Axis = numbers "dropout" values

    /// Widths of the hidden layers.
    let hiddenSizes (values: int list seq) : Axis =
        values
        |> Seq.map (List.map string<int> >> String.concat "x")
        |> named "hiddenSizes"

    /// Transitions a step.
    let batchSize (values: int seq) : Axis =
        named "batchSize" (Seq.map string<int> values)

    /// "iql", "sarsa", "expectile-td".
    let objective (values: string seq) : Axis = named "objective" values

    /// Value losses of implicit Q-learning written by hand, by name, beside the built-in one, "expectile".
    let valueLoss (losses: (string * ValueLoss) seq) : Axis =
        let set loss (trial: Trial) =
            match trial.Algorithm with
            | Algorithm.ImplicitQLearning implicit -> {
                trial with
                    Algorithm = Algorithm.ImplicitQLearning { implicit with ValueLoss = loss }
              }
            | _ -> raise (System.ArgumentException(Hyperparameter.foreign "valueLoss" [ "iql" ] (Trial.entry trial)))

        {
            Name = "valueLoss"
            Values = [
                yield "expectile", set None
                for name, loss in losses do
                    yield name, set (Some(name, loss))
            ]
        }

    /// Data to learn from, each by the task that its policies are scored in.
    let task (sources: DataSource seq) : Axis = {
        Name = "task"
        Values = [
            for source in sources -> DataSource.task source, (fun trial -> { trial with Data = source })
        ]
    }

    /// Algorithms and variants by name: each in its standard setting, changed by `start`, by the preset that it has for the task's
    /// name, and by `change`. Comes after the axis of tasks.
    let algorithm (start: Trial -> Trial) (change: Trial -> Trial) (names: string seq) : Axis = {
        Name = "algorithm"
        Values = [
            for name in names do
                match Algorithm.find name with
                | None ->
                    raise (
                        System.ArgumentException
                            $"""algorithms: expected some of {String.concat ", " Algorithm.names}, got {name}.{Spelling.didYouMean Algorithm.names name}"""
                    )
                | Some algorithm ->
                    let set (trial: Trial) =
                        Preset.forTask name (DataSource.task trial.Data)
                        |> Option.map Preset.apply
                        |> Option.defaultValue id
                        <| start {
                            trial with
                                Algorithm = algorithm
                                Preset = None
                        }
                        |> change

                    name, set
        ]
    }

    /// An axis of one's own: what each value does to a trial, by name.
    let own (name: string) (values: (string * (Trial -> Trial)) list) : Axis = { Name = name; Values = values }
