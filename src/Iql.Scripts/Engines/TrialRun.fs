namespace Iql.Scripts

open System
open System.Diagnostics
open System.IO
open Iql.Training

/// Begins a group, to see what it takes. Its steps are not lost: it is saved, and goes on from there.
[<RequireQualifiedAccess>]
module TrialRun =

    /// How long a trial lasts, and how long it may be without a first step.
    let private patience, silence = TimeSpan.FromMinutes 1.0, TimeSpan.FromMinutes 20.0

    /// The most bytes that a process had in memory; Linux alone says so.
    let private peak (id: int) : int64 =
        try
            File.ReadLines $"/proc/{id}/status"
            |> Seq.tryFind _.StartsWith("VmHWM:")
            |> Option.map (fun line ->
                1024L * int64 (line.Split([| ' '; '\t' |], 3)[1..] |> String.concat "" |> _.Replace("kB", "")))
            |> Option.defaultValue 0L
        with :? IOException ->
            0L

    /// Seconds of a whole group, where its status tells enough.
    let private reckoned (elapsed: float) (first: int64) (status: GroupStatus) : float option =
        match Option.ofNullable status.StepsPerSecond with
        | Some rate when rate > 0.0 && status.Step > first ->
            // What was no step: the program's start and its data.
            let before = max 0.0 (elapsed - float (status.Step - first) / rate)
            Some(before + float status.Steps / rate)
        | _ -> None

    /// Runs a group of a sweep's folder for a minute, as a program of its own on some cores.
    let run (program: string list) (folder: string) (group: int) (cores: int) : Result<Measured, string> =
        let status () = GroupStatus.Read(folder, group) |> Option.ofObj
        let first = status () |> Option.map _.Step |> Option.defaultValue 0L

        let words =
            program.Tail @ [ "sweep"; "run"; folder; "--index"; string group; "--threads"; string cores ]

        let start =
            ProcessStartInfo(program.Head, words, RedirectStandardOutput = true, RedirectStandardError = true)

        use running = Process.Start start
        let output, error = running.StandardOutput.ReadToEndAsync(), running.StandardError.ReadToEndAsync()
        let clock = Stopwatch.StartNew()
        let mutable memory, processor, told = 0L, TimeSpan.Zero, false

        let look () =
            memory <- max memory (peak running.Id)
            processor <- running.TotalProcessorTime

            match status () |> Option.bind (reckoned clock.Elapsed.TotalSeconds first) with
            | seconds when (seconds.IsSome && clock.Elapsed > patience) || clock.Elapsed > silence -> seconds, true
            | seconds -> seconds, false

        let mutable seconds = None

        while not (running.WaitForExit(TimeSpan.FromSeconds 0.5)) do
            if not told then
                let now, enough = look ()
                seconds <- now

                if enough then
                    told <- true
                    use kill = Process.Start("kill", [ "-TERM"; string running.Id ])
                    kill.WaitForExit()

        output.Wait()

        match seconds with
        | _ when not told && running.ExitCode = 0 -> seconds <- Some clock.Elapsed.TotalSeconds
        | _ -> ()

        match seconds with
        | Some seconds when told || running.ExitCode = 0 ->
            Ok {
                Memory = memory
                Cores = processor.TotalSeconds / clock.Elapsed.TotalSeconds
                Time = TimeSpan.FromSeconds seconds
            }
        | _ ->
            let last = error.Result.Trim().Split('\n') |> Array.last
            Error $"the trial of group {group}: expected steps, got exit code {running.ExitCode}. {last}"
