/// States as few vectors: Adam and the slow copies are one chain of calls.
module Iql.Torch.Tests.FlatTests

open System.Collections.Generic
open System.Collections.Immutable
open Expecto
open Iql
open Iql.Algorithms
open Iql.Graph
open Iql.Torch
open Iql.Core.Tests.Graph.Dense
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Learning.SmallConfigs

let private evaluate (graph: GraphFunction) (numbers: Numbers) : float[] list =
    let inputs = Dictionary<string, float[]>()

    for KeyValue(name, values) in numbers do
        inputs[name] <- values

    Interpreter.Evaluate(graph.Results, inputs) |> List.ofArray

/// Numbers for every input, whole where they are indices or flags.
let private numbers (learner: Learner) (graph: GraphFunction) : Numbers =
    let batch = [
        for entry in learner.Batch.Entries ->
            $"batch/{entry.Name}", Array.map (fun x -> round (abs x)) (numbers entry.Name entry.Shape.Count 1.0)
    ]

    let scalars = Seq.append [ 7.0; 5.0 ] learner.Hyperparameters |> Seq.map Array.singleton

    Map.ofSeq (Seq.append batch (Seq.zip graph.Scalars scalars)) |> over
    <| initial learner (Seed.Named "flat")

let private same (x: float) (y: float) = x = y || System.Double.IsNaN x && System.Double.IsNaN y

/// Results of the vectors' tensors, then metrics.
let private tensors (state: FlatState) (results: float[] list) = [
    for m in state.Members -> Array.sub results[m.Vector] m.Offset m.Entry.Shape.Count
    yield! List.skip state.Layout.Entries.Length results
]

/// Entries of one block "s" and what becomes of them.
let private step (shapes: (string * int) list) (next: (string -> Tensor) -> Tensor list) =
    let layout = Layout("s", [ for name, count in shapes -> struct (name, shape [ count ]) ])
    let inputs = layout.Inputs()

    GraphFunction(
        ImmutableArray.Create layout,
        ImmutableArray.Empty,
        ImmutableArray.Create(TensorGroup(layout, ImmutableArray.CreateRange(next (fun name -> inputs[name])))),
        ImmutableArray.Empty
    )

let private vectors (state: FlatState) = [
    for _, members in state.Members |> Seq.groupBy _.Vector -> [ for m in members -> m.Entry.Name ]
]

[<Tests>]
let tests =
    testList "FlatTests" [
        testCase "a step on vectors has the bits of a step on tensors" (fun () ->
            for name, config in configs do
                let learner = config.Learner(4, 2)
                let state = FlatState.Of learner.Programs

                for graph in learner.Programs do
                    let numbers = numbers learner graph

                    let flat =
                        (numbers, state.Members |> Seq.groupBy _.Vector)
                        ||> Seq.fold (fun all (vector, members) ->
                            Map.add $"state/{vector}" (Array.concat [ for m in members -> numbers[m.Name] ]) all)

                    let expected = evaluate graph numbers
                    let actual = evaluate (state.Apply graph) flat |> tensors state
                    Expect.isTrue (List.forall2 (Array.forall2 same) expected actual) name)

        testCase "tensors that are made alike share a vector, whatever their shapes" (fun () ->
            let graph =
                step [ "w", 3; "b", 2; "m", 3; "n", 2; "c", 2 ] (fun s -> [
                    s "w" - 0.1 * s "m"
                    s "b" - 0.1 * s "n"
                    0.9 * s "m" + 0.1 * Tensor.Pad(Tensor.Sin(s "b"), 0, 0, 3)
                    0.9 * s "n" + 0.1 * Tensor.Slice(Tensor.Cos(s "w"), 0, 1, 2)
                    s "c" + 1.0
                ])

            Expect.equal
                (vectors (FlatState.Of(ImmutableArray.Create graph)))
                [ [ "w"; "b" ]; [ "m"; "n" ]; [ "c" ] ]
                "vectors")

        testCase "tensors that are made out of each other's next values stay apart" (fun () ->
            // b needs the next a, and d the next b: no one call can make all.
            let graph =
                step [ "a", 2; "b", 3; "d", 4 ] (fun s ->
                    let slowly (old: string) (x: Tensor) = 0.9 * s old + 0.1 * x
                    let a = slowly "a" (Tensor.Slice(Tensor.Sin(s "d"), 0, 1, 2))
                    let b = slowly "b" (Tensor.Pad(Tensor.Sin a, 0, 1, 3))
                    [ a; b; slowly "d" (Tensor.Pad(Tensor.Sin b, 0, 0, 4)) ])

            let state = FlatState.Of(ImmutableArray.Create graph)
            Expect.equal (vectors state) [ [ "a" ]; [ "b" ]; [ "d" ] ] "vectors"
            let numbers = Map [ "s/a", [| 1.0; 2.0 |]; "s/b", [| 3.0; 4.0; 5.0 |]; "s/d", [| 6.0; 7.0; 8.0; 9.0 |] ]
            let flat = Map [ "state/0", numbers["s/a"]; "state/1", numbers["s/b"]; "state/2", numbers["s/d"] ]
            Expect.equal (evaluate (state.Apply graph) flat |> tensors state) (evaluate graph numbers) "numbers")
    ]
