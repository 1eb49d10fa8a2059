module Iql.Scripts.Tests.FrameTests

open System
open System.IO
open Deedle
open Deedle.Vectors
open Iql.Scripts
open Iql.Scripts.Statistics
open Expecto
open Iql.Tests

let private plan = {
    Synthetic.plan with
        Diverged = [ Synthetic.runName 0.9 3.0 1 ]
        Stopped = [ Synthetic.runName 0.9 10.0 2 ]
}

let private sweep = Synthetic.withSweep plan (Results.readSweep >> Result.defaultWith failwith)

/// The same frame, from CSV read in a culture with other commas, with the types that it had.
let private reread (frame: Frame<int, string>) =
    let schema =
        [
            for name, kind in Seq.zip frame.ColumnKeys frame.ColumnTypes ->
                $"""{name} ({if kind = typeof<float> then "float" else "string"})"""
        ]
        |> String.concat ","

    Frame.ReadCsvString(Results.csv frame, schema = schema)

[<Tests>]
let tests =
    testList "FrameTests" [
        testCase
            "a sweep is a frame with a row for each run, its numbers typed and its missing scores missing"
            (fun () ->
                let frame = Results.frame sweep
                Expect.equal frame.RowCount 36 "row count of frame"

                Expect.equal
                    (String.concat " " frame.ColumnKeys)
                    "run task algorithm expectile inverseTemperature seed status score return steps seconds \
                    stepsPerSecond discount hiddenSizes objective"
                    "column keys of frame"

                let diverged = frame |> Frame.filterRowValues (fun row -> row.GetAs<string> "status" = "diverged")

                Expect.sequenceEqual
                    (diverged.GetColumn<string>("run").Values)
                    [ Synthetic.runName 0.9 3.0 1 ]
                    "values of column of diverged 'run'"

                Expect.equal diverged.RowCount 1 "row count of diverged"
                Expect.equal (frame.GetColumn<float>("score").ValueCount) 34 "value count of column of frame 'score'"

                Expect.equal
                    (frame.GetColumn<float>("seconds").ValueCount)
                    35
                    "value count of column of frame 'seconds'"

                Expect.equal (frame.GetColumn<float>("expectile")[12]) 0.7 "column of frame 'expectile'"

                for run, score in Seq.zip sweep.Runs (Series.valuesAll frame?score) do
                    Expect.equal score (Run.final Score run) "score")

        testCase "a frame survives CSV, with missing numbers, empty texts, commas and infinities" (fun () ->
            for frame in [ Results.frame sweep; Results.scoresFrame sweep; Results.metricsFrame sweep ] do
                Expect.equal (reread frame) frame "reread of frame"

            let odd =
                Results.ofColumns [
                    "text", Vector.ofValues [| "a, \"b\""; ""; "c" |]
                    "number", Vector.ofValues [| 0.1 + 0.2; nan; -infinity |]
                ]

            Expect.equal
                (Results.csv odd)
                "text,number\n\"a, \"\"b\"\"\",0.30000000000000004\n,\nc,-Infinity\n"
                "csv of odd"

            Expect.equal (reread odd) odd "reread of odd"
            Expect.equal ((reread odd).GetColumn<string>("text").ValueCount) 3 "value count")

        testCase "evaluations and training lines are rows" (fun () ->
            Expect.equal (Results.scoresFrame sweep).RowCount (34 * 10 + 2 * 5) "row count of scores frame of sweep"
            let metrics = Results.metricsFrame sweep
            Expect.equal metrics.RowCount (34 * 40 + 2 * 20) "row count of metrics"

            Expect.equal
                (metrics.GetColumn<float>("valueLoss")[42])
                sweep.Runs[1].Train[2].Metrics["valueLoss"]
                "column of metrics 'valueLoss'")

        testCase "a pivot has the summary of each cell's finished runs" (fun () ->
            let means = sweep |> Results.pivot "expectile" "inverseTemperature" mean
            Expect.sequenceEqual means.ColumnKeys [ "0"; "1"; "3"; "10" ] "column keys of means"
            Expect.sequenceEqual means.RowKeys [ "0.5"; "0.7"; "0.9" ] "row keys of means"

            let cell =
                Results.frame sweep
                |> Frame.filterRowValues (fun row -> row?expectile = 0.9 && row?inverseTemperature = 3.0)

            Expect.floatClose
                (Accuracy.decimals 12)
                (means.GetColumn<float>("3")["0.9"])
                (Stats.mean cell?score)
                "column of means '3'"

            let error =
                Expect.raises<ArgumentException>
                    (fun () -> Results.pivot "expectil" "seed" mean sweep |> ignore)
                    "pivot 'expectil'"

            Expect.stringContains
                error.Message
                "expected one of expectile, inverseTemperature and seed, got expectil"
                "message of error")

        testAlone "a frame of a million rows takes less than two seconds" (fun () ->
            let rows = 1_000_000
            let columns = [ for i in 1..12 -> $"column {i}", Array.init rows float ]

            let seconds () : float =
                let clock = Diagnostics.Stopwatch.StartNew()

                let frame =
                    ("run", Vector.ofValues (Array.create rows "run") :> IVector)
                    :: [ for name, values in columns -> name, Vector.ofValues values ]
                    |> Results.ofColumns

                Expect.equal frame.RowCount rows "row count of frame"
                clock.Elapsed.TotalSeconds

            // The other test programs run at the same time, so the fastest of three counts.
            Expect.between 0.0 2.0 (List.min (List.init 3 (fun _ -> seconds ()))) "least of seconds")

        testCase "every report has its tables beside it" (fun () ->
            Synthetic.withSweep plan (fun folder ->
                Report.write folder |> Result.defaultWith failwith |> ignore

                let rows folder name = (Frame.ReadCsv(Path.Combine(folder, name))).RowCount

                Expect.equal (rows folder "runs.csv") 36 "rows 'runs.csv'"
                Expect.equal (rows folder "scores.csv") 350 "rows 'scores.csv'"
                let run = Path.Combine(folder, "runs", Synthetic.runName 0.5 1.0 0)
                Report.forRun run |> Result.defaultWith failwith |> ignore
                Expect.equal (rows run "runs.csv") 1 "rows 'runs.csv'"))
    ]
