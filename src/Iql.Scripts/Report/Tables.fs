/// The tables of a report: cells, runs, configuration, provenance.
module Iql.Scripts.Tables

open Giraffe.ViewEngine
open Iql.Training
open Iql.Scripts.Statistics

/// "3 s", "12 min", "2.5 h".
let duration (seconds: float) : string =
    if seconds < 99.5 then $"{Shown.number seconds} s"
    elif seconds < 5400.0 then $"{Shown.number (seconds / 60.0)} min"
    else $"{Shown.number (seconds / 3600.0)} h"

let private bestOf (measure: Measure) (run: Run) : float option =
    match Run.learned measure run |> List.map snd with
    | [] -> None
    | values -> Some(List.max values)

/// Whether the mean of the last ten evaluations says something else than the curve's end.
let private longEnough (runs: Run list) : bool = runs |> List.exists (fun run -> (Run.learned Return run).Length >= 20)

/// A group's success rate in percent: with one run a cell with Wilson's interval, over the independent episodes of that
/// one policy; with several with Student's over runs, because the episodes of one run are alike.
let private successRate (single: bool) (cell: ResultGroup) : (float * Interval option) option =
    match ResultGroups.successes cell with
    | [ won, tried ] when single ->
        let share = wilson RunSummary.confidence won tried
        let { Low = low; High = high } = share.Interval

        let percent = { Low = 100.0 * low; High = 100.0 * high }

        Some(100.0 * share.Value, Some percent)
    | runs ->
        [ for won, tried in runs -> 100.0 * float won / float tried ]
        |> RunSummary.ofNumbers
        |> Option.map (fun summary -> summary.Mean, summary.Interval)

/// One row a cell, and what its columns mean. Columns that would say nothing are left out: the mean of the last ten
/// evaluations of short runs, the interquartile mean of fewer than four seeds, intervals and deviations of one seed.
let cells (measure: Measure) (cells: ResultGroup list) : XmlNode list =
    let number = Html.numberCell (Shown.measured measure)
    let finals = ResultGroups.finals measure
    let most = cells |> List.map (finals >> List.length) |> List.max
    let single = cells |> List.forall (fun cell -> cell.Runs.Length = 1)
    let long = longEnough (cells |> List.collect _.Runs)
    let summary = ResultGroups.summary measure

    let deviation numbers = if List.length numbers > 1 then Some(std (Array.ofList numbers)) else None

    let sorted (found: (float * string) option) : Html.Cell =
        match found with
        | Some(by, shown) -> Html.sortedCell (string by) shown
        | None -> Html.numberCell string None

    [
        Html.sortable
            $"Final {Measure.title measure} by cell"
            [
                for name, _ in (List.head<ResultGroup> cells).Values do
                    Shown.head name, ResultGroups.at name >> Html.cell
                "Finished",
                fun (cell: ResultGroup) ->
                    Html.sortedCell (string (finals cell).Length) $"{(finals cell).Length} of {cell.Runs.Length}"
                "Mean", summary >> Option.map _.Mean >> number
                if most > 1 then
                    "95 % interval",
                    summary
                    >> Option.bind _.Interval
                    >> Option.map (fun interval -> interval.Low, Shown.interval interval)
                    >> sorted

                    "Std", finals >> deviation >> number
                if most > 3 then
                    "IQM", summary >> Option.map _.Iqm >> number
                if long then
                    "Last 10", ResultGroups.meanOf (Run.lastTen measure) >> number
                "Best", ResultGroups.meanOf (bestOf measure) >> number
                if cells |> List.exists (ResultGroups.successes >> List.isEmpty >> not) then
                    "Successes",
                    fun cell ->
                        let won, tried = List.unzip (ResultGroups.successes cell)
                        Html.sortedCell (string (List.sum won)) $"{List.sum won} of {List.sum tried}"

                    (if single then
                         "Success rate, %, 95 % Wilson interval"
                     else
                         "Success rate, %, 95 % interval"),
                    successRate single >> Option.map (fun (rate, interval) -> rate, Shown.mean rate interval) >> sorted
            ]
            cells
        Html.styled
            "note"
            ("Numbers are of the last evaluations of finished runs. "
             + (if single then
                    "Wilson's interval of a success rate is over the independent episodes of one policy. It says \
                     nothing about other seeds. "
                else
                    "Intervals are over seeds, also those of success rates: the episodes of one seed are alike. ")
             + Plural.given (most > 3) "IQM is the interquartile mean. "
             + Plural.given long "Last 10 is the mean of the last ten evaluations. "
             + "Best is the mean over runs of the best evaluation. It is selected by the environment, so it makes \
                every cell look too good.")
    ]

/// One row a run, failures included.
let runs (measure: Measure option) (names: string list) (runs: Run list) : XmlNode =
    let number pick = pick >> Html.numberCell Shown.number

    let outcome (run: Run) : Html.Cell =
        let marked kind by text : Html.Cell = { Shown = span [ _class kind ] [ str text ]; Sorted = by }

        let at = Plural.thousands run.Step

        match run.Status with
        | RunStatus.Finished -> Html.cell "finished"
        | RunStatus.Diverged -> marked "failed" "diverged" $"diverged at {at}"
        | _ -> marked "pending" "unfinished" $"unfinished, at {at}"

    let ended (pick: RunResult -> float) (run: Run) = Option.ofObj run.Result |> Option.map pick

    Html.sortable
        "One row per run"
        [
            for name in names do
                Shown.head name, Run.valueOf name >> Html.cell
            "Seed", (fun (run: Run) -> Html.cell (string run.Config.Seed))
            "Outcome", outcome
            match measure with
            | Some measure ->
                let measured pick = pick >> Html.numberCell (Shown.measured measure)

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
                all |> List.choose (List.tryFind (fun (key, _) -> key = name) >> Option.map snd) |> List.distinct

            Shown.words name, String.concat " | " values
    ]

let private leaves (value: 'T) : (string * string) list = [
    for struct (name, text) in RunJson.Leaves value ->
        name,
        match System.Int64.TryParse text with
        | true, number -> Plural.thousands number
        | _ when text = "" -> "–"
        | _ -> Shown.words text
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
        @ leaves config.Hyperparameters
        @ (if isNull config.FineTuning then [] else leaves config.FineTuning))

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
            for columns in Option.toList (Option.ofObj data.Columns) do
                "observations", OwnData.listed [ for column in columns.Observations -> string column ]
                "actions", OwnData.listed [ for column in columns.Actions -> string column ]
        ])

/// What was done to observations, rewards and actions.
let normalization: Run list -> (string * string) list =
    alike (fun run -> [
        let normalization = run.Config.Normalization

        for name, value in leaves normalization do
            if not (List.contains name [ "actionLow"; "actionHigh" ]) then
                name, value

        if normalization.ScalesActions then
            "actions to ±1", OwnData.ranges run.Config.Dataset.Columns normalization
    ])

/// What the runs were computed on.
let machine: Run list -> (string * string) list = alike (fun run -> leaves run.Config.Machine)

/// What they were computed with.
let software: Run list -> (string * string) list =
    alike (fun run -> [ "version", run.Config.Version; "commit", run.Config.Commit ])

/// Names and values in two columns.
let inColumns (words: string) (rows: (string * string) list) : XmlNode =
    let left, right = List.splitAt ((rows.Length + 1) / 2) rows
    div [ _class "columns" ] [ Html.facts words left; Html.facts $"{words}, continued" right ]
