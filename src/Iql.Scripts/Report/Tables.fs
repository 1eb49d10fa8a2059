/// The tables of a report: cells, runs, configuration, provenance.
module Iql.Scripts.Tables

open Giraffe.ViewEngine
open Iql.Training
open Iql.Scripts.Statistics

/// "3 s", "12 min", "2.5 h".
let duration (seconds: float) : string =
    if seconds < 99.5 then
        $"{Shown.number seconds} s"
    elif seconds < 5400.0 then
        $"{Shown.number (seconds / 60.0)} min"
    else
        $"{Shown.number (seconds / 3600.0)} h"

let private bestOf (measure: Measure) (run: Run) : float option =
    match Run.learned measure run |> List.map snd with
    | [] -> None
    | values -> Some(List.max values)

/// Whether the mean of the last ten evaluations says something else than the curve's end.
let private longEnough (runs: Run list) : bool =
    runs |> List.exists (fun run -> (Run.learned Return run).Length >= 20)

/// An interval of a group's success rate in percent: with one run a cell Wilson's, over the independent episodes of
/// that one policy; with several the bootstrap's over runs, because the episodes of one run are alike.
let private successRate (single: bool) (cell: ResultGroup) : Html.Cell =
    match ResultGroups.successes cell with
    | [] -> Html.numberCell string None
    | [ won, tried ] when single ->
        let share = wilson RunSummary.confidence won tried
        let percent value = 100.0 * value

        let interval = {
            Low = percent share.Interval.Low
            High = percent share.Interval.High
        }

        Shown.estimate {
            Value = percent share.Value
            Interval = interval
        }
        |> Html.sortedCell (string share.Value)
    | runs ->
        match
            RunSummary.ofNumbers $"successes {Shown.values cell.Values}" [
                for won, tried in runs -> 100.0 * float won / float tried
            ]
        with
        | Some summary -> Html.sortedCell (string summary.Mean) (Shown.summary summary)
        | None -> Html.numberCell string None

/// One row a cell. Columns that would say nothing are left out: the mean of the last ten evaluations of short runs, the
/// interquartile mean of fewer than four seeds, intervals and deviations of one seed.
let cells (measure: Measure) (cells: ResultGroup list) : XmlNode =
    let runs = cells |> List.collect _.Runs

    let most =
        cells |> List.map (ResultGroups.finals measure >> List.length) |> List.max

    let single = cells |> List.forall (fun cell -> cell.Runs.Length = 1)
    let number = Html.numberCell (Shown.measured measure)

    let ofSummary (pick: RunSummary -> float) =
        ResultGroups.summary measure >> Option.map pick >> number

    Html.sortable
        $"Final {Measure.title measure} by cell"
        [
            for name, _ in (List.head<ResultGroup> cells).Values do
                Shown.head name,
                fun (cell: ResultGroup) -> cell.Values |> List.find (fst >> (=) name) |> snd |> Html.cell
            "Finished",
            fun (cell: ResultGroup) ->
                let finished = (ResultGroups.finals measure cell).Length
                Html.sortedCell (string finished) $"{finished} of {cell.Runs.Length}"
            "Mean", ofSummary _.Mean
            if most > 1 then
                "95 % interval",
                fun (cell: ResultGroup) ->
                    match ResultGroups.summary measure cell |> Option.bind _.Interval with
                    | Some interval -> Html.sortedCell (string interval.Low) (Shown.interval interval)
                    | None -> Html.numberCell string None
            if most > 3 then
                "IQM", ofSummary _.Iqm
            if most > 1 then
                "Std",
                fun (cell: ResultGroup) ->
                    match ResultGroups.finals measure cell with
                    | _ :: _ :: _ as finals -> number (Some(std (Array.ofList finals)))
                    | _ -> number None
            if longEnough runs then
                "Last 10", ResultGroups.meanOf (Run.lastTen measure) >> number
            "Best", ResultGroups.meanOf (bestOf measure) >> number
            if cells |> List.exists (ResultGroups.successes >> List.isEmpty >> not) then
                "Successes",
                fun (cell: ResultGroup) ->
                    match List.unzip (ResultGroups.successes cell) with
                    | [], _ -> Html.numberCell string None
                    | won, tried ->
                        let won, tried = List.sum won, List.sum tried
                        Html.sortedCell (string (float won / float tried)) $"{won} of {tried}"

                (if single then
                     "Success rate, %, 95 % Wilson interval"
                 else
                     "Success rate, %, 95 % interval"),
                successRate single
        ]
        cells

