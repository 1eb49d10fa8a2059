/// What going online changed, in plain words, written from the numbers alone.
module Iql.Scripts.OnlineFindings

/// Whether some runs go on online, and runs were evaluated.
let isScored (sweep: SweepResults) : bool =
    sweep.Runs |> List.exists (Run.online >> Option.isSome) && (Measure.ofRuns sweep.Runs).IsSome

/// "from 12 [8, 15] before to 93 [90, 96] after", and how far that is from chance, a paragraph a group.
let ofSweep (sweep: SweepResults) : string list =
    let measure = Measure.ofRuns sweep.Runs |> Option.defaultValue Score

    let columns =
        OnlineColumn.all measure
        |> List.filter (fun column -> List.contains column.Name [ "before"; "last"; "dip" ])

    let one (group: ResultGroup) =
        let title = OnlineTable.title group
        let numbers = group.Runs |> List.choose (OnlineNumbers.ofRun measure)

        match columns |> List.map (fun column -> OnlineColumn.summary column numbers) with
        | [ Some before; Some dip; Some last ] ->
            let change = (OnlineColumn.change numbers).Value
            let sign = Plural.given (change.Mean > 0.0) "+"

            let verdict =
                match change.Interval with
                | None -> "With one run, this may be chance."
                | Some { Low = low; High = high } when low <= 0.0 && high >= 0.0 ->
                    $"The change of a run is {sign}{Shown.summary change}. This is no clear change: the interval \
                      contains zero."
                | Some _ -> $"The change of a run is {sign}{Shown.summary change}."

            let fell =
                if dip.Mean < before.Mean then
                    $" Early in the online phase the lowest was {Shown.measured measure dip.Mean}, below the start."
                else
                    ""

            [
                $"**{title}: {Shown.measured measure before.Mean} → {Shown.measured measure last.Mean}** in \
                  {Measure.title measure}, before → after going online. {verdict}{fell}"
            ]
        | _ -> []

    match OnlineTable.groups sweep with
    | groups when groups.Length > 6 ->
        let changes =
            groups
            |> List.choose (fun group -> group.Runs |> List.choose (OnlineNumbers.ofRun measure) |> OnlineColumn.change)

        let clear sign =
            changes
            |> List.filter (fun change ->
                change.Interval
                |> Option.exists (fun interval -> min (sign * interval.Low) (sign * interval.High) > 0.0))

        [
            $"**Going online raised the score of {(clear 1.0).Length} of {groups.Length} groups, and lowered that of \
              {(clear -1.0).Length}.** Others have no clear change: the 95 %% interval of a run's change, last less \
              before, contains zero."
        ]
    | groups -> List.collect one groups
