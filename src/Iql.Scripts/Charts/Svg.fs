/// A still picture of a figure, for viewers that run no scripts: stored notebooks above all. It draws what Chart's
/// functions make (lines, points, areas, bars, cells, boxes, histograms) much as plotly.js does; what it does not
/// know it leaves out.
module internal Iql.Scripts.Svg

open Iql.Scripts.SvgPen
open Iql.Scripts.SvgAxis
open Iql.Scripts.SvgMarks

let private wide = 960.0

/// The picture as an SVG element.
let write (data: Json list) (layout: Json) : string =
    let number name otherwise json =
        Json.number name json |> Option.defaultValue otherwise

    let high = number "height" 420.0 layout
    let margin = Json.field "margin" layout
    let left, right = number "l" 64.0 margin, wide - number "r" 20.0 margin
    let top, bottom = number "t" 24.0 margin, high - number "b" 56.0 margin

    let home letter trace =
        Json.text (letter + "axis") trace |> Option.defaultValue letter

    let domain name =
        match layout |> Json.field name |> Json.numbers "domain" with
        | [ low; high ] -> low, high
        | _ -> 0.0, 1.0

    let panels =
        data
        |> List.groupBy (home "x")
        |> List.map (fun (name, traces) ->
            let suffix = name.Substring 1
            let x0, x1 = domain ("xaxis" + suffix)
            let y0, y1 = domain ("yaxis" + suffix)
            let across share = left + share * (right - left)
            let up share = bottom - share * (bottom - top)

            suffix,
            traces,
            axis layout "x" ("xaxis" + suffix) (across x0) (across x1) traces,
            axis layout "y" ("yaxis" + suffix) (up y0) (up y1) traces)

    /// Axes of one scale: the longer one is cut down around its middle.
    let toScale (x: Axis) (y: Axis) : Axis * Axis =
        let size (axis: Axis) =
            abs ((axis.To - axis.From) / (axis.High - axis.Low))

        let cut (axis: Axis) =
            let middle, share = (axis.From + axis.To) / 2.0, min (size x) (size y) / size axis

            {
                axis with
                    From = middle + share * (axis.From - middle)
                    To = middle + share * (axis.To - middle)
            }

        if Json.text "scaleanchor" y.Layout = None then
            x, y
        else
            cut x, cut y

    let panels = [
        for suffix, traces, x, y in panels ->
            let x, y = toScale x y
            suffix, traces, x, y
    ]

    let drawn = [
        for _, traces, x, y in panels do
            yield! frame x y

            for trace in traces do
                match Json.text "type" trace with
                | Some "heatmap" -> yield! heat x y trace
                | Some "bar" -> yield! bars x y trace
                | Some "box" -> yield! boxes x y trace
                | Some "scatter" -> yield! scatter x y trace
                | _ -> ()
    ]

    /// Where a shape's or note's coordinate lies: on the paper, on a panel, or at a value of an axis.
    let place letter reference (value: Json) : float option =
        let horizontal = letter = "x"

        match reference, Json.asNumber value with
        | "paper", Some share when horizontal -> Some(left + share * (right - left))
        | "paper", Some share -> Some(bottom - share * (bottom - top))
        | reference, _ ->
            let own = reference.Replace(" domain", "").Substring 1

            panels
            |> List.tryFind (fun (suffix, _, _, _) -> suffix = own)
            |> Option.bind (fun (_, _, x, y) ->
                let axis = if horizontal then x else y

                match reference.EndsWith " domain", Json.asNumber value with
                | true, Some share -> Some(axis.From + share * (axis.To - axis.From))
                | _ -> at axis value)

    let spot json name letter =
        place letter (Json.text (letter + "ref") json |> Option.defaultValue letter) (Json.field name json)

    let shapes = [
        for shape in layout |> Json.field "shapes" |> Json.items do
            match spot shape "x0" "x", spot shape "y0" "y", spot shape "x1" "x", spot shape "y1" "y" with
            | Some x0, Some y0, Some x1, Some y1 ->
                let line = Json.field "line" shape
                let fill = Json.text "fillcolor" shape |> Option.defaultValue "none"
                let colour = Json.text "color" line |> Option.defaultValue "none"
                let thick = px (number "width" 1.0 line)
                let style = $"fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"{thick}\""

                if Json.text "type" shape = Some "circle" then
                    $"<ellipse cx=\"{px ((x0 + x1) / 2.0)}\" cy=\"{px ((y0 + y1) / 2.0)}\" "
                    + $"rx=\"{px (abs (x1 - x0) / 2.0)}\" ry=\"{px (abs (y1 - y0) / 2.0)}\" {style}/>"
                else
                    box x0 y0 x1 y1 style
            | _ -> ()
    ]

    let notes = [
        for note in layout |> Json.field "annotations" |> Json.items do
            match spot note "x" "x", spot note "y" "y" with
            | Some x, Some y ->
                let anchor =
                    if Json.text "xanchor" note = Some "left" then
                        "start"
                    else
                        "middle"

                let lift = number "yshift" 0.0 note

                let colour =
                    note |> Json.field "font" |> Json.text "color" |> Option.defaultValue "#1f2933"

                let baseline =
                    if Json.text "yanchor" note = Some "bottom" then
                        y - lift
                    else
                        y + 4.0 - lift

                words
                    x
                    baseline
                    anchor
                    $"font-size=\"13\" fill=\"{colour}\""
                    (Json.text "text" note |> Option.defaultValue "")
            | _ -> ()
    ]

    let listed =
        data
        |> List.filter (fun trace ->
            Json.tryField "showlegend" trace <> Some(Json.Bool false)
            && Json.text "type" trace <> Some "heatmap")

    let legend = [
        let shown =
            match Json.tryField "showlegend" layout with
            | Some(Json.Bool shown) -> shown
            | _ -> listed.Length > 1

        if shown then
            let heading = layout |> Json.field "legend" |> title
            let row = (if title layout = "" then 18.0 else 50.0)
            words left row "start" "font-size=\"13\"" heading

            let mutable x =
                left + 7.2 * float heading.Length + (if heading = "" then 0.0 else 10.0)

            for trace in listed do
                let name = Json.text "name" trace |> Option.defaultValue ""

                let colour =
                    trace
                    |> Json.field "line"
                    |> Json.text "color"
                    |> Option.orElse (trace |> Json.field "marker" |> Json.text "color")
                    |> Option.defaultValue "#0072b2"

                stroke x (row - 4.0) (x + 22.0) (row - 4.0) colour 3.0
                words (x + 27.0) row "start" "font-size=\"13\"" name
                x <- x + 44.0 + 7.2 * float name.Length
    ]

    let heading =
        match title layout with
        | "" -> ""
        | text -> words 12.0 26.0 "start" "font-size=\"16\"" text

    $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {px wide} {px high}\" "
    + $"style=\"width:100%%;max-width:{px wide}px\" "
    + "font-family=\"system-ui, Segoe UI, Roboto, Helvetica, Arial, sans-serif\" fill=\"#1f2933\">"
    + "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>"
    + String.concat "" (heading :: legend @ drawn @ shapes @ notes)
    + "</svg>"
