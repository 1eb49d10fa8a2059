namespace Iql.Scripts

open System.Net
open System.Text

/// HTML as a value.
[<RequireQualifiedAccess>]
type Html =
    /// Text for people; everything special in it is escaped.
    | Text of string
    /// name, attributes, children.
    | Element of string * (string * string) list * Html list
    /// HTML as it is; only for what this library wrote.
    | Raw of string

/// Writing HTML, and the look of a report.
[<RequireQualifiedAccess>]
module Html =

    let private alone = set [ "meta"; "link"; "br"; "hr"; "col" ]

    let rec private append (builder: StringBuilder) (html: Html) : unit =
        match html with
        | Html.Text text -> builder.Append(WebUtility.HtmlEncode text) |> ignore
        | Html.Raw text -> builder.Append text |> ignore
        | Html.Element(name, attributes, children) ->
            builder.Append('<').Append name |> ignore

            for key, value in attributes do
                builder.Append(' ').Append(key).Append("=\"").Append(WebUtility.HtmlEncode value).Append '"'
                |> ignore

            builder.Append '>' |> ignore

            if not (alone.Contains name) then
                List.iter (append builder) children
                builder.Append("</").Append(name).Append '>' |> ignore

    /// The HTML text.
    let write (html: Html) : string =
        let builder = StringBuilder()
        append builder html
        builder.ToString()

    /// An element with attributes.
    let element (name: string) (attributes: (string * string) list) (children: Html list) : Html =
        Html.Element(name, attributes, children)

    /// An element without attributes.
    let plain (name: string) (children: Html list) : Html = Html.Element(name, [], children)

    /// Text.
    let text (text: string) : Html = Html.Text text

    /// Text in bold.
    let strong (text: string) : Html = plain "strong" [ Html.Text text ]

    /// A paragraph of text.
    let paragraph (text: string) : Html = plain "p" [ Html.Text text ]

    /// A paragraph of text with a class of the style sheet: "lead", "under", "note", "warn".
    let styled (kind: string) (text: string) : Html =
        element "p" [ "class", kind ] [ Html.Text text ]

    /// A part of a page below its heading.
    let section (id: string) (heading: string) (body: Html list) : Html =
        element "section" [ "id", id ] (plain "h2" [ Html.Text heading ] :: body)

    /// One cell of a table: what is seen, and what it is sorted by.
    type TableCell = { Shown: Html; SortedBy: string }

    /// A table cell that is sorted by something else than it shows.
    let sortedCell (by: string) (shown: Html) : TableCell = { Shown = shown; SortedBy = by }

    /// A table cell that is sorted by what it shows.
    let cell (shown: string) : TableCell = sortedCell shown (Html.Text shown)

    /// A table cell with a number; None is a dash that sorts below all numbers.
    let numberCell (show: float -> string) (value: float option) : TableCell =
        match value with
        | Some value -> sortedCell (string value) (Html.Text(show value))
        | None -> sortedCell "" (Html.Text "–")

    /// A table whose rows are sorted by a click on a column's head; columns of numbers are set to the right.
    let sortable (heads: string list) (rows: TableCell list list) : Html =
        let isNumber (cell: TableCell) =
            cell.SortedBy = ""
            || fst (System.Double.TryParse(cell.SortedBy, System.Globalization.CultureInfo.InvariantCulture))

        let side = [
            for i in 0 .. heads.Length - 1 ->
                if rows |> List.forall (List.item i >> isNumber) then
                    [ "class", "number" ]
                else
                    []
        ]

        element "div" [ "class", "wide" ] [
            element "table" [ "class", "sortable" ] [
                plain "thead" [
                    plain "tr" [
                        for head, side in List.zip heads side ->
                            element "th" ([ "scope", "col"; "title", "Sort" ] @ side) [
                                element "button" [ "type", "button" ] [ text head ]
                            ]
                    ]
                ]
                plain "tbody" [
                    for row in rows ->
                        plain "tr" [
                            for cell, side in List.zip row side ->
                                element "td" ([ "data-v", cell.SortedBy ] @ side) [ cell.Shown ]
                        ]
                ]
            ]
        ]

    /// A table of names and values.
    let facts (rows: (string * string) list) : Html =
        element "table" [ "class", "facts" ] [
            plain "tbody" [
                for name, value in rows ->
                    plain "tr" [ element "th" [ "scope", "row" ] [ text name ]; plain "td" [ text value ] ]
            ]
        ]

    /// Charts of one subject with a caption below them; `page` draws them.
    let figure (id: string) (caption: string) (charts: Plotly.NET.GenericChart list) : Html =
        element "figure" [ "id", id ] [ Html.Raw(Figure.html charts); plain "figcaption" [ text caption ] ]

    /// A style sheet of this assembly, by its file's name.
    let style (file: string) : Html =
        plain "style" [ Html.Raw(Resource.text file) ]

    /// A script of this assembly, by its file's name.
    let script (file: string) : Html =
        plain "script" [ Html.Raw(Resource.text file) ]

    let private whole (title: string) (scripts: Html list) (body: Html list) : string =
        let head =
            plain "head" [
                element "meta" [ "charset", "utf-8" ] []
                element "meta" [ "name", "viewport"; "content", "width=device-width, initial-scale=1" ] []
                plain "title" [ text title ]
                // Keeps browsers from asking for a favicon.
                element "link" [ "rel", "icon"; "href", "data:," ] []
                style "report.css"
                style "figures.css"
            ]

        "<!DOCTYPE html>\n"
        + write (element "html" [ "lang", "en" ] [ head; plain "body" (body @ scripts) ])
        + "\n"

    /// A whole page: it holds its style, plotly.js and its figures, and asks no network for anything.
    let page (title: string) (body: Html list) : string =
        whole
            title
            [
                plain "script" [ Html.Raw Figure.plotly.Value ]
                script "figures.js"
                script "report.js"
            ]
            body

    /// A whole page whose pictures are still: it holds its style and sorts its tables, without plotly.js.
    let still (title: string) (body: Html list) : string = whole title [ script "report.js" ] body
