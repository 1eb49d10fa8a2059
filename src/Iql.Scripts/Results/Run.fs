namespace Iql.Scripts

open System
open System.Collections.Generic
open Iql.Training
open Iql.Training.Online

/// A run's folder, read.
type Run = Iql.Training.Run

/// A sweep's folder, read.
[<StructuredFormatDisplay("{Line}")>]
type SweepResults = {
    Plan: SweepPlan
    /// The runs that were begun, as far as they are, in the plan's order. Each has its values by axis as labels.
    Runs: Run list
    /// Folders of the plan's runs that were not begun.
    Missing: string list
    /// Folders of the plan's runs with damaged files, and what helps. They are in no other list.
    Damaged: (string * string) list
} with

    /// One line, as F# Interactive shows it.
    member own.Line: string =
        $"SweepResults {own.Plan.Name}: {own.Runs.Length} runs begun, {own.Missing.Length} missing"

    override own.ToString() = own.Line

/// What is drawn and compared: normalised scores where every run has them, else plain returns.
type Measure =
    | Score
    | Return

/// Measured numbers.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Measure =

    /// Scores where every evaluated run has them, else returns; None where nothing was evaluated.
    let ofRuns (runs: Run list) : Measure option =
        match runs |> List.collect (fun run -> List.ofSeq run.Evaluations) with
        | [] -> None
        | evaluations when evaluations |> List.forall _.ScoreMean.HasValue -> Some Score
        | _ -> Some Return

    /// The measured number of an evaluation.
    let read (measure: Measure) (evaluation: EvaluationLine) : float =
        if measure = Score && evaluation.ScoreMean.HasValue then
            evaluation.ScoreMean.Value
        else
            evaluation.ReturnMean

    /// The measure in words.
    let title (measure: Measure) : string =
        match measure with
        | Score -> "normalised score"
        | Return -> "return"

/// Numbers of a run.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Run =

    /// The value a run has on an axis; nothing where the sweep has no such axis.
    let valueOf (axis: string) (run: Run) : string = run.Labels.GetValueOrDefault(axis, "")

    /// The run's task, or the name of its data where it has none.
    let task (run: Run) : string = run.Config.Task |> Option.ofObj |> Option.defaultValue run.Config.Dataset.Name

    /// What the run is of, by its axis or by its configuration: Cal-QL is CQL with calibration there.
    let algorithm (run: Run) : string =
        match valueOf "algorithm" run, run.Config.Hyperparameters.TryGetProperty "calibration" with
        | "", (true, calibration) when string calibration <> "off" -> "cal-ql"
        | "", _ -> run.Config.Algorithm
        | name, _ -> name

    /// Whether the run made all its steps.
    let finished (run: Run) : bool = run.Status = RunStatus.Finished

    /// Whether the run came to nothing.
    let diverged (run: Run) : bool = run.Status = RunStatus.Diverged

    /// How the run goes on online; None for one that stays offline.
    let online (run: Run) : FineTuning option = Option.ofObj run.Config.FineTuning

    /// The offline updates of a run that goes on online: the place of the switch. 0 for a run that stays offline.
    let switch (run: Run) : float = online run |> Option.map (_.OfflineSteps >> float) |> Option.defaultValue 0.0

    /// The place of a step on the axis of learning curves: offline updates, and after the switch decisions in the
    /// environment are added.
    let place (run: Run) (step: int64) : float =
        match online run with
        | Some online when step > online.OfflineSteps ->
            float (online.OfflineSteps + online.StepsBefore(step - online.OfflineSteps - 1L))
        | _ -> float step

    /// The run's numbers, evaluation by evaluation: places, which are steps of a run that stays offline, and values.
    let curve (measure: Measure) (run: Run) : (float * float) list = [
        for evaluation in run.Evaluations -> place run evaluation.Step, Measure.read measure evaluation
    ]

    /// Points of several runs by their step: each step with its values.
    let byStep (points: (float * float) list) : (float * float list) list =
        points
        |> List.groupBy fst
        |> List.sortBy fst
        |> List.map (fun (step, points) -> step, List.map snd points)

    /// The last evaluation of a run that finished; None for others, whose last evaluation is not their end.
    let final (measure: Measure) (run: Run) : float option =
        if finished run then run |> curve measure |> List.tryLast |> Option.map snd else None

    let private meanOfLast (count: int) (points: (float * float) list) : float option =
        match List.map snd points with
        | [] -> None
        | values -> values |> List.skip (max 0 (values.Length - count)) |> List.average |> Some

    /// The curve without the untrained policy's evaluation at step 0, and after the switch without those before it;
    /// the whole curve where nothing would be left.
    let learned (measure: Measure) (run: Run) : (float * float) list =
        let points = curve measure run

        match points |> List.filter (fun (place, _) -> place > switch run) with
        | [] -> points
        | later -> later

    /// Mean of a run's last so many evaluations, or of all when there are fewer; None where there are none.
    let lastOf (count: int) (measure: Measure) (run: Run) : float option = learned measure run |> meanOfLast count

    /// Mean of a run's last ten evaluations, or of all when there are fewer.
    let lastTen: Measure -> Run -> float option = lastOf 10

    /// A training metric over a run, where it is finite: steps and values.
    let metric (name: string) (run: Run) : (float * float) list = [
        for line in run.Train do
            let value = line.Metrics.GetValueOrDefault(name, nan)

            if Double.IsFinite value then
                float line.Step, value
    ]

    /// A training metric at the end of a run: the mean of its last ten lines, which steadies a number that is computed
    /// on one batch; None where the run never logged it.
    let lastMetric (name: string) (run: Run) : float option = metric name run |> meanOfLast 10
