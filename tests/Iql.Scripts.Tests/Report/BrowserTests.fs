module Iql.Scripts.Tests.BrowserTests

open System
open System.Diagnostics
open System.IO
open System.Text.RegularExpressions
open Iql.Scripts
open Xunit

/// A browser on the search path, if there is one.
let private browser () : string option =
    let folders = (Environment.GetEnvironmentVariable "PATH").Split Path.PathSeparator

    [ "chromium"; "chromium-browser"; "google-chrome"; "chrome" ]
    |> List.collect (fun name -> [ for folder in folders -> Path.Combine(folder, name) ])
    |> List.tryFind File.Exists

/// The page's DOM after its scripts have run, and what the browser logged.
let private opened (browser: string) (page: string) : string * string =
    let profile = Synthetic.temporary ()

    try
        let start =
            ProcessStartInfo(
                browser,
                [
                    "--headless"
                    "--no-sandbox"
                    "--disable-gpu"
                    "--hide-scrollbars"
                    "--window-size=1200,2400"
                    "--virtual-time-budget=8000"
                    "--enable-logging=stderr"
                    "--v=0"
                    $"--user-data-dir={profile}"
                    "--dump-dom"
                    Uri(page).AbsoluteUri
                ],
                RedirectStandardOutput = true,
                RedirectStandardError = true
            )

        use running = Process.Start start
        let log = running.StandardError.ReadToEndAsync()
        let dom = running.StandardOutput.ReadToEnd()
        running.WaitForExit()
        dom, log.Result
    finally
        Directory.Delete(profile, true)

/// A browser opens the page, draws so many figures, logs nothing and asks for nothing.
let private draws (count: int) (page: string) : unit =
    match browser () with
    | None -> Assert.Skip "No chromium on the path: install one to see the report drawn."
    | Some browser ->
        let dom, log = opened browser page
        let plots = Regex.Matches(dom, "class=\"plot[^\"]*\" id=\"([^\"]+)\"")
        Assert.Equal(count, plots.Count)

        for plot in plots do
            let start = plot.Index
            let rest = dom.Substring(start, dom.IndexOf("</figure>", start) - start)
            Assert.True(rest.Contains "main-svg", $"{plot.Groups[1].Value}: expected a drawing, got none")

        Assert.DoesNotContain("data-error", dom)
        Assert.DoesNotContain("CONSOLE", log)

        // plotly.js names its home in a style sheet comment and in code; elements must not.
        Assert.DoesNotMatch("<(img|script|link|iframe)[^>]*(src|href)=\"https?:", dom)

[<Fact>]
let ``a browser draws every figure of a report without an error or a request`` () =
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
        | Ok path -> draws 6 path)

[<Fact>]
let ``a browser draws every figure of a comparison without an error or a request`` () =
    let folder = Synthetic.temporary ()

    try
        let page = Path.Combine(folder, "report.html")
        let results = Invented.locomotion "generated"
        File.WriteAllText(page, Report.ofTable [] [] results (ScoreTable.ofResults results))
        draws 4 page
    finally
        Directory.Delete(folder, true)

[<Fact>]
let ``a browser plays the episodes of a page without an error or a request`` () =
    let card = Iql.Environments.Tasks.Tasks.Get "pointmaze-umaze-stitch-v0"

    let shown seed : ScenePage.Shown = {
        Scene = (Episode.ofExpert card (Iql.Seed seed) |> Result.toOption).Value
        Digits = 2
        Above = []
        Below = []
    }

    let stage = ScenePage.stage [ shown 1UL; shown 2UL ]
    let folder = Synthetic.temporary ()

    try
        let page = Path.Combine(folder, "report.html")
        File.WriteAllText(page, Html.page "episodes" (Animations.section "" [ stage; stage ]))
        draws 0 page

        match browser () with
        | None -> ()
        | Some browser ->
            let dom, _ = opened browser page
            // The script has put every point somewhere, and told when.
            Assert.Equal(4, Regex.Matches(dom, "class=\"bar\"[^>]* x1=\"").Count)
            Assert.Equal(4, Regex.Matches(dom, "class=\"told\">[0-9.]+ s of [0-9.]+ s, return").Count)
    finally
        Directory.Delete(folder, true)
