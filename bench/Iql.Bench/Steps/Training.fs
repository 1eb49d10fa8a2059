namespace Iql.Bench

open System
open Iql.Algorithms
open Iql.Cpu
open Iql.Data
open Iql.Execution
open Iql.Training

/// A training whose steps are measured: the one place here that knows how a step is made.
type Training(learner: Learner, source: IBatchSource, seed: uint64, threads: int, firstStep: int64) =
    let device = new CpuDevice(threads)

    let trainer =
        let seed = Iql.Seed seed
        new Trainer(learner, source, LearnerState(seed, firstStep, learner.Initialise.Invoke seed), device)

    /// From the first step on, by one thread.
    new(learner: Learner, data: IDataset) = new Training(learner, learner.Source data, 0UL, 1, 0L)

    /// Steps made, those before the first included.
    member _.Step: int64 = trainer.Step

    /// Threads that share a step.
    member _.Threads: int = threads

    /// Makes a step.
    member _.Advance() : unit = trainer.Advance()

    /// Makes a step, and its metrics if asked for.
    member _.Advance(withMetrics: bool) : unit = trainer.Advance withMetrics

    /// Waits until all steps are made.
    member _.Finish() : unit = trainer.Finish()

    interface IDisposable with
        member _.Dispose() =
            trainer.Dispose()
            device.Dispose()
