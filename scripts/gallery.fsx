// The pictures of docs/charts.md and of the README, from the runs of `iql ablate` and of compare.fsx, by Chromium.
#load "compare.fsx"

open System.IO
open Prelude
open Iql.Scripts
open Iql.Scripts.Charts
open Plotly.NET

let target =
    if tiny then
        folder "gallery"
    else
        Path.Combine(__SOURCE_DIRECTORY__, "..", "docs", "images")

let picture (name: string) (charts: GenericChart list) : unit =
    let path = Path.Combine(target, $"chart-{name}.svg")

    match Chromium.path () with
    | None -> Figure.page name charts |> ignore
    | Some _ ->
        Figure.savePanels path charts |> get
        printfn "%s" path

// What `iql ablate` trains, and the notebook of this name: the runs are trained once.
let results =
    train {
        Name = "tau-beta"
        Base = trial
        Axes =
            if tiny then
                [ Axis.expectile [ 0.5; 0.9 ]; Axis.inverseTemperature [ 0.0; 3.0 ]; Axis.seed [ 0 ] ]
            else
                Ablation.grid (Trial.algorithm trial)
    }

let tau, beta = "expectile", "inverseTemperature"
let cells = ResultGroups.ofRuns [ tau; beta ] results.Runs
let best = cells |> ResultGroups.where tau "0.9"

picture "heat-map" [ ScoreHeatMap.figure Score tau beta cells ]
picture "learning-curves" (LearningCurves.panels Score (Some tau) (Some beta) cells)
picture "score-line" [ ScoreLine.figure Score beta best ]
picture "value" (ValueStatistics.panels tau cells)
picture "weights" (Option.toList (WeightDistribution.figure (Some beta) best))
picture "losses" (LossCurves.panels [ "valueLoss", "Value loss"; "criticLoss", "Critic loss" ] (Some tau) cells)

DatasetNumbers.ofDataset (TrainingData.maze trainingData) trainingData.Raw
|> DatasetPicture.ofNumbers
|> List.iteri (fun i each -> picture $"data-{i + 1}" each.Charts)

let table = Compare.table
picture "tasks" (ScoreIntervals.byTask table)
picture "overall" (ScoreIntervals.overall table)
picture "improvement" (Option.toList (ScoreIntervals.improvement table))

// Combinators of Plotly.NET change, combine and arrange the same charts.
LearningCurves.panels Score None (Some beta) best
|> List.head
|> Chart.withTitle "τ = 0.9"
|> Chart.withShape (
    LayoutObjects.Shape.init (
        ShapeType = StyleParam.ShapeType.Line,
        Xref = "paper",
        X0 = 0.0,
        X1 = 1.0,
        Y0 = 100.0,
        Y1 = 100.0,
        Line = Line.init (Color = Style.colour Style.grey, Dash = StyleParam.DrawingStyle.Dash)
    )
)
|> List.singleton
|> picture "composed"
