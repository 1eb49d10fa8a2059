namespace Iql.Cli

open System.IO
open Iql.Scripts

/// `iql watch`, and the page of a training that is asked to show one.
[<RequireQualifiedAccess>]
module Watch =

    type private Request = { Folder: string; Port: string }

    /// Shows a folder's page at an address that it prints, while work goes on; the page ends with it.
    let during (folder: string) (work: unit -> 'result) : 'result =
        use web = WebProgram.start "--watch" false [ "watch"; Path.GetFullPath folder; "any" ]

        match web.StandardOutput.ReadLine() with
        | null -> Command.refuse "--watch: expected a page, but its program ended."
        | address -> printfn "The page of this training: %s" address

        try
            work ()
        finally
            web.StandardInput.Close()
            web.WaitForExit(System.TimeSpan.FromSeconds 20.0) |> ignore

    let private run (request: Request) : int =
        if not (File.Exists(Path.Combine(request.Folder, "sweep.json"))) then
            Command.refuse $"{request.Folder}: expected the folder of a sweep (with sweep.json), found none."

        WebProgram.run "watch" [ "watch"; Path.GetFullPath request.Folder; request.Port ]

    let command: Command =
        Command.create
            "watch"
            "Show the report of a sweep as a page that follows its training"
            "The page is the report, with the groups in training, the time left, and failures. It reads only the \
             files of the folder, so it also shows training on other machines. It changes nothing. Only this machine \
             can open it. Ctrl-C ends it. See docs/watching.md."
            [
                Parameter.text "FOLDER" "The folder of a sweep" (fun folder (request: Request) -> {
                    request with
                        Folder = folder
                })
            ]
            [
                Parameter.value "--port N" "The port; 0 takes a free one" (Read.whole 0) (fun port request -> {
                    request with
                        Port = string port
                })
                |> Parameter.showing "8090, or a free one"
            ]
            [
                "iql watch runs/ablate-pointmaze-large-windy-v0", "http://127.0.0.1:8090/"
                "ssh -L 8090:127.0.0.1:8090 cluster iql watch /shared/sweep", "a cluster's folder, on your own machine"
            ]
            { Folder = ""; Port = "any" }
            run
