// What does the inverse temperature β do?
#load "prelude.fsx"

open Prelude
open Iql.Scripts
open Iql.Scripts.Charts
open Plotly.NET

// The policy clones the data with weights exp(β A), where A = Q − V says how much better an action is than usual. With
// β = 0 all weights are 1: behaviour cloning. With a large β only the few best actions count, and the cap of 100 keeps
// them from being a single one. V and Q do not use the policy, so all β here share one value function and are trained
// together.
let betas = if tiny then [ 0.0; 3.0 ] else [ 0.0; 0.5; 1.0; 3.0; 10.0; 30.0 ]

let results =
    train {
        Name = "inverse-temperature"
        Base = trial
        Axes = [ Axis.expectile [ 0.9 ]; Axis.inverseTemperature betas; Axis.seed [ 0 .. size 2 0 ] ]
    }

let cells = ResultGroups.ofRuns [ "inverseTemperature" ] results.Runs

let mean (number: Run -> float option) (cell: ResultGroup) = cell.Runs |> List.choose number |> List.average

for beta, cell in List.zip betas cells do
    printfn
        "β %-4g  score %6.1f  mean weight %6.2f  share at the cap %.3f"
        beta
        (mean (Run.final Score) cell)
        (mean (Run.lastMetric "weightMean") cell)
        (mean (Run.lastMetric "weightCapped") cell)

// One learning curve a β, averaged over seeds.
[
    for i, (beta, colour, cell) in List.indexed (List.zip3 betas (Style.ordered betas.Length) cells) do
        Chart.Line(
            [
                for step, scores in cell.Runs |> List.collect (Run.curve Score) |> List.groupBy fst ->
                    step, scores |> List.averageBy snd
            ],
            Name = $"β = {beta}",
            LineColor = Style.colour colour,
            LineDash = Style.dash i,
            UseDefaults = false
        )
]
|> Chart.combine
|> Style.titled "The same value function, ever greedier policies" "gradient step" "normalised score"
|> Chart.withYAxisStyle (MinMax = Style.bounds Score [])
|> save "inverse-temperature"
