/// What runs that go on online are judged by, against numbers written by hand and against published ones.
module Iql.Scripts.Tests.OnlineNumbersTests

open System
open System.Collections.Generic
open System.Collections.Immutable
open System.IO
open Iql.Training
open Iql.Training.Online
open Iql.Scripts
open Expecto
open Iql.Tests

let private data = Invented.data "data" "generated" None

/// 1,000 offline updates, then 400 decisions with an update after every second one.
let private how = FineTuning(OfflineSteps = 1000L, OnlineSteps = 400L, UpdatesPerStep = 0.5)

/// An update is two decisions: 1010 is a twentieth of the online phase, 1020 a tenth, 1200 its end.
let private scores = [ 0, 1.0; 500, 90.0; 1000, 40.0; 1010, 30.0; 1020, 20.0; 1100, 10.0; 1200, 60.0 ]

let private run =
    Invented.goneOnline [ "seed", "0" ] data how scores [ 100, false; 200, true; 300, true; 380, true ]

let private near message (actual: float) expected = Expect.floatClose Accuracy.high actual expected message

let private checks (numbers: OnlineNumbers) expected =
    [
        numbers.Before
        numbers.First
        numbers.Dip
        numbers.Mean
        numbers.LastTen
        numbers.Last
        numbers.Best
        numbers.Regret.Value
    ]
    |> List.iter2 (near "before, first, dip, mean, last ten, last, best, regret") expected

/// CORL's curves, from the folder of this program upwards; skips the test where they are absent.
let curves () =
    let rec search (folder: DirectoryInfo) =
        match folder with
        | null -> skiptest "shared/data/corl-finetune-curves.csv.gz is not at hand."
        | _ ->
            let path = Path.Combine(folder.FullName, "shared", "data", "corl-finetune-curves.csv.gz")
            if File.Exists path then path else search folder.Parent

    search (DirectoryInfo AppContext.BaseDirectory)

