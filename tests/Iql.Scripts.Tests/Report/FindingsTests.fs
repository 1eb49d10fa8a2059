module Iql.Scripts.Tests.FindingsTests

open Iql.Scripts
open Iql.Training
open Expecto
open Iql.Tests

let private run (expectile: float) (beta: float) (seed: int) (ended: RunStatus) (scores: float list) : Run =
    Invented.run
        [
            "expectile", string<float> expectile
            "inverseTemperature", string<float> beta
            "seed", string seed
        ]
        (Invented.data "data" "generated" None)
        ended
        scores

let private values expectile beta = [ "expectile", string<float> expectile; "inverseTemperature", string<float> beta ]

let private cell expectile beta scores = {
    Values = values expectile beta
    Runs = scores |> List.mapi (fun seed score -> run expectile beta seed RunStatus.Finished [ score ])
}

let private words cells =
    Findings.ofGroups None (Some Score) (Some "expectile") (Some "inverseTemperature") cells
    |> String.concat "\n"

[<Tests>]
let tests =
    testList "FindingsTests" [
        testCase "a clear winner is named with its interval and its lead" (fun () ->
            let text =
                words [
                    cell 0.5 0.0 [ 10.0; 11.0; 12.0 ]
                    cell 0.5 3.0 [ 20.0; 21.0; 22.0 ]
                    cell 0.9 3.0 [ 70.0; 71.0; 72.0 ]
                ]

            Expect.stringContains text "τ = 0.9, β = 3" "text"
            Expect.stringContains text "71.0" "text"
            Expect.stringContains text "larger than the spread between seeds" "text"
            Expect.stringContains text "beats a run at τ = 0.5 in 100\u00a0% of pairs" "text"
            Expect.stringContains text "best of 3 cells" "text")

        testCase "cells whose difference contains zero are not told apart" (fun () ->
            let text = words [ cell 0.5 3.0 [ 50.0; 60.0; 70.0 ]; cell 0.9 3.0 [ 52.0; 61.0; 71.0 ] ]

            Expect.stringContains text "The other is (τ = 0.5, β = 3)" "text"
            Expect.stringContains text "2 of 2 cells cannot be told from the best" "text"
            Expect.stringContains text "no clear effect of τ" "text")

        testCase "cells with too few common seeds take no part, and the page says so" (fun () ->
            let text =
                words [ cell 0.5 3.0 [ 10.0; 11.0; 12.5 ]; cell 0.7 3.0 [ 40.0 ]; cell 0.9 3.0 [ 70.0; 71.0; 72.0 ] ]

            Expect.stringContains text "on 3 common seeds" "text"
            Expect.stringContains text "1 cell with too few of these seeds took no part" "text")

        testCase "seeds are counted for the difference that the reader asked for" (fun () ->
            let cells = [ cell 0.5 3.0 [ 10.0; 15.0; 12.0 ]; cell 0.9 3.0 [ 70.0; 71.0; 78.0 ] ]

            let settled difference =
                Findings.ofGroups difference (Some Score) (Some "expectile") (Some "inverseTemperature") cells
                |> List.find (fun words -> words.Contains "more seeds would settle")

            Expect.stringContains (settled (Some 2.0)) "For a difference of 2.00, the one asked for, it takes" "asked"
            Expect.stringContains (settled None) "For a difference of 10.0 it takes" "not asked"
            Expect.stringContains (settled None) "There are 3 now." "seeds")

        testCase "behaviour cloning stands beside the best cell" (fun () ->
            let text = words [ cell 0.9 0.0 [ 50.0; 51.0 ]; cell 0.9 3.0 [ 70.0; 71.0 ] ]
            Expect.stringContains text "(τ = 0.9, β = 0) scores 50.5" "text"
            Expect.stringContains text "above it" "text"

            Expect.stringContains
                (words [ cell 0.9 0.0 [ 90.0; 91.0 ]; cell 0.9 3.0 [ 70.0; 71.0 ] ])
                "so the weights gave no gain"
                "words")

        testCase "one seed claims nothing" (fun () ->
            let text = words [ cell 0.5 3.0 [ 50.0 ]; cell 0.9 3.0 [ 80.0 ] ]
            Expect.stringContains text "80.0 (one run)" "text"
            Expect.stringContains text "these differences may be chance" "text"
            Expect.stringLacks text "[" "text")

        testCase "failed runs are left out of means" (fun () ->
            let good = cell 0.9 3.0 [ 70.0; 72.0 ]

            let failing = { good with Runs = run 0.9 3.0 2 RunStatus.Diverged [ 0.0 ] :: good.Runs }

            let text = words [ failing ]
            Expect.stringContains text "71.0" "text")

        testCase "without evaluations the page says it knows no score" (fun () ->
            let nothing = { cell 0.9 3.0 [] with Runs = [ run 0.9 3.0 0 RunStatus.Finished [] ] }

            let text = Findings.ofGroups None None None None [ nothing ] |> String.concat "\n"

            Expect.stringContains text "Offline metrics only" "text"
            Expect.stringLacks text "best cell" "text")

        testCase "numbers keep about three digits and intervals one width" (fun () ->
            Expect.equal (Shown.number 84.52) "84.5" "number 84.52"
            Expect.equal (Shown.number -0.1981) "−0.198" "number of -0.1981"
            Expect.equal (Shown.number 1234.4) "1,234" "number 1234.4"
            Expect.equal (Shown.interval { Low = 7.94; High = 21.2 }) "[7.9,\u00a021.2]" "interval")

        testCase "of cells that end alike the one that was good for longest is the best" (fun () ->
            let climbing expectile early = {
                Values = values expectile 3.0
                Runs = [ for seed in 0..1 -> run expectile 3.0 seed RunStatus.Finished [ early; 100.0 ] ]
            }

            match ResultGroups.best Score [ climbing 0.7 0.0; climbing 0.9 80.0; climbing 0.95 40.0 ] with
            | Some(best, _) -> Expect.equal (snd best.Values.Head) "0.9" "head of best"
            | None -> failtest "a best cell")
    ]
