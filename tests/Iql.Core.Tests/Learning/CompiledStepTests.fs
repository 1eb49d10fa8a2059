module Iql.Core.Tests.Learning.CompiledStepTests

open System
open System.Collections.Immutable
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Execution
open Iql.Cpu.Emit
open Iql.Graph
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Execute

let private config =
    ImplicitQLearningConfig(HiddenSizes = Widths [ 24; 24 ], BatchSize = 20, Dropout = 0.1, CosineSteps = 50.0)

let private seed = Seed.Named "compiled step"

let private numbers (learner: Learner) step : Numbers =
    Map [
        for entry in learner.Batch.Entries do
            let values = Golden.uniform $"compiled/{step}/{entry.Name}" entry.Shape.Count 0.95

            $"batch/{entry.Name}",
            (if entry.Name = "terminals" then
                 values |> Array.map (fun u -> if u < -0.7 then 1.0 else 0.0)
             else
                 values)
    ]

let private batch (learner: Learner) step =
    let block = new TensorBlock(learner.Batch)

    for KeyValue(name, values) in numbers learner step do
        block.Write(name.Substring 6, ReadOnlySpan(Array.map float32 values))

    block

let private start (learner: Learner) = LearnerState(seed, 0L, learner.Initialise.Invoke seed)

let private blank (learner: Learner) = [| for layout in learner.Blocks -> new TensorBlock(layout) |]

let private sameBits (expected: TensorBlock seq) (actual: TensorBlock seq) =
    for x, y in Seq.zip expected actual do
        Expect.isTrue (x.SameBits y) x.Layout.Name

let private learner = config.Learner(5, 3)

/// What a learner's blocks hold after steps in place, on so many threads.
let private inPlace (learner: Learner) (batches: TensorBlock[]) (threads: int) =
    use device = new CpuDevice(threads)
    use compiled = new CompiledStep(learner, device)
    let blocks = Seq.toArray (start learner).Blocks

    for step in 0 .. batches.Length - 1 do
        Expect.isTrue (compiled.RunsInPlace(int64 step, false)) "runs in place of compiled"

        let state = LearnerState(seed, int64 step, ImmutableArray.Create<TensorBlock> blocks)

        compiled.StepInto(state, batches[step], ReadOnlySpan blocks)

    blocks

