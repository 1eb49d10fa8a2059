namespace Iql.Scripts

open System.IO
open Iql
open Iql.Algorithms
open Iql.Environments
open Iql.Training

/// A policy as a run left it: it can act anywhere that looks and acts alike.
type TrainedPolicy = {
    /// The run's folder, as it was named.
    Folder: string
    Config: RunConfig
    /// Its numbers, after so many training steps.
    State: LearnerState
    /// Makes it act in so many episodes at a time; each actor may have its own thread.
    Act: int -> Evaluation
    /// What it makes of states; None where it learned no values.
    Values: Valuation option
}

[<RequireQualifiedAccess>]
module TrainedPolicy =

    let private algorithm (config: RunConfig) (folder: string) : Algorithm =
        let name = if config.Algorithm = "td" then "iql" else config.Algorithm

        match Algorithm.all |> List.tryFind (fun entry -> entry.Name = name) with
        | Some entry -> entry.Read config.Hyperparameters
        | None ->
            let known = [ for entry in Algorithm.all -> entry.Name ]

            raise (
                InvalidDataException
                    $"""{folder}: expected a run of {String.concat ", " known}, got one of {config.Algorithm}. It is of another version of Iql."""
            )

    /// The run folders that a path names: itself, or those of a sweep's folder, in the order of their names.
    let folders (path: string) : string list =
        let runs = Path.Combine(path, "runs")

        if File.Exists(Path.Combine(path, "config.json")) then
            [ path ]
        elif Directory.Exists runs then
            [ for folder in Directory.GetDirectories runs |> Array.sort -> folder ]
        elif Directory.Exists path || File.Exists path then
            raise (
                Refusal
                    $"{path}: expected the folder of a run (with config.json) or of a sweep (with runs), got neither. Name the folder that `iql train` wrote."
            )
        else
            raise (Refusal $"{path}: expected the folder of a run, found nothing there.")

    /// Reads the policy of a run's last checkpoint, to act in an environment.
    let load (environment: IEnvironment) (folder: string) : TrainedPolicy =
        let run = RunFolder folder
        let config = run.ReadConfig()
        let algorithm = algorithm config folder

        let learner =
            (Algorithm.entry algorithm).Learner [ algorithm ] environment.ObservationSize environment.ActionSize

        match Checkpoint.Load(run, learner.Blocks[0], learner.Blocks[1]) with
        | null -> raise (Refusal $"{folder}: expected a run with a checkpoint, found none. Train it first.")
        | state -> {
            Folder = folder
            Config = config
            State = state
            Act =
                fun episodes ->
                    (new Evaluation(learner, environment, config.Normalization, episodes, state.Seed)).Of state
            Values = Valuation.ofLearner learner config.Normalization state
          }
