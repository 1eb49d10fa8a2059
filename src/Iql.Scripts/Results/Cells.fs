namespace Iql.Scripts

open System
open System.Collections.Generic
open System.Globalization
open Iql
open Iql.Training
open Iql.Scripts.Statistics

/// The runs of one combination of values: they differ only in their seed.
type Cell = {
    /// The axes and their values here, without the seed.
    Values: (string * string) list
    Runs: Run list
}

/// What the finished runs of a cell say about one number.
type RunSummary = {
    /// R, the finished runs it is about; at least 1.
    Count: int
    Mean: float
    /// The 95 % bootstrap interval of the mean over runs; None for a single run, which says nothing about spread.
    Interval: Interval option
    /// Interquartile mean over runs.
    Iqm: float
}

/// How a sweep is laid out: rows and columns are the two axes shown as a plane, a facet is one combination of all the
/// others.
type Plane = {
    Rows: string option
    Columns: string option
    Facets: ((string * string) list * Cell list) list
}

/// Grouping runs into cells, and numbers of cells.
[<RequireQualifiedAccess>]
module Cells =

    /// Replicates of every bootstrap in charts and reports.
    let replicates = 2000

    /// Confidence of every interval in charts and reports.
    let confidence = 0.95

    /// The paper's letter for a hyperparameter, where it has one.
    let symbol (name: string) : string =
        match name with
        | "expectile" -> "τ"
        | "inverseTemperature" -> "β"
        | "discount" -> "γ"
        | "polyakStep" -> "α"
        | _ -> name

    /// The hyperparameter as an axis title: "expectile τ".
    let axisTitle (name: string) : string =
        match name with
        | "inverseTemperature" -> "inverse temperature β"
        | name when symbol name <> name -> $"{name} {symbol name}"
        | name -> name

    /// "τ = 0.7, β = 3".
    let describe (values: (string * string) list) : string =
        values
        |> List.map (fun (name, value) -> $"{symbol name} = {value}")
        |> String.concat ", "

    /// The value a run has on an axis; nothing where the sweep has no such axis.
    let valueOf (axis: string) (run: Run) : string = run.Labels.GetValueOrDefault(axis, "")

    /// The number that a value is, if it is one.
    let number (value: string) : float option =
        match Double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture) with
        | true, number -> Some number
        | _ -> None

    /// Numbers by size, everything else in the order met.
    let private sorted (values: string list) : string list =
        let distinct = List.distinct values

        if distinct |> List.forall (number >> Option.isSome) then
            List.sortBy number distinct
        else
            distinct

    /// The values of one axis over cells, in order.
    let values (name: string) (cells: Cell list) : string list =
        cells
        |> List.choose (fun cell -> cell.Values |> List.tryFind (fun (key, _) -> key = name) |> Option.map snd)
        |> sorted

    /// The cells with this value on an axis.
    let where (name: string) (value: string) (cells: Cell list) : Cell list =
        cells |> List.filter (fun cell -> List.contains (name, value) cell.Values)

    /// Runs grouped by the named axes, in the order of the runs.
    let ofRuns (names: string list) (runs: Run list) : Cell list =
        runs
        |> List.groupBy (fun run -> [ for name in names -> name, valueOf name run ])
        |> List.map (fun (values, runs) -> {
            Values = values
            Runs = runs |> List.sortBy (fun run -> run.Config.Seed)
        })

    /// The plane of a sweep. Expectile and inverse temperature are rows and columns where they vary; otherwise the
    /// first two axes that do.
    let plane (sweep: SweepResults) : Plane =
        let varying = [
            for axis in sweep.Plan.Axes do
                if
                    axis.Name <> "seed"
                    && sweep.Runs |> List.map (valueOf axis.Name) |> List.distinct |> List.length > 1
                then
                    axis.Name
        ]

        let preferred =
            [ "expectile"; "inverseTemperature" ]
            |> List.filter (fun name -> List.contains name varying)

        let others =
            varying
            |> List.filter (fun name -> not (List.contains name preferred) && name <> "task")

        let rows, columns =
            match preferred @ others with
            | [] -> None, None
            | [ "expectile" ] -> Some "expectile", None
            | [ only ] -> None, Some only
            | first :: second :: _ -> Some first, Some second

        let shown = List.choose id [ rows; columns ]
        let rest = varying |> List.filter (fun name -> not (List.contains name shown))

        {
            Rows = rows
            Columns = columns
            Facets =
                ofRuns rest sweep.Runs
                |> List.map (fun facet -> facet.Values, ofRuns shown facet.Runs)
        }

    /// Scores where every evaluated run has them, else returns; None where nothing was evaluated.
    let measure (runs: Run list) : Measure option =
        match runs |> List.collect (fun run -> List.ofSeq run.Evaluations) with
        | [] -> None
        | evaluations when evaluations |> List.forall _.ScoreMean.HasValue -> Some Score
        | _ -> Some Return

    /// The measured number of an evaluation.
    let measured (measure: Measure) (evaluation: EvaluationLine) : float =
        if measure = Score && evaluation.ScoreMean.HasValue then
            evaluation.ScoreMean.Value
        else
            evaluation.ReturnMean

    /// The measure in words.
    let measureTitle (measure: Measure) : string =
        match measure with
        | Score -> "normalised score"
        | Return -> "return"

    /// The run's numbers, evaluation by evaluation.
    let curve (measure: Measure) (run: Run) : (float * float) list = [
        for evaluation in run.Evaluations -> float evaluation.Step, measured measure evaluation
    ]

    /// Did the run make all its steps?
    let finished (run: Run) : bool = run.Status = RunStatus.Finished

    /// Did the run come to nothing?
    let failed (run: Run) : bool = run.Status = RunStatus.Diverged

    /// The last evaluation of a run that finished; None for others, whose last evaluation is not their end.
    let final (measure: Measure) (run: Run) : float option =
        if finished run then
            run |> curve measure |> List.tryLast |> Option.map snd
        else
            None

    /// Numbers of runs summed up, with an interval that depends on the numbers and the purpose alone; `replicates` are
    /// its bootstrap's.
    let summariseWith (replicates: int) (purpose: string) (numbers: float list) : RunSummary option =
        match Array.ofList numbers with
        | [||] -> None
        | [| only |] ->
            Some {
                Count = 1
                Mean = only
                Interval = None
                Iqm = only
            }
        | numbers ->
            let seed = Seed.Named("report").Split purpose

            Some {
                Count = numbers.Length
                Mean = mean numbers
                Interval = Some (bootstrap seed replicates confidence mean numbers).Interval
                Iqm = iqm numbers
            }

    /// Numbers of runs summed up, with an interval that depends on the numbers and the purpose alone.
    let summarise (purpose: string) (numbers: float list) : RunSummary option =
        summariseWith replicates purpose numbers

    /// The final numbers of a cell's finished runs.
    let finals (measure: Measure) (cell: Cell) : float list =
        cell.Runs |> List.choose (final measure)

    /// The final numbers of a cell's finished runs, summed up; None where no run finished.
    let summary (measure: Measure) (cell: Cell) : RunSummary option =
        finals measure cell |> summarise (describe cell.Values)

    /// Mean of a run's last so many evaluations, or of all when there are fewer; None where there are none.
    let lastOf (count: int) (measure: Measure) (run: Run) : float option =
        match curve measure run |> List.map snd with
        | [] -> None
        | values -> values |> List.skip (max 0 (values.Length - count)) |> List.average |> Some

    /// Mean of a run's last ten evaluations, or of all when there are fewer.
    let lastTen (measure: Measure) (run: Run) : float option = lastOf 10 measure run

    /// Mean of a number over a cell's finished runs; None where none has it.
    let meanOf (pick: Run -> float option) (cell: Cell) : float option =
        match cell.Runs |> List.filter finished |> List.choose pick with
        | [] -> None
        | values -> Some(List.average values)

    /// The cell with the highest mean, with its summary; None where no run finished. Of equal ones it is the one that
    /// was good for longest, by its last ten evaluations.
    let best (measure: Measure) (cells: Cell list) : (Cell * RunSummary) option =
        cells
        |> List.choose (fun cell -> summary measure cell |> Option.map (fun summary -> cell, summary))
        |> function
            | [] -> None
            | cells ->
                Some(
                    cells
                    |> List.maxBy (fun (cell, summary) -> summary.Mean, meanOf (lastTen measure) cell)
                )

    /// A training metric over a run, where it is finite: steps and values.
    let metric (name: string) (run: Run) : (float * float) list = [
        for line in run.Train do
            let value = line.Metrics.GetValueOrDefault(name, nan)

            if Double.IsFinite value then
                float line.Step, value
    ]

    /// A training metric at the end of a run: the mean of its last ten lines, which steadies a number that is computed
    /// on one batch; None where the run never logged it.
    let lastMetric (name: string) (run: Run) : float option =
        match metric name run |> List.map snd with
        | [] -> None
        | values -> values |> List.skip (max 0 (values.Length - 10)) |> List.average |> Some

    /// Successes and episodes of the last evaluations of a cell's finished runs; None where there were none.
    let successes (cell: Cell) : (int * int) option =
        match
            [
                for run in List.filter finished cell.Runs do
                    yield! Option.toList (Seq.tryLast run.Evaluations)
            ]
        with
        | [] -> None
        | last -> Some(last |> List.sumBy (fun line -> Seq.sum line.Successes), last |> List.sumBy _.Successes.Length)

    /// Decimals that leave a number of this size three digits or so.
    let private decimals (size: float) : string =
        if size >= 99.95 || size = 0.0 then "0"
        elif size >= 9.995 then "0.0"
        elif size >= 0.9995 then "0.00"
        elif size >= 0.09995 then "0.000"
        elif size >= 0.0009995 then "0.0000"
        else "0.00e0"

    let private written (format: string) (value: float) : string =
        // A true minus sign, as wide as a plus.
        value.ToString(format, CultureInfo.InvariantCulture).Replace('-', '−')

    /// A number for people, to about three digits; 0 is "0".
    let show (value: float) : string =
        if value = 0.0 then
            "0"
        else
            written (decimals (abs value)) value

    /// A measured number: scores to a tenth, returns to about three digits.
    let showMeasured (measure: Measure) (value: float) : string =
        match measure with
        | Score -> written "0.0" value
        | Return -> show value

    /// A share in percent, "84.5 %".
    let showPercent (share: float) : string =
        let percent = 100.0 * share

        let text =
            if percent = round percent then
                written "0" percent
            else
                written "0.0" percent

        $"{text}\u00a0%%"

    /// Numbers that stand together, all with the decimals of the largest.
    let private alike (values: float list) : string list =
        let format = values |> List.map abs |> List.max |> decimals
        List.map (written format) values

    /// "[64, 80]".
    let showInterval (interval: Interval) : string =
        match alike [ interval.Low; interval.High ] with
        | [ low; high ] -> $"[{low},\u00a0{high}]"
        | _ -> ""

    /// "72 [64, 80]".
    let showEstimate (estimate: Estimate) : string =
        match alike [ estimate.Value; estimate.Interval.Low; estimate.Interval.High ] with
        | [ value; low; high ] -> $"{value}\u00a0[{low},\u00a0{high}]"
        | _ -> ""

    /// "72 [64, 80]", or "72 (one run)".
    let showSummary (summary: RunSummary) : string =
        match summary.Interval with
        | Some interval ->
            showEstimate {
                Value = summary.Mean
                Interval = interval
            }
        | None -> $"{show summary.Mean} (one run)"
