module Iql.Core.Tests.TransitionsTests

open System
open Iql.Data
open Iql.Core.Tests.DataCases
open Expecto

[<Tests>]
let tests =
    testList "TransitionsTests" [
        testSteps 300 "episodes cover every row once and end exactly at the flags" (fun steps ->
            let t = transitions 2 1 steps

            let rows = [
                for e in t.Episodes do
                    for row in e.Start .. e.Last -> row
            ]

            let ends = [ for e in t.Episodes -> e.Last ]

            rows = [ 0 .. steps.Length - 1 ]
            && ends = [
                for i in 0 .. steps.Length - 1 do
                    if steps[i].Terminal || steps[i].Timeout || i = steps.Length - 1 then
                        i
            ])

        testSteps 300 "an episode's end is terminal before time-out before unfinished" (fun steps ->
            transitions 1 1 steps
            |> _.Episodes
            |> Seq.forall (fun e ->
                let last = steps[e.Last]

                e.End =
                    (if last.Terminal then EpisodeEnd.Terminal
                     elif last.Timeout then EpisodeEnd.Timeout
                     else EpisodeEnd.Unfinished)))

        testCase "an episode's return is the sum of its rewards" (fun () ->
            let t = transitions 1 1 (steps 6 [ 1 ] [ 4 ])
            Expect.equal [ for e in t.Episodes -> e.Return ] [ 1.0; 9.0; 5.0 ] "return of e")

        testCase "a row has a next action in its own episode or when it is terminal" (fun () ->
            let t = transitions 1 1 (steps 6 [ 1 ] [ 3 ])

            Expect.equal
                [ for i in 0..5 -> t.HasNextAction i ]
                [ true; true; true; false; true; false ]
                "has next action of t of i")

        testCase "a number that is not finite is named with its row and column" (fun () ->
            let bad = column 1 5 3
            bad[3 * 3 + 2] <- nanf

            let make () =
                Transitions(
                    "x",
                    3,
                    1,
                    bad,
                    column 2 5 1,
                    Array.zeroCreate 5,
                    Array.zeroCreate 5,
                    Array.zeroCreate 5,
                    column 3 5 3
                )
                |> ignore

            let message = throws<ArgumentException>(make).Message
            Expect.stringContains message "observations" "message"
            Expect.stringContains message "NaN in row 3, column 2" "message")

        testCase "a column of another length is named with what was expected" (fun () ->
            let make () =
                Transitions(
                    "x",
                    3,
                    1,
                    column 1 4 3,
                    column 2 5 1,
                    Array.zeroCreate 5,
                    Array.zeroCreate 5,
                    Array.zeroCreate 5,
                    column 3 5 3
                )
                |> ignore

            let message = throws<ArgumentException>(make).Message

            Expect.stringStarts
                message
                "observations: expected 5 rows (as rewards has) of 3, 15 numbers, got 12"
                "message")

        testCase "no rows are refused" (fun () ->
            throws<ArgumentException>(fun () -> Transitions("x", 1, 1, [||], [||], [||], [||], [||], [||]) |> ignore)
            |> ignore)

        testCase "the fingerprint changes with any column and not with the name" (fun () ->
            let t = transitions 2 1 (steps 9 [ 3 ] [ 6 ])
            let changed = Array.copy (Array.ofSeq t.Rewards)
            changed[4] <- changed[4] + 1f

            let prints =
                [
                    t
                    t.With(rewards = changed)
                    t.With(observations = column 7 9 2)
                    t.With(actions = column 7 9 1)
                    t.With(nextObservations = column 7 9 2)
                    transitions 2 1 (steps 9 [ 3 ] [ 7 ])
                    transitions 2 1 (steps 9 [ 4 ] [ 6 ])
                ]
                |> List.map _.Fingerprint

            Expect.equal (prints |> List.distinct |> List.length) prints.Length "number of distinct prints"
            Expect.equal (t.Named("other").Fingerprint) t.Fingerprint "fingerprint of named of t 'other'"
            Expect.equal t.Fingerprint.Length 16 "length of fingerprint of t")

        testSteps 300 "all episodes in order are the data set itself" (fun steps ->
            let t = transitions 2 1 steps
            t.Subset([ 0 .. t.Episodes.Length - 1 ]).Fingerprint = t.Fingerprint)

        testCase "a subset keeps the episodes' rows and closes an unfinished one that is no longer last" (fun () ->
            let t = transitions 1 1 (steps 6 [ 1 ] [ 3 ])
            let picked = t.Subset [ 2; 0 ]
            Expect.equal (List.ofSeq picked.Rewards) [ 4f; 5f; 0f; 1f ] "rewards of picked"
            Expect.equal [ for e in picked.Episodes -> e.End ] [ EpisodeEnd.Timeout; EpisodeEnd.Terminal ] "end of e"
            throws<ArgumentException>(fun () -> t.Subset [ 3 ] |> ignore) |> ignore)

        testSteps 300 "joined data sets keep their episodes" (fun steps ->
            let t = transitions 2 3 steps
            let twice = Transitions.Concatenate("twice", [| t; t |])
            let returns (x: Transitions) = [ for e in x.Episodes -> e.Length, e.Return ]
            returns twice = returns t @ returns t)

        testCase "data sets of other sizes do not join" (fun () ->
            let a, b = transitions 2 1 (steps 3 [] []), transitions 3 1 (steps 3 [] [])

            throws<ArgumentException>(fun () -> Transitions.Concatenate("x", [| a; b |]) |> ignore) |> ignore)
    ]
