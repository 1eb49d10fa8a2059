[<Xunit.Collection "console">]
module Iql.Cli.Tests.AlgorithmTests

open System
open System.IO
open Xunit
open Iql.Algorithms
open Iql.Data
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Iql.Training

let private trained (scratch: Scratch) (words: string) =
    let folder = scratch.Path "out"
    let code, output, error = iql $"{words} {small} -o {folder}"
    // A warm-up that outlasts the run is remarked on.
    Assert.All(
        error.Split('\n', StringSplitOptions.RemoveEmptyEntries),
        (fun line -> Assert.StartsWith("note: the policy clones in its first 40000 steps", line))
    )

    Assert.Equal(0, code)
    folder, output

let private runs (folder: string) = [
    for run in Directory.GetDirectories(Path.Combine(folder, "runs")) |> Array.sort ->
        RunFolder(run).ReadConfig(), RunFolder(run).ReadResult()
]

[<Fact>]
let ``every algorithm, and every variant, is trained by its name and reported on`` () =
    for name in [ for each in Algorithm.Named -> each.Name ] do
        use scratch = new Scratch()
        let folder, output = trained scratch $"train --algorithm {name}"
        let config, result = List.exactlyOne (runs folder)
        Assert.Equal((Algorithm.Of (Algorithm.Find name).Standard).Name, config.Algorithm)
        Assert.Equal(RunStatus.Finished, result.Status)
        Assert.EndsWith("report.html", output.TrimEnd())
        let page = File.ReadAllText(Path.Combine(folder, "report.html"))
        Assert.Contains("Policy loss", page)

[<Fact>]
let ``ablate sweeps an algorithm's own hyperparameters, by default its own grid`` () =
    use scratch = new Scratch()

    let folder, output =
        trained scratch "ablate -a td3bc --alpha 0,2.5 --policy-delay 1,2 --seeds 0"

    Assert.Contains("4 runs", output)
    Assert.Contains("alpha \\ policyDelay", output)

    Assert.Equal<(float * int) list>(
        [ 0.0, 1; 0.0, 2; 2.5, 1; 2.5, 2 ],
        [
            for config, _ in runs folder ->
                config.Hyperparameters.GetProperty("alpha").GetDouble(),
                config.Hyperparameters.GetProperty("policyDelay").GetInt32()
        ]
    )

    for each in Algorithm.Named do
        Assert.NotEmpty(Ablation.grid each)

[<Fact>]
let ``an option of another algorithm is refused, saying where it belongs, before anything is made`` () =
    use scratch = new Scratch()

    let refused (words: string) parts =
        refuses $"{words} -o {scratch}/out" parts
        Assert.False(Directory.Exists(scratch.Path "out"))

    refused "train --alpha 2" [ "--alpha: belongs to --algorithm td3bc, got --algorithm iql"; "--expectile" ]

    refused "train --expectile 0.9 -a td3bc" [
        "--expectile: belongs to --algorithm iql, got --algorithm td3bc"
        "--alpha"
    ]

    refused "ablate -a bc --discount 0.9,0.99" [
        "--discount: belongs to --algorithm iql or td3bc or cql or awac or onestep, got --algorithm bc"
    ]

    refused "train -a td3" [
        $"""--algorithm: expected one of {String.concat ", " [ for each in Algorithm.Named -> each.Name ]}, got 'td3'"""
    ]

[<Fact>]
let ``a trial is not told what its algorithm does not have`` () =
    let trial = {
        Trial.standard with
            Config = (Algorithm.Find "td3bc").Standard
    }

    let error =
        Assert.Throws<ArgumentException>(fun () -> Hyperparameter.set "expectile" "0.9" trial |> ignore)

    Assert.Contains("expectile: a hyperparameter of iql, got a trial of td3bc", error.Message)
    Assert.Equal("3", Hyperparameter.show "alpha" (Hyperparameter.set "alpha" "3.0" trial))

    let unknown =
        Assert.Throws<ArgumentException>(fun () -> Hyperparameter.find "expektile" |> ignore)

    Assert.Contains("Did you mean expectile?", unknown.Message)

