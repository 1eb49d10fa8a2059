/// The seam between training and what computes: every device trains the same runs.
module Iql.Core.Tests.Learning.DeviceTests

open System.Text.Json.Nodes
open Iql
open Iql.Cpu
open Iql.Execution
open Iql.Graph
open Iql.Training
open Expecto
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns

let private near (what: string) (expected: float) (actual: float) =
    Expect.isTrue (abs (expected - actual) <= 1e-4 * (1.0 + abs expected)) $"{what}: {expected} {actual}"

let private blocksNear (expected: TensorBlock seq) (actual: TensorBlock seq) =
    for x, y in Seq.zip expected actual do
        for entry in x.Layout.Entries do
            for e, a in Array.zip (x.Read entry.Name) (y.Read entry.Name) do
                near $"{x.Layout.Name}/{entry.Name}" (float e) (float a)

/// Numbers of a file's lines, in order.
let private numbers (lines: string list) = [
    for line in lines do
        for field in JsonNode.Parse(line).AsObject() do
            match field.Value with
            | :? JsonValue as value when value.GetValueKind() = System.Text.Json.JsonValueKind.Number ->
                field.Key, value.GetValue<float>()
            | _ -> ()
]

[<Tests>]
let tests =
    testList "DeviceTests" [
        testCase "a whole run trained on the interpreter has the processor's numbers" (fun () ->
            inFolder (fun folder ->
                let rates = [ 0.1; 0.3 ]
                let learner = learner 0.05 rates

                let train (name: string) (device: IDevice) =
                    let runs = [|
                        for i, rate in List.indexed rates ->
                            run folder $"{name}{i}" (config.With(hyperparameters = hyperparameters 0.05 rate))
                    |]

                    TrainingLoop.Run(planOn device 1 learner, runs) |> List.ofSeq

                use interpreter = InterpreterDevice.create ()

                let state (outcome: TrainingOutcome) =
                    Checkpoint.Load(outcome.Run.Folder, learner.Blocks[0], learner.Blocks[1])

                for exact, single in List.zip (train "exact" interpreter) (train "single" null) do
                    Expect.equal exact.Status RunStatus.Finished "status of exact"
                    blocksNear (state exact).Blocks (state single).Blocks

                    for (name, e), (other, a) in
                        List.zip (numbers (lines exact.Run.Folder)) (numbers (lines single.Run.Folder)) do
                        Expect.equal other name "other"
                        near name e a))

        testCase "runs that a device advances together get what they get alone" (fun () ->
            let learner = learner 0.05 [ 0.1 ]

            let start seed = learner.Run(learner.Source transitions, Trainer.Start(learner, Seed seed))

            let train (device: IDevice) seeds =
                use runs = device.Start [| for seed in seeds -> start seed |]

                for step in 1..7 do
                    runs.Advance((step = 7))

                [
                    for run in 0 .. List.length seeds - 1 ->
                        let state = runs.State run
                        Expect.equal state.Step 7L "step of state"
                        List.ofSeq (runs.Metrics run), [ for block in state.Blocks -> block.Clone() ]
                ]

            use pair = new CpuDevice(2)
            use interpreter = InterpreterDevice.create ()

            for device in [ CpuDevice.Single :> IDevice; pair; interpreter ] do
                let together = train device [ 1UL; 2UL ]
                let alone = train device [ 1UL ] @ train device [ 2UL ]

                for (metrics, blocks), (own, ownBlocks) in List.zip together alone do
                    Expect.equal metrics own "metrics"

                    List.iter2
                        (fun (x: TensorBlock) y -> Expect.isTrue (x.SameBits y) "same bits of x of y")
                        blocks
                        ownBlocks)
    ]
