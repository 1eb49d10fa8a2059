namespace Iql.Scripts

open System
open System.Collections.Generic
open Iql
open Iql.Training
open Iql.Scripts.Statistics

/// A number of a score table.
type ScoreEntry = {
    Value: float
    /// Ours: the 95 % interval over runs; None for a single one.
    Interval: Interval option
    /// Somebody else's: the spread that stands beside it, if any.
    Spread: float option
    /// Whether it is the best of its line, or cannot be told from it: the 95 % interval of the difference holds zero.
    Leads: bool
    /// Whether runs are left out of it.
    Partial: bool
    /// Of a task's line of ours: a number a finished run, by seed.
    Scores: float list
    /// Where runs went on online: the number before that.
    Before: ScoreEntry option
}

/// A line of a score table.
type ScoreLine = {
    /// A task, or what is said of all tasks together: "mean".
    Heading: string
    /// Where the numbers were published; None for ours.
    Source: PublishedTable option
    /// Why published figures here are of other data than ours, in words; None where they are of the same, or there are
    /// none.
    ForeignData: string option
    /// One a contender; None is a dash.
    Entries: ScoreEntry option list
    /// Runs that diverged, and runs that have no result yet, one a contender.
    Diverged: int list
    Waiting: int list
}

/// How likely a run of one contender beats a run of another on the same task, averaged over tasks.
type Improvement = { Better: string; Worse: string; Probability: Estimate }