[<Tests>]
let tests =
    testList "OnlineNumbersTests" [
        testCase "the numbers of a run are those by hand" (fun () ->
            // Mean of 30, 20, 10 and 60; one of four episodes failed.
            checks (OnlineNumbers.ofRun Score run).Value [ 40.0; 30.0; 20.0; 30.0; 30.0; 60.0; 60.0; 0.25 ]

            Expect.equal
                [ for place, _ in Run.curve Score run -> place ]
                [ 0.0; 500.0; 1000.0; 1020.0; 1040.0; 1200.0; 1400.0 ]
                "offline updates, then decisions"

            // What a run ends with is of its online phase.
            near "last ten" (Run.lastTen Score run).Value 30.0
            near "of two" (Run.lastOf 2 Score run).Value 35.0

            let score = OnlineColumn.all Score |> List.find (fun column -> column.Name = "scoreRegret")

            near "score regret" (score.Of (OnlineNumbers.ofRun Score run).Value).Value 0.7)

        testCase "a dip is looked for in the first tenth, and is the first evaluation where that has none" (fun () ->
            let dip points = (OnlineNumbers.ofEvaluations 0.0 None points).Value.Dip
            near "dip" (dip [ 0.3, 50.0; 0.6, 10.0 ]) 50.0
            near "dip" (dip [ 0.05, 50.0; 0.1, 40.0; 0.11, 10.0 ]) 40.0)

        testCase "of more than ten evaluations the last ten count" (fun () ->
            let points = [ for i in 1..20 -> float i / 20.0, float i ]
            near "last ten" (OnlineNumbers.ofEvaluations 0.0 None points).Value.LastTen 15.5)

        testCase "without an evaluation after the switch, or before the end, there are no numbers" (fun () ->
            let only scores = Invented.goneOnline [ "seed", "0" ] data how scores []
            Expect.isNone (OnlineNumbers.ofRun Score (only [ 0, 1.0; 1000, 2.0 ])) "numbers"
            Expect.isNone (OnlineNumbers.ofRun Score (only [ 1200, 2.0 ])).Value.Regret "regret"

            let offline = Invented.run [ "seed", "0" ] data RunStatus.Finished [ 1.0; 2.0 ]
            Expect.isNone (OnlineNumbers.ofRun Score offline) "numbers of a run that stays offline")

        testCase "rates are steps over time: of updates alone, of acting alone, and of both" (fun () ->
            let line step rate = TrainLine(OrderedDictionary(), rate, Step = int64 step, Seconds = 1.0)

            let train = ImmutableArray.Create(line 500 100.0, line 1000 400.0, line 1200 50.0)

            let timed =
                Iql.Training.Run(
                    run.Name,
                    run.Labels,
                    run.Config,
                    train,
                    run.Evaluations,
                    run.Weights,
                    run.Result,
                    Acting = run.Acting
                )

            let rates = (OnlineRates.ofRuns [ timed; timed ]).Value
            near "500 steps in 5 s and 500 in 1.25 s" rates.Updates.Value 160.0
            near "200 updates in 4 s" rates.Together 50.0
            near "acting's own" rates.Acting.Value run.Acting[0].StepsPerSecond

            Expect.equal
                (OnlineRates.describe [ timed ])
                [ "Steps a second: 160 updates alone, 1,000 decisions alone, 50.0 updates online, with acting." ]
                "words"

            Expect.isNone (OnlineRates.ofRuns [ Invented.run [] data RunStatus.Finished [ 1.0 ] ]) "offline")

        testCase "acting lines are read and checked as others are" (fun () ->
            let small = { Synthetic.plan with Expectiles = [ 0.7 ]; InverseTemperatures = [ 3.0 ]; Seeds = [ 0 ] }

            let read added =
                Synthetic.withSweep small (fun folder ->
                    let folder = Path.Combine(folder, "runs", Synthetic.runName 0.7 3.0 0)
                    File.Delete(RunFolder(folder).ResultPath)
                    File.AppendAllText(RunFolder(folder).MetricsPath, added + "\n")
                    Results.readRun folder)

            let line return' =
                $"{{\"kind\":\"acting\",\"step\":7,\"seconds\":1,\"environmentSteps\":5,\"return\":{return'},\
                   \"length\":5,\"terminal\":true,\"success\":1,\"dataRows\":9,\"onlineRows\":5,\"stepsPerSecond\":1}}"

            Expect.hasLength (read (line "2" + "\n" + line "null") |> Result.defaultWith failwith).Acting 1 "acting"
            let problem = read "{\"kind\":\"acting\",\"step\":7,\"seconds\":1}"
            Expect.stringContains (Expect.wantError problem "problem") "metrics.jsonl, line 61" "problem")

        testCase "a sweep that goes on online has its numbers and episodes as tables, and no other sweep has" (fun () ->
            let names sweep = Results.files sweep |> List.map fst
            Expect.equal (names (Invented.locomotion "generated")) [ "runs.csv"; "scores.csv" ] "names"

            let sweep = { Invented.locomotion "generated" with Runs = [ run ] }
            Expect.equal (names sweep) [ "runs.csv"; "scores.csv"; "online.csv"; "acting.csv" ] "names"
            let text name = Results.files sweep |> List.find (fst >> (=) name) |> snd

            Expect.stringContains
                (text "online.csv")
                "before,first,dip,mean,lastTen,last,best,regret,scoreRegret"
                "head"

            Expect.stringContains (text "online.csv") ",40,30,20,30,30,60,60,0.25,0.7\n" "numbers"
            Expect.equal ((text "acting.csv").Split '\n').Length 6 "lines of acting.csv")

        testCase "published curves give the table that was computed from them by others" (fun () ->
            let runs = PublishedCurves.read (curves ()) |> Result.defaultWith failwith
            Expect.hasLength runs 240 "runs"

            // Fine-tuning by IQL, means over four runs.
            for task, expected in
                [
                    "antmaze-umaze-v2", [ 77.0; 76.0; 74.3; 90.0; 94.6; 96.5; 98.3; 0.07 ]
                    "antmaze-umaze-diverse-v2", [ 59.5; 62.0; 58.8; 46.5; 50.6; 63.8; 78.8; 0.43 ]
                    "antmaze-medium-play-v2", [ 71.8; 67.3; 66.8; 85.0; 90.2; 89.8; 95.8; 0.09 ]
                    "antmaze-medium-diverse-v2", [ 64.3; 62.5; 61.5; 84.4; 89.4; 92.3; 94.3; 0.10 ]
                    "antmaze-large-play-v2", [ 38.5; 45.8; 38.0; 56.5; 62.0; 64.5; 72.0; 0.34 ]
                    "antmaze-large-diverse-v2", [ 26.8; 27.5; 26.0; 52.3; 61.5; 64.3; 71.3; 0.41 ]
                    "pen-cloned-v1", [ 84.2; 83.7; 74.2; 95.7; 105.8; 102.0; 120.9; 0.37 ]
                    // Printed as 1.4 before: 1.345 was rounded twice.
                    "hammer-cloned-v1", [ 1.35; 1.4; 1.0; 27.7; 56.7; 57.3; 87.0; 0.65 ]
                ] do
                let numbers = PublishedRun.ofTask task "iql" runs |> List.choose OnlineNumbers.ofPublished

                Expect.hasLength numbers 4 "runs of a task"

                OnlineColumn.all Score
                |> List.truncate expected.Length
                |> List.iter2
                    (fun expected column ->
                        let mean = numbers |> List.choose column.Of |> List.average
                        let tolerance = if column.IsShare then 0.0051 else 0.0501
                        Expect.isLessThan (abs (mean - expected)) tolerance $"{task}, {column.Name}: {mean}")
                    expected)

        testCase "a file of curves that is not one is refused with what was expected" (fun () ->
            let folder = Synthetic.temporary ()

            let path lines =
                let path = Path.Combine(folder, $"{Guid.NewGuid():n}.csv")
                File.WriteAllLines(path, PublishedCurves.header :: lines)
                path

            let refuses path (part: string) =
                match PublishedCurves.read path with
                | Ok _ -> failwith $"expected a refusal with {part}"
                | Error problem ->
                    Expect.stringContains problem part "problem"
                    Expect.stringContains problem path "path"
                    Expect.stringLacks problem "\n" "one line"

            let good phase i score = $"IQL,antmaze-umaze-v2,0,{phase},{i},{score},0.5"

            refuses
                (Path.Combine(folder, "none.csv"))
                "expected a .csv or .csv.gz file with the columns algorithm,task"

            refuses folder "found none"
            File.WriteAllText(Path.Combine(folder, "other.csv"), "a,b\n1,2\n")
            refuses (Path.Combine(folder, "other.csv")) "got 'a,b'"
            File.WriteAllText(Path.Combine(folder, "plain.csv.gz"), "a,b\n1,2\n")
            refuses (Path.Combine(folder, "plain.csv.gz")) "cannot be read"
            File.WriteAllText(Path.Combine(folder, "empty.csv"), "")
            refuses (Path.Combine(folder, "empty.csv")) "got nothing"
            refuses (path []) "got one line"
            refuses (path [ good "offline" 0 "7x" ]) "line 2: expected algorithm"
            refuses (path [ good "offline" 0 "nan" ]) "line 2"
            refuses (path [ good "offline" 0 "1"; good "finetune" 0 "1" ]) "line 3"
            refuses (path [ good "offline" 0 "1" ]) "evaluations 0, 1, 2"
            refuses (path [ good "offline" 0 "1"; good "online" 1 "1" ]) "iql on antmaze-umaze-v2, run 0"

            let runs =
                path [ good "offline" 0 "1.5"; good "online" 0 "1e1" ]
                |> PublishedCurves.read
                |> Result.defaultWith failwith

            Expect.equal
                [ for run in runs -> run.Algorithm, run.Offline, run.Online ]
                [ "iql", [ 1.5 ], [ 10.0 ] ]
                "runs"

            Expect.equal (PublishedCurves.kept folder) (Ok []) "kept"
            PublishedCurves.keep folder runs
            Expect.equal (PublishedCurves.kept folder) (Ok runs) "kept")

        testCase "evaluations of a phase are spread over it, and an odd one is at its beginning" (fun () ->
            Expect.equal (PublishedRun.shares 4) [ 0.25; 0.5; 0.75; 1.0 ] "shares"
            let odd = PublishedRun.shares 21
            Expect.equal (odd[0], odd[2], odd[20]) (0.0, 0.1, 1.0) "shares")
    ]
