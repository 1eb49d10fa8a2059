/// Pages, pictures and the notebook, against the file of numbers that `dotnet fsi tools/numbers.fsx` writes.
module Iql.Core.Tests.NumbersTests

open System
open System.Globalization
open System.IO
open System.Security.Cryptography
open System.Text.Json.Nodes
open System.Text.RegularExpressions
open Expecto

let private read (path: string) : string = File.ReadAllText(Path.Combine(Repository.root, path))
let private numbers = lazy JsonNode.Parse(read "docs/numbers.json")
let private remedy = "Run `dotnet fsi tools/numbers.fsx`, which trains and writes them."
let private texts (node: JsonNode) : string list = [ for each in node.AsArray() -> string each ]
let private made () = [ for table in numbers.Value["tables"].AsArray() -> table ]

let private recorded () = [ for table in numbers.Value["recorded"].["tables"].AsArray() -> table ]

let private scores (cell: JsonNode) : float list list = [
    for command in cell.AsArray() -> [ for score in command.AsArray() -> float (string score) ]
]

/// The score of each seed of the default grid: a row for each τ, a cell for each β.
let private grid () : float list list list =
    let table = made () |> List.find (fun table -> string table["name"] = "default")

    [ for row in table["scores"].AsArray() -> [ for cell in row.AsArray() -> (scores cell)[1] ] ]

[<Tests>]
let tests =
    testList "NumbersTests" [
        testCase "every table that comes from training is that of the file, between its marks" (fun () ->
            let marked = [
                for page in Repository.files |> List.filter _.EndsWith(".md") do
                    for mark in
                        Regex.Matches(read page, @"<!-- numbers: (\S+) -->\n((?s:.*?))\n<!-- end of numbers -->") do
                        (mark.Groups[1].Value, page), List.ofArray (mark.Groups[2].Value.Split '\n')
            ]

            let expected = [
                for table in made () @ recorded () ->
                    (string table["name"], string table["page"]), texts table["lines"]
            ]

            Expect.equal (List.sort marked) (List.sort expected) remedy)

        testCase "a cell is the mean of its seeds, and the page names the commands" (fun () ->
            for table in made () do
                let page = Regex.Replace(read (string table["page"]), @"\s*\\?\s+", " ")

                for command in texts table["commands"] do
                    Expect.stringContains page command (string table["page"])

                let lines = texts table["lines"] |> List.skip 2

                for line, row in Seq.zip lines (table["scores"].AsArray()) do
                    let cells = line.Split('|', StringSplitOptions.TrimEntries)[2..]

                    for cell, each in Seq.zip cells (row.AsArray()) do
                        let shown = [ for text in cell.Replace('−', '-').Split ',' -> float text ]

                        for text, seeds in List.zip shown (scores each) do
                            Expect.floatClose { absolute = 0.051; relative = 0.0 } text (List.average seeds) line)

        testCase "the file names its vector width, processor and commit, and so does every table" (fun () ->
            let width = int (string numbers.Value["vectorWidth"])
            Expect.contains [ 32; 128; 256; 512 ] width "vector width"

            for field in [ "processor"; "commit"; "version"; "command" ] do
                Expect.isNotEmpty (string numbers.Value[field]) field

            for table in made () do
                Expect.stringContains (List.last (texts table["lines"])) $"vectors of {width} bits" "width of table")

        testCase "every picture of docs is the one that the command made" (fun () ->
            let expected = [
                for pictures in [ numbers.Value["pictures"]; numbers.Value["recorded"].["pictures"] ] do
                    for each in pictures.AsObject() -> each.Key, string each.Value
            ]

            let actual = [
                for path in Directory.GetFiles(Path.Combine(Repository.root, "docs", "images")) ->
                    Path.GetFileName path, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes path))[..15]
            ]

            Expect.equal (List.sort actual) (List.sort expected) remedy)

        testCase "README's picture and the stored notebook show the scores of the default grid" (fun () ->
            let shown = [
                for found in Regex.Matches(read "docs/images/chart-heat-map.svg", @"bold"">([\d.]+)</tspan>") do
                    found.Groups[1].Value
            ]

            let means = [
                for seeds in List.concat (grid ()) ->
                    (List.average seeds).ToString("0.0", CultureInfo.InvariantCulture)
            ]

            Expect.equal shown means remedy
            let cells = JsonNode.Parse(read "notebooks/04-tau-beta.ipynb").["cells"]

            let deviations = [
                for cell in cells.AsArray() do
                    if (string cell["source"]).Contains "Results.pivot" then
                        for found in Regex.Matches(cell["outputs"].ToJsonString(), @"u003Ctd\\u003E([\d.]+)") do
                            float found.Groups[1].Value
            ]

            let expected = [
                for seeds in List.concat (grid ()) ->
                    let mean = List.average seeds
                    sqrt (List.sumBy (fun score -> (score - mean) ** 2.0) seeds / float (seeds.Length - 1))
            ]

            Expect.hasLength deviations expected.Length "cells of the notebook's table"

            for actual, expected in List.zip deviations expected do
                Expect.floatClose { absolute = 0.001; relative = 0.0 } actual expected remedy)

        testCase "the default grid teaches what README says, in every seed" (fun () ->
            let grid = grid ()
            let seeds = [ 0 .. grid.Head.Head.Length - 1 ]

            /// A seed's mean over the cells of these rows and columns: τ = 0.5 to 0.98, β = 0 to 100.
            let mean (rows, columns) seed =
                List.average [
                    for row in rows do
                        for column in columns -> grid |> List.item row |> List.item column |> List.item seed
                ]

            let beats better worse lesson = Expect.all seeds (fun seed -> mean better seed > mean worse seed) lesson

            let all = [ 0..4 ]
            beats ([ 0 ], [ 1..4 ]) (all, [ 0 ]) "cloning is the worst"
            beats ([ 2; 3 ], [ 1..4 ]) ([ 0 ], [ 1..4 ]) "τ = 0.5 does not stitch"
            beats ([ 3 ], [ 1..4 ]) ([ 4 ], [ 1..4 ]) "τ = 0.98 is too large"
            beats (all, [ 2 ]) (all, [ 4 ]) "β = 100 is too large")

        testCase
            "rates that were measured by hand are those of their file, and the rates of widths those of bench"
            (fun () ->
                let page (path: string) = Regex.Replace(read path, @"\s+", " ")

                for line in Repository.lines "bench/results/by-hand.csv" |> Array.skip 1 do
                    let fields = Regex.Match(line, "^([^,]+),(?:\"([^\"]+)\"|([^,]+)),")
                    let path, text = fields.Groups[1].Value, fields.Groups[2].Value + fields.Groups[3].Value
                    Expect.stringContains (page path) text path
                    Expect.stringContains (page path) "bench/results/by-hand.csv" path

                let rows = Regex.Matches(read "docs/performance.md", @"(?m)^\| `\w+` .*\| (\d+) \| (\S+\.md) \|$")

                Expect.hasLength rows 4 "widths"

                for row in rows do
                    let rate = Regex.Match(read $"bench/results/{row.Groups[2].Value}", @"\| 1 thread \|[ |]*([\d.]+)")
                    Expect.equal (round (float rate.Groups[1].Value)) (float row.Groups[1].Value) row.Value)
    ]
