/// The tables of a report: cells, runs, configuration, provenance.
module Iql.Scripts.Tables

open System.Globalization
open Iql.Scripts.Statistics

/// Whole numbers with a thin gap between thousands, as in 20 000.
let thousands (value: float) : string =
    value.ToString("#,0", CultureInfo.InvariantCulture).Replace(",", "\u202f")

/// "3 s", "12 min", "2.5 h".
let duration (seconds: float) : string =
    if seconds < 99.5 then
        $"{Cells.show seconds} s"
    elif seconds < 5400.0 then
        $"{Cells.show (seconds / 60.0)} min"
    else
        $"{Cells.show (seconds / 3600.0)} h"

let private bestOf (measure: Measure) (run: Run) : float option =
    match Cells.curve measure run |> List.map snd with
    | [] -> None
    | values -> Some(List.max values)

let private valueCells (values: (string * Json) list) : Html.TableCell list = [
    for _, value in values ->
        {
            Html.Shown = Html.Text(Json.display value)
            Html.SortedBy = Json.display value
        }
]

/// One row a cell: mean with interval, interquartile mean, standard deviation, last ten, best, successes.
let cells (measure: Measure) (cells: Cell list) : Html =
    let names =
        cells
        |> List.tryHead
        |> Option.map (fun cell -> cell.Values |> List.map (fst >> Cells.symbol))
        |> Option.defaultValue []

    let withSuccess = cells |> List.exists (fun cell -> Cells.successes cell <> None)

    let heads =
        names
        @ [ "Finished"; "Mean"; "95 % interval"; "IQM"; "Std"; "Last 10"; "Best" ]
        @ (if withSuccess then
               [ "Successes"; "%, 95 % Wilson" ]
           else
               [])

    let number = Html.numberCell (Cells.showMeasured measure)

    let row (cell: Cell) =
        let summary = Cells.summary measure cell
        let finals = Cells.finals measure cell |> Array.ofList

        valueCells cell.Values
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
                    |> Option.map Cells.showInterval
                    |> Option.defaultValue "–"
                    |> Html.Text
                Html.SortedBy =
                    summary
                    |> Option.bind (fun summary -> summary.Interval)
                    |> Option.map (fun interval -> Json.numberText interval.Low)
                    |> Option.defaultValue ""
            }
            number (summary |> Option.map (fun summary -> summary.Iqm))
            number (if finals.Length > 1 then Some(std finals) else None)
            number (Cells.meanOf (Cells.lastTen measure) cell)
            number (Cells.meanOf (bestOf measure) cell)
        ]
        @ (match withSuccess, Cells.successes cell with
           | false, _ -> []
           | true, None -> [ Html.cell "–"; Html.cell "–" ]
           | true, Some(won, tried) ->
               let share = wilson Cells.confidence won tried

               let tenth share =
                   (100.0 * share).ToString("0.0", CultureInfo.InvariantCulture)

               [
                   {
                       Html.Shown = Html.Text $"{won} of {tried}"
                       Html.SortedBy = Json.numberText share.Value
                   }
                   {
                       Html.Shown =
                           Html.Text $"{tenth share.Value} [{tenth share.Interval.Low}, {tenth share.Interval.High}]"
                       Html.SortedBy = Json.numberText share.Value
                   }
               ])

    Html.sortable heads (List.map row cells)

/// One row a run, failures included.
let runs (measure: Measure option) (names: string list) (runs: Run list) : Html =
    let number = Html.numberCell Cells.show

    let outcome (run: Run) : Html.TableCell =
        let marked kind text =
            Html.element "span" [ "class", kind ] [ Html.text text ]

        match run.Outcome with
        | Finished -> Html.cell "finished"
        | Diverged(step, _, _) -> {
            Html.Shown = marked "failed" $"diverged at {thousands (float step)}"
            Html.SortedBy = "diverged"
          }
        | Unfinished step -> {
            Html.Shown = marked "pending" $"unfinished, at {thousands (float step)}"
            Html.SortedBy = "unfinished"
          }

    let heads =
        (names |> List.map Cells.symbol)
        @ [ "Seed"; "Outcome" ]
        @ (match measure with
           | Some Score -> [ "Last score"; "Last 10"; "Best"; "Return" ]
           | Some Return -> [ "Last return"; "Last 10"; "Best" ]
           | None -> [ "Value loss"; "Critic loss"; "Policy loss" ])
        @ [ "Steps"; "Time"; "Steps/s" ]

    let row (run: Run) =
        valueCells [ for name in names -> name, Cells.valueOf name run ]
        @ [ Html.cell (string run.Settings.Seed); outcome run ]
        @ (match measure with
           | Some measure ->
               let measured = Html.numberCell (Cells.showMeasured measure)

               [
                   measured (run |> Cells.curve measure |> List.tryLast |> Option.map snd)
                   measured (Cells.lastTen measure run)
                   measured (bestOf measure run)
                   if measure = Score then
                       number (run |> Cells.curve Return |> List.tryLast |> Option.map snd)
               ]
           | None -> [
               number (Cells.lastMetric "valueLoss" run)
               number (Cells.lastMetric "criticLoss" run)
               number (Cells.lastMetric "policyLoss" run)
             ])
        @ [
            Html.numberCell thousands (Json.number "steps" run.Result)
            Html.numberCell duration (Json.number "seconds" run.Result)
            number (Json.number "stepsPerSecond" run.Result)
        ]

    Html.sortable heads (List.map row runs)

/// Leaves of a JSON object by dotted name.
let rec private leaves (prefix: string) (json: Json) : (string * string) list =
    match json with
    | Json.Object fields ->
        fields
        |> List.collect (fun (name, value) -> leaves (if prefix = "" then name else $"{prefix}.{name}") value)
    | Json.List items when items.Length > 12 -> [ prefix, $"{items.Length} numbers" ]
    | other -> [ prefix, Json.display other ]

/// Every setting of the runs: one value where all agree, all values where they do not.
let settings (runs: Run list) : (string * string) list =
    let ofRun (run: Run) =
        run.Settings.Whole
        |> Json.fields
        |> List.filter (fun (name, _) ->
            not (
                List.contains name [
                    "format"
                    "machine"
                    "version"
                    "commit"
                    "dataset"
                    "normalization"
                    "hyperparameters"
                ]
            ))
        |> fun fields -> fields @ run.Settings.Hyperparameters
        |> Json.Object
        |> leaves ""

    let all = runs |> List.map ofRun

    [
        for name in all |> List.collect (List.map fst) |> List.distinct ->
            let values =
                all
                |> List.choose (List.tryFind (fun (key, _) -> key = name) >> Option.map snd)
                |> List.distinct

            name, String.concat " | " values
    ]

/// Where the numbers come from: dataset, normalisation, machine, version and commit, as the runs wrote them down.
let provenance (part: string) (runs: Run list) : (string * string) list =
    let all =
        runs |> List.map (fun run -> run.Settings.Whole |> Json.field part |> leaves "")

    [
        for name in all |> List.collect (List.map fst) |> List.distinct ->
            let values =
                all
                |> List.choose (List.tryFind (fun (key, _) -> key = name) >> Option.map snd)
                |> List.distinct

            (if name = "" then part else name), String.concat " | " values
    ]
