namespace Iql.Cli

open Iql.Scripts

open System
open System.Globalization
open System.IO
open Iql.Environments.Tasks
open Iql.Training

/// What `iql train` and `iql ablate` share: from a request to trained runs, a table and a report.
[<RequireQualifiedAccess>]
module Training =

    /// The name of what is learned from, for a folder and for finding a preset.
    let dataName (request: Request) : string =
        match request.Data, request.Task with
        | Some path, _ -> Path.GetFileNameWithoutExtension path
        | None, Some task -> task
        | None, None -> Problem.standardTask

    /// Refuses options of algorithms other than the request's.
    let private refuseForeign (algorithm: Algorithm) (request: Request) : unit =
        for option, hyperparameter in List.rev request.Given do
            let belongs =
                hyperparameter.Algorithms.IsEmpty
                || List.contains (Algorithm.name algorithm) hyperparameter.Algorithms

            if not belongs then
                let own =
                    Hyperparameter.ofAlgorithm algorithm
                    |> List.map (fun each -> Request.optionName each.Name)
                    |> String.concat ", "

                raise (
                    Refusal
                        $"""{option}: belongs to --algorithm {String.concat " or " hyperparameter.Algorithms}, got --algorithm {request.Algorithm}, which has {own}."""
                )

    /// A trial with what a request wants done to the data, and with evaluations at every tenth of the steps where nobody says.
    let settled (request: Request) (trial: Trial) : Trial = {
        trial with
            Rewards = request.Rewards |> Option.orElse trial.Rewards
            NormalizeObservations = request.NormalizeObservations |> Option.orElse trial.NormalizeObservations
            EvaluateEvery =
                (if trial.EvaluateEvery = 0 then
                     max 1 (trial.Steps / 10)
                 else
                     trial.EvaluateEvery)
    }

    /// Refuses options that mean nothing for the data's actions.
    let private refuseMeaningless (algorithm: Algorithm) (actions: Iql.ActionSpace) (request: Request) : unit =
        let entry = Algorithm.entry algorithm

        for option, hyperparameter in List.rev request.Given do
            if actions.IsDiscrete && List.contains hyperparameter.Name entry.ContinuousOnly then
                raise (
                    Refusal
                        $"{option}: is about continuous actions, and the data have {actions}, of which {entry.Name} learns without it. Leave it out."
                )

    /// The trial a request asks for: the command's own, changed by the preset, changed by the options.
    let trial (standard: Algorithm -> Trial) (request: Request) : Trial * Preset option =
        let algorithm = (Algorithm.find request.Algorithm).Value
        refuseForeign algorithm request

        let preset =
            match request.Preset with
            | Some domain ->
                match Preset.named request.Algorithm domain with
                | Some preset -> Some(Preset.ofTask (dataName request) preset)
                | None ->
                    raise (Refusal $"--preset: {request.Algorithm} has none for {domain}; `iql presets` lists them.")
            | None -> Preset.forTask request.Algorithm (dataName request)

        let started =
            preset |> Option.map Preset.apply |> Option.defaultValue id
            <| standard algorithm

        let changed =
            List.foldBack (fun change trial -> change trial) request.Changes started

        settled request changed, preset

    let private problem (request: Request) : Problem =
        match request.Data with
        | Some path -> Problem.ofFile path request.Mode request.Task None false
        | None ->
            let name = dataName request
            let card = Tasks.Find name |> Option.ofObj

            // Of a task whose data do not come with it, D4RL's file lies in its cache, or is to be brought there.
            match DataDownload.cachedFor name with
            | Some path -> Problem.ofFile path request.Mode (card |> Option.map _.Name) None false
            | None -> Problem.collect name request.Transitions None false

    /// Mean score (or the value loss, where nothing was evaluated) of the runs that agree in two axes, as lines of text.
    let table (sweep: Sweep) (outcomes: CellOutcome list) : string list =
        let number (value: float) =
            value.ToString("F1", CultureInfo.InvariantCulture)

        let shown (outcomes: CellOutcome list) =
            let scores = [
                for outcome in outcomes do
                    match outcome.Result with
                    | Some result when result.Status = RunStatus.Finished && result.Score.HasValue -> result.Score.Value
                    | _ -> ()
            ]

            if scores.IsEmpty then "–" else number (List.average scores)

        let value axis (outcome: CellOutcome) =
            outcome.Cell.Labels
            |> List.tryFind (fun (name, _) -> name = axis)
            |> Option.map snd

        match
            [
                for axis in sweep.Axes do
                    if axis.Name <> "seed" then
                        axis
            ]
        with
        | rows :: columns :: rest -> [
            for labels, outcomes in
                outcomes
                |> List.groupBy (fun outcome -> [ for axis in rest -> axis.Name, value axis.Name outcome ]) do
                for name, label in labels do
                    yield $"""{name} {Option.defaultValue "" label}"""

                let cells = [
                    yield rows.Name + " \\ " + columns.Name :: [ for label, _ in columns.Values -> label ]
                    for row, _ in rows.Values do
                        yield
                            row
                            :: [
                                for column, _ in columns.Values ->
                                    outcomes
                                    |> List.filter (fun outcome ->
                                        value rows.Name outcome = Some row && value columns.Name outcome = Some column)
                                    |> shown
                            ]
                ]

                for line in TextTable.lines cells do
                    yield "  " + line
          ]
        | [ rows ] -> [
            for row, _ in rows.Values do
                yield
                    $"  {rows.Name} {row}  {outcomes
                                            |> List.filter (fun outcome -> value rows.Name outcome = Some row)
                                            |> shown}"
          ]
        | [] -> [ $"  {shown outcomes}" ]

    let private sizes (sweep: Sweep) (cells: SweepCell list) : string =
        let axes =
            sweep.Axes
            |> List.map (fun axis -> $"{axis.Values.Length} {axis.Name}")
            |> String.concat " × "

        let runs = if cells.Length = 1 then "1 run" else $"{cells.Length} runs"
        if cells.Length = 1 then runs else $"{runs} ({axes})"

    /// The command line as it was typed, quoted where a shell needs it.
    let typed () : string =
        let quote (word: string) =
            if
                word
                |> Seq.forall (fun c -> Char.IsLetterOrDigit c || Seq.contains c "-_.,:/=+")
            then
                word
            else
                "'" + word.Replace("'", "'\\''") + "'"

        "iql"
        :: [ for word in Seq.skip 1 (Environment.GetCommandLineArgs()) -> quote word ]
        |> String.concat " "

    /// Trains a request's sweep into its folder, writes the report, prints what came out.
    let run (command: string) (standard: Algorithm -> Trial) (axes: Algorithm -> Axis list) (request: Request) : int =
        let standard, preset = trial standard request
        let axes = axes standard.Algorithm

        let folder =
            let name =
                if request.Algorithm = "iql" then
                    command
                else
                    $"{command}-{request.Algorithm}"

            request.Output
            |> Option.defaultValue (Path.Combine("runs", $"{name}-{dataName request}"))

        // One value asked for is no axis, and takes the place of the grid's own.
        let settled (axis: Axis) =
            request.Given
            |> List.exists (fun (_, hyperparameter) -> hyperparameter.Name = axis.Name)

        // The grid's own axes first, in their order, with the values asked for; seeds vary fastest.
        let axes =
            [
                for axis in axes do
                    match request.Axes |> List.tryFind (fun asked -> asked.Name = axis.Name) with
                    | Some asked -> asked
                    | None when settled axis -> ()
                    | None -> axis
            ]
            @ [
                for axis in request.Axes do
                    if axes |> List.forall (fun own -> own.Name <> axis.Name) then
                        axis
            ]
            |> List.sortBy (fun axis -> axis.Name = "seed")

        let problem = problem request
        let actions = problem.Transitions.ActionSpace
        Trial.configured actions standard |> ignore
        refuseMeaningless standard.Algorithm actions request

        let sweep = {
            Name =
                (if request.Algorithm = "iql" then
                     $"{command} {problem.Dataset.Name}"
                 else
                     $"{command} {request.Algorithm} {problem.Dataset.Name}")
            Base = standard
            Axes = axes
        }

        let cells = Sweep.cells sweep

        printfn
            "%s on %s: %d transitions, %d episodes"
            (sizes sweep cells)
            problem.Dataset.Name
            problem.Dataset.Transitions
            problem.Dataset.Episodes

        for preset in Option.toList preset do
            let varied =
                if axes.Length > 1 then
                    "; the grid varies what it names"
                else
                    ""

            printfn "preset %s: %s%s" preset.Domain (Preset.describe preset) varied

        Problem.remarks problem standard |> List.iter (eprintfn "note: %s")

        let outcomes =
            Interrupt.guard (fun cancellation ->
                Progress.show (fun watch say ->
                    Launch.run
                        {
                            Launch.into folder with
                                Command = Some(typed ())
                                Threads = request.Threads
                                Watch = watch
                                Say = say
                                Cancellation = cancellation
                        }
                        problem
                        sweep))

        let unfinished = outcomes |> List.filter (fun outcome -> outcome.Result.IsNone)

        if unfinished.IsEmpty then
            // The report shows what the data look like, and is made of the folder's files alone.
            Charts.DatasetPicture.save folder (Charts.DatasetPicture.ofDataset (Problem.maze problem) problem.Raw)

            let report =
                match Report.write folder with
                | Ok path -> path
                | Error problem -> raise (InvalidDataException problem)

            let failures = [
                for outcome in outcomes do
                    match outcome.Result with
                    | Some result when not (isNull result.Failure) -> outcome.Cell.Name, result.Failure.Message
                    | _ -> ()
            ]

            for name, message in failures do
                printfn "diverged: %s: %s" name message

            if problem.Task.IsSome then
                printfn "Mean score of the last evaluation over seeds (0 random, 100 expert):"
                table sweep outcomes |> List.iter (printfn "%s")
            else
                printfn "No environment, so no scores: the report shows losses and value statistics on the data alone."

            printfn "%s" (Path.GetFullPath report)
            Shell.success
        else
            eprintfn
                "Stopped: %d of %d runs are done, the others are saved in %s. The same command goes on."
                (outcomes.Length - unfinished.Length)
                outcomes.Length
                folder

            Shell.interrupted
