module Iql.Core.Tests.Training.Fixture

open Expecto
open Iql.Tests
open System
open System.IO
open System.Text.Json
open Iql.Data
open Iql.Graph
open Iql.Training

/// Runs a test in a new folder, removed afterwards.
let inFolder (test: string -> unit) : unit =
    let folder = Directory.CreateTempSubdirectory("iql-training-").FullName

    try
        test folder
    finally
        Directory.Delete(folder, true)

/// The message of the exception of one kind that an action throws.
let messageOf<'error when 'error :> exn> (action: unit -> unit) : string =
    (Expect.raises<'error> action "the refusal").Message

type RunConfig with

    /// A copy with some fields replaced.
    member own.With
        (
            ?algorithm: string,
            ?task: string,
            ?dataset: DatasetInfo,
            ?seed: uint64,
            ?steps: int64,
            ?batchSize: int,
            ?evaluateEvery: int64,
            ?evaluationEpisodes: int,
            ?logEvery: int64,
            ?checkpointEvery: int64,
            ?hyperparameters: JsonElement,
            ?normalization: Normalization,
            ?fineTuning: Online.FineTuning
        ) : RunConfig =
        RunConfig(
            Algorithm = defaultArg algorithm own.Algorithm,
            Task = defaultArg task own.Task,
            Dataset = defaultArg dataset own.Dataset,
            Seed = defaultArg seed own.Seed,
            Steps = defaultArg steps own.Steps,
            BatchSize = defaultArg batchSize own.BatchSize,
            EvaluateEvery = defaultArg evaluateEvery own.EvaluateEvery,
            EvaluationEpisodes = defaultArg evaluationEpisodes own.EvaluationEpisodes,
            LogEvery = defaultArg logEvery own.LogEvery,
            CheckpointEvery = defaultArg checkpointEvery own.CheckpointEvery,
            Hyperparameters = defaultArg hyperparameters own.Hyperparameters,
            Normalization = defaultArg normalization own.Normalization,
            FineTuning = defaultArg fineTuning own.FineTuning
        )

/// A small run.
let config: RunConfig =
    RunConfig(
        Algorithm = "regression",
        Dataset = DatasetInfo("line", "generated", 64L, 4, "0123"),
        Steps = 40L,
        BatchSize = 8,
        EvaluateEvery = 20L,
        EvaluationEpisodes = 3,
        LogEvery = 5L,
        CheckpointEvery = 10L,
        Hyperparameters = RunJson.Element {| learningRate = 0.1; hiddenSizes = [| 4; 4 |] |}
    )

/// The bits of floats: NaN equals NaN, zero does not equal minus zero.
let bits (values: float32 seq) : int list = [ for value in values -> BitConverter.SingleToInt32Bits value ]

/// A shape of the given extents.
let shape (extents: int list) : Shape = Shape(ReadOnlySpan(Array.ofList extents))
