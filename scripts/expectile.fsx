// What does the expectile τ do?
#load "prelude.fsx"

open Prelude
open Iql.Scripts
open Iql.Scripts.Charts
open Plotly.NET

// V is fitted to Q by a lopsided square: residuals above V count τ, those below 1 − τ. At τ = 0.5 V is the mean over
// the data's actions, so it values the policy that made the data. As τ goes to 1 it climbs to the best action that the
// data hold at each state: the maximum of Q-learning, without ever asking Q about an action that nobody took.
let expectiles = if tiny then [ 0.5; 0.9 ] else [ 0.5; 0.6; 0.7; 0.8; 0.9; 0.95; 0.99 ]

let results =
    train {
        Name = "expectile"
        Base = trial
        Axes = [ Axis.expectile expectiles; Axis.inverseTemperature [ 10.0 ]; Axis.seed [ 0 .. size 2 0 ] ]
    }

// Mean over seeds of a number at the end of each run, for every τ.
let atTheEnd (number: Run -> float option) = [
    for cell in ResultGroups.ofRuns [ "expectile" ] results.Runs -> cell.Runs |> List.choose number |> List.average
]

let value = atTheEnd (Run.lastMetric "valueMean")
let score = atTheEnd (Run.final Score)

for tau, value, score in List.zip3 expectiles value score do
    printfn "τ %-4g  mean V %8.2f  score %6.1f" tau value score

// The first line can only rise: a higher expectile of the same numbers is a higher number. The second can fall: near 1,
// V follows single lucky transitions, and few transitions count.
[
    Chart.Line(expectiles, value, ShowMarkers = true, UseDefaults = false)
    |> Style.titled "V climbs with τ" "expectile τ" "mean V over the data"
    Chart.Line(expectiles, score, ShowMarkers = true, UseDefaults = false)
    |> Style.titled "what the policy makes of it" "expectile τ" "normalised score"
    |> Chart.withYAxisStyle (MinMax = Style.bounds Score score)
]
|> savePanels "expectile"
