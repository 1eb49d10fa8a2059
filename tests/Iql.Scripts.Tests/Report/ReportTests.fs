module Iql.Scripts.Tests.ReportTests

open System.IO
open System.Text.Json
open System.Text.RegularExpressions
open Iql.Scripts
open Expecto
open Iql.Tests

let private small = {
    Synthetic.plan with
        Expectiles = [ 0.5; 0.9 ]
        InverseTemperatures = [ 0.0; 3.0 ]
        Seeds = [ 0; 1 ]
}

let private page (folder: string) =
    match Report.write folder with
    | Ok path -> File.ReadAllText(path).Replace(Figure.plotly.Value, "")
    | Error problem -> failwith problem

[<Tests>]
let tests =
    testList "ReportTests" [
        testCase "the same folders give the same bytes" (fun () ->
            Synthetic.withSweep small (fun folder -> Expect.equal (page folder) (page folder) "page of folder"))

        testCase "a run whose episode cannot be shown is named, and the page stands" (fun () ->
            Synthetic.withSweep small (fun folder ->
                Expect.stringContains (page folder) "has no checkpoint" "page of folder")

            Synthetic.withSweep { small with Task = Some "hammer-by-nobody-v0" } (fun folder ->
                Expect.stringContains (page folder) "hammer-by-nobody-v0 has no environment here" "page of folder"))

        testCase "the page refers to nothing outside itself" (fun () ->
            Synthetic.withSweep small (fun folder ->
                let html = page folder
                Expect.isNotMatch html "(src|href)\\s*=\\s*[\"']?(https?:)?//" "html"
                Expect.stringLacks html "<link rel=\"stylesheet\"" "html"
                Expect.stringLacks html "@import" "html"))

        testCase "every figure on the page has an id of its own and charts with traces" (fun () ->
            Synthetic.withSweep small (fun folder ->
                let html = page folder

                let ids = [
                    for found in
                        Regex.Matches(html, "<figure id=\"([^\"]+)\"><div role=\"img\"[^>]*><div class=\"panels\"") ->
                        found.Groups[1].Value
                ]

                Expect.hasLength ids 11 "ids"
                Expect.hasLength (List.distinct ids) 11 "distinct ids"

                let charts =
                    Regex.Matches(
                        html,
                        "<script type=\"application/json\">(.*?)</script></div>",
                        RegexOptions.Singleline
                    )

                Expect.equal charts.Count (1 + (1 + 2 + 1) + 1 + 1 + 2 + 4 + 1 + 2 + 1) "count of charts"

                for chart in charts do
                    Expect.isGreaterThan
                        (JsonElement.Parse(chart.Groups[1].Value).GetProperty("data").GetArrayLength())
                        0
                        "get array length of get property 'data' of parse"))

        testCase "the chart of every run has all axes and all runs" (fun () ->
            Synthetic.withSweep small (fun folder ->
                let html = page folder

                let data (kind: string) =
                    Regex.Match(html, $"class=\"{kind}\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value
                    |> JsonElement.Parse

                let axes = [
                    for axis in (data "axes").GetProperty("axes").EnumerateArray() ->
                        axis.GetProperty("name").GetString()
                ]

                Expect.equal axes [ "expectile"; "inverseTemperature"; "seed" ] "axes"
                Expect.equal ((data "runs").GetArrayLength()) 8 "runs"))

        testCase "failures come before findings" (fun () ->
            let plan = {
                small with
                    Diverged = [ Synthetic.runName 0.9 3.0 1 ]
                    Stopped = [ Synthetic.runName 0.5 3.0 1 ]
                    Missing = [ Synthetic.runName 0.5 0.0 1 ]
            }

            Synthetic.withSweep plan (fun folder ->
                let html = page folder
                Expect.stringContains html "1 of 8 runs failed" "html"
                Expect.stringContains html "2 of 8 runs have no result yet" "html"
                Expect.stringContains html "criticLoss became NaN; try a smaller learning rate." "html"

                Expect.isLessThan
                    (html.IndexOf "runs failed")
                    (html.IndexOf "What was found")
                    "index of of html 'runs failed'"))

        testCase "a page tells its configuration, dataset and machine" (fun () ->
            Synthetic.withSweep small (fun folder ->
                let html = page folder

                for text in [ "0.5 | 0.9"; "9f3c1a77e2b04d58"; "Example Processor 9000"; "0123456" ] do
                    Expect.stringContains html text "html"))

        testCase "without an environment the page says so and shows losses" (fun () ->
            Synthetic.withSweep { small with Task = None } (fun folder ->
                let html = page folder
                Expect.stringContains html "Offline metrics only" "html"
                Expect.stringContains html "figure-losses" "html"
                Expect.stringLacks html "figure-curves" "html"))

        testCase "one run has a page too" (fun () ->
            Synthetic.withSweep small (fun folder ->
                match Report.forRun (Path.Combine(folder, "runs", Synthetic.runName 0.9 3.0 0)) with
                | Ok path -> Expect.stringContains (File.ReadAllText path) "figure-curves" "file path"
                | Error problem -> failwith problem))

        testCase "a sweep without runs is an error that says what to do" (fun () ->
            Synthetic.withSweep { small with Expectiles = [] } (fun folder ->
                match Report.write folder with
                | Ok _ -> failwith "expected an error, got a page"
                | Error problem -> Expect.stringContains problem "Start the sweep first" "problem"))
    ]
