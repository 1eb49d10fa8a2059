module Iql.Core.Tests.Training.TrainingLoopTests

open System
open System.Collections.Generic
open System.IO
open System.Text.Json
open System.Threading
open Iql
open Iql.Algorithms
open Iql.Execution
open Iql.Training
open Xunit
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns

let folderOf (outcome: TrainingOutcome) = outcome.Run.Folder

let kinds (folder: RunFolder) = [ for line in MetricsFile.Read folder.MetricsPath -> line.Kind, line.Step ]

[<Fact>]
let ``a run leaves its configuration, metrics, checkpoint and result`` () =
    inFolder (fun root ->
        let outcome = (train root 40L [ "a", 0.1 ]).Head
        let folder = folderOf outcome
        Assert.Equal(RunStatus.Finished, outcome.Status)
        Assert.Equal(RunFolderState.Finished, folder.State)

        Assert.Equal<string list>(
            [
                "checkpoint.json"
                "checkpoint.safetensors"
                "config.json"
                "metrics.jsonl"
                "result.json"
            ],
            List.sort [ for path in Directory.GetFiles folder.Path -> Path.GetFileName path ]
        )

        Assert.Equal<(string * int64) list>(
            [
                "evaluation", 0L
                for step in 5L..5L..40L do
                    "train", step

                    if step % 20L = 0L then
                        "weights", step
                        "evaluation", step
            ],
            kinds folder
        )

        Assert.Equal(40L, Checkpoint.Step folder)
        let result = folder.ReadResult()
        Assert.Equal(40L, result.Steps)
        Assert.Equal(2, result.Scores.Length)
        Assert.Equal(result.Scores[1], result.Score.Value)
        Assert.Equal(result.Score.Value, reference.Normalised result.Return.Value)
        Assert.Equal<string list>([ "valueLoss"; "residualMean"; "policyLoss" ], List.ofSeq result.Metrics.Keys)
        Assert.True(result.Metrics["policyLoss"] < 0.5))

[<Fact>]
let ``weights lines count the whole probe batch`` () =
    inFolder (fun root ->
        let folder = folderOf (train root 20L [ "a", 0.1 ]).Head

        let line = folder.Read().Weights[0]
        Assert.Equal(WeightHistogram.Rows, Seq.sum line.Counts)
        Assert.Equal(line.Counts.Length + 1, line.Edges.Length))

[<Fact>]
let ``a weight falls into the bin that begins with it`` () =
    let bins =
        WeightHistogram.Bins(ReadOnlySpan [| 0f; 0.0009f; 1f; 100f; 99f; 1e9f; infinityf; nanf |])

    let at (value: float) =
        WeightHistogram.Edges |> Seq.findIndex (fun edge -> edge = value)

    Assert.Equal(2, bins[0])
    Assert.Equal(1, bins[at 1.0])
    Assert.Equal(1, bins[at 100.0])
    Assert.Equal(1, bins[at 100.0 - 1])
    Assert.Equal(2, bins[bins.Length - 1])
    Assert.Equal(7, Seq.sum bins)

[<Fact>]
let ``the evaluation at step 0 is that of the untrained policy, and no score of the result`` () =
    inFolder (fun root ->
        let cancelled = new CancellationToken(true)
        let runs = [| run root "a" config |]

        for _ in 1..2 do
            TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1 ]), runs, null, cancelled) |> ignore
            Assert.Equal<_ list>([ "evaluation", 0L ], kinds runs[0].Folder)

        Assert.Equal(0L, runs[0].Folder.Read().Step)

        let start = Trainer.Start(learner 0.05 [ 0.1 ], config.Root())

        use evaluation =
            new Evaluation(
                learner 0.05 [ 0.1 ],
                Line(),
                config.Normalization,
                config.EvaluationEpisodes,
                start.Seed,
                reference
            )

        let expected = evaluation.Run(start.Blocks[0], start.Blocks[1]).ReturnMean
        Assert.Equal(expected, runs[0].Folder.Read().Evaluations[0].ReturnMean)
        TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1 ]), runs) |> ignore
        Assert.Equal(2, runs[0].Folder.ReadResult().Scores.Length))

[<Fact>]
let ``runs that train together share the time, also with one that diverges`` () =
    inFolder (fun root ->
        let clock = System.Diagnostics.Stopwatch.StartNew()
        let outcomes = train root 2000L [ "a", 0.1; "b", 1e30; "c", 0.2 ]
        let wall = clock.Elapsed.TotalSeconds
        let seconds = [ for outcome in outcomes -> outcome.Result.Seconds ]
        Assert.InRange(List.sum seconds, 0.3 * wall, wall + 0.005)
        Assert.InRange(seconds[2], 0.7 * seconds[0], 1.4 * seconds[0])
        Assert.True(seconds[1] < seconds[0])

        let pace = outcomes[0].Result.StepsPerSecond
        Assert.True(pace * wall > 2000.0, $"{pace} steps/s in {wall} s"))

