module Iql.Core.Tests.ReplayBufferTests

open System
open Iql
open Iql.Data
open Iql.Execution
open Iql.Graph
open Iql.Core.Tests.DataCases
open Expecto
open Iql.Tests

let private seed = Seed.Named("tests").Split "sampling"
let private layout = BatchLayout.Of(32, 2, 1)

/// N rows whose rewards are their numbers.
let private data count = transitions 2 1 (steps count [] [])

/// Adds rows whose rewards are −1, −2, …
let private add (buffer: ReplayBuffer) count =
    for _ in 1..count do
        let k = float32 buffer.Written
        buffer.Write(ReadOnlySpan [| k; k |], ReadOnlySpan [| 0f |], -1f - k, false, false, ReadOnlySpan [| k; k |])

    buffer.Publish()

let private rewards (data: Transitions) (buffer: ReplayBuffer) step =
    use block = new TensorBlock(layout)
    (Sampler(data, layout, null, buffer) :> IBatchSource).Fill(block, seed, step)
    block.Read "rewards"

/// The same buffer as a plain list of slots, as the field's code has it.
let private naive count capacity added =
    let slots = ResizeArray [ for row in 0 .. count - 1 -> float32 row ]

    for k in 0 .. added - 1 do
        let slot = (count + k) % capacity

        if slot = slots.Count then slots.Add(-1f - float32 k) else slots[slot] <- -1f - float32 k

    slots.ToArray()

