/// The traces of every chart of a sweep, with runs and without.
module Iql.Scripts.Tests.ChartTests

open Iql.Scripts
open Iql.Scripts.Charts
open Plotly.NET
open Xunit

let private cells (sweep: SweepResults) =
    ResultGroups.ofRuns [ "expectile"; "inverseTemperature" ] sweep.Runs

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

let private traces charts =
    charts |> List.map (FigureTests.traces >> List.length)

[<Fact>]
let ``charts of a sweep have a trace for each group`` () =
    Synthetic.withSweep plan (fun folder ->
        let cells = read folder
        // A band and a line a group; the diverged run has a line of its own, and the mean of one run has no band.
        Assert.Equal<int list>([ 4; 6 ], traces (LearningCurves.panels Score (Some tau) (Some beta) cells))
        Assert.Equal<int list>([ 1 ], traces [ ScoreHeatMap.figure Score tau beta cells ])
        Assert.Equal<int list>([ 2 ], traces [ ScoreLine.figure Score tau cells ])
        Assert.Equal<int list>([ 2; 2; 2; 2 ], traces (ValueStatistics.panels tau cells))
        Assert.Equal<int list>([ 3 ], traces (Option.toList (WeightDistribution.figure (Some beta) cells)))

        Assert.Equal<int list>(
            [ 4; 4 ],
            traces (LossCurves.panels [ "valueLoss", "Value"; "criticLoss", "Critic" ] (Some tau) cells)
        ))

[<Fact>]
let ``a heat map's labels stay categories, its best cell is framed, and an empty cell says why`` () =
    Synthetic.withSweep plan (fun folder ->
        let layout = FigureTests.layout (ScoreHeatMap.figure Score tau beta (read folder))

        for axis in [ "xaxis"; "yaxis" ] do
            Assert.Equal("category", layout.GetProperty(axis).GetProperty("type").GetString())

        Assert.Equal(1, layout.GetProperty("shapes").GetArrayLength())
        Assert.Equal("not run", (layout.GetProperty("annotations")[0]).GetProperty("text").GetString()))

[<Fact>]
let ``without runs there are no traces, and no chart fails`` () =
    Assert.Equal<int list>([ 0 ], traces (LearningCurves.panels Score None None []))
    Assert.Equal<int list>([ 1 ], traces [ ScoreHeatMap.figure Score tau beta [] ])
    Assert.Equal<int list>([ 2 ], traces [ ScoreLine.figure Score tau [] ])
    Assert.Empty(ValueStatistics.panels tau [])
    Assert.Empty(LossCurves.panels [ "valueLoss", "Value" ] None [])
    Assert.True((WeightDistribution.figure (Some beta) []).IsNone)
