/// One self-contained HTML page from the folders of a sweep or of a run. It holds plotly.js and all it shows, asks no network
/// for anything, and is made of the folders alone: the same folders give the same bytes.
module Iql.Scripts.Report

open System
open System.IO
open Iql.Scripts.Charts

let private section (id: string) (title: string) (body: Html list) : Html =
    Html.element "section" [ "id", id ] (Html.plain "h2" [ Html.text title ] :: body)

let private runTitle (run: Run) : string =
    run.Name.Replace(",", ", ").Replace("=", " = ")

/// Failures come before anything else on the page.
let private failures (sweep: SweepResults) : Html list =
    let item (run: Run) =
        match run.Outcome with
        | Diverged(step, metric, message) ->
            Some(
                Html.plain "li" [
                    Html.strong (runTitle run)
                    Html.text $": stopped at step {Tables.thousands (float step)}, {metric}. {message}"
                ]
            )
        | Finished
        | Unfinished _ -> None

    let pending =
        sweep.Runs
        |> List.choose (fun run ->
            match run.Outcome with
            | Unfinished step ->
                Some
                    $"{runTitle run} (at step {Tables.thousands (float step)} of {Tables.thousands (float run.Settings.Steps)})"
            | Finished
            | Diverged _ -> None)

    let missing =
        sweep.Missing
        |> List.map (fun name -> name.Replace(",", ", ").Replace("=", " = "))

    let planned = sweep.Runs.Length + missing.Length

    [
        match List.choose item sweep.Runs with
        | [] -> ()
        | items ->
            Html.element "div" [ "class", "bad"; "role", "alert" ] [
                Html.plain "h2" [ Html.text $"{items.Length} of {planned} runs failed" ]
                Html.plain "ul" items
            ]

        match pending @ (missing |> List.map (fun name -> $"{name} (not started)")) with
        | [] -> ()
        | waiting ->
            let shown = List.truncate 12 waiting

            let more =
                match waiting.Length - shown.Length with
                | 0 -> []
                | more -> [ $"and {more} more" ]

            Html.element "div" [ "class", "warn" ] [
                Html.plain "h2" [ Html.text $"{waiting.Length} of {planned} runs have no result yet" ]
                Html.plain "ul" [ for text in shown @ more -> Html.plain "li" [ Html.text text ] ]
            ]
    ]

let private distinct (pick: Run -> string) (runs: Run list) : string =
    runs |> List.map pick |> List.distinct |> String.concat ", "

/// One line on what was run.
let private subtitle (runs: Run list) : string =
    let seeds =
        runs |> List.map (fun run -> run.Settings.Seed) |> List.distinct |> List.length

    let steps =
        runs |> distinct (fun run -> Tables.thousands (float run.Settings.Steps))

    [
        runs |> distinct (fun run -> run.Settings.Algorithm.ToUpperInvariant())
        runs
        |> distinct (fun run -> run.Settings.Task |> Option.defaultValue run.Settings.DatasetName)
        Findings.count runs.Length "run"
        Findings.count seeds "seed"
        $"{steps} steps"
    ]
    |> String.concat " · "

