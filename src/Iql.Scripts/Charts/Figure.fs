namespace Iql.Scripts

open System
open System.ComponentModel
open System.IO
open System.Net
open Iql.Data

/// Marks a type for .NET Interactive, which looks for an attribute of this name and never asks whose it is. Public,
/// because F# hides the members of internal types from reflection by name.
[<AttributeUsage(AttributeTargets.Class); EditorBrowsable(EditorBrowsableState.Never)>]
type TypeFormatterSourceAttribute(formatterSourceType: Type) =
    inherit Attribute()

    /// The class that makes the formatters.
    member _.FormatterSourceType = formatterSourceType

    /// The way of showing that is taken when nobody asks for another.
    member _.PreferredMimeTypes = [| "text/html" |]

/// How a figure becomes text. The three parts come one by one, because this stands above the type.
module internal FigureText =

    /// In this assembly, so that nothing is ever fetched.
    let plotly: Lazy<string> = lazy (Resource.text "plotly.min.js")

    let figure (data: Json list) (layout: Json) (config: Json) : Json =
        Json.Object [ "data", Json.List data; "layout", layout; "config", config ]

    /// Puts the live figure where the still one stands, when the page has plotly.js.
    let private draw (id: string) : string =
        "(function(){if(!window.Plotly)return;"
        + $"var d=document.getElementById('{id}'),f=JSON.parse(document.getElementById('{id}-data').textContent);"
        + "d.textContent='';Plotly.newPlot(d,f.data,f.layout,f.config);})();"

    let fragment (id: string) (figure: Json) : string =
        let safe = WebUtility.HtmlEncode id

        let still =
            Svg.write (figure |> Json.field "data" |> Json.items) (Json.field "layout" figure)

        $"<div class=\"figure\" id=\"{safe}\" style=\"width:100%%\">{still}</div>\n"
        + $"<script type=\"application/json\" id=\"{safe}-data\">{Json.writeForHtml figure}</script>\n"
        + $"<script>{draw safe}</script>\n"

/// A chart as a value: plotly.js traces, layout and configuration. Charts are made by the functions in `Chart` and
/// shown, saved or written by those in `Figure`; notebooks show one by itself.
[<TypeFormatterSource(typeof<FigureFormatterSource>)>]
type Figure = {
    /// The traces, one JSON object each.
    Data: Json list
    /// Axes, titles, size. Titles are objects with "text", which plotly.js 2 to 4 all read.
    Layout: Json
    /// What the reader may do with the chart.
    Config: Json
}

/// One way of showing a figure in a notebook. .NET Interactive finds the members by name.
and [<EditorBrowsable(EditorBrowsableState.Never)>] FigureFormatter(mimeType: string, write: Figure -> string) =
    /// What is written, as a MIME type.
    member _.MimeType: string = mimeType

    /// Writes the figure; false where the value is no figure.
    member _.Format(instance: obj, writer: TextWriter) : bool =
        match instance with
        | :? Figure as figure ->
            writer.Write(write figure)
            true
        | _ -> false

/// The formatters of a figure: HTML that draws it, and the plotly form notebooks draw themselves.
and [<EditorBrowsable(EditorBrowsableState.Never)>] FigureFormatterSource() =
    /// One formatter a MIME type, the preferred one first.
    member _.CreateTypeFormatters() : seq<obj> = seq {
        let json (figure: Figure) =
            FigureText.figure figure.Data figure.Layout figure.Config

        // The id comes from the figure, so that a notebook that is run again keeps its bytes.
        let id (json: Json) =
            $"figure-{Iql.Seed.Named(Json.write json).Value:x16}"

        FigureFormatter("text/html", json >> (fun json -> FigureText.fragment (id json) json))
        FigureFormatter("application/vnd.plotly.v1+json", json >> Json.write)
        FigureFormatter("image/svg+xml", (fun figure -> Svg.write figure.Data figure.Layout))
    }

/// Figures as JSON, HTML and files.
[<RequireQualifiedAccess>]
module Figure =

    /// The figure with a value of its layout set, by plotly.js's dotted name ("xaxis.range").
    let withLayout (path: string) (value: Json) (figure: Figure) : Figure = {
        figure with
            Layout = Json.set path value figure.Layout
    }

    /// The text of the figure's title, if it has one.
    let title (figure: Figure) : string option =
        figure.Layout |> Json.field "title" |> Json.text "text"

    /// The figure without its title, for a page that writes the title itself. The room above is given back.
    let untitled (figure: Figure) : Figure =
        match title figure with
        | None
        | Some "" -> figure
        | Some _ ->
            let top =
                figure.Layout
                |> Json.field "margin"
                |> Json.number "t"
                |> Option.defaultValue 60.0

            figure
            |> withLayout "title" (Json.Object [ "text", Json.Text "" ])
            |> withLayout "margin.t" (Json.Number(max 12.0 (top - 44.0)))

    /// The figure with this height in pixels; its width is that of the page.
    let tall (pixels: int) (figure: Figure) : Figure =
        withLayout "height" (Json.Number(float pixels)) figure

    /// {"data", "layout", "config"}: what plotly.js takes, what Plotly.NET writes as figure JSON.
    let toJson (figure: Figure) : string =
        FigureText.figure figure.Data figure.Layout figure.Config |> Json.write

    /// A still picture of the figure, for viewers that run no scripts.
    let toSvg (figure: Figure) : string = Svg.write figure.Data figure.Layout

    /// A piece of HTML that draws the figure in an element of this id: live where the page holds plotly.js, still
    /// elsewhere.
    let toHtml (id: string) (figure: Figure) : string =
        FigureText.figure figure.Data figure.Layout figure.Config
        |> FigureText.fragment id

    /// The text of plotly.js, for pages that hold several figures.
    let plotly () : string = FigureText.plotly.Value

    /// A whole page with the figure in it, plotly.js included: it opens from a file, without a network.
    let toPage (figure: Figure) : string =
        let title = title figure |> Option.defaultValue "Figure" |> WebUtility.HtmlEncode

        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        + $"<title>{title}</title>\n<link rel=\"icon\" href=\"data:,\">\n"
        + "<style>body{margin:24px auto;max-width:1040px;background:#fff}</style>\n"
        + $"<script>{plotly ()}</script>\n</head>\n<body>\n{toHtml (nameof figure) figure}</body>\n</html>\n"

    /// Writes the figure as a page of its own (.html), as figure JSON (.json) or as a still picture (.svg). An
    /// existing file is replaced in one move.
    let save (path: string) (figure: Figure) : unit =
        let full = Path.GetFullPath path
        Directory.CreateDirectory(Path.GetDirectoryName full) |> ignore

        let text =
            match Path.GetExtension(full).ToLowerInvariant() with
            | ".json" -> toJson figure
            | ".svg" -> toSvg figure
            | _ -> toPage figure

        AtomicFile.Write(full, (fun (draft: string) -> File.WriteAllText(draft, text)))
