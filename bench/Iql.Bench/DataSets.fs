namespace Iql.Bench

open System.Diagnostics
open Iql.Algorithms
open Iql.Data
open Iql.Data.Rows
open Iql.Graph
open Iql.Scripts

/// How a data set is read.
type Reading =
    /// Copied into memory first.
    | InMemory
    /// Mapped, and pages come when they are touched.
    | Mapped
    /// Mapped, and pages of the next batches are asked for ahead.
    | Ahead

/// What sampling and training cost on a data set in memory or on disk.
[<RequireQualifiedAccess>]
module DataSets =

    /// A row file, or so many uniform rows of hopper's size.
    let load (reading: Reading) (source: string) : IDataset =
        match Read.whole 1 source with
        | Ok rows -> Uniform.transitions rows Case.standard.Observations Case.standard.Actions
        | Error _ ->
            let file = new RowFile(source, readAhead = (reading = Ahead))

            if reading = InMemory then file.Rows(0L, int file.Count) else file

    /// Microseconds of each of so many batches: the median, the mean and the 99th percentile.
    let batches (data: IDataset) (learner: Learner) (count: int) (first: int64) : float * float * float =
        let sampler = Sampler(data, learner.Batch)
        use batch = new TensorBlock(learner.Batch)

        let times = [|
            for i in 0 .. count - 1 ->
                let start = Stopwatch.GetTimestamp()
                sampler.Fill(batch, Iql.Seed 1UL, first + int64 i)
                Stopwatch.GetElapsedTime(start).TotalMicroseconds
        |]

        let sorted = Array.sort times
        sorted[count / 2], Array.average times, sorted[count * 99 / 100]

    /// Steps a second as the training loop makes them, of rows that no batch of `batches` was drawn from.
    let steps (data: IDataset) (learner: Learner) (threads: int) (count: int) (first: int64) : float =
        use training = new Training(learner, learner.Source data, uint64 first + 2UL, threads, 0L)

        training.Advance()
        let clock = Stopwatch.StartNew()

        for _ in 1..count do
            training.Advance()

        training.Finish()
        float count / clock.Elapsed.TotalSeconds
