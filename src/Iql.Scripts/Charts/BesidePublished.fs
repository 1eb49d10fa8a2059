/// Learning curves of runs that go on online, beside published ones.
module Iql.Scripts.Charts.BesidePublished

open Plotly.NET
open Iql.Scripts
open Iql.Scripts.Statistics

/// Published curves as a thin line below ours, a chart a group that has some: theirs is the mean over runs with a band
/// from the lowest to the highest, laid over the same shares of each phase.
let panels (curves: PublishedRun list) (groups: ResultGroup list) : GenericChart list = [
    for group in groups do
        match OnlineTable.published curves group, Run.online group.Runs.Head with
        | (_ :: _ as theirs), Some online ->
            let ours = group.Runs |> List.filter (Run.diverged >> not) |> List.collect (Run.curve Score)

            let laid start length scores = [
                for share, score in List.zip (PublishedRun.shares (List.length scores)) scores ->
                    start + share * length, score
            ]

            let switch = float online.OfflineSteps

            let under =
                theirs
                |> List.collect (fun run ->
                    (if switch > 0.0 then laid 0.0 switch run.Offline else [])
                    @ laid switch (float online.OnlineSteps) run.Online)
                |> Run.byStep
                |> List.map (fun (place, scores) ->
                    place, estimateOf (List.average scores) (Some { Low = List.min scores; High = List.max scores }))

            [
                Marks.thin Style.grey $"CORL's {theirs.Length} runs" under
                LearningCurves.means ours |> Marks.line 0 Style.categorical.Head "ours"
            ]
            |> Chart.combine
            |> LearningCurves.framed
                (OnlineTable.title group)
                Score
                group.Runs
                (List.map snd ours
                 @ [
                     for _, estimate in under do
                         estimate.Interval.Low
                         estimate.Interval.High
                 ])
            |> Style.keyed (Some "")
            |> Style.tall 300
        | _ -> ()
]
