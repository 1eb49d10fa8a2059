/// The look every figure starts from, and how several are set into one.
module internal Iql.Scripts.Panels

let private text = Json.Text
let private number = Json.Number

let private fontFamily =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

let private axis =
    Json.Object [
        "automargin", Json.Bool true
        "gridcolor", text "#e8ebef"
        "linecolor", text "#9aa5b1"
        "ticks", text "outside"
        "ticklen", number 4.0
        "tickcolor", text "#9aa5b1"
        "zeroline", Json.Bool false
        "title",
        Json.Object [
            "text", text ""
            "standoff", number 10.0
            "font", Json.Object [ "size", number 13.0 ]
        ]
    ]

let layout =
    Json.Object [
        "title", Json.Object [ "text", text "" ]
        "font", Json.Object [ "family", text fontFamily; "size", number 13.0; "color", text "#1f2933" ]
        "paper_bgcolor", text "#ffffff"
        "plot_bgcolor", text "#ffffff"
        "margin", Json.Object [ "l", number 64.0; "r", number 20.0; "t", number 24.0; "b", number 56.0 ]
        "height", number 420.0
        "hovermode", text "closest"
        "xaxis", axis
        "yaxis", axis
    ]

let config =
    Json.Object [
        "responsive", Json.Bool true
        "displaylogo", Json.Bool false
        "modeBarButtonsToRemove", Json.ofTexts [ "select2d"; "lasso2d"; "autoScale2d" ]
    ]

/// Figures of one chart each, set into cells of a page: `columns` a row, gaps as shares of the width and in pixels.
let place (columns: int) (height: int) (gapX: float) (gapPixels: float) (figures: Figure list) : Figure =
    let columns = max 1 (min columns figures.Length)
    let rows = (figures.Length + columns - 1) / columns
    let total = float (rows * height)
    let gapY = if rows > 1 then gapPixels / total else 0.0
    let wide = (1.0 - gapX * float (columns - 1)) / float columns
    let tall = (1.0 - gapY * float (rows - 1)) / float rows

    let one i (figure: Figure) =
        let suffix = if i = 0 then "" else string (i + 1)
        let left = float (i % columns) * (wide + gapX)
        let bottom = float (rows - 1 - i / columns) * (tall + gapY)

        let axis name anchor domain =
            Json.field name figure.Layout
            |> Json.set "anchor" (text (anchor + suffix))
            |> Json.set "domain" (Json.ofNumbers domain)

        let title =
            match Figure.title figure with
            | None
            | Some "" -> []
            | Some title -> [
                Json.Object [
                    "text", text title
                    "showarrow", Json.Bool false
                    "x", number left
                    "xref", text "paper"
                    "xanchor", text "left"
                    "y", number (bottom + tall)
                    "yref", text "paper"
                    "yanchor", text "bottom"
                    "yshift", number 6.0
                    "font", Json.Object [ "size", number 13.0; "color", text "#1f2933" ]
                ]
              ]

        let data =
            figure.Data
            |> List.map (Json.set "xaxis" (text ("x" + suffix)) >> Json.set "yaxis" (text ("y" + suffix)))

        let axes = [
            "xaxis" + suffix, axis "xaxis" "y" [ left; left + wide ]
            "yaxis" + suffix, axis "yaxis" "x" [ bottom; bottom + tall ]
        ]

        let moved reference (note: Json) =
            match Json.text reference note with
            | Some("x" | "y" as axis) -> Json.set reference (text (axis + suffix)) note
            | Some("x domain" | "y domain" as axis) -> Json.set reference (text $"{axis[0]}{suffix} domain") note
            | _ -> note

        let notes =
            figure.Layout
            |> Json.field "annotations"
            |> Json.items
            |> List.map (moved "xref" >> moved "yref")

        data, axes, title @ notes

    let placed = figures |> List.mapi one

    let layout =
        (layout, placed |> List.collect (fun (_, axes, _) -> axes))
        ||> List.fold (fun layout (name, axis) -> Json.set name axis layout)
        |> Json.set "annotations" (Json.List(placed |> List.collect (fun (_, _, notes) -> notes)))
        |> Json.set "height" (number (total + 72.0))
        |> Json.set "margin.t" (number 36.0)

    {
        Data = placed |> List.collect (fun (data, _, _) -> data)
        Layout = layout
        Config = config
    }
