module Iql.Core.Tests.Training.OnlineRefusalTests

open System
open System.IO
open Expecto
open Iql.Algorithms
open Iql.Environments
open Iql.Training
open Iql.Training.Online
open Iql.Tests
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns
open Iql.Core.Tests.Training.OnlineRuns

let private refusal (how: FineTuning) =
    messageOf<ArgumentException>(fun () -> (configOf algorithm how).Checked() |> ignore)

/// What a loop says before it has made a folder.
let private refused (plan: TrainingPlan) (config: RunConfig) =
    let mutable message = ""

    inFolder (fun root ->
        let own = run root "run" config
        message <- messageOf<ArgumentException>(fun () -> trainTo toEnd plan own |> ignore)
        Expect.isFalse (Directory.Exists own.Folder.Path) "a folder")

    message

[<Tests>]
let tests =
    testList "OnlineRefusalTests" [
        testRows
            "a number out of its range is refused in one line"
            [
                How.Of(online = 0L), "onlineSteps: expected at least 1, got 0."
                How.Of(offline = -1L), "offlineSteps: expected at least 0, got -1."
                How.Of(updates = 0.0), "updatesPerStep: expected a number in (0, 1000], got 0."
                How.Of(updates = nan), "updatesPerStep: expected a number in (0, 1000], got NaN."
                How.Of(updates = 0.01), "onlineSteps: expected at least 1, got 0."
                How.Of(after = 40L), "firstUpdateAfter: expected a number in [0, 40), got 40."
                How.Of(share = 1.0), "dataShare: expected a number in [0, 1), got 1."
                How.Of(share = 0.99), "dataShare: expected at least one of 16 rows from acting, got 0.99."
                How.Of(capacity = 63L), "capacity: expected at least 64, got 63."
                How.Of(share = 0.5, capacity = 15L), "capacity: expected at least 16, got 15."
                How.Of(rows = 65L), "dataRows: expected a number in [1, 64], got 65."
                How.Of(noise = -0.1), "actingNoise: expected a finite number of at least 0, got -0.1."
                How.Of(noise = 0.1, clip = 0.0), "actingNoiseClip: expected a finite number above 0, got 0."
                How.Of(noise = 0.1, clip = nan), "actingNoiseClip: expected a finite number above 0, got NaN."
                How.Of(clip = 0.5), "actingNoiseClip: expected none without acting's noise, got 0.5."
                How.Of(random = -1L), "randomSteps: expected a number in [0, 40], the online steps, got -1."
                How.Of(random = 41L), "randomSteps: expected a number in [0, 40], the online steps, got 41."
                How.Of(offline = 1_999_999_999L),
                "updatesPerStep: expected at most 2,000,000,000 updates in both phases"
                How.Of(lag = 2), "actingLag: expected 0 or 1, got 2."
                How.Of(lag = 1, turns = Turns.Episodes), "actingLag: expected 0 where whole episodes take turns, got 1."
            ]
            (fun (how, expected) ->
                let message = refusal how
                Expect.stringStarts message expected "message"
                Expect.stringLacks message "\n" "lines of the message")

        testCase "a run's steps are those of both phases" (fun () ->
            let config = (configOf algorithm (How.Of())).With(steps = 71L)

            Expect.equal
                (messageOf<ArgumentException>(fun () -> config.Checked() |> ignore))
                "steps: expected 70, those of both phases, got 71."
                "message")

        testCase "a schedule must be constant, or end at the switch" (fun () ->
            let cosine steps =
                ImplicitQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16, CosineSteps = steps)

            let message schedule steps =
                messageOf<ArgumentException>(fun () ->
                    (configOf (cosine steps) (How.Of(schedule = schedule))).Checked() |> ignore)

            Expect.stringStarts
                (message OnlineSchedule.Constant 30.0)
                "schedule: expected constant learning rates in both phases, got policySchedule cosine."
                "constant"

            Expect.stringStarts
                (message OnlineSchedule.Finished 70.0)
                "schedule: expected schedules that end at step 30, got others."
                "finished")

        testCase "a task without an environment is refused" (fun () ->
            let config = configOf algorithm (How.Of())
            let plan = planWith transitions null 1 (learnerOf algorithm)

            Expect.stringStarts
                (refused plan config)
                "Environment: expected an environment to act in, got none."
                "plan"

            let nowhere =
                RunConfig(
                    Algorithm = "iql",
                    Dataset = config.Dataset,
                    Steps = 70L,
                    BatchSize = 16,
                    Hyperparameters = config.Hyperparameters,
                    FineTuning = config.FineTuning
                )

            Expect.stringStarts
                (messageOf<ArgumentException>(fun () -> nowhere.Checked() |> ignore))
                "task: expected a task with an environment to act in"
                "config")

        testCase "a data set of another task is refused" (fun () ->
            let plan = planWith transitions (PointMaze("umaze", Mazes.UMaze, 300)) 1 (learnerOf algorithm)

            Expect.stringContains
                (refused plan (configOf algorithm (How.Of())))
                "The data are of another task."
                "sizes")

        testRows
            "algorithms that cannot go on online are refused with the reason"
            [
                "dt", "learns from pieces of trajectories"
                "onestep", "improves once on the policy that made the data"
            ]
            (fun (name, reason) ->
                let row = Algorithm.Find name
                let own = row.Standard.With("batchSize", 16)
                let learner = row.Learner.Invoke([ own ], observationSize, actionSize)

                let config =
                    (configOf algorithm (How.Of()))
                        .With(algorithm = learner.Algorithm, hyperparameters = RunJson.Element {| |})

                Expect.stringContains (refused (planWith transitions (Line()) 1 learner) config) reason "message")

        testRows
            "objectives of the action after are refused, others go on"
            [
                Objective.Sarsa, true
                Objective.ExpectileTD, true
                Objective.MaximumTD, false
                Objective.SupportedMaximumTD, false
            ]
            (fun (objective, isRefused) ->
                let who = trainee "iql" (algorithm.With("objective", objective))
                let config = configFor who (How.Of())

                if isRefused then
                    Expect.stringContains
                        (refused (planFor who 1) config)
                        "one that learns from the action after, which acting's rows do not have"
                        "message"
                else
                    inFolder (fun root ->
                        let outcome = trainTo toEnd (planFor who 1) (run root "run" config)
                        Expect.equal outcome.Status RunStatus.Finished "status"))

        testCase "a policy without draws is refused where draws are asked for" (fun () ->
            let own = TD3BCConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)
            let learner = TD3BC.Learner(own, observationSize, actionSize)
            let config = (configOf algorithm (How.Of())).With(algorithm = "td3bc", hyperparameters = own.ToJson())

            Expect.stringStarts
                (refused (planWith transitions (Line()) 1 learner) config)
                "acting: expected greedy for a policy that has no draws, got Sampled."
                "message")

        testRows
            "a calibration that is kept needs whole episodes"
            [
                How.Of(),
                "turns: expected episodes for a calibration that is kept, got Steps. "
                + "An episode has returns to go when it is over. Or turn the calibration off online."
            ]
            (fun (how, expected) ->
                Expect.equal (refused (planFor calibrated 1) (configFor calibrated how)) expected "message")

        testCase "calibration is not turned off where there is none" (fun () ->
            let config = configOf algorithm (How.Of(calibration = OnlineCalibration.Off))

            Expect.stringStarts
                (refused (planWith transitions (Line()) 1 (learnerOf algorithm)) config)
                "onlineCalibration: expected kept where the algorithm has no calibration to turn off, got Off."
                "message")

        testCase "a run that goes on online is another run than one that does not" (fun () ->
            let online = configOf algorithm (How.Of())
            let offline = online.With(fineTuning = null)
            Expect.notEqual online.Identity offline.Identity "identity"
            Expect.isNotNull (online.FirstDifference offline) "difference"
            let more = configOf algorithm (How.Of(capacity = 100L))
            Expect.equal (online.FirstDifference more) "fineTuning.capacity: null, 100" "difference of a field"
            Expect.isFalse ((string (RunJson.Element offline)).Contains "fineTuning") "an offline run's file")
    ]
