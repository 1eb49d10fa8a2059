/// What a sweep does at this moment: the part that a live page has and a still one lacks.
module Iql.Scripts.Now

open System
open Giraffe.ViewEngine
open Iql.Training

/// A sweep's groups, and what is known of the processes of this machine.
type Moment = {
    Status: SweepStatus
    /// Whether a process here is known to be gone.
    IsGone: int -> bool
    /// Cores that the processes here keep busy.
    Cores: float option
}

/// A group that was begun and is not done: what it does, and what is wrong with it.
let private begun (moment: Moment) : (GroupLine * GroupStatus * string * string option) list = [
    for group in moment.Status.Groups do
        for status in Option.toList group.Status do
            let isHere = status.Host = Environment.MachineName

            match group.Standing with
            | Standing.Running when isHere && moment.IsGone status.Process ->
                group, status, "killed", Some $"process {status.Process} is gone. The same command continues it."
            | Standing.Silent -> group, status, "silent", Some $"no sign of life from {status.Host} for five minutes."
            | Standing.Done when isNull status.Reason -> ()
            | standing -> group, status, (string standing).ToLowerInvariant(), Option.ofObj status.Reason
]

let private table (groups: (GroupLine * GroupStatus * string * string option) list) : XmlNode list =
    let most = 200
    let whole pick (_, status: GroupStatus, _, _) = Html.numberCell (sprintf "%.0f") (pick status)
    let share (status: GroupStatus) = 100.0 * float status.Step / float (max 1L status.Steps)

    let shown (_, _, word, problem) : Html.Cell =
        if Option.isSome problem then
            { Shown = span [ _class "failed" ] [ str word ]; Sorted = word }
        else
            Html.cell word

    [
        if not groups.IsEmpty then
            Html.sortable
                "Groups in training, and those with problems"
                [
                    "Group", (fun (group: GroupLine, _, _, _) -> Html.cell (Doubts.title group.Name))
                    "State", shown
                    "Runs", whole (_.Runs >> float >> Some)
                    "Done, %", whole (share >> Some)
                    "Steps a second", whole (_.StepsPerSecond >> Option.ofNullable)
                    "Where", (fun (_, status, _, _) -> Html.cell $"process {status.Process} on {status.Host}")
                    "Said at", (fun (_, status, _, _) -> Html.cell (status.Written.ToLocalTime().ToString "HH:mm:ss"))
                ]
                (List.truncate most groups)
        if groups.Length > most then
            Html.styled "note" $"The first {most} of {groups.Length} such groups."
    ]

/// Steps made, as a share of all; where nobody told, runs with a result.
let private share (groups: GroupLine list) : float =
    let known = groups |> List.choose _.Status

    let steps =
        match known with
        | [] -> 1L
        | known -> known |> List.map _.Steps |> List.max

    List.sum [
        for group in groups do
            match group.Standing, group.Status with
            | Standing.Done, _ -> float group.Runs.Length
            | _, Some status -> float group.Runs.Length * float status.Step / float (max 1L steps)
            | _, None -> 0.0
    ]
    / float (groups |> List.sumBy _.Runs.Length |> max 1)

/// The part, with its id: how far the sweep is, what trains, the time left, and what went wrong.
let part (moment: Moment) (sweep: SweepResults) : string * XmlNode =
    let groups = begun moment
    let share = 100.0 * share moment.Status.Groups
    let ended = sweep.Runs |> List.filter (fun run -> not (isNull run.Result))
    let diverged = (List.filter Run.diverged ended).Length
    let training = groups |> List.filter (fun (_, _, word, _) -> word = "running") |> List.length

    let words = [
        $"**{share:F0} %%.** {ended.Length} of {sweep.Plan.Runs.Length} runs are done"
        + Plural.given (diverged > 0) $", {diverged} of them diverged"
        + "."
        $"""{Plural.count training "group"} in training, {moment.Status.Count Standing.Waiting} waiting."""
        match moment.Status.Left with
        | Some(time, _) when time < TimeSpan.FromSeconds 0.5 -> ()
        | Some(time, measured) ->
            let shown =
                if time.TotalMinutes < 1.5 then
                    $"{time.TotalSeconds:F0} s"
                else
                    Tables.duration time.TotalSeconds

            Plural.given (not measured) "About " + $"{shown} left."
        | None -> ()
        for cores in Option.toList moment.Cores do
            $"Training keeps {cores:F1} of {Environment.ProcessorCount} cores here busy."
    ]

    let problems = [
        for group, _, _, problem in groups do
            for problem in Option.toList problem -> $"{Doubts.title group.Name}: {problem}"
    ]

    "now",
    Html.part "now" "Now" [
        div [ _class "share"; attr "role" "progressbar"; attr "aria-valuenow" $"{share:F0}" ] [
            i [ _style $"width:{share:F1}%%" ] []
        ]
        Html.paragraph (String.concat " " words)
        if not problems.IsEmpty then
            ul [ _class "failed" ] [ for problem in List.truncate 50 problems -> li [] [ str problem ] ]
        yield! table groups
    ]
