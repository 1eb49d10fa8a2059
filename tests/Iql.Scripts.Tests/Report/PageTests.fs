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
open Iql.Training.Online
open Expecto
open Iql.Tests

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
let private content (html: string) = Regex.Replace(html, "<(script|style).*?</\\1>", "", RegexOptions.Singleline)

let private page plan = Synthetic.withSweep plan (written >> content)

let private invented =
    lazy
        (let results = Invented.locomotion "generated"
         Report.ofTable [] [] [] [] results (ScoreTable.ofResults results) |> content)

let private online =
    lazy
        (let results = Invented.online (FineTuning(OfflineSteps = 1000L, OnlineSteps = 2000L))
         Report.ofTable [] [] [] [] results (ScoreTable.ofResults results) |> content)

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
    Findings.ofGroups None (Some Score) None (Some "inverseTemperature") cells
    |> fun sentences -> (String.concat "\n" sentences).Replace("**", "")

let private table cells = Tables.cells Score cells |> RenderView.AsString.htmlNodes |> WebUtility.HtmlDecode

/// The relative luminance of a colour, "#1f2933" or "#fff".
let private luminance (colour: string) : float =
    let digits = colour.TrimStart '#'

    let digits = if digits.Length = 3 then String.collect (String.replicate 2 << string) digits else digits

    [ 0.2126, 0; 0.7152, 2; 0.0722, 4 ]
    |> List.sumBy (fun (share, at) ->
        let value = float (Convert.ToInt32(digits.Substring(at, 2), 16)) / 255.0

        share * (if value <= 0.04045 then value / 12.92 else ((value + 0.055) / 1.055) ** 2.4))