[<Tests>]
let tests =
    testList "ReplayBufferTests" [
        testCase "before acting, batches are those of the data set" (fun () ->
            let data = data 50
            use block = new TensorBlock(layout)
            Sampler(data, layout).Fill(block, seed, 7L)
            let buffer = ReplayBuffer(data, 60L, 10L)
            Expect.equal (rewards data buffer 7L) (block.Read "rewards") "rewards of a batch"
            let mixed = ReplayBuffer(data, 60L, 10L, Nullable 0.5)
            Expect.equal (rewards data mixed 7L) (block.Read "rewards") "rewards of a batch of two buffers")

        testRows
            "one buffer has the rows of a list of slots, the oldest replaced first"
            [
                5, 5, 0
                5, 5, 1
                5, 5, 5
                5, 5, 23
                5, 8, 2
                5, 8, 3
                5, 8, 4
                5, 8, 40
                40, 41, 1
                40, 41, 2
                3, 64, 9
            ]
            (fun (count, capacity, added) ->
                let data = data count
                let buffer = ReplayBuffer(data, int64 capacity, 100L)
                add buffer added
                let slots = naive count capacity added

                for step in 0L .. 9L do
                    let expected = [|
                        for i in 0..31 -> slots[seed.Below(uint64 (step * 32L + int64 i), slots.Length)]
                    |]

                    Expect.equal (rewards data buffer step) expected $"rewards of step {step}"

                let left = slots |> Array.filter (fun reward -> reward >= 0f) |> Array.length
                Expect.equal buffer.DataLeft (int64 left) "rows of the data that are left")

        testCase "rows of one buffer keep their numbers whatever was added before they were published" (fun () ->
            let data = data 6
            let buffer = ReplayBuffer(data, 6L, 100L, ahead = 2L)
            add buffer 13
            let before = rewards data buffer 3L
            buffer.Write(ReadOnlySpan [| 9f; 9f |], ReadOnlySpan [| 0f |], 9f, false, false, ReadOnlySpan [| 9f; 9f |])
            buffer.Write(ReadOnlySpan [| 9f; 9f |], ReadOnlySpan [| 0f |], 9f, false, false, ReadOnlySpan [| 9f; 9f |])
            Expect.equal (rewards data buffer 3L) before "rewards"
            Expect.equal buffer.Added 13L "rows that can be drawn")

        testRows
            "of two buffers a batch has its share of the data, and the newest rows of acting"
            [ 0.0, 0; 0.5, 16; 0.25, 8; 0.9, 29 ]
            (fun (share: float, fromData) ->
                let data = data 10
                let buffer = ReplayBuffer(data, 7L, 100L, Nullable share)
                add buffer 20

                for step in 0L .. 20L do
                    let drawn = rewards data buffer step
                    Expect.hasLength (drawn |> Array.filter (fun reward -> reward >= 0f)) fromData "rows of the data"
                    let oldest = drawn |> Array.filter (fun reward -> reward < 0f) |> Array.max
                    Expect.isLessThanOrEqual oldest -14f "the oldest row of acting"

                Expect.equal buffer.DataLeft 10L "rows of the data that are left")

        testCase "a part of the data is drawn without repeats" (fun () ->
            let data = data 50
            let buffer = ReplayBuffer(data, 20L, 10L, dataRows = Nullable 20L, seed = Seed 3UL)

            let seen =
                Set [
                    for step in 0L .. 99L do
                        yield! rewards data buffer step
                ]

            Expect.equal seen.Count 20 "different rows"
            Expect.isTrue (seen |> Set.forall (fun reward -> reward >= 0f && reward < 50f)) "rows of the data")

        testCase
            "where the data exactly fill the buffer, acting's first row takes the place of the data's first"
            (fun () ->
                let data = data 20
                let buffer = ReplayBuffer(data, 20L, 10L)
                add buffer 1

                let seen =
                    Set [
                        for step in 0L .. 99L do
                            yield! rewards data buffer step
                    ]

                Expect.equal seen (Set(-1f :: [ for row in 1..19 -> float32 row ])) "rows"
                Expect.equal buffer.DataLeft 19L "rows of the data that are left")

        testCase "rows have their returns to go, whatever the width of a row" (fun () ->
            for width in 1..9 do
                let data = transitions width 1 (steps 30 [ 9 ] [ 19 ])
                let rule = ReturnRule(0.5, Ending.EndlessReward)
                // A part of the data keeps the returns of whole episodes.
                let part = if width % 2 = 0 then Nullable 20L else Nullable()
                let buffer = ReplayBuffer(data, 37L, 100L, dataRows = part, returns = Nullable rule)

                for k in 0..20 do
                    let numbers = Array.create width 0f
                    let span = ReadOnlySpan numbers
                    buffer.Write(span, ReadOnlySpan [| 0f |], 100f + float32 k, (k = 6), false, span)

                    if k % 7 = 6 then
                        buffer.CloseEpisode(7, (k = 6))

                buffer.Publish()
                let layout = BatchLayout.Of(32, width, 1, returnsToGo = true)
                use block = new TensorBlock(layout)

                // An episode's last reward, and whether it is the last of all.
                let expected (reward: float32) =
                    let last, endless =
                        if reward >= 100f then
                            100f + float32 ((int reward - 100) / 7 * 7 + 6), reward > 106f
                        else
                            float32 (int reward / 10 * 10 + 9), reward > 9f

                    let first = if endless then float last / 0.5 else 0.0
                    List.foldBack (fun r after -> float r + 0.5 * after) [ reward..last ] first |> float32

                for step in 0L .. 9L do
                    (Sampler(data, layout, null, buffer) :> IBatchSource).Fill(block, seed, step)
                    let returns = block.Read "returnsToGo"
                    Expect.equal returns (block.Read "rewards" |> Array.map expected) $"returns of width {width}"

                (Sampler(data, layout, null, buffer, bounded = 5L) :> IBatchSource).Fill(block, seed, 5L)
                Expect.all (block.Read "returnsToGo") (fun bound -> bound = -infinityf) "no bound")

        testCase "a buffer smaller than the data is refused" (fun () ->
            let message =
                (Expect.raises<ArgumentException> (fun () -> ReplayBuffer(data 50, 49L, 10L) |> ignore) "it").Message

            Expect.equal
                message
                "capacity: expected at least 50, got 49. The buffer starts with 50 rows of the data."
                "message")
    ]
