/// Training runs on libtorch: every algorithm, several runs in one program.
module Iql.Torch.Tests.RunsTests

open System
open System.Collections.Immutable
open Expecto
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Data
open Iql.Environments.Tasks
open Iql.Execution
open Iql.Graph
open Iql.Torch
open Iql.Tests
open Iql.Training
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Learning.SmallConfigs
open Iql.Torch.Tests.Executor

let private dataOf (task: string) = (Tasks.Get task).Dataset.Collect(Seed.Named "runs on libtorch", 500)

let private points, walks = dataOf "pointmaze-umaze-stitch-v0", dataOf "gridmaze-medium-v0"

let learners: (string * Learner * Transitions) list = [
    for name, config in configs ->
        let data = if name.EndsWith "discrete" then walks else points
        name, config.Learner(data.ObservationSize, data.ActionSize), data
]

let private seeds = [ for i in 1UL .. 3UL -> (Seed.Named "libtorch").Split i ]

/// A run's numbers: hyperparameters differ a little between runs.
let private hyperparameters (learner: Learner) (run: int) = [
    for value in learner.Hyperparameters -> value * (1.0 + 0.003 * float run)
]

let private batch (learner: Learner) (source: IBatchSource) (seed: Seed) step : Numbers =
    use block = new TensorBlock(learner.Batch)
    source.Fill(block, seed.Split "sampling", step)

    Map [
        for entry in learner.Batch.Entries -> $"batch/{entry.Name}", Array.map float (block.Read entry.Name)
    ]

/// States after so many steps of runs that are stepped together, and the last metrics.
let private together number (learner: Learner) (source: IBatchSource) (runs: int list) steps =
    let outputs (graph: GraphFunction) = [
        for group in graph.Outputs do
            for entry in group.Layout.Entries -> $"{group.Layout.Name}/{entry.Name}"
    ]

    (([ for run in runs -> initial learner seeds[run] ], []), [ 0L .. steps - 1L ])
    ||> List.fold (fun (states, _) step ->
        let graph = learner.StepAt step

        let inputs = [
            for run, state in List.zip runs states ->
                over (batch learner source seeds[run] step) state,
                seeds[run].AsScalar() :: float step :: hyperparameters learner run
        ]

        let names = outputs graph
        let results = Executor.run number graph inputs |> List.map (List.splitAt names.Length)

        [ for values, _ in results -> Map(List.zip names values) ],
        [ for _, metrics in results -> List.map Array.head metrics ])

/// Largest |x − y| / (0.001 + |y|).
let private distance (x: float[]) (y: float[]) =
    Array.map2 (fun x y -> if x = y || Double.IsNaN x && Double.IsNaN y then 0.0 else abs (x - y) / (1e-3 + abs y)) x y
    |> Array.fold max 0.0

let private apart (x: Numbers) (y: Numbers) = Seq.max [ for KeyValue(name, values) in x -> distance values y[name] ]

let start (learner: Learner) (data: IDataset) run (state: LearnerState) =
    let run' = learner.Run(learner.Source data, state)

    RunStart(
        run'.Programs,
        run'.Choose,
        ImmutableArray.CreateRange(hyperparameters learner run),
        run'.Batches,
        run'.State
    )

let begun (learner: Learner) run = Trainer.Start(learner, seeds[run])

let private clone (state: LearnerState) =
    LearnerState(state.Seed, state.Step, ImmutableArray.CreateRange [ for block in state.Blocks -> block.Clone() ])

/// States of runs after so many steps on a device.
let trained (device: IDevice) (learner: Learner) (data: IDataset) metrics steps (states: (int * LearnerState) list) =
    use runs = device.Start [| for run, state in states -> start learner data run state |]

    for _ in 1..steps do
        runs.Advance metrics

    [ for i in 0 .. states.Length - 1 -> clone (runs.State i) ]

let sameBits what (x: LearnerState) (y: LearnerState) =
    Expect.equal y.Step x.Step $"step of {what}"

    for x, y in Seq.zip x.Blocks y.Blocks do
        Expect.isTrue (x.SameBits y) $"{what}: {x.Layout.Name}"

