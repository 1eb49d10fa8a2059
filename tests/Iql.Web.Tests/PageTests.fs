/// The page of `iql serve`, driven in a real browser by its debugging protocol.
module Iql.Web.Tests.PageTests

open System
open System.Diagnostics
open System.IO
open System.Net.Http
open System.Net.WebSockets
open System.Text
open System.Text.Json
open System.Text.Json.Nodes
open System.Threading
open Expecto
open Iql.Tests
open Iql.Scripts
open Iql.Scripts.Charts
open Iql.Web.Tests.ServedRuns

/// A page in Chromium: `run` evaluates JavaScript in it.
let private browse (url: string) (test: (string -> JsonNode) -> unit) : unit =
    match Chromium.path () with
    | None -> skiptest "No chromium on the path."
    | Some browser ->
        let folder = Directory.CreateTempSubdirectory "iql-page-"

        let words = [
            "--headless"
            "--no-sandbox"
            "--disable-gpu"
            "--remote-debugging-port=0"
            $"--user-data-dir={folder.FullName}"
            url
        ]

        use running =
            Process.Start(ProcessStartInfo(browser, words, RedirectStandardOutput = true, RedirectStandardError = true))

        try
            let port = Path.Combine(folder.FullName, "DevToolsActivePort")

            let rec wait tries (find: unit -> 'found option) =
                match find () with
                | Some found -> found
                | None when tries = 0 -> failwith "The browser did not get that far."
                | None ->
                    Thread.Sleep 100
                    wait (tries - 1) find

            let number =
                wait 300 (fun () ->
                    if File.Exists port && (File.ReadAllLines port).Length > 1 then
                        Some(File.ReadAllLines(port)[0])
                    else
                        None)

            use client = new HttpClient()

            let address =
                wait 300 (fun () ->
                    JsonNode.Parse(client.GetStringAsync($"http://127.0.0.1:{number}/json").Result).AsArray()
                    |> Seq.tryFind (fun page -> page["url"].GetValue<string>() = url)
                    |> Option.map (fun page -> page["webSocketDebuggerUrl"].GetValue<string>()))

            use socket = new ClientWebSocket()
            socket.ConnectAsync(Uri address, CancellationToken.None).Wait()

            let run (script: string) : JsonNode =
                let question =
                    JsonSerializer.SerializeToUtf8Bytes {|
                        id = 1
                        ``method`` = "Runtime.evaluate"
                        ``params`` = {| expression = script; returnByValue = true; awaitPromise = true |}
                    |}

                socket.SendAsync(ArraySegment question, WebSocketMessageType.Text, true, CancellationToken.None).Wait()
                let buffer = Array.zeroCreate<byte> 1_000_000
                let got = socket.ReceiveAsync(ArraySegment buffer, CancellationToken.None).Result
                let answer = JsonNode.Parse(Encoding.UTF8.GetString(buffer, 0, got.Count))
                let result = answer["result"]["result"]
                result["value"]

            test (fun script -> wait 100 (fun () -> run script |> Option.ofObj))
        finally
            running.Kill true
            running.WaitForExit()

            try
                folder.Delete true
            with :? IOException ->
                ()

[<Tests>]
let tests =
    testList "PageTests" [
        testCase "sliders have the data's names and ranges, and moving one moves the action" (fun () ->
            served plantRun options (fun policy client ->
                browse (string client.BaseAddress) (fun run ->
                    let text (script: string) = (run script).GetValue<string>()
                    // The page is there when the first answer is.
                    let shown = "(document.querySelector('output')?.textContent ?? '–').match(/[0-9.]+/)?.[0]"
                    let before = text shown
                    let labels = "[...document.querySelectorAll('label')].map(label => label.textContent).join()"
                    Expect.equal (text labels) "level [m],flow" "labels"
                    let range = "(range => range.min + ' to ' + range.max)(document.querySelector('[type=range]'))"
                    Expect.equal (text range) "0 to 10" "range"

                    let move =
                        "(() => { const [level, flow] = document.querySelectorAll('[type=range]');"
                        + "level.value = 8; level.oninput(); flow.value = 0.5; flow.oninput(); return 'moved' })()"

                    Expect.equal (text move) "moved" "moved"
                    let flow = float32 (text "document.querySelectorAll('[type=number]')[1].value")
                    let expected = float (policy.Act(8f, flow)[0])
                    // The answer for the first slider alone may come before.
                    let near = $"Math.abs(text - {expected}) < {0.001 * abs expected}"
                    text $"(text => text != '{before}' && {near} ? text : null)({shown})" |> ignore
                    Expect.stringContains (text "document.getElementById('curl').textContent") "/act -H" "curl"
                    Expect.equal (text "document.getElementById('error').textContent + 'none'") "none" "error")))
    ]