[<Fact>]
let ``members of a group are separate runs to the bit`` () =
    inFolder (fun root ->
        let together = train root 40L [ "a", 0.1; "b", 0.3; "c", 0.0 ]

        for outcome, rate in List.zip together [ 0.1; 0.3; 0.0 ] do
            let alone = train root 40L [ "alone-" + (folderOf outcome).Name, rate ]
            Assert.Equal(contents (folderOf alone.Head), contents (folderOf outcome)))

[<Fact>]
let ``the number of threads does not change a bit`` () =
    inFolder (fun root ->
        let one =
            train root 40L [ "one", 0.1; "two", 0.2 ] |> List.map (folderOf >> contents)

        for threads in [ 2; 3 ] do
            let runs = [|
                for rate in [ 0.1; 0.2 ] ->
                    run root $"{threads} {rate}" (config.With(hyperparameters = hyperparameters 0.05 rate))
            |]

            let outcomes = TrainingLoop.Run(plan threads (learner 0.05 [ 0.1; 0.2 ]), runs)
            Assert.Equal<_ list>(one, [ for outcome in outcomes -> contents (folderOf outcome) ]))

[<Fact>]
let ``a cancelled run goes on to the same bits`` () =
    inFolder (fun root ->
        let expected = contents (folderOf (train root 40L [ "whole", 0.1 ]).Head)
        let runs = [| run root "parts" config |]

        // Stopped in the middle of a logging interval, at a checkpoint, and again.
        for stop in [ 5L; 20L; 35L ] do
            use source = new CancellationTokenSource()

            let outcome =
                TrainingLoop.Run(
                    plan 1 (learner 0.05 [ 0.1 ]),
                    runs,
                    (fun p ->
                        if p.Step >= stop then
                            source.Cancel()),
                    source.Token
                )

            Assert.Equal(RunStatus.Unfinished, outcome[0].Status)
            Assert.Null outcome[0].Result
            Assert.Equal(stop, Checkpoint.Step runs[0].Folder)
            Assert.Equal(RunFolderState.Started, runs[0].Folder.State)

        TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1 ]), runs) |> ignore
        Assert.Equal(expected, contents runs[0].Folder))

[<Fact>]
let ``metrics after the checkpoint are dropped on resuming, half a line and half a file too`` () =
    inFolder (fun root ->
        let expected = contents (folderOf (train root 40L [ "whole", 0.1 ]).Head)
        let runs = [| run root "parts" config |]
        use source = new CancellationTokenSource()

        TrainingLoop.Run(
            plan 1 (learner 0.05 [ 0.1 ]),
            runs,
            (fun p ->
                if p.Step = 20L then
                    source.Cancel()),
            source.Token
        )
        |> ignore

        let folder = runs[0].Folder

        File.AppendAllText(
            folder.MetricsPath,
            """{"kind":"train","step":25,"seconds":9,"valueLoss":7,"stepsPerSecond":1}"""
            + "\n"
            + """{"kind":"tr"""
        )

        File.WriteAllText(folder.CheckpointPath + ".12-ab.tmp", "half")
        TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1 ]), runs) |> ignore
        Assert.Equal(expected, contents folder)
        Assert.Equal(5, Directory.GetFiles(folder.Path).Length))

[<Fact>]
let ``a run stopped between its last checkpoint and its result only gets the result`` () =
    inFolder (fun root ->
        let folder = folderOf (train root 40L [ "a", 0.1 ]).Head
        let expected = contents folder
        File.Delete folder.ResultPath
        train root 40L [ "a", 0.1 ] |> ignore
        Assert.Equal(expected, contents folder))

[<Fact>]
let ``a folder that is being trained in is refused`` () =
    inFolder (fun root ->
        let one = run root "a" config
        use claims = new Claims()
        use _ = claims.TryTake one.Folder.Path
        Assert.Contains("nobody trains in", messageOf<IOException>(fun () -> train root 40L [ "a", 0.1 ] |> ignore))
        Assert.False(File.Exists one.Folder.MetricsPath))

[<Fact>]
let ``a member that diverges is reported and the others go on`` () =
    inFolder (fun root ->
        let outcomes = train root 40L [ "good", 0.1; "bad", 1e30; "other", 0.3 ]

        Assert.Equal<RunStatus list>(
            [ RunStatus.Finished; RunStatus.Diverged; RunStatus.Finished ],
            [ for outcome in outcomes -> outcome.Status ]
        )

        let result = (folderOf outcomes[1]).ReadResult()
        Assert.Equal(5L, result.Failure.Step)
        Assert.Equal("policyLoss", result.Failure.Metric)
        Assert.Contains("policyLoss is", result.Failure.Message)
        Assert.Contains("after 5 steps", result.Failure.Message)
        Assert.Equal(5L, result.Steps)
        Assert.False(File.Exists (folderOf outcomes[1]).CheckpointPath)
        Assert.Contains("\"policyLoss\":null", (lines (folderOf outcomes[1])).[1])

        for outcome, rate in [ outcomes[0], 0.1; outcomes[2], 0.3 ] do
            let alone = train root 40L [ "alone-" + (folderOf outcome).Name, rate ]
            Assert.Equal(contents (folderOf alone.Head), contents (folderOf outcome)))

