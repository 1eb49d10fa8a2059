module Iql.Core.Tests.TrajectorySamplerTests

open System
open Iql
open Iql.Data
open Iql.Graph
open Iql.Core.Tests.DataCases
open Xunit

let private seed = Seed.Named("tests").Split "sampling"

/// Rows of the data in one piece, padding as None, by the rule said plainly.
let private piece (t: Transitions) context start =
    let episode =
        Seq.find (fun (e: Episode) -> e.Start <= start && start <= e.Last) t.Episodes

    let rows = [ start .. min (start + context - 1) episode.Last ]
    List.replicate (context - rows.Length) None @ List.map Some rows, episode

[<Theory>]
[<InlineData(4, 5, 3, 2)>]
[<InlineData(1, 7, 1, 1)>]
[<InlineData(6, 1, 2, 1)>]
[<InlineData(1, 1, 1, 1)>]
[<InlineData(5, 20, 17, 6)>]
let ``piece i of step t starts at row Below(tB + i, N), stays inside its episode and is padded on the left``
    (batchSize: int)
    context
    observationSize
    actionSize
    =
    let t = transitions observationSize actionSize (steps 50 [ 9; 20 ] [ 33 ])

    let layout =
        BatchLayout.Trajectories(batchSize, context, observationSize, actionSize)

    use block = new TensorBlock(layout)
    let step = 77L
    TrajectorySampler(t, layout).Fill(block, seed, step)
    let returns = t.ReturnsToGo()

    let pieces = [
        for i in 0 .. batchSize - 1 -> piece t context (seed.Below(uint64 (step * int64 batchSize + int64 i), 50))
    ]

    let expected size padding value = [|
        for rows, episode in pieces do
            for row in rows do
                for j in 0 .. size - 1 ->
                    match row with
                    | None -> padding
                    | Some row -> value episode row j
    |]

    Assert.Equal<float32[]>(expected observationSize 0f (fun _ row j -> number 1 row j), block.Read "observations")
    Assert.Equal<float32[]>(expected actionSize -10f (fun _ row j -> number 2 row j), block.Read "actions")
    Assert.Equal<float32[]>(expected 1 0f (fun _ row _ -> t.Rewards[row]), block.Read "rewards")
    Assert.Equal<float32[]>(expected 1 0f (fun _ row _ -> returns[row]), block.Read "returnsToGo")
    Assert.Equal<float32[]>(expected 1 0f (fun e row _ -> float32 (row - e.Start)), block.Read "timesteps")
    Assert.Equal<float32[]>(expected 1 0f (fun _ _ _ -> 1f), block.Read "mask")

[<Fact>]
let ``filling allocates nothing`` () =
    let t = transitions 3 2 (steps 50 [ 9; 20 ] [ 33 ])
    let layout = BatchLayout.Trajectories(8, 5, 3, 2)
    use block = new TensorBlock(layout)
    let sampler = TrajectorySampler(t, layout)
    sampler.Fill(block, seed, 0L)
    let before = GC.GetAllocatedBytesForCurrentThread()

    for step in 1L .. 20L do
        sampler.Fill(block, seed, step)

    Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before)

[<Fact>]
let ``returns to go sum an episode's rewards from each row on`` () =
    let t = transitions 1 1 (steps 10 [ 3 ] [ 7 ])

    for discount in [ 1.0; 0.9; 0.0 ] do
        let expected = [|
            for row in 0..9 do
                let _, episode = piece t 1 row

                Seq.sum [
                    for k in row .. episode.Last -> discount ** float (k - row) * float t.Rewards[k]
                ]
                |> float32
        |]

        Assert.Equal<float32[]>(expected, t.ReturnsToGo discount)

        use block =
            new TensorBlock(Layout("batch", [ struct ("returnsToGo", Shape(ReadOnlySpan [| 16 |])) ]))

        Sampler(t, block.Layout, discount).Fill(block, seed, 0L)
        Assert.Equal<float32[]>([| for i in 0UL .. 15UL -> expected[seed.Below(i, 10)] |], block.Read "returnsToGo")

[<Fact>]
let ``columns of other names and shapes are refused`` () =
    let t = transitions 3 2 (steps 10 [ 3 ] [])

    for layout, word in
        [
            Layout("batch", [ struct ("terminals", Shape(ReadOnlySpan [| 4; 5 |])) ]), "terminals"
            BatchLayout.Trajectories(4, 5, 2, 2), "observations"
            BatchLayout.Of(4, 3, 2), "actions"
        ] do
        let message =
            (throws<ArgumentException>(fun () -> TrajectorySampler(t, layout) |> ignore)).Message

        Assert.Contains(word, message)
