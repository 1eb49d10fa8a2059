module Iql.Scripts.Tests.BrowserTests

open System
open System.Collections.Concurrent
open System.IO
open System.Net
open System.Net.Sockets
open System.Text.RegularExpressions
open Iql.Training.Online
open Iql.Scripts
open Iql.Scripts.Charts
open Expecto
open Iql.Tests

let private opened (options: string list) (page: string) : string * string =
    if (Chromium.path ()).IsNone then
        skiptest "No chromium on the path: install one to see the report drawn."

    match Chromium.opened ("--dump-dom" :: "--enable-logging=stderr" :: "--v=0" :: options) page with
    | Ok opened -> opened
    | Error problem -> failwith problem

/// A page whose browser draws every chart and then runs a script.
let private ending (script: string) (page: string) : string =
    let all = "if (typeof figures === 'object') figures.all();"
    let last = page.LastIndexOf "</body>"
    page.Insert(last, $"<script>setTimeout(() => {{ {all} setTimeout(() => {{ {script} }}, 1000) }}, 2000)</script>")

/// A browser with a narrow window opens the page, draws so many charts and nothing wider than the window, logs nothing
/// and asks for nothing.
let private draws (count: int) (page: string) : unit =
    let dom, log =
        page
        |> ending "document.body.dataset.wide = document.documentElement.scrollWidth"
        |> opened [ "--window-size=500,2000" ]

    Expect.stringContains dom "data-wide=\"500\"" "dom"
    let plots = Regex.Matches(dom, "<div class=\"plot[ \"]")
    Expect.equal plots.Count count "count of plots"

    for plot in plots do
        Expect.stringContains
            (dom.Substring(plot.Index, dom.IndexOf("</script>", plot.Index) - plot.Index))
            "main-svg"
            "substring of dom"

    Expect.stringLacks dom "data-error" "dom"
    Expect.stringLacks log "CONSOLE" "log"
    // plotly.js names its home in a style sheet comment and in code; elements must not.
    Expect.isNotMatch dom "<(img|script|link|iframe)[^>]*(src|href)=\"https?:" "dom"

/// A proxy on this machine that refuses everything and keeps the first line of each request, but for those that
/// Chromium makes on its own account.
let private listening () : TcpListener * ConcurrentQueue<string> =
    let listener, asked = new TcpListener(IPAddress.Loopback, 0), ConcurrentQueue<string>()

    listener.Start()

    task {
        try
            while true do
                use! client = listener.AcceptTcpClientAsync()
                use reader = new StreamReader(client.GetStream())
                let! line = reader.ReadLineAsync()

                if not (Regex.IsMatch(line, @"\.(google|googleapis|gvt1)\.com[:/]")) then
                    asked.Enqueue line
        with
        | :? ObjectDisposedException
        | :? SocketException -> ()
    }
    |> ignore

    listener, asked

[<Tests>]
let tests =
    testList "BrowserTests" [
        testCase "no button of any chart of a report asks the network for anything" (fun () ->
            let press =
                "const all = [...document.querySelectorAll('.modebar-btn')];"
                + "all.forEach(button => button.click()); document.body.dataset.pressed = all.length"

            let pressed (page: string) =
                let listener, asked = listening ()

                try
                    let proxy = $"--proxy-server=http://127.0.0.1:{(listener.LocalEndpoint :?> IPEndPoint).Port}"

                    let dom, _ = page |> ending press |> opened [ proxy; "--proxy-bypass-list=<-loopback>" ]

                    int (Regex.Match(dom, "data-pressed=\"(\\d+)\"").Groups[1].Value), List.ofSeq asked
                finally
                    listener.Stop()

            Synthetic.withSweep Synthetic.plan (fun folder ->
                match Report.write folder with
                | Error problem -> failwith problem
                | Ok path ->
                    let page = File.ReadAllText path
                    // Four buttons a chart.
                    Expect.equal
                        (pressed page)
                        (4 * Regex.Matches(page, "<div class=\"plot\"").Count, [])
                        "pressed of page")

            // The proxy would have told.
            let talks = "<html><body><script>fetch('http://iql.example/')</script></body></html>"

            Expect.stringContains (String.concat " " (snd (pressed talks))) "iql.example" "pressed of talks")

        testCase "a browser draws every figure of a report without an error or a request" (fun () ->
            let plan = {
                Synthetic.plan with
                    Expectiles = [ 0.5; 0.9 ]
                    InverseTemperatures = [ 0.0; 3.0 ]
                    Seeds = [ 0; 1 ]
                    Diverged = [ Synthetic.runName 0.9 3.0 1 ]
            }

            Synthetic.withSweep plan (fun folder ->
                match Report.write folder with
                | Error problem -> failwith problem
                | Ok path -> draws 13 (File.ReadAllText path)))

        testCase "a browser draws every figure of a comparison without an error or a request" (fun () ->
            let results = Invented.locomotion "generated"
            draws 9 (Report.ofTable [] [] [] [] results (ScoreTable.ofResults results)))

        testCase "a browser draws every figure of runs that go online without an error or a request" (fun () ->
            let results = Invented.online (FineTuning(OfflineSteps = 1000L, OnlineSteps = 2000L))
            // Two tasks, four charts of success, two buffers, four statistics, improvement, two charts of curves.
            draws 15 (Report.ofTable [] [] [] [] results (ScoreTable.ofResults results)))

        testCase "nothing is wider than a page of 390 pixels" (fun () ->
            let plan = { Synthetic.plan with Diverged = [ Synthetic.runName 0.9 3.0 1 ] }

            Synthetic.withSweep plan (fun folder ->
                match Report.write folder with
                | Error problem -> failwith problem
                | Ok path ->
                    // A window has at least 500 pixels, a frame need not.
                    let dom, _ =
                        "<html><body><iframe style=\"width:390px;height:3000px\" onload=\"setTimeout(() => {"
                        + "this.contentWindow.eval('figures.all()');"
                        + "var root = this.contentDocument.documentElement;"
                        + "document.title = 'width ' + root.scrollWidth + ' of ' + root.clientWidth}, 3000)\" srcdoc=\""
                        + WebUtility.HtmlEncode(File.ReadAllText path)
                        + "\"></iframe></body></html>"
                        |> opened []

                    let widths = Regex.Match(dom, "<title>width ([0-9]+) of ([0-9]+)")
                    Expect.isTrue widths.Success "the frame did not load"
                    Expect.equal widths.Groups[1].Value widths.Groups[2].Value "group 1 of widths"))

        testCase "a browser plays the episodes of a page without an error or a request" (fun () ->
            let card = Iql.Environments.Tasks.Tasks.Get "pointmaze-umaze-stitch-v0"

            let shown seed : ScenePage.Shown = {
                Scene = (Episode.ofExpert card (Iql.Seed seed) |> Result.toOption).Value
                Digits = 2
                Above = []
                Below = []
            }

            let stage = ScenePage.stage [ shown 1UL; shown 2UL ]
            let page = Html.page "episodes" (Animations.section "" [ stage; stage ])
            draws 0 page
            let dom, _ = opened [] page
            // The script has put every point somewhere, and told when.
            Expect.equal (Regex.Matches(dom, "class=\"bar\"[^>]* x1=\"").Count) 4 "count of matches"

            Expect.equal
                (Regex.Matches(dom, "class=\"told\">[0-9.]+ s of [0-9.]+ s, return").Count)
                4
                "count of matches")
    ]
