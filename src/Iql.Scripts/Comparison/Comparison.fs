namespace Iql.Scripts

open System.Diagnostics
open System.IO

/// A comparison as data: tasks by contenders by seeds.
type Comparison = {
    Name: string
    Tasks: ComparisonTask list
    Contenders: Contender list
    Seeds: int list
    /// A run's score is the mean of so many of its last evaluations.
    Last: int
}

/// What is known of a task's data before anything is trained.
type ExaminedTask = {
    Task: string
    Transitions: int64
    Episodes: int64
    /// What a user should hear.
    Remarks: string list
}

/// How the runs of a task came out.
type ComparedTask = {
    Task: string
    Outcomes: CellOutcome list
}

/// Checking, examining and training comparisons. Every task is a sweep of its own in a folder of its name.
[<RequireQualifiedAccess>]
module Comparison =

    let private twice (names: string list) : string option =
        names |> List.countBy id |> List.tryFind (fun (_, n) -> n > 1) |> Option.map fst

    /// What is wrong with a comparison before any data are looked at.
    let check (comparison: Comparison) : Result<unit, string> =
        let tasks = [ for task in comparison.Tasks -> task.Name ]
        let contenders = [ for contender in comparison.Contenders -> contender.Name ]

        let unfit =
            contenders
            |> List.tryFind (fun name -> name = "" || name |> Seq.exists (fun c -> Seq.contains c "/\\,="))

        let names = tasks @ [ for task in comparison.Tasks -> task.Data ] |> List.distinct

        match twice tasks, twice contenders, unfit, DatasetName.agree names with
        | _ when tasks.IsEmpty -> Error "tasks: expected at least one, got none."
        | _ when contenders.IsEmpty -> Error "algorithms: expected at least one, got none."
        | _ when comparison.Seeds.IsEmpty -> Error "seeds: expected at least one, such as 0-2, got none."
        | _ when comparison.Last < 1 -> Error $"last: expected at least 1 evaluation, got {comparison.Last}."
        | _ when
            comparison.Contenders
            |> List.exists (fun contender -> (contender.Trial tasks.Head).Episodes < 1)
            ->
            Error "episodes: expected at least 1 an evaluation, got 0. A comparison is one of scores."
        | Some task, _, _, _ -> Error $"tasks: expected each once, got {task} twice."
        | _, Some name, _, _ -> Error $"algorithms: expected each once, got {name} twice."
        | _, _, Some name, _ ->
            Error
                $"algorithms: expected names that can stand in a folder's name, got '{name}' with one of / \\ , = or nothing."
        | _, _, _, Error conflict -> Error conflict
        | _ ->
            match twice [ for seed in comparison.Seeds -> string<int> seed ] with
            | Some seed -> Error $"seeds: expected each once, got {seed} twice."
            | None -> Ok()

    /// The sweep of one task: contenders by seeds, the contender slowest.
    let sweep (comparison: Comparison) (task: ComparisonTask) : Sweep = {
        Name = $"{comparison.Name} {task.Name}"
        // What is common to all contenders is the data alone, so the base may be any trial.
        Base = Trial.standard
        Axes = [
            {
                Name = "algorithm"
                Values = [
                    for contender in comparison.Contenders ->
                        contender.Name,
                        fun trial -> {
                            contender.Trial task.Name with
                                Seed = trial.Seed
                        }
                ]
            }
            Axis.seed comparison.Seeds
        ]
    }

    /// The folder of a task's sweep.
    let folderOf (folder: string) (task: string) : string = Path.Combine(folder, task)

    /// Refuses a contender that asks in vain of a task's data, and says what there is to hear of it.
    let private remarks (problem: Problem) (task: ComparisonTask) (contender: Contender) : string list =
        let trial = contender.Trial task.Name

        try
            let seen = Problem.forTrial problem trial
            (Launch.learner seen [ trial ]).Source seen.Transitions |> ignore
            Problem.remarks problem trial
        with
        | Refusal message -> raise (Refusal $"{contender.Name} on {task.Name}: {message}")
        | :? System.ArgumentException as error -> raise (Refusal $"{contender.Name} on {task.Name}: {error.Message}")

    /// Looks into the data of every task, and into the folders of those that are there already. What an algorithm asks in vain of the
    /// data, and a folder of something else, is refused; nothing is written.
    let examine (options: LaunchOptions) (comparison: Comparison) : ExaminedTask list =
        match check comparison with
        | Error problem -> raise (Refusal problem)
        | Ok() -> ()

        ComparisonPlan.check options.Folder [ for task in comparison.Tasks -> task.Name ]

        [
            for task in comparison.Tasks ->
                let problem = task.Load()

                let remarks =
                    comparison.Contenders
                    |> List.collect (fun contender ->
                        remarks problem task contender
                        |> List.map (fun remark -> contender.Name, remark))
                    |> List.groupBy snd
                    |> List.map (fun (remark, of') ->
                        let names = of' |> List.map fst |> String.concat ", "
                        $"{task.Name}, {names}: {remark}")

                let sweep = sweep comparison task
                let cells = Sweep.cells sweep

                Store.checkSweep
                    (folderOf options.Folder task.Name)
                    options.Command
                    (Problem.preparing problem)
                    sweep
                    cells
                    (Split.share 1 cells.Length)
                |> ignore

                {
                    Task = task.Name
                    Transitions = problem.Dataset.Transitions
                    Episodes = problem.Dataset.Episodes
                    Remarks = remarks
                }
        ]

    let private stepsOf (cells: SweepCell list) : int64 =
        cells |> List.sumBy (fun cell -> int64 cell.Trial.Steps)

    /// Trains what has no result yet of an examined comparison, task after task, each run from its checkpoint if it has one. Runs of a
    /// task that was not reached come without results.
    let train (options: LaunchOptions) (comparison: Comparison) : ComparedTask list =
        ComparisonPlan.write options.Folder {
            Name = comparison.Name
            Command = options.Command
            Tasks = [
                for task in comparison.Tasks ->
                    {
                        Name = task.Name
                        Presets = [ for contender in comparison.Contenders -> contender.Preset task.Name ]
                    }
            ]
            Contenders = [ for contender in comparison.Contenders -> contender.Name ]
            Seeds = comparison.Seeds
            Last = comparison.Last
        }

        let clock = Stopwatch.StartNew()

        let sweeps = [
            for task in comparison.Tasks ->
                let sweep = sweep comparison task
                task, sweep, Sweep.cells sweep
        ]

        let all = sweeps |> List.collect (fun (_, _, cells) -> cells)

        let folder (before: ComparedTask list) (task: ComparisonTask, sweep: Sweep, cells: SweepCell list) =
            let outcomes =
                if options.Cancellation.IsCancellationRequested then
                    [ for cell in cells -> { Cell = cell; Result = None } ]
                else
                    let earlier = before |> List.collect _.Outcomes

                    // One progress over all tasks.
                    let watch (progress: SweepProgress) =
                        options.Watch {
                            progress with
                                Runs = all.Length
                                Done = earlier.Length + progress.Done
                                Diverged = Launch.diverged earlier + progress.Diverged
                                Steps = stepsOf [ for outcome in earlier -> outcome.Cell ] + progress.Steps
                                TotalSteps = stepsOf all
                                Elapsed = clock.Elapsed
                                Training = [
                                    for group in progress.Training ->
                                        {
                                            group with
                                                Name = $"{task.Name},{group.Name}"
                                        }
                                ]
                        }

                    let problem = task.Load()
                    let home = folderOf options.Folder task.Name

                    let outcomes =
                        Launch.run
                            {
                                options with
                                    Folder = home
                                    Watch = watch
                            }
                            problem
                            sweep

                    task.Origin() |> Option.iter (DataOrigin.save home)
                    Charts.DatasetPicture.save home (Charts.DatasetPicture.ofDataset (Problem.maze problem) problem.Raw)
                    outcomes

            before
            @ [
                {
                    Task = task.Name
                    Outcomes = outcomes
                }
            ]

        ([], sweeps) ||> List.fold folder

    /// Trains every run of a comparison that has no result yet into a folder: comparison.json, and for each task a sweep's folder. What
    /// cannot be compared is refused before anything is written. The same call goes on where the one before was stopped, to the same bits.
    let run (options: LaunchOptions) (comparison: Comparison) : ComparedTask list =
        examine options comparison |> ignore
        train options comparison
