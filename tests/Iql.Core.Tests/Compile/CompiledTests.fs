/// The compiled executor against the interpreter: every op, every instruction set, sizes around the vector width.
module Iql.Core.Tests.Compile.CompiledTests

open System
open System.Collections.Immutable
open Expecto
open Iql
open Iql.Cpu
open Iql.Execution
open Iql.Cpu.Emit
open Iql.Graph
open Iql.Core.Tests.Graph
open Iql.Core.Tests.Graph.Dense

/// A function of inputs x0, x1, …: scalars stay scalars, the rest are entries of one block.
let trace (shapes: int list list) (build: Tensor list -> Tensor list) : GraphFunction =
    let named = shapes |> List.mapi (fun i extents -> $"x{i}", extents)

    let block =
        Layout(
            "in",
            [
                for name, extents in named do
                    if extents <> [] then
                        struct (name, shape extents)
            ]
        )

    let group = block.Inputs()

    let sources = [ for name, extents in named -> if extents = [] then Tensor.Scalar name else group[name] ]

    let results = build sources

    let out = Layout("out", results |> List.mapi (fun i result -> struct ($"y{i}", result.Shape)))

    let scalars = [
        for name, extents in named do
            if extents = [] then
                name
    ]

    GraphFunction(
        ImmutableArray.Create block,
        ImmutableArray.CreateRange scalars,
        ImmutableArray.Create(TensorGroup(out, ImmutableArray.CreateRange results)),
        ImmutableArray.Empty
    )

/// Results of a compiled run.
let run
    (path: InstructionSet)
    (threads: int)
    (shapes: int list list)
    (numbers: float[] list)
    (build: Tensor list -> Tensor list)
    : float[] list =
    let graph = trace shapes build
    use team = new WorkerTeam(threads)
    use compiled = CompiledGraph.Compile(graph, path, team)
    use input = new TensorBlock(graph.Inputs[0])
    use output = new TensorBlock(graph.Outputs[0].Layout)
    // Padding may hold anything: nothing of it may reach a result.
    input.Storage.Fill Single.NaN

    for i, (extents, values) in List.indexed (List.zip shapes numbers) do
        if extents <> [] then
            input.Write($"x{i}", ReadOnlySpan(values |> Array.map float32))

    let scalars = [|
        for extents, values in List.zip shapes numbers do
            if extents = [] then
                values[0]
    |]

    compiled.Run(ReadOnlySpan [| input |], ReadOnlySpan scalars, ReadOnlySpan [| output |], Span.Empty)

    [ for entry in output.Layout.Entries -> output.Read entry.Name |> Array.map float ]

let private rounded (shapes: int list list) (numbers: float[] list) =
    List.map2
        (fun extents values -> if extents = [] then values else values |> Array.map (float32 >> float))
        shapes
        numbers

/// Compiled results on every instruction set, with one and three threads, against the interpreter's.
let compare tolerance name shapes numbers build =
    let results = build (inputs shapes)
    // Past float32's range a number is infinite.
    let expected = evaluate (rounded shapes numbers) results |> Array.map (Array.map (float32 >> float))

    for path in InstructionSets.Available do
        for threads in [ 1; 3 ] do
            let actual = run path threads shapes numbers build

            Seq.zip expected actual
            |> Seq.iteri (fun i (e, a) -> near tolerance $"{name} result {i} {path} {threads}" e a)

let numbersOf (name: string) (shapes: int list list) =
    shapes
    |> List.mapi (fun i extents -> uniform (Seed.Named(name).Split(uint64 i)) -2.0 2.0 (count extents))

/// The same on numbers of the name's.
let check tolerance name shapes build = compare tolerance name shapes (numbersOf name shapes) build

/// Lengths around eight and sixteen floats, a tile's rows and a panel's columns.
let private lengths = [ 1; 2; 7; 8; 9; 15; 16; 17; 31; 32; 33; 63; 65; 100 ]

/// A network's loss, its gradients and a step of momentum: products, epilogues, reductions and masks together.
let private descent (x: Tensor) (w: Tensor list) (b: Tensor list) (y: Tensor) =
    let hidden = (x, List.zip w b) ||> List.fold (fun h (w, b) -> Tensor.Relu(Tensor.MatMul(h, w) + b))

    let loss = Tensor.Mean(Tensor.Square(Tensor.Sum(hidden, 1) - y))
    let parameters = w @ b
    let gradients = Gradient.Of(loss, List.toArray parameters) |> List.ofSeq

    loss
    :: List.map2 (fun (p: Tensor) g -> p * 0.9 - 0.1 * g / (Tensor.Sqrt(Tensor.Square g) + 0.1)) parameters gradients

