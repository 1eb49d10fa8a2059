/// What holds of every algorithm's learner. A new algorithm is one row of `learners`.
module Iql.Core.Tests.Learning.EveryAlgorithmTests

open System
open System.Collections.Immutable
open Iql
open Iql.Algorithms
open Iql.Execution
open Iql.Cpu.Emit
open Iql.Data
open Iql.Environments.Tasks
open Iql.Graph
open Iql.Losses
open Iql.Optimizers
open Iql.Training
open Xunit
open Iql.Core.Tests.Learning.Execute

let private s, a = 4, 2

let private dataOf (task: string) =
    (Tasks.Get task).Dataset.Collect(Seed.Named "every algorithm", 2000)

let private points, walks =
    dataOf "pointmaze-umaze-stitch-v0", dataOf "gridmaze-medium-v0"

/// What a learner learns from: discrete actions where its batches have those of the maze of cells.
let private dataFor (learner: Learner) =
    if
        learner.Batch.Contains "observations"
        && learner.Batch["observations"].Shape[-1] = walks.ObservationSize
    then
        walks
    else
        points

/// A pure step of one config, where an algorithm has it.
type private Step = LearnerState -> TensorBlock -> LearnerState

let private pure' (step: LearnerState * TensorBlock -> struct (LearnerState * 'metrics)) : Step =
    fun state batch ->
        let struct (next, _) = step (state, batch)
        next

