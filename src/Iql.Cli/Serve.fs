namespace Iql.Cli

open System
open System.Diagnostics
open System.IO
open System.Net
open System.Runtime.InteropServices
open Iql.Scripts

/// `iql serve`: starts the program Iql.Web, which alone needs ASP.NET.
[<RequireQualifiedAccess>]
module Serve =

    type private Request = { Source: string; Host: IPAddress; Port: int; Rate: int; Batch: int; Body: int }

    /// The folder of the dotnet that runs this program.
    let private dotnet =
        let runtime = RuntimeEnvironment.GetRuntimeDirectory()

        if Path.GetFileNameWithoutExtension Environment.ProcessPath = "dotnet" then
            Path.GetDirectoryName Environment.ProcessPath
        else
            Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."))

    /// Refuses a machine without ASP.NET, before any work.
    let private requireAspNet () : unit =
        let frameworks = Path.Combine(dotnet, "shared", "Microsoft.AspNetCore.App")
        let version = $"{Environment.Version.Major}."

        let known =
            Directory.Exists frameworks
            && Directory.GetDirectories frameworks
               |> Array.exists (fun folder -> (Path.GetFileName folder).StartsWith version)

        if not known then
            Command.refuse
                $"serve: expected the ASP.NET Core runtime {version}x in {dotnet}, found none. Install it; on Debian: \
                  apt-get install aspnetcore-runtime-{version}0."

    /// The web program: beside this one, or in the folders of a build.
    let private program () : string =
        let here = Path.TrimEndingDirectorySeparator AppContext.BaseDirectory
        let configuration = here |> Path.GetDirectoryName |> Path.GetFileName

        let built root =
            Path.Combine(root, "src", "Iql.Web", "bin", configuration, Path.GetFileName here, "Iql.Web.dll")

        let above =
            here
            |> Seq.unfold (fun folder -> if isNull folder then None else Some(folder, Path.GetDirectoryName folder))

        let places = Path.Combine(here, "Iql.Web.dll") :: [ for folder in above -> built folder ]

        match List.tryFind (fun place -> File.Exists(Path.ChangeExtension(place, ".runtimeconfig.json"))) places with
        | Some place -> place
        | None -> Command.refuse "serve: expected the program Iql.Web, found none. Build it: dotnet build -c Release"

    let private run (request: Request) : int =
        requireAspNet ()
        let host = Path.Combine(dotnet, (if OperatingSystem.IsWindows() then "dotnet.exe" else "dotnet"))

        let arguments = [
            program ()
            request.Source
            string request.Host
            string request.Port
            string request.Rate
            string request.Batch
            string request.Body
        ]

        use web = Process.Start(ProcessStartInfo(host, arguments, RedirectStandardInput = true))

        // It ends with its input, also when this process is killed.
        Interrupt.ending (fun stop ->
            use _ = stop.Register(fun () -> web.StandardInput.Close())
            web.WaitForExit()
            web.ExitCode)

    let private address (word: string) : Result<IPAddress, string> =
        match word, IPAddress.TryParse word with
        | "localhost", _ -> Ok IPAddress.Loopback
        | _, (true, address) -> Ok address
        | _ -> Error "an address such as 127.0.0.1, or 0.0.0.0 for all of this machine"

    let private whole heading doc least shown (set: int -> Request -> Request) : Parameter<Request> =
        Parameter.value heading doc (Read.whole least) set |> Parameter.showing shown

    let command: Command =
        Command.create
            "serve"
            "Answer observations with a policy's actions over HTTP"
            "POST /act takes {\"observation\": [1.5, 20]}, by numbers or by names, or \"observations\" with several \
             rows. GET / is a page with sliders; /health, /metadata and /openapi.json are for programs. Only this \
             machine can ask unless --host says otherwise. Requests above --rate get 429. Ctrl-C ends it. \
             docs/serving.md says more."
            [
                Parameter.text
                    "RUN"
                    "The folder of a run, or of a training with one run; or an .onnx file of `iql export`"
                    (fun source (request: Request) -> { request with Source = source })
            ]
            [
                Parameter.value "--host ADDRESS" "Where it listens" address (fun host (request: Request) -> {
                    request with
                        Host = host
                })
                |> Parameter.showing "127.0.0.1"
                whole "--port N" "The port; 0 takes a free one" 0 "8080" (fun port request -> {
                    request with
                        Port = port
                })
                whole "--rate N" "Requests of /act a second" 1 "5000" (fun rate request -> { request with Rate = rate })
                whole "--batch N" "Rows of a request" 1 "1000" (fun batch request -> { request with Batch = batch })
                whole "--body N" "Bytes of a request" 100 "1000000" (fun body request -> { request with Body = body })
            ]
            [
                "iql serve runs/train-pointmaze-umaze-stitch-v0", "http://127.0.0.1:8080/"
                "iql serve runs/train-plant --port 0 --rate 100", "on a free port, 100 requests a second"
            ]
            {
                Source = ""
                Host = IPAddress.Loopback
                Port = 8080
                Rate = 5000
                Batch = 1000
                Body = 1_000_000
            }
            run
