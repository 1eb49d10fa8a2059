module Iql.Core.Tests.Training.CheckpointTests

open System
open System.Collections.Immutable
open System.IO
open System.Text.Json
open Iql
open Iql.Algorithms
open Iql.Execution
open Iql.Graph
open Iql.Training
open Xunit
open Iql.Core.Tests.Training.Fixture

let shared =
    Layout("shared", [ struct ("weight", shape [ 3; 5 ]); struct ("step size", shape []) ])

let member' =
    Layout("member", [ struct ("weight", shape [ 2; 17 ]); struct ("bias", shape [ 2 ]) ])

let filled (layout: Layout) (start: float32) =
    let block = new TensorBlock(layout)

    for entry in layout.Entries do
        block.Write(entry.Name, ReadOnlySpan(Array.init entry.Shape.Count (fun i -> start + float32 i / 3f)))

    block

/// A state of two members.
let state =
    LearnerState(
        Seed 18446744073709551615UL,
        1234567890123L,
        ImmutableArray.Create(filled shared 0f, filled member' 10f, filled member' 20f)
    )

[<Fact>]
let ``a saved member is loaded to the bit, with its seed and step`` () =
    inFolder (fun folder ->
        let run = RunFolder folder
        Assert.Null(Checkpoint.Load(run, shared, member'))
        Assert.Equal(0L, Checkpoint.Step run)
        Checkpoint.Save(run, state, 1)
        let loaded = Checkpoint.Load(run, shared, member')
        Assert.Equal(state.Seed, loaded.Seed)
        Assert.Equal(state.Step, loaded.Step)
        Assert.Equal(state.Step, Checkpoint.Step run)
        Assert.Equal(2, loaded.Blocks.Length)
        Assert.True(loaded.Blocks[0].SameBits state.Blocks[0])
        Assert.True(loaded.Blocks[1].SameBits state.Blocks[2])
        let bytes = File.ReadAllBytes run.CheckpointPath
        Checkpoint.Save(run, loaded)
        Assert.Equal<byte[]>(bytes, File.ReadAllBytes run.CheckpointPath))

[<Fact>]
let ``the JSON beside it says step and seed`` () =
    inFolder (fun folder ->
        Checkpoint.Save(RunFolder folder, state)

        use json =
            JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "checkpoint.json")))

        Assert.Equal(1234567890123L, json.RootElement.GetProperty("step").GetInt64())
        Assert.Equal(18446744073709551615UL, json.RootElement.GetProperty("seed").GetUInt64()))

[<Fact>]
let ``a truncated checkpoint is refused by name`` () =
    inFolder (fun folder ->
        let run = RunFolder folder
        Checkpoint.Save(run, state)
        let bytes = File.ReadAllBytes run.CheckpointPath
        File.WriteAllBytes(run.CheckpointPath, bytes[.. bytes.Length - 5])

        Assert.Contains(
            run.CheckpointPath,
            messageOf<InvalidDataException>(fun () -> Checkpoint.Load(run, shared, member') |> ignore)
        )

        Assert.Contains(run.CheckpointPath, messageOf<InvalidDataException>(fun () -> Checkpoint.Step run |> ignore)))

[<Fact>]
let ``a checkpoint of other networks is refused by name`` () =
    inFolder (fun folder ->
        let run = RunFolder folder
        Checkpoint.Save(run, state)

        let wider =
            Layout("member", [ struct ("weight", shape [ 2; 18 ]); struct ("bias", shape [ 2 ]) ])

        let more =
            Layout(
                "member",
                [
                    struct ("weight", shape [ 2; 17 ])
                    struct ("bias", shape [ 2 ])
                    struct ("gain", shape [ 2 ])
                ]
            )

        let renamed =
            Layout("member", [ struct ("weight", shape [ 2; 17 ]); struct ("gain", shape [ 2 ]) ])

        let load layout =
            messageOf<InvalidDataException>(fun () -> Checkpoint.Load(run, shared, layout) |> ignore)

        Assert.Contains("\"member/weight\" of shape [2, 18], got [2, 17]", load wider)
        Assert.Contains("5 tensors, got 4", load more)
        Assert.Contains("member/gain", load renamed))

[<Fact>]
let ``a half-written checkpoint beside a whole one is ignored`` () =
    inFolder (fun folder ->
        let run = RunFolder folder
        File.WriteAllText(run.CheckpointPath + ".12-ab.tmp", "half")
        Assert.Null(Checkpoint.Load(run, shared, member'))
        Checkpoint.Save(run, state)
        File.WriteAllText(run.CheckpointPath + ".12-ab.tmp", "half")
        Assert.Equal(state.Step, Checkpoint.Load(run, shared, member').Step))
