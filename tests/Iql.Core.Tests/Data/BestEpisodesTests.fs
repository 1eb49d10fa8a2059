module Iql.Core.Tests.BestEpisodesTests

open System
open Iql.Data
open Iql.Core.Tests.DataCases
open Xunit

/// Episodes of given lengths and returns, all timed out but the last, which is terminal; observations number the rows.
let private data (episodes: (int * float32) list) =
    let count = List.sumBy fst episodes

    let ends =
        episodes |> List.scan (fun sum (length, _) -> sum + length) 0 |> List.tail

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

[<Fact>]
let ``a share of trajectories keeps so many, best first, in the data's order`` () =
    // Rows 0-1, 2-4, 5, 6-9; best is the third, then the first; the second and the fourth are equal and the earlier wins.
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
        Assert.Equal<int list>(expected, rows (BestEpisodes.Of(t, share, ShareOf.Trajectories)))

[<Fact>]
let ``a share of time steps stops at the first trajectory that does not fit`` () =
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
        Assert.Equal<int list>(expected, rows (BestEpisodes.Of(t, share, ShareOf.TimeSteps)))

[<Fact>]
let ``what is kept stays episodes, and everything is the data themselves`` () =
    let t = data [ 2, 5f; 3, 1f; 1, 9f; 4, 1f ]
    let best = BestEpisodes.Of(t, 0.5, ShareOf.Trajectories)
    Assert.Equal<float list>([ 5.0; 9.0 ], [ for episode in best.Episodes -> episode.Return ])
    Assert.Same(t, BestEpisodes.Of(t, 1.0, ShareOf.TimeSteps))

[<Theory>]
[<InlineData(0.0)>]
[<InlineData(-0.1)>]
[<InlineData(1.1)>]
[<InlineData(Double.NaN)>]
let ``a share out of (0, 1] is refused`` share =
    let t = data [ 2, 5f ]

    let error =
        throws<ArgumentException>(fun () -> BestEpisodes.Of(t, share, ShareOf.Trajectories) |> ignore)

    Assert.Contains("share", error.Message)
