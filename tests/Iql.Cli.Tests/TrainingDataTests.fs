module Iql.Cli.Tests.TrainingDataTests

open Expecto
open Iql.Data
open Iql.Data.Files
open Iql.Scripts
open Iql.Cli.Tests.Trainings

/// Two trajectories of ten steps with rewards of 1, except the last reward; all actions are the same number.
let private data (lastReward: float32) (action: float32) (rewards: RewardRule) =
    use scratch = new Scratch()
    let path = scratch.Path "data.npz"
    let rows = 20

    let place = Array.init (2 * rows) (fun i -> float32 (i / 20) * 100f + float32 (i % 20))

    let next = place |> Array.map ((+) 2f)

    let transitions =
        Transitions(
            "data",
            2,
            1,
            place,
            Array.create rows action,
            Array.init rows (fun row -> if row = rows - 2 then lastReward else 1f),
            Array.create rows false,
            Array.init rows (fun row -> row % 10 = 9),
            next
        )

    DatasetFile.Save(path, transitions)

    let trial = { Trial.standard with Rewards = Some rewards }

    DataSource.File(path, Some DatasetMode.Strict, None)
    |> TrainingData.load
    |> Result.bind (fun data -> TrainingData.forTrial data trial)
    |> Attempt.get

let private remarks lastReward action rewards =
    TrainingData.remarks (data lastReward action rewards) Trial.standard |> String.concat "\n"

[<Tests>]
let tests =
    testList "TrainingDataTests" [
        testCase "returns that hardly differ are remarked on when rewards are divided by their range" (fun () ->
            Expect.stringContains (remarks 1.01f 0.5f RewardRule.ReturnRange) "--rewards none" "remarks"
            Expect.equal (remarks 8f 0.5f RewardRule.ReturnRange) "" "remarks"
            Expect.equal (remarks 1.01f 0.5f RewardRule.None) "" "remarks")

        testCase "actions where no policy acts are remarked on" (fun () ->
            let unscaled = { Trial.standard with ActionScaling = Some ActionScaling.None }
            let seen = TrainingData.forTrial (data 8f 1.5f RewardRule.None) unscaled |> Attempt.get

            Expect.equal
                (TrainingData.remarks seen unscaled)
                [
                    "100 % of the action numbers are outside [-1, 1], and no policy acts there. To scale them: \
                     --action-scaling minmax"
                ]
                "remarks"

            Expect.equal (remarks 8f 1f RewardRule.None) "" "remarks")
    ]
