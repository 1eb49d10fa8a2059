module Iql.Scripts.Tests.FigureTests

open System
open System.IO
open System.Text.Json
open Iql.Scripts
open Iql.Scripts.Charts
open Iql.Scripts.Statistics
open Plotly.NET
open Expecto
open Iql.Tests

/// What plotly.js gets of a chart.
let private read (chart: GenericChart) : JsonElement = JsonElement.Parse(Figure.json chart)

/// The traces of a chart.
let traces (chart: GenericChart) : JsonElement list = List.ofSeq ((read chart).GetProperty("data").EnumerateArray())

/// The layout of a chart.
let layout (chart: GenericChart) : JsonElement = (read chart).GetProperty "layout"

/// The dashes of a layout's frames and lines.
let dashes (layout: JsonElement) : string list = [
    for shape in layout.GetProperty("shapes").EnumerateArray() ->
        shape.GetProperty("line").GetProperty("dash").GetString()
]

/// Whether a text attribute of a trace has a value.
let has (name: string) (value: string) (trace: JsonElement) : bool =
    fst (trace.TryGetProperty name) && trace.GetProperty(name).GetString() = value

let private estimate low value high = { Value = value; Interval = { Low = low; High = high } }

let private example (title: string) =
    Marks.line 0 "#0072b2" "τ = 0.7" [ 0.0, estimate 1.0 2.0 3.0; 1.0, estimate 2.0 3.0 4.0 ]
    |> Style.titled title "gradient step" "score"

/// The relative luminance of WCAG 2.2.
let private luminance (colour: string) =
    let part (i: int) =
        let share = float (Convert.ToInt32(colour.Substring(i, 2), 16)) / 255.0

        if share <= 0.04045 then share / 12.92 else ((share + 0.055) / 1.055) ** 2.4

    0.2126 * part 1 + 0.7152 * part 3 + 0.0722 * part 5

