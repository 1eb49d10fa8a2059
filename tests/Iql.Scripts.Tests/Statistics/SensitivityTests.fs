module Iql.Scripts.Tests.SensitivityTests

open Iql.Scripts
open Expecto
open Iql.Tests

[<Tests>]
let tests =
    testList "SensitivityTests" [
        testCase "a task's 5 % quantile becomes 0 and its 95 % quantile 1" (fun () ->
            let scale = Sensitivity.normalised [| for i in 0..100 -> 2.0 * float i |]
            Expect.equal (scale 10.0, scale 190.0, scale 100.0) (0.0, 1.0, 0.5) "scale")

        testCase "sensitivity is what tuning for each task adds to the best shared setting" (fun () ->
            let tasks = [| [| 0.0; 0.9; 0.5 |]; [| 1.0; 0.3; 0.6 |] |]
            let found = Sensitivity.ofTasks [ 3 ] tasks
            Expect.floatClose Accuracy.high found.Tuned 0.95 "tuned"
            Expect.equal found.Shared 1 "shared"
            Expect.floatClose Accuracy.high found.Value 0.35 "sensitivity"
            Expect.equal found.Dimension 1 "dimension")

        testCase "the dimension counts the hyperparameters whose tuning matters" (fun () ->
            // Three axes of two values. The first has another best value on each task, which the second hardly has.
            let score first second (setting: int) =
                let matches axis value = if setting >>> axis &&& 1 = value then 1.0 else 0.0
                matches 2 first + 0.05 * matches 1 second + matches 0 1

            let tasks firsts = [| for first, second in firsts -> Array.init 8 (score first second) |]
            let dimension firsts = (Sensitivity.ofTasks [ 2; 2; 2 ] (tasks firsts)).Dimension
            Expect.equal (dimension [ 0, 0; 0, 0 ]) 0 "all alike"
            Expect.equal (dimension [ 0, 0; 1, 1 ]) 1 "the first alone"
            let found = Sensitivity.ofTasks [ 2; 2; 2 ] (tasks [ 0, 0; 1, 1 ])
            Expect.floatClose Accuracy.high found.Value 0.525 "sensitivity")

        testCase "a setting that failed on a task cannot be shared, yet may be a task's best" (fun () ->
            let found = Sensitivity.ofTasks [ 2 ] [| [| 1.0; 0.5 |]; [| nan; 0.5 |] |]
            Expect.equal (found.Shared, found.Tuned, found.Value) (1, 0.75, 0.25) "found"
            Expect.refuses (fun () -> Sensitivity.ofTasks [ 2 ] [| [| 1.0; nan |]; [| nan; 0.5 |] |] |> ignore) "none")

        testCase "the interval of seeds is about the value of the means" (fun () ->
            let task scores =
                Blocks.ofRows (scores |> Array.map (fun score -> [| score - 0.01; score; score + 0.02 |]))

            let tasks = [| task [| 0.0; 0.9; 0.5 |]; task [| 1.0; 0.3; 0.6 |] |]
            let found = Sensitivity.ofBlocks 0.95 tasks
            Expect.floatClose Accuracy.high found.Value 0.35 "value"
            Expect.isTrue (found.Interval.Low <= 0.35 && found.Interval.High >= 0.35) "holds")
    ]
