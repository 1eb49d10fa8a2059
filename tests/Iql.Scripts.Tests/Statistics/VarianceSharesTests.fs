module Iql.Scripts.Tests.VarianceSharesTests

open Iql
open Iql.Scripts
open Expecto
open Iql.Tests

let private draws = Seed.Named "variance shares"

let private grid (lengths: int list) (score: int list -> float) (noise: float) : Blocks =
    let cells =
        List.foldBack
            (fun length cells -> List.allPairs [ 0 .. length - 1 ] cells |> List.map (fun (i, c) -> i :: c))
            lengths
            [ [] ]

    Blocks.ofRows [|
        for c, cell in List.indexed cells ->
            Array.init 5 (fun k -> score cell + noise * draws.Normal(uint64 (100 * c + k)))
    |]

let private shares lengths blocks = VarianceShares.ofGrid 0.95 lengths blocks |> Option.get

[<Tests>]
let tests =
    testList "VarianceSharesTests" [
        testCase "an additive grid has no interaction, and shares are those of the variances" (fun () ->
            // Variances of the axes by hand: 100 and 25 of 125, with what noise of 0.01 adds.
            let found =
                shares [ 2; 2 ] (grid [ 2; 2 ] (fun cell -> 20.0 * float cell[0] + 10.0 * float cell[1]) 0.01)

            Expect.equal (found.Effects |> List.map _.Axes) [ [ 0 ]; [ 1 ]; [ 0; 1 ] ] "axes"

            for effect, share in List.zip found.Effects [ 0.8; 0.2; 0.0 ] do
                Expect.floatClose (Accuracy.within 1e-3) effect.Share.Value share $"{effect.Axes}"

            Expect.isLessThan found.Effects[0].Chance 1e-9 "chance")

        testCase "what two axes do only together is their interaction, of three axes too" (fun () ->
            let score (cell: int list) = if cell[0] = cell[2] then 10.0 else 0.0
            let found = shares [ 2; 3; 2 ] (grid [ 2; 3; 2 ] score 0.01)
            Expect.equal found.Effects.Length 7 "effects"

            for effect in found.Effects do
                let share = if effect.Axes = [ 0; 2 ] then 1.0 else 0.0
                Expect.floatClose (Accuracy.within 1e-3) effect.Share.Value share $"{effect.Axes}")

        testCase "shares are the sums of squares' as the formula of two axes says" (fun () ->
            let lengths = [ 3; 4 ]
            let blocks = grid lengths (fun cell -> 3.0 * float cell[0] + float (cell[0] * cell[1])) 2.0
            let s i j = blocks.Scores[4 * i + j]
            let mean = Array.average (Array.concat blocks.Scores)
            let row i = List.average [ for j in 0..3 -> Array.average (s i j) ]
            let column j = List.average [ for i in 0..2 -> Array.average (s i j) ]
            let rest = (Spread.ofBlocks blocks).Mean
            let first = 20.0 * List.sum [ for i in 0..2 -> (row i - mean) ** 2.0 ]
            let second = 15.0 * List.sum [ for j in 0..3 -> (column j - mean) ** 2.0 ]

            let both =
                5.0
                * List.sum [
                    for i in 0..2 do
                        for j in 0..3 -> (Array.average (s i j) - row i - column j + mean) ** 2.0
                ]

            let parts = [ first - 2.0 * rest; second - 3.0 * rest; both - 6.0 * rest ] |> List.map (max 0.0)
            let found = shares lengths blocks

            for a, b in List.pairwise (List.zip found.Effects parts) do
                let (a, partOfA), (b, partOfB) = a, b
                Expect.floatClose Accuracy.medium (a.Share.Value * partOfB) (b.Share.Value * partOfA) "ratio"

            let all = found.Seeds.Value + List.sumBy (fun effect -> effect.Share.Value) found.Effects
            Expect.floatClose Accuracy.high all 1.0 "all shares"

            for effect in found.Effects do
                let interval = effect.Share.Interval
                Expect.isTrue (interval.Low <= effect.Share.Value && effect.Share.Value <= interval.High) "holds")

        testCase "equal scores have no shares, and no noise gives no NaN" (fun () ->
            Expect.isNone (VarianceShares.ofGrid 0.95 [ 2; 2 ] (grid [ 2; 2 ] (fun _ -> 100.0) 0.0)) "equal"
            let found = shares [ 2; 2 ] (grid [ 2; 2 ] (fun cell -> float cell[0]) 0.0)
            Expect.isGreaterThan found.Effects[0].Share.Interval.Low 0.99 "all of it")

        testCase "lengths must make as many cells as there are" (fun () ->
            let blocks = grid [ 2; 2 ] (fun _ -> 0.0) 1.0
            Expect.refuses (fun () -> VarianceShares.ofGrid 0.95 [ 2; 3 ] blocks |> ignore) "six"
            Expect.refuses (fun () -> VarianceShares.ofGrid 0.95 [ 4; 1 ] blocks |> ignore) "one value")
    ]
