namespace Iql.Scripts

open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Data.Inspection
open Iql.Environments.Tasks
open Iql.Environments.Mujoco

/// Holding a data set against its own environment, for `iql data inspect`.
[<RequireQualifiedAccess>]
module Replaying =

    let private robotOf (card: TaskCard) : MujocoEnvironment option =
        match card.Environment with
        | :? MujocoEnvironment as robot -> Some robot
        | _ -> None

    /// The task on MuJoCo that data are of, by what the file says of itself, else by its name: the task's own, or D4RL's name for its file.
    let taskOf (report: DatasetReport) : TaskCard option =
        let said =
            [ "metadata/task"; "task" ]
            |> List.tryPick (fun name ->
                match report.Metadata.TryGetValue name with
                | true, task -> Some task
                | _ -> None)

        let called = DatasetName.plain report.Name

        let files = [
            for file in Download.D4rlFile.All do
                if DatasetName.ofPath file.FileName = called then
                    file.Task
        ]

        Option.toList said @ [ called ] @ files
        |> List.tryPick (fun name -> MujocoTasks.Find name |> Option.ofObj)

    let private holdsStates (report: DatasetReport) : bool =
        report.Entries |> Seq.exists (fun entry -> entry.Name = "infos/qpos")

    /// A report with what replaying rows of its data in their task showed, or why it was not done. Data of no task on MuJoCo stay as they are,
    /// unless a task was asked for. Rows: 0 replays none. A row file's rows come without the file, and may end as D4RL parity has them.
    let extend
        (task: string option)
        (rows: int)
        (raw: RawDataset)
        (file: IArrayFile option)
        (report: DatasetReport)
        : DatasetReport =
        let asked = task |> Option.map Problem.card

        let card =
            match asked with
            | Some card -> Some card
            | None -> taskOf report

        let not' why =
            report.WithReplay([ $"not replayed: {why}" ], [])

        match card |> Option.bind robotOf, card with
        | _ when rows = 0 -> report
        | None, Some card -> not' $"{card.Name} is no task on MuJoCo"
        | None, None when holdsStates report ->
            not' "the file holds states, but does not say of which task: name one with --task"
        | None, None -> report
        | Some _, _ when not MujocoLibrary.IsAvailable ->
            not' "MuJoCo 2.2.2 is not installed here (apt-get install libmujoco2.2.2)"
        | Some robot, _ when robot.World.Task.ChangesModel ->
            not'
                $"{robot.Name} moves things of its model from episode to episode, which positions and velocities do not tell"
        | Some robot, _ when
            robot.ObservationSize <> raw.ObservationSize
            || robot.ActionSize <> raw.ActionSize
            ->
            let sizes =
                $"expected observations of {robot.ObservationSize} numbers and actions of {robot.ActionSize}, as in {robot.Name}, got {raw.ObservationSize} and {raw.ActionSize}"

            match asked with
            | Some _ -> raise (Refusal $"--task: {sizes}.")
            | None -> not' sizes
        | Some robot, _ ->
            let replay =
                DatasetReplay.Of(robot, raw, Option.toObj file, rows, terminalsLead = file.IsSome)

            report.WithReplay(replay.Lines, replay.Findings)
