module Iql.Core.Tests.Estimation.ImportanceTests

open System
open System.Collections.Immutable
open System.IO
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Estimation
open Expecto
open Iql.Tests
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.Training.Fixture

/// Episodes as lists of (ln ratio, reward, Q, V), each with its end and V behind it.
let private rows (episodes: (EpisodeEnd * float * (float * float * float * float) list) list) : WeighedRows =
    let all = episodes |> List.collect (fun (_, _, steps) -> steps)
    let starts = episodes |> List.scan (fun start (_, _, steps) -> start + steps.Length) 0

    WeighedRows(
        [|
            for start, (ended, _, steps) in Seq.zip starts episodes -> Episode(start, steps.Length, ended, 0.0)
        |],
        [| for ratio, _, _, _ in all -> ratio |],
        [| for _, reward, _, _ in all -> reward |],
        [| for _, _, q, _ in all -> q |],
        [| for _, _, _, v in all -> v |],
        [|
            for _, after, steps in episodes do
                yield! List.replicate steps.Length after
        |]
    )

let private close (expected: float) (actual: float) what =
    Expect.floatClose (Accuracy.within 1e-12) actual expected what

[<Tests>]
let tests =
    testList "ImportanceTests" [
        // Weights 3 : 1 at the first decision, 3 · 1 : 1 · 1 at the second, which episode two does not make.
        testCase "two episodes by hand" (fun () ->
            let weighed =
                rows [
                    EpisodeEnd.Terminal, 0.0, [ log 3.0, 1.0, 0.5, 2.0; 0.0, 4.0, 3.0, 1.0 ]
                    EpisodeEnd.Terminal, 0.0, [ 0.0, 2.0, 1.5, 1.0 ]
                ]

            let estimate = ImportanceSampling.Of(weighed, 0.5)
            close (0.75 * 1.0 + 0.25 * 2.0 + 0.5 * 0.75 * 4.0) estimate.Weighted "weighted"

            let first = 0.75 * (1.0 - 0.5) + 0.25 * (2.0 - 1.5) + 0.5 * 2.0 + 0.5 * 1.0
            let second = 0.5 * (0.75 * (4.0 - 3.0) + 0.75 * 1.0)
            close (first + second) estimate.DoublyRobust "doubly robust"
            close (1.0 / (0.75 * 0.75 + 0.25 * 0.25)) estimate.EffectiveEpisodes "effective episodes")

        testCase "with its own policy's episodes it is their mean return" (fun () ->
            let weighed =
                rows [
                    for reward in [ 1.0; 3.0 ] ->
                        EpisodeEnd.Terminal, 0.0, [ 0.0, reward, 0.0, 0.0; 0.0, reward, 0.0, 0.0 ]
                ]

            let estimate = ImportanceSampling.Of(weighed, 0.9)
            close (1.9 * 2.0) estimate.Weighted "weighted"
            close (1.9 * 2.0) estimate.DoublyRobust "doubly robust"
            close 2.0 estimate.EffectiveEpisodes "effective episodes")

        testCase "a right Q makes the doubly robust one exact, whatever the weights" (fun () ->
            // One state, reward 1 a decision for ever, cut after two: V = 1 / (1 − γ).
            let v = 1.0 / (1.0 - 0.9)

            let weighed =
                rows [ for ratio in [ -2.0; 0.3; 5.0 ] -> EpisodeEnd.Timeout, v, List.replicate 2 (ratio, 1.0, v, v) ]

            close v (ImportanceSampling.Of(weighed, 0.9)).DoublyRobust "doubly robust")

        testCase "weights of any size do not overflow" (fun () ->
            let weighed =
                rows [ for ratio in [ 2000.0; -2000.0 ] -> EpisodeEnd.Terminal, 0.0, [ ratio, 1.0, 0.0, 0.0 ] ]

            let estimate = ImportanceSampling.Of(weighed, 0.9)
            close 1.0 estimate.Weighted "weighted"
            close 1.0 estimate.EffectiveEpisodes "effective episodes")

        testCase "of many episodes it finds a policy's value from another's draws" (fun () ->
            // Two decisions of two choices; choice one pays 1. μ draws evenly, π takes choice one 8 times of 10.
            let seed = Seed.Named "importance"

            let step i =
                let one = seed.Unit(uint64 i) < 0.5
                log ((if one then 0.8 else 0.2) / 0.5), (if one then 1.0 else 0.0), 0.0, 0.0

            let weighed = rows [ for i in 0..4999 -> EpisodeEnd.Terminal, 0.0, [ step (2 * i); step (2 * i + 1) ] ]
            let estimate = ImportanceSampling.Of(weighed, 0.9)
            Expect.floatClose (Accuracy.within 0.03) estimate.Weighted (0.8 * 1.9) "weighted")

        testCase "the column of a file has a number for each row that is kept" (fun () ->
            inFolder (fun folder ->
                let path = Path.Combine(folder, "log.npz")
                let steps = [| for i in 0..4 -> { Terminal = false; Timeout = (i = 2); Reward = 1f } |]
                let numbers = [| for i in 0..4 -> float32 i |]

                DatasetFile.Save(
                    path,
                    transitions 2 1 steps,
                    null,
                    ArrayData("infos/logp", [ 5L ].ToImmutableArray(), numbers)
                )

                let read mode = BehaviourLog.Read(path, "infos/logp", mode) |> List.ofArray
                Expect.equal (read DatasetMode.Strict) [ 0f; 1f; 2f; 3f; 4f ] "strict"
                // D4RL drops the row that timed out, and the last.
                Expect.equal (read DatasetMode.D4rlParity) [ 0f; 1f; 3f ] "d4rl"

                let refusal (column: string) =
                    messageOf<InvalidDataException>(fun () ->
                        BehaviourLog.Read(path, column, DatasetMode.Strict) |> ignore)

                Expect.stringContains (refusal "logp") "expected a column logp, got actions, infos" "no column"
                Expect.stringContains (refusal "observations") "expected one number a row of observations" "wide"))
    ]
