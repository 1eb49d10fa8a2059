/// What makes the numbers of a report doubtful. It opens the page.
module Iql.Scripts.Doubts

open Giraffe.ViewEngine
open Iql.Training

/// "τ = 0.9, seed = 1", from the name of a run's folder.
let title (name: string) : string =
    name.Split ','
    |> Array.map (fun part ->
        match part.Split '=' with
        | [| name; value |] -> $"{Shown.symbol name} = {value}"
        | _ -> part.Trim())
    |> String.concat ", "

let private item (claim: string) (words: string) (details: string list) : XmlNode =
    let more =
        match details.Length - 12 with
        | more when more > 0 -> [ $"and {more} more" ]
        | _ -> []

    li [] [
        if claim <> "" then
            strong [] [ str $"{claim}. " ]
        yield! Html.text words
        if not details.IsEmpty then
            ul [] [ for each in List.truncate 12 details @ more -> li [] (Html.text each) ]
    ]

/// Failed and missing runs.
let private runs (sweep: SweepResults) : XmlNode list =
    let planned = sweep.Runs.Length + sweep.Missing.Length
    let at (run: Run) = Plural.thousands run.Step

    let failed = [
        for run in List.filter Run.diverged sweep.Runs do
            let failure = run.Result.Failure
            let named = failure.Message.Contains failure.Metric
            let what = if named then "" else failure.Metric + ": "
            $"{title run.Name}: stopped at step {at run}. {what}{failure.Message}"
    ]

    let waiting = [
        for run in sweep.Runs do
            if run.Status = RunStatus.Unfinished then
                $"{title run.Name} (at step {at run} of {Plural.thousands run.Config.Steps})"
        for name in sweep.Missing do
            $"{title name} (not started)"
    ]

    [
        if not failed.IsEmpty then
            item
                $"{failed.Length} of {planned} runs failed"
                "The means leave them out, which makes their cells look better than they are."
                failed
        if not waiting.IsEmpty then
            item $"{waiting.Length} of {planned} runs have no result yet" "The numbers can change." waiting
    ]

/// Few seeds in a cell.
let private seeds (sweep: SweepResults) : string list =
    let axes = [
        for axis in sweep.Plan.Axes do
            if axis.Name <> "seed" then
                axis.Name
    ]

    let counts = [
        for cell in ResultGroups.ofRuns axes sweep.Runs do
            match cell.Runs |> List.filter Run.finished |> List.length with
            | 0 -> ()
            | count -> count
    ]

    match counts with
    | [] -> []
    | [ 1 ] -> [
        "One seed says nothing about the spread between seeds. Train several seeds before you compare."
      ]
    | counts ->
        match List.min counts, List.max counts with
        | _, 1 -> [ "There is one seed for each number, so there are no intervals. Any difference may be chance." ]
        | fewest, most when fewest < 5 ->
            let range =
                if fewest = most then
                    $"only {fewest}"
                else
                    $"{fewest} to {most}"

            [
                $"There are {range} seeds for each number. The 95 %% intervals are too narrow with so few, and the true \
                  uncertainty is larger."
            ]
        | _ -> []

/// Bits that depend on the processor.
let private bits (runs: Run list) : string =
    match runs |> List.map _.Config.Machine.VectorWidth |> List.distinct |> List.sort with
    | [ width ] ->
        $"The same command gives the same numbers only on processors with vectors of {width} bits. With another \
          width, rounding differs, and a run can end with another score."
    | widths ->
        let widths = widths |> List.map string |> Plural.listed
        $"The runs are from processors with vectors of {widths} bits, which round differently."

/// A section with every reason for doubt in a sweep's numbers, failures first.
let ofSweep (sweep: SweepResults) : XmlNode =
    let sentence (remark: string) =
        remark.Substring(0, 1).ToUpperInvariant() + remark.Substring(1).TrimEnd '.' + "."

    let failed = List.exists Run.diverged sweep.Runs

    section [ _id "doubts"; _class (if failed then "bad" else "warn") ] [
        h2 [] [ str "Reasons for doubt" ]
        ul [] [
            yield! runs sweep
            for words in [ for remark in sweep.Plan.Remarks -> sentence remark ] @ seeds sweep @ [ bits sweep.Runs ] do
                item "" words []
        ]
    ]
