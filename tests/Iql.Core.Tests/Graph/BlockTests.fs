/// Layouts, blocks of memory and groups of tensors.
module Iql.Core.Tests.Graph.BlockTests

#nowarn "9" // one test looks at an address

open System
open System.Collections.Immutable
open Iql.Graph
open Iql.Core.Tests.Graph.Dense
open Xunit

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

let private message (body: unit -> unit) =
    Assert.Throws<ArgumentException>(body).Message

[<Fact>]
let ``every tensor starts on a multiple of 16 and none overlaps the next`` () =
    for entry, next in Seq.pairwise layout.Entries do
        Assert.Equal(0, entry.Offset % 16)
        Assert.True(entry.Offset + entry.Rows * entry.Stride <= next.Offset, entry.Name)

    let last = layout["odd"]
    Assert.True(last.Offset + last.Rows * last.Stride <= layout.Length)

[<Fact>]
let ``rows are padded to 16 where there is more than one`` () =
    let place name =
        let entry = layout[name]
        entry.Rows, entry.Columns, entry.Stride

    Assert.Equal((4, 11, 16), place "observations")
    Assert.Equal((1, 4, 4), place "rewards")
    Assert.Equal((1, 17, 17), place "column")
    Assert.Equal((1, 1, 1), place "number")
    Assert.Equal((6, 16, 16), place "cube")
    Assert.Equal((6, 17, 32), place "odd")

[<Fact>]
let ``what is written is read back, and nothing else changes`` () =
    use block = new TensorBlock(layout)

    let numbers = [
        for entry in layout.Entries ->
            entry.Name, Array.init entry.Shape.Count (fun i -> float32 (entry.Offset + i) + 0.5f)
    ]

    for name, values in numbers do
        block.Write(name, ReadOnlySpan values)

    for name, values in numbers do
        Assert.Equal<float32>(values, block.Read name)

    let row = block.Row(layout["observations"], 2)
    Assert.Equal(11, row.Length)
    Assert.Equal((snd numbers[0])[22], row[0])

[<Fact>]
let ``a new block holds zeros and is aligned to 64 bytes`` () =
    use block = new TensorBlock(layout)
    Assert.Equal(layout.Length, block.Storage.Length)
    Assert.Equal(0.0f, (block.Storage.ToArray() |> Array.maxBy abs))

    use pointer = fixed block.Storage
    Assert.Equal(0n, NativeInterop.NativePtr.toNativeInt pointer % 64n)

[<Fact>]
let ``a clone has the same bits and is its own`` () =
    use block = new TensorBlock(layout)
    block.Write("rewards", ReadOnlySpan [| 1.0f; nanf; -0.0f; 3.0f |])
    use copy = block.Clone()
    Assert.True(copy.SameBits block)
    copy.Write("rewards", ReadOnlySpan [| 1.0f; nanf; 0.0f; 3.0f |])
    Assert.False(copy.SameBits block)
    block.CopyTo copy
    Assert.True(copy.SameBits block)

[<Fact>]
let ``padding has no say in whether bits are the same`` () =
    use one = new TensorBlock(layout)
    use other = new TensorBlock(layout)
    other.Storage[15] <- 7.0f
    Assert.True(one.SameBits other)

[<Fact>]
let ``a block that was given back says so`` () =
    let block = new TensorBlock(layout)
    (block :> IDisposable).Dispose()
    (block :> IDisposable).Dispose()

    Assert.Throws<ObjectDisposedException>(fun () -> block.Read "rewards" |> ignore)
    |> ignore

[<Fact>]
let ``mistakes are named`` () =
    use block = new TensorBlock(layout)

    for body, parts in
        [
            (fun () -> block.Read "reward" |> ignore), [ "batch"; "rewards"; "got reward." ]
            (fun () -> block.Write("rewards", ReadOnlySpan [| 1.0f |])), [ "rewards"; "4 numbers"; "[4]"; "got 1" ]
            (fun () -> block.Row(layout["observations"], 4).Clear()), [ "observations"; "below 4"; "got 4" ]
            (fun () -> block.Row(layout["observations"], -1).Clear()), [ "observations"; "got -1" ]
            (fun () -> block.CopyTo(new TensorBlock(Layout("other", [ struct ("x", shape [ 3 ]) ])))), [ "destination" ]
            (fun () -> TensorGroup(layout, ImmutableArray<Tensor>.Empty) |> ignore), [ "batch"; "6 tensors"; "got 0" ]
        ] do
        let text = message body

        for part: string in parts do
            Assert.Contains(part, text)

[<Fact>]
let ``a group's inputs are named block/entry`` () =
    let group = layout.Inputs()
    Assert.Equal("batch/observations", group["observations"].Name)
    Assert.Equal(shape [ 4; 11 ], group["observations"].Shape)
    Assert.Contains("rewards", message (fun () -> group["reward"] |> ignore))

[<Fact>]
let ``a group replaces tensors by name, of the same shape`` () =
    let group = layout.Inputs()
    let doubled = group["rewards"] * 2.0
    let replaced = group.With [ struct ("rewards", doubled) ]
    Assert.Same(doubled, replaced["rewards"])
    Assert.Same(group["cube"], replaced["cube"])
    Assert.Contains("[4]", message (fun () -> group.With [ struct ("rewards", Tensor.Constant 1.0) ] |> ignore))
    Assert.Contains("reward", message (fun () -> group.With [ struct ("reward", doubled) ] |> ignore))

[<Fact>]
let ``a function without its metrics computes its outputs`` () =
    let group = layout.Inputs()

    let f =
        GraphFunction(
            ImmutableArray.Create layout,
            ImmutableArray<string>.Empty,
            ImmutableArray.Create(group.With [ struct ("rewards", group["rewards"] * 2.0) ]),
            ImmutableArray.Create(struct ("reward", Tensor.Mean group["rewards"]))
        )

    Assert.Equal(7, f.Results.Length)
    Assert.Equal<Tensor>(f.Results |> Seq.truncate 6, f.WithoutMetrics().Results)
