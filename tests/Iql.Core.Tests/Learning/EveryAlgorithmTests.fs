/// What holds of every algorithm's learner.
module Iql.Core.Tests.Learning.EveryAlgorithmTests

open System
open System.Collections.Immutable
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Execution
open Iql.Cpu.Emit
open Iql.Data
open Iql.Environments.Tasks
open Iql.Graph
open Iql.Losses
open Iql.Optimizers
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Learning.SmallConfigs

let private s, a = 4, 2

let private dataOf (task: string) = (Tasks.Get task).Dataset.Collect(Seed.Named "every algorithm", 2000)

let private points, walks = dataOf "pointmaze-umaze-stitch-v0", dataOf "gridmaze-medium-v0"

/// What a learner learns from: discrete actions where its batches have those of the maze of cells.
let private dataFor (learner: Learner) =
    if
        learner.Batch.Contains "observations"
        && learner.Batch["observations"].Shape[-1] = walks.ObservationSize
    then
        walks
    else
        points

let private learners: (string * Learner * IAlgorithmConfig) list = [
    for name, config in configs ->
        if name.EndsWith "discrete" then
            name, config.Learner(walks.ObservationSize, walks.ActionSize), config
        else
            name, config.Learner(s, a), config
]

let private root = Seed.Named "every"

let private train (device: IDevice) metrics (learner: Learner) (start: LearnerState) count =
    use trainer = new Trainer(learner, dataFor learner, start, device)

    for _ in 1..count do
        trainer.Advance metrics

    LearnerState(
        start.Seed,
        trainer.Step,
        ImmutableArray.CreateRange [ for b in trainer.Blocks.ToArray() -> b.Clone() ]
    )

let private sameBits what (x: LearnerState) (y: LearnerState) =
    Expect.equal y.Step x.Step "step of y"

    for x, y in Seq.zip x.Blocks y.Blocks do
        Expect.isTrue (x.SameBits y) $"{what}: {x.Layout.Name}"

/// A network's outputs for one row, in double, from its numbers.
let private network (block: TensorBlock) (name: string) (row: float[]) : float[] =
    let rec go k (x: float[]) =
        if block.Layout.Contains $"{name}/w{k}" then
            let weights, biases = block.Read $"{name}/w{k}", block.Read $"{name}/b{k}"

            let x =
                match block.Layout.Contains $"{name}/gain{k - 1}" with
                | true ->
                    let gain, offset = block.Read $"{name}/gain{k - 1}", block.Read $"{name}/offset{k - 1}"
                    let mean = Array.average x
                    let deviation = sqrt (Array.averageBy (fun h -> (h - mean) ** 2.0) x + 1e-6)
                    x |> Array.mapi (fun i h -> (h - mean) / deviation * float gain[i] + float offset[i])
                | false -> x

            let x = if k > 0 then Array.map (max 0.0) x else x

            biases
            |> Array.mapi (fun j bias ->
                float bias
                + Array.sum [| for i in 0 .. x.Length - 1 -> x[i] * float weights[i * biases.Length + j] |])
            |> go (k + 1)
        else
            x

    go 0 row

