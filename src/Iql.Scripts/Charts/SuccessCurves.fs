/// Success while acting and in evaluations, over the online phase.
module Iql.Scripts.Charts.SuccessCurves

open Plotly.NET
open Iql.Scripts

/// Successes in percent over the decisions of the online phase, a chart a group: of acting's episodes that ended in
/// each twentieth, and of evaluations.
let panels (groups: ResultGroup list) : GenericChart list = [
    for group in groups ->
        let acting = [
            for run in group.Runs do
                for online in Option.toList (Run.online run) do
                    yield!
                        [
                            for line in run.Acting ->
                                OnlineNumbers.endOfPart 20.0 online line.EnvironmentSteps, 100.0 * float line.Success
                        ]
                        |> Run.byStep
                        |> List.map (fun (steps, shares) -> steps, List.average shares)
        ]

        let evaluated = [
            for run in group.Runs do
                for line in run.Evaluations do
                    if Run.place run line.Step >= Run.switch run then
                        Run.place run line.Step - Run.switch run, 100.0 * line.SuccessRate
        ]

        let title = OnlineTable.title group

        [
            for i, (name, points) in List.indexed [ "evaluation", evaluated; "acting", acting ] do
                if not points.IsEmpty then
                    LearningCurves.means points |> Marks.line i Style.categorical[i] name
        ]
        |> Marks.over
        |> Style.titled title "environment steps after the switch" "successes, %"
        |> Chart.withYAxisStyle (MinMax = (-5.0, 105.0))
        |> Style.keyed (Some "")
        |> Style.tall 300
]
