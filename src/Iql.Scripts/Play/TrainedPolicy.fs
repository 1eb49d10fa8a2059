namespace Iql.Scripts

open System.IO
open Iql
open Iql.Algorithms
open Iql.Execution
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Training

/// A policy as a run left it: it can act in every environment of the same observations and actions.
[<StructuredFormatDisplay("{Line}")>]
type TrainedPolicy = {
    Config: RunConfig
    /// Its numbers, after so many training steps.
    State: LearnerState
    /// Makes it act in so many episodes at a time; each actor may have its own thread.
    Act: int -> Evaluation
    /// Its values of states; None where it learned none.
    Values: ValueFunction option
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string = $"TrainedPolicy: {own.Config}, after {own.State.Step} steps"

    override own.ToString() = own.Line

[<RequireQualifiedAccess>]
module TrainedPolicy =

    let private configOf (config: RunConfig) (folder: string) : Result<IAlgorithmConfig, string> =
        match Algorithm.Find config.Algorithm with
        | null ->
            let known = String.concat ", " [ for each in Algorithm.All -> each.Name ]

            let got = $"one of {config.Algorithm}. Another version of Iql wrote it"
            Error $"{folder}: expected a run of {known}, got {got}."
        | algorithm -> Ok(algorithm.Standard.FromJson config.Hyperparameters)

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

    /// Refuses a run whose own task has other sizes than an environment.
    let private fits (environment: IEnvironment) (config: RunConfig) (folder: string) : Result<unit, string> =
        let sizes (environment: IEnvironment) = environment.ActionSpace.Beside environment.ObservationSize

        match Option.ofObj config.Task |> Option.bind (Tasks.Find >> Option.ofObj) with
        | Some own when sizes own.Environment <> sizes environment ->
            Error
                $"{folder}: expected a policy with {sizes environment}, as in {environment.Name}, got \
                  {sizes own.Environment}. Its task is {own.Name}."
        | _ -> Ok()

    /// Reads the policy of a run's last checkpoint, to act in an environment.
    let load (environment: IEnvironment) (folder: string) : Result<TrainedPolicy, string> =
        Attempt.reading (fun () ->
            let run = RunFolder folder
            let config = run.ReadConfig()

            fits environment config folder
            |> Result.bind (fun () -> configOf config folder)
            |> Result.bind (fun own ->
                let learner = own.Learner(environment.ObservationSize, environment.ActionSize)

                run.Verified config |> ignore

                match Checkpoint.Load(run, learner.Blocks[0], learner.Blocks[1]) with
                | null -> Error $"{folder}: expected a run with a checkpoint, found none. Train it first."
                | state ->
                    let evaluation episodes =
                        new Evaluation(learner, environment, config.Normalization, episodes, state.Seed)

                    Ok {
                        Config = config
                        State = state
                        Act = fun episodes -> (evaluation episodes).Of state
                        Values = ValueFunction.ofLearner learner config.Normalization state
                    }))
