/// What the buffer of runs that go on online holds.
module Iql.Scripts.Charts.BufferRows

open Plotly.NET
open Iql.Scripts
open Iql.Training.Online

/// A buffer in words.
let words (online: FineTuning) : string =
    let buffers =
        match Option.ofNullable online.DataShare with
        | None -> "one buffer"
        | Some share -> $"two buffers, {Shown.percent share} of each batch from the data"

    match Option.ofNullable online.Capacity with
    | None -> buffers
    | Some rows ->
        let ofActing = Plural.given online.DataShare.HasValue " of acting"
        $"{buffers}, room for {Plural.thousands rows} rows{ofActing}"

/// The rows of data and of acting that batches are drawn from, over the decisions of the online phase: a chart for each
/// task and kind of buffer, of its first run.
let panels (groups: ResultGroup list) : GenericChart list = [
    for (task, kind), runs in
        groups
        |> List.collect _.Runs
        |> List.filter (_.Acting.IsEmpty >> not)
        |> List.groupBy (fun run -> Run.task run, words run.Config.FineTuning) do
        let run = runs.Head
        let online = run.Config.FineTuning

        // A line an episode is too much: the last of each hundredth.
        let lines =
            [ for line in run.Acting -> OnlineNumbers.endOfPart 100.0 online line.EnvironmentSteps, line ]
            |> List.groupBy fst
            |> List.map (snd >> List.last >> snd)

        let first = online.DataRows |> Option.ofNullable |> Option.defaultValue run.Config.Dataset.Transitions

        [
            for i, name, rows in
                [
                    0, "rows of data", (first :: [ for line in lines -> line.DataRows ])
                    1, "rows of acting", (0L :: [ for line in lines -> line.OnlineRows ])
                ] ->
                Chart.Scatter(
                    X = 0L :: [ for line in lines -> line.EnvironmentSteps ],
                    Y = rows,
                    Mode = StyleParam.Mode.Lines,
                    Name = name,
                    StackGroup = "rows",
                    Line = Line.init (Color = Style.colour Style.categorical[i], Width = 1.5),
                    UseDefaults = false
                )
        ]
        |> Chart.combine
        |> Style.titled $"{task}: {kind}" "environment steps after the switch" "rows"
        |> Style.keyed (Some "")
        |> Style.tall 300
]
