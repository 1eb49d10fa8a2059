module Iql.Core.Tests.Graph.OpTests

open System
open Iql.Graph
open Iql.Core.Tests.Graph.Dense
open Iql.Core.Tests.Graph.EveryOp
open Expecto

[<Tests>]
let tests =
    testList "OpTests" [
        testCase "every op has a row" (fun () ->
            let rec all (x: Tensor) : Op list = x.Op :: List.collect all (List.ofSeq x.Sources)

            let covered =
                set [
                    for row in rows do
                        yield! row.Shapes |> inputs |> row.Build |> all
                ]

            Expect.isEmpty (set (Enum.GetValues<Op>()) - covered) "values minus covered")

        testCase "every op has the value of its meaning" (fun () ->
            for row in rows do
                let y = row.Shapes |> inputs |> row.Build
                let expected = row.Meaning(List.map2 ofArray row.Shapes (numbers row))
                Expect.equal (y.Shape.ToString()) ((shape expected.Shape).ToString()) "shape of y"
                near 1e-14 row.Name (toArray expected) (evaluate (numbers row) [ y ]).[0])

        testCase "every op has the gradient of its differences" (fun () ->
            for row in rows do
                let sources = inputs row.Shapes
                let y = row.Build sources
                let weights = uniform (Iql.Seed.Named $"{row.Name} weights") 0.5 1.5 y.Shape.Count
                let weight = Tensor.Input($"x{sources.Length}", y.Shape)
                let loss = Tensor.Sum(y * weight)
                let values = numbers row @ [ weights ]
                let gradients = Gradient.Of(loss, List.toArray sources)
                let actual = evaluate values (List.ofSeq gradients)

                for i in 0 .. sources.Length - 1 do
                    Expect.equal gradients[i].Shape sources[i].Shape "shape of gradients at i"

                    let expected =
                        if List.contains i row.Smooth then
                            differences 1e-5 values loss i
                        else
                            Array.zeroCreate values[i].Length

                    near 1e-8 $"{row.Name}, source {i}" expected actual[i])
    ]
