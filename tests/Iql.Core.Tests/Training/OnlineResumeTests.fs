module Iql.Core.Tests.Training.OnlineResumeTests

open System
open System.IO
open Expecto
open Iql.Training
open Iql.Training.Online
open Iql.Tests
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns
open Iql.Core.Tests.Training.OnlineRuns

let private cases = [
    "one buffer", How.Of()
    "a full buffer", How.Of(capacity = 64L, noise = 0.2)
    "two buffers", How.Of(share = 0.5, capacity = 17L, after = 5L, random = 5L)
    "ahead", How.Of(lag = 1, capacity = 70L)
    "rarely, ahead", How.Of(updates = 0.4, lag = 1)
    "often", How.Of(updates = 2.0, online = 25L)
    "whole episodes", How.Of(turns = Turns.Episodes)
    "new optimizers", How.Of(reset = true)
    "no offline steps", How.Of(offline = 0L, share = 0.5, updates = 2.0, after = 5L, random = 5L)
]

let private plan threads = planWith transitions (Line()) threads (learnerOf algorithm)

/// Trains to the end, stopped at each of some steps on the way.
let private stopped root name how threads stops =
    let own = run root name (configOf algorithm how)

    for stop in stops do
        if isNull (own.Result()) then
            trainTo (Nullable stop) (plan threads) own |> ignore

    if isNull (own.Result()) then
        trainTo toEnd (plan threads) own |> ignore

    contents own.Folder

/// Changes one byte in the middle of a file.
let private damage (path: string) =
    let bytes = File.ReadAllBytes path
    bytes[bytes.Length / 2] <- bytes[bytes.Length / 2] ^^^ 64uy
    File.WriteAllBytes(path, bytes)

/// The files of acting's rows, in order.
let private files (folder: RunFolder) = Directory.GetFiles(folder.Path, "online-*") |> Array.sort |> List.ofArray

[<Tests>]
let tests =
    testList "OnlineResumeTests" [
        testRows "a run that is stopped at any step of both phases goes on to the same bits" cases (fun (name, how) ->
            inFolder (fun root ->
                let expected = stopped root "whole" how 1 []

                for threads, stops in
                    [ 1, [ 1L; 29L; 30L; 31L; 32L; 43L; how.Steps - 1L ]; 2, [ 17L; 36L; 48L; 49L ] ] do
                    Expect.equal
                        (stopped root $"{threads}" how threads stops)
                        expected
                        $"{name}, {threads} threads, stopped at %A{stops}"))

        testLong [
            testCase "a run that is stopped at random goes on to the same bits, 20 ways of each kind" (fun () ->
                let random = Random 5

                for name, how in cases do
                    inFolder (fun root ->
                        let expected = stopped root "whole" how 1 []

                        for i in 1..20 do
                            let stops = List.sort [ for _ in 1 .. 1 + i % 4 -> random.NextInt64(1L, how.Steps) ]

                            Expect.equal
                                (stopped root $"{i}" how (1 + i % 2) stops)
                                expected
                                $"{name}, stopped at %A{stops}"))
        ]

        testRows "a run goes on from the checkpoint before where the newest is damaged" cases (fun (name, how) ->
            inFolder (fun root ->
                let expected = stopped root "whole" how 1 []

                for damaged in [ "the newest"; "rows of the newest" ] do
                    let own = run root damaged (configOf algorithm how)
                    let last = how.Steps - 2L
                    trainTo (Nullable last) (plan 1) own |> ignore
                    let newest = List.last (files own.Folder)
                    damage (if damaged = "the newest" then own.Folder.CheckpointPath else newest)
                    let message = own.Folder.Restore own.Config
                    Expect.stringContains message "The run continues from the checkpoint before" name
                    Expect.isLessThan (Checkpoint.Step own.Folder) last $"{name}, {damaged}"
                    let outcome = trainTo toEnd (plan 1) own
                    Expect.equal (contents outcome.Run.Folder) expected $"{name}, {damaged}"))

        testCase "rows are kept while a checkpoint needs them, and never written twice" (fun () ->
            inFolder (fun root ->
                let how = How.Of(share = 0.5, capacity = 16L, online = 200L)
                let own = run root "run" (configOf algorithm how)
                let written = Collections.Generic.Dictionary<string, DateTime>()

                for stop in 40L..20L..220L do
                    trainTo (Nullable stop) (plan 1) own |> ignore

                    for path in files own.Folder do
                        let time = File.GetLastWriteTimeUtc path

                        if not (written.TryAdd(path, time)) then
                            Expect.equal time written[path] $"time of {path}"

                    let rows = rowsOf own.Folder
                    Expect.isLessThan rows.Length 60 "rows on the disk"

                let outcome = trainTo toEnd (plan 1) own
                Expect.isEmpty (files outcome.Run.Folder) "files after the end"
                Expect.isNotNull (outcome.Run.Folder.Verified own.Config) "result"))

        testCase "a run whose rows are lost says so" (fun () ->
            inFolder (fun root ->
                let own = run root "run" (configOf algorithm (How.Of()))
                trainTo (Nullable 60L) (plan 1) own |> ignore
                File.Delete(List.head (files own.Folder))

                let error =
                    Expect.raises<InvalidDataException> (fun () -> trainTo toEnd (plan 1) own |> ignore) "lost rows"

                Expect.stringContains error.Message "got none with row 0" "message"))
    ]
