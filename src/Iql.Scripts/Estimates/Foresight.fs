namespace Iql.Scripts

open System
open Iql
open Iql.Scripts.Statistics

/// How well a number that needs no environment told what an environment then said.
type Foresight = {
    Column: EstimateColumn
    /// Kendall's τ_b of the number, by its sign, and the final score, over groups; None where all are equal.
    Correlation: Estimate option
    /// Regret@k for k = 1, 3 and 5 below the number of groups: the best group's score less that of the best among the
    /// k groups that the number picks.
    Regrets: (int * Estimate) list
}

[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Foresight =

    /// Means over the runs whose indices are given, group by group: numbers and scores.
    let private means (groups: (float * float)[][]) (chosen: float[][]) : float[] * float[] =
        Array.map2 (fun pairs runs -> runs |> Array.map (fun i -> Array.item (int i) pairs)) groups chosen
        |> Array.map (fun runs -> Array.averageBy fst runs, Array.averageBy snd runs)
        |> Array.unzip

    /// What a number was worth over three groups or more of runs that have it and a score; None with fewer. Intervals
    /// are over seeds, which are drawn anew within each group.
    let ofNumbers (measure: Measure) (groups: (Run * float) list list) (column: EstimateColumn) : Foresight option =
        let found = [|
            for runs in groups do
                [|
                    for run, number in runs do
                        for score in Option.toList (Run.final measure run) -> column.Sign * number, score
                |]
        |]

        let found = found |> Array.filter (Array.isEmpty >> not)

        if column.Sign = 0.0 || found.Length < 3 then
            None
        else
            let runs = found |> Array.map (fun pairs -> Array.init pairs.Length float)
            let how = RunSummary.bootstrapped (Seed.Named("foresight").Split column.Name)

            let tries = [ 1; 3; 5 ] |> List.filter (fun k -> k < found.Length)

            // A resample of equal numbers has no order, which is worth as much as a wrong half of it.
            let correlation (numbers, scores) =
                let tau = rankCorrelation numbers scores
                if Double.IsNaN tau then 0.0 else tau

            let statistics chosen =
                let numbers, scores = means found chosen
                let regrets = [| for k in tries -> Selectability.regret k numbers scores |]
                Array.append [| correlation (numbers, scores) |] regrets

            let estimates =
                if runs |> Array.exists (fun runs -> runs.Length > 1) then
                    bootstrapAll how statistics runs
                else
                    statistics runs |> Array.map (fun value -> estimateOf value None)

            let hasOrder = means found runs ||> rankCorrelation |> Double.IsNaN |> not

            Some {
                Column = column
                Correlation = if hasOrder then Some estimates[0] else None
                Regrets = [ for i, k in List.indexed tries -> k, estimates[i + 1] ]
            }

    /// Every number that `iql evaluate` found and that promises something, as it was worth.
    let ofGroups (measure: Measure) (groups: EstimateGroup list) : Foresight list = [
        for column in EstimateColumn.all do
            let numbers = [
                for group in groups ->
                    [
                        for run, estimates in group.Judged do
                            for number in Option.toList (EstimateColumn.value column estimates) -> run, number
                    ]
            ]

            yield! Option.toList (ofNumbers measure numbers column)
    ]

    /// Lower is better for losses and errors. It is settled by the name, never by the scores.
    let private signOf (metric: string) : float =
        if metric.EndsWith "Loss" || metric.Contains "Error" then -1.0 else 1.0

    /// Every training metric at the end of the runs, as it would have chosen between cells; those that are equal
    /// everywhere have no order and are left out.
    let ofMetrics (measure: Measure) (cells: ResultGroup list) : Foresight list = [
        let names = [
            for cell in cells do
                for run in cell.Runs do
                    for line in Seq.truncate 1 (Seq.rev run.Train) do
                        yield! line.Metrics.Keys
        ]

        for name in List.distinct names do
            let numbers = [
                for cell in cells ->
                    [
                        for run in cell.Runs do
                            for number in Option.toList (Run.lastMetric name run) -> run, number
                    ]
            ]

            let column = { Name = name; Head = Shown.words name; Meaning = ""; Sign = signOf name }

            match ofNumbers measure numbers column with
            | Some({ Correlation = Some _ } as found) -> found
            | _ -> ()
    ]
