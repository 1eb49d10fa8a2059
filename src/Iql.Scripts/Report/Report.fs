/// One self-contained HTML page from the folder of a sweep or of a run. It holds plotly.js and all it shows, asks no
/// network for anything, and is made of the folder alone: the same folder gives the same bytes.
module Iql.Scripts.Report

open System.Collections.Immutable
open System.IO
open Iql.Data
open Iql.Training
open Iql.Scripts.Charts

let private title (name: string) : string =
    name.Replace(",", ", ").Replace("=", " = ")

/// Failures come before anything else on the page.
let private failures (sweep: SweepResults) : Html list =
    let planned = sweep.Runs.Length + sweep.Missing.Length
    let at (run: Run) = Plural.thousands run.Step

    let failed = [
        for run in List.filter Run.diverged sweep.Runs do
            let failure = run.Result.Failure
            let named = failure.Message.Contains failure.Metric
            let what = if named then "" else failure.Metric + ": "

            Html.plain "li" [
                Html.strong (title run.Name)
                Html.text $": stopped at step {at run}. {what}{failure.Message}"
            ]
    ]

    let waiting =
        [
            for run in sweep.Runs do
                if run.Status = RunStatus.Unfinished then
                    $"{title run.Name} (at step {at run} of {Plural.thousands run.Config.Steps})"
        ]
        @ [ for name in sweep.Missing -> $"{title name} (not started)" ]

    [
        if not failed.IsEmpty then
            Html.element "div" [ "class", "bad"; "role", "alert" ] [
                Html.plain "h2" [ Html.text $"{failed.Length} of {planned} runs failed" ]
                Html.plain "ul" failed
            ]
        if not waiting.IsEmpty then
            let more =
                match waiting.Length - 12 with
                | more when more > 0 -> [ $"and {more} more" ]
                | _ -> []

            Html.element "div" [ "class", "warn" ] [
                Html.plain "h2" [ Html.text $"{waiting.Length} of {planned} runs have no result yet" ]
                Html.plain "ul" [
                    for text in List.truncate 12 waiting @ more -> Html.plain "li" [ Html.text text ]
                ]
            ]
    ]

/// One line on what was run.
let private subtitle (sweep: SweepResults) : string =
    let distinct pick =
        sweep.Runs |> List.map pick |> List.distinct

    let algorithm (run: Run) =
        match Run.valueOf "algorithm" run with
        | "" -> run.Config.Algorithm.ToUpperInvariant()
        | name -> Published.title name

    [
        distinct algorithm |> String.concat ", "
        match distinct Run.task with
        | tasks when tasks.Length > 3 -> Plural.count tasks.Length "task"
        | tasks -> String.concat ", " tasks
        Plural.count sweep.Runs.Length "run"
        Plural.count (distinct _.Config.Seed).Length "seed"
        (distinct (fun run -> Plural.thousands run.Config.Steps) |> String.concat " or ")
        + " steps"
    ]
    |> String.concat " · "

/// Where the numbers of runs come from, and how the page is made again.
let private origin (rebuild: string list) (runs: Run list) : Html list = [
    Html.element "div" [ "class", "columns" ] [
        Html.plain "div" [
            if (runs |> List.map _.Config.Dataset.Fingerprint |> List.distinct).Length = 1 then
                Html.plain "h3" [ Html.text "Dataset" ]
                Html.facts (Tables.dataset runs)
            Html.plain "h3" [ Html.text "Normalisation" ]
            Html.facts (Tables.normalization runs)
        ]
        Html.plain "div" [
            Html.plain "h3" [ Html.text "Machine" ]
            Html.facts (Tables.machine runs)
            Html.plain "h3" [ Html.text "Software" ]
            Html.facts (Tables.software runs)
        ]
    ]
    Html.plain "h3" [ Html.text "How to rebuild" ]
    Html.paragraph
        "This page is built only from the files of the folder. The first command rebuilds it. The command that \
         trained the runs continues unfinished runs and keeps finished runs. The numbers are the same, bit for bit, \
         on the same kind of machine."
    Html.plain "pre" [ Html.text (String.concat "\n" rebuild) ]
]

/// An episode of the best run; nothing where no run was evaluated.
let private episode (folderOf: Run -> string) (runs: Run list) : Html list =
    match Animations.best runs with
    | Some run when not (isNull run.Config.Task) ->
        let heading, says =
            match runs with
            | [ _ ] -> $"{run.Config.Algorithm.ToUpperInvariant()}, seed {run.Config.Seed}", ""
            | _ -> title run.Name, "The run with the best last evaluation. "

        Animations.ofTask run.Config.Task [
            {
                Animations.Title = heading
                Animations.Folder = folderOf run
            }
        ]
        |> Animations.section says
    | _ -> []

/// Pictures of the data, where all runs learned from the same.
let private pictures (folder: string) (runs: Run list) : Result<Html list, string> =
    match runs |> List.map _.Config.Dataset.Fingerprint |> List.distinct with
    | [ only ] ->
        DatasetNumbers.find folder only
        |> Result.map (fun numbers -> [
            for numbers in Option.toList numbers do
                for i, picture in List.indexed (DatasetPicture.ofNumbers numbers) do
                    Html.figure $"figure-data-{i + 1}" picture.Caption picture.Charts
        ])
    | _ -> Ok []

/// What a sweep over numbers found, and its sections: a facet a combination of the axes that are not shown as a plane.
let private ofPlane (sweep: SweepResults) : Html list * Sections.Section list =
    let plane = ResultGroups.plane sweep
    let many = plane.Facets.Length > 1

    let facets = [
        for i, (values, cells) in List.indexed plane.Facets do
            let prefix = if many then $"f{i + 1}-" else ""
            let measure = cells |> List.collect _.Runs |> Measure.ofRuns
            let aside = if many then $": {Shown.values values}" else ""

            Findings.ofGroups measure plane.Rows plane.Columns cells
            |> Html.section $"{prefix}found" $"What was found{aside}",
            [
                for section in Sections.ofGroups prefix measure plane cells ->
                    {
                        section with
                            Heading = section.Heading + aside
                    }
            ]
    ]

    List.map fst facets, List.collect snd facets