[<Fact>]
let ``the best share is chosen before anything is normalised, by the task's own rewards`` () =
    let data =
        DataSource.Task(TaskName.standard, Some 2000)
        |> TrainingData.load
        |> Attempt.get

    let trial = {
        Trial.standard with
            Config = (Algorithm.Find "10%bc").Standard
            NormalizeObservations = Some true
    }

    let seen = TrainingData.forTrial data trial |> Attempt.get
    let kept = BestEpisodes.Of(data.Raw :?> Transitions, 0.1, ShareOf.Trajectories)
    Assert.Equal(int64 kept.Count, seen.Transitions.Count)
    Assert.Equal(data.Dataset, seen.Dataset)
    let expected = Normalization.Of(kept, true, RewardRule.AntMaze)
    Assert.Equal<float32 seq>(expected.ObservationMean, seen.Normalization.ObservationMean)
    Assert.Equal(expected.Apply(kept).Fingerprint, seen.Transitions.Fingerprint)
    Assert.Same(data, TrainingData.forTrial data Trial.standard |> Attempt.get)

[<Fact>]
let ``runs of different normalisations and shares stand in one sweep`` () =
    use scratch = new Scratch()

    let change algorithm normalize (trial: Trial) = {
        trial with
            Config = (Algorithm.Find algorithm).Standard
            NormalizeObservations = Some normalize
    }

    let small =
        Hyperparameter.set "hiddenSizes" "8x8" >> Hyperparameter.set "batchSize" "16"

    let outcome =
        Launch.run (Launch.into (scratch.Path "sweep")) {
            Name = "compare"
            Base = {
                small Trial.standard with
                    Data = DataSource.Task(TaskName.standard, Some 2000)
                    Steps = 40
                    EvaluateEvery = 20
                    Episodes = 2
            }
            Axes = [
                Axis.own "algorithm" [
                    "iql", change "iql" false >> small
                    "td3bc", change "td3bc" true >> small
                    "10%bc", change "10%bc" true >> small
                ]
                Axis.seed [ 0; 1 ]
            ]
        }
        |> Attempt.get

    Assert.All(outcome.Runs, (fun (_, result) -> Assert.Equal(RunStatus.Finished, result.Value.Status)))

    Assert.Equal<bool list>(
        [ true; true; false; false; true; true ],
        [
            for config, _ in runs (scratch.Path "sweep") -> config.Normalization.ChangesObservations
        ]
    )

    Assert.True(Result.isOk (Report.write (scratch.Path "sweep")))

[<Fact>]
let ``results of another algorithm do not depend on the number of threads`` () =
    use scratch = new Scratch()

    let trained (threads: string) =
        run $"train -a td3bc --policy-delay 3 {small} --threads {threads} -o {scratch}/{threads}"
        results (scratch.Path threads)

    same (trained "1", trained "2")

[<Fact>]
let ``CQL's bounds and widths are read as they are shown`` () =
    let standard = {
        Trial.standard with
            Config = (Algorithm.Find "cql").Standard
    }

    let show = Hyperparameter.show

    for name, absent, word in
        [
            "differenceMin", "none", "-200"
            "differenceMax", "none", "5"
            "criticHiddenSizes", "same", "256x256"
        ] do
        Assert.Equal(absent, show name standard)
        let changed = Hyperparameter.set name word standard
        Assert.Equal(word, show name changed)
        Assert.Equal(standard.Config, (Hyperparameter.set name absent changed).Config)

        Assert.Throws<ArgumentException>(fun () -> Hyperparameter.set name "nothing" standard |> ignore)
        |> ignore

