/// The report of runs that go on online.
module Iql.Scripts.Tests.OnlinePageTests

open System.Net
open System.Text.RegularExpressions
open Iql.Training.Online
open Iql.Scripts
open Expecto
open Iql.Tests

let private how = FineTuning(OfflineSteps = 1000L, OnlineSteps = 2000L)
let private sweep = Invented.online how

/// Two published runs of IQL on one of the tasks.
let private curves = [
    for number in 0..1 ->
        {
            Algorithm = "iql"
            Task = "antmaze-umaze-v2"
            Number = number
            Offline = [ 10.0 + float number; 30.0 ]
            Online = [ 60.0; 20.0; 90.0; 100.0 ]
            Regret = 0.25
        }
]

let private page (sweep: SweepResults) = Report.ofTable [] curves [] [] sweep (ScoreTable.ofResults sweep)

let private content (html: string) =
    Regex.Replace(html, "<(script|style).*?</\\1>", "", RegexOptions.Singleline)
    |> WebUtility.HtmlDecode

let private charts (html: string) =
    [
        for chart in Regex.Matches(html, "<script type=\"application/json\">(.*?)</script></div>") ->
            chart.Groups[1].Value
    ]
    |> String.concat "\n"

/// What a reader meets only where runs go on online.
let private words = [
    "Before → after"
    "The online phase"
    "Success while acting"
    "What the buffer holds"
    "goes online"
    "updates from data, then"
]

[<Tests>]
let tests =
    testList "OnlinePageTests" [
        testCase "the table of scores has those before, and below them published ones" (fun () ->
            let text = ScoreTableText.lines (ScoreTable.ofResults sweep) |> String.concat "\n"
            // Two seeds: 60 and 61 after 20 and 21; t = 12.706 for one degree of freedom, times √½ / √2.
            Expect.isMatch text @"antmaze-umaze-v2 † +20\.5 ± 6\.4 → 60\.5 ± 6\.4 +50\.5 ± 6\.4 → 40\.5 ± 6\.4" "ours"

            Expect.isMatch
                text
                @"CORL, fine-tuning, on D4RL's data +77\.0 ± 0\.7 → 96\.5 ± 1\.1 +52\.8 ± 8\.7 → 98\.8 ± 1\.1"
                "CORL"

            Expect.isMatch
                text
                @"IQL paper, fine-tuning, antmaze-umaze-v0, on D4RL's data +86\.7 → 96\.0 +56\.7 → 59\.0"
                "the paper"

            Expect.isMatch text @"mean +20\.5 ± [\d.]+ → 60\.5 ± [\d.]+ +50\.5" "mean"
            let latex = ScoreTableText.latex (ScoreTable.ofResults sweep)
            Expect.stringContains latex @"20.5 {\scriptsize$\pm$\,0.5} $\to$ \textbf{60.5} {\scriptsize" "LaTeX"
            let notes = ScoreTableText.notes (ScoreTable.ofResults sweep) |> String.concat "\n"
            Expect.stringContains notes "of the last evaluations before → after going online" "notes"
            Expect.stringContains notes "antmaze-umaze-v0: another version, which is different data." "notes")

        testCase "the page has the parts of the online phase, and a page of runs that stay offline has none" (fun () ->
            let html = page sweep
            let offline = Invented.locomotion "generated" |> page

            for part in words do
                let holds html = (content html + charts html).Contains part
                Expect.equal (holds html, holds offline) (true, false) part

            let text = Regex.Replace(content html, "<[^>]+>", " ")
            Expect.stringContains text "antmaze-umaze-v2, IQL: 20.5 → 60.5" "found"

            Expect.stringContains
                text
                "1,000,000 updates and 1,000,000 environment steps. Ours had 1,000 and 2,000"
                "both"
            // CORL's two runs: 30 before, 60 first and in the dip, 67.5 in the mean, 100 best, with regret.
            Expect.isMatch
                text
                @"IQL, CORL\s+antmaze-umaze-v2\s+2\s+30\.0.*?60\.0.*?60\.0.*?67\.5.*?67\.5.*?100\.0.*?0\.25.*?0\.3"
                "row"

            Expect.stringContains text "1,000 + 2,000 online steps" "subtitle")

        testCase "the page opens with what makes the online phase doubtful" (fun () ->
            let doubts how = Invented.online how |> Doubts.ofSweep |> String.concat "\n"
            let text = doubts how

            Expect.stringContains
                text
                "The online phase has 10 evaluations, 1 of them in its first tenth."
                "evaluations"

            Expect.stringContains text "An evaluation has 20 episodes" "episodes"

            Expect.stringContains
                text
                "Ours had 1,000 updates from 998,000 rows, and 2,000 environment steps."
                "published"

            Expect.stringLacks text "acting lag" "lag"
            Expect.stringContains (doubts (how.With("ActingLag", 1))) "parameters that were one update old" "lag"
            Expect.stringContains (doubts (how.With("DataRows", 999_000L))) "998,000 of 999,000 rows" "rows"

            Expect.isEmpty (OnlineDoubts.ofSweep (Invented.locomotion "generated")) "offline")

        testCase "published curves are laid over the same shares of each phase" (fun () ->
            let chart =
                Charts.BesidePublished.panels curves (OnlineTable.groups sweep)
                |> List.exactlyOne
                |> FigureTests.traces

            // A band, a line, ours: another band and line.
            let x = [ for place in chart[1].GetProperty("x").EnumerateArray() -> place.GetDouble() ]
            Expect.equal x [ 500.0; 1000.0; 1500.0; 2000.0; 2500.0; 3000.0 ] "places"
            Expect.hasLength chart 4 "traces")

        testCase "the terminal has the same numbers with what they mean" (fun () ->
            let text = OnlineTable.lines curves sweep |> String.concat "\n"

            Expect.isMatch
                text
                @"antmaze-umaze-v2, IQL +20\.5 +24\.5 +24\.5 +42\.5 +42\.5 +60\.5 +60\.5 +0\.50 +0\.5"
                "ours"

            Expect.isMatch text @"  antmaze-umaze-v2, IQL, CORL +30\.0 +60\.0 +60\.0 +67\.5" "CORL"

            Expect.stringContains
                text
                "Regret: The share of failures among the episodes that ended while acting"
                "words")
    ]
