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
open Expecto
open Iql.Tests
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns

let folderOf (outcome: TrainingOutcome) = outcome.Run.Folder

let kinds (folder: RunFolder) = [ for line in MetricsFile.Read folder.MetricsPath -> line.Kind, line.Step ]

[<Tests>]
let tests =
    testList "TrainingLoopTests" [
        testCase "a run leaves its configuration, metrics, checkpoint and result" (fun () ->
            inFolder (fun root ->
                let outcome = (train root 40L [ "a", 0.1 ]).Head
                let folder = folderOf outcome
                Expect.equal outcome.Status RunStatus.Finished "status of outcome"
                Expect.equal folder.State RunFolderState.Finished "state of folder"

                Expect.equal
                    (List.sort [ for path in Directory.GetFiles folder.Path -> Path.GetFileName path ])
                    [ "checkpoint.json"; "checkpoint.safetensors"; "config.json"; "metrics.jsonl"; "result.json" ]
                    "path"

                Expect.equal
                    (kinds folder)
                    [
                        "evaluation", 0L
                        for step in 5L..5L..40L do
                            "train", step

                            if step % 20L = 0L then
                                "weights", step
                                "evaluation", step
                    ]
                    "kinds of folder"

                Expect.equal (Checkpoint.Step folder) 40L "step of folder"
                let result = folder.ReadResult()
                Expect.equal result.Steps 40L "steps of result"
                Expect.hasLength result.Scores 2 "scores of result"
                Expect.equal result.Score.Value result.Scores[1] "score of result"
                Expect.equal (reference.Normalised result.Return.Value) result.Score.Value "normalised of reference"

                Expect.equal
                    (List.ofSeq result.Metrics.Keys)
                    [ "valueLoss"; "residualMean"; "policyLoss" ]
                    "keys of result"

                Expect.isTrue (result.Metrics["policyLoss"] < 0.5) "policy loss is below 0.5"))

        testCase "weights lines count the whole probe batch" (fun () ->
            inFolder (fun root ->
                let folder = folderOf (train root 20L [ "a", 0.1 ]).Head

                let line = folder.Read().Weights[0]
                Expect.equal (Seq.sum line.Counts) WeightHistogram.Rows "sum of counts of line"
                Expect.equal line.Edges.Length (line.Counts.Length + 1) "length of edges of line"))

        testCase "a weight falls into the bin that begins with it" (fun () ->
            let bins = WeightHistogram.Bins(ReadOnlySpan [| 0f; 0.0009f; 1f; 100f; 99f; 1e9f; infinityf; nanf |])

            let at (value: float) = WeightHistogram.Edges |> Seq.findIndex (fun edge -> edge = value)

            Expect.equal bins[0] 2 "bin 0"
            Expect.equal bins[at 1.0] 1 "bins"
            Expect.equal bins[at 100.0] 1 "bins"
            Expect.equal bins[at 100.0 - 1] 1 "bins"
            Expect.equal bins[bins.Length - 1] 2 "bins"
            Expect.equal (Seq.sum bins) 7 "sum of bins")

        testCase "the evaluation at step 0 is that of the untrained policy, and no score of the result" (fun () ->
            inFolder (fun root ->
                let cancelled = new CancellationToken(true)
                let runs = [| run root "a" config |]

                for _ in 1..2 do
                    TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1 ]), runs, null, cancelled) |> ignore
                    Expect.equal (kinds runs[0].Folder) [ "evaluation", 0L ] "kinds"

                Expect.equal (runs[0].Folder.Read().Step) 0L "step of read of run 0"

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

                Expect.equal
                    (runs[0].Folder.Read().Evaluations[0].ReturnMean)
                    expected
                    "return mean of evaluation 0 of read of run 0"

                TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1 ]), runs) |> ignore
                Expect.equal (runs[0].Folder.ReadResult().Scores.Length) 2 "length of scores of read result of run 0"))

        testAlone "runs that train together share the time, also with one that diverges" (fun () ->
            inFolder (fun root ->
                let clock = System.Diagnostics.Stopwatch.StartNew()
                let outcomes = train root 2000L [ "a", 0.1; "b", 1e30; "c", 0.2 ]
                let wall = clock.Elapsed.TotalSeconds
                let seconds = [ for outcome in outcomes -> outcome.Result.Seconds ]
                Expect.between (0.3 * wall) (wall + 0.005) (List.sum seconds) "sum of seconds"
                Expect.between (0.7 * seconds[0]) (1.4 * seconds[0]) seconds[2] "second 2"
                Expect.isTrue (seconds[1] < seconds[0]) "second 1 is below second 0"

                let pace = outcomes[0].Result.StepsPerSecond
                Expect.isGreaterThan (pace * wall) 2000.0 $"{pace} steps/s in {wall} s"))

        testCase "members of a group are separate runs to the bit" (fun () ->
            inFolder (fun root ->
                let together = train root 40L [ "a", 0.1; "b", 0.3; "c", 0.0 ]

                for outcome, rate in List.zip together [ 0.1; 0.3; 0.0 ] do
                    let alone = train root 40L [ "alone-" + (folderOf outcome).Name, rate ]
                    Expect.equal (contents (folderOf outcome)) (contents (folderOf alone.Head)) "contents"))

        testCase "the number of threads does not change a bit" (fun () ->
            inFolder (fun root ->
                let one = train root 40L [ "one", 0.1; "two", 0.2 ] |> List.map (folderOf >> contents)

                for threads in [ 2; 3 ] do
                    let runs = [|
                        for rate in [ 0.1; 0.2 ] ->
                            run root $"{threads} {rate}" (config.With(hyperparameters = hyperparameters 0.05 rate))
                    |]

                    let outcomes = TrainingLoop.Run(plan threads (learner 0.05 [ 0.1; 0.2 ]), runs)
                    Expect.equal [ for outcome in outcomes -> contents (folderOf outcome) ] one "contents"))

        testCase "a cancelled run goes on to the same bits" (fun () ->
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

                    Expect.equal outcome[0].Status RunStatus.Unfinished "status of outcome 0"
                    Expect.isNull outcome[0].Result "result of outcome 0"
                    Expect.equal (Checkpoint.Step runs[0].Folder) stop "step"
                    Expect.equal runs[0].Folder.State RunFolderState.Started "state of run 0"

                TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1 ]), runs) |> ignore
                Expect.equal (contents runs[0].Folder) expected "contents"))

        testCase "metrics after the checkpoint are dropped on resuming, half a line and half a file too" (fun () ->
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
                Expect.equal (contents folder) expected "contents of folder"
                Expect.hasLength (Directory.GetFiles(folder.Path)) 5 "files in path of folder"))

        testCase "a run stopped between its last checkpoint and its result only gets the result" (fun () ->
            inFolder (fun root ->
                let folder = folderOf (train root 40L [ "a", 0.1 ]).Head
                let expected = contents folder
                File.Delete folder.ResultPath
                train root 40L [ "a", 0.1 ] |> ignore
                Expect.equal (contents folder) expected "contents of folder"))

        testCase "a folder that is being trained in is refused" (fun () ->
            inFolder (fun root ->
                let one = run root "a" config
                use claims = new Claims()
                use _ = claims.TryTake one.Folder.Path

                Expect.stringContains
                    (messageOf<IOException>(fun () -> train root 40L [ "a", 0.1 ] |> ignore))
                    "nobody trains in"
                    "the message"

                Expect.isFalse (File.Exists one.Folder.MetricsPath) "metrics path of one exists"))

        testCase "a member that diverges is reported and the others go on" (fun () ->
            inFolder (fun root ->
                let outcomes = train root 40L [ "good", 0.1; "bad", 1e30; "other", 0.3 ]

                Expect.equal
                    [ for outcome in outcomes -> outcome.Status ]
                    [ RunStatus.Finished; RunStatus.Diverged; RunStatus.Finished ]
                    "status of outcome"

                let result = (folderOf outcomes[1]).ReadResult()
                Expect.equal result.Failure.Step 5L "step of failure of result"
                Expect.equal result.Failure.Metric "policyLoss" "metric of result"
                Expect.stringContains result.Failure.Message "policyLoss is" "message of failure of result"
                Expect.stringContains result.Failure.Message "after 5 steps" "message of failure of result"
                Expect.equal result.Steps 5L "steps of result"

                Expect.isFalse
                    (File.Exists (folderOf outcomes[1]).CheckpointPath)
                    "checkpoint path of folder of exists"

                Expect.stringContains (lines (folderOf outcomes[1])).[1] "\"policyLoss\":null" "line 1"

                for outcome, rate in [ outcomes[0], 0.1; outcomes[2], 0.3 ] do
                    let alone = train root 40L [ "alone-" + (folderOf outcome).Name, rate ]
                    Expect.equal (contents (folderOf outcome)) (contents (folderOf alone.Head)) "contents"))

        testCase "a diverging shared part ends all, with the last good checkpoint kept" (fun () ->
            inFolder (fun root ->
                let runs = [|
                    for rate in [ 0.1; 0.2 ] ->
                        run root $"{rate}" (config.With(hyperparameters = hyperparameters 3.0 rate, steps = 400L))
                |]

                let outcomes = TrainingLoop.Run(plan 1 (learner 3.0 [ 0.1; 0.2 ]), runs)

                for outcome in outcomes do
                    Expect.equal outcome.Status RunStatus.Diverged "status of outcome"
                    let failure = outcome.Result.Failure
                    Expect.isGreaterThan failure.Step 10L failure.Message
                    let kept = Checkpoint.Step(folderOf outcome)
                    Expect.between (failure.Step - 10L) (failure.Step - 1L) kept "kept"

                    Expect.stringContains
                        failure.Message
                        $"the checkpoint is that of step {kept}"
                        "message of failure"

                    let file = SafeTensors.Read (folderOf outcome).CheckpointPath

                    Expect.all
                        file.Tensors
                        (fun tensor -> tensor.Values.ToArray() |> Array.forall Single.IsFinite)
                        "tensors of file"))

        testCase "runs at different steps are grouped by step and refused together" (fun () ->
            inFolder (fun root ->
                let behind, ahead, fresh = run root "behind" config, run root "ahead" config, run root "fresh" config

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

                Expect.equal
                    [ for group in groups -> group.Step, [ for run in group.Runs -> run.Folder.Name ] ]
                    [ 20L, [ "ahead" ]; 10L, [ "behind" ]; 0L, [ "fresh" ] ]
                    "step of group, name of folder of run"

                let message =
                    messageOf<InvalidOperationException>(fun () ->
                        TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1; 0.1 ]), [| behind; ahead |]) |> ignore)

                Expect.stringContains message "behind at 10, ahead at 20" "message"

                Expect.stringContains
                    ((messageOf<InvalidOperationException>(fun () -> train root 40L [ "done", 0.1 ] |> ignore))
                        .Replace("with a result", "has a result"))
                    "has a result"
                    "the message"))

        testCase "progress says how far a group is" (fun () ->
            inFolder (fun root ->
                let seen = List<TrainingProgress>()

                let runs = [|
                    for rate in [ 0.1; 0.3 ] ->
                        run root $"{rate}" (config.With(hyperparameters = hyperparameters 0.05 rate))
                |]

                TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1; 0.3 ]), runs, (fun p -> seen.Add p)) |> ignore

                Expect.equal [ for p in seen -> p.Step ] [ 5L..5L..40L ] "step of p"

                Expect.all
                    seen
                    (fun p -> p.StepsPerSecond > 0.0 && p.Steps = 40L && Double.IsFinite p.Loss && p.Runs.Length = 2)
                    "seen"

                Expect.isTrue seen[0].Score.HasValue "has value of seen 0"
                Expect.isTrue seen[7].Score.HasValue "has value of seen 7"
                Expect.equal seen[7].Remaining TimeSpan.Zero "remaining of seen 7"))

        testAlone "a step allocates nothing" (fun () ->
            let learner = learner 0.05 [ 0.1; 0.3 ]

            use trainer = new Trainer(learner, transitions, Trainer.Start(learner, Seed 1UL))

            let advance count =
                for step in 1..count do
                    trainer.Advance((step % 50 = 0))

            advance 100
            Expect.allocatesNothing (fun () -> advance 200) "200 steps")

        testCase "metrics are those of the learner's step on the sampled batch" (fun () ->
            let learner = learner 0.05 [ 0.1 ]
            let start = Trainer.Start(learner, Seed 1UL)
            use trainer = new Trainer(learner, transitions, start)
            trainer.Advance true
            let sampler = Data.Sampler(transitions, learner.Batch)
            use batch = new Graph.TensorBlock(learner.Batch)
            sampler.Fill(batch, (Seed 1UL).Split "sampling", 0L)

            let o, r, w = batch.Read "observations", batch.Read "rewards", start.Blocks[0].Read "weight"

            let bias = float (start.Blocks[0].Read "bias").[0]

            let loss =
                Seq.average [
                    for i in 0..7 do
                        let v = bias + Seq.sum [ for j in 0..2 -> float o[i * 3 + j] * float w[j] ]
                        (float r[i] - v) ** 2.0
                ]

            let struct (name, value) = trainer.Metrics[0]
            Expect.equal name "valueLoss" "name"
            Expect.floatClose (Accuracy.decimals 5) value loss "value")

        testCase "a folder that is moved while it trains is noticed and not made again" (fun () ->
            inFolder (fun root ->
                let rates = [ 0.1; 0.2 ]

                let runs = [|
                    for rate in rates ->
                        run root $"rate={rate}" (config.With(hyperparameters = hyperparameters 0.05 rate))
                |]

                let moved = Path.Combine(root, "elsewhere")

                let move (progress: TrainingProgress) =
                    if progress.Step = 20L then
                        Directory.Move(runs[0].Folder.Path, moved)

                let outcomes = TrainingLoop.Run(plan 1 (learner 0.05 rates), runs, move)
                Expect.equal outcomes[0].Status RunStatus.Unfinished "status of the moved run"
                Expect.stringContains outcomes[0].Problem "It was moved or deleted" "problem"
                Expect.isFalse (Directory.Exists runs[0].Folder.Path) "the old folder"
                Expect.equal outcomes[1].Status RunStatus.Finished "status of the other run"
                // The claim moved too; that of a process that ended is taken over.
                File.Delete(Path.Combine(moved, "claim.json"))
                Directory.Move(moved, runs[0].Folder.Path)
                Expect.equal (Checkpoint.Step runs[0].Folder) 20L "step of the moved run"
                TrainingLoop.Run(plan 1 (learner 0.05 [ rates[0] ]), [| runs[0] |]) |> ignore
                let alone = train (Path.Combine(root, "alone")) config.Steps [ "rate=0.1", 0.1 ]
                Expect.equal (contents runs[0].Folder) (contents alone.Head.Run.Folder) "contents"))

        testCase "metrics cut before the checkpoint are taken from the checkpoint before, to the same bits" (fun () ->
            inFolder (fun root ->
                let one = run root "cut" config
                use stop = new System.Threading.CancellationTokenSource()

                let until (progress: TrainingProgress) =
                    if progress.Step = 30L then
                        stop.Cancel()

                let train cancellation =
                    TrainingLoop.Run(plan 1 (learner 0.05 [ 0.1 ]), [| one |], until, cancellation) |> ignore

                train stop.Token
                let lines = File.ReadAllLines one.Folder.MetricsPath
                File.WriteAllLines(one.Folder.MetricsPath, lines[.. lines.Length - 2])
                let note = one.Folder.Restore config
                Expect.stringContains note one.Folder.MetricsPath "note"
                Expect.stringContains note "step 20" "note"
                train System.Threading.CancellationToken.None
                let whole = TinyRuns.train (Path.Combine(root, "whole")) config.Steps [ "rate=0.1", 0.1 ]
                Expect.equal (contents one.Folder) (contents whole.Head.Run.Folder) "contents"))
    ]
