module Iql.Scripts.Tests.DatasetPictureTests

open System.Collections.Immutable
open System.IO
open System.Text.Json
open Iql
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Scripts
open Iql.Scripts.Charts
open Expecto
open Iql.Tests

let private card = Tasks.Get "pointmaze-umaze-v0"

let private numbers =
    DatasetNumbers.ofDataset (Some card.Maze) (card.Dataset.Collect(Seed.Named "pictures", 2000))

let private visits = (DatasetPicture.ofNumbers numbers).Head.Charts.Head

[<Tests>]
let tests =
    testList "DatasetPictureTests" [
        testCase "a maze's visits add up to the rows of the data" (fun () ->
            let rows =
                Seq.sum [
                    for row in (FigureTests.traces visits).Head.GetProperty("z").EnumerateArray() do
                        for power in row.EnumerateArray() do
                            // Places that nobody visited are "NaN".
                            if power.ValueKind = JsonValueKind.Number then
                                round (10.0 ** power.GetDouble())
                ]

            // Counts are kept as powers of ten with two decimals, so the sum is theirs to a percent.
            Expect.between 1950.0 2050.0 rows "rows")

        testCase "walls are drawn where the maze has them" (fun () ->
            let shapes = FigureTests.layout visits |> _.GetProperty("shapes")
            let walls = card.Maze.Rows * card.Maze.Columns - card.Maze.Cells.Length

            Expect.equal (shapes.GetArrayLength()) (walls + 1) "array length of shapes")

        testCase "numbers are kept beside a sweep, and its report draws them" (fun () ->
            let plan = { Synthetic.plan with Expectiles = [ 0.7 ]; InverseTemperatures = [ 3.0 ]; Seeds = [ 0 ] }

            Synthetic.withSweep plan (fun folder ->
                let fingerprint = "9f3c1a77e2b04d58"
                DatasetNumbers.keep folder fingerprint (fun () -> numbers)
                let text = Iql.Training.RunJson.Element >> string

                Expect.equal
                    (DatasetNumbers.find folder fingerprint |> Result.map (Option.map text))
                    (Ok(Some(text numbers)))
                    "fingerprint"

                DatasetNumbers.keep folder fingerprint (fun () -> failwith "they are there")

                match Report.write folder with
                | Ok path -> Expect.stringContains (File.ReadAllText path) "figure-data-3" "file path"
                | Error problem -> failwith problem

                File.WriteAllText(Path.Combine(folder, "data", fingerprint + ".json"), "{}")

                // A damaged picture stops no report, and the next training counts again.
                match Report.write folder with
                | Ok path -> Expect.stringContains (File.ReadAllText path) $"{fingerprint}.json: expected" "page"
                | Error problem -> failwith problem

                DatasetNumbers.keep folder fingerprint (fun () -> numbers)
                Expect.isOk (DatasetNumbers.find folder fingerprint) "counted again"))

        testCase "a column that would hide the others is left out of the picture, by name" (fun () ->
            let huge = Iql.Data.Inspection.Summary.Of(System.ReadOnlySpan [| 1e12f; 2e12f |], 1, 0)
            let picture (numbers: DatasetNumbers) = (DatasetPicture.ofNumbers numbers |> List.last).Caption
            Expect.stringLacks (picture numbers) "Left out" "caption"

            Expect.stringContains
                (picture { numbers with Observations = numbers.Observations @ [ huge ] })
                "Left out, since their numbers are 1,000 times as large: observations[4]."
                "caption")

        testCase "columns have their names, and a chart for each unit" (fun () ->
            let column (name: string, unit: string) = Iql.Data.DataColumn(name, unit)
            let named = List.map column >> ImmutableArray.CreateRange
            let seen = [ "level", "%"; "temperature", "°C"; "pressure", null; "humidity", "%" ]
            let names = Iql.Data.DataColumns(named seen, named [ "valve", "%"; "heater", "%" ])

            let charts (names: Iql.Data.DataColumns) = [
                for chart in (DatasetPicture.named (Some names) numbers |> List.last).Charts ->
                    let trace = (FigureTests.traces chart).Head
                    [ for name in trace.GetProperty("x").EnumerateArray() -> name.GetString() ]
            ]

            Expect.equal
                (charts names)
                [
                    [ "level [%]"; "humidity [%]" ]
                    [ "temperature [°C]" ]
                    [ "pressure" ]
                    [ "valve [%]"; "heater [%]" ]
                ]
                "columns"

            let many = named [ for i in 0..3 -> string i, string i ]
            let actions = names.Actions
            Expect.hasLength (charts (Iql.Data.DataColumns(many, actions))) 5 "four units"
            Expect.equal numbers.Observations.Length 4 "observations")

        testCase "a histogram of nothing is no figure" (fun () ->
            let nothing = Iql.Data.Inspection.Histogram(ImmutableArray.Empty, ImmutableArray.Empty)

            Expect.isNone (DatasetPicture.histogram "t" "u" nothing) "histogram 't'")
    ]
