/// The compiled executor on graphs nobody thought of, and on what they found.
module Iql.Core.Tests.Compile.RandomGraphTests

open System
open Expecto
open Iql.Graph
open Iql.Core.Tests.Compile.CompiledTests
open Iql.Core.Tests.Graph
open Iql.Core.Tests.Graph.Dense

[<Tests>]
let tests =
    testList "RandomGraphTests" [
        testCase "a single number that was moved or multiplied out can be used" (fun () ->
            let first (x: Tensor) = Tensor.Slice(x, 0, 0, 1)

            for name, shapes, build in
                [
                    "slice", [ [ 3 ] ], (fun (x: Tensor list) -> Tensor.Exp(first (Tensor.Tanh x[0])))
                    "slice of a sum",
                    [ [ 3; 2 ]; [ 2; 3 ] ],
                    (fun x -> x[1] + Tensor.Slice(Tensor.Sum(x[0], 0), 1, 1, 1))
                    "slice as a divisor", [ [ 3 ] ], (fun x -> let y = Tensor.Exp x[0] in y / first y)
                    "product", [ [ 1; 3 ]; [ 3; 1 ] ], (fun x -> Tensor.Exp(Tensor.MatMul(x[0], x[1]) * 2.0) + x[1])
                    "gather",
                    [ [ 3; 1 ] ],
                    (fun x -> Tensor.Exp(Tensor.Gather(Tensor.Tanh x[0], Tensor.Broadcast(2.0, shape [ 1 ]))))
                ] do
                check 4e-6 name shapes (fun x -> [ build x ]))

        RandomGraphs.testGraphs
            100
            "random graphs give what the interpreter gives"
            (let special =
                RandomGraphs.numbers
                |> List.map (
                    Array.map (fun x ->
                        if x > 1.0 then nan
                        elif x < -1.5 then -infinity
                        else x)
                )

             fun build ->
                 for numbers in [ RandomGraphs.numbers; special ] do
                     compare 2e-3 "random graph" RandomGraphs.shapes numbers build)
    ]
