/// Running a compiled graph: what it costs, what it refuses, on which vectors and workers.
module Iql.Core.Tests.Compile.RunningTests

open System
open System.Collections.Immutable
open Xunit
open Iql.Compile
open Iql.Graph
open Iql.Core.Tests.Compile.CompiledTests
open Iql.Core.Tests.Graph.Dense

[<Fact>]
let ``running allocates nothing`` () =
    let graph =
        trace [ [ 64; 8 ]; [ 8; 40 ] ] (function
            | [ x; w ] -> [ Tensor.Tanh(Tensor.MatMul(x, w)); Tensor.Mean x ]
            | _ -> [])

    use compiled = CompiledGraph.Compile graph

    let inputs, outputs =
        [| new TensorBlock(graph.Inputs[0]) |], [| new TensorBlock(graph.Outputs[0].Layout) |]

    let step () =
        compiled.Run(ReadOnlySpan inputs, ReadOnlySpan.Empty, ReadOnlySpan outputs, Span.Empty)

    step ()
    let before = GC.GetAllocatedBytesForCurrentThread()

    for _ in 1..100 do
        step ()

    Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread())

let private message (action: unit -> unit) =
    Assert.Throws<ArgumentException>(action).Message

[<Fact>]
let ``blocks that do not fit, or that are both read and written, are refused with a reason`` () =
    let graph = trace [ [ 4; 2 ] ] (fun x -> [ x[0] * 2.0 ])
    use compiled = CompiledGraph.Compile graph
    use input = new TensorBlock(graph.Inputs[0])
    use output = new TensorBlock(graph.Outputs[0].Layout)
    use other = new TensorBlock(Layout("other", [ struct ("a", shape [ 3 ]) ]))

    let attempt (i: TensorBlock) (o: TensorBlock) () =
        compiled.Run(ReadOnlySpan [| i |], ReadOnlySpan.Empty, ReadOnlySpan [| o |], Span.Empty)

    Assert.Contains("laid out as in", message (attempt other output))
    Assert.Contains("blocks that are not inputs", message (attempt input input))

    let unbound =
        GraphFunction(
            graph.Inputs,
            graph.Scalars,
            graph.Outputs,
            [| struct ("m", Tensor.Scalar "tau") |].ToImmutableArray()
        )

    Assert.Contains("tau", message (fun () -> CompiledGraph.Compile(unbound).Dispose()))

[<Fact>]
let ``an index outside its table is an error at any number of threads, not a crash`` () =
    let graph = trace [ [ 4; 2 ]; [ 40 ] ] (fun x -> [ Tensor.Gather(x[0], x[1]) ])
    use compiled = CompiledGraph.Compile graph
    use input = new TensorBlock(graph.Inputs[0])
    use output = new TensorBlock(graph.Outputs[0].Layout)
    input.Write("x1", ReadOnlySpan(Array.create 40 9.0f))

    for threads in [ 1; 3 ] do
        use team = new WorkerTeam(threads)

        let error =
            Assert.Throws<InvalidOperationException>(fun () ->
                compiled.Run(ReadOnlySpan [| input |], ReadOnlySpan.Empty, ReadOnlySpan [| output |], Span.Empty, team))

        Assert.Contains("whole numbers in [0, 4)", error.Message)

[<Fact>]
let ``an environment variable forces the instruction set, and a wrong word is refused with the right ones`` () =
    Assert.Equal(Seq.max InstructionSets.Available, InstructionSets.Choose "")

    for path in InstructionSets.Available do
        Assert.Equal(path, InstructionSets.Choose((string path).ToLowerInvariant()))

    for wrong in [ "avx512"; "7" ] do
        Assert.Equal(
            $"IQL_INSTRUCTIONS: expected scalar, vector256 or vector512, got {wrong}.",
            message (fun () -> InstructionSets.Choose wrong |> ignore)
        )

[<Fact>]
let ``a team of workers meets at every barrier, also after a rest`` () =
    use team = new WorkerTeam(3)
    let seen = Array.zeroCreate<int> 3
    let behind = ref 0

    for _ in 1..3 do
        for _ in 1..200 do
            team.Run(fun worker ->
                for _ in 1..5 do
                    seen[worker] <- seen[worker] + 1
                    team.Barrier()

                    if Array.min seen <> Array.max seen then
                        Threading.Interlocked.Increment(&behind.contents) |> ignore

                    team.Barrier())

        Threading.Thread.Sleep 30

    Assert.Equal(0, behind.Value)
    Assert.Equal<int[]>(Array.create 3 3000, seen)
