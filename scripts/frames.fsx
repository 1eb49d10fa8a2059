// A sweep as Deedle frames: one row a run, an evaluation or a log line.
#load "prelude.fsx"

open Deedle
open Prelude
open Iql.Scripts
open Iql.Scripts.Statistics

let sweep = {
    Name = "frames"
    Base = trial
    Axes = [
        Axis.expectile (if tiny then [ 0.5; 0.9 ] else [ 0.5; 0.7; 0.9 ])
        Axis.inverseTemperature [ 0.0; 3.0 ]
        Axis.seed [ 0 .. size 2 1 ]
    ]
}

let results = train sweep

// One row a run. Hyperparameters are numbers; the score of a run that has not finished is missing.
let runs = Results.frame results

(runs |> Frame.sliceCols [ "expectile"; "inverseTemperature"; "seed"; "score"; "seconds" ]).Print()

// τ × β: any summary of the scores of a cell's runs.
(results |> Results.pivot "expectile" "inverseTemperature" iqm).Print()

// The same by Deedle's own functions, here for the time that a τ takes.
runs
|> Frame.aggregateRowsBy [ "expectile" ] [ "seconds" ] Stats.mean
|> fun seconds -> seconds.Print()

// One row a training line: V at the end of training, by τ.
let metrics = Results.metricsFrame results
let last = Stats.max metrics?step

metrics
|> Frame.filterRowValues (fun line -> line?step = last)
|> Frame.aggregateRowsBy [ "expectile" ] [ "valueMean"; "valueLoss" ] Stats.mean
|> fun value -> value.Print()

// A frame as CSV text, the same on every machine. Reports have runs.csv and scores.csv beside them.
printf "%s" (Results.scoresFrame results |> Frame.take 3 |> Results.csv)
