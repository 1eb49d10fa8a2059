namespace Iql.Cli

open Iql.Scripts

open System
open System.Diagnostics
open System.IO
open Iql.Data.Download
open Iql.Environments.Tasks

/// The command `iql data download`, and the files in its cache.
module DataDownload =

    type private Request = {
        Task: string
        From: string option
        Mirrors: string list
        Checksum: string option
        Again: bool
    }

    let private find (task: string) : D4rlFile =
        match D4rlFile.Find task with
        | null ->
            let known = [ for file in D4rlFile.All -> file.Task ]

            Command.refuse
                $"TASK: expected one of D4RL's {known.Length} data sets, such as hopper-medium-v2, got \
                      {task}.{Spelling.didYouMean known task} `iql data download list` lists them."
        | file -> file

    /// The cached D4RL file of a task without its own data; None for other names. A missing file is refused.
    let cachedFor (task: string) : string option =
        match Tasks.Find task, D4rlFile.Find task with
        | _, null -> None
        | card, _ when not (isNull card || isNull card.Dataset) -> None
        | _, file ->
            let path = D4rlCache.PathOf file

            if File.Exists path then
                D4rlCache.RequireStored file
                Some path
            else
                Command.refuse
                    $"{task}: expected D4RL's data in {path}, found none. Get them with `iql data download \
                          {task}`. Without a network, `iql data download {task} --from FOLDER` takes {file.FileName} \
                          from a folder. Or give a file with --data."

    let private size (bytes: int64) = $"{float bytes / 1e6:F1} MB"

    /// Prints progress in one line that it overwrites; prints nothing if standard error is redirected.
    let private watch (name: string) : int64 -> Nullable<int64> -> unit =
        let clock = Stopwatch.StartNew()
        let due = Progress.every 0.25
        let mutable first = -1L

        fun here all ->
            if first < 0L then
                first <- here

            let isWhole = all.HasValue && all.Value = here

            if not Console.IsErrorRedirected && (due () || isWhole) then
                let rate = float (here - first) / max 0.01 clock.Elapsed.TotalSeconds

                let share, left =
                    if all.HasValue then
                        let left = TimeSpan.FromSeconds(float (all.Value - here) / max 1.0 rate)
                        $"{100L * here / max 1L all.Value} %% of {size all.Value}", left.ToString @"m\:ss" + " left"
                    else
                        size here, ""

                eprintf "\r%s  %s, %s/s  %s   " name share (size (int64 rate)) left

                if isWhole then
                    eprintfn ""

    let private checksum (word: string) : Result<string, string> =
        let isSum = word.Length = 64 && Seq.forall Char.IsAsciiHexDigit word
        if isSum then Ok word else Error "64 hexadecimal digits"

    let private run (request: Request) : int =
        if request.Task = "list" then
            for file in D4rlFile.All do
                printfn "%-28s %s" file.Task file.Path

            Shell.printed ()
        else
            let file = find request.Task
            let sum = Option.toObj request.Checksum
            let path = D4rlCache.PathOf file
            let size () = size (FileInfo(path).Length)

            match request.From with
            | Some folder -> D4rlCache.Import(file, folder, sum) |> ignore
            | None when File.Exists path && not request.Again ->
                D4rlCache.Verify(file, path, sum, path)
                printfn "%s is there already, %s" file.Task (size ())
            | None ->
                let mirrors = ResizeArray(Seq.append request.Mirrors D4rlCache.Mirrors)
                let say = watch file.FileName

                Interrupt.saying "Stopped. The received part is kept, and the next download continues."

                D4rlCache.Download(
                    file,
                    mirrors,
                    sum,
                    (fun here all -> say here all),
                    say = (fun line -> eprintfn "%s" line)
                )
                |> ignore

            printfn "%s, %s" file.Task (size ())
            Shell.wrote path

    let command: Command =
        Command.create
            "data download"
            "Save a D4RL data set in D4RL's own cache, complete and checked"
            $"The cache is D4RL_DATASET_DIR, or ~/.d4rl/datasets. A broken download continues, also in a later call. \
              Mirrors are tried in order: --mirror, then IQL_D4RL_MIRRORS or, without it, a copy at Hugging \
              Face and D4RL's own server, https before http. In an address, {{path}}, {{file}} and {{task}} are \
              replaced by D4RL's names. The licence of the data is CC-BY 4.0."
            [
                Parameter.text
                    "TASK"
                    "A D4RL data set, such as hopper-medium-v2; list shows all"
                    (fun task (request: Request) -> { request with Task = task })
            ]
            [
                Parameter.text
                    "--from FOLDER"
                    "Take the file from a folder, under D4RL's name or the task's"
                    (fun folder request -> { request with From = Some folder })
                Parameter.text "--mirror URL" "A server to try first; may be repeated" (fun mirror request -> {
                    request with
                        Mirrors = request.Mirrors @ [ mirror ]
                })
                |> Parameter.repeated
                Parameter.value
                    "--sha256 HEX"
                    "The expected checksum; a file with another checksum is refused"
                    checksum
                    (fun sum request -> { request with Checksum = Some sum })
                Parameter.switch
                    "--again"
                    "Download again; the old file stays until the new file is checked"
                    (fun request -> { request with Again = true })
            ]
            [
                "iql data download hopper-medium-v2", "then: iql train --task hopper-medium-v2"
                "iql data download hopper-medium-v2 --from datasets", "the same, without a network"
            ]
            { Task = ""; From = None; Mirrors = []; Checksum = None; Again = false }
            run
