/// The live page as its readers see it.
module Iql.Live.Tests.LivePageTests

open Expecto
open Iql.Training
open Iql.Live.Tests.GrowingSweep
open Iql.Live.Tests.Browsed
open Microsoft.Playwright

let private doneRuns (count: int) =
    $"document.getElementById('now')?.textContent.includes('{count} of 36 runs are done')"

/// Cells of the heat map with a number.
let private cells = "document.querySelectorAll('#figure-scores .heatmaplayer text').length"

let private rows = "[...document.querySelectorAll('#runs tbody tr')].filter(row => !row.hidden).length"

let private goto (page: IPage) (url: string) : unit = page.GotoAsync url |> wait |> ignore

/// Lines of charts that a reader hid.
let private faded = "document.querySelectorAll('.plot .legend .traces[style*=\"0.5\"]').length"

[<Tests>]
let tests =
    testSequenced
    <| testList "LivePageTests" [
        testCase "it fills as runs end, and keeps what a reader did to it" (fun () ->
            during (fun growing ->
                serving growing.Folder 0 (fun url ->
                    browsing 1280 900 (fun page ->
                        goto page url
                        until page "document.body.textContent.includes('no run has begun yet')"
                        status growing 0 8000L GroupState.Running
                        bring 14 growing
                        until page (doneRuns 14)
                        until page "document.querySelector('#now').textContent.includes('1 group in training')"
                        until page $"{cells} > 0"
                        picture page "filling" true
                        // One line of a chart is hidden, a table is filtered and sorted.
                        page.Locator("#runs .filter").FillAsync "0.9 finished" |> waitFor
                        page.Locator("#runs thead button").First.ClickAsync() |> waitFor
                        page.Locator(".plot .legendtoggle").First.ClickAsync() |> waitFor
                        until page $"{faded} > 0"

                        let hidden = text page faded

                        let before = int (text page rows)
                        Expect.isTrue (before > 0 && before < 14) $"{before} rows"
                        page.Locator("#runs .filter").FocusAsync() |> waitFor

                        bring 36 growing
                        status growing 0 20000L GroupState.Done
                        until page (doneRuns 36)
                        until page $"{rows} > {before}"
                        Expect.equal (text page rows) "12" "rows with 0.9"
                        Expect.equal (text page "document.activeElement.className") "filter" "what has the focus"

                        Expect.equal
                            (text page "document.querySelectorAll('#runs [aria-sort]').length")
                            "1"
                            "sorted"

                        Expect.equal (text page faded) hidden "hidden lines"

                        page.ReloadAsync() |> wait |> ignore
                        until page (doneRuns 36)
                        Expect.equal (text page rows) "12" "rows after the reload"
                        picture page "filled" true))))

        testCase "it goes on when the program starts again" (fun () ->
            during (fun growing ->
                browsing 1280 900 (fun page ->
                    let mutable port = 0
                    bring 3 growing

                    serving growing.Folder 0 (fun url ->
                        port <- System.Uri(url).Port
                        goto page url
                        until page (doneRuns 3)
                        bring 5 growing)

                    until page "document.querySelector('#live').textContent.startsWith('The program ended')"
                    until page (doneRuns 5)
                    picture page "ended" false
                    bring 9 growing

                    serving growing.Folder port (fun _ ->
                        until page (doneRuns 9)
                        until page "document.querySelector('#live').textContent == 'Live'"))))

        testCase "it fits a phone, by day and by night" (fun () ->
            during (fun growing ->
                bring 20 growing

                for group, step, state in
                    [
                        0, 20000L, GroupState.Done
                        3, 20000L, GroupState.Done
                        6, 9000L, GroupState.Running
                        1, 1000L, GroupState.Failed
                    ] do
                    status growing group step state

                serving growing.Folder 0 (fun url ->
                    browsing 390 844 (fun page ->
                        goto page url
                        until page "document.querySelector('#live').textContent == 'Live'"
                        // Charts below the window wait for their reader.
                        until page $"(figures.all(), {cells} > 0)"
                        Expect.equal (text page "document.documentElement.scrollWidth") "390" "width"

                        Expect.stringContains
                            (text page "document.querySelector('#now').innerText")
                            "disk is full"
                            "why"

                        picture page "phone" true
                        picture page "phone-top" false
                        let night = PageEmulateMediaOptions(ColorScheme = ColorScheme.Dark)
                        page.EmulateMediaAsync night |> waitFor
                        picture page "phone-night" true
                        page.SetViewportSizeAsync(1280, 900) |> waitFor
                        picture page "desktop-night" false))))
    ]
