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

let private valueCells (values: string list) : Html.TableCell list = List.map Html.cell values

/// One row a cell: mean with interval, interquartile mean, standard deviation, last ten, best, successes.
let cells (measure: Measure) (cells: ResultGroup list) : Html =
    let names =
        cells
        |> List.tryHead
        |> Option.map (fun cell -> cell.Values |> List.map (fst >> Shown.symbol))
        |> Option.defaultValue []

    let withSuccess =
        cells |> List.exists (fun cell -> ResultGroups.successes cell <> None)

    let heads =
        names
        @ [ "Finished"; "Mean"; "95 % interval"; "IQM"; "Std"; "Last 10"; "Best" ]
        @ (if withSuccess then
               [ "Successes"; "%, 95 % Wilson" ]
           else
               [])

    let number = Html.numberCell (Shown.measured measure)

    let row (cell: ResultGroup) =
        let summary = ResultGroups.summary measure cell
        let finals = ResultGroups.finals measure cell |> Array.ofList

        valueCells (List.map snd cell.Values)
        @ [
            {
                Html.Shown = Html.Text $"{finals.Length} of {cell.Runs.Length}"
                Html.SortedBy = string finals.Length
            }
            number (summary |> Option.map (fun summary -> summary.Mean))
            {
                Html.Shown =
                    summary
                    |> Option.bind (fun summary -> summary.Interval)
                    |> Option.map Shown.interval
                    |> Option.defaultValue "–"
                    |> Html.Text
                Html.SortedBy =
                    summary
                    |> Option.bind (fun summary -> summary.Interval)
                    |> Option.map (fun interval -> string interval.Low)
                    |> Option.defaultValue ""
            }
            number (summary |> Option.map (fun summary -> summary.Iqm))
            number (if finals.Length > 1 then Some(std finals) else None)
            number (ResultGroups.meanOf (Run.lastTen measure) cell)
            number (ResultGroups.meanOf (bestOf measure) cell)
        ]
        @ (match withSuccess, ResultGroups.successes cell with
           | false, _ -> []
           | true, None -> [ Html.cell "–"; Html.cell "–" ]
           | true, Some(won, tried) ->
               let share = wilson RunSummary.confidence won tried

               let tenth share =
                   (100.0 * share).ToString("0.0", CultureInfo.InvariantCulture)

               [
                   {
                       Html.Shown = Html.Text $"{won} of {tried}"
                       Html.SortedBy = string share.Value
                   }
                   {
                       Html.Shown =
                           Html.Text $"{tenth share.Value} [{tenth share.Interval.Low}, {tenth share.Interval.High}]"
                       Html.SortedBy = string share.Value
                   }
               ])

    Html.sortable heads (List.map row cells)

/// One row a run, failures included.
let runs (measure: Measure option) (names: string list) (runs: Run list) : Html =
    let number = Html.numberCell Shown.number

    let outcome (run: Run) : Html.TableCell =
        let marked kind text =
            Html.element "span" [ "class", kind ] [ Html.text text ]

        let at = Plural.thousands run.Step

        match run.Status with
        | RunStatus.Finished -> Html.cell "finished"
        | RunStatus.Diverged -> {
            Html.Shown = marked "failed" $"diverged at {at}"
            Html.SortedBy = "diverged"
          }
        | _ -> {
            Html.Shown = marked "pending" $"unfinished, at {at}"
            Html.SortedBy = "unfinished"
          }

    let heads =
        (names |> List.map Shown.symbol)
        @ [ "Seed"; "Outcome" ]
        @ (match measure with
           | Some Score -> [ "Last score"; "Last 10"; "Best"; "Return" ]
           | Some Return -> [ "Last return"; "Last 10"; "Best" ]
           | None -> [ "Value loss"; "Critic loss"; "Policy loss" ])
        @ [ "Steps"; "Time"; "Steps/s" ]

    let row (run: Run) =
        valueCells [ for name in names -> Run.valueOf name run ]
        @ [ Html.cell (string run.Config.Seed); outcome run ]
        @ (match measure with
           | Some measure ->
               let measured = Html.numberCell (Shown.measured measure)

               [
                   measured (run |> Run.curve measure |> List.tryLast |> Option.map snd)
                   measured (Run.lastTen measure run)
                   measured (bestOf measure run)
                   if measure = Score then
                       number (run |> Run.curve Return |> List.tryLast |> Option.map snd)
               ]
           | None -> [
               number (Run.lastMetric "valueLoss" run)
               number (Run.lastMetric "criticLoss" run)
               number (Run.lastMetric "policyLoss" run)
             ])
        @ (let ended pick =
            Option.ofObj run.Result |> Option.map pick

           [
               Html.numberCell (int64 >> Plural.thousands) (ended (fun result -> float result.Steps))
               Html.numberCell duration (ended _.Seconds)
               number (ended _.StepsPerSecond)
           ])

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
