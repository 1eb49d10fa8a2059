/// What every page of a report keeps to: honest numbers, and a form that screens of all kinds can read.
module Iql.Scripts.Tests.PageTests

open System
open System.Collections.Immutable
open System.Diagnostics
open System.IO
open System.Net
open System.Text.RegularExpressions
open Giraffe.ViewEngine
open Iql.Scripts
open Iql.Training
open Xunit

let private small = {
    Synthetic.plan with
        Expectiles = [ 0.5; 0.9 ]
        InverseTemperatures = [ 0.0; 3.0 ]
        Seeds = [ 0; 1; 2 ]
}

let private written (folder: string) =
    match Report.write folder with
    | Ok path -> File.ReadAllText path
    | Error problem -> failwith problem

/// The page without scripts and style: what is read.
let private content (html: string) =
    Regex.Replace(html, "<(script|style).*?</\\1>", "", RegexOptions.Singleline)

let private page plan =
    Synthetic.withSweep plan (written >> content)

let private invented =
    lazy
        (let results = Invented.locomotion "generated"
         Report.ofTable [] [] results (ScoreTable.ofResults results) |> content)

let private cell (beta: float) (runs: float list) = {
    Values = [ "inverseTemperature", string beta ]
    Runs = [
        for seed, score in List.indexed runs ->
            Invented.run
                [ "inverseTemperature", string beta; "seed", string seed ]
                (Invented.data "data" "generated" None)
                RunStatus.Finished
                [ score ]
    ]
}

let private words cells =
    Findings.ofGroups (Some Score) None (Some "inverseTemperature") cells
    |> fun sentences -> (String.concat "\n" sentences).Replace("**", "")

let private table cells =
    Tables.cells Score cells
    |> RenderView.AsString.htmlNodes
    |> WebUtility.HtmlDecode

[<Fact>]
let ``the seed is the unit of an interval, and Wilson's is for the episodes of one policy`` () =
    Assert.DoesNotContain("Wilson", table [ cell 1.0 [ 0.0; 0.0; 0.0 ] ])
    Assert.Contains(">0\u00a0[0,\u00a00]<", table [ cell 1.0 [ 0.0; 0.0; 0.0 ] ])
    Assert.Contains("Wilson", table [ cell 1.0 [ 0.0 ] ])
    Assert.Contains(">0.0\u00a0[0.0,\u00a065.8]<", table [ cell 1.0 [ 0.0 ] ])

[<Fact>]
let ``cells that tie are said to tie`` () =
    let text =
        words [
            cell 0.0 [ 20.0; 30.0 ]
            cell 1.0 [ 100.0; 100.0 ]
            cell 3.0 [ 100.0; 100.0 ]
        ]

    Assert.Contains("2 of 3 cells tie for the best with a mean final normalised score of 100", text)
    Assert.Contains("They are β = 1 and β = 3.", text)
    Assert.DoesNotContain("The best cell is β", text)
    Assert.DoesNotContain("selected as the best", text)
    Assert.Contains("All 2 cells tie", words [ cell 0.0 [ 50.0 ]; cell 1.0 [ 50.0 ] ])

[<Fact>]
let ``when nothing beat a random policy, the page says so`` () =
    let text = words [ cell 0.0 [ 0.0; 0.0 ]; cell 1.0 [ -2.0; 0.0 ] ]
    Assert.Contains("No cell beat a random policy", text)
    Assert.DoesNotContain("best cell is", text)

    let compared =
        Invented.results 1 [
            "task", "generated", [ "iql", [ [ 0.0 ]; [ 0.0 ] ]; "bc", [ [ -1.0 ]; [ 0.0 ] ] ]
        ]
        |> ScoreTable.ofResults
        |> ScoreFindings.ofTable
        |> String.concat " "

    Assert.Contains("Nothing beat a random policy", compared)

[<Fact>]
let ``the episode is of the headline's cell, and says so`` () =
    let html = page small

    let best =
        Regex.Match(html, "The best cell is <strong>([^<]+)</strong>").Groups[1].Value

    Assert.NotEqual<string>("", best)
    Assert.Contains("An episode of the best cell", html)
    Assert.Matches($"No animation: {Regex.Escape best}, seed [0-9] has no checkpoint", html)

[<Fact>]
let ``the command that rebuilds a page works where it is pasted`` () =
    if OperatingSystem.IsWindows() then
        Assert.Skip "This test asks a POSIX shell."

    let folder = Path.Combine(Synthetic.temporary (), "it's β, two")
    Synthetic.write folder small

    let command =
        Regex.Match(written folder, "<pre[^>]*>(iql report .*?)</pre>").Groups[1].Value
        |> WebUtility.HtmlDecode

    let start =
        ProcessStartInfo("sh", [ "-c"; "iql() { printf %s \"$2\"; }\n" + command ], RedirectStandardOutput = true)

    use shell = Process.Start start
    Assert.Equal(folder, Path.GetFullPath(shell.StandardOutput.ReadToEnd()))

[<Fact>]
let ``a section appears only where it says something of the swept axes`` () =
    let html = page { small with Expectiles = [ 0.9 ] }
    Assert.Contains("figure-weights", html)
    Assert.DoesNotContain("figure-value", html)
    Assert.DoesNotContain("With a larger τ", html)
    Assert.Contains("figure-value", page small)

    let cloned =
        page {
            small with
                InverseTemperatures = [ 3.0 ]
        }

    Assert.DoesNotContain("loning", cloned)
    Assert.DoesNotContain("With a larger β", cloned)

