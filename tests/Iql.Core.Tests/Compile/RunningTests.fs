/// Running a compiled graph: what it costs, what it refuses, on which vectors and workers.
module Iql.Core.Tests.Compile.RunningTests

open System
open System.Collections.Immutable
open Expecto
open Iql.Tests
open Iql.Cpu
open Iql.Execution
open Iql.Cpu.Emit
open Iql.Graph
open Iql.Core.Tests.Compile.CompiledTests
open Iql.Core.Tests.Graph.Dense

let private message (action: unit -> unit) = (Expect.raises<ArgumentException> action "the refusal").Message

/// A chain of two weights: the gradient of the first needs the second as it was.
let private twoLayers (results: (Tensor -> Tensor -> Tensor -> Tensor list)) =
    let state = Layout("state", [ struct ("v", shape [ 20; 24 ]); struct ("w", shape [ 24; 24 ]) ])

    let data = Layout("data", [ struct ("x", shape [ 40; 20 ]) ])
    let group = state.Inputs()
    let x = data.Inputs()["x"]

    GraphFunction(
        ImmutableArray.Create(state, data),
        ImmutableArray.Empty,
        ImmutableArray.Create(TensorGroup(state, ImmutableArray.CreateRange(results x group["v"] group["w"]))),
        ImmutableArray.Empty
    )

let private descend (x: Tensor) (v: Tensor) (w: Tensor) =
    let y = Tensor.MatMul(Tensor.Tanh(Tensor.MatMul(x, v)), w)
    let gradients = Gradient.Of(Tensor.Mean(Tensor.Square(y - 0.3)), [| v; w |])
    [ v - 0.1 * gradients[0]; w - 0.1 * gradients[1] ]

let private state () =
    let block = new TensorBlock((twoLayers descend).Inputs[0])

    for i, name in List.indexed [ "v"; "w" ] do
        block.Write(
            name,
            ReadOnlySpan(uniform (Iql.Seed.Named name) -1.0 1.0 (if i = 0 then 480 else 576) |> Array.map float32)
        )

    block

