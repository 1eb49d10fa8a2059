module Iql.Cli.Tests.AlgorithmTests

open System
open System.IO
open Expecto
open Iql.Tests
open Iql.Algorithms
open Iql.Data
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Iql.Training

let private trained (scratch: Scratch) (words: string) =
    let folder = scratch.Path "out"
    let code, output, error = iql $"{words} {small} -o {folder}"
    // A warm-up that outlasts the run is remarked on, and an algorithm that is made for other uses.
    for line in error.Split('\n', StringSplitOptions.RemoveEmptyEntries) do
        let known = [ "note: the policy clones in its first 40000 steps"; "note: RLPD is made to learn online" ]
        Expect.isTrue (known |> List.exists line.StartsWith) line

    Expect.equal code 0 "code"
    folder, output

let private runs (folder: string) = [
    for run in Directory.GetDirectories(Path.Combine(folder, "runs")) |> Array.sort ->
        RunFolder(run).ReadConfig(), RunFolder(run).ReadResult()
]

[<Tests>]
let tests =
    testSequenced
    <| testList "AlgorithmTests" [
        testCase "every algorithm, and every variant, is trained by its name and reported on" (fun () ->
            for name in [ for each in Algorithm.Named -> each.Name ] do
                use scratch = new Scratch()
                let folder, output = trained scratch $"train --algorithm {name}"
                let config, result = List.exactlyOne (runs folder)
                Expect.equal config.Algorithm (Algorithm.Of (Algorithm.Find name).Standard).Name "algorithm of config"
                Expect.equal result.Status RunStatus.Finished "status of result"
                Expect.stringEnds (output.TrimEnd()) "report.html" "output"
                let page = File.ReadAllText(Path.Combine(folder, "report.html"))
                Expect.stringContains page "Policy loss" "page")

        testCase "ablate sweeps an algorithm's own hyperparameters, by default its own grid" (fun () ->
            use scratch = new Scratch()

            let folder, output = trained scratch "ablate -a td3bc --alpha 0,2.5 --policy-delay 1,2 --seeds 0"

            Expect.stringContains output "4 runs" "output"
            Expect.stringContains output "alpha \\ policyDelay" "output"

            Expect.equal
                [
                    for config, _ in runs folder ->
                        config.Hyperparameters.GetProperty("alpha").GetDouble(),
                        config.Hyperparameters.GetProperty("policyDelay").GetInt32()
                ]
                [ 0.0, 1; 0.0, 2; 2.5, 1; 2.5, 2 ]
                "get double of property of config 'alpha' and more"

            for each in Algorithm.Named do
                Expect.isNonEmpty (Ablation.grid each) "grid of each")

        testCase
            "an option of another algorithm is refused, saying where it belongs, before anything is made"
            (fun () ->
                use scratch = new Scratch()

                let refused (words: string) parts =
                    refuses $"{words} -o {scratch}/out" parts
                    Expect.isFalse (Directory.Exists(scratch.Path "out")) "path of scratch 'out' exists"

                refused "train --alpha 2" [
                    "--alpha: belongs to --algorithm td3bc, got --algorithm iql"
                    "--expectile"
                ]

                refused "train --expectile 0.9 -a td3bc" [
                    "--expectile: belongs to --algorithm iql, got --algorithm td3bc"
                    "--alpha"
                ]

                refused "ablate -a bc --discount 0.9,0.99" [
                    "--discount: belongs to --algorithm iql or td3bc or cql or awac or rlpd or onestep"
                    "got --algorithm bc"
                ]

                let named = String.concat ", " [ for each in Algorithm.Named -> each.Name ]

                refused "train -a td3" [ $"--algorithm: expected one of {named}, got 'td3'" ])

        testCase "a trial is not told what its algorithm does not have" (fun () ->
            let trial = { Trial.standard with Config = (Algorithm.Find "td3bc").Standard }

            let error =
                Expect.raises<ArgumentException>
                    (fun () -> Hyperparameter.set "expectile" "0.9" trial |> ignore)
                    "trial"

            Expect.stringContains
                error.Message
                "expectile: a hyperparameter of iql, got a trial of td3bc"
                "message of error"

            Expect.equal (Hyperparameter.show "alpha" (Hyperparameter.set "alpha" "3.0" trial)) "3" "show 'alpha'"

            let unknown =
                Expect.raises<ArgumentException> (fun () -> Hyperparameter.find "expektile" |> ignore) "'expektile'"

            Expect.stringContains unknown.Message "Did you mean expectile?" "message of unknown")

        testCase "the best share is chosen before anything is normalised, by the task's own rewards" (fun () ->
            let data = DataSource.Task(TaskName.standard, Some 2000) |> TrainingData.load |> Attempt.get

            let trial = {
                Trial.standard with
                    Config = (Algorithm.Find "10%bc").Standard
                    NormalizeObservations = Some true
            }

            let seen = TrainingData.forTrial data trial |> Attempt.get
            let kept = BestEpisodes.Of(data.Raw :?> Transitions, 0.1, ShareOf.Trajectories)
            Expect.equal seen.Transitions.Count (int64 kept.Count) "count of transitions of seen"
            Expect.equal seen.Dataset data.Dataset "dataset of seen"
            let expected = Normalization.Of(kept, true, RewardRule.AntMaze)
            Expect.sequenceEqual seen.Normalization.ObservationMean expected.ObservationMean "observation mean of seen"
            Expect.equal seen.Transitions.Fingerprint (expected.Apply(kept).Fingerprint) "fingerprint of seen"

            Expect.isTrue
                (obj.ReferenceEquals(TrainingData.forTrial data Trial.standard |> Attempt.get, data))
                "for trial is the same object")

        testCase "runs of different normalisations and shares stand in one sweep" (fun () ->
            use scratch = new Scratch()

            let change algorithm normalize (trial: Trial) = {
                trial with
                    Config = (Algorithm.Find algorithm).Standard
                    NormalizeObservations = Some normalize
            }

            let small = Hyperparameter.set "hiddenSizes" "8x8" >> Hyperparameter.set "batchSize" "16"

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

            for _, result in outcome.Runs do
                Expect.equal result.Value.Status RunStatus.Finished "status of result"

            Expect.equal
                [ for config, _ in runs (scratch.Path "sweep") -> config.Normalization.ChangesObservations ]
                [ true; true; false; false; true; true ]
                "changes observations of config"

            Expect.isOk (Report.write (scratch.Path "sweep")) "write")

        testCase "results of another algorithm do not depend on the number of threads" (fun () ->
            use scratch = new Scratch()

            let trained (threads: string) =
                run $"train -a td3bc --policy-delay 3 {small} --threads {threads} -o {scratch}/{threads}"
                results (scratch.Path threads)

            same (trained "1", trained "2"))

        testCase "CQL's bounds and widths are read as they are shown" (fun () ->
            let standard = { Trial.standard with Config = (Algorithm.Find "cql").Standard }

            let show = Hyperparameter.show

            for name, absent, word in
                [
                    "differenceMin", "none", "-200"
                    "differenceMax", "none", "5"
                    "criticHiddenSizes", "same", "256x256"
                ] do
                Expect.equal (show name standard) absent "show name standard"
                let changed = Hyperparameter.set name word standard
                Expect.equal (show name changed) word "show name changed"
                Expect.equal (Hyperparameter.set name absent changed).Config standard.Config "config of changed"

                Expect.refuses (fun () -> Hyperparameter.set name "nothing" standard |> ignore) "standard")

        testCase "Onestep RL sweeps its improvements, whose phases fill the run" (fun () ->
            use scratch = new Scratch()

            let folder, output = trained scratch "ablate -a onestep --phases 1:2:1 --seeds 0"

            Expect.stringContains output "3 runs (3 improvement" "output"

            let steps = [
                for config, _ in runs folder ->
                    let text (name: string) = config.Hyperparameters.GetProperty(name).GetString()

                    text "improvement", text "phases"
            ]

            Expect.equal
                (List.sort steps)
                [ "easy-bcq", "20:40:1"; "exponential-weights", "15:30:15"; "reverse-kl", "15:30:15" ]
                "steps"

            refuses $"train -a onestep --phases 1:2 -o {scratch}/none" [
                "--phases: expected three whole numbers of at least 1, such as 5:20:1, got '1:2'"
            ]

            refuses $"train -a onestep --critics 3 -o {scratch}/none" [
                "--critics: expected a whole number in [1, 2], got '3'"
            ])

        testCase "both maxima of the derivation are objectives of implicit Q-learning's command" (fun () ->
            use scratch = new Scratch()

            let folder, _ =
                trained
                    scratch
                    "ablate --objective maximum-td,supported-maximum-td --candidates 3 --support-threshold 0.1 \
             --expectiles 0.9 --inverse-temperatures 3 --seeds 0"

            Expect.equal
                [
                    for config, _ in runs folder ->
                        let own = config.Hyperparameters

                        config.Algorithm,
                        own.GetProperty("objective").GetString(),
                        own.GetProperty("candidates").GetInt32()
                ]
                [ "iql", "maximum-td", 3; "iql", "supported-maximum-td", 3 ]
                "algorithm of config and more"

            for config, _ in runs folder do
                let trial = {
                    Trial.standard with
                        Config = (Algorithm.Find "iql").Standard.FromJson config.Hyperparameters
                }

                Expect.equal
                    (Hyperparameter.show "objective" trial)
                    (config.Hyperparameters.GetProperty("objective").GetString())
                    "show 'objective'"

                Expect.equal (Hyperparameter.show "candidates" trial) "3" "show 'candidates'"

            refuses $"train --objective maximum-td --support-threshold 1 -o {scratch}/none" [
                "--support-threshold: expected a number in [0, 1), got '1'"
            ]

            refuses $"train --task gridmaze-medium-v0 --objective maximum-td -o {scratch}/none" [
                "objective: expected one without a maximum where actions are discrete, got maximum-td"
            ])

        testCase "runs that differ in the return asked for share one training" (fun () ->
            use scratch = new Scratch()

            let folder, _ = trained scratch "ablate -a dt --target-return 0,1 --context 3 --seeds 0"

            let policies = [
                for run in Directory.GetDirectories(Path.Combine(folder, "runs")) ->
                    [
                        for tensor in SafeTensors.Read(RunFolder(run).CheckpointPath).Tensors ->
                            tensor.Name, tensor.Values.ToArray()
                    ]
            ]

            Expect.hasLength policies 2 "policies"
            Expect.equal policies[1] policies[0] "policy 1"

            Expect.equal
                [ for config, _ in runs folder -> config.Hyperparameters.GetProperty("targetReturn").GetDouble() ]
                [ 0.0; 1.0 ]
                "get double of property of config 'targetReturn'"

            let refused (words: string) parts =
                refuses $"train -a dt --steps 20 --transitions 2000 {words} -o {scratch}/none" parts

            refused "--hidden 8x16" [ "one width for all blocks" ]
            refused "--max-timesteps 2" [ "--max-timesteps: expected at least" ])

        testCase "a sparse task without its shift is remarked on, but not to a clone" (fun () ->
            use scratch = new Scratch()

            let error (algorithm: string) =
                let _, _, error = iql $"train -a {algorithm} --rewards none {small} -o {scratch}/{algorithm}"

                error

            Expect.stringStarts (error "iql") "note: the rewards are 0 except at the goal" "error 'iql'"
            Expect.stringStarts (error "td3bc") "note: the rewards are 0 except at the goal" "error 'td3bc'"
            Expect.equal (error "bc") "" "error 'bc'")

        testCase "what online learners need and bounds of returns mean is said before anything is made" (fun () ->
            use scratch = new Scratch()

            let refused (words: string) parts =
                refuses $"train {words} -o {scratch}/out" parts
                Expect.isFalse (Directory.Exists(scratch.Path "out")) "path of scratch 'out' exists"

            refused "-a rlpd --ensemble 2000000000" [ "--ensemble: expected a whole number in [1, 100]" ]

            refused "-a rlpd --target-critics 11" [
                "--target-critics: expected at most the 10 critics of ensemble, got 11"
            ]

            refused "-a rlpd --task gridmaze-medium-v0" [ "rlpd: expected continuous actions" ]
            refused "-a cal-ql --task gridmaze-medium-v0" [ "calibration: expected off"; "take cql" ]
            refused "-a cal-ql --discount 1" [ "discount: expected less than 1" ]
            let _, _, error = iql $"train -a rlpd {small} -o {scratch}/rlpd"
            Expect.stringStarts error "note: RLPD is made to learn online, beside data. In 60 steps from" "error")

        testCase "each run of a sweep has the returns of its own calibration and discount" (fun () ->
            use scratch = new Scratch()

            let metrics (name: string) (words: string) =
                run $"{words} -a cal-ql {small} -o {scratch}/{name}"

                [
                    for part, text in results (scratch.Path name) do
                        if part.EndsWith " metrics" then
                            text
                ]

            let swept =
                metrics "swept" "ablate --calibration off,returns,sparse-returns --discount 0.9,0.99 --seeds 0"

            Expect.hasLength (List.distinct swept) 6 "swept"
            let alone = metrics "alone" "train --calibration returns --discount 0.9 --seed 0"
            Expect.isTrue (List.contains alone.Head swept) "alone")

        testCase "a warm-up that outlasts the run is remarked on" (fun () ->
            use scratch = new Scratch()

            let error (options: string) =
                let _, _, error = iql $"train -a cql-authors {options} {small} -o {scratch}/{String.length options}"

                error

            Expect.stringStarts
                (error "")
                "note: the policy clones in its first 40000 steps, and this run has 60"
                "error"

            Expect.equal (error "--cloning-steps 20") "" "error '--cloning-steps 20'")
    ]
