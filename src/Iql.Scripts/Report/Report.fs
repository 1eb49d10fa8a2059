/// One self-contained HTML page from the folder of a sweep or of a run. It holds plotly.js and all it shows, asks no
/// network for anything, and is made of the folder alone: the same folder gives the same bytes.
module Iql.Scripts.Report

open System.Collections.Immutable
open System.IO
open System.Threading
open System.Threading.Tasks
open Giraffe.ViewEngine
open Giraffe.ViewEngine.Accessibility
open Iql.Data
open Iql.Training
open Iql.Scripts.Charts

/// One line on what was run.
let private subtitle (sweep: SweepResults) : string =
    let distinct pick = sweep.Runs |> List.map pick |> List.distinct

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
        (distinct (fun run ->
            match Run.online run with
            | Some online -> $"{Plural.thousands online.OfflineSteps} + {Plural.thousands online.OnlineSteps} online"
            | None -> Plural.thousands run.Config.Steps)
         |> String.concat " or ")
        + " steps"
    ]
    |> String.concat " · "

/// Where the numbers of runs come from, and how the page is made again.
let private origin (rebuild: string list) (runs: Run list) : XmlNode list = [
    div [ _class "columns" ] [
        if (runs |> List.map _.Config.Dataset.Fingerprint |> List.distinct).Length = 1 then
            Html.facts "Dataset" (Tables.dataset runs)
        Html.facts "Normalisation" (Tables.normalization runs)
        Html.facts "Machine" (Tables.machine runs)
        Html.facts "Software" (Tables.software runs)
    ]
    h3 [] [ str "How to rebuild" ]
    Html.paragraph
        "This page is built only from the files of the folder. The first command rebuilds it. The command that \
         trained the runs continues unfinished runs and keeps finished runs."
    pre [ _tabindex "0" ] [ str (String.concat "\n" rebuild) ]
]

/// An episode of the cell that leads each facet: of the seed with the middle score.
let private episode (folderOf: Run -> string) (sweep: SweepResults) : XmlNode list =
    let headlines = [
        for plane in ResultGroups.planes sweep do
            for measure in Option.toList (Measure.ofRuns sweep.Runs) do
                for best, _ in Option.toList (ResultGroups.best measure plane.Cells) do
                    for run in Option.toList (Animations.median best.Runs) do
                        plane.Values @ best.Values, run
    ]

    match List.truncate 6 headlines with
    | (_, first) :: _ as chosen when not (isNull first.Config.Task) ->
        let says =
            Plural.given
                (sweep.Runs.Length > 1)
                "An episode of the best cell (or of one that ties), from its seed with the middle final score. "

        Animations.ofTask first.Config.Task [
            for values, run in chosen ->
                let named = if values.IsEmpty then run.Config.Algorithm.ToUpperInvariant() else Shown.values values

                {
                    Animations.Title = $"{named}, seed {run.Config.Seed}"
                    Animations.Folder = folderOf run
                }
        ]
        |> Animations.section says
    | _ -> []

/// Pictures of the data, where all runs learned from the same.
let private pictures (folder: string) (runs: Run list) : XmlNode list =
    match runs |> List.map _.Config.Dataset.Fingerprint |> List.distinct with
    | [ only ] ->
        match DatasetNumbers.find folder only with
        | Error problem -> [ Html.styled "note" $"No pictures: {problem}" ]
        | Ok numbers -> [
            let names = Option.ofObj runs.Head.Config.Dataset.Columns

            for numbers in Option.toList numbers do
                for i, picture in List.indexed (DatasetPicture.named names numbers) do
                    yield!
                        Html.figure
                            $"figure-data-{i + 1}"
                            picture.Caption
                            (DatasetNumbers.spoken numbers)
                            picture.Charts
          ]
    | _ -> []

/// A page as its parts, each an element with this id: one can be replaced while the others stay.
type Page = { Title: string; Parts: (string * XmlNode) list }

