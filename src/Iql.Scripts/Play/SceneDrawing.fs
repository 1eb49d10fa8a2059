/// What of an episode is drawn: the picture, the numbers that move it, and the values below it.
module Iql.Scripts.SceneDrawing

open System.Globalization

let internal number (value: float) =
    value.ToString("0.###", CultureInfo.InvariantCulture)

/// So many digits behind the point, none that say nothing.
let private rounded (digits: int) (value: float) =
    value.ToString("0." + String.replicate digits "#", CultureInfo.InvariantCulture)

let private list (digits: int) (values: float seq) =
    "[" + String.concat "," (Seq.map (rounded digits) values) + "]"

/// Least and greatest x and y of the picture.
let private frame (scene: Scene) : float * float * float * float =
    match scene.Ground with
    | None -> -1.9, 1.9, -1.75, 0.35
    | Some {
               Walls = (_ :: _) as walls
               Cell = cell
           } ->
        let x, y = List.map fst walls, List.map snd walls
        // Of the walls around it, a bit is enough.
        let inside = cell / 5.0
        List.min x + inside, List.max x - inside, List.min y + inside, List.max y - inside
    // Nothing stands anywhere: the picture follows.
    | Some _ -> -3.2, 3.2, -2.0, 2.0

/// Shades of a map of values.
let private colours = 64

/// A value for people.
let private shown (value: float) =
    value.ToString((if abs value >= 100.0 then "0" else "0.##"), CultureInfo.InvariantCulture).Replace('-', '−')

let private element = Html.element

let private line attributes = element "line" attributes []

/// Floor, or walls and goal: what stands still.
let private still (scene: Scene) : Html list =
    match scene.Ground with
    | None ->
        let last = scene.Moments |> List.map (fun moment -> fst moment.Middle) |> List.max
        let first = scene.Moments |> List.map (fun moment -> fst moment.Middle) |> List.min

        [
            yield
                element "rect" [
                    "x", number (first - 5.0)
                    "y", "0"
                    "width", number (last - first + 10.0)
                    "height", "1"
                    "fill", "#e4e1d8"
                ] []
            for metre in int first - 3 .. int last + 3 do
                yield
                    line [
                        "x1", string metre
                        "x2", string metre
                        "y1", "0"
                        "y2", "0.06"
                        "stroke", "#999"
                        "stroke-width", "0.012"
                    ]

                yield
                    element "text" [
                        "x", string metre
                        "y", "0.22"
                        "text-anchor", "middle"
                        "style", "font-size: .13px"
                    ] [ Html.text $"{metre} m" ]
        ]
    | Some ground -> [
        if ground.Walls.IsEmpty then
            let x, y =
                [ for moment in scene.Moments -> fst moment.Middle ],
                [ for moment in scene.Moments -> snd moment.Middle ]

            for metre in int (List.min x) - 5 .. int (List.max x) + 5 do
                line [
                    "x1", string metre
                    "x2", string metre
                    "y1", number (List.min y - 5.0)
                    "y2", number (List.max y + 5.0)
                    "stroke", "#ddd"
                    "stroke-width", "0.015"
                ]

            for metre in int (List.min y) - 5 .. int (List.max y) + 5 do
                line [
                    "y1", string metre
                    "y2", string metre
                    "x1", number (List.min x - 5.0)
                    "x2", number (List.max x + 5.0)
                    "stroke", "#ddd"
                    "stroke-width", "0.015"
                ]
        for x, y in ground.Walls do
            element "rect" [
                "x", number (x - ground.Cell / 2.0)
                "y", number (y - ground.Cell / 2.0)
                "width", number (ground.Cell * 1.002)
                "height", number (ground.Cell * 1.002)
                "fill", "#8f8a80"
                "shape-rendering", "crispEdges"
            ] []
        for x, y in Option.toList ground.Goal do
            element "circle" [
                "cx", number x
                "cy", number y
                "r", number ground.GoalRadius
                "fill", "#009e73"
                "fill-opacity", "0.35"
                "stroke", "#009e73"
                "stroke-width", number (ground.GoalRadius / 12.0)
            ] []
        element "polyline" [
            "class", "trail"
            "fill", "none"
            "stroke", "#d55e00"
            "stroke-width", number (if ground.Walls.IsEmpty then 0.03 else ground.Cell / 30.0)
            "stroke-opacity", "0.8"
            "points", ""
        ] []
      ]

/// Cells of one colour are one shape: a maze has thousands of cells and few colours.
let private valued (map: ValueMap) : Html list =
    match ValueMap.range map with
    | None -> []
    | Some(low, high) ->
        let palette = Palette.ordered colours |> Array.ofList

        let colour value =
            int (float colours * (value - low) / max 1e-12 (high - low))
            |> min (colours - 1)

        // Neighbours of one shade in a row are one.
        let runs =
            (map.Cells, [])
            ||> List.foldBack (fun (column, row, value) runs ->
                let shade = colour value

                match runs with
                | (first, below, wide, other) :: rest when other = shade && below = row && first = column + 1 ->
                    (column, row, wide + 1, shade) :: rest
                | _ -> (column, row, 1, shade) :: runs)

        let left, top = map.Corner

        [
            element "g" [
                "class", "valued"
                "transform", $"translate({number left} {number top}) scale({rounded 6 map.Side})"
                "shape-rendering", "crispEdges"
            ] [
                for shade, runs in runs |> List.groupBy (fun (_, _, _, shade) -> shade) |> List.sortBy fst ->
                    element "path" [
                        "fill", palette[shade]
                        "d",
                        String.concat "" [ for column, row, wide, _ in runs -> $"M{column} {row}h{wide}v1h-{wide}z" ]
                    ] []
            ]
        ]

