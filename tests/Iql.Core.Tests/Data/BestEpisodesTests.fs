module Iql.Core.Tests.BestEpisodesTests

open System
open Iql.Data
open Iql.Core.Tests.DataCases
open Expecto
open Iql.Tests

/// Episodes of given lengths and returns, all timed out but the last, which is terminal; observations number the rows.
let private data (episodes: (int * float32) list) =
    let count = List.sumBy fst episodes

    let ends = episodes |> List.scan (fun sum (length, _) -> sum + length) 0 |> List.tail

    let rewards = [|
        for length, total in episodes do
            yield total
            yield! Array.zeroCreate (length - 1)
    |]

    let numbers = Array.init count float32
    let terminals = [| for row in 1..count -> row = count |]
    let timeouts = [| for row in 1..count -> row < count && List.contains row ends |]
    Transitions("best", 1, 1, numbers, numbers, rewards, terminals, timeouts, numbers)

let private rows (t: Transitions) = [ for x in t.Observations -> int x ]

[<Tests>]
let tests =
    testList "BestEpisodesTests" [
        testCase "a share of trajectories keeps so many, best first, in the data's order" (fun () ->
            // Rows 0-1, 2-4, 5, 6-9; best is the third, then the first; the second and the fourth are equal and the
            // earlier wins.
            let t = data [ 2, 5f; 3, 1f; 1, 9f; 4, 1f ]

            for share, expected in
                [
                    0.1, [ 5 ] // always at least one
                    0.25, [ 5 ]
                    0.49, [ 5 ]
                    0.5, [ 0; 1; 5 ]
                    0.75, [ 0; 1; 2; 3; 4; 5 ]
                    1.0, [ 0..9 ]
                ] do
                Expect.equal (rows (BestEpisodes.Of(t, share, ShareOf.Trajectories))) expected "rows")

        testCase "a share of time steps stops at the first trajectory that does not fit" (fun () ->
            let t = data [ 2, 5f; 3, 1f; 1, 9f; 4, 1f ]

            for share, expected in
                [
                    0.05, [ 5 ] // always at least one
                    0.2, [ 5 ] // the next two would make it three
                    0.3, [ 0; 1; 5 ]
                    0.5, [ 0; 1; 5 ]
                    0.6, [ 0; 1; 2; 3; 4; 5 ]
                    0.9, [ 0; 1; 2; 3; 4; 5 ]
                    1.0, [ 0..9 ]
                ] do
                Expect.equal (rows (BestEpisodes.Of(t, share, ShareOf.TimeSteps))) expected "rows")

        testCase "what is kept stays episodes, and everything is the data themselves" (fun () ->
            let t = data [ 2, 5f; 3, 1f; 1, 9f; 4, 1f ]
            let best = BestEpisodes.Of(t, 0.5, ShareOf.Trajectories)
            Expect.equal [ for episode in best.Episodes -> episode.Return ] [ 5.0; 9.0 ] "return of episode"

            Expect.isTrue
                (obj.ReferenceEquals(BestEpisodes.Of(t, 1.0, ShareOf.TimeSteps), t))
                "t, 1.0, time steps is the same object")

        testRows "a share out of (0, 1] is refused" [ 0.0; -0.1; 1.1; Double.NaN ] (fun share ->
            let t = data [ 2, 5f ]

            let error =
                throws<ArgumentException>(fun () -> BestEpisodes.Of(t, share, ShareOf.Trajectories) |> ignore)

            Expect.stringContains error.Message "share" "message of error")
    ]
