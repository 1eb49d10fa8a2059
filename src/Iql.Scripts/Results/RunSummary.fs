namespace Iql.Scripts

open Iql
open Iql.Scripts.Statistics

/// What finished runs say about one number.
type RunSummary = {
    /// R, the runs it is about; at least 1.
    Count: int
    Mean: float
    /// The 95 % bootstrap interval of the mean over runs; None for a single run, which says nothing about spread.
    Interval: Interval option
    /// Interquartile mean over runs.
    Iqm: float
}

/// Summing up numbers of runs.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module RunSummary =

    /// Confidence of every interval in charts and reports.
    let confidence = 0.95

    /// The bootstrap of every interval in charts and reports, from a seed.
    let bootstrapped (seed: Seed) : Bootstrap = { Seed = seed; Replicates = 2000; Confidence = confidence }

    /// Numbers of runs summed up, with an interval that depends on the numbers and the purpose alone. `change` sets
    /// its bootstrap.
    let ofNumbersWith (change: Bootstrap -> Bootstrap) (purpose: string) (numbers: float list) : RunSummary option =
        match Array.ofList numbers with
        | [||] -> None
        | numbers ->
            let how = change (bootstrapped (Seed.Named("report").Split purpose))
            let interval () = (bootstrap how mean numbers).Interval

            Some {
                Count = numbers.Length
                Mean = mean numbers
                Interval = if numbers.Length > 1 then Some(interval ()) else None
                Iqm = iqm numbers
            }

    /// Numbers of runs summed up, with an interval that depends on the numbers and the purpose alone.
    let ofNumbers: string -> float list -> RunSummary option = ofNumbersWith id