/// The page of a sweep: reasons for doubt, what was found, and its sections. `rebuild` are the commands that make it
/// again.
let private page (rebuild: string list) (sweep: SweepResults) found (sections: Sections.Section list) : Page =
    let runs, name = sweep.Runs, Doubts.title sweep.Plan.Name
    let names = [ for axis in sweep.Plan.Axes -> axis.Name ] |> List.except [ "seed" ]
    let lost = not sweep.Damaged.IsEmpty || List.exists Run.diverged runs

    let sections =
        sections
        @ Sections.shown "" [
            "runs",
            "All runs",
            [
                Tables.runs (Measure.ofRuns runs) names runs
                Html.styled
                    "note"
                    "The same folder has a row for each run in runs.csv, and a row for each evaluation in scores.csv. \
                     Runs that train together share the time, so the times add up to the time of training. Each step \
                     of such a group is a step of all its runs."
            ]
            "origin", "Origin of the numbers", origin rebuild runs
            "statistics",
            "How the statistics are computed",
            (if (Measure.ofRuns runs).IsSome then [ Html.aboutStatistics () ] else [])
        ]

    {
        Title = name
        Parts = [
            "head", header [ _id "head" ] [ h1 [] [ str name ]; Html.styled "under" (subtitle sweep) ]
            "contents",
            nav [ _ariaLabel "Sections of this page"; _id "contents" ] [
                for id, heading, _ in sections -> a [ _href $"#{id}" ] [ str heading ]
            ]
            "doubts",
            section [ _id "doubts"; _class (if lost then "bad" else "warn") ] [
                h2 [] [ str "Reasons for doubt" ]
                ul [] [ for doubt in Doubts.ofSweep sweep -> li [] (Html.text doubt) ]
            ]
            for id, heading, body in found @ sections do
                id, Html.part id heading body
        ]
    }

let private whole (page: Page) : string = page.Parts |> List.map snd |> Html.page page.Title

/// The page of a sweep over numbers, with an episode of it and pictures of its data. `curves` are published ones, which
/// stand beside runs that go on online. `judged` are runs whose policies data judged.
let private sweepPage rebuild (curves: PublishedRun list) judged episode pictures (sweep: SweepResults) : Page =
    let planes = ResultGroups.planes sweep
    // The slowest part, beside the others.
    let grids = Task.Run(fun () -> GridSections.ofSweep sweep)

    let facets = [
        for i, plane in List.indexed planes ->
            let many, cells = planes.Length > 1, plane.Cells
            let prefix = if many then $"f{i + 1}-" else ""
            let aside = if many then $": {Shown.values plane.Values}" else ""
            let measure = cells |> List.collect _.Runs |> Measure.ofRuns

            ($"{prefix}found",
             $"What was found{aside}",
             (if i = 0 then OnlineFindings.ofSweep sweep @ EstimateSections.found sweep judged else [])
             @ Findings.ofGroups (Option.ofNullable sweep.Plan.Difference) measure plane.Rows plane.Columns cells
             |> List.map Html.paragraph),
            [ for id, heading, body in Sections.ofPlane prefix measure plane -> id, heading + aside, body ]
    ]

    let table =
        if OnlineFindings.isScored sweep then
            let table = ScoreTable.ofResults sweep
            ScoreSections.scores table :: ScoreSections.notes table
        else
            []

    let scores, others =
        facets |> List.collect snd |> List.partition (fun (id, _, _) -> id.EndsWith "scores")

    page
        rebuild
        sweep
        (List.map fst facets)
        (Sections.shown "" [ "scores", "Before → after", table ]
         @ OnlineSections.ofSweep curves sweep
         @ EstimateSections.ofRuns sweep judged
         @ Sections.shown "" [ "episode", "An episode", episode ]
         @ scores
         @ ExploreSection.ofSweep sweep
         @ TuningSection.ofSweep sweep
         @ grids.GetAwaiter().GetResult()
         @ others
         @ Sections.shown "" [
             "data", "The data", pictures
             "configuration",
             "Configuration",
             [
                 Html.paragraph "If runs differ, all values are shown, separated by bars."
                 Tables.inColumns "Settings" (Tables.settings sweep.Runs)
             ]
         ])

/// The page of a sweep over tasks or algorithms, with its score table and its episodes.
let private tablePage rebuild (curves: PublishedRun list) judged episodes (sweep: SweepResults) table : Page =
    let scores, others = ScoreSections.ofTable episodes sweep table |> List.splitAt 1

    let found =
        OnlineFindings.ofSweep sweep @ ScoreFindings.ofTable table @ ScoreFindings.seedsNeeded sweep table


    page
        rebuild
        sweep
        [ "found", "What was found", List.map Html.paragraph found ]
        (scores
         @ TuningSection.ofSweep sweep
         @ ExploreSection.ofSweep sweep
         @ OnlineSections.ofSweep curves sweep
         @ EstimateSections.ofRuns sweep judged
         @ others)

/// The page of a sweep over numbers as text.
let ofSweep rebuild curves judged episode pictures (sweep: SweepResults) : string =
    sweepPage rebuild curves judged episode pictures sweep |> whole

