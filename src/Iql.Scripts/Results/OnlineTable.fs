namespace Iql.Scripts

/// A row of the table of the online phase: runs that differ in their seed, or published runs.
type OnlineRow = {
    Heading: string
    /// Their task.
    Task: string
    /// One for each run that has them.
    Numbers: OnlineNumbers list
    IsPublished: bool
}

/// The table of the online phase: what runs are judged by, means over seeds.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module OnlineTable =

    /// The groups of a sweep whose runs go on online.
    let groups (sweep: SweepResults) : ResultGroup list =
        let axes = [ for axis in sweep.Plan.Axes -> axis.Name ] |> List.except [ "seed" ]

        sweep.Runs |> List.filter (Run.online >> Option.isSome) |> ResultGroups.ofRuns axes

    /// A group in words: "pointmaze-umaze-v0, IQL"; without axes its algorithm.
    let title (group: ResultGroup) : string =
        match group.Values with
        | [] -> Published.title (Run.algorithm group.Runs.Head)
        | values ->
            [
                for name, value in values ->
                    match name with
                    | "task" -> value
                    | "algorithm" -> Published.title value
                    | name -> Shown.values [ name, value ]
            ]
            |> String.concat ", "

    /// The published runs of a group's task and algorithm.
    let published (curves: PublishedRun list) (group: ResultGroup) : PublishedRun list =
        let run = group.Runs.Head
        PublishedRun.ofTask (Run.task run) (Run.algorithm run) curves

    /// A row a group, and below it one of published runs, where there are any.
    let rows (measure: Measure) (curves: PublishedRun list) (sweep: SweepResults) : OnlineRow list = [
        for group in groups sweep do
            {
                Heading = title group
                Task = Run.task group.Runs.Head
                Numbers = group.Runs |> List.choose (OnlineNumbers.ofRun measure)
                IsPublished = false
            }

            match published curves group with
            | theirs when not theirs.IsEmpty && measure = Score -> {
                Heading = title group + ", CORL"
                Task = Run.task group.Runs.Head
                Numbers = theirs |> List.choose OnlineNumbers.ofPublished
                IsPublished = true
              }
            | _ -> ()
    ]

    /// Lines for a terminal, and what the columns mean.
    let lines (curves: PublishedRun list) (sweep: SweepResults) : string list =
        let measure = Measure.ofRuns sweep.Runs |> Option.defaultValue Score
        let columns = OnlineColumn.all measure

        [
            yield!
                TextTable.lines [
                    "" :: [ for column in columns -> column.Head ]
                    for row in rows measure curves sweep do
                        Plural.given row.IsPublished "  " + row.Heading
                        :: [
                            for column in columns ->
                                OnlineColumn.summary column row.Numbers
                                |> Option.map (_.Mean >> OnlineColumn.shown measure column)
                                |> Option.defaultValue "–"
                        ]
                ]
            ""
            for column in columns do
                $"{column.Head}: {column.Meaning}"
        ]
