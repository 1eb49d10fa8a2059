/// What a data set looks like: lengths, returns, rewards, the spread of each column, and for mazes a view from above.
module Iql.Scripts.Charts.DatasetPicture

open System
open Plotly.NET
open Plotly.NET.LayoutObjects
open Plotly.NET.TraceObjects
open Iql.Data
open Iql.Data.Inspection
open Iql.Environments
open Iql.Scripts

/// Charts of one subject with the words that belong below them.
type Picture = { Caption: string; Charts: GenericChart list }

let private blue = Style.categorical.Head

/// A counted histogram as a filled outline; None where there was nothing to count.
let histogram (title: string) (unit: string) (counted: Histogram) : GenericChart option =
    if counted.Counts.IsEmpty then
        None
    else
        // One value only has no width to draw: give it some.
        let edges =
            match List.ofSeq counted.Edges with
            | [ low; high ] when low = high -> [ low - 0.5; high + 0.5 ]
            | edges -> edges

        let most = Seq.max counted.Counts

        Marks.steps blue title 0.0 edges (counted.Counts |> Seq.map float)
        |> Style.titled title unit "count"
        |> if most < 6 then Chart.withYAxis (LinearAxis.init (DTick = 1.0)) else id
        |> Style.keyed None
        |> Style.tall 280
        |> Some

/// A box a column: its middle half with the median, whiskers from the 1st to the 99th percentile.
let columns (title: string) (name: string) (summaries: (string * Summary) list) : GenericChart =
    let all (pick: Summary -> float) = [ for _, summary in summaries -> pick summary :> IConvertible ]

    Chart.BoxPlot(
        X = List.map fst summaries,
        FillColor = Style.translucent 0.25 blue,
        Marker = Marker.init (Color = Style.colour blue),
        Outline = Line.init (Color = Style.colour blue, Width = 1.5),
        UseDefaults = false
    )
    |> GenericChart.mapTrace (
        Trace2DStyle.BoxPlot(
            LowerFence = all _.Percentile1,
            Q1 = all _.LowerQuartile,
            Median = all _.Median,
            Q3 = all _.UpperQuartile,
            UpperFence = all _.Percentile99,
            Mean = all _.Mean
        )
    )
    |> Style.titled title "" name
    |> Chart.withXAxisStyle (AxisType = StyleParam.AxisType.Category)
    |> Style.keyed None
    |> Style.tall 300

/// How often each discrete action was taken.
let frequencies (counts: int64 seq) : GenericChart =
    let all = counts |> Seq.sum |> max 1L |> float

    Chart.Column(
        values = [ for count in counts -> float count / all ],
        Keys = [ for action, _ in Seq.indexed counts -> string<int> action ],
        MarkerColor = Style.colour blue,
        UseDefaults = false
    )
    |> Style.titled "Actions" "action" "share of rows"
    |> Chart.withXAxisStyle (AxisType = StyleParam.AxisType.Category)
    |> Style.keyed None
    |> Style.tall 300

/// How often each place of a maze was visited, seen from above as the maze is drawn: x down, y to the right. Walls are
/// grey, the goal is ringed. Counts are shown in powers of ten; places nobody went to stay empty.
let private visits (numbers: DatasetNumbers) : GenericChart =
    let maze = Maze(ReadOnlySpan(Array.ofList numbers.Maze))
    let fine = DatasetNumbers.fine
    let rows, columns = maze.Rows * fine, maze.Columns * fine
    let counts = Array.ofList numbers.Visits
    let middle i = (float i + 0.5) / float fine - 0.5

    let shape kind fill (line: string) width struct (row: int, column: int) half =
        Shape.init (
            ShapeType = kind,
            X0 = float column - half,
            X1 = float column + half,
            Y0 = float row - half,
            Y1 = float row + half,
            FillColor = fill,
            Line = Line.init (Color = Style.colour line, Width = width)
        )

    let walls = [
        for row in 0 .. maze.Rows - 1 do
            for column in 0 .. maze.Columns - 1 do
                if maze.IsWall(row, column) then
                    shape
                        StyleParam.ShapeType.Rectangle
                        (Style.colour "#9aa5b1")
                        "#9aa5b1"
                        1.0
                        (struct (row, column))
                        0.5
    ]

    let goal =
        shape
            StyleParam.ShapeType.Circle
            (Color.fromString "rgba(0,0,0,0)")
            "#d55e00"
            3.0
            maze.Cells[maze.Goal]
            PointMaze.GoalRadius

    let powers = [ 0.0 .. counts |> Array.max |> max 1 |> float |> log10 |> floor ]

    Chart.Heatmap(
        zData = [
            for row in 0 .. rows - 1 ->
                [
                    for column in 0 .. columns - 1 ->
                        match counts[row * columns + column] with
                        | 0 -> nan
                        | count -> Math.Round(log10 (float count), 2)
                ]
        ],
        X = List.init columns middle,
        Y = List.init rows middle,
        ColorScale = StyleParam.Colorscale.Cividis,
        ColorBar =
            ColorBar.init (
                Orientation = StyleParam.Orientation.Horizontal,
                Y = 0.0,
                YAnchor = StyleParam.VerticalAlign.Top,
                Title = Title.init (Text = "rows", Side = StyleParam.Side.Top),
                Thickness = 12.0,
                OutlineWidth = 0.0,
                TickVals = powers,
                TickText = [ for power in powers -> Plural.thousands (int64 (10.0 ** power)) ]
            ),
        UseDefaults = false
    )
    |> GenericChart.mapTrace (Trace2DStyle.Heatmap(HoverTemplate = "10^%{z} rows<extra></extra>", HoverOnGaps = false))
    |> Style.titled $"Visited places: {numbers.Name}" "" ""
    |> Chart.withXAxis (LinearAxis.init (Visible = false, Constrain = StyleParam.AxisConstraint.Domain))
    |> Chart.withYAxis (
        LinearAxis.init (
            Visible = false,
            AutoRange = StyleParam.AutoRange.Reversed,
            ScaleAnchor = StyleParam.ScaleAnchor.X 1,
            Constrain = StyleParam.AxisConstraint.Domain
        )
    )
    |> Chart.withShapes (walls @ [ goal ])
    |> Style.tall (180 + 52 * min 9 maze.Rows)

