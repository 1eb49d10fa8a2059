namespace Iql.Scripts

open Iql.Compile
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

    /// Numbers of its iteration.
    let count (kernel: KernelInfo) : float =
        (1.0, kernel.Extents) ||> Seq.fold (fun count extent -> count * float extent)

    /// Floating-point operations: those of the product, and one a number for each elementwise node that follows.
    let flop (kernel: KernelInfo) : float =
        let elementwise =
            kernel.Nodes
            |> Seq.filter (fun node -> Ops.IsElementwise node.Op || Ops.IsReduction node.Op)
            |> Seq.length

        kernel.Flop + float elementwise * count kernel

    /// Bytes it reads and writes at least.
    let bytes (kernel: KernelInfo) : float = kernel.Floats * 4.0
