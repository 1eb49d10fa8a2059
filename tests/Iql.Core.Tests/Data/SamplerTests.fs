module Iql.Core.Tests.SamplerTests

open System
open Iql
open Iql.Data
open Iql.Execution
open Iql.Graph
open Iql.Core.Tests.DataCases
open Expecto
open Iql.Tests

let seed = Seed.Named("tests").Split "sampling"

let shape (extents: int[]) = Shape(ReadOnlySpan extents)

let filled (t: Transitions) (layout: Layout) step =
    let block = new TensorBlock(layout)
    Sampler(t, layout).Fill(block, seed, step)
    block

[<Tests>]
let tests =
    testList "SamplerTests" [
        testRows
            "row i of step t is row Below(tB + i, N)"
            [ 7, 5, 3; 1, 5, 3; 32, 1, 1; 1, 1, 1; 16, 17, 16 ]
            (fun (batchSize: int, observationSize, actionSize) ->
                let t = transitions observationSize actionSize (steps 50 [ 9; 20 ] [ 33 ])
                let step = 1_000_003L
                use block = filled t (BatchLayout.Of(batchSize, observationSize, actionSize)) step

                let rows = Array.init batchSize (fun i -> seed.Below(uint64 (step * int64 batchSize + int64 i), 50))

                let expected (column: int) size = [|
                    for row in rows do
                        for j in 0 .. size - 1 -> number column row j
                |]

                Expect.equal (block.Read "observations") (expected 1 observationSize) "read of block 'observations'"
                Expect.equal (block.Read "actions") (expected 2 actionSize) "read of block 'actions'"

                Expect.equal
                    (block.Read "nextObservations")
                    (expected 3 observationSize)
                    "read of block 'nextObservations'"

                Expect.equal (block.Read "rewards") (rows |> Array.map float32) "read of block 'rewards'"

                Expect.equal
                    (block.Read "terminals")
                    (rows |> Array.map (fun r -> if r = 9 || r = 20 then 1f else 0f))
                    "read of block 'terminals'")

        testSteps 300 "next actions come from the same episode, and rows without one are never drawn" (fun steps ->
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

                let rows = Array.init 64 (fun i -> eligible[seed.Below(uint64 (5 * 64 + i), eligible.Length)])

                let expected = [|
                    for row in rows do
                        for j in 0..1 -> number 2 (if steps[row].Terminal then row else row + 1) j
                |]

                let own = [|
                    for row in rows do
                        for j in 0..1 -> number 2 row j
                |]

                block.Read "nextActions" = expected && block.Read "actions" = own)

        testCase "the same seed and step give the same batch, another step another" (fun () ->
            let t = transitions 3 2 (steps 200 [] [])
            let layout = BatchLayout.Of(32, 3, 2)
            use a = filled t layout 4L
            use b = filled t layout 4L
            use c = filled t layout 5L
            Expect.isTrue (a.SameBits b) "same bits of a of b"
            Expect.isFalse (a.SameBits c) "same bits of a of c")

        testCase "columns may come in any order and number" (fun () ->
            let t = transitions 3 2 (steps 40 [ 3 ] [])

            let layout =
                Layout("batch", [ struct ("rewards", shape [| 8 |]); struct ("observations", shape [| 8; 3 |]) ])

            use block = filled t layout 0L
            let rows = Array.init 8 (fun i -> seed.Below(uint64 i, 40))
            Expect.equal (block.Read "rewards") (rows |> Array.map float32) "read of block 'rewards'"

            Expect.equal
                (block.Read "observations")
                [|
                    for row in rows do
                        for j in 0..2 -> number 1 row j
                |]
                "read of block 'observations'")

        testCase "a column nobody knows or of another size is refused" (fun () ->
            let t = transitions 3 2 (steps 40 [] [])

            let refused (layout: Layout) = throws<ArgumentException>(fun () -> Sampler(t, layout) |> ignore).Message

            Expect.stringContains
                (refused (Layout("batch", [ struct ("returns", shape [| 8 |]) ])))
                "got returns"
                "the refusal"

            Expect.stringContains
                (refused (BatchLayout.Of(8, 4, 2)))
                "batch/observations: expected shape [8, 3]"
                "the refusal")

        testCase "a batch filled in parts is the batch filled at once" (fun () ->
            let t = transitions 3 2 (steps 50 [ 9; 20 ] [ 33 ])

            for source, layout in
                [
                    (let layout = BatchLayout.Of(32, 3, 2) in Sampler(t, layout) :> IBatchSource, layout)
                    (let layout = BatchLayout.Trajectories(32, 5, 3, 2) in
                     TrajectorySampler(t, layout) :> IBatchSource, layout)
                ] do
                use whole = new TensorBlock(layout)
                use parts = new TensorBlock(layout)
                source.Fill(whole, seed, 7L, 0, source.BatchSize)

                for first, last in [ 20, 32; 0, 1; 1, 20 ] do
                    source.Fill(parts, seed, 7L, first, last)

                Expect.equal (parts.Storage.ToArray()) (whole.Storage.ToArray()) "storage of parts")

        testAlone "filling allocates nothing" (fun () ->
            let t = transitions 3 2 (steps 500 [] [])
            let layout = BatchLayout.Of(256, 3, 2)
            let sampler = Sampler(t, layout)
            use block = new TensorBlock(layout)
            sampler.Fill(block, seed, 0L)

            Expect.allocatesNothing
                (fun () ->
                    for step in 1L .. 50L do
                        sampler.Fill(block, seed, step))
                "50 batches")

        testCase "every row is drawn about equally often" (fun () ->
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
            for c in counts do
                Expect.between 880 1120 c "c")
    ]
