namespace Iql.Scripts

open System
open System.Globalization
open Iql.Scripts.Statistics

/// Charts as values. A function makes a figure with one mark, `Chart.over` lays figures over each other, `Chart.grid`
/// sets them side by side, and the rest change a figure: `Chart.line "a" xs ys |> Chart.titled "Title" "x" "y"`.
[<RequireQualifiedAccess>]
module Chart =

    let private text = Json.Text
    let private number = Json.Number

    /// A figure of one plotly.js trace, given by its attributes, in the house's layout.
    let ofTrace (attributes: (string * Json) list) : Figure = {
        Data = [ Json.Object attributes ]
        Layout = Panels.layout
        Config = Panels.config
    }

    /// A figure without marks, to lay others over.
    let empty: Figure = { ofTrace [] with Data = [] }

    let private first = List.head Palette.categorical

    let private scatter (mode: string) (name: string) (attributes: (string * Json) list) : Figure =
        [
            "type", text "scatter"
            "mode", text mode
            "name", text name
            "legendgroup", text name
        ]
        @ attributes
        |> ofTrace

    let private marker (size: float) =
        "marker", Json.Object [ "color", text first; "size", number size ]

    let private stroke (width: float) =
        "line", Json.Object [ "color", text first; "width", number width ]

    let private categories: Figure -> Figure =
        Figure.withLayout "xaxis.type" (text "category")

    /// A line through the points (x, y); x and y are equally long.
    let line (name: string) (x: float seq) (y: float seq) : Figure =
        scatter "lines" name [ "x", Json.ofNumbers x; "y", Json.ofNumbers y; stroke 2.0 ]

    /// Points (x, y) without a line.
    let points (name: string) (x: float seq) (y: float seq) : Figure =
        scatter "markers" name [ "x", Json.ofNumbers x; "y", Json.ofNumbers y; marker 7.0 ]

    /// The area from low to high over x, filled with a colour, without a line of its own.
    let private area (name: string) (x: float seq) (low: float seq) (high: float seq) : Figure =
        let x = List.ofSeq x

        scatter "lines" name [
            "showlegend", Json.Bool false
            "hoverinfo", text "skip"
            "x", Json.ofNumbers (x @ List.rev x)
            "y", Json.ofNumbers (List.ofSeq low @ List.rev (List.ofSeq high))
            "fill", text "toself"
            "fillcolor", text (Palette.translucent 0.16 first)
            "line", Json.Object [ "width", number 0.0; "color", text "rgba(0,0,0,0)" ]
        ]

    /// Figures laid over each other: all marks, the layouts merged, a later figure's settings over an earlier one's.
    let over (figures: Figure list) : Figure =
        (empty, figures)
        ||> List.fold (fun whole figure -> {
            Data = whole.Data @ figure.Data
            Layout = Json.merge whole.Layout figure.Layout
            Config = Json.merge whole.Config figure.Config
        })

    /// A line of means with a band from low to high around it; all are as long as x.
    let band (name: string) (x: float seq) (low: float seq) (mean: float seq) (high: float seq) : Figure =
        over [ area name x low high; line name x mean ]

    /// Bars over named categories.
    let bars (name: string) (labels: string seq) (values: float seq) : Figure =
        ofTrace [
            "type", text "bar"
            "name", text name
            "legendgroup", text name
            "x", Json.ofTexts labels
            "y", Json.ofNumbers values
            "marker", Json.Object [ "color", text first ]
        ]
        |> categories

    /// Small points over named categories, several at one if need be.
    let private dots (name: string) (labels: string seq) (values: float seq) : Figure =
        scatter "markers" name [ "x", Json.ofTexts labels; "y", Json.ofNumbers values; marker 5.0 ]
        |> categories

    /// A point with its interval over each named category, joined by a thin line.
    let private whiskers (name: string) (labels: string list) (estimates: Estimate list) : Figure =
        scatter "lines+markers" name [
            "x", Json.ofTexts labels
            "y", Json.ofNumbers [ for e in estimates -> e.Value ]
            stroke 1.5
            marker 8.0
            "error_y",
            Json.Object [
                "type", text "data"
                "symmetric", Json.Bool false
                "array", Json.ofNumbers [ for e in estimates -> e.Interval.High - e.Value ]
                "arrayminus", Json.ofNumbers [ for e in estimates -> e.Value - e.Interval.Low ]
                "color", text first
                "thickness", number 1.5
                "width", number 5.0
            ]
        ]
        |> categories

    let private numbersOf (rows: float seq seq) =
        Json.List [ for row in rows -> Json.ofNumbers row ]

    let private colorBar =
        "colorbar",
        Json.Object [
            "thickness", number 14.0
            "outlinewidth", number 0.0
            "ticks", text "outside"
        ]

    /// Coloured cells: values[row][column] for yLabels[row] and xLabels[column], with a text in each. A value that is
    /// not finite leaves its cell empty. The colours are cividis, which colour-blind readers see as others do.
    let heatmap (xLabels: string seq) (yLabels: string seq) (values: float seq seq) (texts: string seq seq) : Figure =
        ofTrace [
            "type", text "heatmap"
            "x", Json.ofTexts xLabels
            "y", Json.ofTexts yLabels
            "z", numbersOf values
            "text", Json.List [ for row in texts -> Json.ofTexts row ]
            "texttemplate", text "%{text}"
            "hovertemplate", text "%{y}, %{x}<br>%{text}<extra></extra>"
            "hoverongaps", Json.Bool false
            "colorscale", text "Cividis"
            "xgap", number 2.0
            "ygap", number 2.0
            colorBar
        ]
        |> categories
        |> Figure.withLayout "yaxis.type" (text "category")
        |> Figure.withLayout "xaxis.showgrid" (Json.Bool false)
        |> Figure.withLayout "yaxis.showgrid" (Json.Bool false)

    /// Counts per square of a plane: counts[row][column] at the middles y[row], x[column]; both axes to one scale.
    let density (x: float seq) (y: float seq) (counts: float seq seq) : Figure =
        ofTrace [
            "type", text "heatmap"
            "x", Json.ofNumbers x
            "y", Json.ofNumbers y
            "z", numbersOf counts
            "colorscale", text "Cividis"
            "hovertemplate", text "x %{x}, y %{y}<br>%{z}<extra></extra>"
            colorBar
        ]
        |> Figure.withLayout "yaxis.scaleanchor" (text "x")
        |> Figure.withLayout "yaxis.constrain" (text "domain")
        |> Figure.withLayout "xaxis.constrain" (text "domain")

    /// A histogram that is counted already: edges [K + 1], values [K], drawn as a filled outline.
    let steps (name: string) (edges: float seq) (values: float seq) : Figure =
        let twice (values: float seq) =
            values |> List.ofSeq |> List.collect (fun value -> [ value; value ])

        scatter "lines" name [
            "x", Json.ofNumbers (twice edges)
            "y", Json.ofNumbers ([ 0.0 ] @ twice values @ [ 0.0 ])
            "fill", text "tozeroy"
            "fillcolor", text (Palette.translucent 0.25 first)
            stroke 1.5
        ]

    // Changing a figure

    let private everyTrace (change: Json -> Json) (figure: Figure) : Figure = {
        figure with
            Data = List.map change figure.Data
    }

    /// An attribute of every trace set, by plotly.js's dotted name ("line.dash").
    let withTrace (path: string) (value: Json) (figure: Figure) : Figure = everyTrace (Json.set path value) figure

    /// Every mark of the figure in this colour, "#rrggbb".
    let coloured (colour: string) (figure: Figure) : Figure =
        let repaint (path: string) value trace =
            let inner json name =
                json |> Option.bind (Json.tryField name)

            if Array.fold inner (Some trace) (path.Split '.') |> Option.isSome then
                Json.set path value trace
            else
                trace

        let line trace =
            let style = Json.field "line" trace

            // An area's outline stays invisible, and an interval's bar what it was: light.
            match Json.number "width" style, Json.text "color" style with
            | Some 0.0, _ -> trace
            | _, Some light when light.StartsWith "rgba" ->
                repaint "line.color" (text (Palette.translucent 0.4 colour)) trace
            | _ -> repaint "line.color" (text colour) trace

        let fill trace =
            let opacity =
                if Json.text "fill" trace = Some "toself" then
                    0.16
                else
                    0.25

            repaint "fillcolor" (text (Palette.translucent opacity colour)) trace

        let others trace =
            (trace, [ "marker.color"; "marker.line.color"; "error_y.color" ])
            ||> List.fold (fun trace path -> repaint path (text colour) trace)

        everyTrace (line >> fill >> others) figure

    /// The figure without its entries in the legend.
    let unlisted (figure: Figure) : Figure =
        withTrace "showlegend" (Json.Bool false) figure

    /// An estimate a category with its interval, over the grey values that it is made of.
    let estimates (name: string) (points: (string * float list * Estimate) list) : Figure =
        let labels, values =
            points
            |> List.collect (fun (label, values, _) -> [ for value in values -> label, value ])
            |> List.unzip

        over [
            coloured "#9aa5b1" (dots "one seed" labels values)
            whiskers name [ for label, _, _ in points -> label ] [ for _, _, estimate in points -> estimate ]
        ]
        |> Figure.withLayout "showlegend" (Json.Bool false)

    /// Title, and titles of the two axes.
    let titled (title: string) (x: string) (y: string) (figure: Figure) : Figure =
        figure
        |> Figure.withLayout
            "title"
            (Json.Object [
                "text", text title
                "x", number 0.0
                "xref", text "container"
                "xanchor", text "left"
                "y", number 1.0
                "yref", text "container"
                "yanchor", text "top"
                "pad", Json.Object [ "t", number 14.0; "l", number 12.0 ]
                "font", Json.Object [ "size", number 16.0 ]
            ])
        |> Figure.withLayout "margin.t" (number (if title = "" then 24.0 else 68.0))
        |> Figure.withLayout "xaxis.title.text" (text x)
        |> Figure.withLayout "yaxis.title.text" (text y)

    /// The x axis in powers of ten.
    let logX (figure: Figure) : Figure =
        Figure.withLayout "xaxis.type" (text "log") figure

    /// The y axis in powers of ten.
    let logY (figure: Figure) : Figure =
        Figure.withLayout "yaxis.type" (text "log") figure

    /// The y axis from low to high.
    let between (low: float) (high: float) (figure: Figure) : Figure =
        Figure.withLayout "yaxis.range" (Json.ofNumbers [ low; high ]) figure

    /// The legend in a row above the chart, after a heading. Call it last: it asks the figure for its height.
    let legendAbove (heading: string) (figure: Figure) : Figure =
        let margin name =
            figure.Layout
            |> Json.field "margin"
            |> Json.number name
            |> Option.defaultValue 0.0

        let height = figure.Layout |> Json.number "height" |> Option.defaultValue 420.0
        let top = margin "t" + 30.0
        let inner = height - top - margin "b"

        figure
        |> Figure.withLayout "showlegend" (Json.Bool true)
        |> Figure.withLayout "margin.t" (number top)
        |> Figure.withLayout
            "legend"
            (Json.Object [
                "orientation", text "h"
                "x", number 0.0
                "xanchor", text "left"
                "y", number (1.0 + 28.0 / inner)
                "yanchor", text "bottom"
                "title", Json.Object [ "text", text heading; "font", Json.Object [ "size", number 13.0 ] ]
            ])

    /// The legend above the chart, headed by the hyperparameter that colours it; without one, no legend.
    let keyed (hyperparameter: string option) (figure: Figure) : Figure =
        match hyperparameter with
        | Some name -> legendAbove $"{Shown.axisTitle name}  " figure
        | None -> Figure.withLayout "showlegend" (Json.Bool false) figure

    /// Figures of one chart each in rows of `columns`, each with its own title above it; height in pixels is a row's.
    let grid (columns: int) (height: int) (figures: Figure list) : Figure =
        Panels.place columns height (if columns > 2 then 0.075 else 0.1) 100.0 figures

    /// Figures of one chart each above one another, close together, for charts that share their x axis; height in
    /// pixels is one chart's.
    let stack (height: int) (figures: Figure list) : Figure =
        Panels.place 1 height 0.0 14.0 figures
        |> Figure.withLayout "margin.t" (number 12.0)
