/// What a data set looks like: lengths, returns, rewards, the spread of each column, and for mazes a view from above.
module Iql.Scripts.Charts.DatasetPicture

open System
open Iql.Data
open Iql.Data.Inspection
open Iql.Environments
open Iql.Scripts

/// A figure with the words that belong below it.
type Picture = { Caption: string; Figure: Figure }

/// A counted histogram as a filled outline; None where there was nothing to count.
let histogram (title: string) (unit: string) (counted: Histogram) : Figure option =
    if counted.Counts.IsEmpty then
        None
    else
        // One value only has no width to draw: give it some.
        let edges =
            match List.ofSeq counted.Edges with
            | [ low; high ] when low = high -> [ low - 0.5; high + 0.5 ]
            | edges -> edges

        Chart.steps title edges (counted.Counts |> Seq.map float)
        |> Chart.titled title unit "count"
        |> Figure.withLayout "showlegend" (Json.Bool false)
        |> Figure.withLayout "yaxis.rangemode" (Json.Text "tozero")
        |> Some

/// A box a column: its middle half with the median, whiskers from the 1st to the 99th percentile.
let columns (title: string) (labels: string seq) (summaries: Summary seq) : Figure =
    let summaries = List.ofSeq summaries

    let all pick =
        Json.ofNumbers (summaries |> List.map pick)

    Chart.ofTrace [
        "type", Json.Text "box"
        "x", Json.ofTexts labels
        "lowerfence", all (fun summary -> summary.Percentile1)
        "q1", all (fun summary -> summary.LowerQuartile)
        "median", all (fun summary -> summary.Median)
        "q3", all (fun summary -> summary.UpperQuartile)
        "upperfence", all (fun summary -> summary.Percentile99)
        "mean", all (fun summary -> summary.Mean)
        "marker", Json.Object [ "color", Json.Text "#0072b2" ]
        "line", Json.Object [ "width", Json.Number 1.5; "color", Json.Text "#0072b2" ]
        "fillcolor", Json.Text(Palette.translucent 0.25 "#0072b2")
    ]
    |> Chart.titled title "" ""
    |> Figure.withLayout "xaxis.type" (Json.Text "category")
    |> Figure.withLayout "showlegend" (Json.Bool false)

/// How often each place of a maze was visited, seen from above as the maze is drawn: x down, y to the right. Walls are
/// grey, the goal is ringed. Counts are shown in powers of ten; places nobody went to stay white.
let private visits (numbers: DatasetNumbers) : Figure =
    let maze = Maze(ReadOnlySpan(Array.ofList numbers.Maze))
    let fine = DatasetNumbers.fine
    let rows, columns = maze.Rows * fine, maze.Columns * fine
    let counts = Array.ofList numbers.Visits
    let middle i = (float i + 0.5) / float fine - 0.5

    let shape kind (colour: string) line x y half =
        Json.Object [
            "type", Json.Text kind
            "xref", Json.Text "x"
            "yref", Json.Text "y"
            "x0", Json.Number(y - half)
            "x1", Json.Number(y + half)
            "y0", Json.Number(x - half)
            "y1", Json.Number(x + half)
            "fillcolor", Json.Text colour
            "line", line
            "layer", Json.Text "above"
        ]

    let walls = [
        for row in 0 .. maze.Rows - 1 do
            for column in 0 .. maze.Columns - 1 do
                if maze.IsWall(row, column) then
                    shape
                        "rect"
                        "#cbd2d9"
                        (Json.Object [ "color", Json.Text "#cbd2d9"; "width", Json.Number 1.0 ])
                        (float row)
                        (float column)
                        0.5
    ]

    let goal =
        let struct (row, column) = maze.Cells[maze.Goal]

        shape
            "circle"
            "rgba(0,0,0,0)"
            (Json.Object [ "color", Json.Text "#d55e00"; "width", Json.Number 3.0 ])
            (float row)
            (float column)
            PointMaze.GoalRadius

    let most = counts |> Array.max |> max 1 |> float |> log10
    let powers = [ 0.0 .. floor most ]

    Chart.density
        (List.init columns middle)
        (List.init rows middle)
        (seq {
            for row in 0 .. rows - 1 ->
                seq {
                    for column in 0 .. columns - 1 ->
                        match counts[row * columns + column] with
                        | 0 -> nan
                        | count -> Math.Round(log10 (float count), 2)
                }
        })
    |> Chart.withTrace "hovertemplate" (Json.Text "10^%{z} rows<extra></extra>")
    |> Chart.withTrace "colorbar.title" (Json.Object [ "text", Json.Text "rows"; "side", Json.Text "right" ])
    |> Chart.withTrace "colorbar.tickvals" (Json.ofNumbers powers)
    |> Chart.withTrace "colorbar.ticktext" (Json.ofTexts [ for power in powers -> string (10.0 ** power) ])
    |> Chart.titled $"Visited places: {numbers.Name}" "" ""
    |> Figure.withLayout "yaxis.autorange" (Json.Text "reversed")
    |> Figure.withLayout "xaxis.visible" (Json.Bool false)
    |> Figure.withLayout "yaxis.visible" (Json.Bool false)
    |> Figure.withLayout "shapes" (Json.List(walls @ [ goal ]))
    |> Figure.tall (150 + 52 * min 9 maze.Rows)

