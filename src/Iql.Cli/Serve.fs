namespace Iql.Cli

open System.Net
open Iql.Scripts

/// `iql serve`
[<RequireQualifiedAccess>]
module Serve =

    type private Request = { Source: string; Host: IPAddress; Port: int; Rate: int; Batch: int; Body: int }

    let private run (request: Request) : int =
        WebProgram.run "serve" [
            "serve"
            request.Source
            string request.Host
            string request.Port
            string request.Rate
            string request.Batch
            string request.Body
        ]

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
                "iql serve runs/train-pointmaze-large-windy-v0", "http://127.0.0.1:8080/"
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