/// The picture, still at no moment: the script moves it.
let picture (scene: Scene) : Html =
    let x1, x2, y1, y2 = frame scene

    element "svg" [
        "class", "scene"
        "viewBox", $"{number x1} {number y1} {number (x2 - x1)} {number (y2 - y1)}"
    ] [
        element "g" [ "class", "world" ] [
            yield! scene.Values |> Option.map valued |> Option.defaultValue []
            yield! still scene
            for bar in scene.Bars do
                yield
                    line [
                        "class", "bar"
                        "stroke", bar.Colour
                        "stroke-width", number (2.0 * bar.Radius)
                        "stroke-linecap", "round"
                    ]
        ]
    ]

/// The numbers that move it, lengths to so many digits.
let moments (digits: int) (scene: Scene) : Html =
    let moments = scene.Moments

    let follows =
        match scene.Ground with
        | None -> 1
        | Some { Walls = [] } -> 2
        | Some _ -> 0

    let numbers =
        String.concat "," [
            $"\"follows\":{follows}"
            $"\"seconds\":{list 3 [ for moment in moments -> moment.Seconds ]}"
            $"\"returns\":{list 2 [ for moment in moments -> moment.Return ]}"
            $"\"x\":{list digits [ for moment in moments -> fst moment.Middle ]}"
            $"\"y\":{list digits [ for moment in moments -> snd moment.Middle ]}"
            "\"places\":["
            + String.concat "," [ for moment in moments -> list digits moment.Places ]
            + "]"
        ]

    element "script" [ "type", "application/json" ] [ Html.Raw("{" + numbers + "}") ]

/// Which colour of the maze is which value.
let legend (map: ValueMap) : Html list =
    match ValueMap.range map with
    | None -> []
    | Some(low, high) -> [
        element "div" [
            "class", "legend"
            "title", "Discounted rewards to come from each place, at rest, in the units of training"
        ] [
            Html.text $"{map.Formula}: {shown low}"
            element "span" [
                "class", "ramp"
                "style", $"""background:linear-gradient(90deg,{String.concat "," (Palette.ordered 7)})"""
            ] []
            Html.text (shown high)
        ]
      ]

let private polyline colour dashes points =
    element "polyline" [
        "points", String.concat " " [ for x, y in points -> $"{rounded 1 x},{rounded 1 y}" ]
        "fill", "none"
        "stroke", colour
        "stroke-width", "2"
        "stroke-dasharray", dashes
        "vector-effect", "non-scaling-stroke"
    ] []

/// Lines over time in one frame, each a colour, dashes and values, with a line where the picture is.
let private chart (scene: Scene) (lines: (string * string * (float * float) list) list) : Html =
    let values = [
        for _, _, points in lines do
            for _, value in points -> value
    ]

    let low, high = List.min values, List.max values
    let last = (List.last scene.Moments).Seconds

    element "svg" [ "class", "chart"; "viewBox", "0 0 1000 90"; "preserveAspectRatio", "none" ] [
        for colour, dashes, points in lines do
            polyline colour dashes [
                for seconds, value in points ->
                    1000.0 * seconds / last, 85.0 - 80.0 * (value - low) / max 1e-9 (high - low)
            ]
        line [
            "class", "cursor"
            "x1", "0"
            "x2", "0"
            "y1", "0"
            "y2", "90"
            "stroke", "#d55e00"
            "stroke-width", "1.5"
            "vector-effect", "non-scaling-stroke"
        ]
    ]

let private between values =
    match shown (List.min values), shown (List.max values) with
    | low, high when low = high -> $"{low} throughout"
    | low, high -> $"from {low} to {high}"

/// The return over time.
let returns (scene: Scene) : Html list =
    let all = [ for moment in scene.Moments -> moment.Seconds, moment.Return ]

    [
        Html.paragraph $"Return so far, {between (List.map snd all)}:"
        chart scene [ "#0072b2", "none", all ]
    ]

/// What the one who acts expected at each moment, beside what then came; nothing where it has no values.
let worth (scene: Scene) : Html list =
    let pick choose = [
        for moment in scene.Moments do
            match moment.Worth with
            | Some both -> moment.Seconds, choose both
            | None -> ()
    ]

    match scene.Formula, pick fst, pick snd with
    | Some formula, (_ :: _ :: _ as expected), came when List.forall (snd >> System.Double.IsFinite) expected ->
        let key colour words =
            element "b" [ "style", $"color:{colour}" ] [ Html.text words ]

        [
            Html.plain "p" [
                Html.text "Discounted rewards to go, in the units of training: "
                key "#882255" $"{formula}, {between (List.map snd expected)}"
                Html.text ", and dashed "
                key "#4d4d4d" $"what then came, {between (List.map snd came)}"
                Html.text ". After a time-out nothing more is counted."
            ]
            chart scene [ "#4d4d4d", "5 4", came; "#882255", "none", expected ]
        ]
    | _ -> []
