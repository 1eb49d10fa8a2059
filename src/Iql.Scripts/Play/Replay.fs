namespace Iql.Scripts

open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Data.Inspection
open Iql.Environments.Tasks
open Iql.Environments.Mujoco

/// Holding a data set against its own environment, for `iql data inspect`.
[<RequireQualifiedAccess>]
module Replay =

    /// The task on MuJoCo of a data set, by the file's metadata, else by its name: the task's own, or D4RL's for its
    /// file.
    let taskOf (report: DatasetReport) : TaskCard option =
        let entry name =
            match report.Metadata.TryGetValue name with
            | true, task -> Some task
            | _ -> None

        let called = DatasetName.plain report.Name

        [
            yield! List.choose entry [ "metadata/task"; "task" ] |> List.truncate 1
            called
            for file in Download.D4rlFile.All do
                if DatasetName.ofPath file.FileName = called then
                    file.Task
        ]
        |> List.tryPick (MujocoTasks.Find >> Option.ofObj)

    /// A report with the result of replaying rows of its data in their task, or with the reason against it. Data of no
    /// task on MuJoCo stay as they are, unless a task is given. Rows: 0 replays none. Rows of a row file come without
    /// the file, and may end as in D4RL parity. Error: the data do not fit the given task.
    let extend
        (task: TaskCard option)
        (rows: int)
        (raw: RawDataset)
        (file: IArrayFile option)
        (report: DatasetReport)
        : Result<DatasetReport, string> =
        let without why = Ok(report.WithReplay([ $"not replayed: {why}" ], []))

        let holdsStates = report.Entries |> Seq.exists (fun entry -> entry.Name = "infos/qpos")

        match task |> Option.orElse (taskOf report) with
        | _ when rows = 0 -> Ok report
        | None when holdsStates -> without "the file has states, but not the name of their task; give it with --task"
        | None -> Ok report
        | Some card ->
            match card.Robot with
            | null -> without $"{card.Name} is not a task on MuJoCo"
            | _ when not MujocoLibrary.IsAvailable ->
                without "MuJoCo 2.2.2 is not installed here (apt-get install libmujoco2.2.2)"
            | robot when robot.World.Task.ChangesModel ->
                let moves = $"{robot.Name} changes its model in each episode"
                without $"{moves}, and positions and velocities do not show this"
            | robot when robot.ObservationSize <> raw.ObservationSize || robot.ActionSize <> raw.ActionSize ->
                let wanted = robot.ActionSpace.Beside robot.ObservationSize
                let got = (Iql.ActionSpace(raw.ActionKind, raw.ActionSize)).Beside raw.ObservationSize
                let differ = $"expected {wanted}, as in {robot.Name}, got {got}"

                if task.IsSome then Error $"--task: {differ}." else without differ
            | robot ->
                let replay = DatasetReplay.Of(robot, raw, Option.toObj file, rows, terminalsLead = file.IsSome)

                Ok(report.WithReplay(replay.Lines, replay.Findings))
