namespace Iql.Cli

open System
open System.Diagnostics
open System.Globalization
open System.IO
open System.Reflection
open Iql.Scripts

/// `iql sweep submit`
[<RequireQualifiedAccess>]
module SweepSubmit =

    type private Request = {
        Folder: string
        Engine: Engine option
        Go: bool
        Failed: bool
        Throttle: int option
        Cores: int
        Memory: int64 option
        Minutes: int option
        Options: string
        Program: string list
        Image: string
        Claim: string
    }

    /// The words that start this program.
    let private self: string list =
        if Path.GetFileNameWithoutExtension Environment.ProcessPath = "dotnet" then
            [ Environment.ProcessPath; Assembly.GetExecutingAssembly().Location ]
        else
            [ Environment.ProcessPath ]

    /// The groups that are not done, or those that nobody trains either.
    let private groups (folder: string) (missing: bool) : int list =
        let status = SweepStatus.read folder |> Command.orRefuse

        if missing then
            SweepStatus.missing status
        else
            [
                for group in status.Groups do
                    if group.Standing <> Standing.Done then
                        group.Number
            ]

    let private shown (allotment: Allotment) =
        let megabytes = allotment.Memory / 1_000_000L
        let cores = Plural.count allotment.Cores "core"
        $"{cores}, {megabytes} MB, {allotment.Time.TotalMinutes:F0} minutes"

    /// What a task may take: as asked, and else as measured.
    let private allotted (request: Request) (program: string list) (folder: string) (group: int) : Allotment =
        let asked = request.Memory, request.Minutes

        let given: Allotment =
            match asked with
            | Some memory, Some minutes -> {
                Cores = request.Cores
                Memory = memory
                Time = TimeSpan.FromMinutes(float minutes)
              }
            | memory, minutes ->
                eprintfn "Measuring group %d for a minute. Its steps are kept." group
                let measured = TrialRun.run program folder group request.Cores |> Command.orRefuse
                let ask = Allotment.ofMeasured request.Cores measured

                printfn
                    "measured: %s MB, %s cores, %s minutes a group"
                    ((measured.Memory / 1_000_000L).ToString CultureInfo.InvariantCulture)
                    (measured.Cores.ToString("F1", CultureInfo.InvariantCulture))
                    (measured.Time.TotalMinutes.ToString("F1", CultureInfo.InvariantCulture))

                {
                    ask with
                        Memory = memory |> Option.defaultValue ask.Memory
                        Time = minutes |> Option.map (float >> TimeSpan.FromMinutes) |> Option.defaultValue ask.Time
                }

        printfn "a task asks for %s" (shown given)
        given

    let private run (request: Request) : int =
        let engine =
            match request.Engine with
            | Some engine -> engine
            | None ->
                let names = Submission.engines |> List.map fst |> String.concat ", "
                Command.refuse $"--engine: expected one of {names}, got nothing."

        let folder = Path.GetFullPath request.Folder
        let left = groups folder request.Failed

        if left.IsEmpty then
            printfn "Every group is done or in training; nothing to submit."
            Shell.success
        else
            // A container has an iql of its own.
            let program =
                match request.Program, engine with
                | [], Kubernetes -> [ "iql" ]
                | [], _ -> self
                | words, _ -> words

            let here = if engine = Kubernetes then self else program

            let submission = {
                Engine = engine
                Folder = folder
                Work = Environment.CurrentDirectory
                Program = program
                Groups = left
                Throttle = request.Throttle
                Allotment = allotted request here folder left.Head
                Options = request.Options
                Image = request.Image
                Claim = request.Claim
            }

            let script = Path.Combine(Submission.write submission, "submit.sh")
            printfn "%s to submit: %s" (Plural.count left.Length "group") (ShellWord.quoted script)

            if request.Go then
                use submitting = Process.Start(ProcessStartInfo(script, UseShellExecute = false))
                submitting.WaitForExit()

                if submitting.ExitCode <> 0 then
                    Command.refuse
                        $"{script}: expected exit code 0, got {submitting.ExitCode}. Its message stands above."

            Shell.success

    let command: Command =
        Command.create
            "sweep submit"
            "Write and submit a sweep's groups as an array job"
            "The command writes scripts for the engine to FOLDER/submissions/N. Read them, and change them as you \
             like. The script submit.sh submits array jobs below the engine's size limit, and a report job after \
             them. A task saves before its time limit and is queued again. See docs/clusters.md."
            [
                Parameter.text
                    "FOLDER"
                    "The folder of `iql sweep plan`, on a file system that all machines share"
                    (fun folder (request: Request) -> { request with Folder = folder })
            ]
            [
                Parameter.choice
                    "--engine"
                    Submission.engines
                    "The scheduler of the groups; parallel is GNU parallel over ssh"
                    (fun engine (request: Request) -> { request with Engine = Some engine })
                Parameter.switch "--go" "Submit at once" (fun (request: Request) -> { request with Go = true })
                Parameter.switch
                    "--failed"
                    "Only groups without results that no process trains"
                    (fun (request: Request) -> { request with Failed = true })
                Parameter.value
                    "--throttle N"
                    "Largest number of tasks that run at a time"
                    (Read.whole 1)
                    (fun count (request: Request) -> { request with Throttle = Some count })
                |> Parameter.showing "all"
                Parameter.value
                    "--cores N"
                    "Largest number of cores of a task"
                    (Read.whole 1)
                    (fun cores (request: Request) -> { request with Cores = cores })
                |> Parameter.showing "1"
                Parameter.value
                    "--memory BYTES"
                    "Memory of a task, such as 4G"
                    Read.bytes
                    (fun bytes (request: Request) -> { request with Memory = Some bytes })
                |> Parameter.showing "measured"
                Parameter.value
                    "--minutes N"
                    "Time limit of a task; a longer group is saved and continues in another task"
                    (Read.whole 1)
                    (fun minutes (request: Request) -> { request with Minutes = Some minutes })
                |> Parameter.showing "measured"
                Parameter.text
                    "--options WORDS"
                    "More options for the engine's command: --options=\"--partition=long --account=lab\""
                    (fun words (request: Request) -> { request with Options = words })
                Parameter.text
                    "--program WORDS"
                    "The command that starts iql on the machines"
                    (fun words (request: Request) -> {
                        request with
                            Program = List.ofArray (words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    })
                |> Parameter.showing "this program"
                Parameter.text "--image NAME" "Kubernetes: the container image" (fun image (request: Request) -> {
                    request with
                        Image = image
                })
                |> Parameter.showing "iql:latest"
                Parameter.text
                    "--claim NAME"
                    "Kubernetes: the volume claim with the working directory"
                    (fun claim (request: Request) -> { request with Claim = claim })
                |> Parameter.showing "iql"
            ]
            [
                "iql sweep submit runs/grid --engine slurm", "writes the scripts and says where"
                "iql sweep submit runs/grid --engine slurm --go --throttle 200", "submits, 200 tasks at a time"
                "iql sweep submit runs/grid --engine gridengine --go --failed", "submits again what is missing"
            ]
            {
                Folder = ""
                Engine = None
                Go = false
                Failed = false
                Throttle = None
                Cores = 1
                Memory = None
                Minutes = None
                Options = ""
                Program = []
                Image = "iql:latest"
                Claim = "iql"
            }
            run