/// Lengths, returns and rewards side by side.
let private histograms (numbers: DatasetNumbers) : Picture option =
    [
        histogram "Episode lengths" "steps" numbers.Lengths
        histogram "Episode returns" "return" numbers.Returns
        histogram "Rewards" "reward" numbers.Rewards
    ]
    |> List.choose id
    |> function
        | [] -> None
        | figures ->
            Some {
                Caption =
                    "Episodes by length and by undiscounted return, and rows by reward, with the raw rewards of the \
                     data."
                Figure = Chart.grid 3 260 figures |> Figure.withLayout "showlegend" (Json.Bool false)
            }

/// How often each discrete action was taken.
let frequencies (counts: int64 seq) : Figure =
    let counts = List.ofSeq counts
    let all = max 1L (List.sum counts)

    Chart.bars "Actions" [ for a in 0 .. counts.Length - 1 -> string<int> a ] [
        for count in counts -> float count / float all
    ]
    |> Chart.titled "Actions" "action" "share of rows"
    |> Figure.withLayout "xaxis.type" (Json.Text "category")
    |> Figure.withLayout "showlegend" (Json.Bool false)

/// Observations beside actions: boxes, or the shares of discrete choices.
let private spread (numbers: DatasetNumbers) : Picture =
    let boxes title name (summaries: Summary list) =
        let shown = [
            for column, summary in List.indexed summaries do
                if summary.Count > 0L then
                    $"{name}[{column}]", summary
        ]

        columns title (List.map fst shown) (List.map snd shown)

    let words =
        "the box shows the quartiles and the median, and the whiskers show the 1st and 99th percentiles."

    let caption, actions =
        if numbers.Choices.IsEmpty then
            $"Each number of an observation and of an action: {words}", boxes "Actions" "a" numbers.Actions
        else
            $"Each number of an observation: {words} Next to it is the share of rows for each discrete action. The \
              data say nothing about an action with share 0.",
            frequencies numbers.Choices

    {
        Caption = caption
        Figure =
            Chart.grid 2 280 [ boxes "Observations" "s" numbers.Observations; actions ]
            |> Figure.withLayout "showlegend" (Json.Bool false)
    }

/// Pictures of a data set; of a maze's also the view from above, which comes first.
let ofNumbers (numbers: DatasetNumbers) : Picture list =
    let sampled =
        if numbers.SampledRows < numbers.Rows || numbers.SampledEpisodes < numbers.Episodes then
            $" The chart has {numbers.SampledRows} of {numbers.Rows} rows and {numbers.SampledEpisodes} of \
              {numbers.Episodes} episodes, evenly spaced."
        else
            ""

    [
        if not numbers.Maze.IsEmpty then
            {
                Caption =
                    "The data from above. Brighter places have more visits, on a logarithmic scale. Walls are grey, \
                     and the orange ring is the goal. A policy can only be good at places with data."
                Figure = visits numbers
            }
        yield! Option.toList (histograms numbers)
        spread numbers
    ]
    |> List.map (fun picture -> {
        picture with
            Caption = picture.Caption + sampled
    })
