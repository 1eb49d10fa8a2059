namespace Iql.Web

open System
open System.IO
open Iql.Data
open Iql.Policies
open Iql.Scripts

/// A number of an observation on the page: its name and where its slider begins, ends and starts.
type Slider = { Name: string; Unit: string; Low: float; High: float; Start: float }

module Slider =

    /// What the data of a run had in each column: least, mean, greatest.
    let private ofData (policy: Policy) : (float * float * float) list =
        let sweep = policy.Folder |> Path.GetFullPath |> Path.GetDirectoryName |> Path.GetDirectoryName

        // A file has no folder of a sweep.
        match DatasetNumbers.find (string sweep) policy.Config.Dataset.Fingerprint with
        | Ok(Some numbers) -> [ for column in numbers.Observations -> column.Min, column.Mean, column.Max ]
        | _ -> []

    /// Sliders by what the data had; without these, by the stated bounds or by the mean ± 3 deviations of training.
    let ofPolicy (policy: Policy) : Slider list =
        let data = ofData policy
        let normalization = policy.Config.Normalization

        [
            for i in 0 .. policy.ObservationSize - 1 do
                let column =
                    match policy.Config.Dataset.Columns with
                    | null -> DataColumn $"observation {i}"
                    | columns -> columns.Observations[i]

                let low, start, high =
                    match List.tryItem i data with
                    | Some(low, mean, high) when Double.IsFinite low && Double.IsFinite high -> low, mean, high
                    | _ when normalization.ChangesObservations ->
                        let mean, deviation =
                            float normalization.ObservationMean[i], float normalization.ObservationDeviation[i]

                        mean - 3.0 * deviation, mean, mean + 3.0 * deviation
                    | _ -> -1.0, 0.0, 1.0

                let low = if column.Least.HasValue then column.Least.Value else low
                let high = if column.Greatest.HasValue then column.Greatest.Value else high

                {
                    Name = column.Name
                    Unit = column.Unit
                    Low = low
                    High = max high low
                    Start = start |> max low |> min (max high low)
                }
        ]
