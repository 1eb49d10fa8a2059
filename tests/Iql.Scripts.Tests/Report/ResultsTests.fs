module Iql.Scripts.Tests.ResultsTests

open System.Collections.Immutable
open System.IO
open Iql.Scripts
open Iql.Training
open Expecto

let private small = { Synthetic.plan with Expectiles = [ 0.7 ]; InverseTemperatures = [ 3.0 ]; Seeds = [ 0 ] }

let private withRun (action: string -> 'T) : 'T =
    Synthetic.withSweep small (fun folder -> action (Path.Combine(folder, "runs", Synthetic.runName 0.7 3.0 0)))

/// The same, not done yet: its metrics belong to no result and no checkpoint.
let private withUnfinished (action: string -> 'T) : 'T =
    withRun (fun folder ->
        File.Delete(RunFolder(folder).ResultPath)
        action folder)

let private read folder =
    match Results.readRun folder with
    | Ok run -> run
    | Error problem -> failwith problem

let private problem folder =
    match Results.readRun folder with
    | Ok _ -> failwith "expected an error, got a run"
    | Error problem -> problem

[<Tests>]
let tests =
    testList "ResultsTests" [
        testCase "a run folder becomes a record" (fun () ->
            withRun (fun folder ->
                let run = read folder
                Expect.equal run.Status RunStatus.Finished "status of run"
                Expect.equal run.Config.Task "pointmaze-umaze-stitch-v0" "task of run"
                Expect.equal run.Config.Seed 0UL "seed of run"
                Expect.hasLength run.Train 40 "train of run"
                Expect.hasLength run.Evaluations 10 "evaluations of run"
                Expect.hasLength run.Weights 10 "weights of run"
                Expect.equal (Seq.last run.Evaluations).Step 20000L "step of last of evaluations of run"

                Expect.equal
                    (Seq.last run.Evaluations).Returns.Length
                    20
                    "length of returns of last of evaluations of run"

                Expect.isTrue
                    (run.Train[0].Metrics.ContainsKey "valueLoss")
                    "contains key 'valueLoss' of train 0 of run"))

        testCase "half a line at the end is left out" (fun () ->
            withUnfinished (fun folder ->
                File.AppendAllText(Path.Combine(folder, "metrics.jsonl"), "{\"kind\":\"train\",\"step\":2")
                Expect.equal (read folder).Train.Length 40 "length of train of read of folder"))

        testCase "a broken line in the middle is an error with its place" (fun () ->
            withUnfinished (fun folder ->
                let path = Path.Combine(folder, "metrics.jsonl")
                let lines = File.ReadAllLines path
                lines[2] <- "{\"kind\":"
                File.WriteAllLines(path, lines)
                Expect.stringContains (problem folder) "metrics.jsonl, line 3" "problem of folder"))

        testCase "a line without a step is an error with its place" (fun () ->
            withUnfinished (fun folder ->
                File.AppendAllText(Path.Combine(folder, "metrics.jsonl"), "{\"kind\":\"train\"}\n")
                Expect.stringContains (problem folder) "metrics.jsonl, line 61" "problem of folder"))

        testCase "a folder of something else is an error that says what was expected" (fun () ->
            withRun (fun folder ->
                File.WriteAllText(Path.Combine(folder, "config.json"), "{\"format\":\"iql-run-9\"}")

                Expect.stringContains
                    (problem folder)
                    "expected the format iql-run-2, got iql-run-9"
                    "problem of folder")

            Expect.stringContains
                (problem (Path.Combine(Path.GetTempPath(), "no such folder of runs")))
                "config.json"
                "problem")

        testCase "metrics that are null are left out" (fun () ->
            withUnfinished (fun folder ->
                File.AppendAllText(
                    Path.Combine(folder, "metrics.jsonl"),
                    "{\"kind\":\"train\",\"step\":30000,\"seconds\":1,\"valueLoss\":null,\
                    \"valueMean\":2,\"stepsPerSecond\":1}\n"
                )

                let run = read folder
                Expect.hasLength (Run.metric "valueLoss" run) 40 "metric 'valueLoss'"
                Expect.equal (List.last (Run.metric "valueMean" run)) (30000.0, 2.0) "last of metric 'valueMean'"))

        testCase "a run without a result is unfinished and one with a failure diverged" (fun () ->
            let plan = {
                small with
                    Seeds = [ 0; 1 ]
                    Stopped = [ Synthetic.runName 0.7 3.0 0 ]
                    Diverged = [ Synthetic.runName 0.7 3.0 1 ]
            }

            Synthetic.withSweep plan (fun folder ->
                let run seed = read (Path.Combine(folder, "runs", Synthetic.runName 0.7 3.0 seed))

                Expect.equal
                    ((run 0).Status, (run 0).Step)
                    (RunStatus.Unfinished, 10000L)
                    "status of run 0, step of run 0"

                Expect.equal
                    ((run 1).Status, (run 1).Step)
                    (RunStatus.Diverged, 10000L)
                    "status of run 1, step of run 1"

                Expect.equal (run 1).Result.Failure.Metric "criticLoss" "metric of run 1"
                Expect.stringContains (run 1).Result.Failure.Message "NaN" "message of failure of run 1"))

        testCase "a sweep folder gives its runs in the order of the plan and names the missing ones" (fun () ->
            let missing = Synthetic.runName 0.5 1.0 2

            Synthetic.withSweep { Synthetic.plan with Missing = [ missing ] } (fun folder ->
                match Results.readSweep folder with
                | Error problem -> failwith problem
                | Ok sweep ->
                    Expect.hasLength sweep.Runs 35 "runs of sweep"
                    Expect.equal sweep.Missing [ missing ] "missing of sweep"

                    Expect.equal
                        [ for axis in sweep.Plan.Axes -> axis.Name ]
                        [ "expectile"; "inverseTemperature"; "seed" ]
                        "name of axis"

                    Expect.equal sweep.Runs.Head.Name (Synthetic.runName 0.5 0.0 0) "name of head of sweep"
                    Expect.equal (Run.valueOf "expectile" sweep.Runs.Head) "0.5" "value of 'expectile'"
                    let plane = List.exactlyOne (ResultGroups.planes sweep)
                    Expect.equal plane.Rows (Some "expectile") "rows of plane"
                    Expect.equal plane.Columns (Some "inverseTemperature") "columns of plane"
                    Expect.hasLength plane.Cells 12 "cells of plane"))

        testCase "what a run's folder is called says nothing" (fun () ->
            Synthetic.withSweep small (fun folder ->
                let plan = SweepPlan.Read folder
                let runs = Path.Combine(folder, "runs")
                Directory.Move(Path.Combine(runs, plan.Runs[0].Folder), Path.Combine(runs, "expectile=0.1,seed=7"))

                SweepPlan(
                    Name = "renamed",
                    Axes = plan.Axes,
                    Runs = [ PlannedRun("expectile=0.1,seed=7", plan.Runs[0].Labels) ].ToImmutableArray()
                )
                    .Write
                    folder

                match Results.readSweep folder with
                | Error problem -> failwith problem
                | Ok sweep -> Expect.equal (Run.valueOf "expectile" sweep.Runs.Head) "0.7" "value of 'expectile'"))

        testCase "a sweep of an older format is refused with what to do" (fun () ->
            Synthetic.withSweep small (fun folder ->
                File.WriteAllText(SweepPlan.PathIn folder, "{\"format\":\"iql-sweep-1\",\"runs\":[]}")

                match Results.readSweep folder with
                | Ok _ -> failwith "expected an error, got a sweep"
                | Error problem ->
                    Expect.stringContains problem "expected the format iql-sweep-3, got iql-sweep-1" "problem"
                    Expect.stringContains problem "train into a new folder" "problem"))

        testCase "a folder without a plan is an error that names the file" (fun () ->
            match Results.readSweep (Path.GetTempPath()) with
            | Ok _ -> failwith "expected an error, got a sweep"
            | Error problem -> Expect.stringContains problem "sweep.json" "problem")

        testCase "a damaged run is listed and leaves the others alone" (fun () ->
            let small = { small with Seeds = [ 0; 1; 2; 3 ] }
            let path seed file = Path.Combine("runs", Synthetic.runName 0.7 3.0 seed, file)

            for file in [ "config.json"; "result.json"; "metrics.jsonl" ] do
                for damage in
                    [
                        fun path -> File.WriteAllText(path, "")
                        fun path -> File.AppendAllText(path, " ")
                        fun path -> File.WriteAllBytes(path, (File.ReadAllBytes path)[..99])
                        fun path -> File.Copy(path.Replace("seed=1", "seed=2"), path, overwrite = true)
                    ] do
                    Synthetic.withSweep small (fun folder ->
                        damage (Path.Combine(folder, path 1 file))

                        match Results.readSweep folder with
                        | Error problem -> failwith problem
                        | Ok sweep ->
                            Expect.hasLength sweep.Runs 3 $"{file}: whole runs"

                            match sweep.Damaged with
                            | [ name, problem ] ->
                                Expect.equal name (Synthetic.runName 0.7 3.0 1) "name"
                                Expect.stringContains problem folder "problem"
                                Expect.stringContains problem "--retrain-damaged" "problem"
                                Expect.stringContains (Doubts.ofSweep sweep).Head "1 of 4 runs are damaged" "doubts"
                            | other -> failwith $"{file}: expected one damaged run, got {other}"))
    ]
