namespace Iql.Scripts

open System
open System.Globalization
open System.Text.RegularExpressions
open Giraffe.ViewEngine
open Giraffe.ViewEngine.Accessibility

/// What the pages of this library share: their shell, text, tables and figures.
[<RequireQualifiedAccess>]
module Html =

    /// Text; what is between backticks is code, and what is between pairs of asterisks is strong.
    let text: string -> XmlNode list = Markdown.text

    /// A paragraph of text.
    let paragraph (words: string) : XmlNode = p [] (text words)

    /// A paragraph of text with a class of the style sheet: "under", "note", "warn".
    let styled (kind: string) (words: string) : XmlNode = p [ _class kind ] (text words)

    /// The page on statistics, which a report has at its end.
    let private statistics = lazy (Resource.text "statistics.md")

    /// How a number was computed, in a line that opens, and a link to its section of the page on statistics.
    let computed (about: string) (words: string) : XmlNode =
        if not (List.contains about (Markdown.sections (statistics.Force()))) then
            invalidArg (nameof about) $"expected a section of docs/statistics.md, got {about}."

        details [ _class "how" ] [
            summary [] [ str "How this was computed" ]
            p [] (text words @ [ str " "; a [ _href $"#statistics-{about}" ] [ str "Details" ] ])
        ]

    /// The page on statistics, which opens where a link leads into it.
    let aboutStatistics () : XmlNode =
        details [] [
            summary [] [ str "Each statistic of this page: its formula, its source, and how often it is right" ]
            div [] (Markdown.page "statistics" (statistics.Force()))
        ]

    /// A part of a page below its heading.
    let part (id: string) (heading: string) (body: XmlNode list) : XmlNode =
        section [ _id id ] (h2 [] [ str heading ] :: body)

    /// A table below its caption; one that is wider than the page scrolls by itself.
    let captioned (kind: string) (words: string) (body: XmlNode list) : XmlNode =
        div [ _class "wide"; _tabindex "0"; _roleRegion; _ariaLabel words ] [
            table [ _class kind ] (caption [] [ str words ] :: body)
        ]

    /// A row's cell: what is shown, and what it is sorted by.
    type Cell = { Shown: XmlNode; Sorted: string }

    /// A cell that is sorted by something else than it shows.
    let sortedCell (by: string) (shown: string) : Cell = { Shown = str shown; Sorted = by }

    /// A cell that is sorted by what it shows.
    let cell (shown: string) : Cell = sortedCell shown shown

    /// A cell with a number; None is a dash that sorts below all numbers.
    let numberCell (show: float -> string) (value: float option) : Cell =
        match value with
        | Some value -> sortedCell (string value) (show value)
        | None -> sortedCell "" "–"

    /// A table that is sorted by a click on a column's head. A column is its head and its cell of a row; the first one
    /// names the row. Columns of numbers are set to the right.
    let sortable (words: string) (columns: (string * ('row -> Cell)) list) (rows: 'row list) : XmlNode =
        let heads, cells = List.unzip columns
        let rows = [ for row in rows -> [ for cell in cells -> cell row ] ]

        let isNumber (cell: Cell) = cell.Sorted = "" || fst (Double.TryParse(cell.Sorted, CultureInfo.InvariantCulture))

        let side = [
            for i in 0 .. heads.Length - 1 ->
                if rows |> List.forall (List.item i >> isNumber) then [ _class "number" ] else []
        ]

        captioned "sortable" words [
            thead [] [
                tr [] [
                    for head, side in List.zip heads side ->
                        th (_scope "col" :: side) [ button [ _type "button" ] [ str head ] ]
                ]
            ]
            tbody [] [
                for row in rows ->
                    tr [] [
                        for i, (cell, side) in List.indexed (List.zip row side) do
                            let sorted = attr "data-v" cell.Sorted :: side

                            if i = 0 then th (_scope "row" :: sorted) [ cell.Shown ] else td sorted [ cell.Shown ]
                    ]
            ]
        ]

    /// A table of names and values.
    let facts (words: string) (rows: (string * string) list) : XmlNode =
        captioned "facts" words [
            tbody [] [ for name, value in rows -> tr [] [ th [ _scope "row" ] [ str name ]; td [] (text value) ] ]
        ]

    /// Buttons below a figure: its numbers as a file, logarithmic axes. numbers.js knows what they do.
    let tools: XmlNode list = [
        div [ _class "tools" ] [
            for tool, words in [ "csv", "Numbers as CSV"; "x", "log x"; "y", "log y" ] ->
                button [
                    _type "button"
                    attr "data-tool" tool
                    if tool <> "csv" then
                        attr "aria-pressed" "false"
                ] [ str words ]
        ]
    ]

    /// Charts of one subject with a caption below them, if there are any; `page` draws them. `alt` says in a sentence
    /// what a reader takes from the picture.
    let figure (id: string) (words: string) (alt: string) (charts: Plotly.NET.GenericChart list) : XmlNode list = [
        if not charts.IsEmpty then
            figure [ _id id ] [
                div [ _roleImg; _ariaLabel alt ] [ rawText (Figure.html charts) ]
                figcaption [] (text words)
                yield! tools
            ]
    ]

    /// A style sheet of this assembly, by its file's name.
    let styleFile (file: string) : XmlNode = style [] [ rawText (Resource.text file) ]

    /// A script of this assembly, by its file's name.
    let scriptFile (file: string) : XmlNode = script [] [ rawText (Resource.text file) ]

    let private whole (name: string) (about: XmlAttribute list) (scripts: XmlNode list) content : string =
        html [ _lang "en" ] [
            head [] [
                meta [ _charset "utf-8" ]
                meta [ _name "viewport"; _content "width=device-width, initial-scale=1" ]
                meta [ _name "color-scheme"; _content "light dark" ]
                title [] [ str name ]
                // Keeps browsers from asking for a favicon.
                link [ _rel "icon"; _href "data:," ]
                styleFile "report.css"
                styleFile "figures.css"
            ]
            body about (main [] content :: scripts)
        ]
        |> RenderView.AsString.htmlDocument

    let private drawing () = [
        script [] [ rawText Figure.plotly.Value ]
        scriptFile "figures.js"
        scriptFile "report.js"
        scriptFile "numbers.js"
        scriptFile "explore.js"
    ]

    /// A whole page: it holds its style, plotly.js and its figures, and asks no network for anything.
    let page (title: string) (content: XmlNode list) : string = whole title [] (drawing ()) content

    /// A page that asks for what is newer than `since`, at "events" beside it.
    let live (title: string) (since: string) (content: XmlNode list) : string =
        whole title [ attr "data-since" since ] (drawing () @ [ scriptFile "live.js" ]) content

    /// A whole page whose pictures are still: it holds its style and sorts its tables, without plotly.js.
    let still (title: string) : XmlNode list -> string = whole title [] [ scriptFile "report.js" ]
