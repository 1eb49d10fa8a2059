// Loads Iql into a notebook. Charts and frames then show by themselves, without a network.
#load "../scripts/prelude.fsx"

open System
open System.Globalization
open System.IO
open System.Net
open Deedle
open Microsoft.DotNet.Interactive.Formatting

let private register<'T> (mime: string) (write: 'T -> string) : unit =
    Formatter.Register<'T>(Action<'T, TextWriter>(fun value writer -> writer.Write(write value)), mime)
    Formatter.SetPreferredMimeTypesFor(typeof<'T>, mime)

/// A table of the first thirty rows.
let private table (frame: Frame<'row, 'column>) : string =
    let cell (value: obj) =
        match value with
        | null -> ""
        | :? float as number -> number.ToString("G6", CultureInfo.InvariantCulture)
        | value -> WebUtility.HtmlEncode(string value)

    let cells tag values =
        String.concat "" [ for value in values -> $"<{tag}>{cell value}</{tag}>" ]

    let columns = [ for column in frame.Columns.Values -> column ]

    let rows =
        String.concat "\n" [
            for i, key in Seq.indexed frame.RowKeys |> Seq.truncate 30 ->
                let values = [ for column in columns -> column.TryGetAt(i).ValueOrDefault ]

                $"""<tr>{cells "th" [ box key ]}{cells "td" values}</tr>"""
        ]

    let heads = cells "th" (box "" :: [ for key in frame.ColumnKeys -> box key ])

    let note =
        if frame.RowCount > 30 then
            $"<p>30 of {frame.RowCount} rows</p>"
        else
            ""

    $"""<div style="overflow-x:auto"><table><tr>{heads}</tr>{rows}</table></div>{note}"""

register<Frame<int, string>> "text/html" table
register<Frame<string, string>> "text/html" table