/// The page of a sweep over tasks or algorithms as text.
let ofTable rebuild curves judged episodes (sweep: SweepResults) (table: ScoreTable) : string =
    tablePage rebuild curves judged episodes sweep table |> whole

let private save (folder: string) (sweep: SweepResults) (files: (string * string) list) : Result<string, string> =
    Results.files sweep @ files
    |> Attempt.each (fun (name, text) ->
        let path = Path.Combine(folder, name)

        Attempt.run (fun () ->
            AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, text)))
            path)
        |> Result.mapError (sprintf "%s: could not be written. %s" path))
    |> Result.map List.last

/// The command that makes a folder's page again, where this process runs.
let private rebuilding (folder: string) : string =
    let path =
        Path.GetRelativePath(Directory.GetCurrentDirectory(), folder) |> Path.TrimEndingDirectorySeparator

    let path = if path.StartsWith ".." then Path.GetFullPath folder else path

    $"iql report {ShellWord.quoted path}"

/// The page of a sweep that was read from a folder, as far as it is. Episodes are played where `plays` says so.
let ofFolder (plays: bool) (folder: string) (sweep: SweepResults) : Result<Page, string> = result {
    let! curves = PublishedCurves.kept folder
    let folderOf (run: Run) = SweepPlan.RunFolder(folder, run.Name).Path
    let! judged = Estimates.ofRuns folderOf sweep.Runs
    let rebuild = rebuilding folder :: Option.toList (Option.ofObj sweep.Plan.Command)

    return!
        if sweep.Runs.IsEmpty then
            match sweep.Damaged with
            | [] -> Error $"{folder}: expected at least one run, got none. Start the sweep first."
            | (_, problem) :: _ -> Error $"all {sweep.Damaged.Length} runs are damaged. The first: {problem}"
        elif ScoreTable.fits sweep.Plan && ScoreTable.isScored sweep then
            let table = ScoreTable.ofResults sweep
            let episodes = if plays then ScoreSections.episodes folder sweep table else []
            Ok(tablePage rebuild curves judged episodes sweep table)
        else
            let episode = if plays then episode folderOf sweep else []
            Ok(sweepPage rebuild curves judged episode (pictures folder sweep.Runs) sweep)
}

/// Reads a sweep's folder and writes report.html into it, with runs.csv and scores.csv, for a score table also table.md
/// and table.tex; the page's path, or what could not be read.
let write (folder: string) : Result<string, string> = result {
    let! sweep = Results.readSweep folder
    let! page = ofFolder true folder sweep

    let tables =
        if ScoreTable.fits sweep.Plan && ScoreTable.isScored sweep || OnlineFindings.isScored sweep then
            let table = ScoreTable.ofResults sweep
            [ "table.md", ScoreTableText.markdown table; "table.tex", ScoreTableText.latex table ]
        else
            []

    return! save folder sweep (tables @ [ "report.html", whole page ])
}

/// Reads a run's folder and writes report.html into it; the page's path, or what could not be read.
let forRun (folder: string) : Result<string, string> = result {
    let! run = Results.readRun folder

    let sweep = {
        Plan = SweepPlan(Name = run.Name, Axes = ImmutableArray.Empty, Runs = ImmutableArray.Empty)
        Runs = [ run ]
        Missing = []
        Damaged = []
    }

    let! judged = Estimates.ofRuns (fun _ -> folder) [ run ]
    let page = ofSweep [ rebuilding folder ] [] judged (episode (fun _ -> folder) sweep) [] sweep

    return! save folder sweep [ "report.html", page ]
}

/// What became of a report that several processes may want to write.
type Writing =
    | Written of page: string
    /// Another process wrote it after the last result.
    | WrittenElsewhere

/// Writes the report of a sweep that is done, so that of several processes that find it done one does; the others wait
/// for it, until `stop`. `anyhow` writes it also when it is newer than every result.
let writeAlone (anyhow: bool) (stop: CancellationToken) (folder: string) : Result<Writing, string> =
    let age (path: string) = File.GetLastWriteTimeUtc path

    let isNewer () =
        let page = Path.Combine(folder, "report.html")

        File.Exists page
        && SweepPlan.Read(folder).Runs
           |> Seq.forall (fun run -> age (SweepPlan.RunFolder(folder, run.Folder).ResultPath) <= age page)

    use claims = new Claims()

    let rec go () =
        use claim = claims.TryTake folder

        if isNull claim then
            Thread.Sleep 100
            stop.ThrowIfCancellationRequested()
            go ()
        elif not anyhow && isNewer () then
            Ok WrittenElsewhere
        else
            write folder |> Result.map Written

    Attempt.reading go