[<Fact>]
let ``a diverging shared part ends all, with the last good checkpoint kept`` () =
    inFolder (fun root ->
        let runs = [|
            for rate in [ 0.1; 0.2 ] ->
                run root $"{rate}" (config.With(hyperparameters = hyperparameters 3.0 rate, steps = 400L))
        |]

        let outcomes = TrainingLoop.Run(plan 1 (learner 3.0 [ 0.1; 0.2 ]), runs)

        for outcome in outcomes do
            Assert.Equal(RunStatus.Diverged, outcome.Status)
            let failure = outcome.Result.Failure
            Assert.True(failure.Step > 10L, failure.Message)
            let kept = Checkpoint.Step(folderOf outcome)
            Assert.InRange(kept, failure.Step - 10L, failure.Step - 1L)
            Assert.Contains($"the checkpoint is that of step {kept}", failure.Message)
            let file = SafeTensors.Read (folderOf outcome).CheckpointPath

            Assert.True(
                file.Tensors
                |> Seq.forall (fun tensor -> tensor.Values.ToArray() |> Array.forall Single.IsFinite)
            ))

[<Fact>]
let ``runs at different steps are grouped by step and refused together`` () =
    inFolder (fun root ->
        let behind, ahead, fresh =
            run root "behind" config, run root "ahead" config, run root "fresh" config

        for one, stop in [ behind, 10L; ahead, 20L ] do
            use source = new CancellationTokenSource()

            TrainingLoop.Run(
                plan 1 (learner 0.05 [ 0.1 ]),
                [| one |],
                (fun p ->
                    if p.Step = stop then
                        source.Cancel()),
                source.Token
            )
            |> ignore

        let finished = train root 40L [ "done", 0.1 ]
        let groups = TrainingLoop.Groups [ behind; ahead; fresh; finished.Head.Run ]

        Assert.Equal<(int64 * string list) list>(
            [ 20L, [ "ahead" ]; 10L, [ "behind" ]; 0L, [ "fresh" ] ],
            [
                for group in groups -> group.Step, [ for run in group.Runs -> run.Folder.Name ]
            ]
        )

        let message =
            messageOf<InvalidOperationException>(fun () ->
                TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1; 0.1 ]), [| behind; ahead |])
                |> ignore)

        Assert.Contains("behind at 10, ahead at 20", message)

        Assert.Contains(
            "has a result",
            (messageOf<InvalidOperationException>(fun () -> train root 40L [ "done", 0.1 ] |> ignore))
                .Replace("with a result", "has a result")
        ))

[<Fact>]
let ``progress says how far a group is`` () =
    inFolder (fun root ->
        let seen = List<TrainingProgress>()

        let runs = [|
            for rate in [ 0.1; 0.3 ] -> run root $"{rate}" (config.With(hyperparameters = hyperparameters 0.05 rate))
        |]

        TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1; 0.3 ]), runs, (fun p -> seen.Add p))
        |> ignore

        Assert.Equal<int64 list>([ 5L..5L..40L ], [ for p in seen -> p.Step ])

        Assert.All(
            seen,
            fun p ->
                Assert.True(
                    p.StepsPerSecond > 0.0
                    && p.Steps = 40L
                    && Double.IsFinite p.Loss
                    && p.Runs.Length = 2
                )
        )

        Assert.True seen[0].Score.HasValue
        Assert.True seen[7].Score.HasValue
        Assert.Equal(TimeSpan.Zero, seen[7].Remaining))

[<Fact>]
let ``a step allocates nothing`` () =
    let learner = learner 0.05 [ 0.1; 0.3 ]

    use trainer = new Trainer(learner, transitions, Trainer.Start(learner, Seed 1UL))

    let advance count =
        for step in 1..count do
            trainer.Advance((step % 50 = 0))

    advance 100
    let before = GC.GetAllocatedBytesForCurrentThread()
    advance 200
    Assert.Equal(0L, GC.GetAllocatedBytesForCurrentThread() - before)

[<Fact>]
let ``metrics are those of the learner's step on the sampled batch`` () =
    let learner = learner 0.05 [ 0.1 ]
    let start = Trainer.Start(learner, Seed 1UL)
    use trainer = new Trainer(learner, transitions, start)
    trainer.Advance true
    let sampler = Data.Sampler(transitions, learner.Batch)
    use batch = new Graph.TensorBlock(learner.Batch)
    sampler.Fill(batch, (Seed 1UL).Split "sampling", 0L)

    let o, r, w =
        batch.Read "observations", batch.Read "rewards", start.Blocks[0].Read "weight"

    let bias = float (start.Blocks[0].Read "bias").[0]

    let loss =
        Seq.average [
            for i in 0..7 do
                let v = bias + Seq.sum [ for j in 0..2 -> float o[i * 3 + j] * float w[j] ]
                (float r[i] - v) ** 2.0
        ]

    let struct (name, value) = trainer.Metrics[0]
    Assert.Equal("valueLoss", name)
    Assert.Equal(loss, value, 5)
