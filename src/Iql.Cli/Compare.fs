namespace Iql.Cli

open Iql
open Iql.Algorithms
open Iql.Scripts

open System.IO
open Iql.Environments.Tasks
open Iql.Training.Online

/// `iql compare`
[<RequireQualifiedAccess>]
module Compare =

    /// A file's transitions, scored in the given task, or in the task of the file's name. Without either there are no
    /// scores.
    let private file (request: CompareRequest) (task: string option) (path: string) : DataSource =
        let called = DatasetName.ofPath path

        let known = task.IsSome || not (isNull (Tasks.Find called))

        let card =
            if known then
                defaultArg task called |> TaskName.installed |> Command.orRefuse |> Some
            else
                None

        if not (File.Exists path || Directory.Exists path) then
            let nearest = if known then "" else TaskName.nearest called
            Command.refuse $"{path}: expected a data set file, found none.{nearest}"

        DataSource.File(path, request.Shared.Mode, card |> Option.map _.Name)

    let private isScored (source: DataSource) =
        match source with
        | DataSource.File(_, _, None) -> false
        | _ -> true

    /// Losses and value statistics at the end of training, means over seeds: a row a number, a column an algorithm.
    let private statistics (results: SweepResults) : string list = [
        for task, runs in results.Runs |> List.filter Run.finished |> List.groupBy Run.task do
            let columns = List.groupBy (Run.valueOf "algorithm") runs

            let names =
                [
                    for run in runs do
                        for line in run.Train do
                            yield! line.Metrics.Keys
                ]
                |> List.distinct
                |> List.filter (fun name -> name.EndsWith "Loss" || name.EndsWith "Mean")

            $"{task}, means over seeds at the end of training:"

            yield!
                TextTable.lines [
                    "" :: List.map fst columns
                    for name in names do
                        Shown.words name
                        :: [
                            for _, runs in columns ->
                                match List.choose (Run.lastMetric name) runs with
                                | [] -> "–"
                                | values -> Shown.number (List.average values)
                        ]
                ]

        "There is no environment, so there are no scores. Losses of different algorithms are different functions. \
         Only numbers of one meaning, such as q1 mean, compare across columns."
    ]

    /// The rows of the table: tasks, files, or files with the tasks that score them, in the same order.
    let sources (request: CompareRequest) : DataSource list =
        match request.Tasks, request.Files with
        | [], [] -> [ DataSource.Task(TaskName.standard, request.Shared.Transitions) ]
        | tasks, [] ->
            tasks
            |> List.map (fun task ->
                match DataDownload.cachedFor task with
                | Some path -> file request (Some task) path
                | None ->
                    DataSource.Task((TaskName.installed task |> Command.orRefuse).Name, request.Shared.Transitions))
        | [], files -> files |> List.map (file request None)
        | tasks, files when tasks.Length = files.Length ->
            List.zip tasks files |> List.map (fun (task, path) -> file request (Some task) path)
        | tasks, files ->
            Command.refuse
                $"--data: expected one file for each --task, in the same order, got {files.Length} for \
                      {tasks.Length}. Without --task, the name of a file selects its task."

    /// A column's trial as it goes on online: the algorithm acts as in its protocol.
    let private goingOnline (name: string) (trial: Trial) : Trial =
        let trial = trial |> Trial.goingOnline (FineTuning(OfflineSteps = 0L, OnlineSteps = int64 trial.Steps))

        match Protocol.ofAlgorithm name with
        | Some protocol -> Protocol.apply (Protocol.acting protocol) trial
        | None -> trial

    /// What the report says of how a column acts.
    let private described (name: string) (trial: Trial) : Trial = {
        trial with
            Protocol =
                Protocol.ofAlgorithm name
                |> Option.map (fun protocol -> "acts as in " + Protocol.describe [] (Protocol.acting protocol) trial)
    }

    /// Refuses what cannot go on online, and options that are only of runs that do.
    let private checkOnline (request: CompareRequest) (names: string list) : unit =
        match request.Online with
        | option :: _ when not request.Finetune ->
            Command.refuse $"{option}: expected runs that go on online, got none. Add --finetune, or leave it out."
        | _ -> ()

        for name in names do
            match Trial.learner 1 (ActionSpace.Continuous 1) [ Preset.trial name "" ] with
            | Ok learner when request.Finetune && not (isNull learner.OfflineOnly) ->
                Command.refuse
                    $"--algorithms: expected those that can go on online, got {name}, which {learner.OfflineOnly}. \
                      Leave it out."
            | _ -> ()

    /// The columns of the table.
    let private algorithms (request: CompareRequest) : Axis =
        let names =
            match request.Algorithms with
            | [] -> [ "iql"; "td3bc"; "bc" ]
            | names -> names

        let has (hyperparameter: Hyperparameter) (config: IAlgorithmConfig) =
            not (isNull (config.Find hyperparameter.Name))

        let change name (trial: Trial) =
            let trial = if request.Finetune then goingOnline name trial else trial
            let own = request.Own |> List.filter (fun (hyperparameter, _) -> has hyperparameter trial.Config)

            (request.Shared.Changes @ List.map snd own, trial)
            ||> List.foldBack (fun change trial -> change trial)
            |> Training.settled request.Shared
            |> if request.Finetune then described name else id

        let named = [ for each in Algorithm.Named -> each.Name ]

        for name in names do
            if not (List.contains name named) then
                let meant = Spelling.didYouMean named name
                Command.refuse $"""--algorithms: expected some of {String.concat ", " named}, got {name}.{meant}"""

        checkOnline request names
        let axis = Axis.algorithm Ablation.small id names

        let axis = { axis with Values = [ for name, set in axis.Values -> name, set >> change name ] }

        let known = [ for name in names -> (Algorithm.Find name).Standard ]

        for hyperparameter, _ in List.rev request.Own do
            if not (List.exists (has hyperparameter) known) then
                Request.refuseForeign hyperparameter (String.concat ", " names)

        axis

    let private published (request: CompareRequest) : int =
        let known what known given =
            for name in given do
                if not (List.contains name known) then
                    Command.refuse $"{what}, got {name}.{Spelling.didYouMean known name}"

        known
            "tasks: expected D4RL data sets with published scores, such as hopper-medium-v2"
            Published.datasets
            request.Tasks

        known
            $"""algorithms: expected some of {String.concat ", " Published.algorithms}"""
            Published.algorithms
            request.Algorithms

        DatasetName.agree request.Tasks |> Command.orRefuse

        for table in List.map (Published.only request.Tasks request.Algorithms) Published.tables do
            if not (table.Rows.IsEmpty || table.Algorithms.IsEmpty) then
                Command.print (Published.lines table @ [ "" ])

        Shell.printed ()

    /// The folder of the results, named after one task or the domains of several.
    let private folder (request: CompareRequest) (tasks: string list) : string =
        let name =
            match tasks with
            | [ task ] -> task
            | tasks ->
                tasks |> List.map (fun task -> (DatasetName.read task).Domain) |> List.distinct |> String.concat "-"

        let how = if request.Finetune then "finetune-" else ""
        request.Shared.Output |> Option.defaultValue (Path.Combine("runs", $"compare-{how}{name}"))

    let private train (request: CompareRequest) : int =
        let algorithms = algorithms request
        let sources = sources request
        let tasks = List.map DataSource.task sources

        [
            for source in sources do
                DataSource.task source
                DatasetName.plain (DataSource.name source)
        ]
        |> List.distinct
        |> DatasetName.agree
        |> Command.orRefuse

        let over (algorithms: Axis) = {
            Name = (if request.Finetune then "Fine-tuning" else "Comparison") + $" on {Plural.listed tasks}"
            Base = Ablation.standard
            Axes = [ Axis.task sources; algorithms; Axis.seed request.Seeds ]
        }

        // Without scores, the algorithms that can learn from the data are compared.
        let unfit = if List.forall isScored sources then [] else Examine.unfit (over algorithms)

        let algorithms = {
            algorithms with
                Values = algorithms.Values |> List.filter (fun (name, _) -> not (List.exists (fst >> (=) name) unfit))
        }

        for name, why in unfit do
            if algorithms.Values.IsEmpty then
                Command.refuse $"{name}: {why}"

            eprintfn "note: %s is left out: %s" name why

        let sweep = over algorithms

        let scored = List.exists isScored sources

        for trial in Sweep.cells sweep |> List.truncate 1 |> List.map _.Trial do
            let episodes = trial.Episodes

            if trial.Steps < 1 then
                Command.refuse "--steps: expected at least 1, got 0. With --finetune, 0 begins online."

            let evaluations = trial.Steps / trial.EvaluateEvery + 2

            if request.Last > evaluations then
                Command.refuse $"--last: expected at most {evaluations}, the evaluations of a run, got {request.Last}."

            if episodes < 1 && scored then
                Command.refuse $"--episodes: expected at least 1 per evaluation, got {episodes}. Scores need episodes."

        let folder = folder request tasks

        let introduce (examined: ExaminedSweep) =
            for source in sources do
                if not (isScored source) then
                    let name = DataSource.name source

                    eprintfn
                        "note: no task has the name %s, so %s has no scores.%s --task names a task."
                        name
                        name
                        (TaskName.nearest (DatasetName.plain name))

            printfn
                "%s (%s × %s × %s)"
                (Plural.count examined.Runs.Length "run")
                (Plural.count sources.Length "task")
                (Plural.count algorithms.Values.Length "algorithm")
                (Plural.count request.Seeds.Length "seed")

            for data in examined.Data do
                printfn "%s: %d transitions, %d episodes" data.Task data.Dataset.Transitions data.Dataset.Episodes

            for name, preset in
                [
                    for cell, config in examined.Runs do
                        for preset in Option.toList (Option.ofObj config.Preset) ->
                            List.find (fst >> (=) "algorithm") cell.Labels |> snd, preset
                ]
                |> List.distinct do
                printfn "preset of %s for %s" name preset

        let conclude (results: SweepResults) =
            if not (ScoreTable.isScored results) then
                statistics results |> Command.print
            else
                let table = ScoreTable.ofResults results
                Command.print ("" :: ScoreTableText.lines table @ [ "" ] @ ScoreTableText.notes table)

        Training.launch request.Shared folder request.Last introduce conclude sweep

    let command: Command =
        let options = CompareRequest.parameters Ablation.standard (fun _ -> "") Hyperparameter.all

        let read words =
            let request = Command.read options [] words CompareRequest.empty

            {
                request.Shared with
                    Task = List.tryHead request.Tasks
                    Data = List.tryHead request.Files
            },
            request.Algorithms

        Command.createLarge
            "compare"
            "Train several algorithms on several tasks and make the table of a paper"
            "Every algorithm learns every task with every seed, from its preset for the task's name. A \
             hyperparameter's option changes the algorithms that have it. The report has the table, intervals over \
             seeds and tasks, probabilities of improvement, and learning curves. It also has published scores of the \
             same data set and version. The same command continues a stopped comparison, also with more seeds, \
             algorithms or tasks."
            []
            options
            (Training.help "compare" Request.common Ablation.trialOf read CompareRequest.parameters)
            [
                "iql compare --task pointmaze-umaze-stitch-v0,pointmaze-medium-stitch-v0",
                "two built-in mazes, in minutes"
                "iql compare --algorithms iql,bc,10%bc,td3bc,awac,cql --seeds 0-4", "more algorithms, more seeds"
                "iql compare --task pointmaze-umaze-v0 --data mine.npz", "your own data, scored in a built-in task"
                "iql compare --task hopper-medium-v2,walker2d-medium-v2", "D4RL's files, from `iql data download`"
                "iql compare --finetune --algorithms iql,awac,cql,rlpd --online-steps 20k",
                "before and after going on online"
                "iql compare --published --task hopper-medium-v2,walker2d-medium-v2",
                "published scores and their sources"
            ]
            CompareRequest.empty
            (fun request -> if request.Published then published request else train request)
