/// Every op and random graphs on libtorch, against the interpreter.
module Iql.Torch.Tests.OpTests

open System.Collections.Immutable
open Expecto
open Iql
open Iql.Graph
open Iql.Torch
open Iql.Core.Tests.Graph
open Iql.Core.Tests.Graph.Dense
open Iql.Torch.Tests.Executor

/// A function of inputs x0, x1, …: scalars stay scalars, the rest are entries of one block.
let private trace (shapes: int list list) (build: Tensor list -> Tensor list) : GraphFunction =
    let block =
        Layout(
            "in",
            [
                for i, extents in List.indexed shapes do
                    if extents <> [] then
                        struct ($"x{i}", shape extents)
            ]
        )

    let group = block.Inputs()

    let sources = [
        for i, extents in List.indexed shapes -> if extents = [] then Tensor.Scalar $"x{i}" else group[$"x{i}"]
    ]

    let results = build sources
    let out = Layout("out", results |> List.mapi (fun i result -> struct ($"y{i}", result.Shape)))

    GraphFunction(
        ImmutableArray.Create block,
        ImmutableArray.CreateRange [
            for i, extents in List.indexed shapes do
                if extents = [] then
                    $"x{i}"
        ],
        ImmutableArray.Create(TensorGroup(out, ImmutableArray.CreateRange results)),
        ImmutableArray.Empty
    )

/// Three runs of other numbers in one program, each against the interpreter.
let private compare number tolerance name (shapes: int list list) (numbers: float[] list list) build =
    let graph = trace shapes build
    let rounded = if number = NumberType.Float32 then float32 >> float else id

    let runs = [
        for each in numbers ->
            Map [
                for i, (extents, values) in List.indexed (List.zip shapes each) do
                    if extents <> [] then
                        $"in/x{i}", Array.map rounded values
            ],
            [
                for extents, values in List.zip shapes each do
                    if extents = [] then
                        values[0]
            ]
    ]

    for (inputs, scalars), actual in List.zip runs (run number graph runs) do
        let bound =
            Map.foldBack Map.add inputs (Map [ for n, x in Seq.zip graph.Scalars scalars -> n, [| x |] ])

        let expected = Interpreter.Evaluate(graph.Results, bound)

        for i, (e, a) in List.indexed (List.zip (List.ofArray expected) actual) do
            near tolerance $"{name} result {i}" (Array.map rounded e) a

let private others (name: string) (low, high) extents (run: int) =
    uniform (Seed.Named(name).Split(uint64 run)) low high (count extents)

[<Tests>]
let tests =
    testList "OpTests" [
        testTorch "every op has the interpreter's numbers" (fun _ ->
            for row in EveryOp.rows do
                let more run =
                    List.zip row.Ranges row.Shapes
                    |> List.mapi (fun i (range, extents) -> others row.Name range extents (10 * run + i))

                let numbers = [ EveryOp.numbers row; more 1; more 2 ]

                let build (sources: Tensor list) = [ row.Build sources ]
                compare NumberType.Float64 1e-12 row.Name row.Shapes numbers build
                compare NumberType.Float32 4e-6 row.Name row.Shapes numbers build)

        testTorch "an op keeps NaN and infinity as the interpreter does" (fun _ ->
            for row in EveryOp.rows do
                if row.Smooth <> [] && not (row.Name.StartsWith "Gather" || row.Name.StartsWith "Scatter") then
                    let special =
                        EveryOp.numbers row
                        |> List.map (
                            Array.map (fun x ->
                                if x > 1.0 then nan
                                elif x < -1.0 then infinity
                                else x)
                        )

                    compare NumberType.Float64 1e-12 row.Name row.Shapes [ special ] (fun x -> [ row.Build x ]))

        testTorch "uniform numbers have the bits of the seed's words" (fun _ ->
            let seeds = [ for run in 1UL .. 3UL -> Seed.Named("words").Split run ]

            let graph = trace [ []; [] ] (fun x -> [ Tensor.RandomUniform(x[0], x[1], 7, shape [ 50; 20 ]) ])

            let runs = [ for i, seed in List.indexed seeds -> Map.empty, [ seed.AsScalar(); float (1000 * i) ] ]

            for (seed, (_, scalars)), actual in List.zip (List.zip seeds runs) (run NumberType.Float64 graph runs) do
                let stream = Seed(uint64 (seed.AsScalar())).Split(7UL).Split(uint64 scalars[1])
                Expect.equal actual.Head (Array.init 1000 (fun i -> stream.Unit(uint64 i))) "bits")

        RandomGraphs.testGraphs 100 "random graphs have the interpreter's numbers" (fun build ->
            match library with
            | Error reason -> skiptest reason
            | Ok _ ->
                let other =
                    RandomGraphs.shapes |> List.mapi (fun i extents -> others "graphs" (-2.0, 2.0) extents (10 + i))

                compare
                    NumberType.Float64
                    1e-9
                    "random graph"
                    RandomGraphs.shapes
                    [ RandomGraphs.numbers; other ]
                    build)
    ]
