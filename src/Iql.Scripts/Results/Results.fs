namespace Iql.Scripts

open System.Collections.Generic
open System.Globalization
open System.IO
open Deedle
open Iql.Training

/// Run folders and sweep folders, read as records and as Deedle frames. What can go wrong with a file comes back as an
/// Error that names the file and line.
[<RequireQualifiedAccess>]
module Results =

    let private read (name: string) (what: string) (folder: string) (work: unit -> 'value) : Result<'value, string> =
        if File.Exists(Path.Combine(folder, name)) then
            Attempt.run work
        else
            Result.Error $"{folder}: expected the folder of {what} (with {name}), found none."

    /// One run folder.
    let readRun (folder: string) : Result<Run, string> =
        read "config.json" "a run" folder (fun () -> RunFolder(folder).Read())

    /// A sweep's folder: its plan, and every run as far as it is, as `readRun` reads it. A damaged run is listed and
    /// leaves the others alone. Runs are read side by side.
    let readSweepBy (readRun: PlannedRun -> RunFolder -> Run) (folder: string) : Result<SweepResults, string> =
        read "sweep.json" "a sweep" folder (fun () ->
            let plan = SweepPlan.Read folder

            let runs =
                Array.ofSeq plan.Runs
                |> Array.Parallel.choose (fun planned ->
                    let run = SweepPlan.RunFolder(folder, planned.Folder)

                    if run.IsEmpty then
                        None
                    else
                        Some(planned.Folder, Attempt.run (fun () -> readRun planned run)))
                |> List.ofArray

            {
                Plan = plan
                Runs = runs |> List.choose (snd >> Result.toOption)
                Missing = [ for planned in plan.Runs -> planned.Folder ] |> List.except (List.map fst runs)
                Damaged = [
                    for name, run in runs do
                        match run with
                        | Result.Error problem -> name, problem
                        | Result.Ok _ -> ()
                ]
            })

    /// A sweep's folder, whose files are compared with their checksums.
    let readSweep: string -> Result<SweepResults, string> =
        readSweepBy (fun planned run -> run.Read planned)

    /// A frame of equally long columns, with rows numbered from 0. Nothing is copied. Of one name the first is taken.
    let ofColumns (columns: (string * IVector) list) : Frame<int, string> =
        let columns = List.distinctBy fst columns

        let rows = columns |> List.truncate 1 |> List.sumBy (fun (_, column) -> int column.Length)

        Frame<int, string>(
            Index.ofKeys [| 0 .. rows - 1 |],
            Index.ofKeys (List.map fst columns),
            Vector.ofValues (List.map snd columns),
            Indices.Linear.LinearIndexBuilder.Instance,
            Vectors.ArrayVector.ArrayVectorBuilder.Instance
        )

    /// Numbers where every text that is not empty is one, with NaN for the empty; otherwise the texts.
    let private typed (texts: string[]) : IVector =
        let numbers = texts |> Array.map ResultGroups.number

        if Array.forall2 (fun text number -> text = "" || Option.isSome number) texts numbers then
            Vector.ofValues (numbers |> Array.map (Option.defaultValue nan))
        else
            Vector.ofValues texts

    let private texts (rows: 'row[]) (columns: (string * ('row -> string)) list) =
        columns |> List.map (fun (name, text) -> name, typed (Array.map text rows))

    let private numbers (rows: 'row[]) (columns: (string * ('row -> float)) list) =
        columns |> List.map (fun (name, number) -> name, Vector.ofValues (Array.map number rows) :> IVector)

    /// The name of a run, its task and algorithm, its values on the other axes, its seed.
    let private identity (sweep: SweepResults) : (string * (Run -> string)) list =
        let labelled axis otherwise (run: Run) = run.Labels.GetValueOrDefault(axis, otherwise run)

        [
            "run", _.Name
            "task", labelled "task" Run.task
            "algorithm", labelled "algorithm" _.Config.Algorithm
            for axis in sweep.Plan.Axes do
                axis.Name, Run.valueOf axis.Name
            "seed", (fun run -> string run.Config.Seed)
        ]

    /// One row for each line of each run.
    let private ofLines lines columns (sweep: SweepResults) =
        let rows = [|
            for run in sweep.Runs do
                yield! lines run |> Seq.map (fun line -> run, line)
        |]

        let lines = Array.map snd rows
        ofColumns (texts (Array.map fst rows) (identity sweep) @ numbers lines (columns lines))

    /// What a run counts: the mean of the last evaluations, as many as the plan says; NaN where it has not finished.
    let private final (sweep: SweepResults) (measure: Measure) (run: Run) : float =
        let known = measure = Measure.Return || Measure.ofRuns [ run ] = Some Score

        if Run.finished run && known then
            Run.lastOf sweep.Plan.Last measure run |> Option.defaultValue nan
        else
            nan

    /// One row a run: name, task, algorithm, axes, seed, status, score and return, steps and times, then all other
    /// hyperparameters. Score and return are means of the last evaluations that the plan counts; NaN, which Deedle
    /// takes as missing, where a run has not finished.
    let frame (sweep: SweepResults) : Frame<int, string> =
        let runs = Array.ofList sweep.Runs

        let ended (pick: RunResult -> float) (run: Run) =
            run.Result |> Option.ofObj |> Option.map pick |> Option.defaultValue nan

        let setting (name: string) (run: Run) =
            match run.Config.Hyperparameters.TryGetProperty name with
            | true, value -> string value
            | _ -> ""

        let settings =
            runs
            |> Seq.collect (fun run -> [ for each in run.Config.Hyperparameters.EnumerateObject() -> each.Name ])

        texts runs [ yield! identity sweep; "status", (fun run -> (string run.Status).ToLowerInvariant()) ]
        @ numbers runs [
            "score", final sweep Score
            "return", final sweep Measure.Return
            "steps", (_.Step >> float)
            "seconds", ended _.Seconds
            "stepsPerSecond", ended _.StepsPerSecond
        ]
        @ texts runs [ for name in Seq.distinct settings -> name, setting name ]
        |> ofColumns

    /// One row an evaluation: what tells its run, step, seconds, score (NaN without reference scores), mean and
    /// standard deviation of the returns, share of successes, episodes.
    let scoresFrame: SweepResults -> Frame<int, string> =
        ofLines _.Evaluations (fun (_: EvaluationLine[]) -> [
            "step", (_.Step >> float)
            "seconds", _.Seconds
            "score", (fun line -> line.ScoreMean.GetValueOrDefault nan)
            "return", _.ReturnMean
            "returnStd", _.ReturnStd
            "successRate", _.SuccessRate
            "episodes", (_.Returns.Length >> float)
        ])

    /// One row a finished run that went on online: what tells it, and the numbers of its online phase. NaN is none.
    let onlineFrame (sweep: SweepResults) : Frame<int, string> =
        let measure = Measure.ofRuns sweep.Runs |> Option.defaultValue Score

        let rows = [|
            for run in sweep.Runs do
                for numbers in Option.toList (OnlineNumbers.ofRun measure run) -> run, numbers
        |]

        texts (Array.map fst rows) (identity sweep)
        @ numbers (Array.map snd rows) [
            for column in OnlineColumn.all measure -> column.Name, (column.Of >> Option.defaultValue nan)
        ]
        |> ofColumns

    /// One row an episode that ended while acting: what tells its run, decisions of the online phase at its end,
    /// return, length, 1 for a success, 1 where it ended for good, and the buffer's rows of data and of acting.
    let actingFrame: SweepResults -> Frame<int, string> =
        ofLines _.Acting (fun (_: ActingLine[]) -> [
            "environmentSteps", (_.EnvironmentSteps >> float)
            "return", _.Return
            "length", (_.Length >> float)
            "success", (_.Success >> float)
            "terminal", (fun line -> if line.Terminal then 1.0 else 0.0)
            "dataRows", (_.DataRows >> float)
            "onlineRows", (_.OnlineRows >> float)
        ])

    /// One row a training line: what tells its run, step, seconds, steps a second, then the metrics of docs/metrics.md.
    let metricsFrame: SweepResults -> Frame<int, string> =
        ofLines _.Train (fun (lines: TrainLine[]) -> [
            "step", (_.Step >> float)
            "seconds", _.Seconds
            "stepsPerSecond", _.StepsPerSecond
            for name in lines |> Seq.collect _.Metrics.Keys |> Seq.distinct do
                name, (fun line -> line.Metrics.GetValueOrDefault(name, nan))
        ])

    /// A summary of finished runs (scores, or returns where a run has no score): rows are the values of one axis,
    /// columns those of another. A cell is missing where no run finished.
    let pivot (rows: string) (columns: string) (summary: float[] -> float) sweep : Frame<string, string> =
        for name in [ rows; columns ] do
            if sweep.Plan.Axes |> Seq.forall (fun axis -> axis.Name <> name) then
                let axes = [ for axis in sweep.Plan.Axes -> axis.Name ]
                raise (Iql.InputException $"axis: expected one of {Plural.listed axes}, got {name}.")

        let measure = Measure.ofRuns sweep.Runs |> Option.defaultValue Score
        let groups = ResultGroups.ofRuns [ rows; columns ] sweep.Runs

        let cell row column =
            let runs =
                groups |> ResultGroups.where rows row |> ResultGroups.where columns column |> List.collect _.Runs

            match runs |> List.map (final sweep measure) |> List.filter (nan.Equals >> not) with
            | [] -> nan
            | numbers -> summary (Array.ofList numbers)

        Frame.ofColumns [
            for column in ResultGroups.values columns groups ->
                column, Series.ofObservations [ for row in ResultGroups.values rows groups -> row, cell row column ]
        ]

    /// A frame without its row numbers as comma-separated values, in the same form everywhere. A missing number is an
    /// empty field.
    let csv (frame: Frame<int, string>) : string =
        use text = new StringWriter(NewLine = "\n")
        frame.SaveCsv(text, includeRowKeys = false, culture = CultureInfo.InvariantCulture)
        text.ToString()

    /// The tables beside a report: their names and texts.
    let files (sweep: SweepResults) : (string * string) list = [
        "runs.csv", csv (frame sweep)
        "scores.csv", csv (scoresFrame sweep)
        if List.exists (Run.online >> Option.isSome) sweep.Runs then
            "online.csv", csv (onlineFrame sweep)
            "acting.csv", csv (actingFrame sweep)
    ]
