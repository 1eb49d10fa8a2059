/// Traced functions on libtorch, for any number of runs.
module Iql.Torch.Tests.Executor

open System
open System.Collections.Immutable
open Expecto
open Iql
open Iql.Graph
open Iql.Torch

/// libtorch, or why it is not here.
let library: Result<LibTorch, string> =
    try
        Ok(LibTorch.Load())
    with :? InputException as missing ->
        Error missing.Message

/// Where they run: libtorch's kernels for a processor, or the first NVIDIA card if IQL_TEST_DEVICE is "cuda".
let private place =
    if Environment.GetEnvironmentVariable "IQL_TEST_DEVICE" = "cuda" then
        Place(true, 0)
    else
        Place.Host

/// A test that is skipped where there is no libtorch.
let testTorch (name: string) (test: LibTorch -> unit) : Test =
    testCase name (fun () ->
        match library with
        | Ok library -> test library
        | Error reason -> skiptest reason)

let private size (runs: int) (shape: Shape) = [|
    yield int64 runs
    for extent in shape.Extents do
        yield int64 extent
|]

/// A function of a state whose tensors lie in vectors, as training runs it, and their numbers for those of tensors.
let flat (graph: GraphFunction) : GraphFunction * (Map<string, float[]> -> Map<string, float[]>) * FlatState =
    let state = FlatState.Of(ImmutableArray.Create graph)

    let vectors (numbers: Map<string, float[]>) =
        (numbers, state.Members |> Seq.groupBy _.Vector)
        ||> Seq.fold (fun numbers (vector, members) ->
            Map.add $"state/{vector}" (Array.concat [ for m in members -> numbers[m.Name] ]) numbers)

    state.Apply graph, vectors, state

/// Results of a function of vectors in the order of its tensors.
let private apart (state: FlatState) (results: float[] list) =
    let vectors, metrics = List.splitAt state.Layout.Entries.Length results

    [
        for m in state.Members -> Array.sub vectors[m.Vector] m.Offset m.Entry.Shape.Count
        yield! metrics
    ]

let private plain
    (number: NumberType)
    (graph: GraphFunction)
    (runs: (Map<string, float[]> * float list) list)
    : float[] list list =
    let count = runs.Length
    use program = new TorchProgram(graph, count, number, place)

    let inputs = [|
        for layout in graph.Inputs do
            for entry in layout.Entries do
                let all = runs |> List.map (fun (numbers, _) -> numbers[$"{layout.Name}/{entry.Name}"])

                Handles.Upload<float>(
                    ReadOnlySpan(Array.concat all),
                    ReadOnlySpan(size count entry.Shape),
                    number,
                    place
                )
    |]

    let scalars = [|
        for i in 0 .. graph.Scalars.Length - 1 do
            for _, numbers in runs -> numbers[i]
    |]

    let results = Array.zeroCreate<nativeint> graph.Results.Length
    program.Run(ReadOnlySpan inputs, ReadOnlySpan scalars, Span results)

    let downloaded = [
        for handle, node in Array.zip results (Seq.toArray graph.Results) do
            let dense = Array.zeroCreate<float>(count * node.Shape.Count)
            Handles.Download<float>(handle, ReadOnlySpan(size count node.Shape), Span dense)
            Array.chunkBySize node.Shape.Count dense
    ]

    for handle in Array.append inputs results do
        Handles.Free handle

    [ for i in 0 .. count - 1 -> downloaded |> List.map (Array.item i) ]

/// Results and metrics of each run: numbers of inputs by their names, then numbers of scalars, in their order.
let run (number: NumberType) (graph: GraphFunction) (runs: (Map<string, float[]> * float list) list) =
    let inputs = [ for layout in graph.Inputs -> layout.Name ]

    if graph.Outputs |> Seq.forall (fun group -> List.contains group.Layout.Name inputs) then
        let flat, vectors, state = flat graph

        plain number flat [ for numbers, scalars in runs -> vectors numbers, scalars ]
        |> List.map (apart state)
    else
        plain number graph runs
