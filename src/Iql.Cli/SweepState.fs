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
            "Show the progress of a sweep on all machines"
            "The command reads one small file per group. A group is silent if its process wrote nothing for five \
             minutes. Such a process was killed, or its machine failed."
            [
                Parameter.text "FOLDER" "The folder of a sweep" (fun folder (request: Request) -> {
                    request with
                        Folder = folder
                })
            ]
            [
                Parameter.value
                    "--most N"
                    "Largest number of groups to list"
                    (Read.whole 0)
                    (fun most (request: Request) -> { request with Most = most })
                |> Parameter.showing "20"
                Parameter.switch
                    "--missing"
                    "Only the numbers of groups that are neither done nor in training, one per line"
                    (fun request -> { request with Missing = true })
            ]
            [
                "iql sweep status sweeps/hopper", "counts, time left, and groups with problems"
                "iql sweep status sweeps/hopper --missing", "the groups to start again"
            ]
            { Folder = ""; Most = 20; Missing = false }
            run
