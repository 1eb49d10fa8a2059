module Iql.Cli.Tests.ExplainTests

open System
open System.IO
open System.Text.RegularExpressions
open Iql.Algorithms
open Iql.Graph
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Expecto
open Iql.Tests

let private doubled =
    Explain.loss "doubled" [ "x", [ 20; 3 ]; "w", [ 3; 40 ] ] [ "scale", 2.0 ] (fun tensors scalars ->
        Tensor.Mean(Tensor.Square(Tensor.MatMul(tensors[0], tensors[1]) * scalars[0])))

let private step =
    let config = ImplicitQLearningConfig(HiddenSizes = Widths [ 16; 16 ], BatchSize = 32)

    ImplicitQLearning.Learner(config.Varied("inverseTemperature", [| 3.0 |]), 11, 3)
    |> Explain.step "a small \"step\""

/// The boxes of a DOT text, and its arrows.
let private drawn (dot: string) : Set<string> * (string * string) list =
    set [
        for found in Regex.Matches(dot, "^    (\"[^\"]+\") \\[", RegexOptions.Multiline) -> found.Groups[1].Value
    ],
    [
        for found in Regex.Matches(dot, "^  (\"[^\"]+\") -> (\"[^\"]+\")$", RegexOptions.Multiline) ->
            found.Groups[1].Value, found.Groups[2].Value
    ]

[<Tests>]
let tests =
    testSequenced
    <| testList "ExplainTests" [
        testCase "every node that is computed in memory belongs to a kernel, and every kernel to a phase" (fun () ->
            for explanation in [ doubled; step ] do
                let known = System.Collections.Generic.HashSet(explanation.Simplified, HashIdentity.Reference)

                for kernel in explanation.Kernels do
                    for node in kernel.Info.Nodes do
                        Expect.contains known node "known"

                let phases = [ for kernel in explanation.Kernels -> kernel.Info.Phase ]
                Expect.equal phases (List.sort phases) "phases")

        testCase "kernels are timed" (fun () ->
            for explanation in [ doubled; step ] do
                for kernel in explanation.Kernels do
                    Expect.isGreaterThanOrEqual kernel.Microseconds.Value 0.0 "microseconds of kernel"

                Expect.exists
                    explanation.Kernels
                    (fun kernel -> kernel.Microseconds.Value > 0.0)
                    "kernels of explanation")

        testCase "temporaries that lie in the same place are never needed at the same time" (fun () ->
            Expect.isNonEmpty step.Memory "memory of step"
            Expect.isTrue step.RunsInPlace "runs in place of step"

            for buffer in step.Memory do
                Expect.between 0 (step.MemoryLength - buffer.Length) buffer.Offset "offset of buffer"
                Expect.isLessThanOrEqual buffer.Made buffer.LastUse "made of buffer"

            for a in step.Memory do
                for b in step.Memory do
                    let together = a.Made <= b.LastUse && b.Made <= a.LastUse
                    let overlap = a.Offset < b.Offset + b.Length && b.Offset < a.Offset + a.Length

                    if not (obj.ReferenceEquals(a, b)) then
                        Expect.isFalse (together && overlap) $"{a} {b}")

        testCase "a graph that made-up numbers do not fit is explained without times" (fun () ->
            let gathered =
                Explain.loss "gathered" [ "table", [ 4; 2 ]; "index", [ 5 ] ] [] (fun tensors _ ->
                    Tensor.Mean(Tensor.Gather(tensors[0], tensors[1])))

            for kernel in gathered.Kernels do
                Expect.isNone kernel.Microseconds "microseconds of kernel"

            Expect.stringContains (ExplainText.whole gathered) "–" "whole of gathered")

        testCase "nodes are named once and used by their names" (fun () ->
            for explanation in [ doubled; step ] do
                let lines = (ExplainText.whole explanation).Split '\n'
                // From the heading of the simplified graph to that of the schedule.
                let simplified =
                    lines
                    |> Array.skipWhile (fun line -> not (line.StartsWith "2."))
                    |> Array.takeWhile (fun line -> not (line.StartsWith "3."))

                let defined = [
                    for line in simplified do
                        let name = Regex.Match(line, @"^   (%\d+) = ")

                        if name.Success then
                            name.Groups[1].Value
                ]

                Expect.equal defined (List.distinct defined) "defined"

                for line in simplified do
                    for used in Regex.Matches(line, @"%\d+") do
                        Expect.contains defined used.Value "defined")

        testCase "a product's work and its transposition are told" (fun () ->
            let product = doubled.Kernels |> List.find (fun kernel -> kernel.Info.Kind = "product")

            Expect.equal product.Info.Flop (2.0 * 20.0 * 3.0 * 40.0) "flop of product"
            Expect.equal (KernelKind.name product.Info) "product X·W (forward)" "name"

            Expect.exists
                doubled.Kernels
                (fun kernel -> KernelKind.name kernel.Info = "product D·Wᵀ (backward)")
                "kernels of doubled")

        testCase "a small graph is drawn node by node, a large one kernel by kernel" (fun () ->
            let nodes = doubled.Simplified |> List.filter (fun node -> node.Op <> Op.Constant)

            for explanation, boxes in [ doubled, nodes.Length; step, step.Kernels.Length ] do
                let found, arrows = drawn (ExplainDot.write explanation)
                Expect.equal found.Count boxes "count of found"
                same (List.distinct arrows, arrows)
                // Every box but the sources has an arrow, and none leads elsewhere.
                Expect.isGreaterThanOrEqual arrows.Length (boxes / 2) "length of arrows"

                for source, user in arrows do
                    Expect.contains found source "found"
                    Expect.contains found user "found"

            let frame = "subgraph cluster_1 { label=\"k0 product X·W (forward)"
            Expect.stringContains (ExplainDot.write doubled) frame "write of doubled"
            Expect.stringContains (ExplainDot.write step) "label=\"a small \\\"step\\\"\"" "write of step")

        testCase "the command explains every loss it names, and a step" (fun () ->
            for what in [ "expectile"; "td"; "advantage-weighted" ] do
                let output = succeeds $"explain {what} --batch 32"

                let headings = [ $"The life of {what}"; "1. As written"; "2. Simplified"; "3. Schedule"; "4. Memory" ]

                for heading in headings do
                    Expect.stringContains output heading "output"

            use scratch = new Scratch()
            let dot = scratch.Path "step.dot"

            let output = succeeds $"explain step --batch 32 --hidden 16x16 --policies 2 --dot {dot}"

            Expect.stringContains output "2 policies" "output"
            Expect.stringContains output "more; --all lists them" "output"

            Expect.stringStarts
                (File.ReadAllText dot)
                "digraph explanation {\n  graph [label=\"one IQL step"
                "file dot")

        testCase "what cannot be explained is refused" (fun () ->
            refuses "explain" [ "expected WHAT" ]
            refuses "explain td --algorithm bc" [ "--algorithm: needs 'step'" ]
            refuses "explain step --algorithm bc --batch 8" [ "--algorithm: uses the batch" ]
            refuses "explain huber" [ "WHAT: expected one of expectile, td, advantage-weighted, step, got 'huber'" ]
            refuses "explain step --dot none/step.dot" [ "--dot: expected a file in a folder" ]

            Expect.refuses
                (fun () -> Explain.loss "nothing" [] [] (fun _ _ -> Tensor.Constant 1.0) |> ignore)
                "loss 'nothing'")
    ]
