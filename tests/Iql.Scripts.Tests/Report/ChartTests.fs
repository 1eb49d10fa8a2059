/// The traces of every chart of a sweep, with runs and without.
module Iql.Scripts.Tests.ChartTests

open Iql.Scripts
open Iql.Scripts.Charts
open Plotly.NET
open Expecto

let private cells (sweep: SweepResults) = ResultGroups.ofRuns [ "expectile"; "inverseTemperature" ] sweep.Runs

let private read folder =
    match Results.readSweep folder with
    | Ok sweep -> cells sweep
    | Error problem -> failwith problem

let private plan = {
    Synthetic.plan with
        Expectiles = [ 0.5; 0.9 ]
        InverseTemperatures = [ 0.0; 3.0; 10.0 ]
        Seeds = [ 0; 1 ]
        Diverged = [ Synthetic.runName 0.9 3.0 1 ]
        Missing = [ Synthetic.runName 0.5 10.0 0; Synthetic.runName 0.5 10.0 1 ]
}

let private tau, private beta = "expectile", "inverseTemperature"

let private traces charts = charts |> List.map (FigureTests.traces >> List.length)

[<Tests>]
let tests =
    testList "ChartTests" [
        testCase "charts of a sweep have a trace for each group" (fun () ->
            Synthetic.withSweep plan (fun folder ->
                let cells = read folder
                // A band and a line a group; the diverged run has a line of its own, and the mean of one run has no
                // band.
                Expect.equal (traces (LearningCurves.panels Score (Some tau) (Some beta) cells)) [ 4; 6 ] "traces"
                Expect.equal (traces [ ScoreHeatMap.figure Score tau beta cells ]) [ 1 ] "traces"
                Expect.equal (traces [ ScoreLine.figure Score tau cells ]) [ 2 ] "traces"
                Expect.equal (traces (ValueStatistics.panels tau cells)) [ 2; 2; 2; 2 ] "traces"
                Expect.equal (traces (Option.toList (WeightDistribution.figure (Some beta) cells))) [ 3 ] "traces"

                Expect.equal
                    (traces (LossCurves.panels [ "valueLoss", "Value"; "criticLoss", "Critic" ] (Some tau) cells))
                    [ 4; 4 ]
                    "traces"))

        testCase "a heat map's labels stay categories, its best cell is framed, and an empty cell says why" (fun () ->
            Synthetic.withSweep plan (fun folder ->
                let layout = FigureTests.layout (ScoreHeatMap.figure Score tau beta (read folder))

                for axis in [ "xaxis"; "yaxis" ] do
                    Expect.equal
                        (layout.GetProperty(axis).GetProperty("type").GetString())
                        "category"
                        "get string of get property 'type' of property of layout of axis"

                Expect.equal (FigureTests.dashes layout |> List.filter ((=) "solid")) [ "solid" ] "frames"

                Expect.equal
                    ((layout.GetProperty("annotations")[0]).GetProperty("text").GetString())
                    "not run"
                    "get string"))

        testCase "a heat map has dotted frames around cells that cannot be told from the best" (fun () ->
            let cell expectile scores = {
                Values = [ tau, expectile; beta, "3" ]
                Runs = [
                    for seed, score in List.indexed scores ->
                        Invented.run
                            [ tau, expectile; "seed", string seed ]
                            (Invented.data "data" "generated" None)
                            Iql.Training.RunStatus.Finished
                            [ score ]
                ]
            }

            // Twenty apart with a spread of one, and one apart with the same spread.
            let cells = [
                cell "0.5" [ 50.0; 51.0; 49.5 ]
                cell "0.7" [ 69.0; 71.0; 70.0 ]
                cell "0.9" [ 71.0; 70.0; 71.0 ]
            ]

            let dashes = ScoreHeatMap.figure Score beta tau cells |> FigureTests.layout |> FigureTests.dashes

            Expect.equal dashes [ "dot"; "solid" ] "dashes")

        testCase "without runs there are no traces, and no chart fails" (fun () ->
            Expect.equal (traces (LearningCurves.panels Score None None [])) [ 0 ] "traces"
            Expect.equal (traces [ ScoreHeatMap.figure Score tau beta [] ]) [ 1 ] "traces"
            Expect.equal (traces [ ScoreLine.figure Score tau [] ]) [ 2 ] "traces"
            Expect.isEmpty (ValueStatistics.panels tau []) "panels"
            Expect.isEmpty (LossCurves.panels [ "valueLoss", "Value" ] None []) "panels"
            Expect.isNone (WeightDistribution.figure (Some beta) []) "figure")
    ]
