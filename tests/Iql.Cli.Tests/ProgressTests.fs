module Iql.Cli.Tests.ProgressTests

open System
open System.Collections.Immutable
open Expecto
open Iql.Tests
open Iql.Training
open Iql.Scripts
open Iql.Cli
open Iql.Cli.Tests.Trainings

let private latest (runs: int) (step: int64) (loss: string) : TrainingProgress =
    TrainingProgress(
        ImmutableArray.CreateRange [ for run in 1..runs -> $"run{run}" ],
        step,
        1000L,
        100.0,
        TimeSpan.FromSeconds 9.0,
        0.676,
        loss,
        Nullable 75.0
    )

let private progress (left: (TimeSpan * bool) option) (groups: GroupProgress list) : SweepProgress = {
    Runs = 8
    Done = 0
    Diverged = 0
    Steps = 400L
    TotalSteps = 8000L
    StepsPerSecond = 100.0
    Elapsed = TimeSpan.FromSeconds 4.0
    Left = left
    Training = groups
}

let private seconds (estimate: (TimeSpan * bool) option) : float = (fst estimate.Value).TotalSeconds

[<Tests>]
let tests =
    testList "ProgressTests" [
        testCase "a line names the loss, and the runs of a mean score" (fun () ->
            let line =
                Progress.line (
                    progress (Some(TimeSpan.FromSeconds 30.0, true)) [
                        { Name = "expectile=0.7"; Runs = 4; Latest = latest 4 100L "valueLoss" }
                        { Name = "bc"; Runs = 1; Latest = latest 1 100L "policyLoss" }
                    ]
                )

            Expect.stringContains line "value loss 0.676, mean score of 4 runs 75.0" "line"
            Expect.stringContains line "policy loss 0.676, score 75.0" "line"
            Expect.stringContains line ", 0:30 left" "line")

        testCase "a time left says whether every pace was measured" (fun () ->
            let text left = Progress.line (progress left [])
            Expect.stringContains (text (Some(TimeSpan.FromSeconds 30.0, false))) "about 0:30 left" "guessed"
            Expect.stringContains (text None) "time left not known yet" "unknown")

        testCase "the time left comes from the paces of what is left" (fun () ->
            let fast, slow = ("bc", "maze"), ("dt", "maze")
            let paces = [ fast, 1000.0; slow, 10.0 ]
            // The slow groups are done: what they took says nothing about the fast ones.
            let left = [ for _ in 1..4 -> { Kind = fast; Steps = 5000L; Pace = None; Guess = None } ]
            Expect.equal (TimeLeft.estimate 2 paces left) (Some(TimeSpan.FromSeconds 10.0, true)) "fast"
            // One slow group is longer than all others side by side.
            let one = { Kind = slow; Steps = 1000L; Pace = None; Guess = None } :: left
            Expect.equal (TimeLeft.estimate 8 paces one) (Some(TimeSpan.FromSeconds 100.0, true)) "slow"
            // A group that trains has its own pace.
            let own = [ { Kind = slow; Steps = 1000L; Pace = Some 20.0; Guess = Some 2.0 } ]
            Expect.equal (TimeLeft.estimate 1 paces own) (Some(TimeSpan.FromSeconds 50.0, true)) "own")

        testCase "a kind without a pace takes its algorithm's, else the mean, and the time is a guess" (fun () ->
            let paces = [ ("bc", "small"), 100.0; ("dt", "small"), 10.0 ]
            let group kind = [ { Kind = kind; Steps = 1000L; Pace = None; Guess = None } ]

            Expect.equal
                (TimeLeft.estimate 1 paces (group ("dt", "large")))
                (Some(TimeSpan.FromSeconds 100.0, false))
                "dt"

            Expect.floatClose Accuracy.high (TimeLeft.estimate 1 paces (group ("cql", "small")) |> seconds) 55.0 "cql"
            Expect.isNone (TimeLeft.estimate 1 [] (group ("cql", "small"))) "nothing known"
            Expect.equal (TimeLeft.estimate 1 [] []) (Some(TimeSpan.Zero, true)) "nothing left")

        testCase "a first report is a guess, and the paces of its kind come before it" (fun () ->
            let began kind = { Kind = kind; Steps = 1000L; Pace = None; Guess = Some 2.0 }
            let slow = "dt", "maze"
            let known = [ ("bc", "maze"), 1000.0 ]
            let estimate paces groups = TimeLeft.estimate 1 paces groups
            Expect.equal (estimate known [ began slow ]) (Some(TimeSpan.FromSeconds 500.0, false)) "the first report"
            let later = { began slow with Guess = None }

            Expect.equal
                (estimate known [ began slow; later ])
                (Some(TimeSpan.FromSeconds 1000.0, false))
                "a group that comes later takes it too, not the pace of bc"

            Expect.equal
                (estimate ((slow, 10.0) :: known) [ began slow; later ])
                (Some(TimeSpan.FromSeconds 200.0, true))
                "the pace of its kind"

            Expect.equal
                (estimate [ ("dt", "large"), 5.0 ] [ began slow ])
                (Some(TimeSpan.FromSeconds 200.0, false))
                "the pace of its algorithm")

        testCase "a launch's time left is a guess at the first report, and measured from the second" (fun () ->
            let left = ResizeArray()

            let watch event =
                match event with
                | Advanced progress when not progress.Training.IsEmpty -> left.Add progress.Left
                | _ -> ()

            use scratch = new Scratch()
            let trial = { Ablation.standard with Steps = 200; EvaluateEvery = 100; Episodes = 1 }
            let trial = { trial with Data = DataSource.Task("pointmaze-umaze-stitch-v0", Some 2000) }
            let sweep = { Name = "two seeds"; Base = trial; Axes = [ Axis.seed [ 0; 1 ] ] }
            let options = { Launch.into (scratch.Path "sweep") with Watch = watch; Threads = 1 }
            Launch.run options sweep |> Attempt.get |> ignore
            let sure = [ for each in left -> each |> Option.map snd ]
            Expect.equal (List.truncate 2 sure) [ Some false; Some true ] "the first group"
            Expect.isTrue (sure.Tail |> List.forall ((=) (Some true))) "the second group knows its kind's pace")
    ]
