module Iql.Scripts.Tests.FrameTests

open System
open System.IO
open Deedle
open Deedle.Vectors
open Iql.Scripts
open Iql.Scripts.Statistics
open Xunit

let private plan = {
    Synthetic.plan with
        Diverged = [ Synthetic.runName 0.9 3.0 1 ]
        Stopped = [ Synthetic.runName 0.9 10.0 2 ]
}

let private sweep =
    Synthetic.withSweep plan (Results.readSweep >> Result.defaultWith failwith)

/// The same frame, from CSV read in a culture with other commas, with the types that it had.
let private reread (frame: Frame<int, string>) =
    let schema =
        [
            for name, kind in Seq.zip frame.ColumnKeys frame.ColumnTypes ->
                $"""{name} ({if kind = typeof<float> then "float" else "string"})"""
        ]
        |> String.concat ","

    Frame.ReadCsvString(Results.csv frame, schema = schema)

[<Fact>]
let ``a sweep is a frame with a row for each run, its numbers typed and its missing scores missing`` () =
    let frame = Results.frame sweep
    Assert.Equal(36, frame.RowCount)

    Assert.Equal<string>(
        "run task algorithm expectile inverseTemperature seed status score return steps seconds stepsPerSecond \
         discount hiddenSizes objective",
        String.concat " " frame.ColumnKeys
    )

    let diverged =
        frame
        |> Frame.filterRowValues (fun row -> row.GetAs<string> "status" = "diverged")

    Assert.Equal<string>([ Synthetic.runName 0.9 3.0 1 ], diverged.GetColumn<string>("run").Values)
    Assert.Equal(1, diverged.RowCount)
    Assert.Equal(34, frame.GetColumn<float>("score").ValueCount)
    Assert.Equal(35, frame.GetColumn<float>("seconds").ValueCount)
    Assert.Equal(0.7, frame.GetColumn<float>("expectile")[12])

    for run, score in Seq.zip sweep.Runs (Series.valuesAll frame?score) do
        Assert.Equal(Run.final Score run, score)

[<Fact>]
let ``a frame survives CSV, with missing numbers, empty texts, commas and infinities`` () =
    for frame in [ Results.frame sweep; Results.scoresFrame sweep; Results.metricsFrame sweep ] do
        Assert.Equal(frame, reread frame)

    let odd =
        Results.ofColumns [
            "text", Vector.ofValues [| "a, \"b\""; ""; "c" |]
            "number", Vector.ofValues [| 0.1 + 0.2; nan; -infinity |]
        ]

    Assert.Equal("text,number\n\"a, \"\"b\"\"\",0.30000000000000004\n,\nc,-Infinity\n", Results.csv odd)
    Assert.Equal(odd, reread odd)
    Assert.Equal(3, (reread odd).GetColumn<string>("text").ValueCount)

[<Fact>]
let ``evaluations and training lines are rows`` () =
    Assert.Equal(34 * 10 + 2 * 5, (Results.scoresFrame sweep).RowCount)
    let metrics = Results.metricsFrame sweep
    Assert.Equal(34 * 40 + 2 * 20, metrics.RowCount)
    Assert.Equal(sweep.Runs[1].Train[2].Metrics["valueLoss"], metrics.GetColumn<float>("valueLoss")[42])

[<Fact>]
let ``a pivot has the summary of each cell's finished runs`` () =
    let means = sweep |> Results.pivot "expectile" "inverseTemperature" mean
    Assert.Equal<string>([ "0"; "1"; "3"; "10" ], means.ColumnKeys)
    Assert.Equal<string>([ "0.5"; "0.7"; "0.9" ], means.RowKeys)

    let cell =
        Results.frame sweep
        |> Frame.filterRowValues (fun row -> row?expectile = 0.9 && row?inverseTemperature = 3.0)

    Assert.Equal(Stats.mean cell?score, means.GetColumn<float>("3")["0.9"], 12)

    let error =
        Assert.Throws<ArgumentException>(fun () -> Results.pivot "expectil" "seed" mean sweep |> ignore)

    Assert.Contains("expected one of expectile, inverseTemperature and seed, got expectil", error.Message)

[<Fact>]
let ``a frame of a million rows takes less than two seconds`` () =
    let rows = 1_000_000
    let columns = [ for i in 1..12 -> $"column {i}", Array.init rows float ]

    let seconds () : float =
        let clock = Diagnostics.Stopwatch.StartNew()

        let frame =
            ("run", Vector.ofValues (Array.create rows "run") :> IVector)
            :: [ for name, values in columns -> name, Vector.ofValues values ]
            |> Results.ofColumns

        Assert.Equal(rows, frame.RowCount)
        clock.Elapsed.TotalSeconds

    // Other tests run at the same time, so the fastest of three counts.
    Assert.InRange(List.min (List.init 3 (fun _ -> seconds ())), 0.0, 2.0)

[<Fact>]
let ``every report has its tables beside it`` () =
    Synthetic.withSweep plan (fun folder ->
        Report.write folder |> Result.defaultWith failwith |> ignore

        let rows folder name =
            (Frame.ReadCsv(Path.Combine(folder, name))).RowCount

        Assert.Equal(36, rows folder "runs.csv")
        Assert.Equal(350, rows folder "scores.csv")
        let run = Path.Combine(folder, "runs", Synthetic.runName 0.5 1.0 0)
        Report.forRun run |> Result.defaultWith failwith |> ignore
        Assert.Equal(1, rows run "runs.csv"))
