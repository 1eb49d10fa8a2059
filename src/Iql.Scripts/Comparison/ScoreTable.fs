namespace Iql.Scripts

open Iql
open Iql.Scripts.Statistics

/// A contender's runs on a task.
type ScoreCell = {
    /// A number a finished run, by seed.
    Scores: float list
    /// Runs that diverged, and runs that have no result yet.
    Diverged: int
    Waiting: int
    /// None where no run finished.
    Summary: RunSummary option
    /// Whether it has the row's highest mean, or cannot be told from it: the 95 % interval of the difference holds zero.
    Leads: bool
}

/// A task.
type ScoreRow = {
    Task: string
    /// Why published figures of this task are of other data than ours, in words; None where they are of the same, or there are none.
    ForeignData: string option
    /// One a contender.
    Cells: ScoreCell list
}

/// A number over all tasks.
type ScoreAggregate = {
    Name: string
    /// The same over our runs, with the stratified bootstrap's 95 % interval; None for a contender that lacks a task.
    Estimates: Estimate option list
    /// The same over each published table's figures, one a contender; None where a task is lacking, or where it takes single runs.
    Published: float option list list
    /// The contenders with the best value, or not told from it.
    Leads: bool list
    /// Whether less is better.
    Less: bool
}

/// A number of the table as it is printed.
type ScoreEntry = {
    Value: float
    /// Ours: the 95 % interval over runs; None for a single one.
    Interval: Interval option
    /// Somebody else's: the spread that stands beside it, if any.
    Spread: float option
    /// Whether it is bold.
    Leads: bool
    /// Whether runs are left out of it.
    Partial: bool
}

/// A line of the table as it is printed: ours, or below it what a published table has.
type ScoreLine = {
    /// A task, or an aggregate.
    Heading: string
    /// None: ours; else the published table's title.
    Source: string option
    /// Whether published figures of this task, or of some task in this aggregate, are of other data than ours.
    ForeignData: bool
    /// One a contender; None is a dash.
    Entries: ScoreEntry option list
}

/// How likely a run of one contender beats a run of another on the same task, averaged over tasks.
type Improvement = {
    Better: string
    Worse: string
    Probability: Estimate
}

/// The table that a comparison is made for: tasks by contenders, with published figures beside them.
type ScoreTable = {
    Measure: Measure
    /// A run's number is the mean of so many of its last evaluations.
    Last: int
    Seeds: int
    Contenders: string list
    Rows: ScoreRow list
    /// Empty for a single task, or where returns take the place of scores.
    Aggregates: ScoreAggregate list
    Published: PublishedTable list
}