/// The page of a sweep: what was found, and its sections. `rebuild` are the commands that make it again.
let private page (rebuild: string list) (sweep: SweepResults) found (sections: Sections.Section list) : string =
    let runs = sweep.Runs

    let names = [
        for axis in sweep.Plan.Axes do
            if axis.Name <> "seed" then
                axis.Name
    ]

    let sections =
        sections
        @ Sections.shown "" [
            "runs",
            "All runs",
            [
                Tables.runs (Measure.ofRuns runs) names runs
                Html.styled
                    "note"
                    "The same folder has a row for each run in runs.csv, and a row for each evaluation in scores.csv."
            ]
            "origin", "Origin of the numbers", origin rebuild runs
        ]

    [
        Html.plain "header" [
            Html.plain "h1" [ Html.text sweep.Plan.Name ]
            Html.styled "under" (subtitle sweep)
        ]
    ]
    @ failures sweep
    @ found
    @ [
        Html.plain "nav" [
            for section in sections -> Html.element "a" [ "href", $"#{section.Id}" ] [ Html.text section.Heading ]
        ]
    ]
    @ [
        for section in sections -> Html.section section.Id section.Heading section.Body
    ]
    |> Html.page sweep.Plan.Name

/// The page of a sweep over numbers, with an episode of it and pictures of its data.
let ofSweep (rebuild: string list) (episode: Html list) (pictures: Html list) (sweep: SweepResults) : string =
    let found, sections = ofPlane sweep

    page
        rebuild
        sweep
        found
        (Sections.shown "" [ "episode", "An episode", episode ]
         @ sections
         @ Sections.shown "" [
             "data", "The data", pictures
             "configuration",
             "Configuration",
             [
                 Html.paragraph "If runs differ, all values are shown, separated by bars."
                 Tables.inColumns (Tables.settings sweep.Runs)
             ]
         ])

/// The page of a sweep over tasks or algorithms, with its score table and its episodes.
let ofTable (rebuild: string list) (episodes: Html list) (sweep: SweepResults) (table: ScoreTable) : string =
    page
        rebuild
        sweep
        [ Html.section "found" "What was found" (ScoreFindings.ofTable table) ]
        (ScoreSections.ofTable episodes sweep table)

let private save (folder: string) (sweep: SweepResults) (files: (string * string) list) : Result<string, string> =
    Results.files sweep @ files
    |> Attempt.each (fun (name, text) ->
        let path = Path.Combine(folder, name)

        Attempt.run (fun () ->
            AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, text)))
            path)
        |> Result.mapError (sprintf "%s: could not be written. %s" path))
    |> Result.map List.last

let private nameOf (folder: string) : string =
    Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath folder))

/// Reads a sweep's folder and writes report.html into it, with runs.csv and scores.csv, for a score table also table.md
/// and table.tex; the page's path, or what could not be read.
let write (folder: string) : Result<string, string> = result {
    let! sweep = Results.readSweep folder

    let rebuild =
        $"iql report {nameOf folder}" :: Option.toList (Option.ofObj sweep.Plan.Command)

    return!
        if sweep.Runs.IsEmpty then
            Error $"{folder}: expected at least one run, got none. Start the sweep first."
        elif ScoreTable.fits sweep.Plan then
            let table = ScoreTable.ofResults sweep
            let page = ofTable rebuild (ScoreSections.episodes folder sweep table) sweep table

            save folder sweep [
                "table.md", ScoreTableText.markdown table
                "table.tex", ScoreTableText.latex table
                "report.html", page
            ]
        else
            pictures folder sweep.Runs
            |> Result.bind (fun pictures ->
                let episode =
                    sweep.Runs |> episode (fun run -> SweepPlan.RunFolder(folder, run.Name).Path)

                save folder sweep [ "report.html", ofSweep rebuild episode pictures sweep ])
}

/// Reads a run's folder and writes report.html into it; the page's path, or what could not be read.
let forRun (folder: string) : Result<string, string> = result {
    let! run = Results.readRun folder

    let sweep = {
        Plan = SweepPlan(Name = title run.Name, Axes = ImmutableArray.Empty, Runs = ImmutableArray.Empty)
        Runs = [ run ]
        Missing = []
    }

    let page =
        ofSweep [ $"iql report {run.Name}" ] (episode (fun _ -> folder) [ run ]) [] sweep

    return! save folder sweep [ "report.html", page ]
}

/// What became of a report that several processes may want to write.
type Writing =
    | Written of page: string
    /// Another process is at it, or wrote it after the last result.
    | WrittenElsewhere

/// Writes the report of a sweep that is done, so that of several processes that find it done one does. `anyhow` writes
/// it also when it is newer than every result.
let writeAlone (anyhow: bool) (folder: string) : Result<Writing, string> =
    let age (path: string) = File.GetLastWriteTimeUtc path

    let isNewer () =
        let page = Path.Combine(folder, "report.html")

        File.Exists page
        && SweepPlan.Read(folder).Runs
           |> Seq.forall (fun run -> age (SweepPlan.RunFolder(folder, run.Folder).ResultPath) <= age page)

    use claims = new Claims()

    Attempt.reading (fun () ->
        use claim = claims.TryTake folder

        if isNull claim || (not anyhow && isNewer ()) then
            Ok WrittenElsewhere
        else
            write folder |> Result.map Written)
