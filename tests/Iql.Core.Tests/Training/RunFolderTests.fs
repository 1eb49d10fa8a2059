module Iql.Core.Tests.Training.RunFolderTests

open System
open System.Collections.Generic
open System.Collections.Immutable
open System.IO
open System.Text.Json
open Iql.Training
open Xunit
open Iql.Core.Tests.Training.Fixture

[<Fact>]
let ``a configuration written and read is the same run`` () =
    inFolder (fun folder ->
        let run = RunFolder folder
        Assert.Equal(RunFolderState.Absent, run.Create config)
        let read = run.ReadConfig()
        Assert.Null(read.FirstDifference config)
        Assert.Equal(config, read)
        Assert.Equal(config.Machine, read.Machine)
        Assert.Equal(RunFolderState.Started, run.Create config))

[<Fact>]
let ``the file has the names of the contract in camelCase`` () =
    inFolder (fun folder ->
        RunFolder(folder).Create config |> ignore
        use json = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))
        let names = [ for property in json.RootElement.EnumerateObject() -> property.Name ]

        Assert.Equal<string list>(
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
            ],
            names
        )

        Assert.Equal("iql-run-1", json.RootElement.GetProperty("format").GetString())
        Assert.Equal(0.1, json.RootElement.GetProperty("hyperparameters").GetProperty("learningRate").GetDouble()))

[<Fact>]
let ``another machine, version or place of the dataset is the same run`` () =
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

    Assert.Equal(config, other)
    Assert.Equal(config.GetHashCode(), other.GetHashCode())

[<Fact>]
let ``a folder of another run is refused with the first difference and left alone`` () =
    inFolder (fun folder ->
        let run = RunFolder folder
        run.Create config |> ignore
        let before = File.ReadAllBytes run.ConfigPath

        let other =
            config.With(
                hyperparameters =
                    RunJson.Element {|
                        learningRate = 0.2
                        hiddenSizes = [| 4; 4 |]
                    |}
            )

        let message =
            messageOf<InvalidOperationException>(fun () -> run.Create other |> ignore)

        Assert.Contains("hyperparameters.learningRate: 0.1, 0.2", message)

        Assert.Contains(
            "seed: 0, 3",
            messageOf<InvalidOperationException>(fun () -> run.Create(config.With(seed = 3UL)) |> ignore)
        )

        let fewer = config.With(hyperparameters = RunJson.Element {| learningRate = 0.1 |})

        Assert.Contains(
            "hyperparameters.hiddenSizes: ",
            messageOf<InvalidOperationException>(fun () -> run.Create fewer |> ignore)
        )

        Assert.Equal<byte[]>(before, File.ReadAllBytes run.ConfigPath)
        Assert.Equal(1, Directory.GetFiles(folder).Length))

[<Fact>]
let ``a configuration that cannot be read is named`` () =
    inFolder (fun folder ->
        let run = RunFolder folder

        for text in [ ""; "{"; "[]"; "{}"; """{"format":"iql-run-1","speed":3}"""; "null" ] do
            File.WriteAllText(run.ConfigPath, text)
            Assert.Contains(run.ConfigPath, messageOf<InvalidDataException>(fun () -> run.ReadConfig() |> ignore)))

[<Fact>]
let ``numbers out of range are refused before a folder is made`` () =
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

        Assert.False(Directory.Exists run.Path))

[<Fact>]
let ``a result makes a run finished and is read again`` () =
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

        Assert.Equal(RunFolderState.Finished, run.State)
        let result = run.ReadResult()
        Assert.Equal(RunStatus.Diverged, result.Status)
        Assert.Equal(failure, result.Failure)
        Assert.Equal<float list>([ 1.0; nan ], List.ofSeq result.Scores)
        Assert.False(result.Score.HasValue)
        Assert.Contains("\"status\": \"diverged\"", File.ReadAllText run.ResultPath)
        Assert.DoesNotContain("NaN,", File.ReadAllText run.ResultPath))

let private line (step: int64) (loss: float) =
    TrainLine(Step = step, Seconds = 0.1, Metrics = OrderedDictionary(dict [ "loss", loss ]), StepsPerSecond = 50.0)

[<Fact>]
let ``every kind of line is read as it was written`` () =
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
            Assert.Equal<string seq>([ "loss" ], read.Metrics.Keys)
            Assert.True(Double.IsNaN read.Metrics["loss"])
            Assert.Equal(50.0, read.StepsPerSecond)
            Assert.Equal<float seq>(weights.Edges, weighed.Edges)
            Assert.Equal<int seq>(weights.Counts, weighed.Counts)
            Assert.Equal(75.0, evaluated.ScoreMean.Value)
            Assert.Equal<float seq>(evaluation.Returns, evaluated.Returns)
            Assert.Equal<int seq>(evaluation.Lengths, evaluated.Lengths)
            Assert.Equal<int seq>(evaluation.Successes, evaluated.Successes)
            Assert.Equal((20L, 1.25, 0.5), (evaluated.Step, evaluated.Seconds, evaluated.SuccessRate))
        | other -> failwith $"expected three kinds of lines, got {other}"

        Assert.StartsWith("""{"kind":"evaluation","step":20,"seconds":1.25,""", (File.ReadAllLines path)[2]))

[<Fact>]
let ``metrics after a step are dropped, and a line cut short with them`` () =
    inFolder (fun folder ->
        let path = RunFolder(folder).MetricsPath

        do
            use metrics = new MetricsFile(path)

            for step in 5L..5L..20L do
                metrics.Append(line step (if step = 10L then nan else 0.25))

        let lines = File.ReadAllLines path
        Assert.Equal("""{"kind":"train","step":5,"seconds":0.1,"loss":0.25,"stepsPerSecond":50}""", lines[0])
        Assert.Equal("""{"kind":"train","step":10,"seconds":0.1,"loss":null,"stepsPerSecond":50}""", lines[1])
        File.AppendAllText(path, """{"kind":"train","st""")
        Assert.Equal(4, (MetricsFile.Read path).Length)
        MetricsFile.Truncate(path, 10L)
        Assert.Equal<string[]>(lines[..1], File.ReadAllLines path)

        do
            use metrics = new MetricsFile(path)
            metrics.Append(line 15L 0.5)

        Assert.Equal(3, (MetricsFile.Read path).Length)
        MetricsFile.Truncate(path, 0L)
        Assert.Equal("", File.ReadAllText path))

[<Fact>]
let ``a metrics line that is damaged in the middle is named`` () =
    inFolder (fun folder ->
        let path = RunFolder(folder).MetricsPath

        File.WriteAllText(
            path,
            "{\"kind\":\"train\",\"step\":1,\"seconds\":1,\"stepsPerSecond\":1}\nnonsense\n{\"step\":3}\n"
        )

        Assert.Contains("line 2", messageOf<InvalidDataException>(fun () -> MetricsFile.Truncate(path, 9L)))
        Assert.Equal(3, (File.ReadAllLines path).Length))

[<Fact>]
let ``the machine says what it is`` () =
    Assert.NotEqual<string>("", Machine.Here.Processor)

    if
        OperatingSystem.IsLinux()
        && Runtime.InteropServices.RuntimeInformation.ProcessArchitecture = Runtime.InteropServices.Architecture.X64
    then
        Assert.True(String.exists Char.IsDigit Machine.Here.Processor, "tells one generation from another")

    Assert.True(Machine.Here.Cores >= 1)
    Assert.Contains(Machine.Here.VectorWidth, [ 32; 256; 512 ])
    Assert.StartsWith("0.", Machine.Version)
    Assert.NotEqual<string>("", Machine.Commit)
