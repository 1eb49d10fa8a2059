/// What the axes of a grid do: shares of the variance, each axis alone, and two together.
module Iql.Scripts.Charts.GridEffects

open Plotly.NET
open Plotly.NET.LayoutObjects
open Iql.Scripts
open Iql.Scripts.Statistics

/// An effect's axes as people read them.
let name (grid: Grid) (axes: int list) : string =
    axes |> List.map (fun axis -> fst grid.Axes[axis] |> Shown.symbol) |> String.concat " × "

/// Shares of the variance in percent, with their intervals.
let shares (grid: Grid) (shares: VarianceShares) : GenericChart =
    let percent (share: Estimate) : Estimate = {
        Value = 100.0 * share.Value
        Interval = { Low = 100.0 * share.Interval.Low; High = 100.0 * share.Interval.High }
    }

    let rows = [
        for effect in shares.Effects do
            name grid effect.Axes, Style.categorical.Head, percent effect.Share
        "seeds", Style.grey, percent shares.Seeds
    ]

    [ for row, colour, share in rows -> IntervalBars.interval colour row share ]
    |> IntervalBars.chart "" "share of the variance, %" [ for row, _, _ in rows -> row ] (-2.0, 102.0)

let private framed measure (title: string) (axis: string) values (chart: GenericChart) : GenericChart =
    chart
    |> Style.titled title (Shown.axisTitle axis) (Measure.title measure)
    |> Chart.withXAxisStyle (AxisType = StyleParam.AxisType.Category)
    |> Chart.withYAxisStyle (MinMax = Style.bounds measure values)
    |> Style.tall 340

let private coloured (seed: int) (colour: string) (points: (string * float) list) : GenericChart =
    Chart.Line(
        points,
        Name = $"seed {seed + 1}",
        LineColor = Style.translucent 0.5 colour,
        LineWidth = 1.0,
        ShowLegend = false,
        UseDefaults = false
    )

/// A chart an axis: means over all other axes with bars, which of two values do not overlap where Tukey's test tells
/// the values apart; thin lines are seeds.
let main (measure: Measure) (grid: Grid) : GenericChart list = [
    for axis, _ in grid.Axes ->
        let levels = Grid.over [ axis ] grid
        let labels = [ for values, _ in levels -> snd values.Head ]
        let scores = levels |> List.map snd |> Array.ofList
        let tukey = Tukey.ofBlocks RunSummary.confidence (Blocks.ofRows scores)

        let points = [
            for label, mean, half in List.zip3 labels (List.ofArray tukey.Means) (List.ofArray tukey.Bars) ->
                label, [], { Value = mean; Interval = { Low = mean - half; High = mean + half } }
        ]

        Marks.over [
            for seed in 0 .. grid.Blocks.Seeds - 1 do
                coloured seed Style.grey [ for label, row in List.zip labels (List.ofArray scores) -> label, row[seed] ]
            Marks.estimates points
        ]
        |> framed measure (Shown.axisTitle axis) axis (scores |> Array.concat |> List.ofArray)
        |> Chart.withLayoutStyle (ShowLegend = false)
]

/// A chart for two axes: means over all other axes, a line for each value of the second. Lines that are parallel say
/// that the axes do not act together.
let interaction (measure: Measure) (first: string) (second: string) (grid: Grid) : GenericChart =
    let means = [ for values, row in Grid.over [ first; second ] grid -> values, Array.average row ]
    let lines = means |> List.groupBy (fst >> List.item 1 >> snd)

    let colours =
        let isOrdered = lines |> List.forall (fst >> ResultGroups.number >> Option.isSome)
        (if isOrdered then Style.ordered else Style.apart) lines.Length

    [
        for i, ((value, cells), colour) in List.indexed (List.zip lines colours) ->
            Chart.Line(
                [ for values, mean in cells -> snd values.Head, mean ],
                Name = $"{Shown.symbol second} = {value}",
                LineColor = Style.colour colour,
                LineDash = Style.dash i,
                ShowMarkers = true,
                MarkerSymbol = Style.symbol i,
                UseDefaults = false
            )
    ]
    |> Marks.over
    |> framed measure $"{Shown.symbol first} × {Shown.symbol second}" first (List.map snd means)
    |> Style.keyed (Some "")
