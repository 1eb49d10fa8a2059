module Iql.Core.Tests.NormalizationTests

open System
open System.Collections.Immutable
open System.Text.Json
open FsCheck
open Iql.Data
open Iql.Core.Tests.DataCases
open Expecto
open Iql.Tests

/// N rows whose next observation is the next row's, but for the rows named; rewards 1.
let walk n (jumps: int list) (terminals: int list) =
    let observations = Array.init n (fun i -> float32 i * 0.5f)

    let next = Array.init n (fun i -> if List.contains i jumps then -7f else float32 (i + 1) * 0.5f)

    let flag rows = Array.init n (fun i -> List.contains i rows)

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

let private bounds (low: float32 list) (high: float32 list) =
    Normalization.None.WithActionBounds(
        ActionScaling.Bounds,
        ImmutableArray.CreateRange low,
        ImmutableArray.CreateRange high
    )

/// A valve, a heater, and what never changes.
let private plant = bounds [ 0f; 0f; 7f ] [ 100f; 3000f; 7f ]

[<Tests>]
let tests =
    testList "NormalizationTests" [
        testCase "nothing is the identity" (fun () ->
            let t = transitions 2 1 (steps 9 [ 3 ] [ 6 ])
            Expect.isTrue (obj.ReferenceEquals(Normalization.None.Apply t, t)) "apply of t is the same object")

        testCase "observations get mean 0 and deviation 1, next observations the same map" (fun () ->
            let t = transitions 3 1 (steps 50 [ 3 ] [ 6 ])
            let normalization = Normalization.Of(t, true, RewardRule.None)
            let changed = normalization.Apply t

            for j in 0..2 do
                let column = [| for i in 0..49 -> float changed.Observations[i * 3 + j] |]
                Expect.floatClose (Accuracy.within 1e-5) (Array.average column) 0.0 "mean of column"

                Expect.floatClose
                    (Accuracy.within 1e-5)
                    (sqrt (column |> Array.averageBy (fun x -> x * x)))
                    1.0
                    "sqrt of mean of column"

            let row = t.NextObservation(4).ToArray()
            normalization.Apply(row.AsSpan())
            Expect.equal row (changed.NextObservation(4).ToArray()) "row"
            Expect.sequenceEqual changed.Rewards t.Rewards "rewards of changed")

        testCase
            "the deviation is the population's plus a thousandth, and a constant column does not divide by zero"
            (fun () ->
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
                Expect.equal (List.ofSeq normalization.ObservationMean) [ 2f; 5f ] "observation mean of normalization"

                Expect.equal
                    (List.ofSeq normalization.ObservationDeviation)
                    [ 1.001f; 0.001f ]
                    "observation deviation of normalization"

                Expect.equal (normalization.Apply(t).Observations[1]) 0f "observation 1 of apply of normalization of t")

        testCase "antmaze's rules shift rewards, and scale them before" (fun () ->
            let t = transitions 1 1 (steps 4 [] [])

            for rule, expected in
                [
                    RewardRule.AntMaze, [ -1f; 0f; 1f; 2f ]
                    RewardRule.AntMazeTimes4, [ -2f; 2f; 6f; 10f ]
                    RewardRule.AntMazeTimes10, [ -5f; 5f; 15f; 25f ]
                ] do
                Expect.equal
                    (List.ofSeq (Normalization.Of(t, false, rule).Apply t).Rewards)
                    expected
                    "rewards of apply of t, false, rule")

        testCase "trajectories for the return range are cut at terminals and jumps, the tail counts" (fun () ->
            // Rows 0-2, 3-7, 8-11, 12: returns 3, 5, 4, 1.
            Expect.equal (Normalization.ReturnRange(walk 13 [ 7; 11 ] [ 2 ])) (struct (1.0, 5.0)) "return range"

            let normalization = Normalization.Of(walk 13 [ 7; 11 ] [ 2 ], false, RewardRule.ReturnRange)

            Expect.equal normalization.RewardScale 250.0 "reward scale of normalization"

            Expect.equal
                (normalization.Apply(walk 13 [ 7; 11 ] [ 2 ]).Rewards[5])
                250f
                "reward 5 of apply of normalization")

        testCase "a step below the tolerance is no jump" (fun () ->
            let t = walk 6 [] []
            let near = t.NextObservations |> Seq.map (fun x -> x + 4e-7f) |> Array.ofSeq

            Expect.equal
                (Normalization.ReturnRange(t.With(nextObservations = near)))
                (struct (6.0, 6.0))
                "return range")

        testCase "equal returns give no range" (fun () ->
            let message =
                throws<ArgumentException>(fun () ->
                    Normalization.Of(walk 6 [] [ 2 ], false, RewardRule.ReturnRange) |> ignore)
                    .Message

            Expect.stringContains message "different returns" "message")

        testCase "a scale of one's own is checked and applied" (fun () ->
            let t = transitions 1 1 (steps 4 [] [])

            Expect.equal
                (List.ofSeq (Normalization.Custom(4.0, -2.0).Apply t).Rewards)
                [ -2f; 2f; 6f; 10f ]
                "rewards of apply of custom"

            for scale, shift in [ 0.0, 1.0; nan, 1.0; 1.0, infinity ] do
                throws<ArgumentException>(fun () -> Normalization.Custom(scale, shift) |> ignore) |> ignore)

        testCase "actions are held within the limit" (fun () ->
            let t = (transitions 1 1 (steps 4 [] [])).With(actions = [| -3f; -0.5f; 1f; 2f |])

            let held limit = List.ofSeq (Normalization.None.WithActionLimit(limit).Apply t).Actions

            Expect.equal (held (Nullable 1.0)) [ -1f; -0.5f; 1f; 1f ] "held"
            Expect.equal (held (Nullable(1.0 - 1e-5))) [ -0.99999f; -0.5f; 0.99999f; 0.99999f ] "held"
            Expect.equal (held (Nullable())) (List.ofSeq t.Actions) "held"

            for limit in [ 0.0; -1.0; nan; infinity ] do
                throws<ArgumentException>(fun () -> Normalization.None.WithActionLimit(Nullable limit) |> ignore)
                |> ignore)

        testCase "it survives JSON to the same bits" (fun () ->
            let t = transitions 3 1 (steps 50 [ 3 ] [ 6 ])

            for normalization in
                [
                    Normalization.None
                    Normalization.Of(t, true, RewardRule.ReturnRange).WithActionLimit(Nullable 0.7)
                    Normalization.Custom(0.1, 1.0 / 3.0)
                ] do
                let text = JsonSerializer.Serialize(normalization, JsonSerializerOptions JsonSerializerDefaults.Web)

                let back =
                    JsonSerializer.Deserialize<Normalization>(text, JsonSerializerOptions JsonSerializerDefaults.Web)

                Expect.equal
                    (back.Apply(t).Fingerprint)
                    (normalization.Apply(t).Fingerprint)
                    "fingerprint of apply of back of t"

                Expect.equal back.Rewards normalization.Rewards "rewards of back")

        testCase "bounds of actions become -1 and 1, and a column that never changes 0" (fun () ->
            let scaled = [| 0f; 3000f; 7f; 100f; 0f; 7f; 25f; 1500f; 7f |]
            plant.ApplyToActions(scaled.AsSpan())
            Expect.equal scaled [| -1f; 1f; 0f; 1f; -1f; 0f; -0.5f; 0f; 0f |] "scaled"

            plant.UndoActions(scaled.AsSpan())
            Expect.equal scaled [| 0f; 3000f; 7f; 100f; 0f; 7f; 25f; 1500f; 7f |] "undone")

        testSeeded 200 "undoing actions gives them back within float error" (fun (a: NormalFloat) (b: NormalFloat) ->
            let low, high = float32 (min a.Get b.Get), float32 (max a.Get b.Get)

            if Single.IsFinite low && Single.IsFinite high then
                let normalization = bounds [ low ] [ high ]

                for share in [ 0.0; 0.1; 0.37; 0.5; 0.999; 1.0 ] do
                    let action = float32 (float low + share * (float high - float low))
                    let there = [| action |]
                    normalization.ApplyToActions(there.AsSpan())
                    Expect.isTrue (abs there[0] <= 1f) $"{there[0]}"
                    normalization.UndoActions(there.AsSpan())
                    let error = abs (float there[0] - float action)
                    Expect.isLessThanOrEqual error (1.2e-7 * (float high - float low + abs (float action))) "error"
                    Expect.isTrue (there[0] >= low && there[0] <= high) "within bounds")

        testCase "what lies beyond the bounds is clipped, and the limit clips what was scaled" (fun () ->
            let scaled (normalization: Normalization) =
                let actions = [| 150f; -1500f; 7f |]
                normalization.ApplyToActions(actions.AsSpan())
                actions

            Expect.equal (scaled plant) [| 1f; -1f; 0f |] "beyond the bounds"
            Expect.equal (scaled (plant.WithActionLimit(Nullable 0.5))) [| 0.5f; -0.5f; 0f |] "beyond the limit")

        testCase "without bounds actions stay, to the bit" (fun () ->
            let actions = [| 150f; -0f; 1e-30f |]
            Normalization.None.ApplyToActions(actions.AsSpan())
            Normalization.None.UndoActions(actions.AsSpan())
            Expect.equal actions [| 150f; -0f; 1e-30f |] "actions")

        testCase "the JSON of a run without bounds has no word of them, and their numbers come back" (fun () ->
            let json = JsonSerializer.Serialize(Normalization.None, Iql.Training.RunJson.Options)
            Expect.isFalse (json.Contains "action" && json.Contains "Low") json

            let back =
                JsonSerializer.Deserialize<Normalization>(
                    JsonSerializer.Serialize(plant, Iql.Training.RunJson.Options),
                    Iql.Training.RunJson.Options
                )

            Expect.equal back.ActionScaling ActionScaling.Bounds "rule"
            Expect.sequenceEqual back.ActionLow plant.ActionLow "low"
            Expect.sequenceEqual back.ActionHigh plant.ActionHigh "high")

        testRows
            "bounds that are none are refused"
            [ [ 0f ], [ 1f; 2f ]; [ 2f ], [ 1f ]; [ nanf ], [ 1f ]; [ 0f ], [ infinityf ]; [], [] ]
            (fun (low, high) ->
                let message = throws<ArgumentException>(fun () -> bounds low high |> ignore).Message
                Expect.stringContains message "expected" "message")

        testCase "actions of another size are refused" (fun () ->
            throws<ArgumentException>(fun () -> plant.UndoActions((Array.zeroCreate<float32> 4).AsSpan()))
            |> ignore)

        testCase "rows of another size are refused" (fun () ->
            let normalization = Normalization.Of(transitions 3 1 (steps 5 [] []), true, RewardRule.None)

            throws<ArgumentException>(fun () -> normalization.Apply((Array.zeroCreate<float32> 4).AsSpan()))
            |> ignore)
    ]
