// Learn a policy from data alone, and look at how it got there.
#load "prelude.fsx"

open Prelude
open Iql.Scripts
open Iql.Scripts.Charts
open Plotly.NET

// The data: short pieces of driving through a windy maze, most of them away from its goal. Most of the maze is too far
// from the goal for one piece; a policy that crosses it has to be stitched together.
let data = trainingData.Transitions
printfn "%s: %d transitions, %d episodes" data.Name data.Count trainingData.Dataset.Episodes

// One run of implicit Q-learning: V leans towards the better actions in the data (expectile τ), and the policy clones
// the data's actions, the good ones more (inverse temperature β).
let sweep = {
    Name = "quickstart"
    Base = trial
    Axes = [ Axis.expectile [ 0.9 ]; Axis.inverseTemperature [ 10.0 ]; Axis.seed [ 0 ] ]
}

let results = train sweep
let run = List.head results.Runs

// Everything a run leaves behind is in its folder; here it is as F# values.
let steps = [ for evaluation in run.Evaluations -> float evaluation.Step ]

let scores = [ for evaluation in run.Evaluations -> evaluation.ScoreMean.GetValueOrDefault nan ]

printfn
    "score %.1f after %d steps (0 is a random policy, 100 the maze's own controller)"
    (List.last scores)
    run.Config.Steps

Chart.Line(steps, scores, Name = "τ = 0.9, β = 10", ShowMarkers = true, UseDefaults = false)
|> Style.titled "Learning to cross a maze from pieces" "gradient step" "normalised score"
|> Chart.withYAxisStyle (MinMax = Style.bounds Score scores)
|> save "quickstart"
