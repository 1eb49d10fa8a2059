/// `iql serve` as its users start it.
module Iql.Web.Tests.ServeTests

open System
open System.Diagnostics
open System.IO
open System.Net.Http
open System.Text.RegularExpressions
open Expecto
open Iql.Tests
open Iql.Web.Tests.ServedRuns

let private program = typeof<Iql.Cli.Command>.Assembly.Location

let private start (dotnet: string) (words: string list) : Process =
    Process.Start(
        ProcessStartInfo(dotnet, program :: words, RedirectStandardOutput = true, RedirectStandardError = true)
    )

let private finished (running: Process) : int * string * string =
    let output, error = running.StandardOutput.ReadToEndAsync(), running.StandardError.ReadToEndAsync()
    running.WaitForExit()
    running.ExitCode, output.Result, error.Result

/// Starts it on a free port: the process, and a client at the address that it prints.
let serving () : Process * HttpClient =
    let running = start "dotnet" [ "serve"; plantRun.Value; "--port"; "0" ]

    let rec address () =
        match running.StandardOutput.ReadLine() with
        | null -> failwith (running.StandardError.ReadToEnd())
        | line when line.StartsWith "http://" -> line
        | _ -> address ()

    running, new HttpClient(BaseAddress = Uri(address ()))

let signal (name: string) (running: Process) : unit = Process.Start("kill", [ name; string running.Id ]).WaitForExit()

let private needsUnix () =
    if OperatingSystem.IsWindows() then
        skiptest "Windows has no signals."

/// A folder with a dotnet that has no ASP.NET.
let private hidden () : DirectoryInfo =
    let folder = Directory.CreateTempSubdirectory "iql-plain-"
    let runtime = Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory()
    let dotnet = Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."))
    let inside (name: string) = Path.Combine(folder.FullName, name)
    File.Copy(Path.Combine(dotnet, "dotnet"), inside "dotnet")
    Directory.CreateDirectory(inside "shared") |> ignore
    let core = "shared/Microsoft.NETCore.App"

    for name in [ "host"; "sdk"; core ] do
        Directory.CreateSymbolicLink(inside name, Path.Combine(dotnet, name)) |> ignore

    folder

[<Tests>]
let tests =
    testSequenced
    <| testList "ServeTests" [
        testCase "it prints its address and at the end its latency, and a signal ends it" (fun () ->
            needsUnix ()

            for name in [ "-INT"; "-TERM" ] do
                let running, client = serving ()
                let code, _ = post client """{"observation": [1, 2]}"""
                Expect.equal code 200 "code"
                signal name running
                let code, output, error = finished running
                Expect.equal (code, error) (0, "") "its end"
                Expect.isMatch output @"In all: 1 answers, 50 % within \d+\.\d+ ms, .*; 0 refused" "the last line")

        testCase "it ends when the one who started it is killed" (fun () ->
            let running, client = serving ()
            running.Kill()
            let clock = Stopwatch.StartNew()

            let isThere () =
                try
                    client.GetStringAsync("health").Result |> ignore
                    true
                with :? AggregateException ->
                    false

            while isThere () && clock.Elapsed.TotalSeconds < 30.0 do
                Threading.Thread.Sleep 50

            Expect.isLessThan clock.Elapsed.TotalSeconds 30.0 "seconds")

        testCase "what cannot be served is refused in a line" (fun () ->
            let refuses (words: string list) (expected: string) =
                let code, _, error = finished (start "dotnet" ("serve" :: words))
                Expect.equal code 2 error
                Expect.hasLength (error.TrimEnd().Split '\n') 1 "error"
                Expect.stringContains error expected "error"

            refuses [] "expected RUN"
            refuses [ "nowhere" ] "nowhere: expected the folder of a run"
            let code, _, error = finished (start "dotnet" [ "watch"; "nowhere" ])
            Expect.equal code 2 "watch"
            Expect.stringContains error "nowhere: expected the folder of a sweep" "watch"
            refuses [ plantRun.Value; "--host"; "here" ] "--host: expected an address"
            let running, client = serving ()
            refuses [ plantRun.Value; "--port"; string client.BaseAddress.Port ] "--port: expected a free port"
            running.Kill true)

        testCase "a training shows its page while it goes on, and the page ends with it" (fun () ->
            let folder = Directory.CreateTempSubdirectory "iql-watch-"

            try
                let words = [ "train"; "--watch"; "--steps"; "400"; "--hidden"; "16x16"; "-o"; folder.FullName ]
                let running = start "dotnet" words

                let rec address () =
                    match running.StandardOutput.ReadLine() with
                    | null -> failwith (running.StandardError.ReadToEnd())
                    | line when line.StartsWith "The page of this training: " -> line[27..]
                    | _ -> address ()

                use client = new HttpClient(BaseAddress = Uri(address ()))
                use stream = new StreamReader(client.GetStreamAsync("events").Result)
                let code, _, error = finished running
                Expect.equal code 0 error
                let events = stream.ReadToEnd()
                Expect.stringContains events "1 of 1 runs are done" "the last state"
                Expect.stringContains events "event: end" "the end"
            finally
                folder.Delete true)

        testCase "without the web runtime all else works, and serve says what is missing" (fun () ->
            needsUnix ()
            let folder = hidden ()

            try
                let dotnet = Path.Combine(folder.FullName, "dotnet")
                let code, output, error = finished (start dotnet [ "tasks" ])
                Expect.equal (code, error) (0, "") "tasks"
                Expect.stringContains output "pointmaze-umaze-v0" "tasks"
                let code, _, error = finished (start dotnet [ "serve"; plantRun.Value ])
                Expect.equal code 2 "serve"
                Expect.stringContains error "serve: expected the ASP.NET Core runtime" "serve"
                let script = Path.Combine(folder.FullName, "try.fsx")
                let scripts = typeof<Iql.Scripts.Trial>.Assembly.Location
                let core = typeof<Iql.Seed>.Assembly.Location

                File.WriteAllText(
                    script,
                    $"#r \"{core}\"\n#r \"{scripts}\"\nprintfn \"%%s\" Iql.Scripts.TaskName.standard"
                )

                let info = ProcessStartInfo(dotnet, [ "fsi"; "--nologo"; script ])
                info.RedirectStandardOutput <- true
                info.RedirectStandardError <- true
                let code, output, error = finished (Process.Start info)
                Expect.equal (code, error) (0, "") "fsi"
                Expect.stringContains output "pointmaze" "fsi"
                let needs = File.ReadAllText(Path.ChangeExtension(program, ".runtimeconfig.json"))
                Expect.isFalse (Regex.IsMatch(needs, "AspNetCore")) "what iql needs"
            finally
                folder.Delete true)
    ]
