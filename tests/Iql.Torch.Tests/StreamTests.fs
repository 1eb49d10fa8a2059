/// Steps that are recorded once and made again, on a stream of the host instead of a card's.
module Iql.Torch.Tests.StreamTests

open System
open System.Runtime.InteropServices
open Expecto
open Iql.Graph
open Iql.Torch
open Iql.Torch.Tests.Executor
open Iql.Torch.Tests.RunsTests

/// Calls in order, told by what they are.
let private stream (tell: string -> unit) = {
    new IStream with
        member _.Within calls =
            tell "within"
            calls.Invoke()

        member _.Record calls =
            tell "record"

            Action(fun () ->
                tell "again"
                calls.Invoke())

        member _.Wait() = tell "wait"
        member _.Allocate bytes = Marshal.AllocHGlobal(nativeint bytes)
        member _.Release memory = Marshal.FreeHGlobal memory
        member _.Dispose() = tell "end"
}

let private places library tell =
    TorchDevice.Places(library, Place.Host, NumberType.Float32, 2, 1, null, (fun () -> stream tell))

[<Tests>]
let tests =
    testList "StreamTests" [
        testTorch "recorded steps have the bits of steps call by call, with metrics or without" (fun library ->
            for name, learner, data in learners do
                let states = [ for run in 0..1 -> run, begun learner run ]
                let plain = TorchDevice.Open(library, "cpu-torch", 2)[0]
                let device = (places library ignore)[0]

                for metrics in [ true; false ] do
                    let whole = trained plain learner data metrics 9 states
                    List.iter2 (sameBits name) whole (trained device learner data metrics 9 states)

                // Runs that join later stand at another step, so some steps need two programs.
                let half = trained device learner data false 1 [ states[1] ] |> List.head
                let mixed = [ states[0]; 1, half ]
                let expected = trained plain learner data false 8 mixed
                List.iter2 (sameBits name) expected (trained device learner data false 8 mixed))

        testTorch "metrics of recorded steps are those of steps call by call" (fun library ->
            for name, learner, data in learners do
                let measured (device: Iql.Execution.IDevice) =
                    use runs = device.Start [| for run in 0..1 -> start learner data run (begun learner run) |]

                    [
                        for _ in 1..6 do
                            runs.Advance true

                            for run in 0..1 do
                                for struct (metric, value) in runs.Metrics run ->
                                    metric, BitConverter.DoubleToInt64Bits value
                    ]

                let plain = measured (TorchDevice.Open(library, "cpu-torch", 2)[0])
                let recorded = measured ((places library ignore)[0])
                Expect.equal recorded plain name)

        testTorch "a program is recorded after three steps, and read after a wait" (fun library ->
            let told = Collections.Generic.List<string>()
            let _, learner, data = learners |> List.find (fun (name, _, _) -> name = "iql")
            let device = (places library told.Add)[0]
            let runs = device.Start [| start learner data 0 (begun learner 0) |]

            for _ in 1..5 do
                runs.Advance false

            runs.State 0 |> ignore
            runs.Dispose()

            Expect.equal
                (List.ofSeq told)
                [
                    "wait" // before the run's state is put in place
                    "within"
                    "within"
                    "within"
                    "within"
                    "record"
                    "again"
                    "within"
                    "again"
                    "wait" // before the state is read
                    "wait" // before the memory is given back
                    "end"
                ]
                "order")

        testCase "a device says whether CUDA graphs are used" (fun () ->
            Expect.equal (CudaStream.Words(false, true)) "" "off by default"
            Expect.equal (CudaStream.Words(true, true)) ", CUDA graphs" "asked for"

            Expect.equal
                (CudaStream.Words(true, false))
                ", IQL_CUDA_GRAPH has no effect without a card"
                "asked for without a card")
    ]
