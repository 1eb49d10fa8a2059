module Iql.Core.Tests.Training.Fixture

open System
open System.IO
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
    Xunit.Assert.Throws<'error>(action).Message

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
        Hyperparameters =
            RunJson.Element {|
                learningRate = 0.1
                hiddenSizes = [| 4; 4 |]
            |}
    )

/// The bits of floats: NaN equals NaN, zero does not equal minus zero.
let bits (values: float32 seq) : int list = [ for value in values -> BitConverter.SingleToInt32Bits value ]

/// A shape of the given extents.
let shape (extents: int list) : Shape =
    Shape(ReadOnlySpan(Array.ofList extents))
