/// The compiled executor against the interpreter: every op, every instruction set, sizes around the vector width.
module Iql.Core.Tests.Compile.CompiledTests

open System
open Xunit
open Iql
open Iql.Compile
open Iql.Graph
open Iql.Core.Tests.Graph
open Iql.Core.Tests.Graph.Dense

/// A function of inputs x0, x1, …: scalars stay scalars, the rest are entries of one block.
let private trace (shapes: int list list) (build: Tensor list -> Tensor list) : GraphFunction =
    let named = shapes |> List.mapi (fun i extents -> $"x{i}", extents)

    let block =
        Layout("in", [ for name, extents in named do if extents <> [] then struct (name, shape extents) ])

    let group = block.Inputs()
    let sources = [ for name, extents in named -> if extents = [] then Tensor.Scalar name else group[name] ]
    let results = build sources
    let out = Layout("out", results |> List.mapi (fun i result -> struct ($"y{i}", result.Shape)))
    let scalars = [ for name, extents in named do if extents = [] then name ]

    GraphFunction(
        Collections.Immutable.ImmutableArray.Create block,
        Collections.Immutable.ImmutableArray.CreateRange scalars,
        Collections.Immutable.ImmutableArray.Create(TensorGroup(out, Collections.Immutable.ImmutableArray.CreateRange results)),
        Collections.Immutable.ImmutableArray.Empty
    )

/// Results of a compiled run.
let private run (path: InstructionSet) (threads: int) (shapes: int list list) (numbers: float[] list) (build: Tensor list -> Tensor list) : float[] list =
    let graph = trace shapes build
    use compiled = CompiledGraph.Compile(graph, path)
    use input = new TensorBlock(graph.Inputs[0])
    use output = new TensorBlock(graph.Outputs[0].Layout)
    use team = new WorkerTeam(threads)

    for i, (extents, values) in List.indexed (List.zip shapes numbers) do
        if extents <> [] then
            input.Write($"x{i}", ReadOnlySpan(values |> Array.map float32))

    let scalars = [| for extents, values in List.zip shapes numbers do if extents = [] then values[0] |]
    compiled.Run(ReadOnlySpan [| input |], ReadOnlySpan scalars, ReadOnlySpan [| output |], Span.Empty, team)
    [ for entry in output.Layout.Entries -> output.Read entry.Name |> Array.map float ]

let private rounded (shapes: int list list) (numbers: float[] list) =
    List.map2 (fun extents values -> if extents = [] then values else values |> Array.map (float32 >> float)) shapes numbers

let private compare tolerance name shapes numbers build =
    let results = build (inputs shapes)
    let expected = evaluate (rounded shapes numbers) results

    for path in InstructionSets.Available do
        for threads in [ 1; 3 ] do
            let actual = run path threads shapes numbers build
            Seq.zip expected actual |> Seq.iteri (fun i (e, a) -> near tolerance $"{name} result {i} {path} {threads}" e a)

[<Fact>]
let ``every op gives what the interpreter gives`` () =
    for row in EveryOp.rows do
        compare 4e-6 row.Name row.Shapes (EveryOp.numbers row) (fun x -> [ row.Build x ])
