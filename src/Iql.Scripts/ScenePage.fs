/// An episode as one page: a drawing that moves, with a slider, and the return below it. It asks no network for anything.
module Iql.Scripts.ScenePage

open System.Globalization
open System.IO
open Iql.Data

let private number (value: float) =
    value.ToString("0.###", CultureInfo.InvariantCulture)

let private list (values: float seq) =
    "[" + String.concat "," (Seq.map number values) + "]"

/// Least and greatest x and y of the picture.
let private frame (scene: Scene) : float * float * float * float =
    match scene.Ground with
    | None -> -1.9, 1.9, -1.75, 0.35
    | Some {
               Walls = (_ :: _) as walls
               Cell = cell
           } ->
        let x, y = List.map fst walls, List.map snd walls
        let half = cell / 2.0
        List.min x - half, List.max x + half, List.min y - half, List.max y + half
    // Nothing stands anywhere: the picture follows.
    | Some _ -> -3.2, 3.2, -2.0, 2.0

let private style =
    """
.scene { background: #f7f7f5; border: 1px solid #ddd; width: 100%; max-height: 70vh; display: block; }
.scene text, .return text { font: 11px sans-serif; fill: #666; }
.controls { display: flex; gap: .8em; align-items: center; margin: .6em 0; flex-wrap: wrap; }
.controls input { flex: 1; min-width: 12em; }
.controls output { font-variant-numeric: tabular-nums; min-width: 17em; }
.return { width: 100%; height: 90px; display: block; }
"""

let private script =
    """
const bars = [...document.querySelectorAll('.bar')], world = document.getElementById('world'), trail = document.getElementById('trail');
const slider = document.getElementById('slider'), button = document.getElementById('button'), said = document.getElementById('said');
const cursor = document.getElementById('cursor'), speed = document.getElementById('speed');
const end = scene.seconds[scene.seconds.length - 1];
let at = 0, clock = 0, playing = true, before = null;
function show(i) {
  at = i;
  const p = scene.places[i];
  bars.forEach((bar, k) => ['x1', 'y1', 'x2', 'y2'].forEach((name, j) => bar.setAttribute(name, p[4 * k + j])));
  if (scene.follows) world.setAttribute('transform', `translate(${-scene.x[i]},${scene.follows === 2 ? -scene.y[i] : 0})`);
  if (trail) trail.setAttribute('points', scene.x.slice(0, i + 1).map((x, k) => x + ',' + scene.y[k]).join(' '));
  cursor.setAttribute('x1', 1000 * scene.seconds[i] / end); cursor.setAttribute('x2', 1000 * scene.seconds[i] / end);
  slider.value = i;
  const far = scene.follows ? `, ${scene.x[i].toFixed(1)} m` : '';
  said.textContent = `${scene.seconds[i].toFixed(2)} s of ${end.toFixed(2)} s${far}, return ${scene.returns[i].toFixed(1)}`;
}
function tick(now) {
  if (playing && before !== null) {
    clock += (now - before) / 1000 * Number(speed.value);
    if (clock > end + 1 / 2) clock = 0;
    let i = clock < scene.seconds[at] ? 0 : at;
    while (i + 1 < scene.seconds.length && scene.seconds[i + 1] <= clock) i++;
    if (i !== at) show(i);
  }
  before = now;
  requestAnimationFrame(tick);
}
button.onclick = () => { playing = !playing; button.textContent = playing ? 'Pause' : 'Play'; };
slider.oninput = () => { show(Number(slider.value)); clock = scene.seconds[at]; playing = false; button.textContent = 'Play'; };
show(Number(location.hash.slice(1)) || 0); clock = scene.seconds[at];
if (location.hash) { playing = false; button.textContent = 'Play'; }
requestAnimationFrame(tick);
"""

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
            "id", "trail"
            "fill", "none"
            "stroke", "#d55e00"
            "stroke-width", number (if ground.Walls.IsEmpty then 0.03 else ground.Cell / 40.0)
            "stroke-opacity", "0.8"
            "points", ""
        ] []
      ]

/// The return over time, with a line where the picture is.
let private returns (scene: Scene) : Html =
    let all = [ for moment in scene.Moments -> moment.Return ]
    let low, high = min 0.0 (List.min all), max (List.max all) (List.min all + 1e-9)
    let last = (List.last scene.Moments).Seconds

    let points =
        [
            for moment in scene.Moments ->
                let y = 80.0 - 70.0 * (moment.Return - low) / max 1e-9 (high - low)
                $"{number (1000.0 * moment.Seconds / last)},{number y}"
        ]
        |> String.concat " "

    element "svg" [ "class", "return"; "viewBox", "0 0 1000 90"; "preserveAspectRatio", "none" ] [
        element "polyline" [
            "points", points
            "fill", "none"
            "stroke", "#0072b2"
            "stroke-width", "2"
            "vector-effect", "non-scaling-stroke"
        ] []
        line [
            "id", "cursor"
            "x1", "0"
            "x2", "0"
            "y1", "0"
            "y2", "90"
            "stroke", "#d55e00"
            "stroke-width", "1.5"
            "vector-effect", "non-scaling-stroke"
        ]
    ]

/// The page.
let page (scene: Scene) : string =
    let x1, x2, y1, y2 = frame scene
    let moments = scene.Moments

    let data =
        "const scene = {"
        + String.concat "," [
            match scene.Ground with
            | None -> "follows:1"
            | Some { Walls = [] } -> "follows:2"
            | Some _ -> "follows:0"
            $"seconds:{list [ for moment in moments -> moment.Seconds ]}"
            $"returns:{list [ for moment in moments -> moment.Return ]}"
            $"x:{list [ for moment in moments -> fst moment.Middle ]}"
            $"y:{list [ for moment in moments -> snd moment.Middle ]}"
            "places:["
            + String.concat "," [ for moment in moments -> list moment.Places ]
            + "]"
        ]
        + "};"

    let score =
        match scene.Score with
        | Some score -> $", score {number (System.Math.Round(score, 1))} (0 random, 100 expert)"
        | None -> ""

    let total = (List.last moments).Return

    Html.still $"{scene.Title}: {scene.Says}" [
        Html.plain "style" [ Html.Raw style ]
        Html.plain "h1" [ Html.text scene.Title ]
        Html.paragraph $"{scene.Says}. One episode: {scene.End}, return {number (System.Math.Round(total, 1))}{score}."
        element "svg" [
            "class", "scene"
            "viewBox", $"{number x1} {number y1} {number (x2 - x1)} {number (y2 - y1)}"
        ] [
            element "g" [ "id", "world" ] [
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
        element "div" [ "class", "controls" ] [
            element "button" [ "id", "button" ] [ Html.text "Pause" ]
            element "input" [
                "id", "slider"
                "type", "range"
                "min", "0"
                "max", string (moments.Length - 1)
                "value", "0"
            ] []
            element "select" [ "id", "speed"; "aria-label", "speed" ] [
                for value in [ "0.25"; "0.5"; "1"; "2"; "4" ] do
                    element "option" [
                        yield "value", value
                        if value = "1" then
                            yield "selected", "selected"
                    ] [ Html.text $"{value} ×" ]
            ]
            element "output" [ "id", "said" ] []
        ]
        Html.paragraph "Return so far:"
        returns scene
        Html.plain "script" [ Html.Raw(data + script) ]
    ]

/// Writes the page under a temporary name, then renames it.
let write (path: string) (scene: Scene) : unit =
    AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, page scene)))
