namespace Iql.Scripts

/// What a sweep takes, counted before it begins.
type PlanCost = {
    Runs: int
    /// Groups of runs that share a value function: the pieces of work of a cluster.
    Groups: int
    /// Steps of groups; the runs of a group make them together.
    Steps: int64
    /// Evaluations, at the start and at the end too.
    Evaluations: int64
    /// Online episodes: what a choice by score costs beside the data.
    Episodes: int64
}

/// Counts what sweeps take.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module PlanCost =

    /// Evaluations of a run: at step 0, at every interval, and at the end.
    let private evaluations (trial: Trial) : int64 =
        if trial.Episodes = 0 then
            0L
        else
            let every = max 1 trial.EvaluateEvery
            1L + int64 ((trial.Steps + every - 1) / every)

    /// What all runs of a sweep take.
    let ofSweep (sweep: Sweep) : PlanCost =
        let cells = Sweep.cells sweep
        let groups = Sweep.groups cells

        {
            Runs = cells.Length
            Groups = groups.Length
            Steps = groups |> List.sumBy (fun group -> int64 group.Head.Trial.Steps)
            Evaluations = cells |> List.sumBy (_.Trial >> evaluations)
            Episodes = cells |> List.sumBy (fun cell -> evaluations cell.Trial * int64 cell.Trial.Episodes)
        }

    /// In words: "90 runs in 30 groups, 30,000,000 steps; 18,000 online episodes in 900 evaluations"
    let describe (cost: PlanCost) : string =
        let count = Plural.thousands

        $"{count cost.Runs} runs in {count cost.Groups} groups, {count cost.Steps} steps; "
        + $"{count cost.Episodes} online episodes in {count cost.Evaluations} evaluations"
