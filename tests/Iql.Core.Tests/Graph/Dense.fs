/// The oracle's numbers: a tensor is a function of its indices, so nothing here shares the interpreter's strides.
module Iql.Core.Tests.Graph.Dense

open System
open Iql
open Iql.Graph
open Expecto

/// A tensor as a function from an index in each axis to a number.
type Dense = { Shape: int list; At: int list -> float }

/// Every index of a shape, row-major.
let indices (shape: int list) : int list list =
    List.foldBack
        (fun extent inner -> [
            for i in 0 .. extent - 1 do
                for rest in inner -> i :: rest
        ])
        shape
        [ [] ]

let count (shape: int list) : int = List.fold (*) 1 shape

/// Row-major numbers under a shape.
let ofArray (shape: int list) (numbers: float[]) : Dense = {
    Shape = shape
    At = fun index -> numbers[(0, shape, index) |||> List.fold2 (fun place extent i -> place * extent + i)]
}

/// Row-major numbers of a tensor.
let toArray (x: Dense) : float[] = [| for index in indices x.Shape -> x.At index |]

/// NumPy's rule: aligned at the last axis, extent 1 stretches.
let stretch (shape: int list) (x: Dense) : Dense = {
    Shape = shape
    At =
        fun index ->
            let own = List.skip (shape.Length - x.Shape.Length) index
            x.At(List.map2 (fun extent i -> if extent = 1 then 0 else i) x.Shape own)
}

/// The index with one axis's entry replaced.
let at (axis: int) (i: int) (index: int list) : int list = List.updateAt axis i index

let shape (extents: int list) : Shape = Shape(ReadOnlySpan(List.toArray extents))

/// A graph input x0, x1, … for each shape.
let inputs (shapes: int list list) : Tensor list =
    shapes |> List.mapi (fun i extents -> Tensor.Input($"x{i}", shape extents))

/// Numbers in (low, high) from a seed.
let uniform (seed: Seed) (low: float) (high: float) (length: int) : float[] =
    Array.init length (fun i -> low + (high - low) * seed.Unit(uint64 i))

/// Values of the results, with numbers for x0, x1, …
let evaluate (numbers: float[] list) (results: Tensor list) : float[][] =
    Interpreter.Evaluate(List.toArray results, readOnlyDict (numbers |> List.mapi (fun i x -> $"x{i}", x)))

/// Central differences of a scalar graph with respect to input number i.
let differences (step: float) (numbers: float[] list) (loss: Tensor) (i: int) : float[] =
    let moved j h =
        let perturbed = numbers[i] |> Array.updateAt j (numbers[i][j] + h)
        (evaluate (numbers |> List.updateAt i perturbed) [ loss ]).[0].[0]

    [| for j in 0 .. numbers[i].Length - 1 -> (moved j step - moved j -step) / (2.0 * step) |]

/// Same length and |x − y| within tolerance · (1 + |y|); NaN equals NaN, infinities their own kind.
let near (tolerance: float) (what: string) (expected: float[]) (actual: float[]) : unit =
    Expect.equal expected.Length actual.Length $"{what}: expected {expected.Length} numbers, got {actual.Length}"

    for i in 0 .. expected.Length - 1 do
        let x, y = actual[i], expected[i]

        Expect.isTrue
            (x = y || Double.IsNaN x && Double.IsNaN y || abs (x - y) <= tolerance * (1.0 + abs y))
            $"{what}[{i}]: expected {y:R}, got {x:R}"
