[<Xunit.Collection "console">]
module Iql.Cli.Tests.ExplainTests

open System
open System.IO
open System.Text.RegularExpressions
open Iql.Graph
open Iql.Scripts
open Iql.Cli
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Xunit

let private doubled =
    Explain.loss "doubled" [ "x", [ 20; 3 ]; "w", [ 3; 40 ] ] [ "scale", 2.0 ] (fun tensors scalars ->
        Tensor.Mean(Tensor.Square(Tensor.MatMul(tensors[0], tensors[1]) * scalars[0])))

let private step =
    Explain.step
        "a small step"
        (BenchCase.learner {
            BenchCase.standard with
                Batch = 32
                Hidden = [ 16; 16 ]
        })

[<Fact>]
let ``every node that is computed in memory belongs to a kernel, and every kernel to a phase`` () =
    for explanation in [ doubled; step ] do
        let known =
            System.Collections.Generic.HashSet(explanation.Simplified, HashIdentity.Reference)

        for kernel in explanation.Kernels do
            Assert.InRange(kernel.Info.Phase, 0, ExplainText.phases explanation - 1)

            for node in kernel.Info.Nodes do
                Assert.Contains(node, known)

        let phases = [ for kernel in explanation.Kernels -> kernel.Info.Phase ]
        Assert.Equal<int list>(List.sort phases, phases)

[<Fact>]
let ``kernels are timed`` () =
    for explanation in [ doubled; step ] do
        match ExplainText.sum explanation.Kernels with
        | Some microseconds -> Assert.True(microseconds > 0.0)
        | None -> Assert.Fail "expected times"

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

    Assert.Contains("It was not timed", ExplainPage.write gathered)
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

[<Fact>]
let ``rows of a picture go down from sources to users and hold six boxes`` () =
    let box sources : LayeredPicture.Box = {
        Label = [ "a" ]
        Hint = ""
        Colour = "#000000"
        Sources = sources
    }

    // Two leaves, twenty users of the first, and one of all those.
    let boxes =
        [ box []; box [] ] @ [ for _ in 1..20 -> box [ 0 ] ] @ [ box (1 :: [ 2..21 ]) ]

    let rows = LayeredPicture.layers boxes

    for i, box in List.indexed boxes do
        for source in box.Sources do
            Assert.True(rows[source] < rows[i])

    Assert.True(rows |> List.countBy id |> List.forall (fun (_, count) -> count <= 6))
    Assert.Equal(boxes.Length, Regex.Matches(LayeredPicture.write boxes, "<rect").Count)

[<Fact>]
let ``a page draws graph, timeline and memory, and asks for nothing`` () =
    let page = ExplainPage.write step
    Assert.Equal(4, Regex.Matches(page, "<svg").Count)
    Assert.DoesNotMatch("<(img|script|link|iframe)[^>]*(src|href)=\"https?:", page)

    for kernel in 0 .. step.Kernels.Length - 1 do
        Assert.Contains($"k{kernel}:", page)

[<Fact>]
let ``the command explains every loss it names, and a step`` () =
    for what in [ "expectile"; "td"; "advantage-weighted" ] do
        let code, output, _ = iql [ "explain"; what; "--batch"; "32" ]
        Assert.Equal(0, code)

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
    let page = scratch.Path "step.html"

    let code, output, _ =
        iql [
            "explain"
            "step"
            "--batch"
            "32"
            "--hidden"
            "16x16"
            "--policies"
            "2"
            "--html"
            page
        ]

    Assert.Equal(0, code)
    Assert.Contains("2 policies", output)
    Assert.Contains("more; --all lists them", output)
    Assert.Contains("<h1>The life of one IQL step", File.ReadAllText page)

[<Fact>]
let ``what cannot be explained is refused`` () =
    refuses [ "explain" ] [ "expected WHAT" ]
    refuses [ "explain"; "td"; "--algorithm"; "bc" ] [ "--algorithm: goes with 'step'" ]
    refuses [ "explain"; "step"; "--algorithm"; "bc"; "--batch"; "8" ] [ "--algorithm: takes batch" ]
    refuses [ "explain"; "huber" ] [ "WHAT: expected one of expectile, td, advantage-weighted, step, got 'huber'" ]
    refuses [ "explain"; "step"; "--html"; Path.Combine("none", "step.html") ] [ "--html: expected a file in a folder" ]

    Assert.Throws<ArgumentException>(fun () -> Explain.loss "nothing" [] [] (fun _ _ -> Tensor.Constant 1.0) |> ignore)
    |> ignore