[<Fact>]
let ``columns that would only confuse are left out`` () =
    let heads html = [
        for head in Regex.Matches(html, "<button type=\"button\">([^<]+)") -> head.Groups[1].Value
    ]

    let short = heads (page small)
    Assert.DoesNotContain("Last 10", short)
    Assert.DoesNotContain("IQM", short)
    Assert.Contains("Std", short)
    Assert.Contains("IQM", heads (page { small with Seeds = [ 0..3 ] }))
    Assert.DoesNotContain("Std", heads (page { small with Seeds = [ 0 ] }))

    let long = {
        cell 0.0 [] with
            Runs = [
                Invented.run [] (Invented.data "data" "generated" None) RunStatus.Finished [ 0.0 .. 20.0 ]
            ]
    }

    Assert.Contains("Last 10", table [ long ])

[<Fact>]
let ``the page opens with what makes it doubtful`` () =
    Synthetic.withSweep
        {
            small with
                Diverged = [ Synthetic.runName 0.9 3.0 1 ]
        }
        (fun folder ->
            let plan = SweepPlan.Read folder

            let remark =
                "12 % of the action numbers are outside [-1, 1], and no policy acts there"

            SweepPlan(Name = plan.Name, Axes = plan.Axes, Runs = plan.Runs, Remarks = ImmutableArray.Create remark)
                .Write
                folder

            let html = written folder |> content
            let doubts = html.Substring(0, html.IndexOf "What was found")

            for words in
                [
                    "1 of 12 runs failed"
                    remark + "."
                    "2 to 3 seeds for each number"
                    "vectors of 512 bits"
                ] do
                Assert.Contains(words, doubts))

[<Fact>]
let ``pages are in words for people: no names of code, no backticks, one way of writing numbers`` () =
    for html in [ page small; page { small with Task = None }; invented.Value ] do
        let text = Regex.Replace(html, "<[^>]+>", " ") |> WebUtility.HtmlDecode
        Assert.DoesNotContain("`", text)
        Assert.DoesNotContain("**", text)
        Assert.DoesNotContain("\u202f", text)
        Assert.DoesNotMatch("[^0-9a-f.,−-][1-9][0-9]{4,}[^0-9a-f]", text)

        for name in
            [
                "inverseTemperature"
                "hiddenSizes"
                "batchSize"
                "valueLoss"
                "evaluateEvery"
            ] do
            Assert.DoesNotContain(name, text)

    Assert.Equal("policy learning rate = 0.1", Shown.values [ "policyLearningRate", "0.1" ])
    Assert.Equal("objective kind 0.5", Shown.words "objective.kind 0.5")

[<Fact>]
let ``the outline of a page is one a screen reader can follow`` () =
    let failed = {
        small with
            Diverged = [ Synthetic.runName 0.9 3.0 1 ]
    }

    for html in [ page failed; page { small with Task = None }; invented.Value ] do
        let levels = [
            for heading in Regex.Matches(html, "<h([1-6])") -> int heading.Groups[1].Value
        ]

        Assert.Equal(1, levels.Head)
        Assert.Equal(1, levels |> List.filter ((=) 1) |> List.length)
        Assert.All(List.pairwise levels, (fun (before, after) -> Assert.True(after <= before + 1)))
        let ids = [ for id in Regex.Matches(html, " id=\"([^\"]+)\"") -> id.Groups[1].Value ]
        Assert.Equal<string list>(List.distinct ids, ids)

        let targets = [
            for link in Regex.Matches(html, "href=\"#([^\"]+)\"") -> link.Groups[1].Value
        ]

        Assert.NotEmpty targets
        Assert.Empty(List.except ids targets)
        Assert.Contains("<html lang=\"en\">", html)
        Assert.Matches("<nav aria-label=\"[^\"]+\"", html)
        Assert.Contains("<main>", html)

        for table in Regex.Matches(html, "<table.*?</table>", RegexOptions.Singleline) do
            Assert.Contains("<caption>", table.Value)
            Assert.DoesNotMatch("<th(?![^>]*scope=)[ >]", table.Value)

        for picture in Regex.Matches(html, "<figure id=[^>]*><div([^>]*)>") do
            Assert.Matches("role=\"img\" aria-label=\"[^\"]*[0-9]", picture.Groups[1].Value)

/// The relative luminance of a colour, "#1f2933" or "#fff".
let private luminance (colour: string) : float =
    let digits = colour.TrimStart '#'

    let digits =
        if digits.Length = 3 then
            String.collect (String.replicate 2 << string) digits
        else
            digits

    [ 0.2126, 0; 0.7152, 2; 0.0722, 4 ]
    |> List.sumBy (fun (share, at) ->
        let value = float (Convert.ToInt32(digits.Substring(at, 2), 16)) / 255.0

        share
        * (if value <= 0.04045 then
               value / 12.92
           else
               ((value + 0.055) / 1.055) ** 2.4))

[<Fact>]
let ``text has a contrast of at least 4.5 in both colour schemes`` () =
    let schemes =
        Regex.Matches(Synthetic.withSweep small written, ":root\\{(.*?)\\}", RegexOptions.Singleline)

    Assert.Equal(2, schemes.Count)

    for scheme in schemes do
        let colour name =
            luminance (Regex.Match(scheme.Value, $"--{name}:(#[0-9a-f]+)").Groups[1].Value)

        for text, ground in
            [
                for text in [ "ink"; "soft"; "link"; "bad"; "warn" ] do
                    text, "page"
                for text in [ "ink"; "soft"; "link" ] do
                    text, "wash"
                for ground in [ "badwash"; "warnwash" ] do
                    "ink", ground
                "bad", "badwash"
                "warn", "warnwash"
            ] do
            let light, dark =
                max (colour text) (colour ground), min (colour text) (colour ground)

            let contrast = (light + 0.05) / (dark + 0.05)
            Assert.True(contrast >= 4.5, $"{text} on {ground}: expected at least 4.5, got {contrast:F2}")
