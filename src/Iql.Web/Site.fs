namespace Iql.Web

open System
open System.IO
open System.Net
open System.Text
open System.Threading.Tasks
open Microsoft.AspNetCore.Builder
open Microsoft.AspNetCore.Connections
open Microsoft.AspNetCore.Hosting
open Microsoft.AspNetCore.Http
open Microsoft.AspNetCore.Server.Kestrel.Core
open Iql
open Iql.Scripts

/// What listens at an address and answers by `handle`; `refuse` answers what is wrong, with its code.
type Site
    (
        address: IPAddress,
        port: int,
        body: int64,
        refuse: HttpContext -> int -> string -> Task,
        handle: HttpContext -> Task
    ) =

    /// Pages of other sites may not ask by a name that only points here.
    let isForeign (context: HttpContext) =
        IPAddress.IsLoopback address
        && not (List.contains context.Request.Host.Host [ "localhost"; "127.0.0.1"; "[::1]" ])

    /// An error of ours is an answer too, and a line for the one who serves.
    let answer (context: HttpContext) : Task = task {
        try
            if isForeign context then
                do! refuse context 400 $"Host: expected localhost or 127.0.0.1, got '{context.Request.Host.Host}'."
            else
                do! handle context
        with
        | :? OperationCanceledException -> ()
        | error ->
            eprintfn "iql: internal error: %s" (InputException.InCallersPlaces(error, string error))

            if not context.Response.HasStarted then
                do! refuse context 500 $"internal error: {error.Message}"
    }

    let app =
        let builder = WebApplication.CreateEmptyBuilder(WebApplicationOptions())

        builder.WebHost
            .UseKestrelCore()
            .ConfigureKestrel(fun (kestrel: KestrelServerOptions) ->
                kestrel.Listen(address, port)
                kestrel.AddServerHeader <- false
                kestrel.Limits.MaxRequestBodySize <- body)
        |> ignore

        let app = builder.Build()
        app.Run(RequestDelegate answer)
        app

    /// Begins to listen: the address of the page; a Refusal where another program has the port.
    member _.Start() : Task<string> = task {
        try
            do! app.StartAsync()
        with :? IOException as error when (error.InnerException :? AddressInUseException) ->
            raise (
                Refusal
                    $"--port: expected a free port, got {port}, which another program uses. --port 0 takes a free one."
            )

        return Seq.head app.Urls + "/"
    }

    interface IAsyncDisposable with
        member _.DisposeAsync() =
            ValueTask(
                task {
                    do! app.StopAsync()
                    do! (app :> IAsyncDisposable).DisposeAsync()
                }
                :> Task
            )

module Site =

    /// Answers with a text.
    let say (context: HttpContext) (code: int) (kind: string) (body: string) : Task =
        context.Response.StatusCode <- code
        context.Response.ContentType <- kind
        context.Response.Headers.CacheControl <- "no-store"
        let bytes = Encoding.UTF8.GetBytes body
        context.Response.ContentLength <- bytes.Length
        context.Response.Body.WriteAsync(bytes).AsTask()