[<Tests>]
let tests =
    testList "CompiledTests" [
        testCase "every op gives what the interpreter gives" (fun () ->
            for row in EveryOp.rows do
                compare 4e-6 row.Name row.Shapes (EveryOp.numbers row) (fun x -> [ row.Build x ]))

        testCase "loops and reductions are right at lengths around the vector width" (fun () ->
            for n in lengths do
                check 1e-5 $"vector {n}" [ [ n ]; [ n ]; [] ] (function
                    | [ x; y; s ] -> [
                        Tensor.Tanh(x * y + s)
                        Tensor.Sum x
                        Tensor.Max(x - y)
                        Tensor.Mean(Tensor.Square x)
                      ]
                    | _ -> [])

                for rows in [ 1; 5; 17; 40 ] do
                    check 1e-5 $"rows {rows} of {n}" [ [ rows; n ]; [ n ]; [ rows; 1 ] ] (function
                        | [ x; row; column ] ->
                            let y = x * row + column

                            [
                                y
                                Tensor.Sum(y, 1)
                                Tensor.Max(y, 1)
                                Tensor.Sum(y, 0)
                                Tensor.Max(y, 0)
                                Tensor.LogSumExp(y, 1)
                                Tensor.Softmax(y, 1)
                                Tensor.Reshape(Tensor.Sum(y, 1), shape [ rows ]) * 2.0
                                Tensor.Sum y
                                Tensor.Concat(1, ReadOnlySpan [| column; x |])
                                Tensor.Transpose(y, ReadOnlySpan [| 1; 0 |])
                            ]
                        | _ -> []))

        testCase "special numbers go through every op as the interpreter says" (fun () ->
            let special = [
                nan
                infinity
                -infinity
                0.0
                -0.0
                1.0
                -1.0
                0.5
                -0.7
                1e-30
                -1e-30
                1e30
                -1e30
                80.0
                -80.0
                100.0
                -100.0
                20.0
                -20.0
            ]

            let pairs = List.allPairs special special

            let x, y = pairs |> List.map fst |> List.toArray, pairs |> List.map snd |> List.toArray

            let n = x.Length

            let unary = [
                Tensor.Exp
                Tensor.Log
                Tensor.Sqrt
                Tensor.Square
                Tensor.Reciprocal
                Tensor.Abs
                Tensor.Sign
                Tensor.Floor
                Tensor.Relu
                Tensor.Tanh
                Tensor.Sigmoid
                Tensor.Softplus
                Tensor.Erf
                (~-)
            ]

            for i, op in List.indexed unary do
                // Only the same kind of number is asked for: float32 overflows and underflows earlier than double.
                let kind (v: float) =
                    if Double.IsNaN v then "NaN"
                    elif v > 3e38 then "+∞"
                    elif v < -3e38 then "-∞"
                    else "finite"

                let build (t: Tensor list) = [ op t[0] ]

                let expected = evaluate (rounded [ [ n ] ] [ x ]) (build (inputs [ [ n ] ])) |> Array.head

                for path in InstructionSets.Available do
                    let actual = run path 1 [ [ n ] ] [ x ] build |> List.head

                    for j in 0 .. n - 1 do
                        Expect.equal
                            (kind expected[j])
                            (kind actual[j])
                            $"op {i} {path} of {x[j]}: expected {expected[j]}, got {actual[j]}"

                        if kind expected[j] = "finite" then
                            Expect.isTrue
                                (abs (expected[j] - actual[j]) <= 1e-5 * (1.0 + abs expected[j]))
                                $"op {i} {path} of {x[j]}: expected {expected[j]}, got {actual[j]}"

            compare 0.0 "comparisons and choices" [ [ n ]; [ n ] ] [ x; y ] (function
                | [ x; y ] -> [
                    Tensor.Less(x, y)
                    Tensor.LessOrEqual(x, y)
                    Tensor.Equal(x, y)
                    Tensor.Minimum(x, y)
                    Tensor.Maximum(x, y)
                    Tensor.Where(x, y, 3.0)
                    Tensor.Clip(x, -2.0, 2.0)
                  ]
                | _ -> []))

        testCase "a NaN in a row stays in its row, and in a sum it shows" (fun () ->
            let x = Array.init 40 (fun i -> if i = 13 then nan else float i)

            compare 1e-6 "NaN" [ [ 4; 10 ]; [ 10; 20 ] ] [ x; Array.create 200 0.5 ] (function
                | [ x; w ] -> [
                    Tensor.MatMul(x, w)
                    Tensor.Sum(x, 1)
                    Tensor.Max(x, 1)
                    Tensor.Sum(x, 0)
                    Tensor.Max(x, 0)
                    Tensor.Sum x
                    Tensor.Max x
                  ]
                | _ -> []))

        testCase "layer norm and its gradients are right at lengths around the vector width" (fun () ->
            for n in lengths do
                check 3e-5 $"layer norm {n}" [ [ 7; n ]; [ n ]; [ n ]; [ 7; n ] ] (function
                    | [ x; gain; offset; weight ] ->
                        let y = Tensor.LayerNorm(x, gain, offset, 1e-6)
                        let loss = Tensor.Sum(weight * Tensor.Relu y)
                        y :: List.ofSeq (Gradient.Of(loss, [| x; gain; offset |]))
                    | _ -> []))

        testCase "a step of descent on a network of any widths is right" (fun () ->
            for batch, widths in
                [ 1, [ 3; 5 ]; 7, [ 4; 1; 3 ]; 16, [ 11; 20 ]; 33, [ 14; 40; 17 ]; 48, [ 3; 32; 32; 32 ] ] do
                let layers = List.pairwise widths

                let shapes =
                    [ batch; widths.Head ] :: [ batch; 1 ] :: [ for a, b in layers -> [ a; b ] ]
                    @ [ for _, b in layers -> [ b ] ]

                check 3e-5 $"descent {batch} {widths}" shapes (fun t ->
                    match t with
                    | x :: y :: rest -> descent x (List.take layers.Length rest) (List.skip layers.Length rest) y
                    | _ -> []))

        testCase "results have the same bits at any number of threads" (fun () ->
            let widths = [ 11; 96; 70 ]
            let layers = List.pairwise widths

            let shapes =
                [ 100; widths.Head ] :: [ 100; 1 ] :: [ for a, b in layers -> [ a; b ] ]
                @ [ for _, b in layers -> [ b ] ]

            let build (t: Tensor list) =
                descent t[0] (t |> List.skip 2 |> List.take layers.Length) (List.skip (2 + layers.Length) t) t[1]

            for path in InstructionSets.Available do
                let single = run path 1 shapes (numbersOf "threads" shapes) build

                for threads in [ 2; 3; 5 ] do
                    Expect.equal (run path threads shapes (numbersOf "threads" shapes) build) single "run")
    ]
