[<Xunit.Collection "console">]
module Iql.Cli.Tests.DiscreteTests

open System
open System.IO
open Xunit
open Iql.Algorithms
open Iql
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Iql.Training

let private task = "gridmaze-medium-v0"

let private hyperparameter (name: string) (folder: string) =
    let run = Directory.GetDirectories(Path.Combine(folder, "runs")) |> Array.exactlyOne
    RunFolder(run).ReadConfig().Hyperparameters.GetProperty(name).GetString()

[<Fact>]
let ``algorithms that learn discrete actions do so where the data have them`` () =
    let discrete = [
        for each in Algorithm.All do
            if each.TakesDiscreteActions then
                each.Name
    ]

    Assert.Equal<string list>([ "iql"; "bc"; "cql" ], discrete)

    for name in discrete do
        use scratch = new Scratch()
        let folder = scratch.Path "out"

        let output =
            succeedsQuietly $"train --task {task} --algorithm {name} {small} -o {folder}"

        Assert.Contains("preset gridmaze", output)
        Assert.Contains("Mean score", output)
        Assert.Equal("discrete", hyperparameter "actions" folder)
        let page = File.ReadAllText(Path.Combine(folder, "report.html"))
        Assert.Contains("share of rows", page)
        Assert.Contains("nothing about an action with share 0", page)

[<Fact>]
let ``the others say which do, before any folder is made`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "out"

    for entry in Algorithm.All do
        if not entry.TakesDiscreteActions then
            refuses $"train --task {task} --algorithm {entry.Name} --steps 60 -o {folder}" [
                $"{entry.Name}: expected continuous actions, got data of 4 discrete actions"
                "iql, bc, cql"
            ]

    Assert.False(Directory.Exists folder)

[<Fact>]
let ``a comparison takes those that learn of the data's actions`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "out"

    let compare (algorithms: string) =
        $"compare --task {task} --algorithms {algorithms} --seeds 0 {small} -o {folder}"

    refuses (compare "iql,td3bc") [ "td3bc on gridmaze-medium-v0: td3bc: expected continuous actions" ]
    Assert.False(Directory.Exists folder)
    let output = succeeds (compare "iql,bc")
    Assert.Contains("report.html", output)

[<Fact>]
let ``options about continuous actions are refused for discrete ones`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "out"

    for algorithm, option, value in
        [
            "iql", "--policy-kind", "deterministic"
            "bc", "--log-std-min", "-3"
            "cql", "--action-samples", "4"
        ] do
        refuses $"train --task {task} --algorithm {algorithm} {option} {value} {small} -o {folder}" [
            $"{option}: expected continuous actions, got 4 discrete actions"
        ]

    refuses $"ablate --task {task} --algorithm cql --backup sample,max-of-least -o {folder} {small}" [
        "--backup: expected continuous actions"
    ]

    Assert.False(Directory.Exists folder)

[<Fact>]
let ``collected walks are a file of integers, packed and trained from with the same results, scored by the task`` () =
    use scratch = new Scratch()
    let file = scratch.Path "walks.npz"
    run $"data collect {task} --size 2000 -o {file}"

    let text = succeeds $"data inspect {file} --html {scratch}/walks.html"

    Assert.Contains("4 discrete actions", text)
    Assert.Contains("one of 4", File.ReadAllText(scratch.Path "walks.html"))
    run $"data pack {file} --mode strict"
    let described = succeeds $"data inspect {scratch}/walks.rows"
    Assert.Contains("observations of 26, 4 discrete actions, fingerprint", described)

    let trained (data: string) (options: string) =
        let folder = scratch.Path(Path.GetFileName data + "-out")

        succeedsQuietly $"train --data {data} --task {task} --preset gridmaze {options} {quick} -o {folder}"
        |> ignore

        results folder

    same (trained file "--mode strict", trained (scratch.Path "walks.rows") "")

    // Of other tasks neither.
    refuses $"train --data {file} --task {TaskName.standard} -o {scratch}/no" [
        "expected observations of 4 numbers and actions of 2 numbers"
        "got 26 and 4 discrete actions"
    ]

[<Fact>]
let ``a task knows how many actions there are where its data never take the last`` () =
    use scratch = new Scratch()
    let card = TaskName.installed task |> Attempt.get
    let whole = RawDataset.Of(card.Dataset.Collect(Seed 1UL, 500))
    let file = scratch.Path "few.npz"

    let array (name: string) (shape: int list) (values: Array) =
        ArrayData(name, Collections.Immutable.ImmutableArray.CreateRange(List.map int64 shape), values)

    let n = whole.Count

    NpzFile.Write(
        file,
        [|
            array "observations" [ n; 26 ] whole.Observations
            array "actions" [ n ] (Array.init n (fun i -> int64 (i % 3)))
            array "rewards" [ n ] whole.Rewards
            array "terminals" [ n ] whole.Terminals
            array "timeouts" [ n ] whole.Timeouts
        |]
    )

    let actions task =
        (DataSource.File(file, None, task) |> TrainingData.load |> Attempt.get).Raw.ActionSpace

    Assert.Equal(ActionSpace.Discrete 3, actions None)
    Assert.Equal(ActionSpace.Discrete 4, actions (Some task))

[<Fact>]
let ``a sweep in F# adapts its trials to the data`` () =
    use scratch = new Scratch()
    let data = DataSource.Task(task, Some 500) |> TrainingData.load |> Attempt.get
    let trial = Trial.standard

    Assert.Equal(ActionKind.Continuous, (trial.Config :?> ImplicitQLearningConfig).Actions)

    let learner = Examine.learner data [ trial ] |> Attempt.get
    let shared, policy = learner.Blocks[0], learner.Blocks[1]
    Assert.Equal(26, shared["critic1/w0"].Shape[0])
    Assert.Equal(4, policy["w2"].Shape[1])

    match Examine.learner data [ { trial with Config = TD3BCConfig() } ] with
    | Ok _ -> failwith "td3bc took discrete actions"
    | Error message -> Assert.Contains("td3bc: expected continuous actions", message)
