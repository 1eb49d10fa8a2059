// Iql on TorchSharp's tensors, without a copy. TorchSharp 0.107 needs GLIBCXX_3.4.32, as Debian 13 and Ubuntu 24.04
// have it. It also needs libtorch 2.10: the package libtorch-cpu-linux-x64 2.10.0, or IQL_LIBTORCH.
#load "../prelude.fsx"
#r "../../src/Iql.Torch/bin/Release/net10.0/Iql.Torch.dll"
#r "nuget: TorchSharp, 0.107.0"

open System
open System.Collections.Immutable
open System.IO
open System.Runtime.InteropServices
open Iql.Graph
open Iql.Losses
open Iql.Torch
open TorchSharp

// Both must use one libtorch. So Iql loads its own first; then TorchSharp's native part finds it there.
let library = LibTorch.Load()

NativeLibrary.Load(Path.Combine(library.Folder, "libtorch.so")) |> ignore

let package =
    Path.GetFullPath(Path.Combine(Path.GetDirectoryName typeof<torch>.Assembly.Location, "..", ".."))

NativeLibrary.Load(Path.Combine(package, "runtimes", "linux-x64", "native", "libLibTorchSharp.so"))
|> ignore

// The expectile loss of Iql and its gradient, traced for five runs of eight residuals each.
let runs, rows = 5, 8
let block = Layout("in", [ struct ("residual", Shape.Of [ rows ]) ])
let residual = block.Inputs()["residual"]

let loss = Tensor.Mean(Expectile.Loss(residual, Tensor.Scalar "expectile"))

let out = Layout("out", [ struct ("gradient", residual.Shape) ])

let traced =
    GraphFunction(
        ImmutableArray.Create block,
        ImmutableArray.Create "expectile",
        ImmutableArray.Create(TensorGroup(out, ImmutableArray.Create(Gradient.Of(loss, [ residual ])[0]))),
        ImmutableArray.Create(struct ("loss", loss))
    )

let computed = new TorchFunction(library, traced, runs)

// Each run has its own expectile. A handle goes in, handles come out; TorchSharp's tensors own them from then on.
let expectiles = [| 0.5; 0.6; 0.7; 0.8; 0.9 |]

let ofIql (x: torch.Tensor) =
    let results =
        computed.Run(ReadOnlySpan [| x.Handle |], ReadOnlySpan expectiles)
        |> Seq.map torch.Tensor.UnsafeCreateTensor
        |> List.ofSeq

    results[0], results[1]

// The same by TorchSharp: its own ops, its own gradient.
let ofTorchSharp (x: torch.Tensor) =
    let x = x.detach().clone().requires_grad_()
    let tau = torch.tensor(Array.map float32 expectiles).unsqueeze 1L
    let weight = torch.where (x.gt (torch.tensor 0.0f), tau, torch.tensor (1.0f) - tau)
    let losses = (weight * x * x).mean([| 1L |])
    losses.sum().backward()
    x.grad, losses.detach ()

let compare (what: string) (x: torch.Tensor) =
    let gradient, loss = ofIql x
    let gradient', loss' = ofTorchSharp x

    let apart (a: torch.Tensor) (b: torch.Tensor) = (a.reshape (-1L) - b.reshape (-1L)).abs().max().item<float32>()

    printfn "%s: losses differ by %.1e, gradients by %.1e" what (apart loss loss') (apart gradient gradient')

    if max (apart loss loss') (apart gradient gradient') > 1e-5f then
        failwith "Iql and TorchSharp differ"

torch.random.manual_seed 1L |> ignore
let x = torch.randn ([| int64 runs; int64 rows |])
compare "random residuals" x

// No copy: what TorchSharp writes into its tensor, Iql reads.
x.mul_ (torch.tensor -3.0f) |> ignore
compare "the same tensor, changed in place" x
computed.Dispose()
