namespace Iql.Scripts

open Iql
open Iql.Scripts.Statistics

/// What finished runs say about one number.
type RunSummary = {
    /// R, the runs it is about; at least 1.
    Count: int
    Mean: float
    /// Student's 95 % interval of the mean over runs; None for a single run, which says nothing about spread.
    Interval: Interval option
    /// Interquartile mean over runs.
    Iqm: float
}

/// Summing up numbers of runs.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module RunSummary =

    /// Confidence of every interval in charts and reports.
    let confidence = 0.95

    /// The bootstrap of what is not a mean of one task's runs, from a seed.
    let bootstrapped (seed: Seed) : Bootstrap = { Seed = seed; Replicates = 2000; Confidence = confidence }

    /// Numbers of runs summed up.
    let ofNumbers (numbers: float list) : RunSummary option =
        match Array.ofList numbers with
        | [||] -> None
        | numbers ->
            Some {
                Count = numbers.Length
                Mean = mean numbers
                Interval = if numbers.Length > 1 then Some (Student.ofRuns confidence numbers).Interval else None
                Iqm = iqm numbers
            }
