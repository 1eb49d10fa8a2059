module Iql.Core.Tests.SamplerTests

open System
open Iql
open Iql.Data
open Iql.Execution
open Iql.Graph
open Iql.Core.Tests.DataCases
open Xunit

let seed = Seed.Named("tests").Split "sampling"

let shape (extents: int[]) = Shape(ReadOnlySpan extents)

let filled (t: Transitions) (layout: Layout) step =
    let block = new TensorBlock(layout)
    Sampler(t, layout).Fill(block, seed, step)
    block

[<Theory>]
[<InlineData(7, 5, 3)>]
[<InlineData(1, 5, 3)>]
[<InlineData(32, 1, 1)>]
[<InlineData(1, 1, 1)>]
[<InlineData(16, 17, 16)>]
let ``row i of step t is row Below(tB + i, N)`` (batchSize: int) observationSize actionSize =
    let t = transitions observationSize actionSize (steps 50 [ 9; 20 ] [ 33 ])
    let step = 1_000_003L
    use block = filled t (BatchLayout.Of(batchSize, observationSize, actionSize)) step

    let rows =
        Array.init batchSize (fun i -> seed.Below(uint64 (step * int64 batchSize + int64 i), 50))

    let expected (column: int) size = [|
        for row in rows do
            for j in 0 .. size - 1 -> number column row j
    |]

    Assert.Equal<float32[]>(expected 1 observationSize, block.Read "observations")
    Assert.Equal<float32[]>(expected 2 actionSize, block.Read "actions")
    Assert.Equal<float32[]>(expected 3 observationSize, block.Read "nextObservations")
    Assert.Equal<float32[]>(rows |> Array.map float32, block.Read "rewards")
    Assert.Equal<float32[]>(rows |> Array.map (fun r -> if r = 9 || r = 20 then 1f else 0f), block.Read "terminals")

[<Fact>]
let ``next actions come from the same episode, and rows without one are never drawn`` () =
    forAllSteps (fun steps ->
        let t = transitions 2 2 steps

        let eligible = [|
            for i in 0 .. t.Count - 1 do
                if t.HasNextAction i then
                    i
        |]

        let layout = BatchLayout.Of(64, 2, 2, nextActions = true)

        if eligible.Length = 0 then
            throws<ArgumentException>(fun () -> Sampler(t, layout) |> ignore) |> ignore
            true
        else
            use block = filled t layout 5L

            let rows =
                Array.init 64 (fun i -> eligible[seed.Below(uint64 (5 * 64 + i), eligible.Length)])

            let expected = [|
                for row in rows do
                    for j in 0..1 -> number 2 (if steps[row].Terminal then row else row + 1) j
            |]

            let own = [|
                for row in rows do
                    for j in 0..1 -> number 2 row j
            |]

            block.Read "nextActions" = expected && block.Read "actions" = own)

[<Fact>]
let ``the same seed and step give the same batch, another step another`` () =
    let t = transitions 3 2 (steps 200 [] [])
    let layout = BatchLayout.Of(32, 3, 2)
    use a = filled t layout 4L
    use b = filled t layout 4L
    use c = filled t layout 5L
    Assert.True(a.SameBits b)
    Assert.False(a.SameBits c)

[<Fact>]
let ``columns may come in any order and number`` () =
    let t = transitions 3 2 (steps 40 [ 3 ] [])

    let layout =
        Layout("batch", [ struct ("rewards", shape [| 8 |]); struct ("observations", shape [| 8; 3 |]) ])

    use block = filled t layout 0L
    let rows = Array.init 8 (fun i -> seed.Below(uint64 i, 40))
    Assert.Equal<float32[]>(rows |> Array.map float32, block.Read "rewards")

    Assert.Equal<float32[]>(
        [|
            for row in rows do
                for j in 0..2 -> number 1 row j
        |],
        block.Read "observations"
    )

[<Fact>]
let ``a column nobody knows or of another size is refused`` () =
    let t = transitions 3 2 (steps 40 [] [])

    let refused (layout: Layout) =
        throws<ArgumentException>(fun () -> Sampler(t, layout) |> ignore).Message

    Assert.Contains("got returns", refused (Layout("batch", [ struct ("returns", shape [| 8 |]) ])))
    Assert.Contains("batch/observations: expected shape [8, 3]", refused (BatchLayout.Of(8, 4, 2)))

[<Fact>]
let ``a batch filled in parts is the batch filled at once`` () =
    let t = transitions 3 2 (steps 50 [ 9; 20 ] [ 33 ])

    for source, layout in
        [
            (let layout = BatchLayout.Of(32, 3, 2) in Sampler(t, layout) :> IBatchSource, layout)
            (let layout = BatchLayout.Trajectories(32, 5, 3, 2) in TrajectorySampler(t, layout) :> IBatchSource, layout)
        ] do
        use whole = new TensorBlock(layout)
        use parts = new TensorBlock(layout)
        source.Fill(whole, seed, 7L, 0, source.BatchSize)

        for first, last in [ 20, 32; 0, 1; 1, 20 ] do
            source.Fill(parts, seed, 7L, first, last)

        Assert.Equal<float32[]>(whole.Storage.ToArray(), parts.Storage.ToArray())

[<Fact>]
let ``filling allocates nothing`` () =
    let t = transitions 3 2 (steps 500 [] [])
    let layout = BatchLayout.Of(256, 3, 2)
    let sampler = Sampler(t, layout)
    use block = new TensorBlock(layout)
    sampler.Fill(block, seed, 0L)
    let before = GC.GetAllocatedBytesForCurrentThread()

    for step in 1L .. 50L do
        sampler.Fill(block, seed, step)

    Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before)

[<Fact>]
let ``every row is drawn about equally often`` () =
    let t = transitions 1 1 (steps 10 [] [])
    let layout = BatchLayout.Of(1000, 1, 1)
    let sampler = Sampler(t, layout)
    use block = new TensorBlock(layout)
    let counts = Array.zeroCreate 10

    for step in 0L .. 9L do
        sampler.Fill(block, seed, step)

        for r in block.Read "rewards" do
            counts[int r] <- counts[int r] + 1
    // 10,000 draws: 1,000 each, standard deviation 30.
    Assert.All(counts, fun c -> Assert.InRange(c, 880, 1120))