[<Fact>]
let ``Onestep RL sweeps its improvements, whose phases fill the run`` () =
    use scratch = new Scratch()

    let folder, output = trained scratch "ablate -a onestep --phases 1:2:1 --seeds 0"

    Assert.Contains("3 runs (3 improvement", output)

    let steps = [
        for config, _ in runs folder ->
            let text (name: string) =
                config.Hyperparameters.GetProperty(name).GetString()

            text "improvement", text "phases"
    ]

    Assert.Equal<(string * string) list>(
        [
            "easy-bcq", "20:40:1"
            "exponential-weights", "15:30:15"
            "reverse-kl", "15:30:15"
        ],
        List.sort steps
    )

    refuses $"train -a onestep --phases 1:2 -o {scratch}/none" [
        "--phases: expected three whole numbers of at least 1, such as 5:20:1, got '1:2'"
    ]

    refuses $"train -a onestep --critics 3 -o {scratch}/none" [
        "--critics: expected a whole number in [1, 2], got '3'"
    ]

[<Fact>]
let ``both maxima of the derivation are objectives of implicit Q-learning's command`` () =
    use scratch = new Scratch()

    let folder, _ =
        trained
            scratch
            "ablate --objective maximum-td,supported-maximum-td --candidates 3 --support-threshold 0.1 \
             --expectiles 0.9 --inverse-temperatures 3 --seeds 0"

    Assert.Equal<(string * string * int) list>(
        [ "iql", "maximum-td", 3; "iql", "supported-maximum-td", 3 ],
        [
            for config, _ in runs folder ->
                let own = config.Hyperparameters
                config.Algorithm, own.GetProperty("objective").GetString(), own.GetProperty("candidates").GetInt32()
        ]
    )

    for config, _ in runs folder do
        let trial = {
            Trial.standard with
                Config = (Algorithm.Find "iql").Standard.FromJson config.Hyperparameters
        }

        Assert.Equal(config.Hyperparameters.GetProperty("objective").GetString(), Hyperparameter.show "objective" trial)
        Assert.Equal("3", Hyperparameter.show "candidates" trial)

    refuses $"train --objective maximum-td --support-threshold 1 -o {scratch}/none" [
        "--support-threshold: expected a number in [0, 1), got '1'"
    ]

    refuses $"train --task gridmaze-medium-v0 --objective maximum-td -o {scratch}/none" [
        "objective: expected one without a maximum where actions are discrete, got maximum-td"
    ]

[<Fact>]
let ``runs that differ in the return asked for share one training`` () =
    use scratch = new Scratch()

    let folder, _ =
        trained scratch "ablate -a dt --target-return 0,1 --context 3 --seeds 0"

    let policies = [
        for run in Directory.GetDirectories(Path.Combine(folder, "runs")) ->
            File.ReadAllBytes(RunFolder(run).CheckpointPath)
    ]

    Assert.Equal(2, policies.Length)
    Assert.Equal<byte[]>(policies[0], policies[1])

    Assert.Equal<float list>(
        [ 0.0; 1.0 ],
        [
            for config, _ in runs folder -> config.Hyperparameters.GetProperty("targetReturn").GetDouble()
        ]
    )

    let refused (words: string) parts =
        refuses $"train -a dt --steps 20 --transitions 2000 {words} -o {scratch}/none" parts

    refused "--hidden 8x16" [ "one width for all blocks" ]
    refused "--max-timesteps 2" [ "maxTimesteps: expected at least" ]

[<Fact>]
let ``a sparse task without its shift is remarked on, but not to a clone`` () =
    use scratch = new Scratch()

    let error (algorithm: string) =
        let _, _, error =
            iql $"train -a {algorithm} --rewards none {small} -o {scratch}/{algorithm}"

        error

    Assert.StartsWith("note: the rewards are 0 except at the goal", error "iql")
    Assert.StartsWith("note: the rewards are 0 except at the goal", error "td3bc")
    Assert.Equal("", error "bc")

[<Fact>]
let ``a warm-up that outlasts the run is remarked on`` () =
    use scratch = new Scratch()

    let error (options: string) =
        let _, _, error =
            iql $"train -a cql-authors {options} {small} -o {scratch}/{String.length options}"

        error

    Assert.StartsWith("note: the policy clones in its first 40000 steps, and this run has 60", error "")
    Assert.Equal("", error "--cloning-steps 20")
