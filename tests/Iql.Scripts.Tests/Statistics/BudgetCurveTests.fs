/// Trying out trained policies, against cases that can be counted.
module Iql.Scripts.Tests.BudgetCurveTests

open Expecto
open Iql
open Iql.Scripts

let private arm score returns : BudgetArm = { Returns = returns; Score = score }
let private curve = BudgetCurve.ofArms (Seed.Named "budget") BudgetCurve.standard

[<Tests>]
let tests =
    testList "BudgetCurveTests" [
        testCase "policies without noise are told apart once each was tried" (fun () ->
            let arms = [| for score in 1.0 .. 8.0 -> arm score [| 10.0 * score |] |]
            let curve = curve arms
            Expect.floatClose Accuracy.medium curve[7].Value 8.0 "after eight"
            Expect.equal curve[199].Interval { Low = 8.0; High = 8.0 } "at the end")

        testCase
            "the first episode picks a policy at random, and all eight of eight the expected best so far"
            (fun () ->
                let arms = [| for score in 1.0 .. 8.0 -> arm score [| score |] |]
                let curve = curve arms
                // E[max of k of 8 without replacement] = k · 9 / (k + 1); a mean over 1000 repeats deviates by 0.08.
                for k in 1..8 do
                    let expected = float k * 9.0 / float (k + 1)
                    Expect.isLessThan (abs (curve[k - 1].Value - expected)) 0.3 $"after {k} episodes")

        testCase "noise that hides the better of two costs episodes, and more of them help" (fun () ->
            let arms = [| arm 0.6 [| 1.0; 1.0; 1.0; 0.0; 0.0 |]; arm 0.4 [| 1.0; 1.0; 0.0; 0.0; 0.0 |] |]
            let curve = curve arms
            Expect.isLessThan curve[1].Value 0.57 "after two"
            Expect.isGreaterThan curve[199].Value 0.58 "after two hundred"
            Expect.isLessThan (BudgetCurve.area curve) 0.6 "area")

        testCase "of more policies than are tried, the draw is all that a repeat sees" (fun () ->
            let arms = [| for score in 1.0 .. 16.0 -> arm score [| score |] |]
            // E[max of 8 of 16] = 8 · 17 / 9.
            let last = curve arms |> Array.last
            Expect.isLessThan (abs (last.Value - 136.0 / 9.0)) 0.3 "at the end")
    ]
