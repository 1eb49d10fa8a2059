namespace Iql.Cli

open Iql.Scripts

open System
open System.Diagnostics
open System.IO
open Iql.Environments.Mujoco
open Iql.Measurement

/// How fast an environment steps, beside MuJoCo's C library alone on the same work in the same minute.
type EnvironmentRow = {
    Robot: string
    /// Decisions a second through Iql: states in and out, observations and rewards.
    Own: float
    /// Of the C library in a loop of C; None where there is no gcc to compile it.
    Library: float option
    /// Whether both ended in the same positions and velocities, to the bit.
    SameBits: bool option
}

/// `iql bench --environments`
[<RequireQualifiedAccess>]
module EnvironmentBench =

    let private run (program: string) (arguments: string list) : Result<string, string> =
        let start =
            ProcessStartInfo(program, arguments, RedirectStandardOutput = true, RedirectStandardError = true)

        try
            use running = Process.Start start |> Option.ofObj |> Option.get
            let said = running.StandardOutput.ReadToEnd()
            let failed = running.StandardError.ReadToEnd()
            running.WaitForExit()
            if running.ExitCode = 0 then Ok said else Error failed
        with :? ComponentModel.Win32Exception as absent ->
            Error absent.Message

    /// Compiles the C program into a folder; the reason, where that fails.
    let private compile (folder: string) : Result<string, string> =
        let source, program =
            Path.Combine(folder, "mujoco_steps.c"), Path.Combine(folder, "mujoco_steps")

        use stream =
            typeof<EnvironmentRow>.Assembly.GetManifestResourceStream "mujoco_steps.c"
            |> Option.ofObj
            |> Option.get

        using (File.Create source) stream.CopyTo

        run "gcc" [ "-O2"; "-o"; program; source; "-ldl" ]
        |> Result.map (fun _ -> program)

    let private measure (rounds: int) (folder: string) (program: string option) (robot: string, world: MujocoWorld) =
        let environment = MujocoEnvironment(robot, world, 1000)
        // About a tenth of a second a round for the slowest of them.
        let rate = EnvironmentRate(environment, 8, 100)
        let model, work = Path.Combine(folder, "model.xml"), Path.Combine(folder, "work")
        File.WriteAllText(model, world.Task.Model)
        File.WriteAllBytes(work, rate.Work())

        let library (program: string) =
            let asked = [
                program
                MujocoLibrary.Path
                model
                string world.Task.FrameSkip
                "8"
                "100"
                work
            ]

            match run asked.Head asked.Tail with
            | Ok said ->
                let words = said.Trim().Split ' '
                int64 words[0], uint64 words[1]
            | Error failed -> raise (InvalidDataException $"mujoco_steps: {failed.Trim()}")

        rate.Run() |> ignore

        // In turns, so that what else the machine does meets both alike; the best of each counts.
        let rows = [
            for _ in 1..rounds ->
                let struct (nanoseconds, fingerprint) = rate.Run()
                (nanoseconds, fingerprint), Option.map library program
        ]

        let perSecond nanoseconds =
            float rate.Decisions / (float nanoseconds * 1e-9)

        let theirs = List.choose snd rows

        {
            Robot = robot
            Own = rows |> List.map (fst >> fst) |> List.min |> perSecond
            Library =
                (if theirs.IsEmpty then
                     None
                 else
                     Some(theirs |> List.map fst |> List.min |> perSecond))
            SameBits =
                (if theirs.IsEmpty then
                     None
                 else
                     Some(rows |> List.forall (fun ((_, own), other) -> Option.map snd other = Some own)))
        }

    /// Measures every robot; the second result says why there is nothing to compare with, if so.
    let measureAll (rounds: int) : EnvironmentRow list * string option =
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
    let lines (rows: EnvironmentRow list) : string list =
        let whole (value: float) =
            value.ToString("N0", Globalization.CultureInfo.InvariantCulture)

        [ "environment"; "decisions/s"; "C library alone"; "share"; "same bits" ]
        :: [
            for row in rows ->
                [
                    row.Robot
                    whole row.Own
                    row.Library |> Option.map whole |> Option.defaultValue "–"
                    row.Library
                    |> Option.map (fun library -> $"{100.0 * row.Own / library:F1} %%")
                    |> Option.defaultValue "–"
                    match row.SameBits with
                    | Some true -> "yes"
                    | Some false -> "no"
                    | None -> "–"
                ]
        ]
        |> TextTable.lines
