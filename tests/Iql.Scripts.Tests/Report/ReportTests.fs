module Iql.Scripts.Tests.ReportTests

open System.IO
open System.Text.Json
open System.Text.RegularExpressions
open Iql.Scripts
open Xunit

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

[<Fact>]
let ``the same folders give the same bytes`` () =
    Synthetic.withSweep small (fun folder -> Assert.Equal(page folder, page folder))

[<Fact>]
let ``a run whose episode cannot be shown is named, and the page stands`` () =
    Synthetic.withSweep small (fun folder -> Assert.Contains("has no checkpoint", page folder))

    Synthetic.withSweep
        {
            small with
                Task = Some "hammer-by-nobody-v0"
        }
        (fun folder -> Assert.Contains("hammer-by-nobody-v0 has no environment here", page folder))

[<Fact>]
let ``the page refers to nothing outside itself`` () =
    Synthetic.withSweep small (fun folder ->
        let html = page folder
        Assert.DoesNotMatch("(src|href)\\s*=\\s*[\"']?(https?:)?//", html)
        Assert.DoesNotContain("<link rel=\"stylesheet\"", html)
        Assert.DoesNotContain("@import", html))

[<Fact>]
let ``every figure on the page has an id of its own and charts with traces`` () =
    Synthetic.withSweep small (fun folder ->
        let html = page folder

        let ids = [
            for found in Regex.Matches(html, "<figure id=\"([^\"]+)\"><div role=\"img\"[^>]*><div class=\"panels\"") ->
                found.Groups[1].Value
        ]

        Assert.Equal(6, ids.Length)
        Assert.Equal(6, (List.distinct ids).Length)

        let charts =
            Regex.Matches(html, "<script type=\"application/json\">(.*?)</script></div>", RegexOptions.Singleline)

        Assert.Equal(1 + 2 + 4 + 1 + 2 + 1, charts.Count)

        for chart in charts do
            Assert.True(JsonElement.Parse(chart.Groups[1].Value).GetProperty("data").GetArrayLength() > 0))

[<Fact>]
let ``failures come before findings`` () =
    let plan = {
        small with
            Diverged = [ Synthetic.runName 0.9 3.0 1 ]
            Stopped = [ Synthetic.runName 0.5 3.0 1 ]
            Missing = [ Synthetic.runName 0.5 0.0 1 ]
    }

    Synthetic.withSweep plan (fun folder ->
        let html = page folder
        Assert.Contains("1 of 8 runs failed", html)
        Assert.Contains("2 of 8 runs have no result yet", html)
        Assert.Contains("criticLoss became NaN; try a smaller learning rate.", html)
        Assert.True(html.IndexOf "runs failed" < html.IndexOf "What was found"))

[<Fact>]
let ``a page tells its configuration, dataset and machine`` () =
    Synthetic.withSweep small (fun folder ->
        let html = page folder

        for text in [ "0.5 | 0.9"; "9f3c1a77e2b04d58"; "Example Processor 9000"; "0123456" ] do
            Assert.Contains(text, html))

[<Fact>]
let ``without an environment the page says so and shows losses`` () =
    Synthetic.withSweep { small with Task = None } (fun folder ->
        let html = page folder
        Assert.Contains("Offline metrics only", html)
        Assert.Contains("figure-losses", html)
        Assert.DoesNotContain("figure-curves", html))

[<Fact>]
let ``one run has a page too`` () =
    Synthetic.withSweep small (fun folder ->
        match Report.forRun (Path.Combine(folder, "runs", Synthetic.runName 0.9 3.0 0)) with
        | Ok path -> Assert.Contains("figure-curves", File.ReadAllText path)
        | Error problem -> failwith problem)

[<Fact>]
let ``a sweep without runs is an error that says what to do`` () =
    Synthetic.withSweep { small with Expectiles = [] } (fun folder ->
        match Report.write folder with
        | Ok _ -> failwith "expected an error, got a page"
        | Error problem -> Assert.Contains("Start the sweep first", problem))