/// The table that papers print: tasks by contenders, with published figures below ours. A contender is what is trained
/// under one name: an algorithm, or whatever other axes than the task and the seed say.
[<StructuredFormatDisplay("{Line}")>]
type ScoreTable = {
    Measure: Measure
    /// AfterOnline where runs go on online: entries then have a number before.
    Phase: PublishedPhase
    /// A run's number is the mean of so many of its last evaluations.
    Last: int
    Seeds: int
    Contenders: string list
    /// A line a task, and below it those of published tables that have the very same dataset.
    Rows: ScoreLine list
    /// The same over all tasks; empty for a single task, or where returns take the place of scores.
    Totals: ScoreLine list
    Published: PublishedTable list
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string = $"ScoreTable: {own.Rows.Length} rows, {own.Contenders.Length} contenders"

    override own.ToString() = own.Line

/// Tables out of results.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module ScoreTable =

    /// Whether a sweep is one that a score table is made of: over tasks, or over algorithms.
    let fits (plan: SweepPlan) : bool =
        plan.Axes |> Seq.exists (fun axis -> axis.Name = "task" || axis.Name = "algorithm")

    /// Whether policies were or will be evaluated: a table of scores needs an environment.
    let isScored (sweep: SweepResults) : bool = sweep.Runs |> List.exists (fun run -> run.Config.EvaluationEpisodes > 0)

    /// What a run is a contender as; where no axis says, the algorithm of the first run.
    let private contender (sweep: SweepResults) (labels: OrderedDictionary<string, string>) : string =
        match
            [
                for label in labels do
                    if label.Key <> "task" && label.Key <> "seed" then
                        label.Key, label.Value
            ]
        with
        | [ "algorithm", name ] -> name
        | [] when not sweep.Runs.IsEmpty -> Run.algorithm sweep.Runs.Head
        | others -> Shown.values others

    /// A run's task; where no axis names it, the task of the first run.
    let private task (sweep: SweepResults) (labels: OrderedDictionary<string, string>) : string =
        match labels.GetValueOrDefault "task", sweep.Runs with
        | null, run :: _ -> Run.task run
        | null, [] -> sweep.Plan.Name
        | task, _ -> task

    /// The runs of a contender on a task, by seed.
    let runsOf (wanted: string) (name: string) (sweep: SweepResults) : Run list =
        sweep.Runs
        |> List.filter (fun run -> task sweep run.Labels = wanted && contender sweep run.Labels = name)
        |> List.sortBy _.Config.Seed

    /// The lines of our own runs.
    let ours (lines: ScoreLine list) : ScoreLine list = lines |> List.filter _.Source.IsNone

    /// The names of the tasks.
    let tasks (table: ScoreTable) : string list = ours table.Rows |> List.map _.Heading

    /// The line of all tasks together of this name, if there is one.
    let total (name: string) (table: ScoreTable) : ScoreLine option =
        ours table.Totals |> List.tryFind (fun line -> line.Heading = name)

    /// The scores of a contender, task by task; None unless every task has some.
    let scoresOf (contender: string) (table: ScoreTable) : float[][] option =
        let place = List.findIndex ((=) contender) table.Contenders

        let scores = [|
            for line in ours table.Rows ->
                [|
                    for entry in Option.toList line.Entries[place] do
                        yield! entry.Scores
                |]
        |]

        if Array.exists Array.isEmpty scores then None else Some scores

    /// Which of several lead in a number of all their tasks; a contender without scores does not.
    let private leaders (total: TaskTotal) (scores: float[][] option list) : bool list =
        let leads best each =
            let several = Array.append each best |> Array.forall (fun (runs: float[]) -> runs.Length > 1)

            total.Value each = total.Value best || (several && (total.Ahead best each).Interval.Low <= 0.0)

        match List.choose id scores with
        | [] -> List.map (fun _ -> false) scores
        | present ->
            let best = present |> (if total.HigherIsBetter then List.maxBy total.Value else List.minBy total.Value)

            scores |> List.map (Option.exists (leads best))

    let private row number (sweep: SweepResults) contenders (published: PublishedTable list) name : ScoreLine =
        let plan = sweep.Plan

        let cells = [
            for contender' in contenders ->
                let runs = runsOf name contender' sweep
                let finished = List.filter Run.finished runs
                let diverged = runs |> List.filter Run.diverged |> List.length

                let planned =
                    plan.Runs
                    |> Seq.filter (fun run -> task sweep run.Labels = name && contender sweep run.Labels = contender')
                    |> Seq.length

                finished |> List.choose number, diverged, planned - finished.Length - diverged
        ]

        let leads =
            leaders TaskTotal.mean [
                for scores, _, _ in cells -> if scores.IsEmpty then None else Some [| Array.ofList scores |]
            ]

        let known =
            published |> List.exists (fun table -> List.exists (fun (dataset, _) -> dataset = name) table.Rows)

        {
            Heading = name
            Source = None
            ForeignData =
                match sweep.Runs |> List.tryFind (fun run -> task sweep run.Labels = name) with
                | Some run when known ->
                    let data = run.Config.Dataset
                    Published.foreignData name data.Source data.Transitions (Option.ofObj data.Origin)
                | _ -> None
            Entries = [
                for (scores, diverged, waiting), leads in List.zip cells leads ->
                    RunSummary.ofNumbers scores
                    |> Option.map (fun summary -> {
                        Value = summary.Mean
                        Interval = summary.Interval
                        Spread = None
                        Leads = leads
                        Partial = diverged + waiting > 0
                        Scores = scores
                        Before = None
                    })
            ]
            Diverged = [ for _, diverged, _ in cells -> diverged ]
            Waiting = [ for _, _, waiting in cells -> waiting ]
        }

    let private plain (value: float) : ScoreEntry = {
        Value = value
        Interval = None
        Spread = None
        Leads = false
        Partial = false
        Scores = []
        Before = None
    }

    /// A line as a published table has it.
    let private theirs (line: ScoreLine) (source: PublishedTable) entries : ScoreLine = {
        line with
            Source = Some source
            Entries = entries
            Diverged = []
            Waiting = []
    }

    /// A line, and below it those of others: of the very same dataset, or where runs go on online, of another version.
    let private withPublished (table: ScoreTable) (line: ScoreLine) : ScoreLine list =
        let versions (source: PublishedTable) = [
            line.Heading, ""
            if table.Phase <> PublishedPhase.Offline then
                for other, name in Published.otherVersions table.Phase line.Heading table.Contenders do
                    if other.Name = source.Name then
                        name, $", {name}"
        ]

        line
        :: [
            for source in table.Published do
                for name, version in versions source do
                    if source.Rows |> List.exists (fun (dataset, _) -> dataset = name) then
                        theirs line { source with Title = source.Title + version } [
                            for contender in table.Contenders ->
                                PublishedTable.find name contender source
                                |> Option.map (fun score -> { plain score.Value with Spread = score.Spread })
                        ]
        ]

    /// What is said of all tasks together; published columns are added up and averaged only where they have every task.
    let private totals (table: ScoreTable) : ScoreLine list =
        let scores = [ for contender in table.Contenders -> scoresOf contender table ]
        let foreign = ours table.Rows |> List.tryPick _.ForeignData

        let one (total: TaskTotal) = [
            let leads = leaders total scores

            let own = {
                Heading = total.Name
                Source = None
                ForeignData = None
                Entries = [
                    for contender, each, leads in List.zip3 table.Contenders scores leads ->
                        each
                        |> Option.map (total.Estimate contender)
                        |> Option.map (fun estimate -> {
                            plain estimate.Value with
                                Interval = (if table.Seeds > 1 then Some estimate.Interval else None)
                                Leads = leads
                        })
                ]
                Diverged = []
                Waiting = []
            }

            own

            for ofPublished, source in List.allPairs (Option.toList total.OfPublished) table.Published do
                let entries = [
                    for contender in table.Contenders ->
                        let found = [ for task in tasks table -> PublishedTable.find task contender source ]

                        match List.choose id found with
                        | scores when scores.Length = found.Length ->
                            Some(plain (ofPublished [ for score in scores -> score.Value ]))
                        | _ -> None
                ]

                if List.exists Option.isSome entries then
                    theirs { own with ForeignData = foreign } source entries
        ]

        List.collect one TaskTotal.all

    /// The table of a number of each run; figures of others are those of the same phase.
    let private ofNumbers measure phase (number: Run -> float option) (sweep: SweepResults) : ScoreTable =
        let plan = sweep.Plan

        let distinct pick = plan.Runs |> Seq.map (fun run -> pick run.Labels) |> Seq.distinct |> List.ofSeq

        let tasks, contenders = distinct (task sweep), distinct (contender sweep)

        // Figures of others are scores, and stand beside scores only.
        let published =
            let others = [
                if phase <> PublishedPhase.Offline then
                    for task in tasks do
                        yield! Published.otherVersions phase task contenders |> List.map snd
            ]

            match measure with
            | Score -> Published.beside phase (tasks @ others) contenders
            | Return -> []

        let table = {
            Measure = measure
            Phase = phase
            Last = plan.Last
            Seeds =
                plan.Axes
                |> Seq.tryFind (fun axis -> axis.Name = "seed")
                |> Option.map _.Values.Length
                |> Option.defaultValue 1
            Contenders = contenders
            Rows = []
            Totals = []
            Published = published
        }

        let table = {
            table with
                Rows = tasks |> List.map (row number sweep contenders published) |> List.collect (withPublished table)
        }

        if tasks.Length > 1 && measure = Score then
            { table with Totals = totals table }
        else
            table

    /// The numbers of a table with those of another, of the same shape, before them.
    let private after (before: ScoreTable) (table: ScoreTable) : ScoreTable =
        let entries before (line: ScoreLine) = {
            line with
                Entries =
                    List.map2
                        (fun before -> Option.map (fun entry -> { entry with ScoreEntry.Before = before }))
                        before.Entries
                        line.Entries
        }

        {
            table with
                Rows = List.map2 entries before.Rows table.Rows
                Totals = List.map2 entries before.Totals table.Totals
        }

    /// The table of a sweep's results.
    let ofResults (sweep: SweepResults) : ScoreTable =
        let measure = Measure.ofRuns sweep.Runs |> Option.defaultValue Score
        let last = Run.lastOf sweep.Plan.Last measure
        let before run = OnlineNumbers.ofRun measure run |> Option.map _.Before |> Option.filter Double.IsFinite

        if List.exists (Run.online >> Option.isSome) sweep.Runs then
            ofNumbers measure PublishedPhase.AfterOnline last sweep
            |> after (ofNumbers measure PublishedPhase.BeforeOnline before sweep)
        else
            ofNumbers measure PublishedPhase.Offline last sweep

    /// The probability of improvement of every pair of contenders that have all tasks, the one more likely to win
    /// first. Pairs of which one has a single run somewhere are left out.
    let improvements (table: ScoreTable) : Improvement list =
        let scored = [
            for contender in table.Contenders do
                match scoresOf contender table with
                | Some scores when scores |> Array.forall (fun runs -> runs.Length > 1) -> contender, scores
                | _ -> ()
        ]

        [
            for i, (a, x) in List.indexed scored do
                for b, y in List.skip (i + 1) scored do
                    let wins = probabilityOfImprovement x y >= 0.5
                    let better, worse, first, second = if wins then a, b, x, y else b, a, y, x

                    let how = RunSummary.bootstrapped (Seed.Named("improvement").Split(better).Split worse)

                    {
                        Better = better
                        Worse = worse
                        Probability = bootstrapTwoTasks how probabilityOfImprovement first second
                    }
        ]
