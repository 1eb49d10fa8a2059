/// Charts as JSON, HTML and files.
[<RequireQualifiedAccess>]
module Iql.Scripts.Figure

open System
open System.IO
open System.Net
open System.Text.Json
open System.Text.RegularExpressions
open Plotly.NET
open Iql.Data
open Iql.Scripts.Charts

/// {"data", "layout", "config"}, as plotly.js takes it: the same chart gives the same bytes. "&lt;" is escaped, so the
/// text may stand in a script element.
let json (chart: GenericChart) : string = (GenericChart.toJson chart).Replace("<", "\\u003c")

/// The height in pixels.
let height (chart: GenericChart) : int =
    (GenericChart.getLayout chart).TryGetTypedPropertyValue<int> "height" |> Option.defaultValue 400

/// The text of the title, or "".
let title (chart: GenericChart) : string =
    (GenericChart.getLayout chart).TryGetTypedPropertyValue<Title> "title"
    |> Option.bind (fun title -> title.TryGetTypedPropertyValue<string> "text")
    |> Option.defaultValue ""

/// The plotly.js that Plotly.NET ships, for pages that ask no network for anything.
let plotly: Lazy<string> =
    lazy
        (let assembly = typeof<GenericChart>.Assembly

         let name = assembly.GetManifestResourceNames() |> Array.find (fun name -> name.EndsWith ".min.js")

         use reader = new StreamReader(assembly.GetManifestResourceStream name)
         reader.ReadToEnd())

/// Charts of one subject side by side, below one another where the page is narrow; `figures.js` draws them. A chart
/// among several has its title above it.
let html (charts: GenericChart list) : string =
    let narrowest = if charts.Length % 3 = 0 then 280 else 400

    let one chart =
        let heading =
            match title chart with
            | "" -> ""
            | _ when charts.Length = 1 -> ""
            | title -> $"<p>{WebUtility.HtmlEncode title}</p>"

        $"<div>{heading}<div class=\"plot\" style=\"height:{height chart}px\"></div>\
          <script type=\"application/json\">{json chart}</script></div>\n"

    let all = charts |> List.map one |> String.concat ""
    $"<div class=\"panels\" style=\"--narrowest:{narrowest}px\">\n{all}</div>"

/// A whole page with charts in it: it opens from a file, without a network.
let page (title: string) (charts: GenericChart list) : string =
    let title = WebUtility.HtmlEncode title
    let style = Resource.text "report.css" + Resource.text "figures.css"
    let script = Resource.text "figures.js"

    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    + $"<title>{title}</title><link rel=\"icon\" href=\"data:,\"><style>{style}</style></head>\n"
    + $"<body><h1>{title}</h1>\n<figure id=\"figure\">{html charts}</figure>\n"
    + $"<script>{plotly.Value}</script>\n<script>{script}</script></body></html>\n"

/// A picture of each figure of a page, whose charts stand side by side in it: the figure's id, and the file's bytes.
/// Formats: "svg", "png", "pdf". Chromium draws them.
let private pictures (format: string) (page: string) : Result<(string * byte[]) list, string> =
    let last = page.LastIndexOf "</body>"
    let script = Resource.text "stills.js"

    page.Insert(last, $"<script>const format='{format}';{script}</script>")
    |> Chromium.opened [ "--dump-dom" ]
    |> Result.bind (fun (dom, _) ->
        let found = Regex.Match(dom, "<pre id=\"stills\">(.*?)</pre>", RegexOptions.Singleline)

        if found.Success then
            JsonSerializer.Deserialize<{| Id: string; Text: string |} list>(
                WebUtility.HtmlDecode found.Groups[1].Value,
                JsonSerializerOptions.Web
            )
            |> Ok
        else
            Error "expected pictures from Chromium, got none.")
    |> Result.bind (
        Attempt.each (fun still ->
            match format with
            | "png" -> Ok(still.Id, Convert.FromBase64String still.Text)
            | "svg" -> Ok(still.Id, Text.Encoding.UTF8.GetBytes still.Text)
            | _ -> Chromium.pdf still.Text |> Result.map (fun bytes -> still.Id, bytes))
    )

let private written (path: string) (bytes: byte[]) : unit =
    Directory.CreateDirectory(Path.GetDirectoryName path) |> ignore
    AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllBytes(draft, bytes)))

/// Writes charts side by side as one figure: a page of its own (.html), or a picture that Chromium draws (.svg, .png,
/// .pdf). An existing file is replaced in one move.
let savePanels (path: string) (charts: GenericChart list) : Result<unit, string> =
    let path = Path.GetFullPath path

    let heading =
        match charts with
        | [ only ] when title only <> "" -> title only
        | _ -> Path.GetFileNameWithoutExtension path

    let bytes () =
        match Path.GetExtension(path).ToLowerInvariant() with
        | ".html" -> Ok(Text.Encoding.UTF8.GetBytes(page heading charts))
        | ".svg"
        | ".png"
        | ".pdf" as ending -> page heading charts |> pictures ending[1..] |> Result.map (List.head >> snd)
        | ending -> Error $"{path}: expected .html, .svg, .png or .pdf, got '{ending}'."

    Attempt.reading (fun () -> bytes () |> Result.map (written path))

/// Writes one chart, as `savePanels` does, or as JSON (.json).
let save (path: string) (chart: GenericChart) : Result<unit, string> =
    if path.EndsWith ".json" then
        Attempt.run (fun () -> written (Path.GetFullPath path) (Text.Encoding.UTF8.GetBytes(json chart)))
    else
        savePanels path [ chart ]

/// Writes a picture of each figure of a page into a folder, and gives their paths. Formats: "svg", "png", "pdf".
let saveAll (format: string) (folder: string) (page: string) : Result<string list, string> =
    Attempt.reading (fun () ->
        pictures format page
        |> Result.map (
            List.map (fun (id, bytes) ->
                let name = id.Replace("figure-", "")
                let path = Path.Combine(Path.GetFullPath folder, $"{name}.{format}")
                written path bytes
                path)
        ))
