namespace Iql.Scripts

open System
open System.IO
open Iql.Training

/// Runs that are trained by one learner, and what they have in common, as a name.
type internal LaunchGroup = {
    /// Its number in the sweep.
    Number: int
    Name: string
    /// Its runs with those that are done.
    Size: int
    Runs: (SweepCell * TrainingRun) list
} with

    member group.Data = (fst group.Runs.Head).Trial.Data

/// What a thread that has nothing to do should do.
type internal NextGroup =
    /// Train this group, whose runs are claimed.
    | Train of LaunchGroup * Claim list
    /// Look again in a moment: what is left may fall free.
    | Wait
    | Stop

/// The groups that are left, shared by the threads of this process and, through claims, with other processes.
type internal GroupQueue(folder: string, groups: LaunchGroup list, claims: Claims, board: Board, retrain: bool) =
    let gate = obj ()
    let mutable waiting = groups
    let mutable announced = Set.empty

    let isOpen (cell: SweepCell, run: TrainingRun) : bool =
        if board.IsSettled cell then
            false
        elif run.Folder.State <> RunFolderState.Finished then
            true
        else
            match Attempt.run (fun () -> run.Verified() |> Option.ofObj) with
            | Ok result -> result |> Option.iter (board.Found cell)
            | Error problem when not retrain -> board.Damage cell problem
            | Error _ -> ()

            not (board.IsSettled cell)

    /// The group's runs that have no result; results there are go to the board.
    let left (group: LaunchGroup) : LaunchGroup = { group with Runs = List.filter isOpen group.Runs }

    /// The claimed runs that can continue. Damaged runs are cleared or given back.
    let prepared (group: LaunchGroup) (taken: Claim list) : LaunchGroup * Claim list =
        let runs, claims =
            List.zip group.Runs taken
            |> List.filter (fun ((cell, run), claim) ->
                match Attempt.run (fun () -> run.Folder.Restore run.Config |> Option.ofObj) with
                | Ok note ->
                    note |> Option.iter (Restored >> board.Say)
                    run.Folder.NoteDevice run.Config |> Option.ofObj |> Option.iter (Restored >> board.Say)
                    true
                | Error problem when retrain ->
                    run.Folder.Clear()
                    board.Say(Restored $"{problem} It is trained again.")
                    true
                | Error problem ->
                    board.Damage cell problem
                    claim.Dispose()
                    false)
            |> List.unzip

        { group with Runs = runs }, claims

    let folders (group: LaunchGroup) = [ for _, run in group.Runs -> run.Folder.Path ]

    /// Who trains a group, and whether the holder renewed its claim.
    let holder (group: LaunchGroup) : (ClaimHolder * bool) option =
        folders group
        |> List.tryPick (fun folder ->
            let mutable renewed = false

            claims.Holder(folder, &renewed) |> Option.ofObj |> Option.map (fun holder -> holder, renewed))

    /// The first group, from here on, that can be claimed.
    let rec take (isMine: LaunchGroup -> bool) (before: LaunchGroup list) (groups: LaunchGroup list) : NextGroup =
        match groups with
        | [] ->
            waiting <- List.rev before

            let silent = [
                for group in List.filter isMine waiting do
                    match holder group with
                    | Some(_, true) -> ()
                    | other -> group.Name, other
            ]

            for name, other in silent do
                match other with
                | Some(other, _) when not (announced.Contains other.Token) ->
                    announced <- announced.Add other.Token
                    board.Say(Waiting(name, other))
                | _ -> ()

            if silent.IsEmpty then Stop else Wait
        | group :: rest when not (isMine group) -> take isMine (group :: before) rest
        | group :: rest ->
            let group = left group

            if group.Runs.IsEmpty then
                take isMine before rest
            else
                match claims.TryTake(folders group) with
                | null -> take isMine (group :: before) rest
                | taken ->
                    match prepared group (List.ofArray taken) with
                    | { Runs = [] }, _ -> take isMine before rest
                    | group, taken ->
                        waiting <- List.rev before @ rest
                        Train(group, taken)

    /// The next group to train, of those that are the caller's.
    member _.Next(isMine: LaunchGroup -> bool) : NextGroup =
        // A claim would make the folders of the runs again.
        if not (File.Exists(SweepPlan.PathIn folder)) then
            raise (
                Refusal
                    $"{folder}: expected the folder of the sweep in training, found none. It was moved or deleted. \
                      Start the command again with its new place: its runs continue from their checkpoints."
            )

        lock gate (fun () -> take isMine [] waiting)

    /// A group that was begun and is not done; other threads leave it alone until they have nothing else.
    member _.Return(group: LaunchGroup) : unit = lock gate (fun () -> waiting <- waiting @ [ group ])

    /// The data of the group that comes next.
    member _.Ahead: DataSource list = lock gate (fun () -> waiting |> List.truncate 1 |> List.map _.Data)

    /// What other processes train.
    member _.Elsewhere: (string * ClaimHolder) list =
        lock gate (fun () -> [
            for group in waiting do
                // In this order: a group that comes to an end meanwhile is done, not nobody's.
                match holder group, (left group).Runs with
                | Some(holder, _), _ :: _ -> group.Name, holder
                | _ -> ()
        ])
