namespace Iql.Scripts

open System
open System.IO
open System.Threading
open Iql.Data
open Iql.Environments.Tasks
open Iql.Estimation
open Iql.Training

/// Runs that differ only in their seed, with what data say of their policies.
type EstimateGroup = {
    /// The values of their sweep's axes, or the run's name.
    Heading: string
    Judged: (Run * OfflineEstimates) list
}

/// How policies are evaluated by data.
type EvaluateOptions = {
    /// None: the data that a run learned from, where they can be found.
    Data: DataFile option
    /// The column of the data's file with the log-probabilities of the policy that made them; None: no importance
    /// sampling.
    Behaviour: string option
    Plan: EvaluationPlan
    Cancellation: CancellationToken
    /// Called with a run's folder as its fit goes on.
    Watch: string -> TrainingProgress -> unit
}

/// Policies judged by data, without an environment. docs/evaluation.md says what the numbers can and cannot say.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Estimates =

    /// A tenth of the episodes held out, the run's own data, one thread.
    let standard: EvaluateOptions = {
        Data = None
        Behaviour = None
        Plan = EvaluationPlan()
        Cancellation = CancellationToken.None
        Watch = fun _ _ -> ()
    }

    /// Where a run's data are: a file, the task that makes them, or a file of their name where the command runs.
    let private source (file: DataFile option) (config: RunConfig) : Result<DataSource, string> =
        // Only a task knows how many choices there are.
        let choices =
            Option.ofObj config.Task
            |> Option.filter (fun name ->
                match Tasks.Find name with
                | null -> false
                | card -> card.Environment.ActionSpace.IsDiscrete)

        match file, config.Dataset.Source with
        | Some file, _ -> Ok(DataSource.File(file.Path, file.Mode, Option.orElse choices file.Task))
        | None, "generated" -> Ok(DataSource.Task(config.Task, Some(int config.Dataset.Transitions)))
        | None, name when File.Exists name -> Ok(DataSource.File(name, None, choices))
        | None, name ->
            Error
                $"{config.Dataset.Name}: expected the data that the run learned from, found no {name} here. Name \
                  their file: --data FILE."

    let private behaviour (column: string option) (source: DataSource) : Result<float32[] option, string> =
        match column, source with
        | None, _ -> Ok None
        | Some column, DataSource.File(path, mode, _) ->
            let mode = defaultArg mode DatasetMode.D4rlParity
            Attempt.run (fun () -> Some(BehaviourLog.Read(path, column, mode)))
        | Some column, source ->
            Error $"{DataSource.name source}: expected a file with a column {column}, got generated data."

    let private load (options: EvaluateOptions) (config: RunConfig) = result {
        let file = options.Data
        let! source = source file config
        let! behaviour = behaviour options.Behaviour source
        let! data = TrainingData.load source

        if file.IsNone && data.Dataset.Fingerprint <> config.Dataset.Fingerprint then
            return!
                Error
                    $"{config.Dataset.Source}: expected the data that the run learned from, got others. Name the \
                      file: --data FILE."
        else
            return data, behaviour
    }

    /// The runs that paths name, folders of runs or of sweeps, with their folders; those of a sweep that have a policy.
    let runs (paths: string list) : Result<(Run * string) list, string> =
        paths
        |> Attempt.each (fun path ->
            if File.Exists(Path.Combine(path, "sweep.json")) then
                Results.readSweep path
                |> Result.map (fun sweep -> [
                    for run in sweep.Runs do
                        let folder = SweepPlan.RunFolder(path, run.Name)

                        if File.Exists folder.CheckpointPath then
                            run, folder.Path
                ])
            else
                Results.readRun path |> Result.map (fun run -> [ run, path ]))
        |> Result.map List.concat

    /// Evaluates the policies of runs' folders, each by the same data or by its own: None where a cancellation came
    /// before. Data are loaded once; several policies are evaluated side by side.
    let run (options: EvaluateOptions) (folders: string list) : Result<OfflineEstimates option list, string> =
        let known = Collections.Generic.Dictionary<string, Result<TrainingData * float32[] option, string>>()

        let data (config: RunConfig) =
            let key = if options.Data.IsSome then "" else config.Dataset.Fingerprint

            match known.TryGetValue key with
            | true, data -> data
            | _ ->
                let data = load options config
                known[key] <- data
                data

        let loaded (folder: string) =
            Attempt.reading (fun () ->
                data (RunFolder(folder).ReadConfig())
                |> Result.map (fun (data, behaviour) -> folder, data, behaviour))

        let side = min options.Plan.Threads folders.Length |> max 1
        let plan = options.Plan.With(threads = max 1 (options.Plan.Threads / side))

        let evaluate (folder: string, data: TrainingData, behaviour: float32[] option) =
            let watch = options.Watch folder
            let run, behaviour = RunFolder folder, Option.toObj behaviour

            Attempt.run (fun () ->
                if options.Cancellation.IsCancellationRequested then
                    None
                else
                    OfflineEvaluation.Run(run, data.Raw, data.Dataset, plan, behaviour, watch, options.Cancellation)
                    |> Option.ofObj)

        folders
        |> Attempt.each loaded
        |> Result.bind (fun loaded ->
            let results = Array.create loaded.Length (Ok None)
            let work = Array.ofList loaded

            Tasks.Parallel.For(
                0,
                work.Length,
                Tasks.ParallelOptions(MaxDegreeOfParallelism = side),
                (fun i -> results[i] <- evaluate work[i])
            )
            |> ignore

            results |> List.ofArray |> Attempt.each id)

    /// What is known of runs' present policies, each by its own data where it was judged by those, else by others;
    /// runs that were not judged are left out.
    let ofRuns (folderOf: Run -> string) (runs: Run list) : Result<(Run * OfflineEstimates) list, string> =
        Attempt.run (fun () -> [
            for run in runs do
                for estimates in OfflineEstimates.Of(RunFolder(folderOf run)) |> Seq.truncate 1 do
                    run, estimates
        ])

    /// Runs with what belongs to each, those together that differ only in their seed, under a heading.
    let alike (runs: (Run * 'T) list) : (string * (Run * 'T) list) list =
        let settings (run: Run, _) =
            let labels = [ for label in run.Labels -> label.Key, label.Value ]

            List.filter (fst >> (<>) "seed") labels,
            (run.Config.Algorithm, run.Config.Hyperparameters.GetRawText(), run.Config.Dataset.Fingerprint)

        runs
        |> List.groupBy settings
        |> List.map (fun ((labels, _), runs) ->
            (if labels.IsEmpty then (fst runs.Head).Name else Shown.values labels), runs)

    /// Runs with their estimates, those together that differ only in their seed.
    let groups (runs: (Run * OfflineEstimates) list) : EstimateGroup list =
        alike runs |> List.map (fun (heading, runs) -> { Heading = heading; Judged = runs })

    /// A number of a group over its seeds; None where no run has it.
    let summary (column: EstimateColumn) (group: EstimateGroup) : RunSummary option =
        group.Judged |> List.choose (snd >> EstimateColumn.value column) |> RunSummary.ofNumbers

    /// The columns that some run has a number in.
    let columns (groups: EstimateGroup list) : EstimateColumn list =
        EstimateColumn.all
        |> List.filter (fun column -> groups |> List.exists (summary column >> Option.isSome))

    /// Groups as lines of a table, means over seeds with their 95 % intervals.
    let table (groups: EstimateGroup list) : string list =
        let columns = columns groups

        TextTable.lines [
            "" :: [ for column in columns -> column.Head ]
            for group in groups do
                group.Heading
                :: [
                    for column in columns ->
                        match summary column group with
                        | Some { Mean = mean; Interval = Some interval } ->
                            Shown.estimate { Value = mean; Interval = interval }
                        | Some one -> Shown.number one.Mean
                        | None -> "–"
                ]
        ]
