namespace Iql.Web

open System
open System.Diagnostics
open System.IO
open System.Net
open System.Text.Json.Nodes
open System.Threading
open System.Threading.RateLimiting
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Iql.Scripts

/// Where a server listens, and what it refuses.
type ServerOptions = {
    Address: IPAddress
    /// 0 takes a free one.
    Port: int
    /// Requests a second.
    Rate: int
    /// Rows of a request.
    Batch: int
    /// Bytes of a request.
    Body: int64
}

/// A policy over HTTP.
type Server(served: Served, options: ServerOptions) =
    let latency = Latency()
    let begun = Stopwatch.StartNew()
    let mutable refused, limited = 0L, 0L
    let episodes = Episodes served.Policy

    let limiter =
        new FixedWindowRateLimiter(
            FixedWindowRateLimiterOptions(PermitLimit = options.Rate, Window = TimeSpan.FromSeconds 1.0)
        )

    let limits = [ "requestsPerSecond", int64 options.Rate; "rows", int64 options.Batch; "bytes", options.Body ]

    let metadata = Json.text (Served.metadata limits served)
    let openApi = OpenApi.describe served

    let page =
        use reader = new StreamReader(typeof<Served>.Assembly.GetManifestResourceStream "page.html")

        reader.ReadToEnd()

    let json (context: HttpContext) (code: int) (node: JsonNode) : Task =
        Site.say context code "application/json" (Json.text node)

    let refuse (context: HttpContext) (code: int) (message: string) : Task =
        Interlocked.Increment &refused |> ignore

        json context code (Json.object [ "error", Json.node message ])

    let health () : JsonNode =
        let counts = latency.Counts

        Json.node {|
            Status = "ok"
            Seconds = Math.Round(begun.Elapsed.TotalSeconds, 1)
            Answers = Array.sum counts
            Refused = Volatile.Read &refused
            AboveTheRate = Volatile.Read &limited
            MedianMilliseconds = Math.Round(Latency.within 0.5 counts, 3)
            Percentile99Milliseconds = Math.Round(Latency.within 0.99 counts, 3)
            Megabytes = Environment.WorkingSet / 1_000_000L
        |}

    let decide (question: Question) : Result<JsonNode, string> =
        let policy = served.Policy

        let actions =
            match policy.Remembers, question.Episode with
            | true, None -> Error "episode: expected a name, as this policy remembers its episode, got none."
            | false, Some name -> Error $"episode: expected none, as this policy remembers nothing, got '{name}'."
            | true, Some name when question.Batch ->
                Error $"observations: expected observation, the next one of episode '{name}', got several."
            | true, Some name -> episodes.Act(name, question.Numbers, question.Reward)
            | false, None -> Attempt.run (fun () -> policy.Act question.Numbers)

        actions
        |> Result.map (fun actions ->
            let rows = [|
                for row in 0 .. question.Rows - 1 ->
                    ReadOnlyMemory(actions, row * policy.Actions.Size, policy.Actions.Size)
                    |> Served.answer question.Named served
            |]

            if question.Batch then
                Json.object [ "actions", Json.list rows ]
            else
                Json.object [ "action", rows[0] ])

    let isJson (context: HttpContext) =
        let kind = string context.Request.ContentType
        let bare = Array.head (kind.Split ';')
        bare.Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase)

    let act (context: HttpContext) : Task = task {
        let started = Stopwatch.GetTimestamp()
        use lease = limiter.AttemptAcquire 1

        if not lease.IsAcquired then
            Interlocked.Increment &limited |> ignore
            context.Response.Headers.RetryAfter <- "1"
            do! refuse context 429 $"expected at most {options.Rate} requests a second, got more. Wait a second."
        elif not (isJson context) then
            do! refuse context 415 $"expected Content-Type application/json, got '{context.Request.ContentType}'."
        else
            use body = new MemoryStream()

            let! size = task {
                try
                    do! context.Request.Body.CopyToAsync body
                    return Ok()
                with :? Microsoft.AspNetCore.Http.BadHttpRequestException as error when error.StatusCode = 413 ->
                    return Error $"expected a body of at most {options.Body} bytes, got a larger one."
            }

            match size with
            | Error message -> do! refuse context 413 message
            | Ok() ->
                let question =
                    Question.ofBody served.Sliders options.Batch (ReadOnlyMemory(body.GetBuffer(), 0, int body.Length))

                match question |> Result.bind decide with
                | Error message -> do! refuse context 400 message
                | Ok answer ->
                    do! json context 200 answer
                    latency.Add(Stopwatch.GetElapsedTime started)
    }

    let handle (context: HttpContext) : Task =
        match context.Request.Method, context.Request.Path.Value with
        | "POST", "/act" -> act context
        | "GET", "/health" -> json context 200 (health ())
        | "GET", "/metadata" -> Site.say context 200 "application/json" metadata
        | "GET", "/openapi.json" -> Site.say context 200 "application/json" openApi
        | "GET", "/" -> Site.say context 200 "text/html; charset=utf-8" page
        | _, ("/act" | "/health" | "/metadata" | "/openapi.json" | "/" as path) ->
            let right = if path = "/act" then "POST" else "GET"
            refuse context 405 $"{path}: expected {right}, got {context.Request.Method}."
        | _, path ->
            refuse context 404 $"expected /act, /health, /metadata, /openapi.json or /, got {Plural.short path}."

    let site = Site(options.Address, options.Port, options.Body, refuse, handle)

    /// Begins to listen: the address of the page. A first action compiles what acts.
    member _.Start() : Task<string> =
        let start = [| for slider in served.Sliders -> float32 slider.Start |]

        if not served.Policy.Remembers then
            served.Policy.Act start |> ignore

        site.Start()

    /// The latencies of all answers so far, refused requests, and those above the rate.
    member _.Counts: int64[] * int64 * int64 = latency.Counts, Volatile.Read &refused, Volatile.Read &limited

    interface IAsyncDisposable with
        member _.DisposeAsync() =
            ValueTask(
                task {
                    do! (site :> IAsyncDisposable).DisposeAsync()
                    limiter.Dispose()
                }
                :> Task
            )
