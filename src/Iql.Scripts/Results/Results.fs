namespace Iql.Scripts

open System
open System.IO

/// What a run was asked to do: its config.json.
type RunSettings = {
    Algorithm: string
    /// The task's name; None where there was only a dataset.
    Task: string option
    DatasetName: string
    Seed: int
    Steps: int
    EvaluationEpisodes: int
    /// The algorithm's hyperparameters, in the order of the file.
    Hyperparameters: (string * Json) list
    /// The whole file.
    Whole: Json
}

/// The metrics of one training line.
type TrainLine = {
    Step: int
    Seconds: float
    /// Finite metrics by name; docs/metrics.md says what they mean.
    Values: Map<string, float>
}

/// One evaluation of the policy in the environment.
type Evaluation = {
    Step: int
    /// Mean undiscounted return over the episodes.
    Return: float
    /// Normalised score, 0 random and 100 expert; None where the task has no reference scores.
    Score: float option
    /// The return of each episode.
    Returns: float list
    /// Share of episodes that reached the goal, in [0, 1]; None where the task has no goal.
    SuccessRate: float option
}

/// Advantage weights exp(β A) of a fixed batch at one step: edges [K + 1], counts [K].
type WeightHistogram = {
    Step: int
    Edges: float list
    Counts: float list
}

/// How a run ended.
type Outcome =
    /// The run did all its steps.
    | Finished
    /// A number stopped being finite, or the run failed otherwise.
    | Diverged of step: int * metric: string * message: string
    /// No result yet: stopped, or still going; `step` is the last one logged.
    | Unfinished of step: int

/// One run folder, read.
type Run = {
    Name: string
    Settings: RunSettings
    Train: TrainLine list
    Evaluations: Evaluation list
    Weights: WeightHistogram list
    Outcome: Outcome
    /// result.json, or null while there is none.
    Result: Json
}

/// What is drawn and compared: normalised scores where every run has them, else plain returns.
type Measure =
    | Score
    | Return

/// A sweep folder, read.
type SweepResults = {
    Name: string
    /// The command that trained it, where the plan holds it.
    Command: string option
    /// The swept hyperparameters in the sweep's order, with their values; "seed" is one of them.
    Axes: (string * Json list) list
    Runs: Run list
    /// Runs of the plan that have no folder yet.
    Missing: string list
}

