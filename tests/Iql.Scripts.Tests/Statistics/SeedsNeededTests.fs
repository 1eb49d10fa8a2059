module Iql.Scripts.Tests.SeedsNeededTests

open Iql.Scripts
open Expecto
open Iql.Tests

[<Tests>]
let tests =
    testList "SeedsNeededTests" [
        // Of G*Power 3 and of Cohen's tables 2.4.1, which say 393 for 394: two-sided, error 5 %, power 80 %.
        testCase "seeds are those of published power tables" (fun () ->
            let seeds count = count 0.05 0.8 1.0
            Expect.equal (List.map (seeds SeedsNeeded.unpaired) [ 0.2; 0.5; 0.8 ]) [ Some 394; Some 64; Some 26 ] "two"
            Expect.equal (seeds SeedsNeeded.paired 0.5) (Some 34) "paired")

        testCase "no difference needs more seeds than anyone has, a huge one two or three" (fun () ->
            Expect.isNone (SeedsNeeded.paired 0.05 0.8 1.0 0.0) "none"
            Expect.equal (SeedsNeeded.unpaired 0.05 0.8 1.0 100.0) (Some 2) "huge"

            let still = Blocks.ofRows [| [| 1.0; 1.0 |]; [| 2.0; 2.0 |] |]
            Expect.equal (SeedsNeeded.ofCells 0.05 0.8 still 1.0) (Some 2) "without noise"
            Expect.isNone (SeedsNeeded.ofCells 0.05 0.8 still 0.0) "no difference")

        testCase "of two cells Tukey's test needs what the paired t test does" (fun () ->
            let blocks = Blocks.ofRows [| [| 1.0; 2.0; 4.0 |]; [| 2.0; 1.0; 3.0 |] |]
            // Differences −1, 1, 1 have a deviation of √(4/3).
            let deviation = sqrt (4.0 / 3.0)

            Expect.equal (SeedsNeeded.ofCells 0.05 0.8 blocks 1.0) (SeedsNeeded.paired 0.05 0.8 deviation 1.0) "seeds")

        testCase "more cells need more seeds" (fun () ->
            let sign c = if c % 2 = 0 then 1.0 else -1.0
            let blocks count = Blocks.ofRows (Array.init count (fun c -> [| 0.0; sign c; -(sign c) |]))
            let needed count = SeedsNeeded.ofCells 0.05 0.8 (blocks count) 0.5 |> Option.get
            Expect.isGreaterThan (needed 12) (needed 2) "seeds")
    ]
