namespace Iql.Cli

open Iql.Scripts

/// `iql sweep status`
module SweepState =

    type private Request = { Folder: string; Most: int; Missing: bool }

    let private run (request: Request) : int =
        let rung = Halving.current request.Folder
        let status = SweepStatus.read (Halving.folder request.Folder rung) |> Command.orRefuse

        if rung > 1 && not request.Missing then
            printfn "Rung %d:" rung

        if request.Missing then
            SweepStatus.missing status |> List.map string<int> |> Command.print
        else
            SweepStatusText.lines request.Most status |> Command.print

        Shell.printed ()

    let command: Command =
        Command.create
            "sweep status"
            "Show how far a sweep is, whoever trains it"
            "Reads one small file a group. A group whose process gave no sign of life for five minutes is silent: it \
             was killed, or its machine is gone."
            [
                Parameter.text "FOLDER" "The folder of a sweep" (fun folder (request: Request) -> {
                    request with
                        Folder = folder
                })
            ]
            [
                Parameter.value "--most N" "Groups to name, at most" (Read.whole 0) (fun most (request: Request) -> {
                    request with
                        Most = most
                })
                |> Parameter.showing "20"
                Parameter.switch
                    "--missing"
                    "Only the numbers of groups that are neither done nor in training, a line each"
                    (fun request -> { request with Missing = true })
            ]
            [
                "iql sweep status sweeps/hopper", "counts, time left, and what needs a look"
                "iql sweep status sweeps/hopper --missing", "what to start again"
            ]
            { Folder = ""; Most = 20; Missing = false }
            run