[<Tests>]
let tests =
    testList "PageTests" [
        testCase "each statistic links to its section of the page on statistics, which is in the report" (fun () ->
            let html = page small
            let links = [ for each in Regex.Matches(html, "href=\"#(statistics-[^\"]+)\"") -> each.Groups[1].Value ]
            Expect.isGreaterThan links.Length 4 "links"

            for link in List.distinct links do
                Expect.stringContains html $"<h3 id=\"{link}\">" link

            Expect.throwsT<ArgumentException>
                (fun () -> Html.computed "no-such-section" "words" |> ignore)
                "a section that is not there")

        testCase "the section on choosing without an environment names each training metric" (fun () ->
            let html = page small
            Expect.stringContains html "Choosing without an environment" "heading"
            Expect.stringContains html "Regret@1" "regret"
            Expect.stringContains html "critic loss" "metric")

        testCase "the seed is the unit of an interval, and Wilson's is for the episodes of one policy" (fun () ->
            Expect.stringLacks (table [ cell 1.0 [ 0.0; 0.0; 0.0 ] ]) "Wilson" "table"
            Expect.stringContains (table [ cell 1.0 [ 0.0; 0.0; 0.0 ] ]) ">0\u00a0[0,\u00a00]<" "table"
            Expect.stringContains (table [ cell 1.0 [ 0.0 ] ]) "Wilson" "table"
            Expect.stringContains (table [ cell 1.0 [ 0.0 ] ]) ">0.0\u00a0[0.0,\u00a065.8]<" "table")

        testCase "cells that tie are said to tie" (fun () ->
            let text = words [ cell 0.0 [ 20.0; 30.0 ]; cell 1.0 [ 100.0; 100.0 ]; cell 3.0 [ 100.0; 100.0 ] ]

            Expect.stringContains text "2 of 3 cells tie for the best with a mean final normalised score of 100" "text"
            Expect.stringContains text "They are β = 1 and β = 3." "text"
            Expect.stringLacks text "The best cell is β" "text"
            Expect.stringLacks text "selected as the best" "text"
            Expect.stringContains (words [ cell 0.0 [ 50.0 ]; cell 1.0 [ 50.0 ] ]) "All 2 cells tie" "words")

        testCase "when nothing beat a random policy, the page says so" (fun () ->
            let text = words [ cell 0.0 [ 0.0; 0.0 ]; cell 1.0 [ -2.0; 0.0 ] ]
            Expect.stringContains text "No cell beat a random policy" "text"
            Expect.stringLacks text "best cell is" "text"

            let compared =
                Invented.results 1 [
                    "task", "generated", [ "iql", [ [ 0.0 ]; [ 0.0 ] ]; "bc", [ [ -1.0 ]; [ 0.0 ] ] ]
                ]
                |> ScoreTable.ofResults
                |> ScoreFindings.ofTable
                |> String.concat " "

            Expect.stringContains compared "Nothing beat a random policy" "compared")

        testCase "the episode is of the headline's cell, and says so" (fun () ->
            let html = page small

            let best = Regex.Match(html, "The best cell is <strong>([^<]+)</strong>").Groups[1].Value

            Expect.notEqual best "" "best"
            Expect.stringContains html "An episode of the best cell" "html"
            Expect.isMatch html $"No animation: {Regex.Escape best}, seed [0-9] has no checkpoint" "html")

        testCase "the command that rebuilds a page works where it is pasted" (fun () ->
            if OperatingSystem.IsWindows() then
                skiptest "This test asks a POSIX shell."

            let folder = Path.Combine(Synthetic.temporary (), "it's β, two")
            Synthetic.write folder small

            let command =
                Regex.Match(written folder, "<pre[^>]*>(iql report .*?)</pre>").Groups[1].Value
                |> WebUtility.HtmlDecode

            let start =
                ProcessStartInfo(
                    "sh",
                    [ "-c"; "iql() { printf %s \"$2\"; }\n" + command ],
                    RedirectStandardOutput = true
                )

            use shell = Process.Start start
            Expect.equal (Path.GetFullPath(shell.StandardOutput.ReadToEnd())) folder "full path")

        testCase "a section appears only where it says something of the swept axes" (fun () ->
            let html = page { small with Expectiles = [ 0.9 ] }
            Expect.stringContains html "figure-weights" "html"
            Expect.stringLacks html "figure-value" "html"
            Expect.stringLacks html "With a larger τ" "html"
            Expect.stringContains (page small) "figure-value" "page of small"

            let cloned = page { small with InverseTemperatures = [ 3.0 ] }

            Expect.stringLacks cloned "loning" "cloned"
            Expect.stringLacks cloned "With a larger β" "cloned")

        testCase "columns that would only confuse are left out" (fun () ->
            let heads html = [
                for head in Regex.Matches(html, "<button type=\"button\">([^<]+)") -> head.Groups[1].Value
            ]

            let short = heads (page small)
            Expect.lacks short "Last 10" "short"
            Expect.lacks short "IQM" "short"
            Expect.contains short "Std" "short"
            Expect.contains (heads (page { small with Seeds = [ 0..3 ] })) "IQM" "heads"
            Expect.lacks (heads (page { small with Seeds = [ 0 ] })) "Std" "heads"

            let long = {
                cell 0.0 [] with
                    Runs = [
                        Invented.run [] (Invented.data "data" "generated" None) RunStatus.Finished [ 0.0 .. 20.0 ]
                    ]
            }

            Expect.stringContains (table [ long ]) "Last 10" "table")

        testCase "the page opens with what makes it doubtful" (fun () ->
            Synthetic.withSweep { small with Diverged = [ Synthetic.runName 0.9 3.0 1 ] } (fun folder ->
                let plan = SweepPlan.Read folder

                let remark = "12 % of the action numbers are outside [-1, 1], and no policy acts there"

                SweepPlan(
                    Name = plan.Name,
                    Axes = plan.Axes,
                    Runs = plan.Runs,
                    Remarks = ImmutableArray.Create remark
                )
                    .Write
                    folder

                let html = written folder |> content
                let doubts = html.Substring(0, html.IndexOf "What was found")

                for words in
                    [ "1 of 12 runs failed"; remark + "."; "2 to 3 seeds for each number"; "vectors of 512 bits" ] do
                    Expect.stringContains doubts words "doubts"))

        testCase "pages are in words for people: no names of code, no backticks, one way of writing numbers" (fun () ->
            for html in [ page small; page { small with Task = None }; invented.Value; online.Value ] do
                let text = Regex.Replace(html, "<[^>]+>", " ") |> WebUtility.HtmlDecode
                Expect.stringLacks text "`" "text"
                Expect.stringLacks text "**" "text"
                Expect.stringLacks text "\u202f" "text"
                Expect.isNotMatch text "[^0-9a-f.,−-][1-9][0-9]{4,}[^0-9a-f]" "text"

                for name in [ "inverseTemperature"; "hiddenSizes"; "batchSize"; "valueLoss"; "evaluateEvery" ] do
                    Expect.stringLacks text name "text"

            Expect.equal (Shown.values [ "policyLearningRate", "0.1" ]) "policy learning rate = 0.1" "values"
            Expect.equal (Shown.words "objective.kind 0.5") "objective kind 0.5" "words 'objective.kind 0.5'")

        testCase "the outline of a page is one a screen reader can follow" (fun () ->
            let failed = { small with Diverged = [ Synthetic.runName 0.9 3.0 1 ] }

            for html in [ page failed; page { small with Task = None }; invented.Value; online.Value ] do
                let levels = [ for heading in Regex.Matches(html, "<h([1-6])") -> int heading.Groups[1].Value ]

                Expect.equal levels.Head 1 "head of levels"
                Expect.equal (levels |> List.filter ((=) 1) |> List.length) 1 "number of levels"
                Expect.all (List.pairwise levels) (fun (before, after) -> after <= before + 1) "levels"
                let ids = [ for id in Regex.Matches(html, " id=\"([^\"]+)\"") -> id.Groups[1].Value ]
                Expect.equal ids (List.distinct ids) "ids"

                let targets = [ for link in Regex.Matches(html, "href=\"#([^\"]+)\"") -> link.Groups[1].Value ]

                Expect.isNonEmpty targets "targets"
                Expect.isEmpty (List.except ids targets) "targets"
                Expect.stringContains html "<html lang=\"en\">" "html"
                Expect.isMatch html "<nav aria-label=\"[^\"]+\"" "html"
                Expect.stringContains html "<main>" "html"

                for table in Regex.Matches(html, "<table.*?</table>", RegexOptions.Singleline) do
                    Expect.stringContains table.Value "<caption>" "table"
                    Expect.isNotMatch table.Value "<th(?![^>]*scope=)[ >]" "table"

                for figure in Regex.Matches(html, "<figure id=.*?</figure>", RegexOptions.Singleline) do
                    Expect.isMatch figure.Value "<div[^>]* role=\"img\" aria-label=\"[^\"]*[0-9]" "figure")

        testCase "text has a contrast of at least 4·5 in both colour schemes" (fun () ->
            let schemes =
                Regex.Matches(Synthetic.withSweep small written, ":root\\{(.*?)\\}", RegexOptions.Singleline)

            Expect.equal schemes.Count 2 "count of schemes"

            for scheme in schemes do
                let colour name = luminance (Regex.Match(scheme.Value, $"--{name}:(#[0-9a-f]+)").Groups[1].Value)

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
                    let light, dark = max (colour text) (colour ground), min (colour text) (colour ground)

                    let contrast = (light + 0.05) / (dark + 0.05)

                    Expect.isGreaterThanOrEqual
                        contrast
                        4.5
                        $"{text} on {ground}: expected at least 4.5, got {contrast:F2}")
    ]
