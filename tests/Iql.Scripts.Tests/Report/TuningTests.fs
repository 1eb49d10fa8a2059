module Iql.Scripts.Tests.TuningTests

open Expecto
open Giraffe.ViewEngine
open Iql.Scripts
open Iql.Training

/// Two algorithms on two tasks. The first has τ = 0.5 best on one and τ = 0.9 on the other; to the second τ is nothing.
let private sweep (tasks: (string * (string * string * float) list) list) : SweepResults =
    Invented.ofRuns 1 [
        for task, cells in tasks do
            for algorithm, tau, score in cells do
                for seed in 0..2 ->
                    Invented.run
                        [ "task", task; "algorithm", algorithm; "expectile", tau; "seed", string<int> seed ]
                        (Invented.data task "generated" None)
                        RunStatus.Finished
                        [ score + float (seed - 1) ]
    ]

let private invented =
    sweep [
        "one", [ "iql", "0.5", 80.0; "iql", "0.9", 40.0; "awac", "0.5", 30.0; "awac", "0.9", 30.0 ]
        "two", [ "iql", "0.5", 20.0; "iql", "0.9", 50.0; "awac", "0.5", 30.0; "awac", "0.9", 30.0 ]
    ]

[<Tests>]
let tests =
    testList "TuningTests" [
        testCase "what one setting for all tasks loses is the mean of the best less the best of the means" (fun () ->
            match Tuning.ofSweep invented with
            | [ iql; awac ] ->
                // (80 + 50) / 2 tuned; (80 + 20) / 2 at τ = 0.5, and 45 at τ = 0.9.
                Expect.floatClose Accuracy.high iql.Sensitivity.Tuned 65.0 "tuned"
                Expect.floatClose Accuracy.high iql.Sensitivity.SharedScore 50.0 "shared"
                Expect.floatClose Accuracy.high iql.Lost.Value 15.0 "lost"
                Expect.isGreaterThan iql.Lost.Interval.Low 0.0 "seeds are near each other"
                Expect.equal iql.Shared [ "expectile", "0.5" ] "setting"
                Expect.equal iql.Sensitivity.Dimension 1 "dimension"
                Expect.equal (awac.Lost.Value, awac.Sensitivity.Dimension) (0.0, 0) "another"
            | found -> failtest $"expected two algorithms, got {found.Length}")

        testCase "settings that a task lacks, one task, and returns have none" (fun () ->
            let lacking = sweep [ "one", [ "iql", "0.5", 80.0; "iql", "0.9", 40.0 ]; "two", [ "iql", "0.5", 20.0 ] ]
            Expect.isEmpty (Tuning.ofSweep lacking) "lacking"
            let single = sweep [ "one", [ "iql", "0.5", 80.0; "iql", "0.9", 40.0 ] ]
            Expect.isEmpty (Tuning.ofSweep single) "single")

        testCase "the section says it in words, as a table and as a plane" (fun () ->
            match TuningSection.ofSweep invented with
            | [ "tuning", "Sensitivity to tuning", body ] ->
                let text = RenderView.AsString.htmlNodes body

                Expect.stringContains
                    text
                    "has a mean score of 50.0 with one setting for all 2 tasks (τ = 0.5)"
                    "words"

                Expect.stringContains text "1 of 1" "table"
                Expect.stringContains text "0 of 1" "table"
                Expect.stringContains text "figure-tuning" "plane"
            | sections -> failtest $"expected one section, got {sections.Length}")
    ]
