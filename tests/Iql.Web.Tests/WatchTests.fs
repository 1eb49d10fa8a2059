/// The live page as programs see it: its events, and what it refuses.
module Iql.Web.Tests.WatchTests

open System
open System.IO
open System.Net.Http
open System.Text.Json.Nodes
open Expecto
open Iql.Training
open Iql.Web

/// A copy of a sweep's folder, watched.
let private watched (test: string -> HttpClient -> unit) : unit =
    let folder = Directory.CreateTempSubdirectory "iql-watched-"

    for path in Directory.GetFiles(ServedRuns.plantRun.Value, "*", SearchOption.AllDirectories) do
        let copy = Path.Combine(folder.FullName, Path.GetRelativePath(ServedRuns.plantRun.Value, path))
        Directory.CreateDirectory(Path.GetDirectoryName copy) |> ignore
        File.Copy(path, copy)

    let server = LiveServer(folder.FullName, 0)

    try
        use client = new HttpClient(BaseAddress = Uri(server.Start().Result))
        test folder.FullName client
    finally
        (server :> IAsyncDisposable).DisposeAsync().AsTask().Wait()
        folder.Delete true

/// The next event of a stream: its id, and its data.
let private next (stream: StreamReader) : string * JsonNode =
    let rec go (id: string) =
        match stream.ReadLine() with
        | null -> failwith "The stream ended."
        | line when line.StartsWith "id: " -> go line[4..]
        | line when line.StartsWith "data: " -> id, JsonNode.Parse line[6..]
        | _ -> go id

    go ""

let private opened (client: HttpClient) (since: string) : StreamReader =
    new StreamReader(client.GetStreamAsync($"events?since={since}").Result)

let private ids (event: JsonNode) = [ for part in event["parts"].AsArray() -> part["id"].GetValue<string>() ]

[<Tests>]
let tests =
    testList "WatchTests" [
        testCase "a stream has the whole page, then only the parts that changed" (fun () ->
            watched (fun folder client ->
                let page = client.GetStringAsync("").Result
                Expect.stringContains page "<section id=\"now\">" "page"
                use stream = opened client "another"
                let first, all = next stream
                let order = [ for id in all["order"].AsArray() -> id.GetValue<string>() ]
                Expect.equal (ids all) order "parts"
                Expect.isTrue (List.contains "runs" order) "runs"
                Expect.stringContains page $"data-since=\"{first}\"" "version"

                GroupStatus(Group = 0, Name = "run", Runs = 1, Steps = 20L, Step = 10L, Process = 2_000_000_000).Write
                    folder

                let second, changed = next stream
                Expect.equal (ids changed) [ "now" ] "what changed"
                Expect.stringContains (string changed) "process 2000000000 is gone" "a killed process"
                Expect.notEqual second first "version"

                // A page that was away gets what it missed.
                use later = opened client first
                Expect.equal (next later |> fst) second "version"))

        testCase "it is read-only, and answers only pages of this machine" (fun () ->
            watched (fun folder client ->
                let files () = [
                    for path in Directory.GetFiles(folder, "*", SearchOption.AllDirectories) |> Array.sort ->
                        path, File.GetLastWriteTimeUtc path
                ]

                let before = files ()
                client.GetStringAsync("").Result |> ignore
                Expect.equal (int (client.PostAsync("", null).Result.StatusCode)) 405 "POST"
                Expect.equal (int (client.GetAsync("sweep.json").Result.StatusCode)) 404 "a file"
                use foreign = new HttpRequestMessage(HttpMethod.Get, client.BaseAddress)
                foreign.Headers.Host <- "elsewhere.example"
                Expect.equal (int (client.SendAsync(foreign).Result.StatusCode)) 400 "another name"
                Expect.equal (files ()) before "files"))

        testCase "a damaged plan is said on the page, and the page goes on when it is whole again" (fun () ->
            watched (fun folder client ->
                let plan = SweepPlan.PathIn folder
                let whole = File.ReadAllText plan
                File.WriteAllText(plan, "{")
                use stream = opened client "another"
                let _, event = next stream
                Expect.equal (ids event) [ "note" ] "a note"
                File.WriteAllText(plan, whole)
                let _, event = next stream
                Expect.isTrue (List.contains "runs" (ids event)) "the report"))

        testCase "its stream ends with the program" (fun () ->
            let server = LiveServer(ServedRuns.plantRun.Value, 0)
            use client = new HttpClient(BaseAddress = Uri(server.Start().Result))
            use stream = opened client "another"
            next stream |> ignore
            (server :> IAsyncDisposable).DisposeAsync().AsTask().Wait()
            Expect.stringContains (stream.ReadToEnd()) "event: end\ndata: The program ended at" "the end")
    ]