[<Tests>]
let tests =
    testList "CompiledStepTests" [
        testCase "a step is pure" (fun () ->
            let state, batch = start learner, batch learner 0
            let struct (once, metrics) = config.Step(state, batch)
            let struct (again, sameMetrics) = config.Step(state, batch)
            sameBits (learner.Initialise.Invoke seed) state.Blocks
            sameBits once.Blocks again.Blocks
            Expect.equal once.Step 1L "step of once"

            Expect.equal
                [ for m in sameMetrics -> m.Key, m.Value ]
                [ for m in metrics -> m.Key, m.Value ]
                "key of m, m"

            Expect.isFalse (once.Blocks[0].SameBits state.Blocks[0]) "same bits of block 0 of once")

        testCase "into the caller's memory a step has the same bits, with metrics or without" (fun () ->
            let rec pure' state step =
                if step = 5 then
                    state
                else
                    let struct (next, _) = config.Step(state, batch learner step)
                    pure' next (step + 1)

            let into (metrics: float[]) =
                ((start learner, blank learner), [ 0..4 ])
                ||> List.fold (fun (state, spare) step ->
                    config.StepInto(state, batch learner step, ReadOnlySpan spare, Span metrics)

                    LearnerState(seed, state.Step + 1L, ImmutableArray.Create<TensorBlock> spare),
                    Seq.toArray state.Blocks)
                |> fst

            let expected = pure' (start learner) 0

            for metrics in [ [||]; Array.zeroCreate learner.Step.Metrics.Length ] do
                sameBits expected.Blocks (into metrics).Blocks)

        testAlone "into the caller's memory a step allocates nothing" (fun () ->
            let state, batch, spare = start learner, batch learner 0, blank learner
            let metrics = Array.zeroCreate learner.Step.Metrics.Length

            let step () =
                config.StepInto(state, batch, ReadOnlySpan spare, Span<float>.Empty)
                config.StepInto(state, batch, ReadOnlySpan spare, Span metrics)

            step ()
            step ()

            Expect.allocatesNothing
                (fun () ->
                    for _ in 1..20 do
                        step ())
                "twenty steps")

        testCase "other numbers, the same program" (fun () ->
            let state, batch = start learner, batch learner 0

            let swept =
                config
                    .With("expectile", 0.9)
                    .With("inverseTemperature", 10.0)
                    .With("policyLearningRate", 1e-3)
                    .With("discount", 0.9)

            let struct (_, before) = config.Step(state, batch)
            let clock = Diagnostics.Stopwatch.StartNew()
            let struct (_, after) = swept.Step(state, batch)
            let struct (_, back) = config.Step(state, batch)
            // Compiling takes far longer than this.
            printfn "%s" $"{clock.Elapsed}"
            Expect.notEqual after["valueLoss"] before["valueLoss"] "value loss"
            Expect.equal back["valueLoss"] before["valueLoss"] "value loss"
            Expect.equal after["0:policyLearningRate"] 1e-3 "0 policy learning rate")

        testCase "pure steps in a loop, and programs that nobody disposes, stay flat in memory" (fun () ->
            let resident () =
                use self = Diagnostics.Process.GetCurrentProcess()
                self.WorkingSet64 >>> 20

            // Layers of the default size: the state before is 6 MB, and garbage after each step.
            let config = ImplicitQLearningConfig(BatchSize = 4)
            let learner = config.Learner(11, 3)
            let batch = new TensorBlock(learner.Batch)
            let mutable state = start learner
            let first = resident ()

            for _ in 1..400 do
                let struct (next, _) = config.Step(state, batch)
                state <- next

            let afterSteps = resident ()
            Expect.isLessThan (afterSteps - first) 700L "megabytes after 400 steps of 6"

            for _ in 1..100 do
                CompiledGraph.Compile learner.Step |> ignore

            Expect.isLessThan (resident () - afterSteps) 500L "megabytes after 100 programs")

        testCase "compiled policies learn the same bits in company as alone" (fun () ->
            let betas = [| 0.5; 3.0; 10.0 |]

            let run learner =
                train
                    (compiled InstructionSets.Default WorkerTeam.Single)
                    learner
                    seed
                    (numbers learner)
                    (initial learner seed)
                    3
                |> fst

            let together = run (ImplicitQLearning.Learner(config.Varied("inverseTemperature", betas), 5, 3))

            for member', beta in Array.indexed betas do
                for KeyValue(name, values) in run (config.With("inverseTemperature", beta).Learner(5, 3)) do
                    Expect.equal together[name.Replace("policy0/", $"policy{member'}/")] values "together")

        testCase "the compiled step with dropout follows the interpreter" (fun () ->
            let run execute = train execute learner seed (numbers learner) (initial learner seed) 3

            let exact, exactMetrics = run inDouble
            let single, singleMetrics = run (compiled InstructionSets.Default WorkerTeam.Single)

            for KeyValue(name, values) in exact do
                Array.iter2
                    (fun x y -> Expect.isTrue (abs (x - y) <= 1e-5 * (1.0 + abs x)) $"{name}: {x} {y}")
                    values
                    single[name]

            for expected, actual in List.zip exactMetrics singleMetrics do
                for KeyValue(name, value) in expected do
                    Expect.isTrue (Golden.deviation value actual[name] <= 1e-5) $"{name}: {value} {actual[name]}")

        testCase "a step of other hyperparameters out of range is refused" (fun () ->
            let state, batch = start learner, batch learner 0
            config.Step(state, batch) |> ignore

            let failure =
                Expect.raises<ArgumentException>
                    (fun () -> config.With("expectile", 1.5).Step(state, batch) |> ignore)
                    "step of with of config"

            Expect.stringContains failure.Message "Expectile" "message of failure")

        testCase
            "networks of the paper's size learn the same bits in place, at any number of threads, in company or alone"
            (fun () ->
                let config = ImplicitQLearningConfig(CosineSteps = 50.0)
                let betas = [| 0.5; 3.0; 10.0 |]

                let grid = ImplicitQLearning.Learner(config.Varied("inverseTemperature", betas), 11, 3)

                let batches = [| for step in 0..2 -> batch grid step |]
                let alone = inPlace grid batches 1

                for threads in [ 2; 3; 4 ] do
                    sameBits alone (inPlace grid batches threads)

                for member', beta in Array.indexed betas do
                    let own = inPlace (config.With("inverseTemperature", beta).Learner(11, 3)) batches 2

                    Expect.isTrue (own[0].SameBits alone[0]) "same bits of own 0"
                    Expect.isTrue (own[1].SameBits alone[member' + 1]) "same bits of own 1")

        testCase "rows that a worker walks in several blocks have the same bits at any number of threads" (fun () ->
            let config = ImplicitQLearningConfig(HiddenSizes = Widths [ 64; 64 ], BatchSize = 1024)

            let learner = config.Learner(11, 3)
            let batches = [| for step in 0..2 -> batch learner step |]
            let alone = inPlace learner batches 1

            for threads in [ 2; 3 ] do
                sameBits alone (inPlace learner batches threads))
    ]
