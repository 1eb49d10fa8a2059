namespace Iql.Cli

open Iql.Scripts

open System
open System.IO
open Iql.Algorithms
open Iql.Environments.Tasks
open Iql.Training
open Iql.Training.Online

/// What `iql train` and `iql ablate` share: from a request to trained runs, a table and a report.
[<RequireQualifiedAccess>]
module Training =

    /// The name of the data, for a folder and for a preset.
    let dataName (request: Request) : string =
        match request.Data, request.Task with
        | Some path, _ -> Path.GetFileNameWithoutExtension path
        | None, Some task -> task
        | None, None -> TaskName.standard

    /// Refuses options of algorithms other than the request's.
    let private refuseForeign (algorithm: Algorithm) (request: Request) : unit =
        for hyperparameter in List.rev request.Given do
            if isNull (algorithm.Standard.Find hyperparameter.Name) then
                let own =
                    algorithm.Hyperparameters
                    |> Seq.filter (fun each -> not each.SetByRun)
                    |> Seq.map Request.optionName

                $"""--algorithm {request.Algorithm}, which has {String.concat ", " own}"""
                |> Request.refuseForeign hyperparameter

    /// Where learning rates stay the same online, the policy's does so in both phases, unless its schedule was given.
    let private atItsRate (request: Request) (trial: Trial) : Trial =
        let asked = request.Given |> List.exists (fun given -> given.Name = "policySchedule")

        match trial.Online, trial.Config.Find "policySchedule" with
        | Some online, schedule when not (isNull schedule || asked) ->
            if online.Schedule = OnlineSchedule.Constant then
                Trial.atConstantRate trial
            else
                let own = schedule.Get (Trial.algorithm trial).Standard
                { trial with Config = schedule.Set(trial.Config, own) }
        | _ -> trial

    /// A trial with the request's changes to the data. Without an interval, every tenth of the steps is evaluated.
    let settled (request: Request) (trial: Trial) : Trial =
        let trial = atItsRate request trial

        {
            trial with
                Rewards = request.Rewards |> Option.orElse trial.Rewards
                NormalizeObservations = request.NormalizeObservations |> Option.orElse trial.NormalizeObservations
                EvaluateEvery = if trial.EvaluateEvery = 0 then max 1 (trial.Steps / 10) else trial.EvaluateEvery
        }

    /// Refuses options that mean nothing for the data's actions.
    let private refuseMeaningless (algorithm: Algorithm) (actions: Iql.ActionSpace) (request: Request) : unit =
        for hyperparameter in List.rev request.Given do
            if actions.IsDiscrete && (algorithm.Standard.Find hyperparameter.Name).ContinuousOnly then
                Command.refuse
                    $"{Request.optionName hyperparameter}: expected continuous actions, got {actions}, for which \
                          {algorithm.Name} does not use it. Leave it out."

    /// The trial of a request: the command's own, changed by the preset, then by the options.
    let trial (standard: IAlgorithmConfig -> Trial) (request: Request) : Trial * Preset option =
        let algorithm = Algorithm.Find request.Algorithm
        refuseForeign algorithm request

        let preset =
            match request.Preset with
            | Some domain ->
                match Preset.named request.Algorithm domain with
                | Some preset -> Some(Preset.ofTask (dataName request) preset)
                | None ->
                    Command.refuse $"--preset: {request.Algorithm} has none for {domain}; `iql presets` lists them."
            | None -> Preset.forTask request.Algorithm (dataName request)

        let standard = standard algorithm.Standard

        // Without a protocol's name, an algorithm that goes on online acts as its own protocol says.
        let protocol, does =
            match request.Protocol with
            | Some protocol -> Some(Protocol.ofTask (dataName request) protocol), ""
            | None when standard.Online.IsSome ->
                Protocol.ofAlgorithm request.Algorithm |> Option.map Protocol.acting, "acts as in "
            | None -> None, ""

        let started = standard |> Option.foldBack Preset.apply preset |> Option.foldBack Protocol.apply protocol

        let changed = List.foldBack (fun change trial -> change trial) request.Changes started

        // A protocol's interval is for its steps.
        let every = if changed.Steps = started.Steps then changed.EvaluateEvery else 0
        let chosen = changed.EvaluateEvery <> started.EvaluateEvery

        let trial = settled request (if chosen then changed else { changed with EvaluateEvery = every })

        let varied = [ for axis in request.Axes -> axis.Name, axis.Values |> List.map fst |> String.concat "," ]

        let words =
            match protocol with
            | Some protocol when request.Protocol.IsSome || started.Online <> standard.Online ->
                Some(does + Protocol.describe varied protocol trial)
            | _ -> None

        { trial with Protocol = words }, preset

    /// The rows of a help page and its note, for the other words of the line. The page has the common options, or with
    /// "all" every option, or where algorithms are named theirs. Defaults are those in effect: of the algorithms, with
    /// their presets for the data. `read` gives the request of some words, and the algorithms that it names. `rows`
    /// makes the options, with a trial's defaults, a default for each hyperparameter, and the hyperparameters.
    let help
        (command: string)
        (common: string list)
        (standard: IAlgorithmConfig -> Trial)
        (read: string list -> Request * string list)
        (rows: Trial -> (Hyperparameter -> string) -> Hyperparameter list -> Parameter<'settings> list)
        (words: string list)
        : Parameter<'settings> list * string =
        let all, words = List.partition ((=) "all") words

        let problem, (request, named) =
            match Attempt.run (fun () -> read words) with
            | Ok request -> "", request
            | Error message -> $"Not read: {message}\n", (Request.empty, [])

        let trial name =
            let data = { Request.empty with Task = request.Task; Data = request.Data }
            trial standard { data with Asked = Some name; Protocol = request.Protocol } |> fst

        let algorithms = if named.IsEmpty then [ "iql" ] else named
        let trials = List.map trial algorithms

        let has (hyperparameter: Hyperparameter) (trial: Trial) = not (isNull (trial.Config.Find hyperparameter.Name))

        let value (hyperparameter: Hyperparameter) =
            trials
            |> List.tryFind (has hyperparameter)
            |> Option.defaultWith (fun () -> trial (Hyperparameter.owners hyperparameter.Name).Head)
            |> Hyperparameter.show hyperparameter.Name

        let shown =
            Hyperparameter.all
            |> List.filter (fun each -> not all.IsEmpty || List.exists (has each) trials)
            |> rows trials.Head value

        let whose = $"""Defaults are those of {String.concat ", " algorithms} on {dataName request}."""

        let more =
            $"`iql {command} --help --algorithm NAME` shows the options of an algorithm, `iql {command} --help all` \
              every option. With --task or --data, defaults are those for these data."

        match all, named with
        | _ :: _, _ -> shown, problem + whose + " An option of another algorithm has that algorithm's default."
        | [], _ :: _ -> shown, problem + whose
        | [], [] -> shown |> List.filter (fun row -> List.contains row.Name common), problem + whose + "\n" + more

    /// The data of a request: a file, a task with its own data, or D4RL's file in the cache.
    let source (request: Request) : DataSource =
        match request.Data with
        | Some path -> DataSource.File(path, request.Mode, request.Task)
        | None ->
            let name = dataName request

            match DataDownload.cachedFor name with
            | Some path -> DataSource.File(path, request.Mode, Tasks.Find name |> Option.ofObj |> Option.map _.Name)
            | None -> DataSource.Task(name, request.Transitions)

    /// Means of the last evaluations over seeds, axis by axis, as lines of text.
    let private table (results: SweepResults) : string list =
        let measure = Measure.ofRuns results.Runs |> Option.defaultValue Score

        let shown (cells: ResultGroup list) =
            match cells |> List.collect (ResultGroups.finals measure) with
            | [] -> "–"
            | numbers -> $"{List.average numbers:F1}"

        [
            for plane in ResultGroups.planes results do
                for name, value in plane.Values do
                    yield $"{name} {value}"

                let cells = plane.Cells
                let at name value = cells |> ResultGroups.where name value

                match plane.Rows, plane.Columns with
                | Some rows, Some columns ->
                    let across = ResultGroups.values columns cells

                    yield!
                        TextTable.lines [
                            $"{rows} \\ {columns}" :: across
                            for row in ResultGroups.values rows cells do
                                row
                                :: [ for column in across -> at rows row |> ResultGroups.where columns column |> shown ]
                        ]
                        |> List.map ((+) "  ")
                | Some only, None
                | None, Some only ->
                    for value in ResultGroups.values only cells do
                        yield $"  {only} {value}  {at only value |> shown}"
                | None, None -> yield $"  {shown cells}"
        ]

    let private sizes (sweep: Sweep) (runs: int) : string =
        let axes =
            sweep.Axes |> List.map (fun axis -> $"{axis.Values.Length} {axis.Name}") |> String.concat " × "

        if runs = 1 then "1 run" else $"{runs} runs ({axes})"

    /// The command line, quoted where a shell needs it.
    let typed () : string =
        "iql" :: [ for word in Seq.skip 1 (Environment.GetCommandLineArgs()) -> ShellWord.quoted word ]
        |> String.concat " "

    /// The published curves of the request's file that are of a sweep's tasks.
    let private published (request: Request) (sweep: Sweep) : PublishedRun list =
        match request.PublishedCurves with
        | None -> []
        | Some path ->
            let all = PublishedCurves.read path |> Result.mapError ((+) "--published-curves: ") |> Command.orRefuse
            let tasks = Sweep.cells sweep |> List.map (_.Trial.Data >> DataSource.task) |> List.distinct
            let ours = all |> List.filter (fun run -> List.contains run.Task tasks)

            if ours.IsEmpty then
                let theirs = all |> List.map _.Task |> List.distinct |> List.sort |> String.concat ", "
                eprintfn "note: %s has no curves of %s. It has %s." path (Plural.either tasks) theirs

            ours

    /// Examines and trains a sweep, and writes the report. `introduce` prints the data, `conclude` the results.
    let launch
        (request: Request)
        (folder: string)
        (last: int)
        (introduce: ExaminedSweep -> unit)
        (conclude: SweepResults -> unit)
        (sweep: Sweep)
        : int =
        let options = {
            Launch.into folder with
                Command = Some(typed ())
                Last = last
                Difference = request.Difference
                Threads = request.Threads
                Places = DeviceOptions.places request.Threads request.Device
                RetrainDamaged = request.RetrainDamaged
        }

        let curves = published request sweep
        let examined = Examine.sweep options sweep |> Command.orRefuse
        introduce examined
        examined.Remarks |> List.iter (eprintfn "note: %s")

        PublishedCurves.keep folder curves

        let paged work = if request.Watch then Watch.during folder work else work ()

        Interrupt.saving (fun cancellation ->
            let options = { options with Cancellation = cancellation }

            let outcome =
                paged (fun () -> Progress.show (fun watch -> Launch.train { options with Watch = watch } examined))
                |> Command.orRefuse

            let finished = (SweepOutcome.finished outcome).Length

            // Where every run diverged, nothing that was asked for is there.
            let ended =
                if not outcome.Damaged.IsEmpty then Shell.refused
                elif (SweepOutcome.failures outcome).Length = outcome.Runs.Length then Shell.failure
                else Shell.success

            if SweepOutcome.isWhole outcome then
                match Report.writeAlone (outcome.Left = 0) cancellation folder |> Command.orRefuse with
                | Report.Written page ->
                    for name, message in SweepOutcome.failures outcome do
                        printfn "diverged: %s: %s" name message

                    let results = Results.readSweep folder |> Command.orRefuse
                    conclude results

                    if OnlineFindings.isScored results then
                        let curves = PublishedCurves.kept folder |> Command.orRefuse
                        Command.print ("" :: OnlineTable.lines curves results)

                    OnlineRates.describe results.Runs |> Command.print
                    Shell.wrote page |> ignore
                    ended
                | Report.WrittenElsewhere ->
                    printfn
                        "All runs are done, %d of them by this process. Another process wrote the report."
                        outcome.Trained

                    ended
            elif cancellation.IsCancellationRequested then
                eprintfn
                    "Stopped: %d of %d runs are done, the others are saved in %s. The same command continues."
                    finished
                    outcome.Runs.Length
                    folder

                Shell.interrupted ()
            else
                printfn
                    "%d of %d runs are done, %d of them by this process. Exit code 130, because other processes train \
                     the rest and write the report:"
                    finished
                    outcome.Runs.Length
                    outcome.Trained

                for group, holder in outcome.Elsewhere do
                    printfn "  %s: %O" group holder

                Shell.interrupted ())

    /// Trains a request's sweep into its folder, writes the report, prints the results.
    let run
        (command: string)
        (standard: IAlgorithmConfig -> Trial)
        (axes: Algorithm -> Axis list)
        (request: Request)
        : int =
        let request = Request.scored request
        let standard, preset = trial standard request
        let standard = { standard with Data = source request }
        let algorithm = Algorithm.Find request.Algorithm
        let axes = axes algorithm

        let name = if request.Algorithm = "iql" then command else $"{command}-{request.Algorithm}"

        let folder = request.Output |> Option.defaultValue (Path.Combine("runs", $"{name}-{dataName request}"))

        // A single value is no axis, and replaces the grid's own axis.
        let settled (axis: Axis) = request.Given |> List.exists (fun given -> given.Name = axis.Name)

        // A request that varies a hyperparameter says what to vary, and nothing else varies.
        let chosen = request.Axes |> List.exists (fun axis -> axis.Name <> "seed" && axis.Values.Length > 1)

        // The grid's own axes first, in their order, with the values of the request; seeds vary fastest.
        let axes =
            [
                for axis in axes do
                    match request.Axes |> List.tryFind (fun asked -> asked.Name = axis.Name) with
                    | Some asked -> asked
                    | None when settled axis || (chosen && axis.Name <> "seed") -> ()
                    | None -> axis
            ]
            @ [
                for axis in request.Axes do
                    if axis.Name = "onlineSchedule" then
                        {
                            axis with
                                Values = [ for label, set in axis.Values -> label, set >> atItsRate request ]
                        }
                    elif axes |> List.forall (fun own -> own.Name <> axis.Name) then
                        axis
            ]
            |> List.sortBy (fun axis -> axis.Name = "seed")

        let sweep = {
            Name = $"{name.Replace('-', ' ')} {DataSource.name standard.Data}"
            Base = standard
            Axes = axes
        }

        let introduce (examined: ExaminedSweep) =
            let data = examined.Data.Head
            refuseMeaningless algorithm data.Actions request

            printfn
                "%s on %s: %d transitions, %d episodes"
                (sizes sweep examined.Runs.Length)
                data.Dataset.Name
                data.Dataset.Transitions
                data.Dataset.Episodes

            for preset in Option.toList preset do
                let varied = if axes.Length > 1 then "; the axes of the grid replace its values" else ""

                printfn "preset %s: %s%s" preset.Domain (Preset.describe preset) varied

        let conclude (results: SweepResults) =
            if OnlineFindings.isScored results then
                let table = ScoreTable.ofResults results
                Command.print ("" :: ScoreTableText.lines table @ [ "" ] @ ScoreTableText.notes table)
            elif results.Runs |> List.exists (fun run -> not run.Evaluations.IsEmpty) then
                match Measure.ofRuns results.Runs with
                | Some Return -> printfn "Mean return of the last evaluation over seeds:"
                | _ -> printfn "Mean score of the last evaluation over seeds (0 random, 100 expert):"

                table results |> Command.print
            else
                printfn "No environment, so no scores. The report shows losses and value statistics on the data."
                printfn "To judge the policies by the data: iql evaluate %s" (ShellWord.quoted folder)

        launch request folder 1 introduce conclude sweep
