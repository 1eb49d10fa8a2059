/// How far a sweep is, as its folder shows it.
module Iql.Scripts.Tests.SweepStatusTests

open System
open System.Collections.Generic
open System.Collections.Immutable
open System.Diagnostics
open System.IO
open System.Security.Cryptography
open Expecto
open Iql.Algorithms
open Iql.Scripts
open Iql.Tests
open Iql.Training

let private inFolder (work: string -> unit) =
    let folder = Directory.CreateTempSubdirectory "iql-status-"

    try
        work folder.FullName
    finally
        folder.Delete true

/// A sweep of groups of two runs.
let private plan (groups: int) : SweepPlan =
    let axis name values = SweepAxis(name, ImmutableArray.CreateRange values)

    SweepPlan(
        Name = "made up",
        Axes =
            [| axis "inverseTemperature" [ "1"; "3" ]; axis "seed" [ for seed in 1..groups -> string seed ] |]
                .ToImmutableArray(),
        Runs =
            ImmutableArray.CreateRange [
                for seed in 0 .. groups - 1 do
                    for temperature in [ "1"; "3" ] do
                        let labels = [
                            KeyValuePair("inverseTemperature", temperature)
                            KeyValuePair("seed", string seed)
                        ]

                        PlannedRun(
                            $"inverseTemperature={temperature},seed={seed}",
                            OrderedDictionary labels,
                            Group = seed
                        )
            ]
    )

let private group (number: int) state step reason minutes =
    GroupStatus(
        Group = number,
        Name = $"seed={number}",
        Runs = 2,
        Steps = 1000L,
        Step = step,
        State = state,
        Reason = reason,
        StepsPerSecond = 10.0,
        Written = DateTimeOffset.UtcNow.AddMinutes(-minutes),
        Host = "node7",
        Process = 42
    )

let private standings (status: SweepStatus) = [ for group in status.Groups -> group.Standing ]

[<Tests>]
let tests =
    testList "SweepStatusTests" [
        testCase "each group has a standing, and what needs a look is said" (fun () ->
            inFolder (fun folder ->
                (plan 7).Write folder
                (group 0 GroupState.Done 1000L null 60.0).Write folder
                (group 1 GroupState.Running 400L null 1.0).Write folder
                (group 2 GroupState.Running 200L null 6.0).Write folder
                (group 3 GroupState.Stopped 100L null 60.0).Write folder
                (group 4 GroupState.Failed 0L "the disk is full" 60.0).Write folder
                // Of a sweep that had other axes, and one that is cut off.
                File.Copy(GroupStatus.PathIn(folder, 0), GroupStatus.PathIn(folder, 5))
                File.WriteAllText(GroupStatus.PathIn(folder, 6), "{")
                let status = SweepStatus.read folder |> Attempt.get

                Expect.equal
                    (standings status)
                    [
                        Standing.Done
                        Standing.Running
                        Standing.Silent
                        Standing.Stopped
                        Standing.Failed
                        Standing.Waiting
                        Standing.Waiting
                    ]
                    "standings"

                Expect.equal (SweepStatus.missing status) [ 2; 3; 4; 5; 6 ] "missing"

                // 600 + 800 + 900 + 1000 + 1000 steps of one process at 10 a second.
                Expect.equal status.Left (Some(TimeSpan.FromSeconds 430.0, true)) "left"

                Expect.equal
                    (SweepStatusText.lines 2 status)
                    [
                        "made up: 14 runs in 7 groups, 8 minutes left at this pace"
                        "  done    1 group, 2 runs"
                        "  running 1 group, 2 runs"
                        "  waiting 2 groups, 4 runs"
                        "  stopped 1 group, 2 runs"
                        "  silent  1 group, 2 runs"
                        "  failed  1 group, 2 runs"
                        "failed 4 seed=4 at 0 %, 10 steps/s, process 42 on node7: the disk is full"
                        "silent 2 seed=2 at 20 %, 10 steps/s, process 42 on node7"
                        "and 2 more"
                    ]
                    "lines"))

        testCase "a launch leaves the status of its groups, and one with more runs is open again" (fun () ->
            inFolder (fun folder ->
                let config = ImplicitQLearningConfig(HiddenSizes = Widths [ 4 ], BatchSize = 16)

                let sweep seeds = {
                    Name = "small"
                    Base = {
                        Trial.standard with
                            Config = config
                            Data = DataSource.Task(TaskName.standard, Some 1000)
                            Steps = 20
                            EvaluateEvery = 10
                            Episodes = 0
                    }
                    Axes = [ Axis.inverseTemperature [ 1.0; 3.0 ]; Axis.seed seeds ]
                }

                let standing seeds =
                    Launch.run { Launch.into folder with Threads = 1 } (sweep seeds) |> Attempt.get |> ignore
                    SweepStatus.read folder |> Attempt.get

                let status = standing [ 0; 1 ]
                Expect.equal (standings status) [ Standing.Done; Standing.Done ] "standings"
                Expect.equal [ for group in status.Groups -> group.Status.Value.Step ] [ 20L; 20L ] "steps"
                let result = Path.Combine(folder, "runs", "inverseTemperature=1,seed=1", "result.json")
                File.Delete result
                File.WriteAllText(Path.Combine(Path.GetDirectoryName result, "config.json"), "{}")
                let status = standing [ 0; 1; 2 ]
                Expect.equal (standings status) [ Standing.Done; Standing.Failed; Standing.Done ] "damaged"
                Expect.stringContains status.Groups[1].Status.Value.Reason "config.json" "reason"))

        testLong [
            testCase "the status of 10,000 groups is there in three seconds" (fun () ->
                inFolder (fun folder ->
                    (plan 10_000).Write folder
                    (group 0 GroupState.Running 400L null 1.0).Write folder
                    let seal = ",\n  \"sha256\""
                    let body = File.ReadAllText(GroupStatus.PathIn(folder, 0)).Split(seal)[0]

                    // Written as Iql writes them, but without ten thousand waits for the disk.
                    for number in 1..9999 do
                        let own =
                            body.Replace("\"group\": 0", $"\"group\": {number}").Replace("seed=0", $"seed={number}")

                        let sum = Convert.ToHexStringLower(SHA256.HashData(Text.Encoding.UTF8.GetBytes own))
                        File.WriteAllText(GroupStatus.PathIn(folder, number), $"{own}{seal}: \"{sum}\"\n}}\n")

                    let clock = Stopwatch.StartNew()
                    let status = SweepStatus.read folder |> Attempt.get
                    let lines = SweepStatusText.lines 20 status
                    Expect.isLessThan clock.Elapsed (TimeSpan.FromSeconds 3.0) "time"
                    Expect.equal (status.Count Standing.Running) 10_000 "running"
                    Expect.stringContains lines.Head "20000 runs in 10000 groups" "head"))
        ]
    ]
