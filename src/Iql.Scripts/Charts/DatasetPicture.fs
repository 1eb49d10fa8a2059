/// What a data set looks like: lengths, returns, rewards, the spread of each column, and for mazes a view from above.
module Iql.Scripts.Charts.DatasetPicture

open System
open System.Collections.Immutable
open Iql
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

/// Cells a side of a maze's unit square.
let private fine = 8

/// How often each place of a maze was visited, seen from above as the maze is drawn: x down, y to the right. Walls
/// are grey, the goal is ringed. Counts are shown in powers of ten; places nobody went to stay white.
let visits (maze: Maze) (transitions: Transitions) : Figure =
    let rows, columns = maze.Rows * fine, maze.Columns * fine
    let counts = Array.zeroCreate<int>(rows * columns)
    let observations = transitions.Observations.AsSpan()

    for row in 0 .. transitions.Count - 1 do
        let x = observations[row * transitions.ObservationSize]
        let y = observations[row * transitions.ObservationSize + 1]
        let down = int (floor ((float x + 0.5) * float fine))
        let right = int (floor ((float y + 0.5) * float fine))

        if down >= 0 && down < rows && right >= 0 && right < columns then
            counts[down * columns + right] <- counts[down * columns + right] + 1

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
    |> Chart.withTrace "colorbar.ticktext" (Json.ofTexts [ for power in powers -> Json.numberText (10.0 ** power) ])
    |> Chart.titled $"Where the data went: {transitions.Name}" "" ""
    |> Figure.withLayout "yaxis.autorange" (Json.Text "reversed")
    |> Figure.withLayout "xaxis.visible" (Json.Bool false)
    |> Figure.withLayout "yaxis.visible" (Json.Bool false)
    |> Figure.withLayout "shapes" (Json.List(walls @ [ goal ]))
    |> Figure.tall (150 + 52 * min 9 maze.Rows)

let private counted (numbers: float32 seq) : Histogram =
    Histogram.Of(ReadOnlySpan(Array.ofSeq numbers), 40)

