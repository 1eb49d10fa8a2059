[<Xunit.Collection "console">]
module Iql.Cli.Tests.TrainingTests

open System
open System.IO
open Xunit
open Iql.Algorithms
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Iql.Training

[<Fact>]
let ``ablate trains every cell, prints the table and ends with the report's path`` () =
    use scratch = new Scratch()
    let output = succeedsQuietly $"{grid} -o {scratch}/sweep"
    let report = scratch.Path(Path.Combine("sweep", "report.html"))
    Assert.Equal(report, output.TrimEnd().Split('\n') |> Array.last)
    Assert.True(File.Exists report)
    Assert.Contains("4 runs (2 expectile × 2 inverseTemperature × 1 seed)", output)
    Assert.Matches(@"expectile \\ inverseTemperature +0 +3\n", output)
    Assert.Equal(4, Directory.GetDirectories(scratch.Path(Path.Combine("sweep", "runs"))).Length)

[<Fact>]
let ``the same command again trains nothing and changes no result`` () =
    use scratch = new Scratch()
    let command = $"{grid} -o {scratch}/sweep"
    run command

    let files =
        Directory.GetFiles(scratch.Path(Path.Combine("sweep", "runs")), "*", SearchOption.AllDirectories)

    let stamps = [ for file in files -> file, File.GetLastWriteTimeUtc file ]
    run command
    Assert.Equal<(string * DateTime) list>(stamps, [ for file in files -> file, File.GetLastWriteTimeUtc file ])

[<Fact>]
let ``more seeds in the same folder are trained beside those there`` () =
    use scratch = new Scratch()

    let command (seeds: string) =
        $"ablate --expectiles 0.7 --inverse-temperatures 3 --seeds {seeds} {small} -o {scratch}/sweep"

    run (command "0")
    run (command "0-1")
    Assert.Equal(2, Directory.GetDirectories(scratch.Path(Path.Combine("sweep", "runs"))).Length)

[<Fact>]
let ``a policy is trained from a file alone, without scores`` () =
    use scratch = new Scratch()
    let file = scratch.Path "maze.npz"
    run $"data collect {TaskName.standard} --size 500 -o {file}"

    let code, output, error =
        iql $"train --data {file} --hidden 8 --batch 16 --steps 20 -o {scratch}/run"

    Assert.StartsWith("note: the rewards are 0 except at the goal", error)
    Assert.Equal(0, code)
    Assert.Contains("No environment, so no scores", output)
    Assert.EndsWith("report.html", output.TrimEnd())

[<Fact>]
let ``what iql data inspect says is text and, if asked, a page`` () =
    use scratch = new Scratch()
    let file, page = scratch.Path "maze.npz", scratch.Path "maze.html"
    run $"data collect {TaskName.standard} --size 500 -o {file}"
    let output = succeeds $"data inspect {file} --html {page}"
    Assert.Contains("500", output)
    Assert.Contains("<html", File.ReadAllText page)

[<Fact>]
let ``a run that diverges is an outcome and stops nothing`` () =
    use scratch = new Scratch()

    let trial = {
        Trial.standard with
            Config = ImplicitQLearningConfig(HiddenSizes = Widths [ 8 ], BatchSize = 16)
            Data = DataSource.Task(TaskName.standard, Some 1000)
            Steps = 60
            EvaluateEvery = 20
            Episodes = 0
    }

    let outcome =
        Launch.run (Launch.into (scratch.Path "sweep")) {
            Name = "divergence"
            Base = trial
            Axes = [ Axis.along "criticLearningRate" [ 3e-4; 1e30 ] ]
        }
        |> Attempt.get

    Assert.Equal<RunStatus list>(
        [ RunStatus.Finished; RunStatus.Diverged ],
        [ for _, result in outcome.Runs -> result.Value.Status ]
    )