/// Every algorithm, small, with what of it can be switched on.
let private learners: (string * Learner * Step option) list =
    let implicitly =
        ImplicitQLearningConfig().With(hiddenSizes = [ 24; 24 ], batchSize = 20, dropout = 0.1, cosineSteps = 50.0)

    let cloning =
        BehaviourCloningConfig().With(hiddenSizes = [ 24; 24 ], batchSize = 20, dropout = 0.1)

    let gaussian =
        cloning.With(policyKind = PolicyKind.Gaussian, policySchedule = LearningRateSchedule.Cosine, cosineSteps = 50.0)

    let delayed =
        TD3BCConfig().With(hiddenSizes = [ 24; 24 ], batchSize = 20, policyDelay = 3)

    let conservative =
        ConservativeQLearningConfig().With(hiddenSizes = [ 24; 24 ], batchSize = 20, actionSamples = 3)

    let constrained =
        conservative.With(
            criticHiddenSizes = [ 16 ],
            lagrange = Lagrange.WeightInside,
            backup = SampledBackup.MaxOfLeast,
            entropyInBackup = true,
            conservativeOrder = ConservativeOrder.TemperatureFirst,
            cloningSteps = 3
        )

    let plain =
        conservative.With(
            conservativeTerm = ConservativeTerm.Plain,
            lagrange = Lagrange.WeightOutside,
            backup = SampledBackup.LeastOfMax,
            automaticTemperature = false,
            learnedLogStd = false,
            conservativeOrder = ConservativeOrder.Simultaneous
        )

    let conservatively (config: ConservativeQLearningConfig) =
        ConservativeQLearning.Learner(config, s, a),
        Some(pure' (fun (x, y) -> ConservativeQLearning.Step(config, x, y)))

    let weighted =
        AwacConfig()
            .With(hiddenSizes = [ 24; 24 ], batchSize = 20, weightDecay = 1e-3, weightDecayKind = WeightDecay.Coupled)

    let normalised =
        weighted.With(
            weighting = AdvantageWeighting.BatchSoftmax,
            baseline = AdvantageBaseline.MeanAction,
            weightDecayKind = WeightDecay.Decoupled,
            clipActions = false,
            policyHiddenSizes = [ 16 ]
        )

    let discretely name (learner: Learner, step: Step option) = $"{name} discrete", learner, step
    let cells, moves = walks.ObservationSize, walks.ActionSize

    let discreteIql =
        implicitly.With(actions = ActionKind.Discrete, actionChoice = ActionChoice.Sampled)

    let discreteBc = cloning.With(actions = ActionKind.Discrete)

    let discreteCql =
        conservative.With(actions = ActionKind.Discrete, lagrange = Lagrange.WeightOutside)

    let sequences =
        DecisionTransformerConfig()
            .With(context = 4, layers = 2, heads = 2, embeddingSize = 16, maxTimesteps = 60, batchSize = 6)

    let once =
        OnestepConfig()
            .With(
                improvement = PolicyImprovement.ExponentialWeights,
                hiddenSizes = [ 24; 24 ],
                batchSize = 20,
                behaviourSteps = 1,
                criticSteps = 2,
                baselineSamples = 3,
                divergenceSamples = 3,
                inverseTemperature = 1.0
            )

    let near =
        once.With(improvement = PolicyImprovement.ReverseKL, critics = 2, stateDependentStd = false)

    let easy = once.With(improvement = PolicyImprovement.EasyBCQ)

    let temporal =
        TemporalDifferenceConfig(Common = implicitly, Critics = 2, Objective = TemporalDifferenceObjective.Expectile)

    [
        "iql",
        ImplicitQLearning.Learner(implicitly, s, a),
        Some(pure' (fun (x, y) -> ImplicitQLearning.Step(implicitly, x, y)))
        "td", TemporalDifferenceLearning.Learner(temporal, s, a), None
        for objective in
            [
                TemporalDifferenceObjective.Maximum
                TemporalDifferenceObjective.SupportedMaximum
            ] do
            $"td {objective}",
            TemporalDifferenceLearning.Learner(
                temporal.With(objective = objective, candidates = 3, supportThreshold = 0.1),
                s,
                a
            ),
            None
        "bc", BehaviourCloning.Learner(cloning, s, a), Some(pure' (fun (x, y) -> BehaviourCloning.Step(cloning, x, y)))
        "bc gaussian",
        BehaviourCloning.Learner(gaussian, s, a),
        Some(pure' (fun (x, y) -> BehaviourCloning.Step(gaussian, x, y)))
        for name, config in [ "onestep", once; "onestep divergence", near; "onestep easy", easy ] do
            name, Onestep.Learner(config, s, a), Some(pure' (fun (x, y) -> Onestep.Step(config, x, y)))
        "awac", Awac.Learner(weighted, s, a), Some(pure' (fun (x, y) -> Awac.Step(weighted, x, y)))
        "awac softmax", Awac.Learner(normalised, s, a), Some(pure' (fun (x, y) -> Awac.Step(normalised, x, y)))
        "td3bc", TD3BC.Learner(delayed, s, a), Some(pure' (fun (x, y) -> TD3BC.Step(delayed, x, y)))
        for name, config in [ "cql", conservative; "cql constrained", constrained; "cql plain", plain ] do
            let learner, step = conservatively config
            name, learner, step
        discretely
            "iql"
            (ImplicitQLearning.Learner(discreteIql, cells, moves),
             Some(pure' (fun (x, y) -> ImplicitQLearning.Step(discreteIql, x, y))))
        discretely "td" (TemporalDifferenceLearning.Learner(temporal.With(common = discreteIql), cells, moves), None)
        discretely
            "bc"
            (BehaviourCloning.Learner(discreteBc, cells, moves),
             Some(pure' (fun (x, y) -> BehaviourCloning.Step(discreteBc, x, y))))
        discretely
            "cql"
            (ConservativeQLearning.Learner(discreteCql, cells, moves),
             Some(pure' (fun (x, y) -> ConservativeQLearning.Step(discreteCql, x, y))))
        "dt",
        DecisionTransformer.Learner(sequences, s, a),
        Some(pure' (fun (x, y) -> DecisionTransformer.Step(sequences, x, y)))
    ]

let private root = Seed.Named "every"

let private train (team: WorkerTeam) metrics (learner: Learner) (start: LearnerState) count =
    use trainer = new Trainer(learner, dataFor learner, start, team)

    for _ in 1..count do
        trainer.Advance metrics

    LearnerState(
        start.Seed,
        trainer.Step,
        ImmutableArray.CreateRange [ for b in trainer.Blocks.ToArray() -> b.Clone() ]
    )

let private sameBits what (x: LearnerState) (y: LearnerState) =
    Assert.Equal(x.Step, y.Step)

    for x, y in Seq.zip x.Blocks y.Blocks do
        Assert.True(x.SameBits y, $"{what}: {x.Layout.Name}")

[<Fact>]
let ``the bits are the same on two threads, without metrics, and after a resume`` () =
    use pair = new WorkerTeam(2)

    for name, learner, _ in learners do
        let start = Trainer.Start(learner, root)
        let expected = train WorkerTeam.Single true learner start 7
        sameBits name expected (train pair true learner start 7)
        sameBits name expected (train WorkerTeam.Single false learner start 7)
        sameBits name expected (train pair false learner (train WorkerTeam.Single false learner start 4) 3)

[<Fact>]
let ``the pure step gives the loop's bits`` () =
    for name, learner, step in learners do
        for step in Option.toList step do
            let source = learner.Source(dataFor learner)
            use batch = new TensorBlock(learner.Batch)

            let next =
                (Trainer.Start(learner, root), [ 0L .. 6L ])
                ||> List.fold (fun state t ->
                    source.Fill(batch, root.Split "sampling", t)
                    step state batch)

            sameBits name (train WorkerTeam.Single true learner (Trainer.Start(learner, root)) 7) next

[<Fact>]
let ``a step allocates nothing`` () =
    for name, learner, _ in learners do
        use trainer = new Trainer(learner, dataFor learner, Trainer.Start(learner, root))

        let turn () =
            for t in 0..11 do
                trainer.Advance(t % 2 = 0)

        turn ()
        turn ()
        let before = GC.GetAllocatedBytesForCurrentThread()
        turn ()
        Assert.True((GC.GetAllocatedBytesForCurrentThread() - before = 0L), name)

/// Float32 against double precision on the same batches and draws.
[<Fact>]
let ``the compiled step follows the interpreter`` () =
    for name, learner, _ in learners do
        let batch step : Numbers =
            use block = new TensorBlock(learner.Batch)
            learner.Source(dataFor learner).Fill(block, root, int64 step)

            Map [
                for entry in learner.Batch.Entries -> $"batch/{entry.Name}", Array.map float (block.Read entry.Name)
            ]

        let run execute =
            Execute.train execute learner root batch (initial learner root) 4

        let exact, exactMetrics = run inDouble
        let single, singleMetrics = run (compiled InstructionSets.Default WorkerTeam.Single)

        for KeyValue(tensor, values) in exact do
            Array.iter2
                (fun x y -> Assert.True(abs (x - y) <= 2e-5 * (1.0 + abs x), $"{name} {tensor}: {x} {y}"))
                values
                single[tensor]

        for expected, actual in List.zip exactMetrics singleMetrics do
            for KeyValue(metric, value) in expected do
                Assert.True(Golden.deviation value actual[metric] <= 2e-5, $"{name} {metric}: {value} {actual[metric]}")

[<Fact>]
let ``programs agree in scalars, blocks and members' names`` () =
    for name, learner, _ in learners do
        for program in learner.Programs do
            Assert.Equal<string seq>(learner.Step.Scalars, program.Scalars)
            Assert.Equal(learner.Blocks.Length, program.Outputs.Length)
            Assert.Equal(learner.Hyperparameters.Length + 2, program.Scalars.Length)

            for layout, group in Seq.zip learner.Blocks program.Outputs do
                Assert.Equal<Layout.Entry seq>(layout.Entries, group.Layout.Entries)

            Assert.True(
                program.Metrics |> Seq.exists (fun struct (metric, _) -> metric.EndsWith "Loss"),
                $"{name}: a program without a loss among its metrics"
            )

/// A network's outputs for one row, in double, from its numbers.
let private network (block: TensorBlock) (name: string) (row: float[]) : float[] =
    let rec go k (x: float[]) =
        if block.Layout.Contains $"{name}/w{k}" then
            let weights, biases = block.Read $"{name}/w{k}", block.Read $"{name}/b{k}"
            let x = if k > 0 then Array.map (max 0.0) x else x

            biases
            |> Array.mapi (fun j bias ->
                float bias
                + Array.sum [| for i in 0 .. x.Length - 1 -> x[i] * float weights[i * biases.Length + j] |])
            |> go (k + 1)
        else
            x

    go 0 row

[<Fact>]
let ``a state's value is V, or the least critic at what the policy does`` () =
    for name, learner, _ in learners do
        if isNull learner.Value then
            Assert.Contains(learner.Algorithm, [ "bc"; "dt" ])
        else
            let data = dataFor learner
            let state = train WorkerTeam.Single false learner (Trainer.Start(learner, root)) 7
            let shared = state.Blocks[0]
            // Rows enough for a part that is not full.
            let rows = 150

            let seen =
                data.Observations.AsSpan().Slice(0, rows * data.ObservationSize).ToArray()

            use values = new StateValues(learner, Normalization.None, state)
            let values = values.Of(ReadOnlySpan seen)
            Assert.Equal(rows, values.Length)

            // Draws depend on the place of a row among those that are asked together: the first of them are the same.
            let actions =
                let act = learner.Act.Invoke rows

                let scalars = [
                    for scalar in act.Scalars ->
                        match scalar with
                        | "seed" -> root.AsScalar()
                        | "decision" -> 0.0
                        | other -> learner.Hyperparameter(other, 0)
                ]

                let numbers = [
                    for block in state.Blocks do
                        for entry in block.Layout.Entries do
                            $"{block.Layout.Name}/{entry.Name}", Array.map float (block.Read entry.Name)
                ]

                let outputs, _ =
                    inDouble act (Map(("observations/observations", Array.map float seen) :: numbers)) scalars

                outputs["actions/actions"]

            for row in 0..127 do
                let part (all: 'n[]) size =
                    all[row * size .. row * size + size - 1]

                let s = Array.map float (part seen data.ObservationSize)
                let a = part actions data.ActionSize

                let critic name =
                    match network shared name (if data.ActionSpace.IsDiscrete then s else Array.append s a) with
                    | [| q |] -> q
                    | each -> each[Array.findIndex (fun share -> share > 0.0) a]

                let expected =
                    if learner.Value.Formula = "V(s)" then
                        (network shared "value" s)[0]
                    else
                        [ "critic1"; "critic2" ]
                        |> List.filter (fun critic -> shared.Layout.Contains $"{critic}/w0")
                        |> List.map critic
                        |> List.min

                Assert.True(
                    abs (expected - float values[row]) <= 1e-4 * (1.0 + abs expected),
                    $"{name}, row {row}: {expected} {values[row]}"
                )
