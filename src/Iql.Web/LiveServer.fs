namespace Iql.Web

open System
open System.Diagnostics
open System.Net
open System.Text
open System.Threading
open System.Threading.Tasks
open Microsoft.AspNetCore.Http
open Iql.Scripts

/// The report of a sweep's folder as a page that changes with it, at 127.0.0.1. It looks at the files about as often as
/// they change, while a page is open.
type LiveServer(folder: string, port: int) =
    let report = LiveReport folder
    let ending = new CancellationTokenSource()
    let mutable watched = 0
    let mutable news = TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously

    let refresh () : bool =
        let changed =
            try
                report.Refresh()
            with error ->
                eprintfn "note: the page could not be made: %s" error.Message
                false

        if changed then
            let before = news
            news <- TaskCompletionSource TaskCreationOptions.RunContinuationsAsynchronously
            before.TrySetResult() |> ignore

        changed

    let watching: Task = task {
        let shortest, longest = TimeSpan.FromSeconds 1.0, TimeSpan.FromSeconds 15.0
        let mutable pause = shortest
        // Processor time of a change, on the average; the first page, which also compiles, was made by `wake`.
        let mutable cost = TimeSpan.Zero

        while not ending.IsCancellationRequested do
            if Volatile.Read &watched > 0 then
                let clock, before = Stopwatch.StartNew(), Environment.CpuUsage.TotalTime
                let changed = refresh ()

                if changed then
                    cost <- (cost + Environment.CpuUsage.TotalTime - before) / 2.0

                // About a tenth of one core's time, and half of a slow file server's.
                let least = List.max [ shortest; 10.0 * cost; clock.Elapsed ]
                pause <- if changed then max least (pause / 2.0) else max least (min longest (1.5 * pause))
            else
                pause <- shortest

            do! Task.Delay(pause, ending.Token).ContinueWith(ignore, TaskScheduler.Default)
    }

    let refuse (context: HttpContext) (code: int) (message: string) : Task =
        Site.say context code "text/plain; charset=utf-8" message

    /// Where nobody looks, the page is as old as the last look.
    let wake () =
        if Volatile.Read &watched = 0 then
            refresh () |> ignore

    let page (context: HttpContext) : Task =
        wake ()

        context.Response.Headers.ContentSecurityPolicy <-
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; \
             connect-src 'self'"

        Site.say context 200 "text/html; charset=utf-8" report.Page

    let events (context: HttpContext) : Task = task {
        let response, gone = context.Response, context.RequestAborted
        response.ContentType <- "text/event-stream"
        response.Headers.CacheControl <- "no-store"

        let send (text: string) = task {
            do! response.Body.WriteAsync(Encoding.UTF8.GetBytes text, gone)
            do! response.Body.FlushAsync gone
        }

        // The browser says what it has, after a lost connection by itself.
        let mutable seen =
            match string context.Request.Headers["Last-Event-ID"] with
            | "" -> string context.Request.Query["since"]
            | seen -> seen

        wake ()
        Interlocked.Increment &watched |> ignore

        try
            do! send "retry: 2000\n\n"
            let mutable isOver = false

            while not isOver do
                isOver <- ending.IsCancellationRequested
                let next = news.Task

                match report.Since seen with
                | Some(version, parts) ->
                    do! send $"id: {version}\nevent: parts\ndata: {parts}\n\n"
                    seen <- version
                | None when isOver -> ()
                | None ->
                    use waited = CancellationTokenSource.CreateLinkedTokenSource(gone, ending.Token)
                    let! _ = Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds 15.0, waited.Token))
                    waited.Cancel()

                    // A browser that is gone shows by this.
                    if not next.IsCompleted then
                        do! send ": \n\n"

            let time = DateTime.Now.ToString "HH:mm:ss"
            do! send $"event: end\ndata: The program ended at {time}. This is the last state.\n\n"
        finally
            Interlocked.Decrement &watched |> ignore
    }

    let handle (context: HttpContext) : Task =
        match context.Request.Method, context.Request.Path.Value with
        | "GET", "/" -> page context
        | "GET", "/events" -> events context
        | other, ("/" | "/events" as path) -> refuse context 405 $"{path}: expected GET, got {other}."
        | _, path -> refuse context 404 $"expected / or /events, got {Plural.short path}."

    let site = Site(IPAddress.Loopback, port, 0L, refuse, handle)

    /// Begins to listen: the address of the page.
    member _.Start() : Task<string> = site.Start()

    interface IAsyncDisposable with
        member _.DisposeAsync() =
            ValueTask(
                task {
                    if Volatile.Read &watched > 0 then
                        refresh () |> ignore

                    do! ending.CancelAsync()
                    do! watching
                    do! (site :> IAsyncDisposable).DisposeAsync()
                }
                :> Task
            )