/// The charts and tables of one facet.
let private facetSections
    (prefix: string)
    (measure: Measure option)
    (plane: Plane)
    (cells: Cell list)
    : (string * string * Html list) list =
    let rows, columns = plane.Rows, plane.Columns

    let figure id caption chart =
        Html.figure $"{prefix}figure-{id}" caption (Figure.untitled chart)

    let bestAlong name =
        match measure |> Option.bind (fun measure -> Cells.best measure cells) with
        | Some(best, _) ->
            let others = best.Values |> List.filter (fun (key, _) -> key <> name)

            others,
            cells
            |> List.filter (fun cell -> cell.Values |> List.filter (fun (key, _) -> key <> name) = others)
        | None -> [], cells

    let scores =
        match measure with
        | None -> []
        | Some measure -> [
            match rows, columns with
            | Some rows, Some columns ->
                figure
                    "scores"
                    $"Mean final {Cells.measureTitle measure} over seeds in bold, its 95 %% interval below. The orange frame is the best cell; 0 is a random policy and 100 an expert where scores are normalised."
                    (ScoreHeatMap.figure measure rows columns cells)
            | Some only, None
            | None, Some only ->
                figure
                    "scores"
                    $"Mean final {Cells.measureTitle measure} with its 95 %% interval over seeds; grey dots are seeds."
                    (ScoreLine.figure measure only cells)
            | None, None -> ()
            if cells.Length > 1 || cells |> List.exists (fun cell -> cell.Runs.Length > 1) then
                Tables.cells measure cells
          ]

    let curves =
        match measure with
        | None -> []
        | Some measure -> [
            figure
                "curves"
                "Each point is one evaluation: the line is the mean over seeds, the band its 95 % interval. Dotted lines that end in a cross are runs that diverged; they are not part of the mean."
                (LearningCurves.figure measure rows columns cells)
          ]

    let valueAxis =
        match rows, columns with
        | Some "expectile", _ -> rows
        | _, Some "expectile" -> columns
        | _ -> Option.orElse columns rows

    let value =
        match valueAxis |> Option.bind (fun name -> ValueStatistics.figure name cells) with
        | Some chart -> [
            figure
                "value"
                "Means of the last ten logged training lines; blue with 95 % intervals over seeds, grey dots are seeds. A larger τ makes V climb towards the best actions in the data, so fewer advantages stay above zero."
                chart
          ]
        | None -> []

    let weights =
        let name = Option.orElse rows columns

        match name with
        | None -> []
        | Some name ->
            let others, along = bestAlong name

            match WeightDistribution.figure name along with
            | Some chart ->
                let where =
                    if others.IsEmpty then
                        ""
                    else
                        $" at {Cells.describe others}, the best cell's"

                [
                    figure
                        "weights"
                        $"Share of a fixed batch's transitions by the weight their action gets in the policy's loss, at the last evaluation{where}. At β = 0 all weigh 1; the larger β, the fewer transitions the policy listens to."
                        chart
                ]
            | None -> []

    let losses = [
        match LossCurves.figure [ "valueLoss", "Value loss"; "criticLoss", "Critic loss" ] valueAxis cells with
        | Some chart ->
            figure "value-losses" "Mean over runs; the band reaches from the least run to the greatest." chart
        | None -> ()

        let policyAxis = Option.orElse rows columns

        let others, along =
            policyAxis |> Option.map bestAlong |> Option.defaultValue ([], cells)

        match LossCurves.figure [ "policyLoss", "Policy loss" ] policyAxis along with
        | Some chart ->
            let where =
                if others.IsEmpty then
                    ""
                else
                    $" at {Cells.describe others}"

            figure
                "policy-loss"
                $"Policy loss{where}. Losses of different β weigh differently and are not to be compared."
                chart
        | None -> ()
    ]

    [
        "scores", "Final scores", scores
        "curves", "Learning curves", curves
        "value",
        $"""Value and advantage{valueAxis
                                |> Option.map (fun name -> $" against {Cells.axisTitle name}")
                                |> Option.defaultValue ""}""",
        value
        "weights", "Advantage weights", weights
        "losses", "Losses", losses
    ]
    |> List.filter (fun (_, _, body) -> not body.IsEmpty)

