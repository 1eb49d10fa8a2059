namespace Iql.Scripts

open Iql.Cpu
open Iql.Graph

/// What kernels do, in words, and how much.
[<RequireQualifiedAccess>]
module KernelKind =

    /// The kind of a kernel; products are told apart by what they contract.
    let name (kernel: KernelInfo) : string =
        match kernel.Kind, kernel.Nodes |> Seq.tryFind (fun node -> node.Op = Op.MatMul) with
        | "product", Some product ->
            match product.Integers[0], product.Integers[1] with
            | 1, _ -> "product Xᵀ·D (weights)"
            | _, 1 -> "product D·Wᵀ (backward)"
            | _ -> "product X·W (forward)"
        | kind, _ -> kind

    /// Floating-point operations: those of the product, and one for each number that an elementwise node makes or a
    /// reduction takes.
    let flop (kernel: KernelInfo) : float =
        kernel.Flop
        + Seq.sum [
            for node in kernel.Nodes do
                if Ops.IsElementwise node.Op then
                    float node.Shape.Count
                elif Ops.IsReduction node.Op then
                    float node.Sources[0].Shape.Count
        ]

    /// Bytes it reads and writes at least.
    let bytes (kernel: KernelInfo) : float = kernel.Floats * 4.0
