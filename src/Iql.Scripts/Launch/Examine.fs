namespace Iql.Scripts

open System
open System.Collections.Concurrent
open System.Threading
open Iql.Algorithms
open Iql.Training

/// Where and how a sweep runs.
type LaunchOptions = {
    Folder: string
    /// What a person types to start this sweep, for the report to show.
    Command: string option
    /// A run's score in the report is the mean of so many of its last evaluations.
    Last: int
    /// Cores to use, at most those the machine has; results do not depend on it.
    Threads: int
    /// How long another process may show no sign of life before its runs are taken over.
    Lease: TimeSpan
    /// Called with what there is to tell, by one thread at a time.
    Watch: SweepEvent -> unit
    /// Asks to stop; what was trained is saved first.
    Cancellation: CancellationToken
}

/// Data while somebody needs them: each source is loaded when it is first asked for.
type Shelf() =
    let loaded =
        ConcurrentDictionary<DataSource, Lazy<Result<TrainingData * (Trial -> Result<TrainingData, string>), string>>>()

    let get source =
        loaded
            .GetOrAdd(
                source,
                fun source ->
                    lazy (TrainingData.load source |> Result.map (fun data -> data, TrainingData.preparing data))
            )
            .Value

    /// The data as they came.
    member _.Raw(source: DataSource) : Result<TrainingData, string> = get source |> Result.map fst

    /// The data as a trial sees them.
    member _.For(trial: Trial) : Result<TrainingData, string> =
        get trial.Data |> Result.bind (fun (_, prepared) -> prepared trial)

    /// Forgets all other sources.
    member _.Keep(sources: DataSource list) : unit =
        for source in loaded.Keys do
            if not (List.contains source sources) then
                loaded.TryRemove source |> ignore

/// What a sweep's data are, before anything is trained.
type ExaminedData = { Task: string; Dataset: DatasetInfo; Actions: Iql.ActionSpace }

/// A sweep that was found to be one that can be trained.
type ExaminedSweep = {
    Plan: SweepPlan
    /// Every run with what will stand in its config.json.
    Runs: (SweepCell * RunConfig) list
    /// A row a data source.
    Data: ExaminedData list
    /// What a user should hear.
    Remarks: string list
    /// The data that were loaded last.
    Shelf: Shelf
}

/// Looks into the data of a sweep and into its folder. What cannot be trained is an Error; nothing is written.
[<RequireQualifiedAccess>]
module Examine =

    /// The learner of trials that are trained together: a member each.
    let learner (data: TrainingData) (trials: Trial list) : Result<Learner, string> =
        let transitions = data.Transitions
        Trial.learner transitions.ObservationSize transitions.ActionSpace trials

    /// Remarks on a trial, once its learner was checked against the data.
    let private remarks (shelf: Shelf) (trial: Trial) : Result<string list, string> = result {
        let! data = shelf.For trial
        let! learner = learner data [ trial ]
        let! _ = Attempt.run (fun () -> learner.Source data.Transitions)
        return TrainingData.remarks data trial
    }

    /// One cell a task and algorithm: the others differ in numbers only.
    let private representatives (sweep: Sweep) : SweepCell list =
        Sweep.grid (sweep.Axes |> List.filter (fun axis -> axis.Name = "task" || axis.Name = "algorithm")) sweep.Base

    let private label (axis: string) (cell: SweepCell) : string option =
        cell.Labels |> List.tryFind (fun (name, _) -> name = axis) |> Option.map snd

    /// "iql on hopper-medium-v2: …", as far as a sweep has axes of both.
    let private placed (cell: SweepCell) (message: string) : string =
        match List.choose (fun axis -> label axis cell) [ "algorithm"; "task" ] with
        | [] -> message
        | labels -> $"""{String.concat " on " labels}: {message}"""

    /// What there is to hear of a source's trials: each sentence once, with whom it is about.
    let private together (heard: (SweepCell * string) list) : string list = [
        for remark, cells in List.groupBy snd heard do
            match
                (cells |> List.tryPick (fst >> label "task") |> Option.toList)
                @ (cells |> List.choose (fst >> label "algorithm"))
            with
            | [] -> remark
            | names -> $"""{String.concat ", " names}: {remark}"""
    ]

    /// Examines a sweep.
    let sweep (options: LaunchOptions) (sweep: Sweep) : Result<ExaminedSweep, string> = result {
        do! Sweep.check sweep
        let cells = Sweep.cells sweep
        let shelf = Shelf()
        let sources = cells |> List.map _.Trial.Data |> List.distinct

        // A source at a time, so that no two need be in memory.
        let one source = result {
            shelf.Keep [ source ]
            let! raw = shelf.Raw source

            let own = List.filter (fun (cell: SweepCell) -> cell.Trial.Data = source)

            let! remarks =
                own (representatives sweep)
                |> Attempt.each (fun cell ->
                    remarks shelf cell.Trial
                    |> Result.mapError (placed cell)
                    |> Result.map (List.map (fun remark -> cell, remark)))

            let! configs =
                own cells
                |> Attempt.each (fun cell ->
                    shelf.For cell.Trial
                    |> Result.bind (fun data -> Store.config data cell.Trial)
                    |> Result.map (fun config -> cell.Name, config))

            return
                { Task = DataSource.task source; Dataset = raw.Dataset; Actions = raw.Raw.ActionSpace },
                together (List.concat remarks),
                configs
        }

        let! parts = Attempt.each one sources

        let configs = parts |> List.collect (fun (_, _, configs) -> configs) |> Map
        let runs = [ for cell in cells -> cell, configs[cell.Name] ]
        let remarks = parts |> List.collect (fun (_, remarks, _) -> remarks)
        let plan = Store.plan options.Command options.Last remarks sweep cells
        do! Store.check options.Folder plan runs

        return {
            Plan = plan
            Runs = runs
            Data = [ for data, _, _ in parts -> data ]
            Remarks = remarks
            Shelf = shelf
        }
    }
