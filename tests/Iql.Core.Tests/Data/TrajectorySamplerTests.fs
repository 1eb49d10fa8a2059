module Iql.Core.Tests.TrajectorySamplerTests

open System
open Iql
open Iql.Data
open Iql.Graph
open Iql.Core.Tests.DataCases
open Expecto
open Iql.Tests

let private seed = Seed.Named("tests").Split "sampling"

/// Rows of the data in one piece, padding as None, by the rule said plainly.
let private piece (t: Transitions) context start =
    let episode = Seq.find (fun (e: Episode) -> e.Start <= start && start <= e.Last) t.Episodes

    let rows = [ start .. min (start + context - 1) episode.Last ]
    List.replicate (context - rows.Length) None @ List.map Some rows, episode

[<Tests>]
let tests =
    testList "TrajectorySamplerTests" [
        testRows
            "piece i of step t starts at row Below(tB + i, N), stays inside its episode and is padded on the left"
            [ 4, 5, 3, 2; 1, 7, 1, 1; 6, 1, 2, 1; 1, 1, 1, 1; 5, 20, 17, 6 ]
            (fun (batchSize: int, context, observationSize, actionSize) ->
                let t = transitions observationSize actionSize (steps 50 [ 9; 20 ] [ 33 ])

                let layout = BatchLayout.Trajectories(batchSize, context, observationSize, actionSize)

                use block = new TensorBlock(layout)
                let step = 77L
                TrajectorySampler(t, layout).Fill(block, seed, step)
                let returns = t.ReturnsToGo()

                let pieces = [
                    for i in 0 .. batchSize - 1 ->
                        piece t context (seed.Below(uint64 (step * int64 batchSize + int64 i), 50))
                ]

                let expected size padding value = [|
                    for rows, episode in pieces do
                        for row in rows do
                            for j in 0 .. size - 1 ->
                                match row with
                                | None -> padding
                                | Some row -> value episode row j
                |]

                Expect.equal
                    (block.Read "observations")
                    (expected observationSize 0f (fun _ row j -> number 1 row j))
                    "read of block 'observations'"

                Expect.equal
                    (block.Read "actions")
                    (expected actionSize -10f (fun _ row j -> number 2 row j))
                    "read of block 'actions'"

                Expect.equal
                    (block.Read "rewards")
                    (expected 1 0f (fun _ row _ -> t.Rewards[row]))
                    "read of block 'rewards'"

                Expect.equal
                    (block.Read "returnsToGo")
                    (expected 1 0f (fun _ row _ -> returns[row]))
                    "read of block 'returnsToGo'"

                Expect.equal
                    (block.Read "timesteps")
                    (expected 1 0f (fun e row _ -> float32 (row - e.Start)))
                    "read of block 'timesteps'"

                Expect.equal (block.Read "mask") (expected 1 0f (fun _ _ _ -> 1f)) "read of block 'mask'")

        testAlone "filling allocates nothing" (fun () ->
            let t = transitions 3 2 (steps 50 [ 9; 20 ] [ 33 ])
            let layout = BatchLayout.Trajectories(8, 5, 3, 2)
            use block = new TensorBlock(layout)
            let sampler = TrajectorySampler(t, layout)
            sampler.Fill(block, seed, 0L)

            Expect.allocatesNothing
                (fun () ->
                    for step in 1L .. 20L do
                        sampler.Fill(block, seed, step))
                "20 batches")

        testCase "returns to go sum an episode's rewards from each row on" (fun () ->
            let t = transitions 1 1 (steps 10 [ 3 ] [ 7 ])

            for discount in [ 1.0; 0.9; 0.0 ] do
                let expected = [|
                    for row in 0..9 do
                        let _, episode = piece t 1 row

                        Seq.sum [ for k in row .. episode.Last -> discount ** float (k - row) * float t.Rewards[k] ]
                        |> float32
                |]

                Expect.equal (t.ReturnsToGo discount) expected "returns to go of t of discount"

                use block = new TensorBlock(Layout("batch", [ struct ("returnsToGo", Shape(ReadOnlySpan [| 16 |])) ]))

                Sampler(t, block.Layout, t.ReturnsToGo discount).Fill(block, seed, 0L)

                Expect.equal
                    (block.Read "returnsToGo")
                    [| for i in 0UL .. 15UL -> expected[seed.Below(i, 10)] |]
                    "read of block 'returnsToGo'")

        testCase "an episode that was cut counts a reward for ever, where it failed or always" (fun () ->
            // All −1; ends in 0; a single row; 0 and −½ without an end; −1 and a terminal row, such as a fall.
            let ends = [ 2; 5; 6; 8; 9 ]
            let terminals = [ 5; 9 ]

            let t =
                Transitions(
                    "sparse",
                    1,
                    1,
                    Array.zeroCreate 10,
                    Array.zeroCreate 10,
                    [| -1f; -1f; -1f; -1f; -1f; 0f; -1f; 0f; -0.5f; -1f |],
                    [| for row in 0..9 -> List.contains row terminals |],
                    [| for row in 0..9 -> List.contains row ends && not (List.contains row terminals) |],
                    Array.zeroCreate 10
                )

            for ending, expected in
                [
                    Ending.Nothing, [ -2.71; -1.9; -1.0; -1.9; -1.0; 0.0; -1.0; -0.45; -0.5; -1.0 ]
                    Ending.EndlessFailure, [ -10.0; -10.0; -10.0; -1.9; -1.0; 0.0; -10.0; -0.45; -0.5; -1.0 ]
                    Ending.EndlessReward, [ -10.0; -10.0; -10.0; -1.9; -1.0; 0.0; -10.0; -4.5; -5.0; -1.0 ]
                ] do
                for x, y in Seq.zip expected (t.ReturnsToGo(0.9, ending)) do
                    Expect.isTrue (abs (x - float y) < 1e-5) $"{ending}: {x} {y}"

            Expect.refuses (fun () -> t.ReturnsToGo(1.0, Ending.EndlessReward) |> ignore) "discount 1")

        testCase "columns of other names and shapes are refused" (fun () ->
            let t = transitions 3 2 (steps 10 [ 3 ] [])

            for layout, word in
                [
                    Layout("batch", [ struct ("terminals", Shape(ReadOnlySpan [| 4; 5 |])) ]), "terminals"
                    BatchLayout.Trajectories(4, 5, 2, 2), "observations"
                    BatchLayout.Of(4, 3, 2), "actions"
                ] do
                let message = (throws<ArgumentException>(fun () -> TrajectorySampler(t, layout) |> ignore)).Message

                Expect.stringContains message word "message")
    ]
