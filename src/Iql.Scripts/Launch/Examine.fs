namespace Iql.Scripts

open System
open System.Collections.Concurrent
open System.Threading
open Iql.Algorithms
open Iql.Execution
open Iql.Training

/// A device that is not the processor: places whose runs advance together, a thread each.
type Places = {
    /// The device in words, for config.json: "cuda:0, NVIDIA H200, CUDA 13.0, libtorch 2.11 (CUDA)".
    Device: string
    /// R, at least 1; None: as many as the sweep's plan has groups, at most 64. A run's last bits depend on R, so it
    /// does not depend on what is left to train.
    Together: int option
    /// Makes so many places.
    Open: int -> IDevice list
}

/// Where and how a sweep runs.
type LaunchOptions = {
    Folder: string
    /// What a person types to start this sweep, for the report to show.
    Command: string option
    /// A run's score in the report is the mean of so many of its last evaluations.
    Last: int
    /// The difference of scores that matters to the reader, above 0: the report counts the seeds that find it.
    Difference: float option
    /// Cores to use, at most those the machine has; results do not depend on it.
    Threads: int
    /// Where training steps are made; None: by the processor.
    Places: Places option
    /// How long another process may show no sign of life before its runs are taken over.
    Lease: TimeSpan
    /// Whether a damaged run is deleted and trained again; otherwise it is listed and left alone.
    RetrainDamaged: bool
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
[<StructuredFormatDisplay("{Line}")>]
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
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string = $"ExaminedSweep {own.Plan.Name}: {own.Runs.Length} runs"

    override own.ToString() = own.Line

/// Looks into the data of a sweep and into its folder. What cannot be trained is an Error; nothing is written.
[<RequireQualifiedAccess>]
module Examine =

    /// R of a plan with so many groups.
    let internal placeCount (places: Places) (planned: int) : int =
        places.Together |> Option.defaultValue (min 64 (max 1 planned))

    /// The groups of a plan.
    let internal planned (plan: SweepPlan) : int = plan.Runs |> Seq.distinctBy _.Group |> Seq.length

    /// How groups share the cores, of so many in the plan: the threads of each place side by side.
    let internal split (options: LaunchOptions) (planned: int) (groups: int) : int list =
        match options.Places with
        | Some places -> List.replicate (min groups (placeCount places planned) |> max 1) 1
        | None -> Split.share (Split.cores Environment.ProcessorCount options.Threads) groups

    /// A configuration with the device that its steps are made on.
    let private onDevice (options: LaunchOptions) (planned: int) (config: RunConfig) : RunConfig =
        match options.Places with
        | Some places -> config.On $"{places.Device}, R = {placeCount places planned}"
        | None -> config

    /// The learner of trials that are trained together: a member each.
    let learner (data: TrainingData) (trials: Trial list) : Result<Learner, string> =
        let transitions = data.Transitions
        Trial.learner transitions.ObservationSize transitions.ActionSpace trials

    /// Whether a trial can go on online.
    let private online (data: TrainingData) (learner: Learner) (trial: Trial) : Result<unit, string> = result {
        do! TrainingData.ofItsTask trial.Data data
        let! config = Store.config data trial
        let environment = data.Task |> Option.map _.Environment |> Option.toObj
        let plan = TrainingPlan(Learner = learner, Transitions = data.Transitions, Environment = environment)
        return! Attempt.run (fun () -> TrainingLoop.CheckOnline(plan, config))
    }

    /// Remarks on a trial, once its learner was checked against the data.
    let private remarks (shelf: Shelf) (trial: Trial) : Result<string list, string> = result {
        let! data = shelf.For trial
        let! learner = learner data [ trial ]
        let! _ = Attempt.run (fun () -> learner.Source data.Transitions)
        return TrainingData.remarks data trial
    }

    /// One cell a task, algorithm and scaling: the others differ in numbers only.
    let private representatives (sweep: Sweep) : SweepCell list =
        let differing = [ "task"; "algorithm"; "actionScaling" ]
        Sweep.grid (sweep.Axes |> List.filter (fun axis -> List.contains axis.Name differing)) sweep.Base

    let private label (axis: string) (cell: SweepCell) : string option =
        cell.Labels |> List.tryFind (fun (name, _) -> name = axis) |> Option.map snd

    /// "iql on hopper-medium-v2: …", as far as a sweep has axes of both.
    let private placed (cell: SweepCell) (message: string) : string =
        match List.choose (fun axis -> label axis cell) [ "algorithm"; "task" ] with
        | [] -> message
        | labels -> $"""{String.concat " on " labels}: {message}"""

    /// Whether the cells of one source that go on online can do so: each structure and each way of acting once.
    let private onlineCells (shelf: Shelf) (cells: SweepCell list) : Result<unit, string> =
        cells
        |> List.filter (fun cell -> cell.Trial.Online.IsSome)
        |> List.distinctBy (fun cell ->
            (Trial.algorithm cell.Trial).Name, Hyperparameters.ShapeOf cell.Trial.Config, cell.Trial.Online)
        |> Attempt.each (fun cell ->
            result {
                let! data = shelf.For cell.Trial
                let! learner = learner data [ cell.Trial ]
                return! online data learner cell.Trial
            }
            |> Result.mapError (placed cell))
        |> Result.map ignore

    /// What there is to hear of trials: each sentence once, with whom it is about. The names of all tasks, where there
    /// are several, say nothing.
    let private together (tasks: int) (heard: (SweepCell * string) list) : string list = [
        for remark, cells in List.groupBy snd heard do
            let names axis = cells |> List.choose (fst >> label axis) |> List.distinct
            let of' = names "task"

            match (if of'.Length = tasks && tasks > 1 then [] else of') @ names "algorithm" with
            | [] -> remark
            | names -> $"""{String.concat ", " names}: {remark}"""
    ]

    /// Data to be collected are held against memory first.
    let private collected (memory: float) (source: DataSource) : Result<unit, string> =
        match source with
        | DataSource.Task(name, Some transitions) when not (isNull (Iql.Environments.Tasks.Tasks.Find name)) ->
            let environment = (Iql.Environments.Tasks.Tasks.Find name).Environment

            Demand.rows
                (float transitions)
                environment.ObservationSize
                environment.ActionSize
                "Ask for fewer --transitions, or collect into a row file: iql data collect TASK -o FILE.rows"
            |> Demand.within memory
        | _ -> Ok()

    /// What the groups of one source take, each structure reckoned once.
    let private demands memory workers (shelf: Shelf) (cells: SweepCell list) : Result<Demand list, string> =
        let known = Collections.Generic.Dictionary<string, Demand>()

        Sweep.groups cells
        |> Attempt.each (fun group ->
            let trials = [ for cell in group -> cell.Trial ]
            let first = trials.Head

            let structure =
                Hyperparameters.ShapeOf first.Config
                + $" {trials.Length} {first.Steps} {first.EvaluateEvery} {first.Episodes} {first.Online}"

            match known.TryGetValue structure with
            | true, demand -> Ok demand
            | _ -> result {
                let! data = shelf.For first
                let! learner = learner data trials
                let environment = data.Task |> Option.map _.Environment

                let! demand =
                    Attempt.run (fun () -> Demand.group memory workers learner environment first)
                    |> Result.mapError (fun message ->
                        if message.StartsWith "shape: " then
                            $"--episodes {first.Episodes}" + message.Substring "shape".Length
                        else
                            message)

                known[structure] <- demand
                return demand
              })

    /// What is held against memory: the data, and the largest groups side by side.
    let private sideBySide memory (places: int) (data: Demand) (groups: Demand list) : Result<unit, string> =
        let side = groups |> List.sortByDescending Demand.bytes |> List.truncate places

        match data :: side |> List.reduce Demand.both |> Demand.within memory with
        | Error _ when places > 1 && Demand.both data side.Head |> Demand.within memory |> Result.isOk ->
            Error
                $"memory: expected groups of runs that fit side by side, got {places} groups that do not. Use fewer \
                  threads, and so fewer groups at a time: --threads 1."
        | other -> other

    /// The algorithms of a sweep that cannot learn from its data, with the reason.
    let unfit (sweep: Sweep) : (string * string) list =
        let shelf = Shelf()

        [
            for cell in representatives sweep do
                match remarks shelf cell.Trial with
                | Error why -> (label "algorithm" cell |> Option.defaultValue (Trial.algorithm cell.Trial).Name), why
                | Ok _ -> ()
        ]
        |> List.distinctBy fst

    /// Examines a sweep.
    let sweep (options: LaunchOptions) (sweep: Sweep) : Result<ExaminedSweep, string> = result {
        do! Sweep.check sweep
        let cells = Sweep.cells sweep
        let shelf = Shelf()
        let sources = cells |> List.map _.Trial.Data |> List.distinct
        let memory, cores = Demand.available (), Split.cores Environment.ProcessorCount options.Threads
        let groups = (Sweep.groups cells).Length
        let split = split options groups groups
        do! sources |> Attempt.each (collected memory) |> Result.map ignore

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

            do! onlineCells shelf (own cells)
            let! demands = demands memory (List.max split) shelf (own cells)

            let held =
                match raw.Raw with
                | :? Iql.Data.Transitions as rows ->
                    let mend = "Ask for fewer --transitions, or pack the file into a row file: iql data pack FILE"
                    Demand.rows (float rows.Count) rows.ObservationSize rows.ActionSize mend
                | _ -> Demand.none

            do! sideBySide memory (List.length split) held demands

            let! configs =
                own cells
                |> Attempt.each (fun cell ->
                    shelf.For cell.Trial
                    |> Result.bind (fun data -> Store.config data cell.Trial |> Result.map (onDevice options groups))
                    |> Result.bind (fun config -> Attempt.run (fun () -> cell.Name, config.Checked()))
                    |> Result.mapError (placed cell))

            return
                { Task = DataSource.task source; Dataset = raw.Dataset; Actions = raw.Raw.ActionSpace },
                List.concat remarks,
                configs,
                demands
        }

        let! parts = Attempt.each one sources

        let configs = parts |> List.collect (fun (_, _, configs, _) -> configs) |> Map

        let! runs =
            Attempt.reading (fun () -> Store.continued options.Folder [ for cell in cells -> cell, configs[cell.Name] ])

        let remarks = parts |> List.collect (fun (_, remarks, _, _) -> remarks) |> together sources.Length

        let plan =
            Store.plan options.Command options.Last (Option.toNullable options.Difference) remarks sweep runs

        do! Store.check options.Folder plan runs

        let times =
            parts |> List.collect (fun (_, _, _, demands) -> demands) |> Demand.remarks cores (List.max split)

        return {
            Plan = plan
            Runs = runs
            Data = [ for data, _, _, _ in parts -> data ]
            Remarks = remarks @ times
            Shelf = shelf
        }
    }

    /// Examines some groups of a sweep whose plan is written, with their data alone. Data that are not those of the
    /// plan are an Error.
    let part (options: LaunchOptions) (plan: SweepPlan) (cells: SweepCell list) = result {
        let shelf = Shelf()
        let identities = Map [ for run in plan.Runs -> run.Folder, run.Identity ]
        let memory = Demand.available ()
        let groups = planned plan
        let split = split options groups (Sweep.groups cells).Length

        let config (cell: SweepCell) = result {
            let! data = shelf.For cell.Trial
            let! config = Store.config data cell.Trial |> Result.map (onDevice options groups)
            let! config = Attempt.run config.Checked

            return!
                match identities.TryFind cell.Name with
                | Some identity when identity = config.Identity || isNull identity -> Ok(cell.Name, config)
                | _ ->
                    Error
                        $"{cell.Name}: expected the run of {SweepPlan.PathIn options.Folder}, got another. Its data or \
                          plan.json changed: make the plan again in another folder."
        }

        let one source = result {
            shelf.Keep [ source ]
            let own = cells |> List.filter (fun cell -> cell.Trial.Data = source)
            let! demands = demands memory (List.max split) shelf own
            do! sideBySide memory split.Length Demand.none demands
            return! own |> Attempt.each config
        }

        let! configs = cells |> List.map _.Trial.Data |> List.distinct |> Attempt.each one
        let configs = Map(List.concat configs)
        let runs = [ for cell in cells -> cell, configs[cell.Name] ]
        return { Plan = plan; Runs = runs; Data = []; Remarks = []; Shelf = shelf }
    }
