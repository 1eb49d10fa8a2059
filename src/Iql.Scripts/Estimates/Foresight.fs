namespace Iql.Scripts

open System
open Iql
open Iql.Scripts.Statistics

/// How well a number that data give told what an environment then said.
type Foresight = {
    Column: EstimateColumn
    /// Kendall's τ_b of the number, by its sign, and the final score, over groups; None where all are equal.
    Correlation: Estimate option
    /// The best group's score less that of the group that the number picks.
    Regret: Estimate
}

[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Foresight =

    /// A number and a score of each run of a group.
    let private pairs (measure: Measure) (column: EstimateColumn) (group: EstimateGroup) = [|
        for run, estimates in group.Judged do
            match EstimateColumn.value column estimates, Run.final measure run with
            | Some number, Some score -> column.Sign * number, score
            | _ -> ()
    |]

    /// Means over the runs whose indices are given, group by group: numbers and scores.
    let private means (groups: (float * float)[][]) (chosen: float[][]) : float[] * float[] =
        Array.map2 (fun pairs runs -> runs |> Array.map (fun i -> Array.item (int i) pairs)) groups chosen
        |> Array.map (fun runs -> Array.averageBy fst runs, Array.averageBy snd runs)
        |> Array.unzip

    let private regret (numbers: float[], scores: float[]) : float =
        let highest = Array.max numbers
        // Of groups that tie, the mean: a coin decides among them.
        let picked = Array.zip numbers scores |> Array.filter (fst >> (=) highest) |> Array.averageBy snd
        Array.max scores - picked

    /// What a number was worth over three groups or more that have it and a score; None with fewer. Intervals are over
    /// seeds, which are drawn anew within each group.
    let ofColumn (measure: Measure) (groups: EstimateGroup list) (column: EstimateColumn) : Foresight option =
        let found =
            groups |> List.map (pairs measure column) |> List.filter (Array.isEmpty >> not) |> Array.ofList

        if column.Sign = 0.0 || found.Length < 3 then
            None
        else
            let runs = found |> Array.map (fun pairs -> Array.init pairs.Length float)
            let how = RunSummary.bootstrapped (Seed.Named("foresight").Split column.Name)

            let over statistic =
                if runs |> Array.exists (fun runs -> runs.Length > 1) then
                    bootstrapTasks how (means found >> statistic) runs
                else
                    estimateOf (statistic (means found runs)) None

            // A resample of equal numbers has no order, which is worth as much as a wrong half of it.
            let correlation (numbers, scores) =
                let tau = rankCorrelation numbers scores
                if Double.IsNaN tau then 0.0 else tau

            let whole = means found runs ||> rankCorrelation

            Some {
                Column = column
                Correlation = if Double.IsNaN whole then None else Some(over correlation)
                Regret = over regret
            }

    /// Every number that promises something, as it was worth.
    let ofGroups (measure: Measure) (groups: EstimateGroup list) : Foresight list =
        EstimateColumn.all |> List.choose (ofColumn measure groups)
