namespace Iql.Bench

open System
open System.Diagnostics
open System.Globalization
open System.IO
open System.Reflection
open System.Runtime.InteropServices
open Iql.Environments.Mujoco
open Iql.Scripts

/// How fast an environment steps, beside MuJoCo's C library alone on the same work in the same minute.
type EnvironmentRate = {
    Robot: string
    /// Decisions a second through Iql: states in and out, observations and rewards.
    Own: float
    /// Of the C library in a loop of C, and whether both ended in the same positions and velocities, to the bit.
    /// None where there is no gcc to compile it.
    Library: (float * bool) option
}

/// Times MuJoCo's robots.
[<RequireQualifiedAccess>]
module Environments =

    // About a tenth of a second a round for the slowest robot.
    let private episodes, decisions = 8, 100

    let private seed = Iql.Seed.Named "environment rate"

    let private actions (environment: MujocoEnvironment) (episode: int) : float32[] =
        let draws = seed.Split(uint64 episode).Split "actions"

        [| for i in 0 .. decisions * environment.ActionSize - 1 -> float32 (draws.Uniform(uint64 i, 1.0)) |]

    /// The work for the C program, as doubles: per episode positions, velocities, the solver's warm start, controls.
    let private work (environment: MujocoEnvironment) : byte[] =
        let task = environment.World.Task
        let state = Array.zeroCreate<float> environment.StateSize
        let observation = Array.zeroCreate<float32> environment.ObservationSize

        let numbers = [|
            for episode in 0 .. episodes - 1 do
                environment.Reset(seed.Split(uint64 episode), Span state, Span observation)
                yield! Array.truncate (task.PositionCount + 2 * task.VelocityCount) state
                yield! Array.map float (actions environment episode)
        |]

        MemoryMarshal.AsBytes(ReadOnlySpan numbers).ToArray()

    /// FNV-1a-64, going on from a hash.
    let private hashed (hash: uint64) (numbers: ReadOnlySpan<float>) : uint64 =
        let mutable hash = hash

        for b in MemoryMarshal.AsBytes numbers do
            hash <- (hash ^^^ uint64 b) * 1099511628211UL

        hash

    /// Does the work once: nanoseconds, and a hash of the positions and velocities at the end of each episode.
    let private own (environment: MujocoEnvironment) : int64 * uint64 =
        let task, size = environment.World.Task, environment.ActionSize
        let state = Array.zeroCreate<float> environment.StateSize
        let observation = Array.zeroCreate<float32> environment.ObservationSize
        let actions = Array.init episodes (actions environment)
        let mutable hash = 14695981039346656037UL
        let clock = Stopwatch.StartNew()

        for episode in 0 .. episodes - 1 do
            environment.Reset(seed.Split(uint64 episode), Span state, Span observation)

            for decision in 0 .. decisions - 1 do
                let action = ReadOnlySpan(actions[episode], decision * size, size)
                environment.Step(Span state, action, Span observation) |> ignore

            hash <- hashed hash (ReadOnlySpan(state, 0, task.PositionCount + task.VelocityCount))

        int64 clock.Elapsed.TotalNanoseconds, hash

    let private execute (program: string) (arguments: string list) : Result<string, string> =
        let start =
            ProcessStartInfo(program, arguments, RedirectStandardOutput = true, RedirectStandardError = true)

        try
            use running = Process.Start start |> Option.ofObj |> Option.get
            let output = running.StandardOutput.ReadToEnd()
            let failed = running.StandardError.ReadToEnd()
            running.WaitForExit()

            if running.ExitCode = 0 then Ok output else Error(failed.Trim())
        with :? ComponentModel.Win32Exception as absent ->
            Error absent.Message

    /// Compiles the C program into a folder; the reason, where that fails.
    let private compile (folder: string) : Result<string, string> =
        let source = Path.Combine(folder, "mujoco_steps.c")
        let program = Path.Combine(folder, "mujoco_steps")

        use stream = Assembly.GetExecutingAssembly().GetManifestResourceStream "mujoco_steps.c"

        using (File.Create source) stream.CopyTo

        execute "gcc" [ "-O2"; "-o"; program; source; "-ldl" ] |> Result.map (fun _ -> program)

    let private measure (rounds: int) (folder: string) (program: string option) (robot: string, world: MujocoWorld) =
        let environment = MujocoEnvironment(robot, world, 1000)
        let model, file = Path.Combine(folder, "model.xml"), Path.Combine(folder, "work")
        File.WriteAllText(model, world.Task.Model)
        File.WriteAllBytes(file, work environment)
        let sizes = [ world.Task.FrameSkip; episodes; decisions ]

        let library (program: string) =
            match execute program [ MujocoLibrary.Path; model; yield! List.map string<int> sizes; file ] with
            | Ok output ->
                let words = output.Trim().Split ' '
                int64 words[0], uint64 words[1]
            | Error failed -> raise (InvalidDataException $"mujoco_steps: {failed}")

        own environment |> ignore

        // In turns, so that whatever else the machine does meets both alike; the best of each counts.
        let ours, theirs = List.unzip [ for _ in 1..rounds -> own environment, Option.map library program ]

        let perSecond (times: (int64 * uint64) list) =
            float (episodes * decisions) / (float (List.min (List.map fst times)) * 1e-9)

        {
            Robot = robot
            Own = perSecond ours
            Library =
                match List.choose id theirs with
                | [] -> None
                | theirs -> Some(perSecond theirs, List.map snd ours = List.map snd theirs)
        }

    /// Measures every robot; the second result says why there is nothing to compare with, if so.
    let run (rounds: int) : EnvironmentRate list * string option =
        MujocoLibrary.Require()
        let folder = Directory.CreateTempSubdirectory "iql-bench-"

        try
            let program, reason =
                match compile folder.FullName with
                | Ok program -> Some program, None
                | Error reason -> None, Some reason

            [
                "halfcheetah", HalfCheetah.World
                "hopper", Hopper.World
                "walker2d", Walker2d.World
                "ant", Ant.World
            ]
            |> List.map (measure rounds folder.FullName program),
            reason
        finally
            folder.Delete true

    /// The table as lines of text.
    let lines (rates: EnvironmentRate list) : string list =
        let whole (value: float) = value.ToString("N0", CultureInfo.InvariantCulture)

        TextTable.lines [
            [ "environment"; "decisions/s"; "C library alone"; "share"; "same bits" ]
            for rate in rates do
                [
                    rate.Robot
                    whole rate.Own
                    match rate.Library with
                    | Some(library, same) ->
                        whole library
                        Rate.percent (rate.Own / library)
                        if same then "yes" else "no"
                    | None -> yield! [ "–"; "–"; "–" ]
                ]
        ]