[<Tests>]
let tests =
    testList "EveryAlgorithmTests" [
        testLong [
            testCase "the bits are the same on two threads, without metrics, and after a resume" (fun () ->
                use pair = new CpuDevice(2)

                for name, learner, _ in learners do
                    let start = Trainer.Start(learner, root)
                    let expected = train CpuDevice.Single true learner start 7
                    sameBits name expected (train pair true learner start 7)
                    sameBits name expected (train CpuDevice.Single false learner start 7)
                    sameBits name expected (train pair false learner (train CpuDevice.Single false learner start 4) 3))
        ]

        testCase "the pure step gives the loop's bits" (fun () ->
            for name, learner, config in learners do
                let source = learner.Source(dataFor learner)
                use batch = new TensorBlock(learner.Batch)

                let next =
                    (Trainer.Start(learner, root), [ 0L .. 6L ])
                    ||> List.fold (fun state t ->
                        source.Fill(batch, root.Split "sampling", t)
                        let struct (next, _) = config.Step(state, batch)
                        next)

                sameBits name (train CpuDevice.Single true learner (Trainer.Start(learner, root)) 7) next)

        testAlone "a step allocates nothing" (fun () ->
            for name, learner, _ in learners do
                use trainer = new Trainer(learner, dataFor learner, Trainer.Start(learner, root))

                let turn () =
                    for t in 0..11 do
                        trainer.Advance(t % 2 = 0)

                turn ()
                turn ()
                Expect.allocatesNothing turn name)

        // Float32 against double precision on the same batches and draws.
        testCase "the compiled step follows the interpreter" (fun () ->
            for name, learner, _ in learners do
                let batch step : Numbers =
                    use block = new TensorBlock(learner.Batch)
                    learner.Source(dataFor learner).Fill(block, root, int64 step)

                    Map [
                        for entry in learner.Batch.Entries ->
                            $"batch/{entry.Name}", Array.map float (block.Read entry.Name)
                    ]

                let run execute = Execute.train execute learner root batch (initial learner root) 4

                let exact, exactMetrics = run inDouble
                let single, singleMetrics = run (compiled InstructionSets.Default WorkerTeam.Single)

                for KeyValue(tensor, values) in exact do
                    Array.iter2
                        (fun x y -> Expect.isTrue (abs (x - y) <= 2e-5 * (1.0 + abs x)) $"{name} {tensor}: {x} {y}")
                        values
                        single[tensor]

                for expected, actual in List.zip exactMetrics singleMetrics do
                    for KeyValue(metric, value) in expected do
                        Expect.isTrue
                            (Golden.deviation value actual[metric] <= 2e-5)
                            $"{name} {metric}: {value} {actual[metric]}")

        testCase "programs agree in scalars, blocks and members' names" (fun () ->
            for name, learner, _ in learners do
                for program in learner.Programs do
                    Expect.sequenceEqual program.Scalars learner.Step.Scalars "scalars of program"
                    Expect.equal program.Outputs.Length learner.Blocks.Length "length of outputs of program"

                    Expect.equal
                        program.Scalars.Length
                        (learner.Hyperparameters.Length + 2)
                        "length of scalars of program"

                    for layout, group in Seq.zip learner.Blocks program.Outputs do
                        Expect.sequenceEqual group.Layout.Entries layout.Entries "entries of group"

                    Expect.exists
                        program.Metrics
                        (fun struct (metric, _) -> metric.EndsWith "Loss")
                        $"{name}: a program without a loss among its metrics")

        testCase "log-probabilities are those of the step's metrics" (fun () ->
            let measured = [
                for name, learner, config in learners do
                    let data = dataFor learner
                    let step = learner.StepAt 0L
                    let metric = step.Metrics |> Seq.map (fun struct (name, _) -> name)

                    // The step's own metric is with dropout.
                    let dropout = config.Find "dropout"
                    let whole = isNull dropout || unbox (dropout.Get config) = 0.0
                    let counted = whole && Seq.contains "0:logProbabilityMean" metric

                    if not (isNull learner.LogProbability) && counted then
                        let rows = learner.Batch["observations"].Shape[0]
                        use batch = new TensorBlock(learner.Batch)
                        learner.Source(data).Fill(batch, root, 0L)

                        let columns = [
                            for entry in learner.Batch.Entries ->
                                $"batch/{entry.Name}", Array.map float (batch.Read entry.Name)
                        ]

                        let start = initial learner root |> over (Map columns)
                        let hyperparameters = List.ofSeq learner.Hyperparameters
                        let _, metrics = inDouble step start (root.AsScalar() :: 0.0 :: hyperparameters)
                        let density = learner.LogProbability.Invoke rows
                        let scalars = [ for name in density.Scalars -> learner.Hyperparameter(name, 0) ]
                        let outputs, _ = inDouble density start scalars
                        let mean = Array.average outputs["logProbabilities/logProbabilities"]
                        let expected = metrics["0:logProbabilityMean"]

                        Expect.isTrue
                            (abs (mean - expected) <= 1e-9 * (1.0 + abs expected))
                            $"{name}: {expected} {mean}"

                        learner.Algorithm
            ]

            for algorithm in [ "iql"; "awac"; "cql" ] do
                Expect.contains measured algorithm "measured")

        testCase "a state's value is V, or the least critic at what the policy does" (fun () ->
            for name, learner, _ in learners do
                if isNull learner.Value then
                    Expect.contains [ "bc"; "dt" ] learner.Algorithm "[ 'bc'; 'dt' ]"
                else
                    let data = dataFor learner
                    let state = train CpuDevice.Single false learner (Trainer.Start(learner, root)) 7
                    let shared = state.Blocks[0]
                    // Rows enough for a part that is not full.
                    let rows = 150

                    let seen = data.Observations.AsSpan().Slice(0, rows * data.ObservationSize).ToArray()

                    use values = new StateValues(learner, Normalization.None, state)
                    let values = values.Of(ReadOnlySpan seen)
                    Expect.equal values.Length rows "length of values"

                    // Draws depend on the place of a row among those that are asked together: the first of them are the
                    // same.
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
                        let part (all: 'n[]) size = all[row * size .. row * size + size - 1]

                        let s = Array.map float (part seen data.ObservationSize)
                        let a = part actions data.ActionSize

                        let critic name =
                            match
                                network shared name (if data.ActionSpace.IsDiscrete then s else Array.append s a)
                            with
                            | [| q |] -> q
                            | each -> each[Array.findIndex (fun share -> share > 0.0) a]

                        let expected =
                            if learner.Value.Formula = "V(s)" then
                                (network shared "value" s)[0]
                            else
                                [ for i in 1..9 -> $"critic{i}" ]
                                |> List.filter (fun critic -> shared.Layout.Contains $"{critic}/w0")
                                |> List.map critic
                                |> List.min

                        Expect.isTrue
                            (abs (expected - float values[row]) <= 1e-4 * (1.0 + abs expected))
                            $"{name}, row {row}: {expected} {values[row]}")
    ]
