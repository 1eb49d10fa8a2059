namespace Iql.Scripts

open Iql.Estimation

/// A number that data say of a policy: one row for tables, charts and pages.
type EstimateColumn = {
    /// As estimates.json has it.
    Name: string
    /// The head of its column.
    Head: string
    /// What it is, in a sentence or two.
    Meaning: string
    /// 1 where a higher number should mean a better policy, −1 where a lower one should; 0 where it says nothing of it.
    Sign: float
}

[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module EstimateColumn =

    let private column name head sign meaning = { Name = name; Head = head; Meaning = meaning; Sign = sign }

    /// Every number, the most telling first.
    let all: EstimateColumn list = [
        column
            "value"
            "Fitted value"
            1.0
            "Fitted Q evaluation: the discounted sum of rewards that the policy should get from the starts of the \
             data's episodes. In the units of the data's rewards."
        column
            "dataReturn"
            "Data's return"
            0.0
            "The same sum as the data have it, to the recorded end of each episode: one that was cut counts what it \
             has. A policy should be above it."
        column
            "doublyRobust"
            "Doubly robust"
            1.0
            "Importance sampling of the data's episodes, corrected by the fitted Q. For the policy that draws."
        column
            "weightedImportance"
            "Importance sampling"
            1.0
            "The data's episodes, weighted by how likely the policy makes their actions. For the policy that draws."
        column
            "effectiveEpisodes"
            "Effective episodes"
            0.0
            "How many episodes carry the importance weights. Below about 20 they say little."
        column
            "fittedError"
            "Fitted error"
            0.0
            "The error of the fitted Q over one step (root mean square), on episodes that it did not see."
        column
            "ownValue"
            "Own value"
            1.0
            "The mean value of held-out states by the run's own networks. In units of training. Often too high."
        column
            "tdError"
            "TD error"
            -1.0
            "The error of the run's own networks over one step (root mean square), on held-out episodes. In units of \
             training."
        column
            "advantageMean"
            "Advantage"
            0.0
            "The mean of Q − V of the data's actions, by the run's own networks. Below zero: the policy should do \
             better than the data."
        column
            "advantageStd"
            "Its spread"
            0.0
            "The standard deviation of the same. Near zero: the run sees no difference between actions."
        column "advantagePositive" "Above zero" 0.0 "The share of the data's actions with an advantage above zero."
        column
            "actionError"
            "Action error"
            -1.0
            "How far the policy's actions are from the data's (root mean square), where the range of an action is 2. \
             Far away, all other numbers are guesses."
        column "actionsDiffer" "Other actions" -1.0 "The share of states where the policy chooses another action."
        column
            "logProbability"
            "Log-probability"
            1.0
            "The mean logarithm of the policy's density of the data's actions."
    ]

    /// An evaluation's number; None where it has none.
    let value (column: EstimateColumn) (estimates: OfflineEstimates) : float option =
        let mutable number = nan

        if estimates.Numbers.TryGetValue(column.Name, &number) && System.Double.IsFinite number then
            Some number
        else
            None
