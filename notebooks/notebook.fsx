// Loads Iql into a notebook. Charts and frames then show by themselves, without a network.
#load "../scripts/prelude.fsx"

open System
open System.Globalization
open System.IO
open System.Net
open Deedle
open Iql.Scripts
open Microsoft.DotNet.Interactive
open Microsoft.DotNet.Interactive.Formatting
open Plotly.NET

let private register<'T> (mime: string) (write: 'T -> string) : unit =
    Formatter.Register<'T>(Action<'T, TextWriter>(fun value writer -> writer.Write(write value)), mime)
    Formatter.SetPreferredMimeTypesFor(typeof<'T>, mime)

/// Shows sentences as paragraphs; ** marks what is bold.
let say (paragraphs: string list) : unit =
    KernelInvocationContext.Current.DisplayAs(String.concat "\n\n" paragraphs, "text/markdown")
    |> ignore

/// A table of the first thirty rows.
let private table (frame: Frame<'row, 'column>) : string =
    let cell (value: obj) =
        match value with
        | null -> ""
        | :? float as number -> number.ToString("G6", CultureInfo.InvariantCulture)
        | value -> WebUtility.HtmlEncode(string value)

    let cells tag values = String.concat "" [ for value in values -> $"<{tag}>{cell value}</{tag}>" ]

    let columns = [ for column in frame.Columns.Values -> column ]

    let rows =
        String.concat "\n" [
            for i, key in Seq.indexed frame.RowKeys |> Seq.truncate 30 ->
                let values = [ for column in columns -> column.TryGetAt(i).ValueOrDefault ]

                $"""<tr>{cells "th" [ box key ]}{cells "td" values}</tr>"""
        ]

    let heads = cells "th" (box "" :: [ for key in frame.ColumnKeys -> box key ])

    let note = if frame.RowCount > 30 then $"<p>30 of {frame.RowCount} rows</p>" else ""

    $"""<div style="overflow-x:auto"><table><tr>{heads}</tr>{rows}</table></div>{note}"""

register<Frame<int, string>> "text/html" table
register<Frame<string, string>> "text/html" table

/// Draws charts side by side, as soon as the page has the plotly.js that the loading cell writes.
let private live (charts: GenericChart list) : string =
    let id = $"charts-{Guid.NewGuid():n}"

    let places =
        String.concat "" [ for chart in charts -> $"<div style=\"min-width:0;height:{Figure.height chart}px\"></div>" ]

    let json = charts |> List.map Figure.json |> String.concat ","

    let grid = "display:grid;grid-template-columns:repeat(auto-fit,minmax(380px,1fr))"

    $"""<div id="{id}" style="{grid}">{places}</div><script>
(function draw() {{
  if (!window.Plotly) return setTimeout(draw, 100);
  const places = document.getElementById("{id}").children;
  [{json}].forEach((chart, i) => Plotly.newPlot(places[i], chart.data, chart.layout, chart.config));
}})();
</script>"""

/// The charts as one picture, for outputs that are stored.
let private still (charts: GenericChart list) : string =
    let path = Path.ChangeExtension(Path.GetTempFileName(), ".png")
    Figure.savePanels path charts |> Result.defaultWith failwith
    Convert.ToBase64String(File.ReadAllBytes path)

let private mime, write =
    if Environment.GetEnvironmentVariable "IQL_STILLS" = "1" then
        "image/png", still
    else
        // Names of module systems hide here, so that plotly.js becomes window.Plotly in every page.
        KernelInvocationContext.Current.DisplayAs(
            $"<script>(function (define, module, exports) {{ {Figure.plotly.Value}\n}}).call(window);</script>",
            "text/html"
        )
        |> ignore

        "text/html", live

register<GenericChart list> mime write
register<GenericChart> mime (fun chart -> write [ chart ])
