namespace Iql.Scripts

open System

/// A sweep's status in lines.
[<RequireQualifiedAccess>]
module SweepStatusText =

    let private word (standing: Standing) = (string standing).ToLowerInvariant()

    let private order = [
        Standing.Done
        Standing.Running
        Standing.Waiting
        Standing.Stopped
        Standing.Silent
        Standing.Failed
    ]

    let private time (span: TimeSpan) : string =
        if span.TotalHours >= 48.0 then $"{span.TotalDays:F1} days"
        elif span.TotalMinutes >= 120.0 then $"{span.TotalHours:F1} hours"
        else Plural.count (int (ceil span.TotalMinutes)) "minute"

    let private remaining (status: SweepStatus) : string =
        match status.Left with
        | _ when status.Groups |> List.forall (fun group -> group.Standing = Standing.Done) -> "nothing left"
        | Some(left, isMeasured) when status.Count Standing.Running > 0 ->
            Plural.given (not isMeasured) "about " + time left + " left at this pace"
        | Some(left, _) -> $"about {time left} left for one process; none trains now"
        | None -> "time left not known yet"

    let private shown (group: GroupLine) : string =
        let more =
            match group.Status with
            | Some status ->
                let share = 100.0 * float status.Step / float (max 1L status.Steps)

                let pace =
                    if status.StepsPerSecond.HasValue then
                        $", {status.StepsPerSecond.Value:F0} steps/s"
                    else
                        ""

                let who = $", process {status.Process} on {status.Host}"

                $" at {share:F0} %%{pace}{who}"
                + (status.Reason |> Option.ofObj |> Option.map (sprintf ": %s") |> Option.defaultValue "")
            | None -> ""

        $"{word group.Standing} {group.Number} {group.Name}{more}"

    /// The sweep in lines: counts and time left, then the groups that run, and those that need a look, at most so many.
    let lines (most: int) (status: SweepStatus) : string list =
        let runsOf standing =
            status.Groups |> List.filter (fun group -> group.Standing = standing) |> List.sumBy _.Runs.Length

        let told =
            status.Groups
            |> List.filter (fun group ->
                match group.Standing, group.Status with
                | Standing.Waiting, _ -> false
                | Standing.Done, Some status -> not (isNull status.Reason)
                | Standing.Done, None -> false
                | _ -> true)
            |> List.sortBy (fun group -> -(List.findIndex ((=) group.Standing) order), group.Number)

        [
            let runs, groups = Plural.count status.Plan.Runs.Length "run", Plural.count status.Groups.Length "group"
            $"{status.Plan.Name}: {runs} in {groups}, {remaining status}"

            for standing in order do
                match status.Count standing with
                | 0 -> ()
                | count ->
                    let word = (word standing).PadRight 8
                    "  " + word + Plural.count count "group" + ", " + Plural.count (runsOf standing) "run"

            for group in List.truncate most told do
                shown group

            if told.Length > most then
                $"and {told.Length - most} more"
        ]
