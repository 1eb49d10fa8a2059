/// The picture of an episode, and the numbers that move it.
module Iql.Scripts.SceneDrawing

open System
open System.Globalization
open Giraffe.ViewEngine
open Giraffe.ViewEngine.Accessibility
open Iql.Environments

/// At most so many digits behind the point.
let internal rounded (digits: int) (value: float) =
    value.ToString("0." + String.replicate digits "#", CultureInfo.InvariantCulture)

let internal number: float -> string = rounded 3

let private list (digits: int) (values: float seq) = "[" + String.concat "," (Seq.map (rounded digits) values) + "]"

/// Attributes as "x1=0 y1=1": no value has a blank in it.
let internal attributes (text: string) : XmlAttribute list = [
    for word in text.Split ' ' do
        let cut = word.IndexOf '='
        attr word[.. cut - 1] word[cut + 1 ..]
]

let internal shape (name: string) (text: string) = tag name (attributes text) []

/// The way so far, which the script draws.
let private trail (width: float) =
    shape "polyline" $"class=trail fill=none stroke=#d55e00 stroke-width={number width} stroke-opacity=0.8 points="

/// A floor seen from the side, with a mark at every metre.
let private floor (left: float) (right: float) : XmlNode list = [
    shape "rect" $"x={number (left - 5.0)} y=0 width={number (right - left + 10.0)} height=1 fill=#e4e1d8"
    for metre in int left - 3 .. int right + 3 do
        shape "line" $"x1={metre} x2={metre} y1=0 y2=0.06 stroke=#999 stroke-width=0.012"

        tag "text" (attributes $"x={metre} y=0.22 text-anchor=middle style=font-size:.13px") [ str $"{metre} m" ]
]

/// A ground seen from above, with lines a metre apart.
let private ground (left: float) (right: float) (top: float) (bottom: float) : XmlNode list = [
    for metre in int left - 5 .. int right + 5 do
        let y = $"y1={number (top - 5.0)} y2={number (bottom + 5.0)}"
        shape "line" $"x1={metre} x2={metre} {y} stroke=#ddd stroke-width=0.015"
    for metre in int top - 5 .. int bottom + 5 do
        let x = $"x1={number (left - 5.0)} x2={number (right + 5.0)}"
        shape "line" $"{x} y1={metre} y2={metre} stroke=#ddd stroke-width=0.015"
    trail 0.03
]

/// Walls and goal.
let private walls (maze: PictureMaze) : XmlNode list = [
    let side = number (maze.Side * 1.002)

    for row in 0 .. maze.Maze.Rows - 1 do
        for column in 0 .. maze.Maze.Columns - 1 do
            if maze.Maze.IsWall(row, column) then
                let struct (x, y) = maze.Middle(row, column)
                let place = $"x={number (x - maze.Side / 2.0)} y={number (y - maze.Side / 2.0)}"
                shape "rect" $"{place} width={side} height={side} fill=#8f8a80 shape-rendering=crispEdges"

    let struct (x, y) = maze.Goal
    let place = $"cx={number x} cy={number y} r={number maze.GoalRadius}"
    let look = "fill=#009e73 fill-opacity=0.35 stroke=#009e73"
    shape "circle" $"{place} {look} stroke-width={number (maze.GoalRadius / 12.0)}"
    trail (maze.Side / 30.0)
]

/// What stands still.
let private still (scene: Scene) : XmlNode list =
    let x = [ for moment in scene.Moments -> moment.Shown.X ]
    let y = [ for moment in scene.Moments -> moment.Shown.Y ]

    match scene.Picture.Motion, scene.Picture.Maze with
    | PictureMotion.AlongFloor, _ -> floor (List.min x) (List.max x)
    | PictureMotion.OverGround, _ -> ground (List.min x) (List.max x) (List.min y) (List.max y)
    | _, null -> []
    | _, maze -> walls maze

/// Squares of one colour are one shape: a maze has thousands of squares and few colours.
let private valued (map: ValueMap) : XmlNode list =
    match ValueMap.range map with
    | None -> []
    | Some(low, high) ->
        let colours = 64
        let palette = Charts.Style.viridis colours |> Array.ofList

        let shade value = min (colours - 1) (int (float colours * (value - low) / max 1e-12 (high - low)))

        // Neighbours of one shade in a row are one.
        let folder (column, row, value) runs =
            match shade value, runs with
            | own, (first, below, wide, other) :: rest when own = other && below = row && first = column + 1 ->
                (column, row, wide + 1, own) :: rest
            | own, _ -> (column, row, 1, own) :: runs

        let left, top = map.Corner

        [
            tag "g" [
                _class "valued"
                attr "transform" $"translate({number left} {number top}) scale({rounded 6 map.Side})"
                attr "shape-rendering" "crispEdges"
            ] [
                for shade, runs in
                    List.foldBack folder map.Squares []
                    |> List.groupBy (fun (_, _, _, shade) -> shade)
                    |> List.sortBy fst ->
                    let path = [ for column, row, wide, _ in runs -> $"M{column} {row}h{wide}v1h-{wide}z" ]
                    tag "path" [ attr "fill" palette[shade]; attr "d" (String.concat "" path) ] []
            ]
        ]

/// The picture, still at no moment: the script moves it.
let picture (scene: Scene) : XmlNode =
    let struct (left, top, right, bottom) = scene.Picture.Frame

    tag "svg" [
        _class "scene"
        _roleImg
        _ariaLabel $"{scene.Title}: {scene.End}"
        attr "viewBox" $"{number left} {number top} {number (right - left)} {number (bottom - top)}"
    ] [
        tag "g" [ _class "world" ] [
            yield! scene.Values |> Option.toList |> List.collect valued
            yield! still scene
            for bar in scene.Picture.Bars do
                let width = number (2.0 * bar.Radius)
                shape "line" $"class=bar stroke={bar.Colour} stroke-width={width} stroke-linecap=round"
        ]
    ]

/// The numbers that move it, as JSON, lengths to so many digits.
let moments (digits: int) (scene: Scene) : XmlNode =
    let each of' = [ for moment in scene.Moments -> of' moment ]

    let places = String.concat "," (each (fun moment -> list digits moment.Shown.Ends))

    let numbers =
        String.concat "," [
            $"\"follows\":{int scene.Picture.Motion}"
            $"\"seconds\":{list 3 (each _.Seconds)}"
            $"\"returns\":{list 2 (each _.Return)}"
            $"\"x\":{list digits (each _.Shown.X)}"
            $"\"y\":{list digits (each _.Shown.Y)}"
            $"\"places\":[{places}]"
        ]

    script [ _type "application/json" ] [ rawText ("{" + numbers + "}") ]
