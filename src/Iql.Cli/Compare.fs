namespace Iql.Cli

open Iql.Scripts

open System.IO

/// `iql compare`
[<RequireQualifiedAccess>]
module Compare =

    let private defaults = [ "iql"; "td3bc"; "bc" ]

    /// The rows asked for: tasks, files, or files with the tasks they are scored in, in the same order.
    let private tasks (request: CompareRequest) : ComparisonTask list =
        let mode = request.Shared.Mode

        match request.Tasks, request.Files with
        | [], [] -> [ ComparisonTask.builtIn request.Shared.Transitions Problem.standardTask ]
        | tasks, [] ->
            tasks
            |> List.map (fun task ->
                match DataDownload.cachedFor task with
                | Some path -> ComparisonTask.ofFile mode (Some task) path
                | None -> ComparisonTask.builtIn request.Shared.Transitions task)
        | [], files -> files |> List.map (ComparisonTask.ofFile mode None)
        | tasks, files when tasks.Length = files.Length ->
            List.zip tasks files
            |> List.map (fun (task, file) -> ComparisonTask.ofFile mode (Some task) file)
        | tasks, files ->
            raise (
                Refusal
                    $"--data: expected one file for each --task, in the same order, got {files.Length} for {tasks.Length}. Leave --task out to score files in the tasks they are called after."
            )

    let private contenders (request: CompareRequest) : Contender list =
        let names =
            if request.Algorithms.IsEmpty then
                defaults
            else
                request.Algorithms
        // Names first, so that a wrong one is the first thing said.
        let algorithms = names |> List.map (Contender.algorithm >> Algorithm.name)

        let has (hyperparameter: Hyperparameter) algorithm =
            hyperparameter.Algorithms.IsEmpty
            || List.contains algorithm hyperparameter.Algorithms

        for option, hyperparameter, _ in List.rev request.Own do
            if not (List.exists (has hyperparameter) algorithms) then
                raise (
                    Refusal
                        $"""{option}: belongs to --algorithm {String.concat " or " hyperparameter.Algorithms}, got {String.concat ", " names}."""
                )

        let change (trial: Trial) =
            let own = [
                for _, hyperparameter, change in request.Own do
                    if has hyperparameter (Algorithm.name trial.Algorithm) then
                        change
            ]

            (request.Shared.Changes @ own, trial)
            ||> List.foldBack (fun change trial -> change trial)
            |> Training.settled request.Shared

        names |> List.map (Contender.preset Ablation.trialOf change)

    let private published (request: CompareRequest) : int =
        let known what known given =
            for name in given do
                if not (List.contains name known) then
                    raise (Refusal $"{what}, got {name}.{Spelling.didYouMean known name}")

        known
            "tasks: expected datasets of D4RL that were scored, such as hopper-medium-v2"
            Published.datasets
            request.Tasks

        known
            $"""algorithms: expected some of {String.concat ", " Published.algorithms}"""
            Published.algorithms
            request.Algorithms

        match DatasetName.agree request.Tasks with
        | Error conflict -> raise (Refusal conflict)
        | Ok() -> ()

        let tables =
            Published.tables
            |> List.map (Published.only request.Tasks request.Algorithms)
            |> List.filter (fun table -> not (table.Rows.IsEmpty || table.Algorithms.IsEmpty))

        for table in tables do
            Published.lines table |> List.iter (printfn "%s")
            printfn ""

        Shell.success

    /// Where results go: one task's name, or the domains of several.
    let private folder (request: CompareRequest) (tasks: ComparisonTask list) : string =
        let name =
            match tasks with
            | [ task ] -> task.Name
            | tasks ->
                tasks
                |> List.map (fun task -> (DatasetName.read task.Name).Domain)
                |> List.distinct
                |> String.concat "-"

        request.Shared.Output
        |> Option.defaultValue (Path.Combine("runs", $"compare-{name}"))

    let private introduce (comparison: Comparison) (examined: ExaminedTask list) : unit =
        let count number word = Plural.count (List.length number) word
        let runs = examined.Length * comparison.Contenders.Length * comparison.Seeds.Length

        printfn
            "%s (%s × %s × %s)"
            (Plural.count runs "run")
            (count examined "task")
            (count comparison.Contenders "algorithm")
            (count comparison.Seeds "seed")

        for task in examined do
            printfn "%s: %d transitions, %d episodes" task.Task task.Transitions task.Episodes

        for contender in comparison.Contenders do
            for preset in
                examined
                |> List.choose (fun task -> contender.Preset task.Task)
                |> List.distinct do
                printfn "preset of %s for %s" contender.Name preset

        for remark in examined |> List.collect _.Remarks do
            eprintfn "note: %s" remark

    let private finish (folder: string) (compared: ComparedTask list) : int =
        let outcomes = [
            for task in compared do
                for outcome in task.Outcomes -> task.Task, outcome
        ]

        let unfinished = outcomes |> List.filter (fun (_, outcome) -> outcome.Result.IsNone)

        if unfinished.IsEmpty then
            let report =
                match ComparisonReport.write folder with
                | Ok path -> path
                | Error problem -> raise (InvalidDataException problem)

            for task, outcome in outcomes do
                match outcome.Result with
                | Some result when not (isNull result.Failure) ->
                    printfn "diverged: %s, %s: %s" task outcome.Cell.Name result.Failure.Message
                | _ -> ()

            match ComparisonResults.read folder with
            | Error problem -> raise (InvalidDataException problem)
            | Ok results ->
                let table = ScoreTable.ofResults results
                printfn ""
                ScoreTableText.lines table |> List.iter (printfn "%s")
                printfn ""
                ScoreTableText.notes table |> List.iter (printfn "%s")

            printfn "%s" (Path.GetFullPath report)
            Shell.success
        else
            eprintfn
                "Stopped: %d of %d runs are done, the others are saved in %s. The same command goes on."
                (outcomes.Length - unfinished.Length)
                outcomes.Length
                folder

            Shell.interrupted

    let private train (request: CompareRequest) : int =
        let contenders = contenders request
        let tasks = tasks request
        let folder = folder request tasks

        let comparison = {
            Name = $"Comparison on {tasks |> List.map _.Name |> Findings.listed}"
            Tasks = tasks
            Contenders = contenders
            Seeds = request.Seeds
            Last = request.Last
        }

        Interrupt.guard (fun cancellation ->
            let options = {
                Launch.into folder with
                    Command = Some(Training.typed ())
                    Threads = request.Shared.Threads
                    Cancellation = cancellation
            }

            Comparison.examine options comparison |> introduce comparison

            Progress.show (fun watch say ->
                // Every task's launch chooses a split; the same one need not be said twice.
                let said = System.Collections.Generic.HashSet<LaunchNote>()

                Comparison.train
                    {
                        options with
                            Watch = watch
                            Say =
                                fun note ->
                                    if said.Add note then
                                        say note
                    }
                    comparison))
        |> finish folder

    let private run (request: CompareRequest) : int =
        if request.Published then
            published request
        else
            train request

    let command: Command =
        Command.create
            "compare"
            "Train several algorithms on several tasks and make the table of a paper of it"
            "Every algorithm learns every task with every seed, each with the preset it has for the task's name; a hyperparameter's option changes the algorithms that have it. The report has the table, intervals over seeds and over tasks, probabilities of improvement and learning curves; published scores stand beside ours where the dataset is the same, version and all. The same command again continues where it stopped, also with more seeds, algorithms or tasks."
            []
            (CompareRequest.parameters Ablation.standard)
            [
                "iql compare --task pointmaze-umaze-stitch-v0,pointmaze-medium-stitch-v0",
                "two built-in mazes, in minutes"
                "iql compare --algorithms iql,bc,10%bc,td3bc,awac,cql --seeds 0-4", "more columns, more seeds"
                "iql compare --task pointmaze-umaze-v0 --data mine.npz", "data of one's own, scored in a built-in task"
                "iql compare --task hopper-medium-v2,walker2d-medium-v2", "D4RL's files, brought by `iql data download`"
                "iql compare --published --task hopper-medium-v2,walker2d-medium-v2", "what others scored, and where"
            ]
            CompareRequest.empty
            run
