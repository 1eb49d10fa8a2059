module Iql.Core.Tests.Environments.ReferenceScoresTests

open System
open Expecto
open Iql.Tests
open Iql
open Iql.Environments.Tasks

[<Tests>]
let tests =
    testList "ReferenceScoresTests" [
        testRows
            "D4RL's tasks have D4RL's reference returns"
            [
                "halfcheetah-medium-replay-v2", -280.178953, 12135.0, 1000
                "hopper-medium-v2", -20.272305, 3234.3, 1000
                "walker2d-full-replay-v1", 1.629008, 4592.3, 1000
                "ant-random-v0", -325.6, 3879.7, 1000
                "antmaze-umaze-diverse-v2", 0.0, 1.0, 700
                "antmaze-large-play-v0", 0.0, 1.0, 1000
                "kitchen-mixed-v0", 0.0, 4.0, 280
                "pen-human-v1", 96.262799, 3076.8331017826877, 100
                "relocate-cloned-v0", -6.425911, 4233.877797728884, 200
                "hammer-human-longhorizon-v0", -274.856578, 12794.134825156867, 600
                "maze2d-umaze-v1", 23.85, 161.86, 300
                "maze2d-large-v0", 4.83, 191.99, 600
                "maze2d-medium-dense-v1", 44.264742, 297.4552547777125, 600
                "maze2d-eval-large-v1", 16.4, 302.22, 800
                "maze2d-open-v0", 0.01, 20.66, 150
            ]
            (fun (task: string, random, expert, limit) ->
                let score = ReferenceScores.Find task
                Expect.equal score.Random random "random of score"
                Expect.equal score.Expert expert "expert of score"
                Expect.equal score.TimeLimit limit "time limit of score")

        testCase "the random policy scores 0 and the expert 100 on every task" (fun () ->
            for score in ReferenceScores.All do
                Expect.equal (score.Normalised score.Random) 0.0 "normalised of score"
                Expect.floatClose (Accuracy.decimals 12) (score.Normalised score.Expert) 100.0 "normalised of score"

                Expect.floatClose
                    (Accuracy.decimals 9)
                    (score.Normalised(score.Return 321.5))
                    321.5
                    "normalised of score")

        testCase "a published score comes out of its return" (fun () ->
            // IQL on hopper-medium-v2: 66.3 points.
            Expect.floatClose
                (Accuracy.decimals 2)
                ((ReferenceScores.Find "hopper-medium-v2").Normalised 2137.51)
                66.3
                "normalised of find 'hopper-medium-v2'")

        testCase "an unknown task has no reference" (fun () ->
            Expect.isNull (ReferenceScores.Find "hopper-medium-v9") "find 'hopper-medium-v9'")

        testCase "every task of Iql's own has reference scores that a new measurement agrees with" (fun () ->
            for card in Tasks.All do
                let episodes = 200
                let measured = ReferenceMeasurement.Measure(card.Name, episodes, Seed 11UL)
                // Five standard errors of this and the stored mean together; a success rate of 0 or 1 has a standard
                // error of 0.
                let close (stored: float) (mean: MeasuredReturn) =
                    Expect.isTrue
                        (abs (stored - mean.Mean) <= 5.5 * mean.StandardError + 0.02)
                        $"{card.Name}: {stored}, {mean}"

                close card.Reference.Random measured.Random
                close card.Reference.Expert measured.Expert
                Expect.equal card.Reference.TimeLimit card.Environment.TimeLimit "time limit of card")

        testCase "a measurement is a function of its seed" (fun () ->
            let measure seed = ReferenceMeasurement.Measure("pointmaze-umaze-v0", 5, Seed seed)

            Expect.equal (measure 1UL) (measure 1UL) "measure 1UL"
            Expect.notEqual (measure 2UL) (measure 1UL) "measure 2UL")

        testCase "tasks are found by name" (fun () ->
            for card in Tasks.All do
                Expect.isTrue (obj.ReferenceEquals(Tasks.Find card.Name, card)) "find is the same object"

            Expect.equal (Tasks.Get "hopper-medium-v2").Name "hopper-medium-v2" "name of get 'hopper-medium-v2'"

            Expect.equal
                (Tasks.Get "ant-medium-v2").Environment.ObservationSize
                111
                "observation size of get 'ant-medium-v2'"

            Expect.equal (Tasks.Get "ant-v4").Environment.ObservationSize 27 "observation size of get 'ant-v4'"
            Expect.isNull (Tasks.Find "hopper-medium-v9") "find 'hopper-medium-v9'"

            let error =
                Expect.raises<ArgumentException> (fun () -> Tasks.Get "pointmaze" |> ignore) "get 'pointmaze'"

            Expect.stringContains error.Message "pointmaze-umaze-v0" "message of error")
    ]
