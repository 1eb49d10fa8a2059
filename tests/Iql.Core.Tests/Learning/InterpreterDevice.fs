/// The smallest device: graphs run by the interpreter, in double precision.
module Iql.Core.Tests.Learning.InterpreterDevice

open System
open System.Collections.Immutable
open Iql.Cpu
open Iql.Execution
open Iql.Graph
open Iql.Core.Tests.Learning.Execute

/// Numbers of blocks, by their names in a graph: a member's block stands for the first member's.
let private read (layouts: Layout seq) (blocks: TensorBlock seq) : Numbers =
    Map [
        for layout, block in Seq.zip layouts blocks do
            for entry in layout.Entries -> $"{layout.Name}/{entry.Name}", Array.map float (block.Read entry.Name)
    ]

let private write (layouts: Layout seq) (numbers: Numbers) (blocks: TensorBlock seq) =
    for layout, block in Seq.zip layouts blocks do
        for entry in layout.Entries do
            let values = numbers[$"{layout.Name}/{entry.Name}"]
            block.Write(entry.Name, ReadOnlySpan(Array.map float32 values))

let private inOrder (graph: GraphFunction) (metrics: Map<string, float>) = [|
    for struct (name, _) in graph.Metrics -> struct (name, metrics[name])
|]

let private program (graph: GraphFunction) = {
    new IProgram with
        member _.Function = graph
        member _.RunsInPlace = true

        member _.Run(inputs, scalars, outputs, metrics) =
            let numbers = read graph.Inputs (inputs.ToArray())
            let next, measured = inDouble graph numbers (List.ofArray (scalars.ToArray()))
            write [ for group in graph.Outputs -> group.Layout ] next (outputs.ToArray())

            for i, struct (_, value) in Array.indexed (inOrder graph measured) do
                metrics[i] <- value

        member _.Dispose() = ()
}

/// The state of a run stays in double precision; blocks are made of it when somebody asks.
type private Run(start: RunStart) =
    let seed = start.State.Seed
    let batch = new TensorBlock(start.Programs[0].Inputs[start.State.Blocks.Length])
    let blocks = [| for block in start.State.Blocks -> block.Clone() |]
    let layouts = start.Programs[0].Inputs
    let mutable numbers = read layouts blocks
    let mutable step = start.State.Step

    member val Metrics = [||] with get, set

    member run.Advance withMetrics =
        let graph = start.Programs[start.Choose.Invoke step]
        start.Batches.Fill(batch, seed.Split "sampling", step)
        let scalars = seed.AsScalar() :: float step :: List.ofSeq start.Hyperparameters

        let next, measured = inDouble graph (over (read [ batch.Layout ] [ batch ]) numbers) scalars

        numbers <- next
        step <- step + 1L

        if withMetrics then
            run.Metrics <- inOrder graph measured

    member _.State =
        write layouts numbers blocks
        LearnerState(seed, step, ImmutableArray.Create<TensorBlock> blocks)

let create () : IDevice = {
    new IDevice with
        member _.Workers = Iql.Cpu.CpuDevice.Single.Workers
        member _.Compile graph = program graph

        member _.Start starts =
            let runs = [| for start in starts -> Run start |]

            {
                new IDeviceRun with
                    member _.Advance withMetrics =
                        for run in runs do
                            run.Advance withMetrics

                    member _.Finish() = ()
                    member _.Metrics run = runs[run].Metrics
                    member _.State run = runs[run].State
                    member _.Dispose() = ()
            }

        member _.Dispose() = ()
}
