module Iql.Scripts.Tests.DatasetPictureTests

open System.Collections.Immutable
open System.IO
open System.Text.Json
open Iql
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Scripts
open Iql.Scripts.Charts
open Xunit

let private card = Tasks.Get "pointmaze-umaze-v0"

let private numbers =
    DatasetNumbers.ofDataset (Some card.Maze) (card.Dataset.Collect(Seed.Named "pictures", 2000))

let private visits = (DatasetPicture.ofNumbers numbers).Head.Charts.Head

[<Fact>]
let ``a maze's visits add up to the rows of the data`` () =
    let rows =
        Seq.sum [
            for row in (FigureTests.traces visits).Head.GetProperty("z").EnumerateArray() do
                for power in row.EnumerateArray() do
                    // Places that nobody visited are "NaN".
                    if power.ValueKind = JsonValueKind.Number then
                        round (10.0 ** power.GetDouble())
        ]

    // Counts are kept as powers of ten with two decimals, so the sum is theirs to a percent.
    Assert.InRange(rows, 1950.0, 2050.0)

[<Fact>]
let ``walls are drawn where the maze has them`` () =
    let shapes = FigureTests.layout visits |> _.GetProperty("shapes")
    let walls = card.Maze.Rows * card.Maze.Columns - card.Maze.Cells.Length

    Assert.Equal(walls + 1, shapes.GetArrayLength())

[<Fact>]
let ``numbers are kept beside a sweep, and its report draws them`` () =
    let plan = {
        Synthetic.plan with
            Expectiles = [ 0.7 ]
            InverseTemperatures = [ 3.0 ]
            Seeds = [ 0 ]
    }

    Synthetic.withSweep plan (fun folder ->
        let fingerprint = "9f3c1a77e2b04d58"
        DatasetNumbers.keep folder fingerprint (fun () -> numbers)
        let text = Iql.Training.RunJson.Element >> string
        Assert.Equal(Ok(Some(text numbers)), DatasetNumbers.find folder fingerprint |> Result.map (Option.map text))
        DatasetNumbers.keep folder fingerprint (fun () -> failwith "they are there")

        match Report.write folder with
        | Ok path -> Assert.Contains("figure-data-3", File.ReadAllText path)
        | Error problem -> failwith problem

        File.WriteAllText(Path.Combine(folder, "data", fingerprint + ".json"), "{}")

        match Report.write folder with
        | Ok _ -> failwith "expected an error, got a page"
        | Error problem -> Assert.Contains(fingerprint, problem))

[<Fact>]
let ``a histogram of nothing is no figure`` () =
    let nothing =
        Iql.Data.Inspection.Histogram(ImmutableArray.Empty, ImmutableArray.Empty)

    Assert.Equal(None, DatasetPicture.histogram "t" "u" nothing)
