/// TorchSharp in this process, on the libtorch that Iql has loaded.
module Iql.Torch.Tests.TorchSharp

open System
open System.IO
open System.Runtime.InteropServices
open Expecto
open Iql.Graph
open Iql.Torch
open TorchSharp

/// libtorch with TorchSharp's native part beside it, or why it is not here. TorchSharp itself is not asked: where its
/// own search fails, it copies 470 MB.
let library: Result<LibTorch, string> =
    Executor.library
    |> Result.bind (fun library ->
        let own =
            Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so")

        try
            NativeLibrary.Load(Path.Combine(library.Folder, "libtorch.so")) |> ignore
            NativeLibrary.Load own |> ignore
            Ok library
        with :? DllNotFoundException as missing ->
            Error $"TorchSharp does not load here: {missing.Message}")

/// A result of `library`, or the test is skipped; where IQL_TEST_TORCHSHARP is set, it fails.
let required () : LibTorch =
    match library with
    | Ok library -> library
    | Error reason when isNull (Environment.GetEnvironmentVariable "IQL_TEST_TORCHSHARP") -> skiptest reason
    | Error reason -> failtest reason

/// A run of a traced function in double precision, on tensors that TorchSharp made: results, then metrics.
let run (graph: GraphFunction) (numbers: Map<string, float[]>) (scalars: float list) : float[] list =
    let library = required ()
    use scope = torch.NewDisposeScope()
    use computed = new TorchFunction(library, graph, 1, true)

    let inputs = [|
        for layout in graph.Inputs do
            for entry in layout.Entries do
                let size = [|
                    1L
                    for extent in entry.Shape.Extents do
                        int64 extent
                |]

                torch.tensor(numbers[$"{layout.Name}/{entry.Name}"]).reshape size
    |]

    let handles = [| for input in inputs -> input.Handle |]

    [
        for handle in computed.Run(ReadOnlySpan handles, ReadOnlySpan(List.toArray scalars)) ->
            torch.Tensor.UnsafeCreateTensor(handle).contiguous().data<float>().ToArray()
    ]
