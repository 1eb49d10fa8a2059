module Iql.Cli.Tests.ProtocolTests

open System
open System.IO
open Expecto
open Iql.Tests
open Iql.Algorithms
open Iql.Scripts
open Iql.Training
open Iql.Training.Online
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

/// Steps offline and online, updates a decision, turns, the data's share, capacity, acting, noise, random steps, first
/// update, batch, interval and episodes of evaluations: read in the sources anew, not in Protocols.txt.
let private table: (string * string * string list) list = [
    for name, tasks, values in
        [
            "iql-paper", "antmaze-large-play-v0", "1M 1M 1 steps none 2M sampled 0 0 0 256 100k 100"
            "iql-corl", "antmaze-umaze-v2", "1M 1M 1 steps none 10M sampled 0 0 0 256 50k 100"
            "iql-corl", "pen-cloned-v1", "1M 1M 1 steps none 10M sampled 0 0 0 256 5k 10"
            "awac-jaxrl", "halfcheetah-medium-v2", "50k 1M 1 steps none 1M sampled 0 0 0 1024 10k 10"
            "cql-corl", "antmaze-umaze-v2", "1M 1M 1 steps none 10M sampled 0 0 0 256 50k 100"
            "cql-corl", "door-cloned-v1", "1M 1M 1 steps none 10M sampled 0 0 0 256 5k 10"
            "calql-authors", "antmaze-medium-play-v2", "1M 1M 1 episodes 0.5 1M sampled 0 0 0 256 2k 20"
            "calql-authors", "pen-cloned-v1", "20k 200k 1 episodes 0.5 1M sampled 0 0 0 256 2k 20"
            "calql-authors", "door-cloned-v1", "20k 1M 1 episodes 0.5 1M sampled 0 0 0 256 2k 20"
            "calql-authors", "kitchen-mixed-v0", "500k 1.5M 1 episodes 0.25 1M sampled 0 0 0 256 5k 20"
            "calql-corl", "antmaze-umaze-v2", "1M 1M 1 steps 0.5 10M sampled 0 0 0 256 50k 100"
            "calql-corl", "relocate-cloned-v1", "1M 1M 1 steps 0.5 10M sampled 0 0 0 256 5k 10"
            "rlpd", "antmaze-umaze-v2", "0 300k 20 steps 0.5 all sampled 0 5k 5k 256 100k 10"
            "rlpd", "walker2d-medium-v2", "0 250k 20 steps 0.5 all sampled 0 5k 5k 256 100k 10"
            "rlpd", "pen-cloned-v1", "0 1M 20 steps 0.5 all sampled 0 5k 5k 256 100k 10"
            "td3bc", "antmaze-umaze-v2", "1M 1M 1 steps none 2M greedy 0.1 0 0 256 50k 100"
        ] -> name, tasks, words values
]

let private columns =
    words
        "offlineSteps onlineSteps updatesPerStep turns dataShare capacity onlineActing actingNoise randomSteps \
         firstUpdateAfter batchSize evaluateEvery episodes"

/// What is other than the preset, by protocol and task.
let private hyperparameters = [
    "iql-corl", "antmaze-umaze-v2", "expectile 0.9, inverseTemperature 10, dropout 0, logStdMin -20"
    "iql-corl", "pen-cloned-v1", "expectile 0.8, inverseTemperature 3, dropout 0.1, observations standardised"
    "iql-paper", "antmaze-umaze-v0", "expectile 0.9, inverseTemperature 10, dropout 0, observations raw"
    "awac-jaxrl", "hopper-medium-v2", "inverseTemperature 0.5, weighting softmax, weightDecay 0.0001, meanTanh yes"
    "awac-jaxrl", "hopper-medium-v2", "policyHiddenSizes 256x256x256x256, hiddenSizes 256x256, observations raw"
    "cql-corl", "antmaze-umaze-v2", "conservativeWeight 5, lagrange weight-outside, lagrangeGap 0.8, differenceMin -200"
    "cql-corl", "antmaze-umaze-v2", "criticHiddenSizes 256x256x256x256x256, backup max-of-least"
    "cql-corl", "pen-cloned-v1", "conservativeWeight 1, lagrange off, observations raw, policyLearningRate 0.0001"
    "calql-authors", "antmaze-umaze-v2", "criticHiddenSizes 256x256x256x256, calibration sparse-returns"
    "calql-corl", "pen-cloned-v1", "conservativeWeight 1, observations raw, differenceMin -200"
    "rlpd", "antmaze-umaze-v2", "ensemble 10, targetCritics 1, entropyInBackup no, hiddenSizes 256x256x256"
]

