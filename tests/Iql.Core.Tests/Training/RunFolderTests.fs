module Iql.Core.Tests.Training.RunFolderTests

open System
open System.Collections.Generic
open System.Collections.Immutable
open System.IO
open System.Text.Json
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Training.Fixture

let private line (step: int64) (loss: float) =
    TrainLine(Step = step, Seconds = 0.1, Metrics = OrderedDictionary(dict [ "loss", loss ]), StepsPerSecond = 50.0)

[<Tests>]
let tests =
    testList "RunFolderTests" [
        testCase "a configuration written and read is the same run" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder
                Expect.equal (run.Create config) RunFolderState.Absent "run of config"
                let read = run.ReadConfig()
                Expect.isNull (read.FirstDifference config) "first difference of read of config"
                Expect.equal read config "read"
                Expect.equal read.Machine config.Machine "machine of read"
                Expect.equal (run.Create config) RunFolderState.Started "run of config"))

        testCase "the file has the names of the contract in camelCase" (fun () ->
            inFolder (fun folder ->
                RunFolder(folder).Create config |> ignore
                use json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))
                let names = [ for property in json.RootElement.EnumerateObject() -> property.Name ]

                Expect.equal
                    names
                    [
                        "format"
                        "algorithm"
                        "task"
                        "dataset"
                        "seed"
                        "steps"
                        "batchSize"
                        "evaluateEvery"
                        "evaluationEpisodes"
                        "logEvery"
                        "checkpointEvery"
                        "hyperparameters"
                        "preset"
                        "normalization"
                        "machine"
                        "version"
                        "commit"
                        "sha256"
                    ]
                    "names"

                Expect.equal
                    (json.RootElement.GetProperty("format").GetString())
                    "iql-run-2"
                    "get string of property of json 'format'"

                Expect.equal
                    (json.RootElement.GetProperty("hyperparameters").GetProperty("learningRate").GetDouble())
                    0.1
                    "get double of get property 'learningRate'"))

        testCase "another machine, version or place of the dataset is the same run" (fun () ->
            let other =
                RunConfig(
                    Algorithm = config.Algorithm,
                    Dataset = DatasetInfo("line", "elsewhere", 64L, 4, "0123"),
                    Steps = config.Steps,
                    BatchSize = config.BatchSize,
                    EvaluateEvery = config.EvaluateEvery,
                    EvaluationEpisodes = config.EvaluationEpisodes,
                    LogEvery = config.LogEvery,
                    CheckpointEvery = config.CheckpointEvery,
                    Hyperparameters = config.Hyperparameters,
                    Machine = Machine("abacus", 1, 0, "none", "none"),
                    Version = "9",
                    Commit = "f00"
                )

            Expect.equal other config "other"
            Expect.equal (other.GetHashCode()) (config.GetHashCode()) "hash code of other")

        testCase "a folder of another run is refused with the first difference and left alone" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder
                run.Create config |> ignore
                let before = File.ReadAllBytes run.ConfigPath

                let other =
                    config.With(hyperparameters = RunJson.Element {| learningRate = 0.2; hiddenSizes = [| 4; 4 |] |})

                let message = messageOf<InvalidOperationException>(fun () -> run.Create other |> ignore)

                Expect.stringContains message "hyperparameters.learningRate: 0.1, 0.2" "message"

                Expect.stringContains
                    (messageOf<InvalidOperationException>(fun () -> run.Create(config.With(seed = 3UL)) |> ignore))
                    "seed: 0, 3"
                    "the message"

                let fewer = config.With(hyperparameters = RunJson.Element {| learningRate = 0.1 |})

                Expect.stringContains
                    (messageOf<InvalidOperationException>(fun () -> run.Create fewer |> ignore))
                    "hyperparameters.hiddenSizes: "
                    "the message"

                Expect.equal (File.ReadAllBytes run.ConfigPath) before "file config path of run"
                Expect.hasLength (Directory.GetFiles(folder)) 1 "files in folder"))

        testCase "a configuration that cannot be read is named" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder

                for text in [ ""; "{"; "[]"; "{}"; """{"format":"iql-run-2","speed":3}"""; "null" ] do
                    File.WriteAllText(run.ConfigPath, text)

                    Expect.stringContains
                        (messageOf<InvalidDataException>(fun () -> run.ReadConfig() |> ignore))
                        run.ConfigPath
                        "the message"))

        testCase "numbers out of range are refused before a folder is made" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder(Path.Combine(folder, "new"))

                for wrong in
                    [
                        config.With(steps = 0L)
                        config.With(batchSize = 0)
                        config.With(logEvery = 0L)
                        config.With(evaluationEpisodes = -1)
                    ] do
                    messageOf<ArgumentException>(fun () -> run.Create wrong |> ignore) |> ignore

                Expect.isFalse (Directory.Exists run.Path) "path of run exists"))

        testCase "a result makes a run finished and is read again" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder
                run.Create config |> ignore

                let failure = RunFailure(20L, "valueLoss", "NaN", "valueLoss is NaN after 20 steps")

                run.WriteResult(
                    RunResult(
                        Status = RunStatus.Diverged,
                        Steps = 20L,
                        Seconds = 1.5,
                        StepsPerSecond = 13.3,
                        Scores = [ 1.0; nan ].ToImmutableArray(),
                        Failure = failure
                    )
                )

                Expect.equal run.State RunFolderState.Finished "state of run"
                let result = run.ReadResult()
                Expect.equal result.Status RunStatus.Diverged "status of result"
                Expect.equal result.Failure failure "failure of result"
                Expect.equal [ for score in result.Scores -> string score ] [ "1"; "NaN" ] "scores of result"
                Expect.isFalse result.Score.HasValue "has value of result"

                Expect.stringContains
                    (File.ReadAllText run.ResultPath)
                    "\"status\": \"diverged\""
                    "file result path of run"

                Expect.stringLacks (File.ReadAllText run.ResultPath) "NaN," "file result path of run"))

        testCase "every kind of line is read as it was written" (fun () ->
            inFolder (fun folder ->
                let path = RunFolder(folder).MetricsPath

                let evaluation =
                    EvaluationLine(
                        Step = 20L,
                        Seconds = 1.25,
                        ReturnMean = 1.5,
                        ReturnStd = 0.5,
                        ScoreMean = 75.0,
                        Returns = [ 1.0; 2.0 ].ToImmutableArray(),
                        Lengths = [ 7; 5 ].ToImmutableArray(),
                        Successes = [ 0; 1 ].ToImmutableArray(),
                        SuccessRate = 0.5
                    )

                let weights =
                    WeightsLine(
                        Step = 20L,
                        Seconds = 1.0,
                        Edges = [ 0.0; 1.0; 10.0 ].ToImmutableArray(),
                        Counts = [ 3; 4 ].ToImmutableArray()
                    )

                do
                    use metrics = new MetricsFile(path)

                    metrics.Append(line 20L nan)
                    metrics.Append weights
                    metrics.Append evaluation

                match List.ofSeq (MetricsFile.Read path) with
                | [ (:? TrainLine as read); (:? WeightsLine as weighed); (:? EvaluationLine as evaluated) ] ->
                    Expect.sequenceEqual read.Metrics.Keys [ "loss" ] "keys of read"
                    Expect.isNaN read.Metrics["loss"] "loss"
                    Expect.equal read.StepsPerSecond 50.0 "steps per second of read"
                    Expect.sequenceEqual weighed.Edges weights.Edges "edges of weighed"
                    Expect.sequenceEqual weighed.Counts weights.Counts "counts of weighed"
                    Expect.equal evaluated.ScoreMean.Value 75.0 "score mean of evaluated"
                    Expect.sequenceEqual evaluated.Returns evaluation.Returns "returns of evaluated"
                    Expect.sequenceEqual evaluated.Lengths evaluation.Lengths "lengths of evaluated"
                    Expect.sequenceEqual evaluated.Successes evaluation.Successes "successes of evaluated"

                    Expect.equal
                        (evaluated.Step, evaluated.Seconds, evaluated.SuccessRate)
                        (20L, 1.25, 0.5)
                        "step of evaluated, seconds of evaluated, success rate of evaluated"
                | other -> failwith $"expected three kinds of lines, got {other}"

                Expect.stringStarts
                    ((File.ReadAllLines path)[2])
                    """{"kind":"evaluation","step":20,"seconds":1.25,"""
                    "file path"))

        testCase "metrics after a checkpoint are dropped, and a line cut short with them" (fun () ->
            inFolder (fun folder ->
                let path = RunFolder(folder).MetricsPath
                let mutable mark = null

                do
                    use metrics = new MetricsFile(path)

                    for step in 5L..5L..20L do
                        metrics.Append(line step (if step = 10L then nan else 0.25))

                        if step = 10L then
                            mark <- metrics.Mark step

                let lines = File.ReadAllLines path

                Expect.equal
                    lines[0]
                    """{"kind":"train","step":5,"seconds":0.1,"loss":0.25,"stepsPerSecond":50}"""
                    "line 0"

                Expect.equal
                    lines[1]
                    """{"kind":"train","step":10,"seconds":0.1,"loss":null,"stepsPerSecond":50}"""
                    "line 1"

                File.AppendAllText(path, """{"kind":"train","st""")
                Expect.hasLength (MetricsFile.Read path) 4 "read of path"
                Expect.equal (mark.Step, mark.Lines) (10L, 2L) "mark"
                MetricsFile.Cut(path, mark)
                Expect.equal (File.ReadAllLines path) lines[..1] "file path"

                do
                    use metrics = new MetricsFile(path)
                    Expect.equal (metrics.Mark 10L) mark "mark of a file opened again"
                    metrics.Append(line 15L 0.5)

                Expect.hasLength (MetricsFile.Read path) 3 "read of path"))

        testCase "a metrics line that is damaged in the middle is named" (fun () ->
            inFolder (fun folder ->
                let path = RunFolder(folder).MetricsPath

                File.WriteAllText(
                    path,
                    "{\"kind\":\"train\",\"step\":1,\"seconds\":1,\"stepsPerSecond\":1}\nnonsense\n{\"step\":3}\n"
                )

                Expect.stringContains
                    (messageOf<InvalidDataException>(fun () -> MetricsFile.Read path |> ignore))
                    "line 2"
                    "the message"))

        testCase "a result of an unfinished run is refused" (fun () ->
            inFolder (fun folder ->
                let run = RunFolder folder
                run.Create config |> ignore
                let result = RunResult(Status = RunStatus.Unfinished, Steps = 1L, Seconds = 1.0, StepsPerSecond = 1.0)
                messageOf<ArgumentException>(fun () -> run.WriteResult result) |> ignore
                Expect.equal run.State RunFolderState.Started "state of run"))

        testCase "the machine says what it is" (fun () ->
            Expect.notEqual Machine.Here.Processor "" "processor"

            if
                OperatingSystem.IsLinux()
                && Runtime.InteropServices.RuntimeInformation.ProcessArchitecture =
                    Runtime.InteropServices.Architecture.X64
            then
                Expect.isTrue (String.exists Char.IsDigit Machine.Here.Processor) "tells one generation from another"

            Expect.isGreaterThanOrEqual Machine.Here.Cores 1 "cores"
            Expect.contains [ 32; 128; 256; 512 ] Machine.Here.VectorWidth "[ 32; 128; 256; 512 ]"
            Expect.stringStarts Machine.Version "0." "version"
            Expect.notEqual Machine.Commit "" "commit")
    ]
