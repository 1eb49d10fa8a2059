/// Runs traced steps on named numbers: whatever executes them.
module Iql.Core.Tests.Learning.Execute

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Execution
open Iql.Cpu.Emit
open Iql.Graph

/// Dense row-major numbers of every input, by its name in the graph: "shared/value/w0", "policy0/logStd",
/// "batch/rewards".
type Numbers = Map<string, float[]>

/// So many numbers of a name, uniform on ±bound.
let numbers (name: string) (count: int) (bound: float) : float[] =
    let seed = Seed.Named name
    Array.init count (fun i -> seed.Uniform(uint64 i, bound))

/// One output of a network of a single linear layer: x · W₀ + b₀.
let linear (parameters: Numbers) (net: string) (x: float list) (output: int) : float =
    let w, b = parameters[$"{net}/w0"], parameters[$"{net}/b0"]
    b[output] + Seq.sum [ for i, value in List.indexed x -> value * w[i * b.Length + output] ]

/// A step: numbers of blocks and batch with the scalars in, numbers of the next blocks and metrics out.
type Executor = GraphFunction -> Numbers -> float list -> Numbers * Map<string, float>

let private outputNames (step: GraphFunction) = [
    for group in step.Outputs do
        for entry in group.Layout.Entries do
            $"{group.Layout.Name}/{entry.Name}"
]

/// In double precision, by the interpreter.
let inDouble: Executor =
    fun step numbers scalars ->
        let inputs = Dictionary<string, float[]>()

        for KeyValue(name, values) in numbers do
            inputs[name] <- values

        for name, value in Seq.zip step.Scalars scalars do
            inputs[name] <- [| value |]

        let results = Interpreter.Evaluate(step.Results, inputs)
        let outputs = outputNames step

        let metrics =
            Seq.zip (step.Metrics |> Seq.map (fun struct (name, _) -> name)) (Seq.skip outputs.Length results)
            |> Seq.map (fun (name, value) -> name, value[0])
            |> Map

        Seq.zip outputs results |> Map, metrics

let private programs = ConditionalWeakTable<GraphFunction, (WorkerTeam * CompiledGraph) list ref>()

let private program path team (step: GraphFunction) =
    let known = programs.GetValue(step, (fun _ -> ref []))

    match known.Value |> List.tryFind (fun (by, graph) -> by = team && graph.InstructionSet = path) with
    | Some(_, graph) -> graph
    | None ->
        let graph = CompiledGraph.Compile(step, path, team)
        known.Value <- (team, graph) :: known.Value
        graph

/// In float32, compiled for one width of vectors, by a team.
let compiled (path: InstructionSet) (team: WorkerTeam) : Executor =
    fun step numbers scalars ->
        let graph = program path team step
        let block (layout: Layout) = new TensorBlock(layout)

        let inputs = [|
            for layout in step.Inputs do
                let block = block layout

                for entry in layout.Entries do
                    match numbers.TryFind $"{layout.Name}/{entry.Name}" with
                    | Some values -> block.Write(entry.Name, ReadOnlySpan(Array.map float32 values))
                    | None -> ()

                block
        |]

        let outputs = [| for group in step.Outputs -> block group.Layout |]
        let metrics = Array.zeroCreate<float> step.Metrics.Length
        graph.Run(ReadOnlySpan inputs, ReadOnlySpan(List.toArray scalars), ReadOnlySpan outputs, Span metrics)

        let next =
            Map [
                for block in outputs do
                    for entry in block.Layout.Entries do
                        $"{block.Layout.Name}/{entry.Name}", Array.map float (block.Read entry.Name)
            ]

        let names = step.Metrics |> Seq.map (fun struct (name, _) -> name)

        for block in Seq.append inputs outputs do
            block.Dispose()

        next, Seq.zip names metrics |> Map

/// A learner's first blocks as numbers.
let initial (learner: Learner) (seed: Seed) : Numbers =
    Map [
        for block in learner.Initialise.Invoke seed do
            for entry in block.Layout.Entries do
                $"{block.Layout.Name}/{entry.Name}", Array.map float (block.Read entry.Name)
    ]

/// Numbers with those of another map put over them.
let over (additions: Numbers) (numbers: Numbers) =
    Map.fold (fun all name values -> Map.add name values all) numbers additions

/// Steps a learner on one batch for every step, from some numbers: the last numbers, and the metrics of every step.
let train (execute: Executor) (learner: Learner) (seed: Seed) (batch: int -> Numbers) (start: Numbers) steps =
    ((start, []), [ 0 .. steps - 1 ])
    ||> List.fold (fun (numbers, metrics) step ->
        let scalars = seed.AsScalar() :: float step :: List.ofSeq learner.Hyperparameters

        let next, measured = execute (learner.StepAt(int64 step)) (over (batch step) numbers) scalars

        next, measured :: metrics)
    |> fun (numbers, metrics) -> numbers, List.rev metrics
