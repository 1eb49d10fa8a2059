namespace Iql.Scripts

open System.Collections.Generic
open System.Collections.Immutable
open System.IO
open Iql.Algorithms
open Iql.Training

/// A sweep's folder: sweep.json, a run folder for each cell under runs/, and what its data look like under data/.
[<RequireQualifiedAccess>]
module Store =

    /// The folder of one run.
    let runFolder (folder: string) (cell: SweepCell) : RunFolder = SweepPlan.RunFolder(folder, cell.Name)

    /// What stands in a run's config.json. The data is the trial's own: `TrainingData.forTrial`.
    let config (data: TrainingData) (trial: Trial) : Result<RunConfig, string> =
        Trial.configured data.Transitions.ActionSpace trial
        |> Result.map (fun configured ->
            RunConfig(
                Algorithm = (Trial.algorithm trial).Name,
                Task = (data.Task |> Option.map _.Name |> Option.toObj),
                Dataset = data.Dataset,
                Seed = uint64 trial.Seed,
                Steps = int64 trial.Steps,
                BatchSize = configured.BatchSize,
                EvaluateEvery = int64 trial.EvaluateEvery,
                EvaluationEpisodes = (if data.Task.IsSome then trial.Episodes else 0),
                LogEvery = int64 (max 1 (trial.Steps / 100)),
                CheckpointEvery = int64 trial.EvaluateEvery,
                Hyperparameters = configured.ToJson(),
                Preset = Option.toObj trial.Preset,
                Normalization = data.Normalization,
                FineTuning = Option.toObj trial.Online
            ))

    /// The plan of a sweep; a run's score will be the mean of so many of its last evaluations.
    let plan
        command
        (last: int)
        (difference: System.Nullable<float>)
        (remarks: string list)
        (sweep: Sweep)
        (runs: (SweepCell * RunConfig) list)
        =
        let groupOf =
            Map [
                for number, group in List.indexed (Sweep.groups (List.map fst runs)) do
                    for cell in group -> cell.Name, number
            ]

        SweepPlan(
            Name = sweep.Name,
            Command = Option.toObj command,
            Last = last,
            Difference = difference,
            Remarks = ImmutableArray.CreateRange remarks,
            Axes =
                ImmutableArray.CreateRange [
                    for name, values in Sweep.axes sweep -> SweepAxis(name, ImmutableArray.CreateRange values)
                ],
            Runs =
                ImmutableArray.CreateRange [
                    for cell, config in runs ->
                        PlannedRun(
                            cell.Name,
                            OrderedDictionary([ for axis, value in cell.Labels -> KeyValuePair(axis, value) ]),
                            config.Identity,
                            groupOf[cell.Name]
                        )
                ]
        )

    let private runFolders (folder: string) : string list =
        let runs = Path.Combine(folder, "runs")

        if Directory.Exists runs then
            [ for run in Directory.GetDirectories runs -> Path.GetFileName run ]
        else
            []

    /// The runs of a folder's plan, and what is wrong with the plan. A damaged or lost one has the runs of the folders.
    let private stored (folder: string) : PlannedRun list * string option =
        let ofFolders (problem: string) =
            [ for run in runFolders folder -> PlannedRun(run, OrderedDictionary()) ], Some problem

        try
            if File.Exists(SweepPlan.PathIn folder) then
                List.ofSeq (SweepPlan.Read folder).Runs, None
            else
                ofFolders $"{SweepPlan.PathIn folder}: expected a file, found none."
        with :? Iql.FileException as damaged when damaged.IsDamage ->
            ofFolders damaged.Message

    let private isBegun (folder: string) =
        File.Exists(SweepPlan.PathIn folder) || not (List.isEmpty (runFolders folder))

    /// What is wrong with a folder's plan, which the next `write` replaces; None where it is whole or absent.
    let damage (folder: string) : string option = if isBegun folder then snd (stored folder) else None

    /// A run's configuration; None where it is absent or damaged. Damaged runs are listed when their turn comes.
    let private readable (run: RunFolder) : RunConfig option =
        try
            if run.State = RunFolderState.Absent then None else Some(run.ReadConfig())
        with :? Iql.FileException as failure when failure.IsDamage ->
            None

    /// A stored run as it goes on to a command's steps, and what ends with it; None for another run.
    let private goesOn (config: RunConfig) (stored: RunConfig) : (RunConfig * string option) option =
        let mutable obstacle = null

        match config.Continuing(stored, &obstacle) with
        | null -> None
        | longer -> Some(longer, Option.ofObj obstacle)

    /// A run that is not part of this sweep, or that has other numbers, in words.
    let private otherRun (folder: string) (plan: SweepPlan) (wanted: (SweepCell * RunConfig) list) : string option =
        let planned = set [ for run in plan.Runs -> run.Folder ]
        let stored = fst (stored folder)
        let same = set [ for run in stored -> run.Folder, run.Identity ]

        stored
        |> Seq.tryFind (fun run -> not (planned.Contains run.Folder))
        |> Option.map (fun run -> $"it has the run {run.Folder}, which is not part of this one")
        |> Option.orElseWith (fun () ->
            wanted
            |> List.tryPick (fun (cell, config) ->
                match readable (runFolder folder cell) with
                // A configuration that does not fit a plan that does is that of a damaged run.
                | Some own when own.Identity <> config.Identity && same.Contains(cell.Name, config.Identity) -> None
                | own ->
                    own
                    |> Option.filter (goesOn config >> Option.isNone)
                    |> Option.bind (_.FirstDifference(config) >> Option.ofObj)
                    |> Option.map (fun difference -> $"{cell.Name} differs in {difference} (folder, command)")))

    /// The runs as they go on in a folder that has begun: to more steps, at the folder's intervals. An Error where a
    /// schedule ends with the run, because other steps then train other numbers. Runs of another sweep stay.
    let continued (folder: string) (runs: (SweepCell * RunConfig) list) : Result<(SweepCell * RunConfig) list, string> =
        let begun = [
            for cell, config in runs do
                match readable (runFolder folder cell) with
                | None -> ()
                | Some stored ->
                    match goesOn config stored with
                    | Some(longer, obstacle) -> cell.Name, (stored, longer, obstacle)
                    | None -> ()
        ]

        match
            begun
            |> List.tryPick (fun (_, (stored, _, obstacle)) -> obstacle |> Option.map (fun ends -> stored, ends))
        with
        | Some(stored, ends) ->
            Error
                $"{folder}: expected --steps {stored.Steps}, as its runs have, got {(snd runs.Head).Steps}. \
                  {ends} ends with the run, so more steps are another run. Choose another folder."
        | None ->
            let known = Map begun

            Ok [
                for cell, config in runs ->
                    match Map.tryFind cell.Name known, begun with
                    | Some(_, longer, _), _ -> cell, longer
                    // A run not begun has the intervals of the others.
                    | None, (_, (_, longer, _)) :: _ when config.EvaluateEvery = max 1L (config.Steps / 10L) ->
                        let every = longer.EvaluateEvery
                        cell, config.At(longer.LogEvery, every, longer.CheckpointEvery)
                    | _ -> cell, config
            ]

    /// Another process that begins the same sweep may be writing the plan.
    let private isForeign (entry: string) = not (Path.GetFileName(entry).StartsWith "sweep.json")

    let private difference folder plan wanted : string option =
        let hasOthers =
            Directory.Exists folder && Directory.EnumerateFileSystemEntries folder |> Seq.exists isForeign

        // In this order: the plan is written before everything else.
        if isBegun folder then
            otherRun folder plan wanted |> Option.map (sprintf "another sweep: %s")
        elif hasOthers then
            Some "a folder with other files"
        else
            None

    /// Refuses a folder that does not hold this sweep and is not empty; nothing is written.
    let check (folder: string) (plan: SweepPlan) (wanted: (SweepCell * RunConfig) list) : Result<unit, string> =
        Attempt.run (fun () -> difference folder plan wanted)
        |> Result.bind (function
            | None -> Ok()
            | Some difference ->
                Error
                    $"{folder}: expected an empty folder or one of this sweep, got {difference}. Choose another \
                      folder, or delete this one.")

    /// Writes the plan into a folder that is made if need be; an existing one is replaced in one move.
    let write (folder: string) (plan: SweepPlan) : Result<unit, string> =
        Attempt.run (fun () -> plan.Write folder)
        |> Result.mapError (sprintf "%s: expected a folder that can be written to: %s" folder)
