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
open Expecto
open Iql.Core.Tests.Training.Fixture

let shared = Layout("shared", [ struct ("weight", shape [ 3; 5 ]); struct ("step size", shape []) ])

let member' = Layout("member", [ struct ("weight", shape [ 2; 17 ]); struct ("bias", shape [ 2 ]) ])

let filled (layout: Layout) (start: float32) =
    let block = new TensorBlock(layout)

    for entry in layout.Entries do
        block.Write(entry.Name, ReadOnlySpan(Array.init entry.Shape.Count (fun i -> start + float32 i / 3f)))

    block

let metricsOf (run: RunFolder) : MetricsMark =
    use metrics = new MetricsFile(run.MetricsPath)
    metrics.Mark 0L

/// A state of two members.
let state =
    LearnerState(
        Seed 18446744073709551615UL,
        1234567890123L,
        ImmutableArray.Create(filled shared 0f, filled member' 10f, filled member' 20f)
    )

[<Tests>]
let tests =
    testList "CheckpointTests" [
        testCase "a saved member is loaded to the bit, with its seed and step" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder
                Expect.isNull (Checkpoint.Load(run, shared, member')) "load"
                Expect.equal (Checkpoint.Step run) 0L "step of run"
                Checkpoint.Save(run, state, 1)
                let loaded = Checkpoint.Load(run, shared, member')
                Expect.equal loaded.Seed state.Seed "seed of loaded"
                Expect.equal loaded.Step state.Step "step of loaded"
                Expect.equal (Checkpoint.Step run) state.Step "step of run"
                Expect.hasLength loaded.Blocks 2 "blocks of loaded"
                Expect.isTrue (loaded.Blocks[0].SameBits state.Blocks[0]) "same bits of block 0 of loaded"
                Expect.isTrue (loaded.Blocks[1].SameBits state.Blocks[2]) "same bits of block 1 of loaded"
                let bytes = File.ReadAllBytes run.CheckpointPath
                Checkpoint.Save(run, loaded)
                Expect.equal (File.ReadAllBytes run.CheckpointPath) bytes "file checkpoint path of run"))

        testCase "a run that is saved all the time is read all the time" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder
                run.Create config |> ignore
                let none = (metricsOf run).Sha256
                use stop = new Threading.CancellationTokenSource()

                let saving =
                    Threading.Tasks.Task.Run(fun () ->
                        let mutable step = 1L

                        while not stop.IsCancellationRequested do
                            step <- step + 1L
                            let marks = [| for step in [ step - 1L; step ] -> MetricsMark(step, 0L, 0L, none) |]
                            let state = LearnerState(state.Seed, step, state.Blocks)
                            Checkpoint.Save(run, state, 0, Nullable(marks.ToImmutableArray())))

                try
                    for _ in 1..300 do
                        run.Read() |> ignore
                finally
                    stop.Cancel()
                    saving.Wait()))

        testCase "the record beside it says step and seed" (fun () ->
            inFolder (fun folder ->
                Checkpoint.Save(RunFolder folder, state)

                use json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "checkpoint.json")))

                Expect.equal
                    ((Seq.head (json.RootElement.GetProperty("saved").EnumerateArray()))
                        .GetProperty("step")
                        .GetInt64())
                    1234567890123L
                    "step of the mark"

                Expect.equal
                    (json.RootElement.GetProperty("seed").GetUInt64())
                    18446744073709551615UL
                    "get u int 64 of property of json 'seed'"))

        testCase "a truncated checkpoint is refused by name" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder
                Checkpoint.Save(run, state)
                let bytes = File.ReadAllBytes run.CheckpointPath
                File.WriteAllBytes(run.CheckpointPath, bytes[.. bytes.Length - 5])

                Expect.stringContains
                    (messageOf<InvalidDataException>(fun () -> Checkpoint.Load(run, shared, member') |> ignore))
                    run.CheckpointPath
                    "the message"

                Expect.stringContains
                    (messageOf<InvalidDataException>(fun () -> Checkpoint.Step run |> ignore))
                    run.CheckpointPath
                    "the message"))

        testCase "a checkpoint of other networks is refused by name" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder
                Checkpoint.Save(run, state)

                let wider = Layout("member", [ struct ("weight", shape [ 2; 18 ]); struct ("bias", shape [ 2 ]) ])

                let more =
                    Layout(
                        "member",
                        [
                            struct ("weight", shape [ 2; 17 ])
                            struct ("bias", shape [ 2 ])
                            struct ("gain", shape [ 2 ])
                        ]
                    )

                let renamed = Layout("member", [ struct ("weight", shape [ 2; 17 ]); struct ("gain", shape [ 2 ]) ])

                let load layout =
                    messageOf<InvalidDataException>(fun () -> Checkpoint.Load(run, shared, layout) |> ignore)

                Expect.stringContains (load wider) "\"member/weight\" of shape [2, 18], got [2, 17]" "load of wider"
                Expect.stringContains (load more) "5 tensors, got 4" "load of more"
                Expect.stringContains (load renamed) "member/gain" "load of renamed"))

        testCase "a half-written checkpoint beside a whole one is ignored" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder
                File.WriteAllText(run.CheckpointPath + ".12-ab.tmp", "half")
                Expect.isNull (Checkpoint.Load(run, shared, member')) "load"
                Checkpoint.Save(run, state)
                File.WriteAllText(run.CheckpointPath + ".12-ab.tmp", "half")
                Expect.equal (Checkpoint.Load(run, shared, member').Step) state.Step "step of load"))

        testCase "a flipped bit anywhere in a checkpoint is refused by name" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder
                Checkpoint.Save(run, state)
                let bytes = File.ReadAllBytes run.CheckpointPath

                for place in 0..7 .. bytes.Length - 1 do
                    let damaged = Array.copy bytes
                    damaged[place] <- damaged[place] ^^^ (1uy <<< place % 8)
                    File.WriteAllBytes(run.CheckpointPath, damaged)

                    let message =
                        messageOf<InvalidDataException>(fun () -> Checkpoint.Load(run, shared, member') |> ignore)

                    Expect.stringContains message run.CheckpointPath $"byte {place}"
                    Expect.stringContains message "--retrain-damaged" $"byte {place}"))

        testCase "a damaged checkpoint is replaced by the one before, and by nothing else" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder
                Checkpoint.Save(run, state)
                let mark = MetricsMark(state.Step, 0L, 0L, (metricsOf run).Sha256)
                let later = LearnerState(state.Seed, state.Step + 5L, state.Blocks)
                let next = MetricsMark(later.Step, 0L, 0L, mark.Sha256)
                Checkpoint.Save(run, later, 0, ImmutableArray.Create(mark, next))
                Expect.isNull (Checkpoint.Restore run) "nothing is damaged"
                File.WriteAllText(run.CheckpointPath, "")
                Expect.equal (Checkpoint.Step run) state.Step "step"
                let note = Checkpoint.Restore run
                Expect.stringContains note run.CheckpointPath "note"
                Expect.stringContains note $"of step {state.Step}" "note"
                Expect.equal (Checkpoint.Load(run, shared, member').Step) state.Step "step of load"
                File.WriteAllText(run.CheckpointPath, "")

                Expect.stringContains
                    (messageOf<InvalidDataException>(fun () -> Checkpoint.Restore run |> ignore))
                    run.CheckpointPath
                    "no other is left"))
    ]
