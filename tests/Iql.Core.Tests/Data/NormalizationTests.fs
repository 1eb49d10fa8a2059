module Iql.Core.Tests.NormalizationTests

open System
open System.Text.Json
open Iql.Data
open Iql.Core.Tests.DataCases
open Xunit

/// N rows whose next observation is the next row's, but for the rows named; rewards 1.
let walk n (jumps: int list) (terminals: int list) =
    let observations = Array.init n (fun i -> float32 i * 0.5f)

    let next =
        Array.init n (fun i ->
            if List.contains i jumps then
                -7f
            else
                float32 (i + 1) * 0.5f)

    let flag rows =
        Array.init n (fun i -> List.contains i rows)

    Transitions(
        "walk",
        1,
        1,
        observations,
        Array.zeroCreate n,
        Array.create n 1f,
        flag terminals,
        Array.zeroCreate n,
        next
    )

[<Fact>]
let ``nothing is the identity`` () =
    let t = transitions 2 1 (steps 9 [ 3 ] [ 6 ])
    Assert.Same(t, Normalization.None.Apply t)

[<Fact>]
let ``observations get mean 0 and deviation 1, next observations the same map`` () =
    let t = transitions 3 1 (steps 50 [ 3 ] [ 6 ])
    let normalization = Normalization.Of(t, true, RewardRule.None)
    let changed = normalization.Apply t

    for j in 0..2 do
        let column = [| for i in 0..49 -> float changed.Observations[i * 3 + j] |]
        Assert.Equal(0.0, Array.average column, 1e-5)
        Assert.Equal(1.0, sqrt (column |> Array.averageBy (fun x -> x * x)), 1e-5)

    let row = t.NextObservation(4).ToArray()
    normalization.Apply(row.AsSpan())
    Assert.Equal<float32[]>(changed.NextObservation(4).ToArray(), row)
    Assert.Equal<float32 seq>(t.Rewards, changed.Rewards)

[<Fact>]
let ``the deviation is the population's plus 0.001, and a constant column does not divide by zero`` () =
    let t =
        Transitions(
            "x",
            2,
            1,
            [| 1f; 5f; 3f; 5f |],
            [| 0f; 0f |],
            [| 0f; 0f |],
            [| false; false |],
            [| false; false |],
            Array.zeroCreate 4
        )

    let normalization = Normalization.Of(t, true, RewardRule.None)
    Assert.Equal<float32 list>([ 2f; 5f ], List.ofSeq normalization.ObservationMean)
    Assert.Equal<float32 list>([ 1.001f; 0.001f ], List.ofSeq normalization.ObservationDeviation)
    Assert.Equal(0f, normalization.Apply(t).Observations[1])

[<Fact>]
let ``antmaze's rules shift rewards, and scale them before`` () =
    let t = transitions 1 1 (steps 4 [] [])

    for rule, expected in
        [
            RewardRule.AntMaze, [ -1f; 0f; 1f; 2f ]
            RewardRule.AntMazeTimes4, [ -2f; 2f; 6f; 10f ]
            RewardRule.AntMazeTimes10, [ -5f; 5f; 15f; 25f ]
        ] do
        Assert.Equal<float32 list>(expected, List.ofSeq (Normalization.Of(t, false, rule).Apply t).Rewards)

[<Fact>]
let ``trajectories for the return range are cut at terminals and jumps, the tail counts`` () =
    // Rows 0-2, 3-7, 8-11, 12: returns 3, 5, 4, 1.
    Assert.Equal(struct (1.0, 5.0), Normalization.ReturnRange(walk 13 [ 7; 11 ] [ 2 ]))

    let normalization =
        Normalization.Of(walk 13 [ 7; 11 ] [ 2 ], false, RewardRule.ReturnRange)

    Assert.Equal(250.0, normalization.RewardScale)
    Assert.Equal(250f, normalization.Apply(walk 13 [ 7; 11 ] [ 2 ]).Rewards[5])

[<Fact>]
let ``a step below the tolerance is no jump`` () =
    let t = walk 6 [] []
    let near = t.NextObservations |> Seq.map (fun x -> x + 4e-7f) |> Array.ofSeq
    Assert.Equal(struct (6.0, 6.0), Normalization.ReturnRange(t.With(nextObservations = near)))

[<Fact>]
let ``equal returns give no range`` () =
    let message =
        throws<ArgumentException>(fun () -> Normalization.Of(walk 6 [] [ 2 ], false, RewardRule.ReturnRange) |> ignore)
            .Message

    Assert.Contains("different returns", message)

[<Fact>]
let ``a scale of one's own is checked and applied`` () =
    let t = transitions 1 1 (steps 4 [] [])
    Assert.Equal<float32 list>([ -2f; 2f; 6f; 10f ], List.ofSeq (Normalization.Custom(4.0, -2.0).Apply t).Rewards)

    for scale, shift in [ 0.0, 1.0; nan, 1.0; 1.0, infinity ] do
        throws<ArgumentException>(fun () -> Normalization.Custom(scale, shift) |> ignore)
        |> ignore

[<Fact>]
let ``actions are held within the limit`` () =
    let t = (transitions 1 1 (steps 4 [] [])).With(actions = [| -3f; -0.5f; 1f; 2f |])

    let held limit =
        List.ofSeq (Normalization.None.WithActionLimit(limit).Apply t).Actions

    Assert.Equal<float32 list>([ -1f; -0.5f; 1f; 1f ], held (Nullable 1.0))
    Assert.Equal<float32 list>([ -0.99999f; -0.5f; 0.99999f; 0.99999f ], held (Nullable(1.0 - 1e-5)))
    Assert.Equal<float32 list>(List.ofSeq t.Actions, held (Nullable()))

    for limit in [ 0.0; -1.0; nan; infinity ] do
        throws<ArgumentException>(fun () -> Normalization.None.WithActionLimit(Nullable limit) |> ignore)
        |> ignore

[<Fact>]
let ``it survives JSON to the same bits`` () =
    let t = transitions 3 1 (steps 50 [ 3 ] [ 6 ])

    for normalization in
        [
            Normalization.None
            Normalization.Of(t, true, RewardRule.ReturnRange).WithActionLimit(Nullable 0.7)
            Normalization.Custom(0.1, 1.0 / 3.0)
        ] do
        let text =
            JsonSerializer.Serialize(normalization, JsonSerializerOptions JsonSerializerDefaults.Web)

        let back =
            JsonSerializer.Deserialize<Normalization>(text, JsonSerializerOptions JsonSerializerDefaults.Web)

        Assert.Equal(normalization.Apply(t).Fingerprint, back.Apply(t).Fingerprint)
        Assert.Equal(normalization.Rewards, back.Rewards)

[<Fact>]
let ``rows of another size are refused`` () =
    let normalization =
        Normalization.Of(transitions 3 1 (steps 5 [] []), true, RewardRule.None)

    throws<ArgumentException>(fun () -> normalization.Apply((Array.zeroCreate<float32> 4).AsSpan()))
    |> ignore
