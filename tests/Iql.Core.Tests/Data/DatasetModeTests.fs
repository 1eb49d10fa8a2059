module Iql.Core.Tests.DatasetModeTests

open System
open System.IO
open Iql.Data
open Iql.Data.Files
open Iql.Core.Tests.DataCases
open Expecto

/// A file's columns of the given steps; the next observation of row i, when known, is column 3.
let raw (steps: Step[]) withTimeouts withNext =
    let n = steps.Length

    RawDataset(
        Name = "case",
        Source = "case.hdf5",
        ObservationSize = 2,
        ActionSize = 1,
        Observations = column 1 n 2,
        Actions = column 2 n 1,
        Rewards = (steps |> Array.map _.Reward),
        Terminals = (steps |> Array.map _.Terminal),
        Timeouts = (if withTimeouts then steps |> Array.map _.Timeout else null),
        NextObservations = (if withNext then column 3 n 2 else null)
    )

let load (raw: RawDataset) mode (timeLimit: int option) =
    let selection = RowSelection.Of(raw, mode, Option.toNullable timeLimit)
    selection, selection.Of raw

/// qlearning_dataset as D4RL's documentation and code tell it: a list of (row, next observation's row).
let naiveParity (steps: Step[]) withTimeouts timeLimit =
    let rec go i episodeStep =
        if i > steps.Length - 2 then
            []
        else
            let final = if withTimeouts then steps[i].Timeout else episodeStep = timeLimit - 1

            if final then go (i + 1) 0
            elif steps[i].Terminal then (i, i + 1) :: go (i + 1) 1
            else (i, i + 1) :: go (i + 1) (episodeStep + 1)

    go 0 0

let sameAsParity (steps: Step[]) withTimeouts timeLimit =
    match naiveParity steps withTimeouts timeLimit with
    | [] ->
        throws<InvalidDataException>(fun () ->
            load (raw steps withTimeouts true) DatasetMode.D4rlParity (Some timeLimit) |> ignore)
        |> ignore

        true
    | expected ->
        let _, t = load (raw steps withTimeouts true) DatasetMode.D4rlParity (Some timeLimit)

        let rows = List.map fst expected

        List.ofSeq t.Observations = [
            for row in rows do
                for j in 0..1 -> number 1 row j
        ]
        && List.ofSeq t.Actions = [ for row in rows -> number 2 row 0 ]
        && List.ofSeq t.Rewards = [ for row in rows -> steps[row].Reward ]
        && List.ofSeq t.Terminals = [ for row in rows -> steps[row].Terminal ]
        && List.ofSeq t.NextObservations = [
            for _, next in expected do
                for j in 0..1 -> number 1 next j
        ]

[<Tests>]
let tests =
    testList "DatasetModeTests" [
        testSteps 300 "parity keeps the rows that D4RL's qlearning_dataset keeps" (fun steps ->
            sameAsParity steps true 1000)

        testSteps 300 "parity without time-outs cuts at the time limit as D4RL counts" (fun steps ->
            [ 1; 2; 3; 5 ] |> List.forall (sameAsParity steps false))

        testCase "parity without time-outs and without a time limit is refused" (fun () ->
            let message =
                throws<InvalidDataException>(fun () ->
                    load (raw (steps 4 [] []) false false) DatasetMode.D4rlParity None |> ignore)
                    .Message

            Expect.stringContains message "'timeouts' or a time limit" "message")

        testCase "ten episodes of 1000 steps give 9990 rows in parity" (fun () ->
            let selection, t =
                load (raw (steps 10_000 [] [ 999..1000..9_999 ]) true false) DatasetMode.D4rlParity None

            Expect.equal t.Count 9_990 "count of t"
            Expect.hasLength t.Episodes 10 "episodes of t"

            for e in t.Episodes do
                Expect.equal e.Length 999 "length of e"
            // The last row is the last time-out at once.
            Expect.equal
                (selection.DroppedTimeouts, selection.DroppedLast)
                (9, 1)
                "dropped timeouts of selection, dropped last of selection"

            Expect.equal
                (string selection)
                "kept 9,990 of 10,000 rows; dropped 9 timed out, 1 last without a next observation"
                "selection")

        testSteps 300 "no kept row is followed by another episode's without a flag" (fun steps ->
            [ DatasetMode.D4rlParity; DatasetMode.Strict ]
            |> List.forall (fun mode ->
                let columns = raw steps true false

                try
                    let selection, t = load columns mode None

                    [ 0 .. t.Count - 2 ]
                    |> List.forall (fun i ->
                        let crossed =
                            seq { selection.Rows[i] .. selection.Rows[i + 1] - 1 }
                            |> Seq.exists (fun row -> steps[row].Terminal || steps[row].Timeout)

                        crossed = (t.Terminals[i] || t.Timeouts[i]))
                with :? Iql.FileException ->
                    true))

        testSteps 300 "strict keeps every row of a file with next observations, flags and all" (fun steps ->
            let _, t = load (raw steps true true) DatasetMode.Strict None

            List.ofSeq t.NextObservations = List.ofArray (column 3 steps.Length 2)
            && List.ofSeq t.Terminals = [ for s in steps -> s.Terminal ]
            && List.ofSeq t.Timeouts = [ for s in steps -> s.Timeout ])

        testSteps 300 "strict without next observations never looks into another episode" (fun steps ->
            let n = steps.Length

            let known = [
                for i in 0 .. n - 1 do
                    if steps[i].Terminal || (not steps[i].Timeout && i < n - 1) then
                        i
            ]

            if known.IsEmpty then
                true
            else
                let selection, t = load (raw steps true false) DatasetMode.Strict None

                List.ofSeq selection.Rows = known
                && List.ofSeq t.NextObservations = [
                    for i in known do
                        for j in 0..1 -> number 1 (if steps[i].Terminal then i else i + 1) j
                ]
                && n = known.Length + selection.DroppedTimeouts + selection.DroppedLast)

        testCase "strict without time-outs cuts at a given time limit" (fun () ->
            let _, t = load (raw (steps 10 [ 4 ] []) false true) DatasetMode.Strict (Some 3)
            Expect.equal [ for e in t.Episodes -> e.Length ] [ 3; 2; 3; 2 ] "length of e"

            Expect.equal
                [ for e in t.Episodes -> e.End ]
                [ EpisodeEnd.Timeout; EpisodeEnd.Terminal; EpisodeEnd.Timeout; EpisodeEnd.Unfinished ]
                "end of e")

        testCase "a number that is not finite is named with file, column and row" (fun () ->
            let columns = raw (steps 6 [] []) true true
            columns.NextObservations[2 * 4 + 1] <- infinityf

            let message =
                throws<InvalidDataException>(fun () -> load columns DatasetMode.Strict None |> ignore).Message

            Expect.stringContains message "case.hdf5: next_observations" "message"
            Expect.stringContains message "row 4, column 1" "message"
            // Parity makes its own next observations.
            load columns DatasetMode.D4rlParity None |> ignore)

        testCase "door-human in parity is D4RL's 6729 - 25 rows" (fun () ->
            let path = shared "data/hdf5/door-human-replayed.hdf5"

            let parity = DatasetFile.Load(path, DatasetMode.D4rlParity)
            let strict = DatasetFile.Load(path, DatasetMode.Strict)

            Expect.equal
                (parity.Count, parity.Episodes.Length)
                (6704, 25)
                "count of parity, length of episodes of parity"

            Expect.equal strict.Fingerprint parity.Fingerprint "fingerprint of strict"
            Expect.all parity.Episodes (fun e -> e.End = EpisodeEnd.Timeout || e.Last = 6703) "episodes of parity")
    ]