/// What the columns of `cells` mean.
let cellsNote (cells: ResultGroup list) : string =
    let runs = cells |> List.collect _.Runs
    let single = cells |> List.forall (fun cell -> cell.Runs.Length = 1)

    let intervals =
        if single then
            "Wilson's interval of a success rate is over the independent episodes of one policy. It says nothing about \
             other seeds. "
        else
            "Intervals are over seeds, also those of success rates: the episodes of one seed are alike. IQM is the \
             interquartile mean, and Std is the standard deviation over seeds. "

    let last =
        if longEnough runs then
            "Last 10 is the mean of the last ten evaluations, averaged over runs. "
        else
            ""

    $"Numbers are of the last evaluations of finished runs. {intervals}{last}Best is the mean over runs of the best \
      evaluation. It is selected by the environment, so it makes every cell look too good."

/// One row a run, failures included.
let runs (measure: Measure option) (names: string list) (runs: Run list) : XmlNode =
    let number pick =
        pick >> Html.numberCell Shown.number

    let outcome (run: Run) : Html.Cell =
        let marked kind by text : Html.Cell = {
            Shown = span [ _class kind ] [ str text ]
            Sorted = by
        }

        let at = Plural.thousands run.Step

        match run.Status with
        | RunStatus.Finished -> Html.cell "finished"
        | RunStatus.Diverged -> marked "failed" "diverged" $"diverged at {at}"
        | _ -> marked "pending" "unfinished" $"unfinished, at {at}"

    let ended (pick: RunResult -> float) (run: Run) =
        Option.ofObj run.Result |> Option.map pick

    Html.sortable
        "One row per run"
        [
            for name in names do
                Shown.head name, Run.valueOf name >> Html.cell
            "Seed", (fun (run: Run) -> Html.cell (string run.Config.Seed))
            "Outcome", outcome
            match measure with
            | Some measure ->
                let measured pick =
                    pick >> Html.numberCell (Shown.measured measure)

                (if measure = Score then "Last score" else "Last return"), measured (Run.lastOf 1 measure)

                if longEnough runs then
                    "Last 10", measured (Run.lastTen measure)

                "Best", measured (bestOf measure)

                if measure = Score then
                    "Return", number (Run.lastOf 1 Return)
            | None ->
                for metric in [ "valueLoss"; "criticLoss"; "policyLoss" ] do
                    if runs |> List.exists (Run.lastMetric metric >> Option.isSome) then
                        Shown.head metric, number (Run.lastMetric metric)
            "Steps", ended (_.Steps >> float) >> Html.numberCell (int64 >> Plural.thousands)
            "Time", ended _.Seconds >> Html.numberCell duration
            "Steps/s", number (ended _.StepsPerSecond)
        ]
        runs

/// Names and values of runs: one value where all agree, all values where they do not.
let private alike (pick: Run -> (string * string) list) (runs: Run list) : (string * string) list =
    let all = runs |> List.map pick

    [
        for name in all |> List.collect (List.map fst) |> List.distinct ->
            let values =
                all
                |> List.choose (List.tryFind (fun (key, _) -> key = name) >> Option.map snd)
                |> List.distinct

            Shown.words name, String.concat " | " values
    ]

let private leaves (value: 'T) : (string * string) list = [
    for struct (name, text) in RunJson.Leaves value ->
        name,
        match System.Int64.TryParse text with
        | true, number -> Plural.thousands number
        | _ -> text
]

/// Every setting of the runs.
let settings: Run list -> (string * string) list =
    alike (fun run ->
        let config = run.Config

        [
            "algorithm", config.Algorithm
            "task", config.Task |> Option.ofObj |> Option.defaultValue "–"
            "seed", string config.Seed
            for name, number in
                [
                    "steps", config.Steps
                    "batchSize", int64 config.BatchSize
                    "evaluateEvery", config.EvaluateEvery
                    "evaluationEpisodes", int64 config.EvaluationEpisodes
                    "logEvery", config.LogEvery
                    "checkpointEvery", config.CheckpointEvery
                ] do
                name, Plural.thousands number
        ]
        @ leaves config.Hyperparameters)

/// What the runs learned from.
let dataset: Run list -> (string * string) list =
    alike (fun run ->
        let data = run.Config.Dataset

        [
            "name", data.Name
            "source", data.Source
            "transitions", Plural.thousands data.Transitions
            "episodes", Plural.thousands data.Episodes
            "fingerprint", data.Fingerprint
            for origin in Option.toList (Option.ofObj data.Origin) do
                "origin", DataOrigin.words origin
        ])

/// What was done to observations and rewards.
let normalization: Run list -> (string * string) list =
    alike (fun run -> leaves run.Config.Normalization)

/// What the runs were computed on.
let machine: Run list -> (string * string) list =
    alike (fun run -> leaves run.Config.Machine)

/// What they were computed with.
let software: Run list -> (string * string) list =
    alike (fun run -> [ "version", run.Config.Version; "commit", run.Config.Commit ])

/// Names and values in two columns.
let inColumns (words: string) (rows: (string * string) list) : XmlNode =
    let left, right = List.splitAt ((rows.Length + 1) / 2) rows
    div [ _class "columns" ] [ Html.facts words left; Html.facts $"{words}, continued" right ]
