namespace Iql.Scripts

open Iql
open Iql.Algorithms

/// Hyperparameters of trials, by name. A name means the same in all algorithms that have it.
[<RequireQualifiedAccess>]
module Hyperparameter =

    /// All that can be set and swept, those of one name once: implicit Q-learning's first.
    let all: Hyperparameter list =
        [
            for algorithm in Algorithm.All do
                for each in algorithm.Hyperparameters do
                    if not each.SetByRun then
                        each
        ]
        |> List.distinctBy _.Name

    /// Names of the algorithms that have it.
    let owners (name: string) : string list = [
        for algorithm in Algorithm.All do
            if not (isNull (algorithm.Standard.Find name)) then
                algorithm.Name
    ]

    /// The hyperparameter of a name; an ArgumentException with the nearest one where there is none.
    let find (name: string) : Hyperparameter =
        match all |> List.tryFind (fun each -> each.Name = name) with
        | Some hyperparameter -> hyperparameter
        | None ->
            let names = [ for each in all -> each.Name ] @ [ for each in OnlineOption.all -> each.Name ]
            let meant = Spelling.didYouMean names name
            raise (InputException $"hyperparameter: expected one by its name, got {name}.{meant}")

    /// A trial with one hyperparameter set, to a value or to a word as on the command line. A trial of an algorithm
    /// that does not have it is an ArgumentException that names those that do.
    let set (name: string) (value: obj) (trial: Trial) : Trial =
        match trial.Config.Find name with
        | null ->
            let algorithm = Trial.algorithm trial

            let own = [ for each in algorithm.Hyperparameters -> each.Name ] |> String.concat ", "

            let owners = owners (find name).Name |> String.concat ", "

            raise (
                InputException
                    $"{name}: a hyperparameter of {owners}, got a trial of {algorithm.Name}, which has {own}."
            )
        | hyperparameter -> { trial with Config = hyperparameter.Set(trial.Config, value) }

    /// The value a trial has, as the word that is read back; empty where its algorithm has none.
    let show (name: string) (trial: Trial) : string =
        match trial.Config.Find name with
        | null -> ""
        | hyperparameter -> hyperparameter.Print(hyperparameter.Get trial.Config)
