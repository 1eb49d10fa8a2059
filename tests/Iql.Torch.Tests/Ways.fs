/// What golden traces are replayed on here.
module Iql.Core.Tests.Learning.Ways

open System
open Expecto
open Iql.Graph
open Iql.Torch
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Learning.Replay
open Iql.Torch.Tests

/// Results of a run, by their names.
let private named (step: GraphFunction) (results: float[] list) : Numbers * Map<string, float> =
    let outputs = [
        for group in step.Outputs do
            for entry in group.Layout.Entries -> $"{group.Layout.Name}/{entry.Name}"
    ]

    let metrics = [ for struct (name, _) in step.Metrics -> name ]
    let values, measured = List.splitAt outputs.Length results
    Map(List.zip outputs values), Map [ for name, value in List.zip metrics measured -> name, value[0] ]

/// A run of its own in a program of one.
let private execute (number: NumberType) : Executor =
    fun step numbers scalars ->
        match Executor.library with
        | Error reason -> skiptest reason
        | Ok _ -> Executor.run number step [ numbers, scalars ] |> List.exactlyOne |> named step

/// libtorch's kernels for a processor.
let ways: Way list = [
    {
        Name = "on libtorch, in double precision"
        Execute = execute NumberType.Float64
        Bounds = fun _ -> Some(1e-9, 1e-9, Int32.MaxValue)
    }
    {
        Name = "on libtorch, in single precision"
        Execute = execute NumberType.Float32
        Bounds = fun case -> let statistic, entry = case.FloatBounds in Some(statistic, entry, Int32.MaxValue)
    }
    {
        Name = "on tensors of TorchSharp"
        Execute = fun step numbers scalars -> TorchSharp.run step numbers scalars |> named step
        Bounds = fun _ -> Some(1e-9, 1e-9, Int32.MaxValue)
    }
]
