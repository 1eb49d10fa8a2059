/// One self-contained HTML page from the folders of a sweep or of a run. It holds plotly.js and all it shows, asks no network
/// for anything, and is made of the folders alone: the same folders give the same bytes.
module Iql.Scripts.Report

open System
open System.IO
open Iql.Data
open Iql.Scripts.Charts

let internal section (id: string) (title: string) (body: Html list) : Html =
    Html.element "section" [ "id", id ] (Html.plain "h2" [ Html.text title ] :: body)

let private runTitle (run: Run) : string =
    run.Name.Replace(",", ", ").Replace("=", " = ")

/// Failures come before anything else on the page.
let internal failures (sweep: SweepResults) : Html list =
    let item (run: Run) =
        match run.Outcome with
        | Diverged(step, metric, message) ->
            let what =
                if message.Contains metric then
                    message
                else
                    $"{metric}: {message}"

            Some(
                Html.plain "li" [
                    Html.strong (runTitle run)
                    Html.text $": stopped at step {Tables.thousands (float step)}. {what}"
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

/// Where the numbers of runs come from, and how the page is made again; `data` tells of the dataset.
let internal origin (data: Html list) (rebuild: string list) (runs: Run list) : Html list = [
    Html.element "div" [ "class", "columns" ] [
        Html.plain "div" [
            yield! data
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
        "This page is made of the folder's files alone; the first command makes it anew. The command that trained the runs, given again, goes on with what has no result yet and leaves finished runs as they are; the numbers come out the same, bit for bit, on the same kind of machine."
    Html.plain "pre" [ Html.text (String.concat "\n" rebuild) ]
]

/// An episode of the best run of a folder's; nothing where no run was evaluated.
let private episodes (folderOf: Run -> string) (runs: Run list) : Html list =
    match Animations.best runs with
    | Some({ Settings = { Task = Some task } } as run) ->
        let title, says =
            match runs with
            | [ _ ] -> $"{run.Settings.Algorithm.ToUpperInvariant()}, seed {run.Settings.Seed}", ""
            | _ -> runTitle run, "The run with the best last evaluation. "

        Animations.ofTask task [ { Title = title; Folder = folderOf run } ]
        |> Animations.section says
    | _ -> []

/// The page of a sweep, with an episode of it and pictures of its data. `rebuild` are the commands that make it again.
let ofSweep
    (rebuild: string list)
    (episodes: Html list)
    (pictures: DatasetPicture.Picture list)
    (sweep: SweepResults)
    : string =
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
                for section in Sections.ofCells prefix measure plane cells ->
                    section.Id,
                    (if many then
                         $"{section.Heading}: {title}"
                     else
                         section.Heading),
                    section.Body
            ])

    let configuration =
        let rows = Tables.settings runs
        let left, right = List.splitAt ((rows.Length + 1) / 2) rows

        [
            Html.paragraph "Where runs differ, all values are given, separated by bars."
            Html.element "div" [ "class", "columns" ] [ Html.facts left; Html.facts right ]
        ]

    let dataset = [
        Html.plain "h3" [ Html.text "Dataset" ]
        Html.facts (Tables.provenance "dataset" runs)
    ]

    let data =
        pictures
        |> List.mapi (fun i picture ->
            Html.figure $"figure-data-{i + 1}" picture.Caption (Figure.untitled picture.Figure))

    let sections =
        (if episodes.IsEmpty then
             []
         else
             [ "episode", "An episode", episodes ])
        @ (facets |> List.collect snd)
        @ (if data.IsEmpty then [] else [ "data", "The data", data ])
        @ [
            "runs", "All runs", [ Tables.runs (Cells.measure runs) names runs ]
            "configuration", "Configuration", configuration
            "origin", "Where the numbers come from", origin dataset rebuild runs
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
let ofRun (rebuild: string list) (episodes: Html list) (pictures: DatasetPicture.Picture list) (run: Run) : string =
    ofSweep rebuild episodes pictures {
        Name = runTitle run
        Command = None
        Axes = []
        Runs = [ run ]
        Missing = []
    }

/// Writes to a temporary name beside the file and renames, so that a reader never sees half a page.
let internal save (path: string) (text: string) : Result<string, string> =
    try
        AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, text)))
        Ok path
    with
    | :? IOException
    | :? UnauthorizedAccessException as problem -> Error $"{path}: could not be written. {problem.Message}"

/// Reads a sweep folder and writes report.html into it; the page's path, or what could not be read.
let write (sweepFolder: string) : Result<string, string> =
    match Results.readSweep sweepFolder, DatasetPicture.read sweepFolder with
    | Error problem, _
    | _, Error problem -> Error problem
    | Ok sweep, _ when sweep.Runs.IsEmpty ->
        Error $"{sweepFolder}: expected at least one run under runs/, got none. Start the sweep first."
    | Ok sweep, Ok pictures ->
        let folder =
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath sweepFolder))

        let episodes =
            sweep.Runs |> episodes (fun run -> Path.Combine(sweepFolder, "runs", run.Name))

        sweep
        |> ofSweep ($"iql report {folder}" :: Option.toList sweep.Command) episodes pictures
        |> save (Path.Combine(sweepFolder, "report.html"))

/// Reads a run folder and writes report.html into it; the page's path, or what could not be read.
let forRun (runFolder: string) : Result<string, string> =
    match Results.readRun runFolder, DatasetPicture.read runFolder with
    | Error problem, _
    | _, Error problem -> Error problem
    | Ok run, Ok pictures ->
        run
        |> ofRun [ $"iql report {run.Name}" ] (episodes (fun _ -> runFolder) [ run ]) pictures
        |> save (Path.Combine(runFolder, "report.html"))