/// A trial of a protocol for a task, as `iql finetune` starts one.
let private trialOf (name: string) (task: string) : Trial =
    let protocol = Protocol.find name

    Preset.trial protocol.Algorithm task
    |> Trial.goingOnline (FineTuning(OfflineSteps = 0L, OnlineSteps = 20_000L))
    |> Protocol.apply (Protocol.ofTask task protocol)

[<Tests>]
let tests =
    testSequenced
    <| testList "ProtocolTests" [
        testCase "every constant is that of its source" (fun () ->
            for name, task, values in table do
                let trial = trialOf name task

                for column, value in List.zip columns values do
                    let number = NumberText.Decimal value |> Option.ofNullable |> Option.map (sprintf "%g" << float)
                    let shown = (Protocol.show column trial).Value

                    let shownNumber =
                        NumberText.Decimal shown |> Option.ofNullable |> Option.map (sprintf "%g" << float)

                    let expected = Option.defaultValue value number
                    Expect.equal (Option.defaultValue shown shownNumber) expected $"{column} of {name} on {task}"

            let tested = table |> List.map (fun (name, _, _) -> name) |> List.distinct
            Expect.equal [ for protocol in Protocols.all -> protocol.Name ] tested "protocols"

            for name, task, values in hyperparameters do
                for value in values.Split ", " do
                    let parts = words value
                    Expect.equal (Protocol.show parts[0] (trialOf name task)) (Some parts[1]) $"{value} of {name}")

        testCase "every value has a source and can be set, and every algorithm that goes on online has a way" (fun () ->
            for protocol in Protocols.all do
                let values = protocol.Values @ List.collect snd protocol.PerTask
                let trial = trialOf protocol.Name "no-task"

                for value in values do
                    Expect.stringContains value.Source "@" value.Name

                    if value.Name <> "algorithm" then
                        Expect.isSome (Protocol.show value.Name trial) $"{value.Name} of {protocol.Name}"

                for task, _ in protocol.PerTask do
                    let domains = [
                        for domain in Presets.domains do
                            yield! domain.Name :: domain.Prefixes
                    ]

                    Expect.contains domains task "tasks"

            for algorithm in Algorithm.Named do
                let learner = algorithm.Learner.Invoke([ algorithm.Standard ], 4, 2)
                let way = Protocol.ofAlgorithm algorithm.Name
                Expect.equal way.IsSome (isNull learner.OfflineOnly) algorithm.Name)

        testCase "an unknown protocol is refused with the nearest" (fun () ->
            let error = Expect.raises<ArgumentException> (fun () -> Protocol.find "iql-cor" |> ignore) "find"
            Expect.stringContains error.Message "Did you mean iql-corl?" "message"
            refuses "finetune --protocol iql" [ "--protocol: expected one of iql-paper, iql-corl, awac-jaxrl" ])

        testCase "a protocol holds, options win, and one line says so" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"

            let options =
                "--transitions 2000 --hidden 8x8 --batch 16 --episodes 2 --steps 20 --online-steps 40 \
                 --updates-per-step 0.5,1"

            let code, _, error =
                iql $"finetune --protocol calql-corl -a cql --data-share 0.25 {options} -o {folder}"

            Expect.equal code 0 error

            let run = RunFolder(Path.Combine(folder, "runs", "updatesPerStep=0.5")).ReadConfig()
            Expect.equal run.Algorithm "cql" "algorithm"
            Expect.equal run.FineTuning.Capacity.Value 10_000_000L "capacity"
            Expect.equal run.FineTuning.DataShare.Value 0.25 "share"
            Expect.equal run.Steps 40L "steps"
            Expect.equal run.EvaluateEvery 4L "a tenth, as no interval was asked for"

            for part in
                [
                    "note: protocol calql-corl, from corl-team/CORL @eeeeef2"
                    "By options: offlineSteps 20 instead of 1000000, onlineSteps 40 instead of 1000000"
                    "updatesPerStep 0.5,1 instead of 1"
                    "dataShare 0.25 instead of 0.5"
                    "Not as there: the code's evaluations all have one seed"
                ] do
                Expect.stringContains error part "error"

            let page = File.ReadAllText(Path.Combine(folder, "report.html"))
            Expect.isTrue (page.Contains "Protocol calql-corl, from corl-team") "the report says so")

        testCase "protocols are listed side by side" (fun () ->
            let output = succeeds "presets --protocols"

            for part in [ "iql-paper"; "calql-authors"; "episodes"; "the way of cal-ql in"; "@09d7002" ] do
                Expect.stringContains output part "output")
    ]
