/// Who makes what on several workers, and steps that begin while others are still at the one before.
module Iql.Core.Tests.Compile.ScheduleTests

open System
open System.Collections.Immutable
open System.Threading
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Execution
open Iql.Data
open Iql.Graph
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Graph.Dense

let private config = ImplicitQLearningConfig()

/// The worker of every product, and its operations.
let private shares workers (learner: Learner) =
    use team = new WorkerTeam(workers)
    use graph = CompiledGraph.Compile(learner.Step.WithoutMetrics(), team = team)

    [
        for kernel in graph.Kernels do
            if kernel.Flop > 0.0 then
                Option.ofNullable kernel.Owner, kernel.Flop
    ]

let private data =
    let random = Random 1
    let rows = 2_000

    let numbers count = Array.init count (fun _ -> random.NextSingle() * 2f - 1f)

    Transitions(
        "uniform",
        11,
        3,
        numbers (rows * 11),
        numbers (rows * 3),
        numbers rows,
        Array.zeroCreate rows,
        Array.init rows (fun i -> i % 100 = 99),
        numbers (rows * 11)
    )

/// What is learnt in so many steps, where the caller looks at the state after some of them.
let private learnt (learner: Learner) threads steps looks =
    use device = new CpuDevice(threads)
    use trainer = new Trainer(learner, data, Trainer.Start(learner, Seed 3UL), device)

    for step in 1..steps do
        trainer.Advance(withMetrics = (step % 20 = 0))

        if looks step then
            trainer.Finish()

    [| for block in trainer.Blocks.ToArray() -> block.Clone() |]

/// Two networks that learn apart from each other, the second of rows of a table.
let private apart =
    let state = Layout("state", [ for name in [ "a"; "b" ] -> struct (name, shape [ 64; 64 ]) ])

    let batch =
        Layout(
            "batch",
            [
                struct ("x", shape [ 64; 64 ])
                struct ("table", shape [ 10; 64 ])
                struct ("rows", shape [ 64 ])
            ]
        )

    let before, given = state.Inputs(), batch.Inputs()

    let after (x: Tensor) (w: Tensor) =
        let loss = Tensor.Mean(Tensor.Square(Tensor.Tanh(Tensor.MatMul(x, w)) - 0.3))
        w - 0.1 * Gradient.Of(loss, [| w |])[0]

    GraphFunction(
        ImmutableArray.Create(state, batch),
        ImmutableArray.Empty,
        ImmutableArray.Create(
            TensorGroup(
                state,
                ImmutableArray.Create(
                    after given["x"] before["a"],
                    after (Tensor.Gather(given["table"], given["rows"])) before["b"]
                )
            )
        ),
        ImmutableArray.Empty
    )

[<Tests>]
let tests =
    testList "ScheduleTests" [
        testCase "workers have networks of their own where these can be dealt out evenly" (fun () ->
            for workers, betas in
                [ 2, [| 3.0 |]; 2, [| 0.5; 1.0; 3.0; 6.0; 10.0 |]; 4, [| 0.5; 1.0; 3.0; 6.0; 10.0 |] ] do
                let learner = ImplicitQLearning.Learner(config.Varied("inverseTemperature", betas), 11, 3)

                let shares = shares workers learner

                for owner, _ in shares do
                    Expect.isSome owner "owner"

                let even = List.sumBy snd shares / float workers

                for _, own in List.groupBy fst shares do
                    Expect.between 0.9 1.1 (List.sumBy snd own / even) "sum of own over even")

        testCase "workers share each kernel where there are too few networks" (fun () ->
            for workers, learner in
                [
                    2, BehaviourCloning.Learner(BehaviourCloningConfig(), 11, 3)
                    3, config.Learner(11, 3)
                    16, config.Learner(11, 3)
                ] do
                for owner, _ in shares workers learner do
                    Expect.isNone owner "owner")

        testCase "an error in a step that others run into comes out, and what is started after it is whole" (fun () ->
            let filled (layout: Layout) row =
                let block = new TensorBlock(layout)

                for entry in layout.Entries do
                    let numbers = uniform (Seed.Named entry.Name) -1.0 1.0 entry.Shape.Count |> Array.map float32

                    block.Write(entry.Name, ReadOnlySpan(if entry.Name = "rows" then Array.create 64 row else numbers))

                block

            let state () = filled apart.Inputs[0] 0f
            let good, bad = filled apart.Inputs[1] 9f, filled apart.Inputs[1] 10f

            let run (graph: CompiledGraph) (team: WorkerTeam) (state: TensorBlock) batches =
                for batch in batches do
                    graph.Follow()
                    graph.Start(ReadOnlySpan [| state; batch |], ReadOnlySpan.Empty, ReadOnlySpan [| state |])

                team.Finish()

            let steps = List.replicate 5 good
            use alone = CompiledGraph.Compile apart
            use team = new WorkerTeam(2)
            use graph = CompiledGraph.Compile(apart, team = team)
            Expect.isTrue graph.Overlaps "overlaps of graph"
            let expected = state ()
            run alone WorkerTeam.Single expected steps

            for attempt in 1..200 do
                let error =
                    Expect.raises<InvalidOperationException>
                        (fun () -> run graph team (state ()) [ good; bad; good; good; good; good ])
                        "run"

                Expect.stringContains error.Message "whole numbers in [0, 10)" "message of error"
                let learnt = state ()
                run graph team learnt steps
                Expect.isTrue (learnt.SameBits expected) $"attempt {attempt}")

        testLong [
            testCase
                "steps that run into each other learn the bits of steps one by one, also beside others who \
                want the cores"
                (fun () ->
                    let small = config.With("hiddenSizes", [ 32; 32 ]).With("batchSize", 64).With("cosineSteps", 100.0)

                    for learner in
                        [
                            small.Learner(11, 3)
                            ImplicitQLearning.Learner(
                                small.Varied("inverseTemperature", [| 0.5; 1.0; 3.0; 6.0; 10.0 |]),
                                11,
                                3
                            )
                            small.With("batchSize", 1000).With("hiddenSizes", [ 24; 40; 24 ]).Learner(11, 3)
                        ] do
                        let expected = learnt learner 1 90 (fun _ -> false)
                        use stop = new CancellationTokenSource()

                        let busy = [
                            for _ in 1..2 ->
                                let thread =
                                    Thread(
                                        (fun () ->
                                            while not stop.IsCancellationRequested do
                                                Thread.SpinWait 1_000),
                                        IsBackground = true
                                    )

                                thread.Start()
                                thread
                        ]

                        for threads in [ 2; 3; 4 ] do
                            for looks in [ (fun _ -> false); (fun step -> step % 7 = 0) ] do
                                for x, y in Array.zip expected (learnt learner threads 90 looks) do
                                    Expect.isTrue (x.SameBits y) $"{threads} threads: {x.Layout.Name}"

                        stop.Cancel()

                        for thread in busy do
                            thread.Join())
        ]
    ]
