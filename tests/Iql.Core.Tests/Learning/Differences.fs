/// Gradients against central differences, in double precision.
module Iql.Core.Tests.Learning.Differences

open System.Collections.Generic
open Iql
open Iql.Graph
open Expecto
open Iql.Core.Tests.Graph.Dense

let number (text: Tensor) (inputs: (Tensor * float[]) list) =
    let numbers = Dictionary<string, float[]>()

    for input, values in inputs do
        numbers[input.Name] <- values

    Interpreter.Evaluate([| text |], numbers).[0]

/// An input of a shape, with numbers uniform on ±bound.
let input name (extents: int list) bound =
    let shape = shape extents
    let seed = Seed.Named name
    Tensor.Input(name, shape), Array.init shape.Count (fun i -> seed.Uniform(uint64 i, bound))

/// The gradient of a scalar graph with respect to every input that is not a scalar equals (f(x + h) − f(x − h)) / 2h.
let assertGradient (what: string) (loss: Tensor) (inputs: (Tensor * float[]) list) =
    let step = 1e-5

    for x, values in inputs do
        if x.Shape.Rank > 0 then
            let gradient = number (Gradient.Of(loss, [| x |])[0]) inputs

            let moved i by =
                inputs
                |> List.map (fun (input, numbers) ->
                    if obj.ReferenceEquals(input, x) then
                        input, Array.updateAt i (numbers[i] + by) numbers
                    else
                        input, numbers)
                |> number loss
                |> Array.exactlyOne

            for i in 0 .. values.Length - 1 do
                let expected = (moved i step - moved i -step) / (2.0 * step)

                Expect.isTrue
                    (abs (gradient[i] - expected) <= 1e-8 * (1.0 + abs expected))
                    $"{what}, d/d{x.Name}[{i}]: differences {expected:R}, gradient {gradient[i]:R}"
