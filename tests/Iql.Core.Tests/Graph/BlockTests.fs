/// Layouts, blocks of memory and groups of tensors.
module Iql.Core.Tests.Graph.BlockTests

#nowarn "9" // one test looks at an address

open System
open System.Collections.Immutable
open Iql.Graph
open Iql.Core.Tests.Graph.Dense
open Expecto
open Iql.Tests

let private layout =
    Layout(
        "batch",
        [
            struct ("observations", shape [ 4; 11 ])
            struct ("rewards", shape [ 4 ])
            struct ("column", shape [ 17; 1 ])
            struct ("number", shape [])
            struct ("cube", shape [ 2; 3; 16 ])
            struct ("odd", shape [ 2; 3; 1; 17; 1 ])
        ]
    )

let private message (body: unit -> unit) = (Expect.raises<ArgumentException> body "the refusal").Message

[<Tests>]
let tests =
    testList "BlockTests" [
        testCase "every tensor starts on a multiple of 16 and none overlaps the next" (fun () ->
            for entry, next in Seq.pairwise layout.Entries do
                Expect.equal (entry.Offset % 16) 0 "offset of entry modulo 16"
                Expect.isLessThanOrEqual (entry.Offset + entry.Rows * entry.Stride) next.Offset entry.Name

            let last = layout["odd"]

            Expect.isLessThanOrEqual
                (last.Offset + last.Rows * last.Stride)
                layout.Length
                "offset of last plus rows of last times stride of last")

        testCase "rows are padded to 16 where there is more than one" (fun () ->
            let place name =
                let entry = layout[name]
                entry.Rows, entry.Columns, entry.Stride

            Expect.equal (place "observations") (4, 11, 16) "place 'observations'"
            Expect.equal (place "rewards") (1, 4, 4) "place 'rewards'"
            Expect.equal (place "column") (1, 17, 17) "place 'column'"
            Expect.equal (place "number") (1, 1, 1) "place 'number'"
            Expect.equal (place "cube") (6, 16, 16) "place 'cube'"
            Expect.equal (place "odd") (6, 17, 32) "place 'odd'")

        testCase "what is written is read back, and nothing else changes" (fun () ->
            use block = new TensorBlock(layout)

            let numbers = [
                for entry in layout.Entries ->
                    entry.Name, Array.init entry.Shape.Count (fun i -> float32 (entry.Offset + i) + 0.5f)
            ]

            for name, values in numbers do
                block.Write(name, ReadOnlySpan values)

            for name, values in numbers do
                Expect.equal (block.Read name) values "read of block of name"

            let row = block.Row(layout["observations"], 2)
            Expect.equal row.Length 11 "length of row"
            Expect.equal row[0] ((snd numbers[0])[22]) "row 0")

        testCase "a new block holds zeros and is aligned to 64 bytes" (fun () ->
            use block = new TensorBlock(layout)
            Expect.equal block.Storage.Length layout.Length "length of storage of block"
            Expect.equal (block.Storage.ToArray() |> Array.maxBy abs) 0.0f "largest of storage of block"

            use pointer = fixed block.Storage
            Expect.equal (NativeInterop.NativePtr.toNativeInt pointer % 64n) 0n "to native int of pointer modulo 64n")

        testCase "a clone has the same bits and is its own" (fun () ->
            use block = new TensorBlock(layout)
            block.Write("rewards", ReadOnlySpan [| 1.0f; nanf; -0.0f; 3.0f |])
            use copy = block.Clone()
            Expect.isTrue (copy.SameBits block) "same bits of copy of block"
            copy.Write("rewards", ReadOnlySpan [| 1.0f; nanf; 0.0f; 3.0f |])
            Expect.isFalse (copy.SameBits block) "same bits of copy of block"
            block.CopyTo copy
            Expect.isTrue (copy.SameBits block) "same bits of copy of block")

        testCase "padding has no say in whether bits are the same" (fun () ->
            use one = new TensorBlock(layout)
            use other = new TensorBlock(layout)
            other.Storage[15] <- 7.0f
            Expect.isTrue (one.SameBits other) "same bits of one of other")

        testCase "a block that was given back says so" (fun () ->
            let block = new TensorBlock(layout)
            (block :> IDisposable).Dispose()
            (block :> IDisposable).Dispose()

            Expect.throwsT<ObjectDisposedException>
                (fun () -> block.Read "rewards" |> ignore)
                "read of block 'rewards'")

        testCase "mistakes are named" (fun () ->
            use block = new TensorBlock(layout)

            for body, parts in
                [
                    (fun () -> block.Read "reward" |> ignore), [ "batch"; "rewards"; "got reward." ]
                    (fun () -> block.Write("rewards", ReadOnlySpan [| 1.0f |])),
                    [ "rewards"; "4 numbers"; "[4]"; "got 1" ]
                    (fun () -> block.Row(layout["observations"], 4).Clear()), [ "observations"; "below 4"; "got 4" ]
                    (fun () -> block.Row(layout["observations"], -1).Clear()), [ "observations"; "got -1" ]
                    (fun () -> block.CopyTo(new TensorBlock(Layout("other", [ struct ("x", shape [ 3 ]) ])))),
                    [ "destination" ]
                    (fun () -> TensorGroup(layout, ImmutableArray<Tensor>.Empty) |> ignore),
                    [ "batch"; "6 tensors"; "got 0" ]
                ] do
                let text = message body

                for part: string in parts do
                    Expect.stringContains text part "text")

        testCase "a group's inputs are named block/entry" (fun () ->
            let group = layout.Inputs()
            Expect.equal group["observations"].Name "batch/observations" "name of observations"
            Expect.equal group["observations"].Shape (shape [ 4; 11 ]) "shape of observations"
            Expect.stringContains (message (fun () -> group["reward"] |> ignore)) "rewards" "the message")

        testCase "a group replaces tensors by name, of the same shape" (fun () ->
            let group = layout.Inputs()
            let doubled = group["rewards"] * 2.0
            let replaced = group.With [ struct ("rewards", doubled) ]
            Expect.isTrue (obj.ReferenceEquals(replaced["rewards"], doubled)) "rewards is the same object"
            Expect.isTrue (obj.ReferenceEquals(replaced["cube"], group["cube"])) "cube is the same object"

            Expect.stringContains
                (message (fun () -> group.With [ struct ("rewards", Tensor.Constant 1.0) ] |> ignore))
                "[4]"
                "the message"

            Expect.stringContains
                (message (fun () -> group.With [ struct ("reward", doubled) ] |> ignore))
                "reward"
                "the message")

        testCase "a function without its metrics computes its outputs" (fun () ->
            let group = layout.Inputs()

            let f =
                GraphFunction(
                    ImmutableArray.Create layout,
                    ImmutableArray<string>.Empty,
                    ImmutableArray.Create(group.With [ struct ("rewards", group["rewards"] * 2.0) ]),
                    ImmutableArray.Create(struct ("reward", Tensor.Mean group["rewards"]))
                )

            Expect.hasLength f.Results 7 "results of f"

            Expect.sequenceEqual
                (f.WithoutMetrics().Results)
                (f.Results |> Seq.truncate 6)
                "results of without metrics of f")
    ]
