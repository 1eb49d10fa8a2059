/// The tables of a report: cells, runs, configuration, provenance.
module Iql.Scripts.Tables

open System.Globalization
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
    match Run.curve measure run |> List.map snd with
    | [] -> None
    | values -> Some(List.max values)

/// One row a cell: mean with interval, interquartile mean, standard deviation, last ten, best, successes.
let cells (measure: Measure) (cells: ResultGroup list) : Html =
    let withSuccess = cells |> List.exists (ResultGroups.successes >> Option.isSome)

    let heads = [
        for cell in List.truncate 1 cells do
            for name, _ in cell.Values -> Shown.symbol name
        yield! [ "Finished"; "Mean"; "95 % interval"; "IQM"; "Std"; "Last 10"; "Best" ]
        if withSuccess then
            yield! [ "Successes"; "%, 95 % Wilson" ]
    ]

    let number = Html.numberCell (Shown.measured measure)

    let row (cell: ResultGroup) =
        let summary = ResultGroups.summary measure cell
        let finals = ResultGroups.finals measure cell |> Array.ofList

        [
            for _, value in cell.Values do
                Html.cell value
            Html.sortedCell (string finals.Length) (Html.Text $"{finals.Length} of {cell.Runs.Length}")
            number (summary |> Option.map _.Mean)
            match summary |> Option.bind _.Interval with
            | Some interval -> Html.sortedCell (string interval.Low) (Html.Text(Shown.interval interval))
            | None -> Html.numberCell string None
            number (summary |> Option.map _.Iqm)
            number (if finals.Length > 1 then Some(std finals) else None)
            number (ResultGroups.meanOf (Run.lastTen measure) cell)
            number (ResultGroups.meanOf (bestOf measure) cell)
            match ResultGroups.successes cell with
            | Some(won, tried) ->
                let share = wilson RunSummary.confidence won tried

                let tenth share =
                    (100.0 * share).ToString("0.0", CultureInfo.InvariantCulture)

                let interval =
                    $"{tenth share.Value} [{tenth share.Interval.Low}, {tenth share.Interval.High}]"

                Html.sortedCell (string share.Value) (Html.Text $"{won} of {tried}")
                Html.sortedCell (string share.Value) (Html.Text interval)
            | None when withSuccess ->
                Html.cell "–"
                Html.cell "–"
            | None -> ()
        ]

    Html.sortable heads (List.map row cells)

/// One row a run, failures included.
let runs (measure: Measure option) (names: string list) (runs: Run list) : Html =
    let number = Html.numberCell Shown.number

    let outcome (run: Run) : Html.TableCell =
        let marked kind by text =
            Html.sortedCell by (Html.element "span" [ "class", kind ] [ Html.text text ])

        let at = Plural.thousands run.Step

        match run.Status with
        | RunStatus.Finished -> Html.cell "finished"
        | RunStatus.Diverged -> marked "failed" "diverged" $"diverged at {at}"
        | _ -> marked "pending" "unfinished" $"unfinished, at {at}"

    let ended (pick: RunResult -> float) (run: Run) =
        Option.ofObj run.Result |> Option.map pick

    let heads =
        (names |> List.map Shown.symbol)
        @ [ "Seed"; "Outcome" ]
        @ (match measure with
           | Some Score -> [ "Last score"; "Last 10"; "Best"; "Return" ]
           | Some Return -> [ "Last return"; "Last 10"; "Best" ]
           | None -> [ "Value loss"; "Critic loss"; "Policy loss" ])
        @ [ "Steps"; "Time"; "Steps/s" ]

    let row (run: Run) = [
        for name in names do
            Html.cell (Run.valueOf name run)
        Html.cell (string run.Config.Seed)
        outcome run
        match measure with
        | Some measure ->
            for value in [ Run.lastOf 1 measure run; Run.lastTen measure run; bestOf measure run ] do
                Html.numberCell (Shown.measured measure) value

            if measure = Score then
                number (Run.lastOf 1 Return run)
        | None ->
            for metric in [ "valueLoss"; "criticLoss"; "policyLoss" ] do
                number (Run.lastMetric metric run)
        Html.numberCell (int64 >> Plural.thousands) (ended (_.Steps >> float) run)
        Html.numberCell duration (ended _.Seconds run)
        number (ended _.StepsPerSecond run)
    ]

    Html.sortable heads (List.map row runs)

/// Names and values of runs: one value where all agree, all values where they do not.
let private alike (pick: Run -> (string * string) list) (runs: Run list) : (string * string) list =
    let all = runs |> List.map pick

    [
        for name in all |> List.collect (List.map fst) |> List.distinct ->
            let values =
                all
                |> List.choose (List.tryFind (fun (key, _) -> key = name) >> Option.map snd)
                |> List.distinct

            name, String.concat " | " values
    ]

let private leaves (value: 'T) : (string * string) list = [
    for struct (name, text) in RunJson.Leaves value -> name, text
]

let private orDash (text: string) : string =
    text |> Option.ofObj |> Option.defaultValue "–"

/// Every setting of the runs.
let settings: Run list -> (string * string) list =
    alike (fun run ->
        let config = run.Config

        [
            "algorithm", config.Algorithm
            "task", orDash config.Task
            "seed", string config.Seed
            "steps", string config.Steps
            "batchSize", string config.BatchSize
            "evaluateEvery", string config.EvaluateEvery
            "evaluationEpisodes", string config.EvaluationEpisodes
            "logEvery", string config.LogEvery
            "checkpointEvery", string config.CheckpointEvery
        ]
        @ leaves config.Hyperparameters)

/// What the runs learned from.
let dataset: Run list -> (string * string) list =
    alike (fun run ->
        let data = run.Config.Dataset

        [
            "name", data.Name
            "source", data.Source
            "transitions", string data.Transitions
            "episodes", string data.Episodes
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
let inColumns (rows: (string * string) list) : Html =
    let left, right = List.splitAt ((rows.Length + 1) / 2) rows
    Html.element "div" [ "class", "columns" ] [ Html.facts left; Html.facts right ]