[<Tests>]
let tests =
    testList "RunsTests" [
        testTorch "three runs in one program have the numbers of three alone" (fun _ ->
            for name, learner, data in learners do
                let source = learner.Source data
                let states, metrics = together NumberType.Float64 learner source [ 0; 1; 2 ] 4L

                for run, state, measured in List.zip3 [ 0..2 ] states metrics do
                    let own, ownMetrics = together NumberType.Float64 learner source [ run ] 4L
                    Expect.isLessThan (apart state own.Head) 1e-12 $"{name}, run {run}"

                    Expect.isLessThan
                        (distance (List.toArray measured) (List.toArray ownMetrics.Head))
                        1e-12
                        $"{name}, metrics of run {run}")

        testTorch "every algorithm has the interpreter's numbers after four steps" (fun _ ->
            for name, learner, data in learners do
                let source = learner.Source data

                let exact, _ =
                    ((initial learner seeds[1], Map.empty), [ 0L .. 3L ])
                    ||> List.fold (fun (state, _) step ->
                        let scalars = seeds[1].AsScalar() :: float step :: hyperparameters learner 1
                        inDouble (learner.StepAt step) (over (batch learner source seeds[1] step) state) scalars)

                let double, _ = together NumberType.Float64 learner source [ 1; 2 ] 4L
                let single, _ = together NumberType.Float32 learner source [ 1; 2 ] 4L
                let worst, worstSingle = apart double.Head exact, apart single.Head exact
                printfn "%s" $"{name}: {worst:G2} in double, {worstSingle:G2} in single precision"
                Expect.isLessThan worst 1e-11 name
                Expect.isLessThan worstSingle 2e-3 name)

        testTorch "a resumed run has the bits of an uninterrupted one, with metrics or without" (fun library ->
            let device = TorchDevice.Open(library, "cpu-torch", 2)[0]

            for name, learner, data in learners do
                let states = [ for run in 0..1 -> run, begun learner run ]
                let whole = trained device learner data true 7 states
                let half = trained device learner data false 4 states |> List.indexed
                List.iter2 (sameBits name) whole (trained device learner data false 3 half))

        testTorch
            "a run has its bits beside runs at other steps, which come and go on threads of their own"
            (fun library ->
                for name, learner, data in learners do
                    let places = TorchDevice.Open(library, "cpu-torch", 3, 2)
                    let alone run = trained places[run] learner data false 7 [ run, begun learner run ] |> List.head
                    let expected = [ for run in 0..2 -> alone run ]

                    let half = [
                        for run in 0..2 -> trained places[run] learner data false (run + 1) [ run, begun learner run ]
                    ]

                    // They stand at steps 1, 2 and 3, start and end at other times, and each needs its own program.
                    let ends = [
                        for run in 0..2 ->
                            System.Threading.Tasks.Task.Run(fun () ->
                                trained places[run] learner data (run = 1) (6 - run) [ run, List.head half[run] ]
                                |> List.head)
                    ]

                    for run in 0..2 do
                        sameBits $"{name}, run {run}" expected[run] ends[run].Result)

        testTorch "a run that is not finite stays alone" (fun library ->
            let device = TorchDevice.Open(library, "cpu-torch", 2)[0]

            for name, learner, data in learners do
                let broken = clone (begun learner 0)

                for block in broken.Blocks do
                    block.Storage.Fill Single.NaN

                let pair = trained device learner data true 3 [ 0, broken; 1, begun learner 1 ]
                let healthy = trained device learner data true 3 [ 0, begun learner 0; 1, begun learner 1 ]
                sameBits name healthy[1] pair[1])

        testAlone "handles of tensors do not grow" (fun () ->
            let library =
                match library with
                | Ok library -> library
                | Error reason -> skiptest reason

            let device = TorchDevice.Open(library, "cpu-torch", 2)[0]
            let before = Handles.Live

            for _, learner, data in learners do
                use runs = device.Start [| for run in 0..1 -> start learner data run (begun learner run) |]

                let turn () =
                    for t in 0..11 do
                        runs.Advance(t % 2 = 0)

                turn ()
                let live = Handles.Live
                turn ()
                Expect.equal Handles.Live live "handles after as many steps"

            Expect.equal Handles.Live before "handles after the end")

        testTorch "runs of other graphs are refused" (fun library ->
            let device = TorchDevice.Open(library, "cpu-torch", 2)[0]

            let other width =
                ImplicitQLearningConfig(HiddenSizes = Widths [ width ], BatchSize = 20)
                    .Learner(points.ObservationSize, points.ActionSize)

            let first, second = other 8, other 9

            Expect.throwsT<InputException>
                (fun () ->
                    device.Start [| start first points 0 (begun first 0); start second points 0 (begun second 0) |]
                    |> ignore)
                "other widths")

        testTorch "the calls of a step do not depend on the number of runs" (fun _ ->
            for algorithm in Algorithm.All do
                let learner = algorithm.Standard.Learner(11, 3)

                let state = FlatState.Of learner.Programs

                let count runs (graph: GraphFunction) =
                    use program = new TorchProgram(state.Apply graph, runs, NumberType.Float32, Place.Host, "batch")

                    program.Calls, program.Views

                for i, graph in Seq.indexed learner.Programs do
                    let bare = graph.WithoutMetrics()
                    let calls, views = count 1 bare
                    Expect.equal (count 3 bare) (calls, views) algorithm.Name
                    printfn "%s" $"| {algorithm.Name}, program {i + 1} | {calls} | {views} | {fst (count 1 graph)} |")

        testLong [
            testAlone "20,000 steps take no more memory than 4,000" (fun () ->
                match library with
                | Error reason -> skiptest reason
                | Ok library ->
                    let learner =
                        ImplicitQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)
                            .Learner(points.ObservationSize, points.ActionSize)

                    let device = TorchDevice.Open(library, "cpu-torch", 2)[0]
                    use runs = device.Start [| for run in 0..1 -> start learner points run (begun learner run) |]
                    let memory () = Diagnostics.Process.GetCurrentProcess().WorkingSet64 / 1_000_000L

                    let after steps =
                        for t in 1..steps do
                            runs.Advance(t % 100 = 0)

                        memory (), Handles.Live

                    let early, live = after 4_000
                    let late, liveLate = after 16_000
                    printfn "%s" $"{early} MB after 4,000 steps, {late} MB after 20,000; {live} and {liveLate} handles"
                    Expect.equal liveLate live "handles"
                    Expect.isLessThan late (early + 20L) "megabytes")
        ]
    ]
