/// The report of a sweep's folder as its readers see it.
module Iql.Live.Tests.ReportPageTests

open System
open System.IO
open System.Threading.Tasks
open Expecto
open Iql.Scripts
open Iql.Scripts.Tests
open Iql.Live.Tests.Browsed
open Microsoft.Playwright

let private fiveHundred = {
    Synthetic.plan with
        Expectiles = [ 0.5; 0.6; 0.7; 0.8; 0.9 ]
        InverseTemperatures = [ 0.0; 0.5; 1.0; 1.5; 2.0; 3.0; 4.0; 6.0; 8.0; 10.0 ]
        Seeds = [ 0..9 ]
        Diverged = [ Synthetic.runName 0.9 10.0 2 ]
}

/// The report of a plan as a file, while an action goes on.
let private reported (plan: Synthetic.Plan) (action: string -> unit) : unit =
    Synthetic.withSweep plan (fun folder ->
        match Report.write folder with
        | Error problem -> failwith problem
        | Ok path -> action path)

let private goto (page: IPage) (path: string) : unit = page.GotoAsync(Uri(path).AbsoluteUri) |> wait |> ignore

let private count (page: IPage) (selector: string) : int =
    int (text page $"document.querySelectorAll('{selector}').length")

// plotly.js calls parts of its own "plot" too.
let private plots, private drawn = "div.plot", "div.plot .main-svg:first-of-type"

/// Notes in each page to come when the cells of the heat map are there.
let private watch (page: IPage) : unit =
    page.AddInitScriptAsync
        "(function look() { if (document.querySelector('#figure-scores .heatmaplayer text')) \
         window.cells = performance.now(); else requestAnimationFrame(look) })()"
    |> wait
    |> ignore

/// Milliseconds until the first text, the cells of the heat map and the end of loading.
let private times (page: IPage) (path: string) : float list =
    goto page path
    until page "window.cells"

    [
        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        "window.cells"
        "performance.getEntriesByType('navigation')[0].loadEventEnd"
    ]
    |> List.map (text page >> float)

[<Tests>]
let tests =
    testSequenced
    <| testList "ReportPageTests" [
        testCase "charts are drawn as they come near, and the page keeps its height" (fun () ->
            reported Synthetic.plan (fun path ->
                browsing 1280 900 (fun page ->
                    goto page path
                    until page "document.querySelector('#figure-scores .heatmaplayer text')"
                    Expect.isLessThan (count page drawn) (count page plots) "charts at the start"
                    let high = text page "document.documentElement.scrollHeight"
                    page.Locator(plots).Last.ScrollIntoViewIfNeededAsync() |> waitFor
                    until page "[...document.querySelectorAll('div.plot')].at(-1).querySelector('.main-svg')"
                    let now = text page "document.documentElement.scrollHeight"
                    Expect.equal now high "height")))

        testCase "all charts are drawn for print" (fun () ->
            reported Synthetic.plan (fun path ->
                browsing 1280 900 (fun page ->
                    goto page path
                    page.PdfAsync() |> wait |> ignore
                    Expect.equal (count page drawn) (count page plots) "charts"
                    Expect.equal (count page ".explored .main-svg:first-of-type") 1 "the chart of all runs")))

        testCase "a click on a value hides its runs, and one on a cell shows it alone" (fun () ->
            reported Synthetic.plan (fun path ->
                browsing 1280 900 (fun page ->
                    goto page path
                    page.Locator("#figure-explore").ScrollIntoViewIfNeededAsync() |> waitFor
                    let lines = "document.querySelectorAll('.explored .scatterlayer .trace').length"
                    until page $"{lines} == 3"
                    page.Locator("#figure-explore .choices div:nth-child(3) button").First.ClickAsync() |> waitFor
                    until page $"{lines} == 2"
                    page.ReloadAsync() |> wait |> ignore
                    page.Locator("#figure-scores").ScrollIntoViewIfNeededAsync() |> waitFor
                    until page "document.querySelector('#figure-scores .heatmaplayer text')"
                    page.Locator("#figure-scores .nsewdrag").First.ClickAsync() |> waitFor
                    // A thin line and a mean for each of three seeds.
                    until page $"{lines} == 6")))

        testCase "the CSV of a figure that was not yet drawn has its numbers" (fun () ->
            reported Synthetic.plan (fun path ->
                browsing 1280 900 (fun page ->
                    goto page path

                    let press = "document.querySelector('#figure-curves [data-tool=csv]').click()"
                    let pressing = fun () -> page.EvaluateAsync press :> Task
                    let file = page.RunAndWaitForDownloadAsync pressing |> wait
                    let lines = File.ReadAllLines(file.PathAsync() |> wait)
                    Expect.equal lines[0] "chart,series,x,y,low,high,text" "head"
                    Expect.isGreaterThan lines.Length 100 "rows")))

        testCase "a heat map has no logarithmic axes, curves have" (fun () ->
            reported Synthetic.plan (fun path ->
                browsing 1280 900 (fun page ->
                    goto page path

                    let shown figure =
                        page.Locator($"#{figure}").ScrollIntoViewIfNeededAsync() |> waitFor
                        until page $"document.querySelector('#{figure} .main-svg')"
                        text page $"document.querySelectorAll('#{figure} .tools button:not([hidden])').length"

                    Expect.equal (shown "figure-scores") "1" "buttons of the heat map"
                    Expect.equal (shown "figure-curves") "3" "buttons of the curves")))

        testCase "nothing is wider than a phone" (fun () ->
            reported Synthetic.plan (fun path ->
                browsing 390 844 (fun page ->
                    goto page path
                    page.EvaluateAsync "figures.all()" |> wait |> ignore
                    Expect.equal (text page "document.documentElement.scrollWidth") "390" "width")))

        testCase "a report of 500 runs is under 10 MB and opens at once" (fun () ->
            reported fiveHundred (fun path ->
                let size = float (FileInfo path).Length / 1e6
                Expect.isLessThan size 10.0 "megabytes"

                browsing 1280 900 (fun page ->
                    watch page

                    // The first page of all waits for the browser itself.
                    for visit in 1..4 do
                        let times = times page path |> List.map (sprintf "%.0f") |> String.concat ", "
                        printfn "500 runs, %.2f MB, visit %d: text, heat map, load after %s ms" size visit times)

                for name, wide, scheme in
                    [
                        "day", 1400, ColorScheme.Light
                        "night", 1400, ColorScheme.Dark
                        "phone", 390, ColorScheme.Light
                    ] do
                    browsing wide 900 (fun page ->
                        page.EmulateMediaAsync(PageEmulateMediaOptions(ColorScheme = scheme)) |> waitFor
                        goto page path
                        page.EvaluateAsync "figures.all()" |> wait |> ignore
                        picture page $"report-500-{name}" true)))

        testCase "the live page of 500 runs opens" (fun () ->
            Synthetic.withSweep fiveHundred (fun folder ->
                serving folder 0 (fun url ->
                    browsing 1400 900 (fun page ->
                        for visit in [ "first"; "second" ] do
                            let clock = Diagnostics.Stopwatch.StartNew()
                            page.GotoAsync url |> wait |> ignore
                            until page "document.querySelector('#figure-scores .heatmaplayer text')"
                            let answered = text page "performance.getEntriesByType('navigation')[0].responseStart"

                            printfn
                                "500 runs, live, %s visit: answer after %.0f ms, heat map after %d ms"
                                visit
                                (float answered)
                                clock.ElapsedMilliseconds

                        picture page "live-500-day" false))))
    ]
