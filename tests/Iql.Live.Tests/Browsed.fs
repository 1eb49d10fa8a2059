/// The page of a live server in Debian's Chromium.
module Iql.Live.Tests.Browsed

open System
open System.Collections.Concurrent
open System.IO
open System.Threading.Tasks
open Expecto
open Iql.Scripts.Charts
open Iql.Web
open Microsoft.Playwright

let wait (work: Task<'result>) : 'result = work.GetAwaiter().GetResult()
let waitFor (work: Task) : unit = work.GetAwaiter().GetResult()

/// Serves a folder while an action has the address.
let serving (folder: string) (port: int) (action: string -> unit) : unit =
    let server = LiveServer(folder, port)

    try
        action (wait (server.Start()))
    finally
        (server :> IAsyncDisposable).DisposeAsync().AsTask() |> waitFor

/// A page of a new browser, so wide and high; nothing may go wrong in its scripts.
let browsing (width: int) (height: int) (action: IPage -> unit) : unit =
    match Chromium.path () with
    | None -> skiptest "No chromium on the path."
    | Some path ->
        use playwright = wait (Playwright.CreateAsync())
        let launched = BrowserTypeLaunchOptions(ExecutablePath = path, Args = [| "--no-sandbox" |])
        let browser = wait (playwright.Chromium.LaunchAsync launched)

        try
            let size = BrowserNewPageOptions(ViewportSize = ViewportSize(Width = width, Height = height))
            let page = wait (browser.NewPageAsync size)
            page.SetDefaultTimeout 20000f
            let errors = ConcurrentQueue<string>()
            page.PageError.Add errors.Enqueue

            page.Console.Add(fun message ->
                // A program that is gone cannot be reached.
                if message.Type = "error" && not (message.Text.Contains "ERR_") then
                    errors.Enqueue message.Text)

            action page
            Expect.isEmpty errors "errors of scripts"
        finally
            browser.CloseAsync() |> waitFor

/// Waits until a JavaScript expression is true.
let until (page: IPage) (expression: string) : unit = page.WaitForFunctionAsync $"() => {expression}" |> wait |> ignore

let text (page: IPage) (expression: string) : string = page.EvaluateAsync<string> $"() => String({expression})" |> wait

/// Writes a picture, where IQL_PICTURES names a folder.
let picture (page: IPage) (name: string) (whole: bool) : unit =
    match Environment.GetEnvironmentVariable "IQL_PICTURES" with
    | null -> ()
    | folder ->
        let options = PageScreenshotOptions(Path = Path.Combine(folder, $"{name}.png"), FullPage = whole)
        page.ScreenshotAsync options |> wait |> ignore