/// At most so many units have a chart each; of more, all columns stand in one.
let private mostUnits = 4

/// Observations beside actions: boxes, a chart for each unit, or the shares of discrete choices.
let private spread (names: DataColumns option) (numbers: DatasetNumbers) : Picture =
    let size (summary: Summary) = max (abs summary.Percentile1) (abs summary.Percentile99)

    let unitOf name column =
        match names, name with
        | None, _ -> ""
        | Some names, "actions" -> names.Actions[column].Unit |> Option.ofObj |> Option.defaultValue ""
        | Some names, _ -> names.Observations[column].Unit |> Option.ofObj |> Option.defaultValue ""

    /// Columns by their unit.
    let named name (summaries: Summary list) : (string * (string * Summary) list) list =
        let all = [
            for column, summary in List.indexed summaries do
                if summary.Count > 0L then
                    unitOf name column, (DataColumns.Label(Option.toObj names, name, column), summary)
        ]

        match List.groupBy fst all with
        | groups when groups.Length > mostUnits -> [ "", List.map snd all ]
        | [] -> [ "", [] ]
        | groups -> [ for unit, group in groups -> unit, List.map snd group ]

    // A column of time stamps would leave only lines of the others.
    let hidden (columns: (string * Summary) list) =
        let sizes = [ for _, summary in columns -> size summary ] |> List.sort

        [
            for name, summary in columns do
                if size summary > 1000.0 * max 1e-9 sizes[sizes.Length / 2] then
                    name
        ]

    let boxes title name (summaries: Summary list) = [
        for unit, group in named name summaries do
            group
            |> List.filter (fun (name, _) -> not (List.contains name (hidden group)))
            |> columns title (if unit = "" then "value" else unit)
    ]

    let words =
        "the box shows the quartiles and the median, and the whiskers show the 1st and 99th percentiles."

    let caption, actions =
        if numbers.Choices.IsEmpty then
            $"Each number of an observation and of an action: {words}", boxes "Actions" "actions" numbers.Actions
        else
            $"Each number of an observation: {words} Next to it is the share of rows for each discrete action. The \
              data say nothing about an action with share 0.",
            [ frequencies numbers.Choices ]

    let large =
        named "observations" numbers.Observations @ named "actions" numbers.Actions
        |> List.collect (snd >> hidden)

    let left =
        if large.IsEmpty then
            ""
        else
            $" Left out, since their numbers are 1,000 times as large: {Plural.listed large}."

    {
        Caption = caption + left
        Charts = boxes "Observations" "observations" numbers.Observations @ actions
    }

/// Pictures of a data set, with the names of its columns; of a maze's also the view from above, which comes first.
let named (names: DataColumns option) (numbers: DatasetNumbers) : Picture list =
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
                Charts = [ visits numbers ]
            }
        {
            Caption =
                "Episodes by length and by undiscounted return, and rows by reward, with the raw rewards of the data."
            Charts =
                [
                    histogram "Episode lengths" "steps" numbers.Lengths
                    histogram "Episode returns" "return" numbers.Returns
                    histogram "Rewards" "reward" numbers.Rewards
                ]
                |> List.choose id
        }
        spread names numbers
    ]
    |> List.filter (fun picture -> not picture.Charts.IsEmpty)
    |> List.map (fun picture -> { picture with Caption = picture.Caption + sampled })

/// The same for columns without names.
let ofNumbers: DatasetNumbers -> Picture list = named None
