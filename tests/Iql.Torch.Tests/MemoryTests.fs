/// Memory that runs need, reckoned before any is taken.
module Iql.Torch.Tests.MemoryTests

open System
open System.Collections.Immutable
open Expecto
open Iql
open Iql.Algorithms
open Iql.Environments.Tasks
open Iql.Execution
open Iql.Graph
open Iql.Torch
open Iql.Tests
open Iql.Training
open Iql.Core.Tests.Graph.Dense
open Iql.Torch.Tests.Executor

let private data =
    lazy (Tasks.Get "pointmaze-umaze-stitch-v0").Dataset.Collect(Seed.Named "memory on libtorch", 300)

let private start (hidden: int) (batch: int) : RunStart =
    let data = data.Value

    let learner =
        ImplicitQLearningConfig(HiddenSizes = Widths [ hidden; hidden ], BatchSize = batch)
            .Learner(data.ObservationSize, data.ActionSize)

    learner.Run(learner.Source data, Trainer.Start(learner, Seed.Named "memory"))

let private bytes (run: RunStart) =
    let state = FlatState.Of run.Programs
    RunMemory.Bytes([| for program in run.Programs -> state.Apply program |], NumberType.Float32, Place.Host)

/// The first of so many places of a device with so much free memory.
let private place library together (free: int64) =
    TorchDevice.Places(library, Place.Host, NumberType.Float32, together, 1, (fun () -> free))[0]

[<Tests>]
let tests =
    testList "MemoryTests" [
        testCase "a run holds its inputs and, of a step, what is still needed" (fun () ->
            let layout = Layout("s", [ struct ("x", shape [ 1000 ]) ])
            let x = layout.Inputs()["x"]
            let chain = Tensor.Sin(Tensor.Cos(Tensor.Sin(Tensor.Cos x)))

            let graph results =
                GraphFunction(
                    ImmutableArray.Create layout,
                    ImmutableArray.Empty,
                    ImmutableArray.Create(TensorGroup(layout, ImmutableArray.Create(item = results))),
                    ImmutableArray.Empty
                )

            let card = Place(true, 0)
            let bytes place (result: Tensor) = RunMemory.Bytes([| graph result |], NumberType.Float32, place)
            Expect.equal (bytes card chain) (4000L + 8000L) "a source and its result"
            Expect.equal (bytes Place.Host chain) (2L * (8000L + 8000L)) "host memory holds the blocks, too"
            let views = Tensor.Reshape(Tensor.Reshape(Tensor.Cos x, shape [ 10; 100 ]), shape [ 1000 ])
            Expect.equal (bytes card views) (4000L + 4000L) "views need none"
            Expect.equal (bytes card (chain + Tensor.Cos x)) (4000L + 12000L) "what is needed later stays")

        testTorch "runs that do not fit are refused before a step, with the number that fits" (fun library ->
            let run = start 8 16
            let three = bytes run * 10L / 3L + 100L

            let refused together free =
                try
                    (place library together free).Start [| run |] |> ignore
                    failtest "expected a refusal"
                with :? InputException as refusal ->
                    refusal.Message

            let message = refused 5 three
            printfn "%s" message
            Expect.stringContains message "--together: expected at most 3 runs" "what fits"
            Expect.stringContains message "got 5, which need" "what was asked for"
            Expect.stringContains message "Choose --together 3." "the mend"
            let message = refused 5 (bytes run / 2L)
            printfn "%s" message
            Expect.stringContains message "of free memory for one run" "none fits"
            use runs = (place library 3 three).Start [| run |]
            runs.Advance true)

        testLong [
            testTorch "what is reckoned is near what is taken" (fun library ->
                let run, together = start 256 256, 24

                let peak () =
                    use self = Diagnostics.Process.GetCurrentProcess()
                    self.PeakWorkingSet64

                let before = peak ()
                use runs = (place library together Int64.MaxValue).Start [| for _ in 1..together -> run |]

                for _ in 1..3 do
                    runs.Advance true

                let taken, reckoned = peak () - before, bytes run * int64 together
                printfn "%s" $"{taken / 1_000_000L} MB taken, {reckoned / 1_000_000L} MB reckoned"
                Expect.isLessThan taken (reckoned * 3L / 2L) "no more than half as much again"
                Expect.isGreaterThan taken (reckoned / 2L) "no less than half")
        ]
    ]
