// A loss of your own: written in F#, differentiated and compiled like the built-in ones.
#load "prelude.fsx"

open Prelude
open Iql.Algorithms
open Iql.Graph
open Iql.Scripts
open Iql.Scripts.Charts
open Plotly.NET

// The expectile loss squares its residual, so one wild Q pulls V far. Huber's loss is the square near zero and a line
// further out; lopsided by τ it is a robust value loss. A loss is a function from tensors to a tensor, nothing else.
let huber (residual: Tensor) (expectile: Tensor) : Tensor =
    let size = Tensor.Abs residual

    let bowl = Tensor.Where(Tensor.LessOrEqual(size, 1.0), 0.5 * Tensor.Square residual, size - 0.5)

    Tensor.Mean(Tensor.Where(Tensor.Less(residual, 0.0), 1.0 - expectile, expectile) * 2.0 * bowl)

// A smaller change: the residual itself instead of its square makes V a quantile of Q instead of an expectile.
let quantile (residual: Tensor) (expectile: Tensor) : Tensor =
    Tensor.Mean(Tensor.Where(Tensor.Less(residual, 0.0), 1.0 - expectile, expectile) * Tensor.Abs residual)

// Is the gradient right? The interpreter says what a graph means, in double precision; nudge every input and compare.
let u = Tensor.Input("u", Shape.Of [ 6 ])
let tau = Tensor.Scalar "tau"
let loss = huber u tau
let at: float[] = [| -3.0; -0.7; -0.1; 0.2; 0.9; 4.0 |]

let evaluate (tensor: Tensor) (point: float[]) =
    Interpreter.Evaluate([ tensor ], readOnlyDict [ "u", point; "tau", [| 0.9 |] ])[0]

let gradient = evaluate (Gradient.Of(loss, [ u ])[0]) at

let slope i =
    let nudged by = at |> Array.mapi (fun j x -> if i = j then x + by else x)

    ((evaluate loss (nudged 1e-6))[0] - (evaluate loss (nudged -1e-6))[0]) / 2e-6

let error = [ for i in 0..5 -> abs (gradient[i] - slope i) ] |> List.max
printfn "gradient by the graph and by finite differences differ by at most %.1e" error

if error > 1e-8 then
    failwith "the gradient is wrong"

// What becomes of it: graph, schedule, memory and time. `iql explain expectile` shows the same of the built-in loss.
Explain.loss "huber" [ ("residual", [ 256 ]) ] [ ("expectile", 0.9) ] (fun x tau -> huber x[0] tau[0])
|> ExplainText.whole
|> printfn "%s"

// Train with both beside the built-in loss: the loss is one more axis.
let results =
    train {
        Name = "own-loss"
        Base = trial
        Axes = [
            Axis.valueLoss [ ValueLoss.Expectile; ValueLoss("huber", huber); ValueLoss("quantile", quantile) ]
            Axis.expectile [ 0.9 ]
            Axis.inverseTemperature [ 10.0 ]
            Axis.seed [ 0 .. size 2 0 ]
        ]
    }

let curve i (cell: ResultGroup) =
    let points = [
        for step, scores in cell.Runs |> List.collect (Run.curve Score) |> List.groupBy fst ->
            step, scores |> List.averageBy snd
    ]

    let name = snd cell.Values.Head
    printfn "%-10s score %.1f" name (snd (List.last points))

    Chart.Line(
        points,
        Name = name,
        LineColor = Style.colour Style.categorical[i],
        LineDash = Style.dash i,
        UseDefaults = false
    )

ResultGroups.ofRuns [ "valueLoss" ] results.Runs
|> List.mapi curve
|> Chart.combine
|> Style.titled "Three ways to lean towards the better actions" "gradient step" "normalised score"
|> Chart.withYAxisStyle (MinMax = Style.bounds Score [])
|> save "own-loss"
