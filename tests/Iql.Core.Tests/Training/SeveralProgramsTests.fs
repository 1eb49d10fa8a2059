/// Learners whose steps are made by more than one program: a policy that waits, one phase after the other.
module Iql.Core.Tests.Training.SeveralProgramsTests

open System
open System.Collections.Immutable
open System.Threading
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Execution
open Iql.Graph
open Iql.Training
open Expecto
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns

/// The tiny learner whose policy learns at every third step only.
let delayed: Learner =
    let whole = learner 0.05 [ 0.1 ]

    let valueOnly =
        GraphFunction(
            whole.Step.Inputs,
            whole.Step.Scalars,
            ImmutableArray.Create(whole.Step.Outputs[0], whole.Blocks[1].Inputs()),
            [
                for struct (name, value) in whole.Step.Metrics do
                    if not (name.StartsWith "0:") then
                        struct (name, value)
            ]
                .ToImmutableArray()
        )

    Learner(
        whole.Algorithm,
        whole.Blocks,
        whole.Batch,
        whole.Step,
        whole.Hyperparameters,
        whole.Initialise,
        whole.Act,
        whole.Probe,
        Programs = ImmutableArray.Create(whole.Step, valueOnly),
        Choose = fun step -> if (step + 1L) % 3L = 0L then 0 else 1
    )

let private start = Trainer.Start(delayed, Seed.Named "delayed")

[<Tests>]
let tests =
    testSequenced
    <| testList "SeveralProgramsTests" [
        testCase "the rule says which program makes a step, and what a program leaves alone stays as it is" (fun () ->
            use trainer = new Trainer(delayed, transitions, start)

            for step in 1..9 do
                let before = [ for block in trainer.Blocks.ToArray() -> block.Clone() ]
                trainer.Advance true
                Expect.isFalse (trainer.Blocks[0].SameBits before[0]) "same bits of block 0 of trainer"
                Expect.equal (trainer.Blocks[1].SameBits before[1]) (step % 3 <> 0) "same bits of block 1 of trainer"

                Expect.equal
                    [ for struct (name, _) in trainer.Metrics -> name ]
                    ([ "valueLoss"; "residualMean" ] @ (if step % 3 = 0 then [ "0:policyLoss" ] else []))
                    "name")

        testCase "the bits do not depend on threads, on metrics, nor on where the steps were interrupted" (fun () ->
            let train (device: IDevice) metrics (start: LearnerState) count =
                use trainer = new Trainer(delayed, transitions, start, device)

                for _ in 1..count do
                    trainer.Advance metrics

                LearnerState(
                    start.Seed,
                    trainer.Step,
                    [ for block in trainer.Blocks.ToArray() -> block.Clone() ].ToImmutableArray()
                )

            use pair = new CpuDevice(2)
            let expected = train CpuDevice.Single true start 10

            for actual in
                [
                    train pair true start 10
                    train CpuDevice.Single false start 10
                    train pair false (train CpuDevice.Single true start 4) 6
                ] do
                Expect.equal actual.Step 10L "step of actual"

                for x, y in Seq.zip expected.Blocks actual.Blocks do
                    Expect.isTrue (x.SameBits y) x.Layout.Name)

        testCase "a stopped and resumed run leaves the same files as one that went through" (fun () ->
            let config = config.With(logEvery = 4L)

            let go folder stopAt =
                use cancellation = new CancellationTokenSource()

                let watch (progress: TrainingProgress) =
                    if progress.Step = stopAt then
                        cancellation.Cancel()

                TrainingLoop.Run(plan 1 delayed, [| run folder "a" config |], watch, cancellation.Token)
                |> Seq.exactlyOne

            inFolder (fun root ->
                let through = go (root + "/through") -1L
                Expect.equal through.Status RunStatus.Finished "status of through"
                Expect.equal (go (root + "/stopped") 16L).Status RunStatus.Unfinished "status of go"
                let resumed = go (root + "/stopped") -1L
                Expect.equal (contents resumed.Run.Folder) (contents through.Run.Folder) "contents"

                let withPolicy = [
                    for line in resumed.Run.Folder.Read().Train -> line.Step, line.Metrics.ContainsKey "policyLoss"
                ]

                Expect.equal withPolicy [ for step in 4L..4L..40L -> step, step % 3L = 0L ] "with policy"))

        testCase "a learner may have an empty shared block" (fun () ->
            let shared = Layout("shared", [])
            let policy = Layout("policy0", [ struct ("weight", shape [ 3; 2 ]) ])
            let batch = delayed.Batch
            let columns, weights = batch.Inputs(), policy.Inputs()

            let error = Tensor.MatMul(columns["observations"], weights["weight"]) - columns["actions"]

            let loss = Tensor.Mean(Tensor.Square error)

            let next =
                TensorGroup(
                    policy,
                    ImmutableArray.Create(weights["weight"] - 0.1 * Gradient.Of(loss, weights.Tensors).[0])
                )

            let step =
                GraphFunction(
                    ImmutableArray.Create(shared, policy, batch),
                    ImmutableArray.Create("seed", "step"),
                    ImmutableArray.Create(shared.Inputs(), next),
                    ImmutableArray.Create(struct ("0:policyLoss", loss))
                )

            let act rows =
                let act = delayed.Act.Invoke rows

                GraphFunction(
                    ImmutableArray.Create(shared, policy, act.Inputs[2]),
                    act.Scalars,
                    act.Outputs,
                    act.Metrics
                )

            let cloning =
                Learner(
                    "tiny",
                    ImmutableArray.Create(shared, policy),
                    batch,
                    step,
                    ImmutableArray.Empty,
                    (fun _ -> ImmutableArray.Create(new TensorBlock(shared), new TensorBlock(policy))),
                    act
                )

            inFolder (fun root ->
                let outcome = TrainingLoop.Run(plan 1 cloning, [| run root "a" config |]) |> Seq.exactlyOne

                Expect.equal outcome.Status RunStatus.Finished "status of outcome"
                Expect.isTrue (outcome.Result.Metrics["policyLoss"] < 0.1) "policy loss is below 0.1"
                let state = Checkpoint.Load(outcome.Run.Folder, shared, policy)
                Expect.equal state.Step 40L "step of state"))

        testCase "what the data lack is said before a folder is made" (fun () ->
            let needy =
                Learner(
                    delayed.Algorithm,
                    delayed.Blocks,
                    delayed.Batch,
                    delayed.Step,
                    delayed.Hyperparameters,
                    delayed.Initialise,
                    delayed.Act,
                    Batches = fun _ -> raise (ArgumentException "tiny: expected moons, got none.")
                )

            inFolder (fun root ->
                let message =
                    messageOf<ArgumentException>(fun () ->
                        TrainingLoop.Run(plan 1 needy, [| run root "a" config |]) |> ignore)

                Expect.stringContains message "moons" "message"
                Expect.isEmpty (IO.Directory.GetFileSystemEntries root) "file system entries of root"))
    ]