[<Tests>]
let tests =
    testList "FigureTests" [
        testCase "the same chart is the same bytes, and small" (fun () ->
            let text = Figure.json (example "Score")
            Expect.equal (Figure.json (example "Score")) text "json"
            // A template of Plotly.NET alone has 7 kB.
            Expect.between 500 3000 text.Length "length of text"
            Expect.hasLength (traces (example "Score")) 2 "traces")

        testCase "no button of a chart can send anything, and no logo leads away" (fun () ->
            let config = (read (example "")).GetProperty "config"

            Expect.isFalse
                (config.GetProperty("displaylogo").GetBoolean())
                "get boolean of property of config 'displaylogo'"

            Expect.equal
                [
                    for group in config.GetProperty("modeBarButtons").EnumerateArray() do
                        for button in group.EnumerateArray() -> button.GetString()
                ]
                [ "toImage"; "zoom2d"; "pan2d"; "resetScale2d" ]
                "[ 'toImage'; 'zoom2d'; 'pan2d'; 'resetScale2d' ]")

        testCase "a combined chart keeps the look, and a grid gives each chart its axes" (fun () ->
            let both = Chart.combine [ example "a"; example "b" ]

            Expect.isTrue
                (fst ((layout both).TryGetProperty "template"))
                "try get property 'template' of layout of both"

            Expect.hasLength (traces both) 4 "traces of both"

            let grid = [ example "a"; example "b" ] |> Chart.Grid(nRows = 1, nCols = 2)

            Expect.equal
                [ for trace in traces grid -> trace.GetProperty("xaxis").GetString() ]
                [ "x"; "x"; "x2"; "x2" ]
                "get string of property of trace 'xaxis'"

            Expect.equal
                ((layout grid).GetProperty("xaxis2").GetProperty("title").GetProperty("text").GetString())
                "gradient step"
                "get string of get property 'text'")

        testCase "every line's colour stands out from white and from a dark page" (fun () ->
            for colour in Style.failed :: Style.grey :: Style.categorical @ Style.ordered 9 do
                Expect.isGreaterThanOrEqual (1.05 / (luminance colour + 0.05)) 3.0 $"{colour} on white"

                Expect.isGreaterThanOrEqual
                    ((luminance colour + 0.05) / (luminance "#14181d" + 0.05))
                    3.0
                    $"{colour} on dark"

            Expect.hasLength (List.distinct (Style.ordered 6)) 6 "distinct ordered 6")

        testCase "text is readable on every cell, and cells go from light to dark in even steps" (fun () ->
            for cell in Style.cells do
                let contrast = (luminance cell + 0.05) / (luminance Style.ink + 0.05)
                Expect.isGreaterThanOrEqual contrast 4.5 $"ink on {cell}"

            // OKLab, by its author's matrices: https://bottosson.github.io/posts/oklab.
            let lab (hex: string) =
                let linear i =
                    let v = float (Convert.ToInt32(hex.Substring(i, 2), 16)) / 255.0
                    if v <= 0.04045 then v / 12.92 else ((v + 0.055) / 1.055) ** 2.4

                let r, g, b = linear 1, linear 3, linear 5
                let l = Math.Cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
                let m = Math.Cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
                let s = Math.Cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)

                0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
                1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
                0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s

            let steps = [
                for (l1, a1, b1), (l2, a2, b2) in Style.cells |> List.map lab |> List.pairwise do
                    Expect.isGreaterThan (l1 - l2) 0.04 "lightness"
                    sqrt ((l1 - l2) ** 2.0 + (a1 - a2) ** 2.0 + (b1 - b2) ** 2.0)
            ]

            Expect.isLessThan (List.max steps / List.min steps) 1.1 "greatest step by least")

        testCase "lines over each other differ in dashes and in marks" (fun () ->
            let looks = [
                for i in 0..5 ->
                    let trace = Marks.line i "#0072b2" "a" [ 0.0, estimate 1.0 1.0 1.0 ] |> traces |> List.exactlyOne

                    string (trace.GetProperty "line"), string (trace.GetProperty "marker")
            ]

            Expect.hasLength (List.distinctBy fst looks) 6 "distinct looks"
            Expect.hasLength (List.distinctBy snd looks) 6 "distinct looks")

        testCase "an axis of scores spans 0 to 100, whatever the scores" (fun () ->
            for scores in [ []; [ 0.0; 0.0 ]; [ 99.0 ]; [ -20.0; 130.0 ] ] do
                let low, high = Style.bounds Score scores
                Expect.isTrue (low < 0.0 && high > 100.0) "low is below 0.0 and high is above 100.0"

            let low, high = Style.bounds Return [ 7.0; 7.0 ]
            Expect.isTrue (low < 7.0 && high > 7.0) "low is below 7.0 and high is above 7.0")

        testCase "a page holds plotly's script and asks the network for nothing" (fun () ->
            let page = Figure.page "One < two" [ example "Score" ]
            Expect.stringStarts page "<!DOCTYPE html>" "page"
            Expect.stringContains page "<title>One &lt; two</title>" "page"
            Expect.stringStarts Figure.plotly.Value "/**\n* plotly.js" "value of plotly"
            Expect.stringContains page Figure.plotly.Value "page"
            Expect.isNotMatch (page.Replace(Figure.plotly.Value, "")) "(src|href)\\s*=\\s*[\"']?(https?:)?//" "page")

        testCase "text in a chart cannot end its script element" (fun () ->
            let html = Figure.html [ example "</script><b>"; example "b" ]
            Expect.stringLacks html "</script><b>" "html"
            Expect.equal (Figure.title (example "</script><b>")) "</script><b>" "title")

        testCase "saving replaces the file, and an unknown ending is refused" (fun () ->
            let folder = Synthetic.temporary ()

            try
                let path = Path.Combine(folder, "deep", "figure.json")
                Expect.equal (Figure.save path (example "a")) (Ok()) "save"
                Expect.equal (Figure.save path (example "b")) (Ok()) "save"
                Expect.equal (File.ReadAllText path) (Figure.json (example "b")) "file path"
                Expect.hasLength (Directory.GetFiles(Path.Combine(folder, "deep"))) 1 "files in folder"

                match Figure.save (Path.Combine(folder, "figure.gif")) (example "a") with
                | Ok() -> failwith "expected a refusal"
                | Error problem -> Expect.stringContains problem ".html, .svg, .png or .pdf" "problem"
            finally
                Directory.Delete(folder, true))

        testCase "a browser draws a chart as a picture, and an SVG twice as the same bytes" (fun () ->
            if (Chromium.path ()).IsNone then
                skiptest "No chromium on the path: install one to see charts drawn."

            let folder = Synthetic.temporary ()

            let saved (name: string) =
                let path = Path.Combine(folder, name)
                Expect.equal (Figure.save path (example "Score")) (Ok()) "save"
                File.ReadAllBytes path

            try
                let svg = saved "one.svg"
                Expect.equal (saved "two.svg") svg "saved 'two.svg'"
                let text = Text.Encoding.UTF8.GetString svg
                Expect.stringContains text "gradient step" "text"
                Expect.equal (Xml.Linq.XDocument.Parse(text).Root.Name.LocalName) "svg" "local name of parse of text"
                Expect.equal ((saved "one.png")[1..3]) "PNG"B "saved 'one.png'"
                Expect.equal ((saved "one.pdf")[..3]) "%PDF"B "saved 'one.pdf'"
            finally
                Directory.Delete(folder, true))
    ]
