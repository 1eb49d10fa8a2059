namespace Iql.Scripts

open System.IO
open Iql.Environments
open Iql.Training

/// A trained run's policy: observations in, actions out, both in the user's units.
type Policy = Iql.Policies.Policy

[<RequireQualifiedAccess>]
module Policy =

    /// Reads the policy of a run's last checkpoint, from the run's folder.
    let load (folder: string) : Result<Policy, string> = Attempt.run (fun () -> Policy.Load folder)

    /// The action for an observation. A discrete action is a one-hot row.
    let act (observation: float32[]) (policy: Policy) : float32[] = policy.Act observation

    /// The actions for many observations, each for itself.
    let actAll (observations: float32[] list) (policy: Policy) : float32[] list =
        policy.Act(Array.concat observations) |> Array.chunkBySize policy.Actions.Size |> List.ofArray

    /// Its values of states; None where it learned none.
    let values (policy: Policy) : ValueFunction option =
        ValueFunction.ofLearner policy.Learner policy.Config.Normalization policy.State

    /// The same as `load`, refused where its sizes are not an environment's.
    let loadFor (environment: IEnvironment) (folder: string) : Result<Policy, string> =
        load folder
        |> Result.bind (fun policy ->
            let expected = environment.ActionSpace.Beside environment.ObservationSize
            let got = policy.Actions.Beside policy.ObservationSize

            if got = expected then
                Ok policy
            else
                let task = if isNull policy.Config.Task then "" else $" Its task is {policy.Config.Task}."
                Error $"{folder}: expected a policy with {expected}, as in {environment.Name}, got {got}.{task}")

    /// How it does in so many episodes of an environment, at least 1, from the starts of its run's evaluations.
    let evaluate (environment: IEnvironment) (episodes: int) (policy: Policy) : Result<EvaluationResult, string> =
        Attempt.run (fun () ->
            let learner, normalization, state = policy.Learner, policy.Config.Normalization, policy.State
            use evaluation = new Evaluation(learner, environment, normalization, episodes, state.Seed)
            evaluation.Run(state.Blocks[0], state.Blocks[1]))

    /// The run folders that a path names: itself, or those of a sweep's folder, in the order of their names.
    let folders (path: string) : Result<string list, string> =
        let runs = Path.Combine(path, "runs")

        if File.Exists(Path.Combine(path, "config.json")) then
            Ok [ path ]
        elif Directory.Exists runs then
            Directory.GetDirectories runs |> Array.sort |> List.ofArray |> Ok
        elif Directory.Exists path || File.Exists path then
            Error(
                $"{path}: expected the folder of a run (with config.json) or of a sweep (with runs), got neither. "
                + "Give the folder that `iql train` wrote."
            )
        else
            Error $"{path}: expected the folder of a run, found nothing."
