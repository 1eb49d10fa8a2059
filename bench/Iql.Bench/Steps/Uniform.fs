namespace Iql.Bench

open System
open Iql.Data

/// Data of any size whose numbers mean nothing.
[<RequireQualifiedAccess>]
module Uniform =

    /// Rows uniform in [−1, 1), in episodes of 1,000 steps.
    let transitions (rows: int) (observations: int) (actions: int) : Transitions =
        let random = Random 1

        let numbers count =
            let values = GC.AllocateUninitializedArray<float32> count

            for i in 0 .. count - 1 do
                values[i] <- random.NextSingle() * 2.0f - 1.0f

            values

        Transitions(
            "uniform",
            observations,
            actions,
            numbers (rows * observations),
            numbers (rows * actions),
            numbers rows,
            Array.zeroCreate rows,
            Array.init rows (fun i -> i % 1_000 = 999),
            numbers (rows * observations)
        )
