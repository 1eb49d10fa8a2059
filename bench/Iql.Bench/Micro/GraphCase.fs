namespace Iql.Bench

open System.Collections.Immutable
open Iql.Cpu
open Iql.Graph

/// A small graph that compiles to one kernel, or to the few that its name tells.
type GraphCase = {
    Name: string
    Function: GraphFunction
    /// Floating-point operations of a run, and bytes that it reads and writes at least.
    Flop: float
    Bytes: float
}

/// The kernels that have a micro-benchmark: products of a layer of 256, alone and fused, and kernels that move memory.
[<RequireQualifiedAccess>]
module GraphCase =

    /// Rows of the table that is gathered from.
    let tableRows = 100_000

    let private case (name: string) (shapes: int list list) (body: Tensor list -> Tensor list) : GraphCase =
        let shape (extents: int list) = Shape.Of(List.toArray extents)

        let inputs = Layout("in", [ for i, extents in List.indexed shapes -> struct ($"x{i}", shape extents) ])

        let results = body (List.ofSeq (inputs.Inputs().Tensors))

        let outputs = Layout("out", [ for i, result in List.indexed results -> struct ($"y{i}", result.Shape) ])

        let graph =
            GraphFunction(
                ImmutableArray.Create inputs,
                ImmutableArray.Empty,
                ImmutableArray.Create(TensorGroup(outputs, ImmutableArray.CreateRange results)),
                ImmutableArray.Empty
            )

        use compiled = CompiledGraph.Compile graph

        {
            Name = name
            Function = graph
            Flop = compiled.Kernels |> Seq.sumBy _.Flop
            Bytes = compiled.Kernels |> Seq.sumBy (fun kernel -> 4.0 * kernel.Floats)
        }

    let private adam (x: Tensor list) =
        let gradient = Tensor.MatMul(x[0], x[1], transposeFirst = true)
        let mean = 0.9 * x[3] + 0.1 * gradient
        let square = 0.999 * x[4] + 0.001 * Tensor.Square gradient
        [ x[2] - 3e-4 * mean / (Tensor.Sqrt square + 1e-8); mean; square ]

    /// All of them.
    let all: GraphCase list =
        let b, h, narrow = 256, 256, 12
        let zero = Tensor.Constant 0.0

        [
            case "NN 256³" [ [ b; h ]; [ h; h ] ] (fun x -> [ Tensor.MatMul(x[0], x[1]) ])
            case "TN 256³" [ [ b; h ]; [ b; h ] ] (fun x -> [ Tensor.MatMul(x[0], x[1], transposeFirst = true) ])
            case "NT 256³" [ [ b; h ]; [ h; h ] ] (fun x -> [ Tensor.MatMul(x[0], x[1], transposeSecond = true) ])
            case "NN K 12" [ [ b; narrow ]; [ narrow; h ] ] (fun x -> [ Tensor.MatMul(x[0], x[1]) ])
            case "TN K 12" [ [ b; narrow ]; [ b; h ] ] (fun x -> [ Tensor.MatMul(x[0], x[1], transposeFirst = true) ])
            case "NN 256³ bias ReLU" [ [ b; h ]; [ h; h ]; [ h ] ] (fun x -> [
                Tensor.Relu(Tensor.MatMul(x[0], x[1]) + x[2])
            ])
            case "NT 256³ mask" [ [ b; h ]; [ h; h ]; [ b; h ] ] (fun x -> [
                Tensor.Where(Tensor.Less(zero, x[2]), Tensor.MatMul(x[0], x[1], transposeSecond = true), zero)
            ])
            case "TN 256³ Adam" [ [ b; h ]; [ b; h ]; [ h; h ]; [ h; h ]; [ h; h ] ] adam
            case "elementwise chain" [ [ b; h ]; [ b; h ] ] (fun x -> [
                Tensor.Exp(Tensor.Minimum(x[0] * 0.5 + x[1], Tensor.Constant 2.0)) - Tensor.Tanh x[1]
            ])
            case "row sums" [ [ b; h ] ] (fun x -> [ Tensor.Sum(Tensor.Square x[0], 1) ])
            case "column sums" [ [ b; h ] ] (fun x -> [ Tensor.Sum(x[0], 0) ])
            case "gather 256 rows" [ [ tableRows; 32 ]; [ b ] ] (fun x -> [ Tensor.Gather(x[0], x[1]) ])
        ]