/// Tables out of results.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module ScoreTable =

    let private label (run: Run) = Cells.valueOf "algorithm" run

    /// The runs of a contender on a task, by seed.
    let runsOf (contender: string) (sweep: SweepResults) : Run list =
        sweep.Runs
        |> List.filter (fun run -> label run = Json.Text contender)
        |> List.sortBy (fun run -> run.Settings.Seed)

    let private estimate (purpose: string) statistic (scores: float[][]) : Estimate =
        bootstrapTasks (Seed.Named("comparison").Split purpose) Cells.replicates Cells.confidence statistic scores

    /// statistic(a) − statistic(b) over tasks, with its interval.
    let private difference (purpose: string) statistic (a: float[][]) (b: float[][]) : Estimate =
        bootstrapTwoTasks
            (Seed.Named("comparison difference").Split purpose)
            Cells.replicates
            Cells.confidence
            (fun a b -> statistic a - statistic b)
            a
            b

    /// Which of several lead in a statistic of their tasks' scores; a contender without scores does not.
    let private leaders (less: bool) (purpose: string) statistic (scores: float[][] option list) : bool list =
        let value = statistic >> (fun value -> if less then -value else value)

        match List.choose id scores with
        | [] -> [ for _ in scores -> false ]
        | present ->
            let best = present |> List.maxBy value

            [
                for each in scores ->
                    match each with
                    | None -> false
                    | Some each ->
                        value each = value best
                        || (Array.forall (fun runs -> Array.length runs > 1) (Array.append each best)
                            && (difference purpose value best each).Interval.Low <= 0.0)
            ]

    let private row
        (measure: Measure)
        (plan: ComparisonPlan)
        (published: PublishedTable list)
        (origins: Map<string, DataOrigin>)
        (task, sweep)
        : ScoreRow =
        let cells = [
            for contender in plan.Contenders ->
                let runs = runsOf contender sweep
                let finished = runs |> List.filter (fun run -> run.Outcome = Finished)
                let scores = finished |> List.choose (Cells.lastOf plan.Last measure)
                let diverged = runs |> List.filter Cells.failed |> List.length

                {
                    Scores = scores
                    Diverged = diverged
                    Waiting = plan.Seeds.Length - finished.Length - diverged
                    Summary = Cells.summarise $"{task} {contender}" scores
                    Leads = false
                }
        ]

        let leads =
            leaders false $"lead {task}" (fun (scores: float[][]) -> mean scores[0]) [
                for cell in cells ->
                    if cell.Scores.IsEmpty then
                        None
                    else
                        Some [| Array.ofList cell.Scores |]
            ]

        let known =
            published
            |> List.exists (fun table -> List.exists (fun (name, _) -> name = task) table.Rows)

        {
            Task = task
            ForeignData =
                match sweep.Runs with
                | run :: _ when known ->
                    let dataset = Json.field "dataset" run.Settings.Whole

                    Published.foreignData
                        task
                        (Json.text "source" dataset |> Option.defaultValue "generated")
                        (Json.number "transitions" dataset |> Option.defaultValue 0.0 |> int64)
                        (Map.tryFind task origins)
                | _ -> None
            Cells = [ for cell, leads in List.zip cells leads -> { cell with Leads = leads } ]
        }

    /// The scores of a contender, task by task; None unless every task has some.
    let scoresOf (contender: string) (table: ScoreTable) : float[][] option =
        let place = List.findIndex ((=) contender) table.Contenders
        let scores = [| for row in table.Rows -> Array.ofList (List.item place row.Cells).Scores |]

        if Array.exists Array.isEmpty scores then
            None
        else
            Some scores

    /// What is said of all tasks together; published columns are added up and averaged only where they have every task.
    let private aggregates (table: ScoreTable) : ScoreAggregate list =
        let scores = [ for contender in table.Contenders -> scoresOf contender table ]

        let published (statistic: (float list -> float) option) = [
            for source in table.Published ->
                [
                    for contender in table.Contenders ->
                        let values = [ for row in table.Rows -> PublishedTable.find row.Task contender source ]

                        match statistic with
                        | Some statistic when List.forall Option.isSome values ->
                            Some(statistic [ for value in values -> value.Value.Value ])
                        | _ -> None
                ]
        ]

        let one name less statistic others = {
            Name = name
            Estimates = [
                for contender, scores in List.zip table.Contenders scores ->
                    scores |> Option.map (estimate $"{name} {contender}" statistic)
            ]
            Published = published others
            Leads = leaders less name statistic scores
            Less = less
        }

        [
            one "sum" false sumOfTasks (Some List.sum)
            one "mean" false meanOfTasks (Some List.average)
            one "median" false medianOfTasks (Some(Array.ofList >> median))
            one "IQM" false iqmOfTasks None
            one "optimality gap" true (optimalityGapOfTasks 100.0) None
        ]

    /// The table of a comparison's results.
    let ofResults (results: ComparisonResults) : ScoreTable =
        let plan = results.Plan

        let runs = [
            for _, sweep in results.Tasks do
                yield! sweep.Runs
        ]

        let measure = Cells.measure runs |> Option.defaultValue Score

        // Figures of others are scores, and stand beside scores only.
        let published =
            match measure with
            | Score -> Published.beside (List.map fst results.Tasks) plan.Contenders
            | Return -> []

        let table = {
            Measure = measure
            Last = plan.Last
            Seeds = plan.Seeds.Length
            Contenders = plan.Contenders
            Rows = results.Tasks |> List.map (row measure plan published results.Origins)
            Aggregates = []
            Published = published
        }

        if table.Rows.Length > 1 && measure = Score then
            {
                table with
                    Aggregates = aggregates table
            }
        else
            table

    /// An aggregate of the table by its name, if there is one.
    let aggregate (name: string) (table: ScoreTable) : ScoreAggregate option =
        table.Aggregates |> List.tryFind (fun aggregate -> aggregate.Name = name)

    let private plain (value: float) : ScoreEntry = {
        Value = value
        Interval = None
        Spread = None
        Leads = false
        Partial = false
    }

    let private theirs heading (source: PublishedTable) (foreign: bool) (entries: ScoreEntry option list) : ScoreLine = {
        Heading = heading
        Source =
            Some(
                if foreign then
                    $"{source.Title}, of D4RL's data"
                else
                    source.Title
            )
        ForeignData = foreign
        Entries = entries
    }

    /// The lines of the tasks, each with the published figures of the very same dataset below it.
    let rows (table: ScoreTable) : ScoreLine list = [
        for row in table.Rows do
            yield {
                Heading = row.Task
                Source = None
                ForeignData = row.ForeignData.IsSome
                Entries = [
                    for cell in row.Cells ->
                        cell.Summary
                        |> Option.map (fun summary -> {
                            plain summary.Mean with
                                Interval = summary.Interval
                                Leads = cell.Leads
                                Partial = cell.Diverged + cell.Waiting > 0
                        })
                ]
            }

            for source in table.Published do
                if source.Rows |> List.exists (fun (dataset, _) -> dataset = row.Task) then
                    yield
                        theirs row.Task source row.ForeignData.IsSome [
                            for contender in table.Contenders ->
                                PublishedTable.find row.Task contender source
                                |> Option.map (fun score -> {
                                    plain score.Value with
                                        Spread = score.Spread
                                })
                        ]
    ]

    /// The lines of the aggregates, each with that of published figures below it, where they have every task.
    let totals (table: ScoreTable) : ScoreLine list = [
        let foreign = table.Rows |> List.exists _.ForeignData.IsSome

        for aggregate in table.Aggregates do
            yield {
                Heading = aggregate.Name
                Source = None
                ForeignData = false
                Entries = [
                    for value, leads in List.zip aggregate.Estimates aggregate.Leads ->
                        value
                        |> Option.map (fun value -> {
                            plain value.Value with
                                Interval = (if table.Seeds > 1 then Some value.Interval else None)
                                Leads = leads
                        })
                ]
            }

            for source, values in List.zip table.Published aggregate.Published do
                if List.exists Option.isSome values then
                    yield theirs aggregate.Name source foreign (values |> List.map (Option.map plain))
    ]

    /// The probability of improvement of every pair of contenders that have all tasks, the one more likely to win first. Pairs of
    /// which one has a single run somewhere are left out.
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
                    let better, worse, first, second =
                        if probabilityOfImprovement x y >= 0.5 then
                            a, b, x, y
                        else
                            b, a, y, x

                    {
                        Better = better
                        Worse = worse
                        Probability =
                            bootstrapTwoTasks
                                (Seed.Named("improvement").Split(better).Split worse)
                                Cells.replicates
                                Cells.confidence
                                probabilityOfImprovement
                                first
                                second
                    }
        ]