/// Reading run folders and sweep folders. What can go wrong comes back as an Error that names the file and line.
[<RequireQualifiedAccess>]
module Results =

    /// A list of results as a result of a list: the first error, if any.
    let private all (results: Result<'T, string> list) : Result<'T list, string> =
        (results, Ok [])
        ||> List.foldBack (fun item rest ->
            match item, rest with
            | Error problem, _ -> Error problem
            | Ok _, Error problem -> Error problem
            | Ok item, Ok rest -> Ok(item :: rest))

    let private need (path: string) (name: string) (value: 'T option) : Result<'T, string> =
        match value with
        | Some value -> Ok value
        | None -> Error $"{path}: expected a field \"{name}\", got none. Was it written by this version of Iql?"

    let private whole (name: string) (json: Json) : int option =
        json |> Json.number name |> Option.map int

    let private settings (path: string) (json: Json) : Result<RunSettings, string> =
        match Json.text "format" json with
        | Some "iql-run-1" ->
            need path "seed" (whole "seed" json)
            |> Result.map (fun seed -> {
                Algorithm = json |> Json.text "algorithm" |> Option.defaultValue "iql"
                Task = Json.text "task" json
                DatasetName =
                    json
                    |> Json.field "dataset"
                    |> Json.text "name"
                    |> Option.defaultValue "unnamed dataset"
                Seed = seed
                Steps = json |> whole "steps" |> Option.defaultValue 0
                EvaluationEpisodes = json |> whole "evaluationEpisodes" |> Option.defaultValue 0
                Hyperparameters = json |> Json.field "hyperparameters" |> Json.fields
                Whole = json
            })
        | Some other -> Error $"{path}: expected format \"iql-run-1\", got \"{other}\"."
        | None -> Error $"{path}: expected a field \"format\" of \"iql-run-1\", got none. Is this a run's config.json?"

    type private Line =
        | TrainMetrics of TrainLine
        | Evaluated of Evaluation
        | Weighed of WeightHistogram
        | Other

    let private line (place: string) (json: Json) : Result<Line, string> =
        need place "step" (whole "step" json)
        |> Result.bind (fun step ->
            match Json.text "kind" json with
            | Some "train" ->
                Ok(
                    TrainMetrics {
                        Step = step
                        Seconds = json |> Json.number "seconds" |> Option.defaultValue 0.0
                        Values =
                            Map [
                                for name, value in Json.fields json do
                                    match value with
                                    | Json.Number value when name <> "step" && name <> "seconds" -> name, value
                                    | _ -> ()
                            ]
                    }
                )
            // A return that is not finite is written as null: there is nothing to draw then.
            | Some "evaluation" when Json.fields json |> List.contains ("returnMean", Json.Null) -> Ok Other
            | Some "evaluation" ->
                need place "returnMean" (Json.number "returnMean" json)
                |> Result.map (fun mean ->
                    Evaluated {
                        Step = step
                        Return = mean
                        Score = Json.number "scoreMean" json
                        Returns = Json.numbers "returns" json
                        SuccessRate = Json.number "successRate" json
                    })
            | Some "weights" ->
                let edges, counts = Json.numbers "edges" json, Json.numbers "counts" json

                if counts.IsEmpty || edges.Length <> counts.Length + 1 then
                    Error
                        $"{place}: expected one edge more than counts, got {edges.Length} edges and {counts.Length} counts."
                else
                    Ok(
                        Weighed {
                            Step = step
                            Edges = edges
                            Counts = counts
                        }
                    )
            | Some _ -> Ok Other
            | None -> Error $"{place}: expected a field \"kind\", got none.")

    /// The lines of metrics.jsonl. A run that is killed while it writes leaves half a line at the end: that one is dropped.
    let private metrics (path: string) : Result<Line list, string> =
        if not (File.Exists path) then
            Ok []
        else
            let text = File.ReadAllText path
            let lines = text.Split '\n'
            // What stands after the last newline was still being written.
            let last =
                if text.EndsWith '\n' then
                    lines.Length
                else
                    lines.Length - 1

            [
                for i, text in Seq.indexed lines do
                    if not (String.IsNullOrWhiteSpace text) then
                        let place = $"{path}, line {i + 1}"

                        match Json.parse text with
                        | Ok json -> line place json
                        | Error _ when i >= last -> ()
                        | Error problem -> Error $"{place}: {problem}"
            ]
            |> all

    let private outcome (steps: int) (result: Json) (lines: Line list) : Outcome =
        let failure = Json.field "failure" result

        match Json.text "status" result, failure with
        | None, _ ->
            let last =
                lines
                |> List.map (function
                    | TrainMetrics line -> line.Step
                    | Evaluated line -> line.Step
                    | Weighed _
                    | Other -> 0)

            Unfinished(List.fold max 0 last)
        | Some "finished", Json.Null -> Finished
        | Some status, failure ->
            Diverged(
                whole "step" failure
                |> Option.orElse (whole "steps" result)
                |> Option.defaultValue steps,
                Json.text "metric" failure |> Option.defaultValue status,
                Json.text "message" failure |> Option.defaultValue "The run did not say more."
            )

    /// One run folder. The error says which file could not be read, and where.
    let readRun (folder: string) : Result<Run, string> =
        let file name = Path.Combine(folder, name)

        let result =
            if File.Exists(file "result.json") then
                Json.readFile (file "result.json")
            else
                Ok Json.Null

        match
            Json.readFile (file "config.json")
            |> Result.bind (settings (file "config.json")),
            metrics (file "metrics.jsonl"),
            result
        with
        | Ok settings, Ok lines, Ok result ->
            Ok {
                Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath folder))
                Settings = settings
                Train =
                    lines
                    |> List.choose (function
                        | TrainMetrics line -> Some line
                        | _ -> None)
                Evaluations =
                    lines
                    |> List.choose (function
                        | Evaluated line -> Some line
                        | _ -> None)
                Weights =
                    lines
                    |> List.choose (function
                        | Weighed line -> Some line
                        | _ -> None)
                Outcome = outcome settings.Steps result lines
                Result = result
            }
        | Error problem, _, _
        | _, Error problem, _
        | _, _, Error problem -> Error problem

    /// A sweep folder: sweep.json and every run under runs/ that has a config.json, in the order of the plan.
    let readSweep (folder: string) : Result<SweepResults, string> =
        let plan = Path.Combine(folder, "sweep.json")

        Json.readFile plan
        |> Result.bind (fun json ->
            match Json.text "format" json with
            | Some "iql-sweep-1" -> Ok json
            | other ->
                let got = other |> Option.defaultValue "none"
                Error $"{plan}: expected format \"iql-sweep-1\", got \"{got}\". Give the folder of a sweep.")
        |> Result.bind (fun json ->
            let planned = json |> Json.field "runs" |> Json.items |> List.choose Json.asText
            let runs = Path.Combine(folder, "runs")

            let present =
                if Directory.Exists runs then
                    Directory.GetDirectories runs
                    |> Array.filter (fun run -> File.Exists(Path.Combine(run, "config.json")))
                    |> Array.map Path.GetFileName
                    |> List.ofArray
                    |> List.sortWith (fun a b -> String.CompareOrdinal(a, b))
                else
                    []

            let inOrder =
                (planned |> List.filter (fun name -> List.contains name present))
                @ (present |> List.filter (fun name -> not (List.contains name planned)))

            inOrder
            |> List.map (fun name -> readRun (Path.Combine(runs, name)))
            |> all
            |> Result.map (fun read -> {
                Name =
                    Json.text "name" json
                    |> Option.defaultValue (
                        Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath folder))
                    )
                Command = Json.text "command" json
                Axes = [
                    for axis in json |> Json.field "axes" |> Json.items ->
                        Json.text "name" axis |> Option.defaultValue "axis", axis |> Json.field "values" |> Json.items
                ]
                Runs = read
                Missing = planned |> List.filter (fun name -> not (List.contains name present))
            }))
