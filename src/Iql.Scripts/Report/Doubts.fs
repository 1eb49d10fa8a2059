/// What makes the numbers of a report doubtful. It opens the page.
module Iql.Scripts.Doubts

open System.Text.RegularExpressions
open Iql.Training

/// "τ = 0.9, seed = 1", from the name of a run's folder.
let title (name: string) : string =
    name.Split ','
    |> Array.map (fun part ->
        match part.Split '=' with
        | [| name; value |] -> $"{Shown.symbol name} = {value}"
        | _ -> part.Trim())
    |> String.concat ", "

/// Damaged, failed and missing runs.
let private runs (sweep: SweepResults) : string list =
    let planned = sweep.Runs.Length + sweep.Missing.Length + sweep.Damaged.Length
    let at (run: Run) = Plural.thousands run.Step

    let failed = [
        for run in List.filter Run.diverged sweep.Runs do
            let failure = run.Result.Failure
            let named = failure.Message.Contains failure.Metric
            let what = if named then "" else failure.Metric + ": "
            $"{title run.Name}: stopped at step {at run}. {what}{failure.Message}"
    ]

    let waiting =
        [
            for run in sweep.Runs do
                if run.Status = RunStatus.Unfinished then
                    $"{title run.Name} (at step {at run} of {Plural.thousands run.Config.Steps})"
        ]
        @ [ for name in sweep.Missing -> $"{title name} (not started)" ]

    [
        if not sweep.Damaged.IsEmpty then
            $"**{sweep.Damaged.Length} of {planned} runs are damaged.** This page leaves them out."

            for name, problem in sweep.Damaged do
                $"{title name}: {problem}"
        if not failed.IsEmpty then
            $"**{failed.Length} of {planned} runs failed.** The means leave them out, which makes their cells look \
              better than they are."

            yield! failed
        if not waiting.IsEmpty then
            let more = if waiting.Length > 12 then "; …" else "."
            let names = List.truncate 12 waiting |> String.concat "; "
            $"**{waiting.Length} of {planned} runs have no result yet:** {names}{more}"
    ]

/// Few seeds behind a number.
let private seeds (sweep: SweepResults) : string list =
    let axes = [ for axis in sweep.Plan.Axes -> axis.Name ] |> List.except [ "seed" ]

    let counts =
        ResultGroups.ofRuns axes sweep.Runs
        |> List.map (_.Runs >> List.filter Run.finished >> List.length)
        |> List.filter (fun count -> count > 0)

    match counts with
    | [] -> []
    | [ 1 ] -> [ "One seed says nothing about the spread between seeds. Train several seeds before you compare." ]
    | counts ->
        match List.min counts, List.max counts with
        | _, 1 -> [ "There is one seed for each number, so there are no intervals. Any difference may be chance." ]
        | fewest, most when fewest < 5 ->
            let range = if fewest = most then $"only {fewest}" else $"{fewest} to {most}"

            [
                $"There are {range} seeds for each number. The 95 %% intervals are right for scores that are \
                  about normal. So few seeds cannot show whether they are."
            ]
        | _ -> []

/// Every reason for doubt in a sweep's numbers, a sentence or two each, damaged and failed runs first.
let ofSweep (sweep: SweepResults) : string list = [
    yield! runs sweep
    yield! seeds sweep
    yield! OnlineDoubts.ofSweep sweep
    for remark in sweep.Plan.Remarks do
        // Names of the code in words: "updatesPerStep" is "updates per step".
        let remark = Regex.Replace(remark, @"\b[a-z]+(?:[A-Z][a-z]+)+\b", fun found -> Shown.words found.Value)
        // What begins with an algorithm keeps its name.
        let start =
            if Regex.IsMatch(remark, @"^\S+:") then
                remark.Substring(0, 1)
            else
                remark.Substring(0, 1).ToUpperInvariant()

        start + remark.Substring(1).TrimEnd '.' + "."
    match sweep.Runs |> List.map _.Config.Machine.VectorWidth |> List.distinct |> List.sort with
    | [ width ] ->
        $"The same command gives the same numbers only on processors with vectors of {width} bits. With another width, \
          rounding differs, and a run can end with another score."
    | widths ->
        let widths = widths |> List.map string |> Plural.listed
        $"The runs are from processors with vectors of {widths} bits, which round differently."
]