[<Tests>]
let tests =
    testList "RunningTests" [
        testAlone "running allocates nothing" (fun () ->
            let graph =
                trace [ [ 64; 8 ]; [ 8; 40 ] ] (function
                    | [ x; w ] -> [ Tensor.Tanh(Tensor.MatMul(x, w)); Tensor.Mean x ]
                    | _ -> [])

            use compiled = CompiledGraph.Compile graph

            let inputs, outputs =
                [| new TensorBlock(graph.Inputs[0]) |], [| new TensorBlock(graph.Outputs[0].Layout) |]

            let step () = compiled.Run(ReadOnlySpan inputs, ReadOnlySpan.Empty, ReadOnlySpan outputs, Span.Empty)
            step ()

            Expect.allocatesNothing
                (fun () ->
                    for _ in 1..100 do
                        step ())
                "100 steps after the first")

        testCase "blocks that do not fit, or that are both read and written, are refused with a reason" (fun () ->
            let graph = trace [ [ 4; 2 ] ] (fun x -> [ x[0] * 2.0 ])
            use compiled = CompiledGraph.Compile graph
            use input = new TensorBlock(graph.Inputs[0])
            use output = new TensorBlock(graph.Outputs[0].Layout)
            use other = new TensorBlock(Layout("other", [ struct ("a", shape [ 3 ]) ]))

            let attempt (i: TensorBlock) (o: TensorBlock) () =
                compiled.Run(ReadOnlySpan [| i |], ReadOnlySpan.Empty, ReadOnlySpan [| o |], Span.Empty)

            Expect.stringContains (message (attempt other output)) "laid out as in" "the message"
            Expect.stringContains (message (attempt input input)) "blocks that are not inputs" "the message"

            let unbound =
                GraphFunction(
                    graph.Inputs,
                    graph.Scalars,
                    graph.Outputs,
                    [| struct ("m", Tensor.Scalar "tau") |].ToImmutableArray()
                )

            Expect.stringContains (message (fun () -> CompiledGraph.Compile(unbound).Dispose())) "tau" "the message")

        testCase "a step that runs in place gives the bits that it gives into other memory" (fun () ->
            let graph = twoLayers descend
            use data = new TensorBlock(graph.Inputs[1])
            data.Write("x", ReadOnlySpan(uniform (Iql.Seed.Named "x") -1.0 1.0 800 |> Array.map float32))

            for threads in [ 1; 2; 3 ] do
                use team = new WorkerTeam(threads)
                use compiled = CompiledGraph.Compile(graph, team = team)
                Expect.isTrue compiled.RunsInPlace "runs in place of compiled"
                let here, there, next = state (), state (), state ()

                let run (from: TensorBlock) (into: TensorBlock) =
                    compiled.Run(
                        ReadOnlySpan [| from; data |],
                        ReadOnlySpan.Empty,
                        ReadOnlySpan [| into |],
                        Span.Empty
                    )

                run there next
                run next there
                run here here
                run here here
                Expect.isTrue (there.SameBits here) "same bits of there of here")

        testCase "a step that reads what it has to replace says that it cannot run in place" (fun () ->
            for name, results in
                [
                    "transposed",
                    (fun (_: Tensor) (v: Tensor) (w: Tensor) -> [ v; Tensor.Transpose(w, ReadOnlySpan [| 1; 0 |]) ])
                    "a product of itself", (fun _ v w -> [ v * 2.0; Tensor.MatMul(w, w) ])
                    "old beside new",
                    (fun _ v w ->
                        let next = Tensor.Tanh v
                        [ next; w + Tensor.MatMul(v, next, true) ])
                ] do
                let graph = twoLayers results
                use compiled = CompiledGraph.Compile graph
                use data = new TensorBlock(graph.Inputs[1])
                let before, after = state (), state ()

                let run (into: TensorBlock) =
                    compiled.Run(
                        ReadOnlySpan [| before; data |],
                        ReadOnlySpan.Empty,
                        ReadOnlySpan [| into |],
                        Span.Empty
                    )

                Expect.isFalse compiled.RunsInPlace name
                run after
                Expect.stringContains (message (fun () -> run before)) "blocks that are not inputs" "the message")

        testCase "an index outside its table is an error at any number of threads, not a crash" (fun () ->
            let graph = trace [ [ 4; 2 ]; [ 40 ] ] (fun x -> [ Tensor.Gather(x[0], x[1]) ])
            use input = new TensorBlock(graph.Inputs[0])
            use output = new TensorBlock(graph.Outputs[0].Layout)
            input.Write("x1", ReadOnlySpan(Array.create 40 9.0f))

            for threads in [ 1; 3 ] do
                use team = new WorkerTeam(threads)
                use compiled = CompiledGraph.Compile(graph, team = team)

                let error =
                    Expect.raises<InvalidOperationException>
                        (fun () ->
                            compiled.Run(
                                ReadOnlySpan [| input |],
                                ReadOnlySpan.Empty,
                                ReadOnlySpan [| output |],
                                Span.Empty
                            ))
                        "run of compiled"

                Expect.stringContains error.Message "whole numbers in [0, 4)" "message of error")

        testCase
            "an environment variable forces the instruction set, and a wrong word is refused with the right ones"
            (fun () ->
                Expect.equal (InstructionSets.Choose "") (Seq.max InstructionSets.Available) "choose"

                for path in InstructionSets.Available do
                    Expect.equal (InstructionSets.Choose((string path).ToLowerInvariant())) path "choose"

                for wrong in [ "avx512"; "7" ] do
                    Expect.equal
                        (message (fun () -> InstructionSets.Choose wrong |> ignore))
                        $"IQL_INSTRUCTIONS: expected scalar, vector128, vector256 or vector512, got {wrong}."
                        "the message")

        testCase
            "work that is started again and again is done once by each worker every time, also after a rest"
            (fun () ->
                use team = new WorkerTeam(3)
                let calls = Array.zeroCreate<int> 3
                let body = Action<int>(fun worker -> calls[worker] <- calls[worker] + 1)

                for round in 1..3 do
                    for i in 1..1000 do
                        team.Start body
                        Expect.equal calls[0] ((round - 1) * 1000 + i) "call 0"

                    team.Finish()
                    Expect.equal calls (Array.create 3 (round * 1000)) "calls"
                    Threading.Thread.Sleep 30)

        testCase "what a worker throws comes out where the team was asked, and the team works on" (fun () ->
            use team = new WorkerTeam(3)

            for failing in 0..2 do
                let error =
                    Expect.raises<InvalidOperationException>
                        (fun () ->
                            team.Run(fun worker ->
                                if worker = failing then
                                    raise (InvalidOperationException $"worker {worker}")))
                        "run of team"

                Expect.equal error.Message $"worker {failing}" "message of error"

            let counts = Array.zeroCreate 3
            team.Run(fun worker -> counts[worker] <- counts[worker] + 1)
            Expect.equal counts [| 1; 1; 1 |] "counts")
    ]