/// The page of a sweep. `rebuild` is the command that makes it again.
let ofSweep (rebuild: string list) (sweep: SweepResults) : string =
    let runs = sweep.Runs
    let plane = Cells.plane sweep
    let many = plane.Facets.Length > 1

    let names = sweep.Axes |> List.map fst |> List.filter (fun name -> name <> "seed")

    let facets =
        plane.Facets
        |> List.mapi (fun i (values, cells) ->
            let prefix = if many then $"f{i + 1}-" else ""
            let measure = cells |> List.collect (fun cell -> cell.Runs) |> Cells.measure
            let title = if many then Cells.describe values else ""

            let findings =
                Html.element "section" [ "id", $"{prefix}found" ] [
                    Html.plain "h2" [
                        Html.text (
                            if many then
                                $"What was found: {title}"
                            else
                                "What was found"
                        )
                    ]
                    yield! Findings.ofCells measure plane.Rows plane.Columns cells
                ]

            findings,
            [
                for id, heading, body in facetSections prefix measure plane cells ->
                    prefix + id, (if many then $"{heading}: {title}" else heading), body
            ])

    let configuration =
        let rows = Tables.settings runs
        let left, right = List.splitAt ((rows.Length + 1) / 2) rows

        [
            Html.paragraph "Where runs differ, all values are given, separated by bars."
            Html.element "div" [ "class", "columns" ] [ Html.facts left; Html.facts right ]
        ]

    let origin = [
        Html.element "div" [ "class", "columns" ] [
            Html.plain "div" [
                Html.plain "h3" [ Html.text "Dataset" ]
                Html.facts (Tables.provenance "dataset" runs)
                Html.plain "h3" [ Html.text "Normalisation" ]
                Html.facts (Tables.provenance "normalization" runs)
            ]
            Html.plain "div" [
                Html.plain "h3" [ Html.text "Machine" ]
                Html.facts (Tables.provenance "machine" runs)
                Html.plain "h3" [ Html.text "Software" ]
                Html.facts (Tables.provenance "version" runs @ Tables.provenance "commit" runs)
            ]
        ]
        Html.plain "h3" [ Html.text "How to rebuild" ]
        Html.paragraph
            "This page is made of the run folders alone. The second command trains what has no result yet, to the same bits on the same kind of machine, and leaves finished runs as they are."
        Html.plain "pre" [ Html.text (String.concat "\n" rebuild) ]
    ]

    let sections =
        (facets |> List.collect snd)
        @ [
            "runs", "All runs", [ Tables.runs (Cells.measure runs) names runs ]
            "configuration", "Configuration", configuration
            "origin", "Where the numbers come from", origin
        ]

    let header =
        Html.plain "header" [
            Html.plain "h1" [ Html.text sweep.Name ]
            Html.element "p" [ "class", "under" ] [ Html.text (subtitle runs) ]
        ]

    let contents =
        Html.plain "nav" [
            for id, title, _ in sections do
                Html.element "a" [ "href", $"#{id}" ] [ Html.text title ]
        ]

    [ header ]
    @ failures sweep
    @ List.map fst facets
    @ [ contents ]
    @ [ for id, title, body in sections -> section id title body ]
    |> Html.page sweep.Name

/// The page of a single run.
let ofRun (rebuild: string list) (run: Run) : string =
    ofSweep rebuild {
        Name = runTitle run
        Axes = []
        Runs = [ run ]
        Missing = []
    }

/// Writes to a temporary name beside the file and renames, so that a reader never sees half a page.
let private save (path: string) (text: string) : Result<string, string> =
    try
        let writing = $"{path}.{Guid.NewGuid():n}.tmp"
        File.WriteAllText(writing, text)
        File.Move(writing, path, true)
        Ok path
    with
    | :? IOException
    | :? UnauthorizedAccessException as problem -> Error $"{path}: could not be written. {problem.Message}"

/// Reads a sweep folder and writes report.html into it; the page's path, or what could not be read.
let write (sweepFolder: string) : Result<string, string> =
    Results.readSweep sweepFolder
    |> Result.bind (fun sweep ->
        if sweep.Runs.IsEmpty then
            Error $"{sweepFolder}: expected at least one run under runs/, got none. Start the sweep first."
        else
            let folder =
                Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath sweepFolder))

            sweep
            |> ofSweep [ $"iql report {folder}"; $"iql sweep {folder}" ]
            |> save (Path.Combine(sweepFolder, "report.html")))

/// Reads a run folder and writes report.html into it; the page's path, or what could not be read.
let forRun (runFolder: string) : Result<string, string> =
    Results.readRun runFolder
    |> Result.bind (fun run ->
        run
        |> ofRun [ $"iql report {run.Name}" ]
        |> save (Path.Combine(runFolder, "report.html")))
