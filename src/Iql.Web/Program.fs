/// The program that `iql` starts: "serve" SOURCE ADDRESS PORT RATE BATCH BODY, or "watch" FOLDER PORT, where port "any"
/// is the usual one or else a free one. It prints its address, and ends with its standard input.
module Iql.Web.Program

open System
open System.IO
open System.Net
open System.Runtime.InteropServices
open System.Threading
open System.Threading.Tasks
open Iql.Policies
open Iql.Scripts

/// Seconds between lines about the latency, where anybody asked.
let private pause = TimeSpan.FromSeconds 10.0

let private told (before: int64[]) (now: int64[]) =
    printfn "%s  %s" (DateTime.Now.ToString "HH:mm:ss") (Latency.describe (Array.map2 (-) now before))

/// Comes when the one who started it is gone, or at a signal.
let private stopping () : Task =
    let stop = TaskCompletionSource()

    let input () =
        use input = Console.OpenStandardInput()
        input.CopyTo Stream.Null
        stop.TrySetResult() |> ignore

    Thread(input, IsBackground = true).Start()
    stop.Task

let private serve (source: string) (options: ServerOptions) : Task<unit> = task {
    use policy = Policy.Load source
    let server = Server(Served.ofPolicy policy, options)

    let! url = server.Start()
    printfn "%O" policy
    printfn "%s" url

    if not (IPAddress.IsLoopback options.Address) then
        eprintfn "note: every machine that reaches this address can ask. There is no password and no encryption."

    let stop = stopping ()
    let mutable before, _, _ = server.Counts

    while not stop.IsCompleted do
        let! _ = Task.WhenAny(stop, Task.Delay pause)
        let counts, _, _ = server.Counts

        if Array.sum counts > Array.sum before && not stop.IsCompleted then
            told before counts

        before <- counts

    let counts, refused, limited = server.Counts
    printfn "In all: %s; %d refused, %d of them above the rate." (Latency.describe counts) refused limited
    do! (server :> IAsyncDisposable).DisposeAsync()
}

/// Where a page is that nobody chose a place for: the same after a restart, so that open pages find it.
let private usual = 8090

let private watch (folder: string) (port: string) : Task<unit> = task {
    let start (port: int) = task {
        let server = LiveServer(folder, port)
        let! url = server.Start()
        return server, url
    }

    let! server, url = task {
        if port <> "any" then
            return! start (int port)
        else
            try
                return! start usual
            with :? Refusal ->
                return! start 0
    }

    printfn "%s" url
    do! stopping ()
    do! (server :> IAsyncDisposable).DisposeAsync()
}

[<EntryPoint>]
let main words =
    // The one who started it hears the signal, and closes the input.
    use _ = PosixSignalRegistration.Create(PosixSignal.SIGINT, (fun context -> context.Cancel <- true))

    try
        let number (i: int) = Int64.Parse words[i]

        let work =
            match words[0] with
            | "watch" -> watch words[1] words[2]
            | _ ->
                serve words[1] {
                    Address = IPAddress.Parse words[2]
                    Port = int (number 3)
                    Rate = int (number 4)
                    Batch = int (number 5)
                    Body = number 6
                }

        work.Wait()
        0
    with error ->
        match Attempt.expected error with
        | Some message ->
            eprintfn "iql: %s" message
            2
        | None ->
            eprintfn
                "iql: internal error: %s"
                (if Environment.GetEnvironmentVariable "IQL_DEBUG" = "1" then
                     string error
                 else
                     error.Message)

            1
