module Iql.Core.Tests.Training.OnlineResumeTests

open System
open System.IO
open Expecto
open Iql.Algorithms
open Iql.Training
open Iql.Training.Online
open Iql.Tests
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns
open Iql.Core.Tests.Training.OnlineRuns

let private cases = [
    "one buffer", iql, How.Of()
    "a full buffer", iql, How.Of(capacity = 64L, noise = 0.2)
    "two buffers", iql, How.Of(share = 0.5, capacity = 17L, after = 5L, random = 5L)
    "ahead", iql, How.Of(lag = 1, capacity = 70L)
    "rarely, ahead", iql, How.Of(updates = 0.4, lag = 1)
    "often", iql, How.Of(updates = 2.0, online = 25L)
    "whole episodes", iql, How.Of(turns = Turns.Episodes)
    "new optimizers", iql, How.Of(reset = true)
    "no offline steps", iql, How.Of(offline = 0L, share = 0.5, updates = 2.0, after = 5L, random = 5L)
    "returns to go", calibrated, How.Of(turns = Turns.Episodes, share = 0.5)
    "returns to go of a full buffer", calibrated, How.Of(turns = Turns.Episodes, share = 0.5, capacity = 17L)
    "returns to go until the switch", calibrated, How.Of(calibration = OnlineCalibration.Off, capacity = 64L)
    "td3bc",
    trainee "td3bc" (TD3BCConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)),
    How.Of(acting = ActingChoice.Greedy, noise = 0.3, clip = 0.5, reset = true)
    "bc",
    trainee "bc" (BehaviourCloningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)),
    How.Of(acting = ActingChoice.Greedy)
]

/// Trains to the end, stopped at each of some steps on the way.
let private stopped root name who how threads stops =
    let own = run root name (configFor who how)

    for stop in stops do
        if isNull (own.Result()) then
            trainTo (Nullable stop) (planFor who threads) own |> ignore

    if isNull (own.Result()) then
        trainTo toEnd (planFor who threads) own |> ignore

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
        testRows
            "a run that is stopped at any step of both phases goes on to the same bits"
            cases
            (fun (name, who, how) ->
                inFolder (fun root ->
                    let expected = stopped root "whole" who how 1 []

                    for threads, stops in
                        [ 1, [ 1L; 29L; 30L; 31L; 32L; 43L; how.Steps - 1L ]; 2, [ 17L; 36L; 48L; 49L ] ] do
                        Expect.equal
                            (stopped root $"{threads}" who how threads stops)
                            expected
                            $"{name}, {threads} threads, stopped at %A{stops}"))

        testLong [
            testCase "a run that is stopped at random goes on to the same bits, 20 ways of each kind" (fun () ->
                let random = Random 5

                for name, who, how in cases do
                    inFolder (fun root ->
                        let expected = stopped root "whole" who how 1 []

                        for i in 1..20 do
                            let stops = List.sort [ for _ in 1 .. 1 + i % 4 -> random.NextInt64(1L, how.Steps) ]

                            Expect.equal
                                (stopped root $"{i}" who how (1 + i % 2) stops)
                                expected
                                $"{name}, stopped at %A{stops}"))
        ]

        testRows "a run goes on from the checkpoint before where the newest is damaged" cases (fun (name, who, how) ->
            inFolder (fun root ->
                let expected = stopped root "whole" who how 1 []

                for damaged in [ "the newest"; "rows of the newest" ] do
                    let own = run root damaged (configFor who how)
                    let last = how.Steps - 2L
                    trainTo (Nullable last) (planFor who 1) own |> ignore
                    let newest = List.last (files own.Folder)
                    damage (if damaged = "the newest" then own.Folder.CheckpointPath else newest)
                    let message = own.Folder.Restore own.Config
                    Expect.stringContains message "The run continues from the checkpoint before" name
                    Expect.isLessThan (Checkpoint.Step own.Folder) last $"{name}, {damaged}"
                    let outcome = trainTo toEnd (planFor who 1) own
                    Expect.equal (contents outcome.Run.Folder) expected $"{name}, {damaged}"))

        testCase "rows are kept while a checkpoint needs them, and never written twice" (fun () ->
            inFolder (fun root ->
                let how = How.Of(share = 0.5, capacity = 16L, online = 200L)
                let own = run root "run" (configOf algorithm how)
                let written = Collections.Generic.Dictionary<string, DateTime>()

                for stop in 40L..20L..220L do
                    trainTo (Nullable stop) (planFor iql 1) own |> ignore

                    for path in files own.Folder do
                        let time = File.GetLastWriteTimeUtc path

                        if not (written.TryAdd(path, time)) then
                            Expect.equal time written[path] $"time of {path}"

                    let rows = rowsOf own.Folder
                    Expect.isLessThan rows.Length 60 "rows on the disk"

                let outcome = trainTo toEnd (planFor iql 1) own
                Expect.isEmpty (files outcome.Run.Folder) "files after the end"
                Expect.isNotNull (outcome.Run.Folder.Verified own.Config) "result"))

        testCase "a run whose rows are lost says so" (fun () ->
            inFolder (fun root ->
                let own = run root "run" (configOf algorithm (How.Of()))
                trainTo (Nullable 60L) (planFor iql 1) own |> ignore
                File.Delete(List.head (files own.Folder))

                let error =
                    Expect.raises<InvalidDataException>
                        (fun () -> trainTo toEnd (planFor iql 1) own |> ignore)
                        "lost rows"

                Expect.stringContains error.Message "got none with row 0" "message"))
    ]
