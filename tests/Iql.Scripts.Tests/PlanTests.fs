/// Sweeps as data: plans, random points, what a scheduler says.
module Iql.Scripts.Tests.PlanTests

open System
open System.IO
open Expecto
open Iql.Data
open Iql.Scripts
open Iql.Tests

let private plan: Plan = {
    Name = "two tasks"
    Data = [
        DataSource.Task("pointmaze-umaze-v0", Some 2000)
        DataSource.File("/data/mine.npz", Some DatasetMode.Strict, Some "pointmaze-medium-v0")
        DataSource.Task("pointmaze-umaze-stitch-v0", None)
    ]
    Algorithms = [ "iql" ]
    Axes = [ "expectile", [ "0.7"; "0.9" ] ]
    Points = [
        [ "inverseTemperature", "3"; "batchSize", "64" ]
        [ "inverseTemperature", "10"; "batchSize", "32" ]
    ]
    Seeds = [ 0..4 ]
    Settings = [ "steps", "2k"; "episodes", "5"; "hiddenSizes", "32x32" ]
    Last = 2
    Halving = Some { Steps = [ 1000; 2000 ]; Keep = 4 }
}

let private inFile (work: string -> 'result) : 'result =
    let path = Path.GetTempFileName()

    try
        work path
    finally
        File.Delete path

let private ofText (text: string) : Result<Plan, string> =
    inFile (fun path ->
        File.WriteAllText(path, text)
        PlanFile.read path |> Result.mapError _.Replace(path, "FILE"))

[<Tests>]
let tests =
    testList "PlanTests" [
        testCase "a plan is the same after its file" (fun () ->
            inFile (fun path ->
                PlanFile.write path plan |> Attempt.get
                Expect.equal (PlanFile.read path |> Attempt.get) plan "plan"))

        testCase "a plan by hand takes numbers and ranges of seeds, and may leave out everything" (fun () ->
            let own =
                ofText
                    """{"format": "iql-plan-1", "axes": {"expectile": [0.7, 0.9]}, "seeds": "0-1",
                           "settings": {"steps": 100}}"""
                |> Attempt.get

            Expect.equal own.Axes [ "expectile", [ "0.7"; "0.9" ] ] "axes"
            Expect.equal own.Seeds [ 0; 1 ] "seeds"
            Expect.equal own.Settings [ "steps", "100" ] "settings"
            Expect.equal (ofText """{"format": "iql-plan-1"}""") (Ok Plan.standard) "nothing")

        testRows
            "what a plan should have is said"
            [
                """{"axes": {}}""", "FILE: format: expected iql-plan-1, got ."
                """{"format": "iql-plan-1", "axis": {}}""",
                "FILE: fields: expected some of format, name, data, algorithms, axes, points, seeds, settings, \
                 last and halving, got axis. Did you mean axes?"
                """{"format": "iql-plan-1", "axes": [1]}""", "FILE: axes: expected names and values in { }, got [1]."
                """{"format": "iql-plan-1", "seeds": "x"}""",
                "FILE: seeds: expected seeds such as 0,1,2 or 0-4, got \"x\"."
                """{"format": "iql-plan-1", "data": [{"mode": "strict"}]}""",
                "FILE: data: expected a task or a file, got {\"mode\": \"strict\"}."
            ]
            (fun (text: string, message: string) -> Expect.equal (ofText text) (Error message) "message")

        testCase "runs of a plan are combined, and points vary their names together" (fun () ->
            let sweep = Plan.sweep { plan with Data = plan.Data.Tail.Tail; Halving = None } |> Attempt.get
            let cells = Sweep.cells sweep
            Expect.hasLength cells 20 "cells"

            Expect.equal
                cells.Head.Name
                "task=pointmaze-umaze-stitch-v0,algorithm=iql,expectile=0.7,inverseTemperature=3,batchSize=64,seed=0"
                "name"

            Expect.equal cells.Head.Trial.Steps 2000 "steps"
            Expect.equal cells.Head.Trial.EvaluateEvery 200 "interval"
            Expect.equal (Map(Sweep.axes sweep)).["batchSize"] [ "64"; "32" ] "values"

            Expect.equal
                (PlanCost.describe (PlanCost.ofSweep sweep))
                "20 runs in 20 groups, 40,000 steps; 1,100 online episodes in 220 evaluations"
                "cost")

        testCase "runs that share a value function are one group" (fun () ->
            let axes = [ "expectile", [ "0.7"; "0.9" ]; "inverseTemperature", [ "0"; "3"; "10" ] ]
            let cost = Plan.sweep { Plan.standard with Axes = axes } |> Attempt.get |> PlanCost.ofSweep
            Expect.equal (cost.Runs, cost.Groups) (18, 6) "groups")

        testCase "every rung of a halving is counted before the first" (fun () ->
            let halved steps =
                Halving.costs {
                    Plan.standard with
                        Axes = [ "expectile", [ "0.5"; "0.7"; "0.8"; "0.9" ] ]
                        Halving = Some { Steps = steps; Keep = 2 }
                }
                |> Result.map (List.map (fun cost -> cost.Runs, cost.Steps))

            Expect.equal (halved [ 100; 200; 400 ]) (Ok [ 12, 1200L; 6, 1200L; 3, 1200L ]) "costs"

            Expect.equal
                (halved [ 100; 50 ])
                (Error "halving: expected the steps of two rungs or more, rising, such as 20k,60k,180k.")
                "steps")

        testCase "a setting that no algorithm has is refused" (fun () ->
            Expect.equal
                (Plan.sweep { Plan.standard with Settings = [ "alpha", "1" ]; Algorithms = [ "iql"; "bc" ] }
                 |> Result.map ignore)
                (Error "alpha: belongs to td3bc, got iql and bc.")
                "message")

        testCase "an axis leaves algorithms alone that have it not, and one that no algorithm has is refused" (fun () ->
            let plan = {
                Plan.standard with
                    Axes = [ "expectile", [ "0.5"; "0.9" ]; "alpha", [ "1"; "2.5"; "4" ] ]
                    Algorithms = [ "iql"; "td3bc"; "bc" ]
                    Seeds = [ 0 ]
            }

            let names = Plan.sweep plan |> Attempt.get |> Sweep.cells |> List.map _.Name

            let task = "task=pointmaze-large-windy-v0"

            Expect.equal
                names
                [
                    $"{task},algorithm=iql,expectile=0.5,seed=0"
                    $"{task},algorithm=iql,expectile=0.9,seed=0"
                    $"{task},algorithm=td3bc,alpha=1,seed=0"
                    $"{task},algorithm=td3bc,alpha=2.5,seed=0"
                    $"{task},algorithm=td3bc,alpha=4,seed=0"
                    $"{task},algorithm=bc,seed=0"
                ]
                "runs"

            Expect.equal
                (Plan.sweep { plan with Algorithms = [ "iql"; "bc" ] } |> Result.map ignore)
                (Error "alpha: belongs to td3bc, got iql and bc.")
                "message")

        testCase "a plan that is absent or is no JSON, and points without a range, are refused in words" (fun () ->
            let path = Path.GetTempFileName()
            File.WriteAllText(path, "{\n\"format\":")
            let broken = PlanFile.read path
            File.Delete path
            Expect.equal broken (Error $"{path}: expected a plan as JSON, got an error in line 2.") "broken"
            Expect.equal (PlanFile.read path) (Error $"{path}: expected a plan, found no such file.") "absent"

            match RandomSearch.points 4 0 [] with
            | Ok points -> failtest $"{points}"
            | Error problem -> Expect.stringContains problem "expected a range to draw from" "no range")

        testCase "random points lie in their ranges, and more points begin with the fewer" (fun () ->
            let spaces = [ "expectile", "0.5..0.9"; "batchSize", "16..256:log"; "hiddenSizes", "8x8,16x16" ]
            let draw count = RandomSearch.points count 7 spaces |> Attempt.get
            let points = draw 200
            Expect.equal (draw 20) (List.truncate 20 points) "the first"
            let values name = points |> List.map (List.find (fst >> (=) name) >> snd)
            let numbers name = values name |> List.map float

            for expectile in numbers "expectile" do
                Expect.between 0.5 0.9 expectile "expectile"

            Expect.between 0.66 0.74 (List.average (numbers "expectile")) "even"
            // The middle of a log scale: the root of 16 × 256.
            let small = numbers "batchSize" |> List.filter (fun size -> size < 64.0) |> List.length
            Expect.between 75 125 small "log scale"
            Expect.equal (values "hiddenSizes" |> List.distinct |> List.sort) [ "16x16"; "8x8" ] "words"

            Expect.equal
                (RandomSearch.points 2 0 [ "expectile", "0.9..0.5" ])
                (Error "expectile: expected a range such as 0.5..0.95, or 0.0001..0.01:log above 0, got 0.9..0.5.")
                "message")

        testRows
            "a task learns its number, its cores and its exit code from its scheduler"
            [
                [], None, None
                [ "SLURM_ARRAY_TASK_ID", "3"; "SLURM_JOB_ID", "9" ], Some 3, Some 75
                [ "SGE_TASK_ID", "1"; "SGE_ROOT", "/ge"; "JOB_ID", "9" ], Some 0, Some 99
                [ "SGE_TASK_ID", "undefined"; "SGE_ROOT", "/ge"; "JOB_ID", "9" ], None, Some 99
                [ "PBS_ARRAY_INDEX", "0"; "PBS_JOBID", "9[0]" ], Some 0, Some 75
                [ "JOB_COMPLETION_INDEX", "12" ], Some 12, Some 75
                [ "SLURM_ARRAY_TASK_ID", ""; "SLURM_JOB_ID", "9" ], None, Some 75
            ]
            (fun (variables, index, again) ->
                let read name =
                    variables |> List.tryFind (fst >> (=) name) |> Option.map snd |> Option.filter ((<>) "")

                Expect.equal (Scheduler.index read) index "index"
                Expect.equal (Scheduler.again read) again "again"
                Expect.equal (Scheduler.cores read) Environment.ProcessorCount "cores"

                Expect.equal
                    (Scheduler.cores (function
                        | "NSLOTS" -> Some "1"
                        | name -> read name))
                    1
                    "one core")
    ]
