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
open Xunit
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

[<Fact>]
let ``the rule says which program makes a step, and what a program leaves alone stays as it is`` () =
    use trainer = new Trainer(delayed, transitions, start)

    for step in 1..9 do
        let before = [ for block in trainer.Blocks.ToArray() -> block.Clone() ]
        trainer.Advance true
        Assert.False(trainer.Blocks[0].SameBits before[0])
        Assert.Equal((step % 3 <> 0), trainer.Blocks[1].SameBits before[1])

        Assert.Equal<string list>(
            [ "valueLoss"; "residualMean" ]
            @ (if step % 3 = 0 then [ "0:policyLoss" ] else []),
            [ for struct (name, _) in trainer.Metrics -> name ]
        )

[<Fact>]
let ``the bits do not depend on threads, on metrics, nor on where the steps were interrupted`` () =
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
        Assert.Equal(10L, actual.Step)

        for x, y in Seq.zip expected.Blocks actual.Blocks do
            Assert.True(x.SameBits y, x.Layout.Name)

[<Fact>]
let ``a stopped and resumed run leaves the same files as one that went through`` () =
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
        Assert.Equal(RunStatus.Finished, through.Status)
        Assert.Equal(RunStatus.Unfinished, (go (root + "/stopped") 16L).Status)
        let resumed = go (root + "/stopped") -1L
        Assert.Equal(contents through.Run.Folder, contents resumed.Run.Folder)

        let withPolicy = [
            for line in resumed.Run.Folder.Read().Train -> line.Step, line.Metrics.ContainsKey "policyLoss"
        ]

        Assert.Equal<(int64 * bool) list>([ for step in 4L..4L..40L -> step, step % 3L = 0L ], withPolicy))

[<Fact>]
let ``a learner may have an empty shared block`` () =
    let shared = Layout("shared", [])
    let policy = Layout("policy0", [ struct ("weight", shape [ 3; 2 ]) ])
    let batch = delayed.Batch
    let columns, weights = batch.Inputs(), policy.Inputs()

    let error =
        Tensor.MatMul(columns["observations"], weights["weight"]) - columns["actions"]

    let loss = Tensor.Mean(Tensor.Square error)

    let next =
        TensorGroup(policy, ImmutableArray.Create(weights["weight"] - 0.1 * Gradient.Of(loss, weights.Tensors).[0]))

    let step =
        GraphFunction(
            ImmutableArray.Create(shared, policy, batch),
            ImmutableArray.Create("seed", "step"),
            ImmutableArray.Create(shared.Inputs(), next),
            ImmutableArray.Create(struct ("0:policyLoss", loss))
        )

    let act rows =
        let act = delayed.Act.Invoke rows
        GraphFunction(ImmutableArray.Create(shared, policy, act.Inputs[2]), act.Scalars, act.Outputs, act.Metrics)

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
        let outcome =
            TrainingLoop.Run(plan 1 cloning, [| run root "a" config |]) |> Seq.exactlyOne

        Assert.Equal(RunStatus.Finished, outcome.Status)
        Assert.True(outcome.Result.Metrics["policyLoss"] < 0.1)
        let state = Checkpoint.Load(outcome.Run.Folder, shared, policy)
        Assert.Equal(40L, state.Step))

[<Fact>]
let ``what the data lack is said before a folder is made`` () =
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
            messageOf<ArgumentException>(fun () -> TrainingLoop.Run(plan 1 needy, [| run root "a" config |]) |> ignore)

        Assert.Contains("moons", message)
        Assert.Empty(IO.Directory.GetFileSystemEntries root))
