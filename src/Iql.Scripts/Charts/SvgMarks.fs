/// Marks of a still picture: cells, lines and points, bars, boxes.
module internal Iql.Scripts.SvgMarks

open Iql.Scripts.SvgPen
open Iql.Scripts.SvgAxis

let heat (x: Axis) (y: Axis) (trace: Json) : string list =
    let cells = trace |> Json.field "z" |> Json.items |> List.map Json.items
    let known = cells |> List.collect (List.choose Json.asNumber)

    let bound name otherwise =
        Json.number name trace |> Option.defaultWith otherwise

    if known.IsEmpty then
        []
    else
        let low, high =
            bound "zmin" (fun () -> List.min known), bound "zmax" (fun () -> List.max known)

        let span = if high > low then high - low else 1.0

        let places letter =
            trace |> Json.field letter |> Json.items

        let texts = trace |> Json.field "text" |> Json.items |> List.map Json.items

        let half (axis: Axis) letter =
            match places letter |> List.choose (coordinate axis.Kind) with
            | first :: second :: _ -> abs (second - first) / 2.0
            | _ -> 0.5

        let halfX, halfY = half x "x", half y "y"
        let gap = if Json.number "xgap" trace = None then 0.0 else 1.0

        [
            for i, (row, line) in List.indexed (List.zip (places "y") cells) do
                for j, (column, value) in List.indexed (List.zip (places "x") line) do
                    match coordinate x.Kind column, coordinate y.Kind row, Json.asNumber value with
                    | Some across, Some up, Some value ->
                        let red, green, blue = Palette.cividis ((value - low) / span)
                        let left, right = pixel x (across - halfX) + gap, pixel x (across + halfX) - gap
                        let bottom, top = pixel y (up - halfY) - gap, pixel y (up + halfY) + gap
                        box left bottom right top $"fill=\"rgb({red},{green},{blue})\""

                        match texts |> List.tryItem i |> Option.bind (List.tryItem j) with
                        | Some(Json.Text label) when label <> "" ->
                            let ink =
                                if 2 * red + 5 * green + blue > 1024 then
                                    "#1f2933"
                                else
                                    "#ffffff"

                            words
                                ((left + right) / 2.0)
                                ((bottom + top) / 2.0 + 4.0)
                                "middle"
                                $"font-size=\"13\" fill=\"{ink}\""
                                label
                        | _ -> ()
                    | _ -> ()
        ]

let scatter (x: Axis) (y: Axis) (trace: Json) : string list =
    let pairs =
        List.zip (trace |> Json.field "x" |> Json.items) (trace |> Json.field "y" |> Json.items)

    let points =
        pairs
        |> List.choose (fun (across, up) -> Option.map2 (fun a b -> a, b) (at x across) (at y up))

    let path =
        points
        |> List.map (fun (across, up) -> $"{px across},{px up}")
        |> String.concat " "

    let line, marker = Json.field "line" trace, Json.field "marker" trace
    let colour = Json.text "color" line |> Option.defaultValue "#0072b2"
    let dot = Json.text "color" marker |> Option.defaultValue colour
    let width = Json.number "width" line |> Option.defaultValue 2.0
    let mode = Json.text "mode" trace |> Option.defaultValue "lines"
    let fill = Json.text "fillcolor" trace |> Option.defaultValue "none"

    let sizes =
        match Json.field "size" marker with
        | Json.List sizes -> sizes |> List.choose Json.asNumber
        | size -> [ for _ in points -> Json.asNumber size |> Option.defaultValue 6.0 ]

    [
        match Json.text "fill" trace with
        | Some "toself" -> $"<polygon points=\"{path}\" fill=\"{fill}\"/>"
        | Some "tozeroy" when not points.IsEmpty ->
            let floor = pixel y (if y.Kind = Log then y.Low else 0.0)
            let first, last = fst points.Head, fst (List.last points)
            $"<polygon points=\"{px first},{px floor} {path} {px last},{px floor}\" fill=\"{fill}\"/>"
        | _ -> ()

        if mode.Contains "lines" && width > 0.0 then
            let dash =
                if Json.text "dash" line = Some "dot" then
                    " stroke-dasharray=\"2 3\""
                else
                    ""

            $"<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{px width}\" "
            + $"stroke-linejoin=\"round\"{dash}/>"

        let bars = Json.field "error_y" trace

        for (across, up), longer, shorter in
            (let longer, shorter = Json.numbers "array" bars, Json.numbers "arrayminus" bars

             if longer.Length = points.Length && shorter.Length = points.Length then
                 List.zip3 points longer shorter
             else
                 []) do
            let scale = (y.To - y.From) / (y.High - y.Low)
            let top, bottom = up + longer * scale, up - shorter * scale
            stroke across bottom across top colour 1.5
            stroke (across - 5.0) top (across + 5.0) top colour 1.5
            stroke (across - 5.0) bottom (across + 5.0) bottom colour 1.5

        if mode.Contains "markers" && sizes.Length = points.Length then
            let symbol = Json.text "symbol" marker |> Option.defaultValue "circle"

            for (across, up), size in List.zip points sizes do
                if size > 0.0 && symbol = "line-ns" then
                    stroke across (up - size / 2.0) across (up + size / 2.0) dot 3.0
                elif size > 0.0 && symbol.EndsWith "-open" then
                    $"<circle cx=\"{px across}\" cy=\"{px up}\" r=\"{px (size / 2.0)}\" "
                    + $"fill=\"none\" stroke=\"{dot}\" stroke-width=\"1.5\"/>"
                elif size > 0.0 then
                    $"<circle cx=\"{px across}\" cy=\"{px up}\" r=\"{px (size / 2.0)}\" fill=\"{dot}\"/>"
    ]

let bars (x: Axis) (y: Axis) (trace: Json) : string list =
    let colour =
        trace
        |> Json.field "marker"
        |> Json.text "color"
        |> Option.defaultValue "#0072b2"

    [
        for across, up in List.zip (trace |> Json.field "x" |> Json.items) (trace |> Json.field "y" |> Json.items) do
            match coordinate x.Kind across, at y up with
            | Some across, Some top ->
                box (pixel x (across - 0.35)) (pixel y 0.0) (pixel x (across + 0.35)) top $"fill=\"{colour}\""
            | _ -> ()
    ]

let boxes (x: Axis) (y: Axis) (trace: Json) : string list =
    let part name =
        Json.numbers name trace |> List.map (pixel y)

    let places =
        trace |> Json.field "x" |> Json.items |> List.choose (coordinate x.Kind)

    let lowest, q1, median, q3, highest =
        part "lowerfence", part "q1", part "median", part "q3", part "upperfence"

    if
        [ lowest; q1; median; q3; highest ]
        |> List.exists (fun part -> part.Length <> places.Length)
    then
        []
    else
        [
            for i, place in List.indexed places do
                let left, middle, right =
                    pixel x (place - 0.3), pixel x place, pixel x (place + 0.3)

                stroke middle lowest[i] middle highest[i] "#0072b2" 1.5
                box left q1[i] right q3[i] "fill=\"#bfdcec\" stroke=\"#0072b2\" stroke-width=\"1.5\""
                stroke left median[i] right median[i] "#0072b2" 1.5
        ]