/// Lengths, returns and rewards side by side.
let private histograms (lengths: Histogram) (returns: Histogram) (rewards: Histogram) : Picture option =
    [
        histogram "Episode lengths" "steps" lengths
        histogram "Episode returns" "return" returns
        histogram "Rewards" "reward" rewards
    ]
    |> List.choose id
    |> function
        | [] -> None
        | figures ->
            Some {
                Caption =
                    "Episodes by length and by undiscounted return, and rows by reward, as they stand in the data."
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

let private boxes title (summaries: (string * Summary) list) =
    columns title (List.map fst summaries) (List.map snd summaries)

let private boxWords =
    "box from the lower to the upper quartile with the median, whiskers from the 1st to the 99th percentile."

let private beside (caption: string) (observations: (string * Summary) list) (actions: Figure) : Picture = {
    Caption = caption
    Figure =
        Chart.grid 2 280 [ boxes "Observations" observations; actions ]
        |> Figure.withLayout "showlegend" (Json.Bool false)
}

let private spread (observations: (string * Summary) list) (actions: (string * Summary) list) : Picture =
    boxes "Actions" actions
    |> beside $"Each number of an observation and of an action: {boxWords}" observations

let private chosen (observations: (string * Summary) list) (counts: int64 seq) : Picture =
    frequencies counts
    |> beside
        (String.concat " " [
            $"Each number of an observation: {boxWords}"
            "Beside it the share of rows that take each discrete action;"
            "of one that the data never take nothing is known."
        ])
        observations

/// At most so many rows of a row file are looked at.
let private mostRows = 100_000

/// Pictures of a data set; of a maze's also the view from above, which comes first. A row file shows a sample of its
/// rows and episodes.
let ofDataset (maze: Maze option) (dataset: IDataset) : Picture list =
    let transitions = dataset.Sample mostRows

    let sampled =
        let episodes = dataset.Statistics.EpisodeLengths.Length

        if
            int64 transitions.Count < dataset.Count
            || int64 episodes < dataset.Statistics.Episodes
        then
            let rows = $"{transitions.Count} of {dataset.Count} rows"
            $" Shown are {rows} and {episodes} of {dataset.Statistics.Episodes} episodes, taken evenly."
        else
            ""

    let summaries (name: string) (size: int) (numbers: ImmutableArray<float32>) = [
        for column in 0 .. size - 1 -> $"{name}[{column}]", Summary.Of(numbers.AsSpan(), size, column)
    ]

    [
        maze
        |> Option.map (fun maze -> {
            Caption =
                "The data from above: brighter places were visited more often, on a logarithmic scale; grey is wall, "
                + "the orange ring is the goal. A policy can only be good where there are data."
            Figure = visits maze transitions
        })
        histograms
            (counted (dataset.Statistics.EpisodeLengths |> Seq.map float32))
            (counted (dataset.Statistics.EpisodeReturns |> Seq.map float32))
            (counted transitions.Rewards)
        (let observations =
            summaries "s" transitions.ObservationSize transitions.Observations

         if transitions.ActionSpace.IsDiscrete then
             let counts = Array.zeroCreate<int64> transitions.ActionSize

             for row in 0 .. transitions.Count - 1 do
                 let choice = ActionSpace.Choice(transitions.Action row)
                 counts[choice] <- counts[choice] + 1L

             Some(chosen observations counts)
         else
             Some(spread observations (summaries "a" transitions.ActionSize transitions.Actions)))
    ]
    |> List.choose id
    |> List.map (fun picture -> {
        picture with
            Caption = picture.Caption + sampled
    })

/// Pictures of a data set that was only looked through.
let ofReport (report: DatasetReport) : Picture list =
    let summaries (name: string) (short: string) = [
        for column in report.Columns do
            if column.Name = name && column.Summary.Count > 0L then
                $"{short}[{column.Index}]", column.Summary
    ]

    [
        histograms report.LengthHistogram report.ReturnHistogram report.RewardHistogram
        Some(
            if report.ActionSpace.IsDiscrete then
                chosen (summaries "observations" "s") report.ActionCounts
            else
                spread (summaries "observations" "s") (summaries "actions" "a")
        )
    ]
    |> List.choose id

/// The pictures' file in a sweep's or run's folder.
let fileName = "dataset.json"

let private format = "iql-pictures-1"

/// Writes pictures into a folder, where the report finds them: it is made of files and never asks for the data set
/// again.
let save (folder: string) (pictures: Picture list) : unit =
    let json =
        Json.Object [
            "format", Json.Text format
            "pictures",
            Json.List [
                for picture in pictures ->
                    Json.Object [
                        "caption", Json.Text picture.Caption
                        "data", Json.List picture.Figure.Data
                        "layout", picture.Figure.Layout
                        "config", picture.Figure.Config
                    ]
            ]
        ]

    AtomicFile.Write(
        IO.Path.Combine(folder, fileName),
        (fun (draft: string) -> IO.File.WriteAllText(draft, Json.write json))
    )

/// The pictures in a folder; none where there is no such file. The error names the file.
let read (folder: string) : Result<Picture list, string> =
    let path = IO.Path.Combine(folder, fileName)

    if not (IO.File.Exists path) then
        Ok []
    else
        Json.readFile path
        |> Result.bind (fun json ->
            match Json.text "format" json with
            | Some found when found = format ->
                Ok [
                    for picture in json |> Json.field "pictures" |> Json.items ->
                        {
                            Caption = Json.text "caption" picture |> Option.defaultValue ""
                            Figure = {
                                Data = picture |> Json.field "data" |> Json.items
                                Layout = Json.field "layout" picture
                                Config = Json.field "config" picture
                            }
                        }
                ]
            | other ->
                let got = other |> Option.defaultValue "none"

                Error
                    $"{path}: expected format \"{format}\", got \"{got}\". Delete the file to go without its pictures.")
