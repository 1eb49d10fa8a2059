[<Xunit.Collection "console">]
module Iql.Cli.Tests.ExplainTests

open System
open System.IO
open System.Text.RegularExpressions
open Iql.Algorithms
open Iql.Graph
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Xunit

let private doubled =
    Explain.loss "doubled" [ "x", [ 20; 3 ]; "w", [ 3; 40 ] ] [ "scale", 2.0 ] (fun tensors scalars ->
        Tensor.Mean(Tensor.Square(Tensor.MatMul(tensors[0], tensors[1]) * scalars[0])))

let private step =
    let config =
        ImplicitQLearningConfig(HiddenSizes = Widths [ 16; 16 ], BatchSize = 32)

    ImplicitQLearning.Learner(config.Varied("inverseTemperature", [| 3.0 |]), 11, 3)
    |> Explain.step "a small \"step\""

[<Fact>]
let ``every node that is computed in memory belongs to a kernel, and every kernel to a phase`` () =
    for explanation in [ doubled; step ] do
        let known =
            System.Collections.Generic.HashSet(explanation.Simplified, HashIdentity.Reference)

        for kernel in explanation.Kernels do
            for node in kernel.Info.Nodes do
                Assert.Contains(node, known)

        let phases = [ for kernel in explanation.Kernels -> kernel.Info.Phase ]
        Assert.Equal<int list>(List.sort phases, phases)

[<Fact>]
let ``kernels are timed`` () =
    for explanation in [ doubled; step ] do
        for kernel in explanation.Kernels do
            Assert.True(kernel.Microseconds.Value >= 0.0)

        Assert.True(
            explanation.Kernels
            |> List.exists (fun kernel -> kernel.Microseconds.Value > 0.0)
        )

[<Fact>]
let ``temporaries that lie in the same place are never needed at the same time`` () =
    Assert.NotEmpty step.Memory
    Assert.True(step.RunsInPlace)

    for buffer in step.Memory do
        Assert.InRange(buffer.Offset, 0, step.MemoryLength - buffer.Length)
        Assert.True(buffer.Made <= buffer.LastUse)

    for a in step.Memory do
        for b in step.Memory do
            let together = a.Made <= b.LastUse && b.Made <= a.LastUse
            let overlap = a.Offset < b.Offset + b.Length && b.Offset < a.Offset + a.Length

            if not (obj.ReferenceEquals(a, b)) then
                Assert.False((together && overlap), $"{a} {b}")

[<Fact>]
let ``a graph that made-up numbers do not fit is explained without times`` () =
    let gathered =
        Explain.loss "gathered" [ "table", [ 4; 2 ]; "index", [ 5 ] ] [] (fun tensors _ ->
            Tensor.Mean(Tensor.Gather(tensors[0], tensors[1])))

    for kernel in gathered.Kernels do
        Assert.Equal(None, kernel.Microseconds)

    Assert.Contains("–", ExplainText.whole gathered)

[<Fact>]
let ``nodes are named once and used by their names`` () =
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

        Assert.Equal<string list>(List.distinct defined, defined)

        for line in simplified do
            for used in Regex.Matches(line, @"%\d+") do
                Assert.Contains(used.Value, defined)

[<Fact>]
let ``a product's work and its transposition are told`` () =
    let product =
        doubled.Kernels |> List.find (fun kernel -> kernel.Info.Kind = "product")

    Assert.Equal(2.0 * 20.0 * 3.0 * 40.0, product.Info.Flop)
    Assert.Equal("product X·W (forward)", KernelKind.name product.Info)

    Assert.Contains(doubled.Kernels, fun kernel -> KernelKind.name kernel.Info = "product D·Wᵀ (backward)")

/// The boxes of a DOT text, and its arrows.
let private drawn (dot: string) : Set<string> * (string * string) list =
    set [
        for found in Regex.Matches(dot, "^    (\"[^\"]+\") \\[", RegexOptions.Multiline) -> found.Groups[1].Value
    ],
    [
        for found in Regex.Matches(dot, "^  (\"[^\"]+\") -> (\"[^\"]+\")$", RegexOptions.Multiline) ->
            found.Groups[1].Value, found.Groups[2].Value
    ]

[<Fact>]
let ``a small graph is drawn node by node, a large one kernel by kernel`` () =
    let nodes = doubled.Simplified |> List.filter (fun node -> node.Op <> Op.Constant)

    for explanation, boxes in [ doubled, nodes.Length; step, step.Kernels.Length ] do
        let found, arrows = drawn (ExplainDot.write explanation)
        Assert.Equal(boxes, found.Count)
        same (List.distinct arrows, arrows)
        // Every box but the sources has an arrow, and none leads elsewhere.
        Assert.True(arrows.Length >= boxes / 2)

        for source, user in arrows do
            Assert.Contains(source, found)
            Assert.Contains(user, found)

    let frame = "subgraph cluster_1 { label=\"k0 product X·W (forward)"
    Assert.Contains(frame, ExplainDot.write doubled)
    Assert.Contains("label=\"a small \\\"step\\\"\"", ExplainDot.write step)

[<Fact>]
let ``the command explains every loss it names, and a step`` () =
    for what in [ "expectile"; "td"; "advantage-weighted" ] do
        let output = succeeds $"explain {what} --batch 32"

        for heading in
            [
                $"The life of {what}"
                "1. As written"
                "2. Simplified"
                "3. Schedule"
                "4. Memory"
            ] do
            Assert.Contains(heading, output)

    use scratch = new Scratch()
    let dot = scratch.Path "step.dot"

    let output =
        succeeds $"explain step --batch 32 --hidden 16x16 --policies 2 --dot {dot}"

    Assert.Contains("2 policies", output)
    Assert.Contains("more; --all lists them", output)
    Assert.StartsWith("digraph explanation {\n  graph [label=\"one IQL step", File.ReadAllText dot)

[<Fact>]
let ``what cannot be explained is refused`` () =
    refuses "explain" [ "expected WHAT" ]
    refuses "explain td --algorithm bc" [ "--algorithm: needs 'step'" ]
    refuses "explain step --algorithm bc --batch 8" [ "--algorithm: uses the batch" ]
    refuses "explain huber" [ "WHAT: expected one of expectile, td, advantage-weighted, step, got 'huber'" ]
    refuses "explain step --dot none/step.dot" [ "--dot: expected a file in a folder" ]

    Assert.Throws<ArgumentException>(fun () -> Explain.loss "nothing" [] [] (fun _ _ -> Tensor.Constant 1.0) |> ignore)
    |> ignore
