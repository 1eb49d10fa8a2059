/// A minute of load: dotnet test --project tests/Iql.Web.Tests --filter long
module Iql.Web.Tests.LoadTests

open System
open System.Diagnostics
open System.Globalization
open System.Net.Http
open System.Net.Http.Headers
open System.Text.Json.Nodes
open System.Threading
open System.Threading.Tasks
open Expecto
open Iql.Tests
open Iql.Web
open Iql.Web.Tests.ServedRuns

let private seconds = 60

/// Requests a second.
let private rate = 1000

/// Asks as often as the clock says: the numbers of answers that were right and of others, and their latencies.
let private load (client: HttpClient) : int * int * int64[] =
    let body = """{"observation": [3.5, 1.25]}"""B
    let clock = Stopwatch.StartNew()
    let latency = Latency()
    // Right answers, others, and the number of the next request.
    let counts = [| 0; 0; 0 |]
    let add (i: int) = Interlocked.Increment(&counts[i])
    let _, expected = post client """{"observation": [3.5, 1.25]}"""
    let expected = expected.ToJsonString()

    let worker () = task {
        let mutable number = add 2 - 1

        while number < rate * seconds do
            let early = float number / float rate - clock.Elapsed.TotalSeconds

            if early > 0.001 then
                do! Task.Delay(TimeSpan.FromSeconds early)

            let started = Stopwatch.GetTimestamp()
            use content = new ByteArrayContent(body)
            content.Headers.ContentType <- MediaTypeHeaderValue "application/json"

            try
                use! answer = client.PostAsync("act", content)
                let! text = answer.Content.ReadAsStringAsync()
                latency.Add(Stopwatch.GetElapsedTime started)

                if text = expected then add 0 |> ignore else add 1 |> ignore
            with :? HttpRequestException ->
                add 1 |> ignore

            number <- add 2 - 1
    }

    Task.WaitAll [| for _ in 1..16 -> Task.Run(fun () -> worker () :> Task) |]
    let took = clock.Elapsed.TotalSeconds
    printfn "%d requests in %s s" (rate * seconds) (took.ToString("F1", CultureInfo.InvariantCulture))
    Expect.isLessThan took (1.05 * float seconds) "seconds: the rate was held"
    counts[0], counts[1], latency.Counts

[<Tests>]
let tests =
    testSequenced
    <| testList "LoadTests" [
        testList "long" [
            testCase "1,000 requests a second for a minute: nothing is lost, and memory stays" (fun () ->
                let running, client = ServeTests.serving ()

                let memory () =
                    let health = JsonNode.Parse(client.GetStringAsync("health").Result)
                    health["megabytes"].GetValue<int>()

                // A first second makes the program warm.
                for _ in 1..1000 do
                    post client """{"observation": [3.5, 1.25]}""" |> ignore

                let before = memory ()
                let right, wrong, counts = load client
                let after = memory ()
                printfn "%s, seen by the client; memory %d MB, then %d MB" (Latency.describe counts) before after
                Expect.equal (right, wrong) (rate * seconds, 0) "right and wrong answers"
                Expect.isLessThan after (before + 40) "megabytes"
                ServeTests.signal "-INT" running
                printfn "%s" ((running.StandardOutput.ReadToEnd()).TrimEnd().Split('\n') |> Array.last)
                running.WaitForExit())
        ]
    ]
