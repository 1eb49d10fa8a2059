/// The look of every chart: colours, dashes and marks that readers tell apart, fonts, axes and buttons.
[<RequireQualifiedAccess>]
module Iql.Scripts.Charts.Style

open System
open System.Globalization
open Plotly.NET
open Plotly.NET.LayoutObjects
open Iql.Scripts

/// For things without an order, after Okabe and Ito 2008. The contrast of each to white and to a dark page is at
/// least 3, so that a chart keeps its colours in both.
let categorical: string list = [
    "#0072b2"
    "#d55e00"
    "#009e73"
    "#cc79a7"
    "#b07d00"
    "#3a97d4"
    "#7b8794"
    "#b0476e"
]

/// Things in the background: single seeds, reference lines.
let grey = "#7b8794"

/// Text on light ground.
let ink = "#1f2933"

/// What failed.
let failed = "#cb4b36"

/// Colours for so many things without an order; beyond the palette's end they begin again.
let apart (count: int) : string list = [ for i in 0 .. count - 1 -> categorical[i % categorical.Length] ]

let private part (colour: string) (i: int) : int =
    Int32.Parse(colour.AsSpan(i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)

/// So many steps along evenly spaced colours.
let private along (colours: string) (count: int) : string list = [
    let colours = colours.Split ' '

    for i in 0 .. count - 1 do
        let place = float i / float (max 1 (count - 1)) * float (colours.Length - 1)
        let below = min (int place) (colours.Length - 2)
        let share = place - float below

        let mix at = float (part colours[below] at) * (1.0 - share) + float (part colours[below + 1] at) * share

        $"#{int (round (mix 1)):x2}{int (round (mix 3)):x2}{int (round (mix 5)):x2}"
]

/// Lines along an ordered axis: from blue over red to amber, with the contrast of `categorical`.
let ordered: int -> string list = along "#1874c0 #7a64cf #b44fa8 #d0503f #c07a00"

/// Areas along an ordered axis: viridis, from dark to light.
let viridis: int -> string list = along "#440154 #46327e #365c8d #277f8e #1fa187 #4ac16d #a0cd28"

/// Cells with dark text in them, from pale yellow over green to blue: even steps in OKLab (Ottosson 2020), ever less
/// light, so that readers who are blind to colours see the order too.
let cells: string list =
    List.ofArray ("#fffdd6 #d7f0c3 #a8e4be #77d6c5 #54c4cf #48aed6 #5596d6".Split ' ')

/// A colour "#rrggbb" of a chart.
let colour (hex: string) : Color = Color.fromHex hex

/// A colour "#rrggbb" of a chart, with an opacity in [0, 1].
let translucent (opacity: float) (hex: string) : Color =
    Color.fromString $"rgba({part hex 1},{part hex 3},{part hex 5},{string opacity})"

/// The dashes of line `i`: where lines lie over each other, gaps show those below.
let dash (i: int) : StyleParam.DrawingStyle =
    let dashes = [
        StyleParam.DrawingStyle.Solid
        StyleParam.DrawingStyle.Dash
        StyleParam.DrawingStyle.Dot
        StyleParam.DrawingStyle.DashDot
        StyleParam.DrawingStyle.LongDash
        StyleParam.DrawingStyle.LongDashDot
    ]

    dashes[i % dashes.Length]

/// The mark of line `i`.
let symbol (i: int) : StyleParam.MarkerSymbol =
    let symbols = [
        StyleParam.MarkerSymbol.Circle
        StyleParam.MarkerSymbol.Square
        StyleParam.MarkerSymbol.Diamond
        StyleParam.MarkerSymbol.TriangleUp
        StyleParam.MarkerSymbol.TriangleDown
        StyleParam.MarkerSymbol.Cross
        StyleParam.MarkerSymbol.Star
        StyleParam.MarkerSymbol.Pentagon
    ]

    symbols[i % symbols.Length]

/// The bounds of an axis with these values, and a little room. An axis of scores spans 0 to 100 at least.
let bounds (measure: Measure) (values: float list) : float * float =
    let values =
        match measure with
        | Score -> 0.0 :: 100.0 :: values
        | Return when values.IsEmpty -> [ 0.0; 1.0 ]
        | Return -> values

    let low, high = List.min values, List.max values
    let room = if low = high then 1.0 else 0.05 * (high - low)
    low - room, high + room

/// The look as a template, which other templates of Plotly.NET may replace. Grey lines are seen on white and on black.
let private template () : Template =
    let lines = Color.fromString "rgba(127,127,127,0.6)"

    let axis () =
        LinearAxis.init (
            AutoMargin = StyleParam.TickAutoMargin.All,
            GridColor = Color.fromString "rgba(127,127,127,0.18)",
            LineColor = lines,
            TickColor = lines,
            Ticks = StyleParam.TickOptions.Outside,
            TickLen = 4,
            ZeroLine = false,
            // In full up to a million, and then "1M".
            SeparateThousands = true,
            MinExponent = 6.0,
            Title = Title.init (Standoff = 8, Font = Font.init (Size = 13.0))
        )

    Layout.init (
        Title =
            Title.init (
                X = 0.0,
                XRef = "container",
                XAnchor = StyleParam.XAnchorPosition.Left,
                Y = 1.0,
                YRef = "container",
                YAnchor = StyleParam.YAnchorPosition.Top,
                Pad = Padding.init (T = 12, L = 12),
                Font = Font.init (Size = 16.0)
            ),
        Font =
            Font.init (
                Family = StyleParam.FontFamily.Custom "system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif",
                Size = 13.0,
                Color = colour ink
            ),
        PaperBGColor = colour "#ffffff",
        PlotBGColor = colour "#ffffff",
        Margin = Margin.init (Left = 56, Right = 16, Top = 72, Bottom = 48),
        Colorway = Color.fromColors (List.map colour categorical),
        // Numbers as the page writes them.
        Separators = "." + (Plural.thousands 1000L).Trim('0', '1'),
        HoverMode = StyleParam.HoverMode.Closest
    )
    |> Layout.updateLinearAxisById (StyleParam.SubPlotId.XAxis 1, axis ())
    |> Layout.updateLinearAxisById (StyleParam.SubPlotId.YAxis 1, axis ())
    |> Layout.updateLegendById (
        StyleParam.SubPlotId.Legend 1,
        Legend.init (
            Orientation = StyleParam.Orientation.Horizontal,
            X = 0.0,
            Y = 1.02,
            YAnchor = StyleParam.YAnchorPosition.Bottom,
            Title = Title.init (Font = Font.init (Size = 13.0))
        )
    )
    |> Template.init

/// The chart in the house's look, with its title and the titles of its axes. The buttons are those that send nothing
/// anywhere.
let titled (title: string) (x: string) (y: string) (chart: GenericChart) : GenericChart =
    chart
    |> Chart.withTemplate (template ())
    |> Chart.withConfigStyle (
        Responsive = true,
        Displaylogo = false,
        ModeBarButtons = [
            [
                StyleParam.ModeBarButton.ToImage
                StyleParam.ModeBarButton.Zoom2d
                StyleParam.ModeBarButton.Pan2d
                StyleParam.ModeBarButton.ResetScale2d
            ]
        ]
    )
    |> Chart.withTitle title
    |> Chart.withXAxisStyle (TitleText = x)
    |> Chart.withYAxisStyle (TitleText = y)

/// The chart with a legend above it, after a heading; without one, with none.
let keyed (heading: string option) (chart: GenericChart) : GenericChart =
    chart
    |> Chart.withLayoutStyle (ShowLegend = heading.IsSome)
    |> match heading with
       | Some(text: string) when text <> "" -> Chart.withLegendStyle (Title = Title.init (Text = text + "  "))
       | _ -> id

/// The chart with this height in pixels; its width is that of the page.
let tall (pixels: int) (chart: GenericChart) : GenericChart = Chart.withSize (Height = pixels) chart
