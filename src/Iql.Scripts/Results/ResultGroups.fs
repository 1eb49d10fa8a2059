namespace Iql.Scripts

open System
open System.Globalization

/// The runs of one combination of values, a cell of a report's tables: they differ only in their seed.
[<StructuredFormatDisplay("{Line}")>]
type ResultGroup = {
    /// The axes and their values here, without the seed.
    Values: (string * string) list
    Runs: Run list
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string = $"ResultGroup {Shown.values own.Values}: {own.Runs.Length} runs"

    override own.ToString() = own.Line

/// Cells that one table shows: rows and columns are two axes that vary here.
type Plane = {
    /// Its value on each other axis that varies in the sweep.
    Values: (string * string) list
    Rows: string option
    Columns: string option
    Cells: ResultGroup list
}

/// Grouping runs, and numbers of groups.
[<RequireQualifiedAccess>]
module ResultGroups =

    /// The number that a value is, if it is one.
    let number (value: string) : float option =
        match Double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture) with
        | true, number -> Some number
        | _ -> None

    /// The values of one axis over groups: numbers by size, everything else in the order met.
    let values (name: string) (groups: ResultGroup list) : string list =
        let distinct =
            [
                for group in groups do
                    for key, value in group.Values do
                        if key = name then
                            value
            ]
            |> List.distinct

        if distinct |> List.forall (number >> Option.isSome) then
            List.sortBy number distinct
        else
            distinct

    /// The groups with this value on an axis.
    let where (name: string) (value: string) (groups: ResultGroup list) : ResultGroup list =
        groups |> List.filter (fun group -> List.contains (name, value) group.Values)

    /// A group's value on an axis that it has.
    let at (name: string) (group: ResultGroup) : string = group.Values |> List.find (fst >> (=) name) |> snd

    /// A group's values but the one on an axis.
    let without (name: string) (group: ResultGroup) : (string * string) list =
        group.Values |> List.filter (fun (key, _) -> key <> name)

    /// The groups that differ from this one along an axis alone, and the one itself.
    let along (name: string) (group: ResultGroup) (groups: ResultGroup list) : ResultGroup list =
        groups |> List.filter (fun other -> without name other = without name group)

    /// Runs grouped by the named axes, in the order of the runs; an axis that does not fit a run has no value there.
    let ofRuns (names: string list) (runs: Run list) : ResultGroup list =
        runs
        |> List.groupBy (fun run -> [
            for name in names do
                if run.Labels.ContainsKey name then
                    name, Run.valueOf name run
        ])
        |> List.map (fun (values, runs) -> { Values = values; Runs = runs |> List.sortBy _.Config.Seed })

    /// The axes that vary over a sweep's runs, without the seed.
    let varying (sweep: SweepResults) : string list = [
        for axis in sweep.Plan.Axes do
            let values = sweep.Runs |> List.map (Run.valueOf axis.Name) |> List.distinct

            if axis.Name <> "seed" && values.Length > 1 then
                axis.Name
    ]

    /// The axes of a plane: expectile and inverse temperature where they vary; otherwise the first two that do.
    let private layout (varying: string list) : string option * string option =
        let preferred =
            [ "expectile"; "inverseTemperature" ] |> List.filter (fun name -> List.contains name varying)

        match List.distinct (preferred @ List.except [ "task" ] varying) with
        | [] -> None, None
        | [ "expectile" ] -> Some "expectile", None
        | [ only ] -> None, Some only
        | first :: second :: _ -> Some first, Some second

    /// A sweep as planes. Algorithms with other axes than others have planes of their own.
    let planes (sweep: SweepResults) : Plane list = [
        let varying = varying sweep
        let shared name = sweep.Runs |> List.forall _.Labels.ContainsKey(name)

        for part in ofRuns (if List.forall shared varying then [] else [ "algorithm" ]) sweep.Runs do
            let own =
                varying
                |> List.except (List.map fst part.Values)
                |> List.filter (fun name -> (part.Runs |> List.distinctBy (Run.valueOf name)).Length > 1)

            let rows, columns = layout own
            let shown = List.choose id [ rows; columns ]

            for facet in ofRuns (List.except shown own) part.Runs ->
                {
                    Values = part.Values @ facet.Values
                    Rows = rows
                    Columns = columns
                    Cells = ofRuns shown facet.Runs
                }
    ]

    /// Whether a logged metric ends differently at different values of an axis, seed by seed.
    let moves (metric: string) (name: string) (groups: ResultGroup list) : bool =
        [
            for value in values name groups ->
                [
                    for group in where name value groups do
                        for run in group.Runs -> run.Config.Seed, Run.lastMetric metric run
                ]
                |> List.distinct
                |> List.sort
        ]
        |> List.distinct
        |> List.length
        |> (<) 1

    /// The final numbers of a group's finished runs.
    let finals (measure: Measure) (group: ResultGroup) : float list = group.Runs |> List.choose (Run.final measure)

    /// The final numbers of a group's finished runs, summed up; None where no run finished.
    let summary (measure: Measure) (group: ResultGroup) : RunSummary option =
        finals measure group |> RunSummary.ofNumbers

    let private mean (counts: Run -> bool) (pick: Run -> float option) (group: ResultGroup) : float option =
        match group.Runs |> List.filter counts |> List.choose pick with
        | [] -> None
        | values -> Some(List.average values)

    /// Mean of a number over a group's finished runs; None where none has it.
    let meanOf: (Run -> float option) -> ResultGroup -> float option = mean Run.finished

    /// Mean of a number over a group's runs that did not diverge; None where none has it.
    let meanOfKept: (Run -> float option) -> ResultGroup -> float option = mean (Run.diverged >> not)

    /// The group with the highest mean, with its summary; None where no run finished. Of equal ones it is the one with
    /// the best last ten evaluations.
    let best (measure: Measure) (groups: ResultGroup list) : (ResultGroup * RunSummary) option =
        match
            groups
            |> List.choose (fun group -> summary measure group |> Option.map (fun summary -> group, summary))
        with
        | [] -> None
        | groups ->
            groups
            |> List.maxBy (fun (group, summary) -> summary.Mean, meanOf (Run.lastTen measure) group)
            |> Some

    /// The groups whose mean, as it is shown, is the best one's: more than one where groups tie.
    let leaders (measure: Measure) (groups: ResultGroup list) : ResultGroup list =
        let shown group = summary measure group |> Option.map (fun summary -> Shown.measured measure summary.Mean)

        match best measure groups with
        | Some(best, _) -> groups |> List.filter (fun group -> shown group = shown best)
        | None -> []

    /// Successes and episodes of the last evaluation of each of a group's finished runs.
    let successes (group: ResultGroup) : (int * int) list = [
        for run in List.filter Run.finished group.Runs do
            for line in Option.toList (Seq.tryLast run.Evaluations) -> Seq.sum line.Successes, line.Successes.Length
    ]
