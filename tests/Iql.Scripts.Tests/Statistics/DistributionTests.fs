module Iql.Scripts.Tests.DistributionTests

open Iql.Scripts
open Expecto
open Iql.Tests

let private near (expected: float) (actual: float) =
    Expect.isTrue (abs (actual - expected) <= 3e-12 * max 1.0 (abs expected)) $"expected {expected}, got {actual}"

/// Expected numbers are mpmath's, with 30 digits.
[<Tests>]
let tests =
    testList "DistributionTests" [
        testCase "normal shares and quantiles" (fun () ->
            near 0.9750021048517795637 (Distribution.normal 1.96)
            Expect.isTrue (abs (Distribution.normal -9.0 / 1.12858840595384064773e-19 - 1.0) < 1e-8) "far tail"
            near 1.959963984540054 (Distribution.normalQuantile 0.975)
            near -1.959963984540054 (Distribution.normalQuantile 0.025)
            near 0.0 (Distribution.normalQuantile 0.5))

        testCase "logarithms of the gamma function, small and large" (fun () ->
            near 0.572364942924700087 (Distribution.logGamma 0.5)
            near 360.514705729058131 (Distribution.logGamma 100.3))

        testCase "the incomplete beta function on both sides of its mean" (fun () ->
            near 0.0889437231706655916 (Distribution.incompleteBeta 2.5 1.5 0.3)
            near 0.844726804255869806 (Distribution.incompleteBeta 300.0 40.0 0.9)
            near 0.979864958366622509 (Distribution.incompleteBeta 0.5 0.5 0.999))

        testCase "bounds of Student's t and Fisher's F are those of the tables" (fun () ->
            near 4.302652729749464 (Distribution.studentBound 2.0 0.95)
            near 3.708264819046844 (Distribution.fisherQuantile 3.0 10.0 0.95))

        testCase "the noncentral F keeps its digits when the noncentrality is large" (fun () ->
            near 0.427638858579659804 (Distribution.noncentralFisher 4.0 20.0 10.0 3.0)
            near 0.587158114080798600 (Distribution.noncentralFisher 4.0 100.0 5000.0 1300.0)
            near 0.426994125454510271 (Distribution.noncentralFisher 4.0 4.0 5000.0 1300.0))

        testCase "a noncentrality is found again, and is 0 for a small F" (fun () ->
            let found = Distribution.noncentrality 4.0 20.0 8.0 0.025
            Expect.floatClose Accuracy.high (Distribution.noncentralFisher 4.0 20.0 found 8.0) 0.025 "share"
            Expect.equal (Distribution.noncentrality 4.0 20.0 0.9 0.975) 0.0 "small F")

        // Harter 1960, "Tables of range and studentized range", as in most textbooks.
        testRows
            "the studentised range has the published bounds"
            [
                2, 2.0, 0.95, 6.08, 2
                3, 1.0, 0.95, 26.98, 2
                3, 10.0, 0.95, 3.88, 2
                3, 10.0, 0.99, 5.27, 2
                5, 120.0, 0.95, 3.92, 2
                10, 20.0, 0.95, 5.01, 2
                10, 20.0, 0.99, 6.09, 2
                20, 5.0, 0.95, 8.21, 2
                20, 60.0, 0.95, 5.24, 2
            ]
            (fun (k, degrees, confidence, bound, decimals) ->
                let found = StudentisedRange.quantile k degrees confidence
                // The tables round 6.085 down.
                Expect.floatClose (Accuracy.within (0.51 * 10.0 ** -(float decimals))) found bound $"{k}, {degrees}")
    ]
