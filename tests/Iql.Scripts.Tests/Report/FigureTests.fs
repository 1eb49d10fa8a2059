module Iql.Scripts.Tests.FigureTests

open System
open System.IO
open System.Reflection
open Iql.Scripts
open Xunit

let private example =
    Chart.band "tau=0.7" [ 0.0; 1.0 ] [ 1.0; 2.0 ] [ 2.0; 3.0 ] [ 3.0; 4.0 ]
    |> Chart.titled "Normalised score" "gradient step" "score"

let private parsed (figure: Figure) = ReadJson.parse (Figure.toJson figure)

let rec private objects (json: Json) : (string * Json) list = [
    for name, value in Json.fields json do
        name, value
        yield! objects value
    for item in Json.items json do
        yield! objects item
]

[<Fact>]
let ``figure JSON holds data and layout, and titles are objects`` () =
    let heat = Chart.heatmap [ "0.5"; "1" ] [ "0.7" ] [ [ 1.0; nan ] ] [ [ "a"; "" ] ]

    for figure in
        [
            example
            heat
            Chart.grid 2 200 [ example; heat ]
            Chart.steps "h" [ 1.0; 2.0 ] [ 3.0 ]
        ] do
        let json = parsed figure
        Assert.NotEmpty(json |> Json.field "data" |> Json.items)

        for name, value in objects json do
            if name = "title" then
                Assert.NotEmpty(Json.fields value)

[<Fact>]
let ``labels that look like numbers stay categories`` () =
    let json = Chart.heatmap [ "0.5" ] [ "3" ] [ [ 1.0 ] ] [ [ "" ] ] |> parsed
    Assert.Equal(Some "category", json |> Json.field "layout" |> Json.field "xaxis" |> Json.text "type")
    Assert.Equal(Some "category", json |> Json.field "layout" |> Json.field "yaxis" |> Json.text "type")

[<Fact>]
let ``a grid gives every chart its own axes and title`` () =
    let layout =
        Chart.grid 2 200 [ example; example; example ] |> parsed |> Json.field "layout"

    for name in [ "xaxis"; "yaxis"; "xaxis2"; "yaxis2"; "xaxis3"; "yaxis3" ] do
        Assert.Equal(2, (layout |> Json.field name |> Json.numbers "domain").Length)

    Assert.Equal(3, (layout |> Json.field "annotations" |> Json.items).Length)

[<Fact>]
let ``a band's outline stays invisible when it is coloured`` () =
    let area = (Chart.coloured "#ff0000" example).Data.Head
    Assert.Equal(Some 0.0, area |> Json.field "line" |> Json.number "width")
    Assert.Equal(Some "rgba(255,0,0,0.16)", Json.text "fillcolor" area)

[<Fact>]
let ``colours of an ordered axis differ and begin dark`` () =
    let colours = Palette.ordered 6
    Assert.Equal(6, (List.distinct colours).Length)
    Assert.Equal("#440154", colours.Head)

[<Fact>]
let ``a page holds plotly.js and asks the network for nothing`` () =
    let page = Figure.toPage example
    Assert.StartsWith("<!DOCTYPE html>", page)
    Assert.Contains("Normalised score", page)
    Assert.Contains(Figure.plotly (), page)
    Assert.DoesNotMatch("(src|href)\\s*=\\s*[\"']?(https?:)?//", page.Replace(Figure.plotly (), ""))

[<Fact>]
let ``text in a figure cannot end its script element`` () =
    let html = example |> Chart.titled "</script><b>" "x" "y" |> Figure.toHtml "one"
    Assert.DoesNotContain("</script><b>", html)

[<Fact>]
let ``a still picture is well-formed and draws every mark`` () =
    let heat =
        Chart.heatmap [ "0.5"; "1" ] [ "0.7" ] [ [ 1.0; nan ] ] [ [ "a<br>[b]"; "" ] ]

    let boxes = Chart.bars "b" [ "x"; "y" ] [ 1.0; 2.0 ]

    let svg =
        Chart.grid 2 200 [
            example
            heat
            boxes
            Chart.steps "s" [ 0.1; 1.0; 10.0 ] [ 1.0; 2.0 ] |> Chart.logX
        ]
        |> Figure.toSvg

    let document = System.Xml.Linq.XDocument.Parse svg

    let count name =
        document.Descendants()
        |> Seq.filter (fun e -> e.Name.LocalName = name)
        |> Seq.length

    Assert.Equal(2, count "polyline")
    Assert.Equal(2, count "polygon")
    // Background, one cell, two bars.
    Assert.Equal(4, count "rect")
    Assert.Contains(">[b]</text>", svg)

[<Fact>]
let ``saving replaces the file`` () =
    let folder = Synthetic.temporary ()

    try
        let path = Path.Combine(folder, "deep", "figure.json")
        Figure.save path example
        Figure.save path example
        Assert.Equal(Figure.toJson example, File.ReadAllText path)
        Assert.Single(Directory.GetFiles(Path.Combine(folder, "deep"))) |> ignore
    finally
        Directory.Delete(folder, true)

// What .NET Interactive does (its docs/formatting.md): find an attribute by its simple name, make the source, ask it for
// formatters, and call each by the names of its members.
[<Fact>]
let ``a notebook finds how to show a figure by convention`` () =
    let attribute =
        typeof<Figure>.GetCustomAttributes()
        |> Seq.find (fun attribute -> attribute.GetType().Name = "TypeFormatterSourceAttribute")

    let property (name: string) (instance: obj) =
        instance.GetType().GetProperty(name).GetValue instance

    let source =
        Activator.CreateInstance((property "FormatterSourceType" attribute :?> Type), true)

    Assert.Equal<string[]>([| "text/html" |], (property "PreferredMimeTypes" attribute :?> string[]))

    let formatters =
        source.GetType().GetMethod("CreateTypeFormatters").Invoke(source, [||]) :?> seq<obj>

    let written =
        Map [
            for formatter in formatters do
                let format = formatter.GetType().GetMethod "Format"
                use writer = new StringWriter()
                Assert.Equal(box true, format.Invoke(formatter, [| box example; box writer |]))
                property "MimeType" formatter :?> string, writer.ToString()
        ]

    Assert.Contains("Plotly.newPlot", written["text/html"])
    Assert.Equal(Figure.toJson example, written["application/vnd.plotly.v1+json"])
    Assert.StartsWith("<svg", written["image/svg+xml"])
