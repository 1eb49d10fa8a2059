[<Xunit.Collection "console">]
module Iql.Cli.Tests.CompareTests

open System.IO
open System.Text.RegularExpressions
open Xunit
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private mazes = "pointmaze-umaze-stitch-v0,pointmaze-medium-stitch-v0"

/// Runs a small comparison and gives what it printed.
let private compared (options: string) : string =
    succeedsQuietly $"compare {options} {small}"

[<Fact>]
let ``tasks by algorithms by seeds are trained, put into a table and reported on`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "out"

    let output = compared $"--task {mazes} -a iql,10%%bc,td3bc --seeds 0-1 -o {folder}"

    Assert.Contains("12 runs (2 tasks × 3 algorithms × 2 seeds)", output)
    Assert.Contains("preset of 10%bc for pointmaze", output)
    Assert.Contains("TD3+BC", output)

    for name in [ "pointmaze-umaze-stitch-v0"; "sum"; "mean"; "IQM"; "optimality gap" ] do
        Assert.Contains($"\n{name} ", output)

    Assert.EndsWith("report.html", output.TrimEnd())

    for file in [ "report.html"; "table.md"; "table.tex"; "runs.csv"; "scores.csv" ] do
        Assert.True(File.Exists(Path.Combine(folder, file)), file)

    Assert.Equal(13, File.ReadAllLines(Path.Combine(folder, "runs.csv")).Length)
    let page = File.ReadAllText(Path.Combine(folder, "report.html"))

    for part in
        [
            "figure-tasks"
            "figure-overall"
            "figure-improvement"
            "figure-curves"
            "class=\"scores\""
        ] do
        Assert.Contains(part, page)

    // An episode an algorithm, those of a task together.
    Assert.Equal(2, Regex.Matches(page, "class=\"stage several\"").Count)
    Assert.Equal(6, Regex.Matches(page, "class=\"played\"").Count)
    // Cloning has no values.
    Assert.Equal(4, Regex.Matches(page, "class=\"legend\"").Count)

    // A built-in task has no published scores, and none stand beside it.
    Assert.DoesNotContain("CORL", page)
    Assert.DoesNotContain("IQL paper", page)

    // Each algorithm with its own preset: cloning standardises observations, implicit Q-learning does not.
    let normalised name =
        Iql.Training
            .RunFolder(Path.Combine(folder, "runs", $"task=pointmaze-umaze-stitch-v0,{name}"))
            .ReadConfig()
            .Normalization.ChangesObservations

    Assert.False(normalised "algorithm=iql,seed=0")
    Assert.True(normalised "algorithm=10%bc,seed=0")

[<Fact>]
let ``repeated options add up, and a hyperparameter changes the algorithms that have it`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "out"

    compared
        $"--task pointmaze-umaze-stitch-v0 --task pointmaze-medium-stitch-v0 -a iql -a bc --seed 3 --expectile 0.6 \
          -o {folder}"
    |> ignore

    let hyperparameters name =
        Iql.Training
            .RunFolder(Path.Combine(folder, "runs", $"task=pointmaze-medium-stitch-v0,{name}"))
            .ReadConfig()
            .Hyperparameters

    Assert.Equal(0.6, (hyperparameters "algorithm=iql,seed=3").GetProperty("expectile").GetDouble(), 6)
    Assert.Equal(10.0, (hyperparameters "algorithm=iql,seed=3").GetProperty("inverseTemperature").GetDouble(), 6)
    Assert.Equal("8x8", (hyperparameters "algorithm=bc,seed=3").GetProperty("hiddenSizes").GetString())

[<Fact>]
let ``more seeds, algorithms and tasks go on where the comparison stood`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "out"

    compared $"--task pointmaze-umaze-stitch-v0 -a iql --seeds 0 -o {folder}"
    |> ignore

    let before = results folder

    compared $"--task {mazes} -a bc,iql --seeds 0,1 -o {folder}" |> ignore

    let after = results folder
    Assert.Equal(24, after.Length)
    Assert.All(before, (fun result -> Assert.Contains(result, after)))

[<Fact>]
let ``a comparison that is killed goes on to the same bytes`` () =
    use scratch = new Scratch()

    goesOnAfterAKill scratch $"compare --task {mazes} -a iql,td3bc --seeds 0 --transitions 2000 --episodes 1"

[<Fact>]
let ``the report is made again from the folder, to the same bytes; other last evaluations train nothing`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "out"
    let words = $"-a iql,bc --seeds 0-1 -o {folder}"
    compared words |> ignore
    let page = Path.Combine(folder, "report.html")
    let before = File.ReadAllText page
    File.Delete page
    let output = succeeds $"report {folder}"
    Assert.EndsWith("report.html", output.TrimEnd())
    Assert.Equal(before, File.ReadAllText page)

    let trained = results folder
    Assert.Contains("mean of a run's last 3 evaluations", compared $"{words} --last 3")
    same (trained, results folder)

[<Fact>]
let ``files are scored in the tasks they are called after, or in those named`` () =
    use scratch = new Scratch()
    let file = scratch.Path "pointmaze-umaze-stitch-v0.npz"
    run $"data collect pointmaze-umaze-stitch-v0 --size 1500 -o {file}"
    File.Copy(file, scratch.Path "mine.npz")

    let output (options: string) =
        succeedsQuietly $"compare -a bc --seeds 0 {options} {quick}"

    Assert.Contains("pointmaze-umaze-stitch-v0: ", output $"--data {file} -o {scratch}/one")

    Assert.Contains(
        "pointmaze-medium-stitch-v0: ",
        output $"--data {file},{scratch}/mine.npz --task {mazes} -o {scratch}/two"
    )

    Assert.Contains("mine.npz", File.ReadAllText(scratch.Path(Path.Combine("two", "report.html"))))

[<Fact>]
let ``published tables are shown alone, all or some, each with its source`` () =
    let output = succeeds "compare --published"

    for table in Published.tables do
        Assert.Contains(table.Source, output)

        for dataset, _ in table.Rows do
            Assert.Contains(dataset, output)

    Assert.Contains("692.4", output)

    let output = succeeds "compare --published --task antmaze-umaze-v2 -a iql,cql"
    Assert.Contains("77.00 ± 5.52", output)
    Assert.DoesNotContain("IQL paper", output)
    Assert.DoesNotContain("hopper", output)
