module Iql.Scripts.Tests.FigureTests

open System
open System.IO
open System.Text.Json
open Iql.Scripts
open Iql.Scripts.Charts
open Iql.Scripts.Statistics
open Plotly.NET
open Xunit

/// What plotly.js gets of a chart.
let private read (chart: GenericChart) : JsonElement = JsonElement.Parse(Figure.json chart)

/// The traces of a chart.
let traces (chart: GenericChart) : JsonElement list =
    List.ofSeq ((read chart).GetProperty("data").EnumerateArray())

/// The layout of a chart.
let layout (chart: GenericChart) : JsonElement = (read chart).GetProperty "layout"

/// Whether a text attribute of a trace has a value.
let has (name: string) (value: string) (trace: JsonElement) : bool =
    fst (trace.TryGetProperty name) && trace.GetProperty(name).GetString() = value

let private estimate low value high = {
    Value = value
    Interval = { Low = low; High = high }
}

let private example (title: string) =
    Marks.line 0 "#0072b2" "τ = 0.7" [ 0.0, estimate 1.0 2.0 3.0; 1.0, estimate 2.0 3.0 4.0 ]
    |> Style.titled title "gradient step" "score"

[<Fact>]
let ``the same chart is the same bytes, and small`` () =
    let text = Figure.json (example "Score")
    Assert.Equal(text, Figure.json (example "Score"))
    // A template of Plotly.NET alone has 7 kB.
    Assert.InRange(text.Length, 500, 3000)
    Assert.Equal(2, (traces (example "Score")).Length)

[<Fact>]
let ``no button of a chart can send anything, and no logo leads away`` () =
    let config = (read (example "")).GetProperty "config"
    Assert.False(config.GetProperty("displaylogo").GetBoolean())

    Assert.Equal<string list>(
        [ "toImage"; "zoom2d"; "pan2d"; "resetScale2d" ],
        [
            for group in config.GetProperty("modeBarButtons").EnumerateArray() do
                for button in group.EnumerateArray() -> button.GetString()
        ]
    )

[<Fact>]
let ``a combined chart keeps the look, and a grid gives each chart its axes`` () =
    let both = Chart.combine [ example "a"; example "b" ]
    Assert.True(fst ((layout both).TryGetProperty "template"))
    Assert.Equal(4, (traces both).Length)

    let grid = [ example "a"; example "b" ] |> Chart.Grid(nRows = 1, nCols = 2)

    Assert.Equal<string list>(
        [ "x"; "x"; "x2"; "x2" ],
        [ for trace in traces grid -> trace.GetProperty("xaxis").GetString() ]
    )

    Assert.Equal(
        "gradient step",
        (layout grid).GetProperty("xaxis2").GetProperty("title").GetProperty("text").GetString()
    )

/// The relative luminance of WCAG 2.2.
let private luminance (colour: string) =
    let part (i: int) =
        let share = float (Convert.ToInt32(colour.Substring(i, 2), 16)) / 255.0

        if share <= 0.04045 then
            share / 12.92
        else
            ((share + 0.055) / 1.055) ** 2.4

    0.2126 * part 1 + 0.7152 * part 3 + 0.0722 * part 5

[<Fact>]
let ``every line's colour stands out from white and from a dark page`` () =
    for colour in Style.failed :: Style.grey :: Style.categorical @ Style.ordered 9 do
        Assert.True(1.05 / (luminance colour + 0.05) >= 3.0, $"{colour} on white")
        Assert.True((luminance colour + 0.05) / (luminance "#14181d" + 0.05) >= 3.0, $"{colour} on dark")

    Assert.Equal(6, (List.distinct (Style.ordered 6)).Length)

[<Fact>]
let ``lines over each other differ in dashes and in marks`` () =
    let looks = [
        for i in 0..5 ->
            let trace =
                Marks.line i "#0072b2" "a" [ 0.0, estimate 1.0 1.0 1.0 ]
                |> traces
                |> List.exactlyOne

            string (trace.GetProperty "line"), string (trace.GetProperty "marker")
    ]

    Assert.Equal(6, (List.distinctBy fst looks).Length)
    Assert.Equal(6, (List.distinctBy snd looks).Length)

[<Fact>]
let ``an axis of scores spans 0 to 100, whatever the scores`` () =
    for scores in [ []; [ 0.0; 0.0 ]; [ 99.0 ]; [ -20.0; 130.0 ] ] do
        let low, high = Style.bounds Score scores
        Assert.True(low < 0.0 && high > 100.0)

    let low, high = Style.bounds Return [ 7.0; 7.0 ]
    Assert.True(low < 7.0 && high > 7.0)

[<Fact>]
let ``a page holds plotly.js and asks the network for nothing`` () =
    let page = Figure.page "One < two" [ example "Score" ]
    Assert.StartsWith("<!DOCTYPE html>", page)
    Assert.Contains("<title>One &lt; two</title>", page)
    Assert.StartsWith("/**\n* plotly.js", Figure.plotly.Value)
    Assert.Contains(Figure.plotly.Value, page)
    Assert.DoesNotMatch("(src|href)\\s*=\\s*[\"']?(https?:)?//", page.Replace(Figure.plotly.Value, ""))

[<Fact>]
let ``text in a chart cannot end its script element`` () =
    let html = Figure.html [ example "</script><b>"; example "b" ]
    Assert.DoesNotContain("</script><b>", html)
    Assert.Equal("</script><b>", Figure.title (example "</script><b>"))

[<Fact>]
let ``saving replaces the file, and an unknown ending is refused`` () =
    let folder = Synthetic.temporary ()

    try
        let path = Path.Combine(folder, "deep", "figure.json")
        Assert.Equal(Ok(), Figure.save path (example "a"))
        Assert.Equal(Ok(), Figure.save path (example "b"))
        Assert.Equal(Figure.json (example "b"), File.ReadAllText path)
        Assert.Single(Directory.GetFiles(Path.Combine(folder, "deep"))) |> ignore

        match Figure.save (Path.Combine(folder, "figure.gif")) (example "a") with
        | Ok() -> failwith "expected a refusal"
        | Error problem -> Assert.Contains(".html, .svg, .png or .pdf", problem)
    finally
        Directory.Delete(folder, true)

[<Fact>]
let ``a browser draws a chart as a picture, and an SVG twice as the same bytes`` () =
    if (Chromium.path ()).IsNone then
        Assert.Skip "No chromium on the path: install one to see charts drawn."

    let folder = Synthetic.temporary ()

    let saved (name: string) =
        let path = Path.Combine(folder, name)
        Assert.Equal(Ok(), Figure.save path (example "Score"))
        File.ReadAllBytes path

    try
        let svg = saved "one.svg"
        Assert.Equal<byte[]>(svg, saved "two.svg")
        let text = Text.Encoding.UTF8.GetString svg
        Assert.Contains("gradient step", text)
        Assert.Equal("svg", Xml.Linq.XDocument.Parse(text).Root.Name.LocalName)
        Assert.Equal<byte[]>("PNG"B, (saved "one.png")[1..3])
        Assert.Equal<byte[]>("%PDF"B, (saved "one.pdf")[..3])
    finally
        Directory.Delete(folder, true)
