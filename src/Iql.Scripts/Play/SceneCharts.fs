/// Charts below the picture of an episode: its return, the values of the one who acts, and what colours mean.
module Iql.Scripts.SceneCharts

open System
open System.Globalization
open Giraffe.ViewEngine
open Iql.Scripts.SceneDrawing

/// A value for people.
let private shown (value: float) =
    value.ToString((if abs value >= 100.0 then "0" else "0.##"), CultureInfo.InvariantCulture).Replace('-', '−')

/// Which colour of the maze is which value.
let legend (map: ValueMap) : XmlNode list =
    match ValueMap.range map with
    | None -> []
    | Some(low, high) -> [
        let ramp = String.concat "," (Charts.Style.viridis 7)

        div [
            _class "legend"
            _title "Discounted future rewards from each place, at rest, in the units of training"
        ] [
            str $"{map.Formula}: {shown low}"
            shape "span" $"class=ramp style=background:linear-gradient(90deg,{ramp})"
            str (shown high)
        ]
      ]

/// Lines over time in one frame, each a colour, dashes and values, with a line where the picture is.
let private chart (scene: Scene) (lines: (string * string * (float * float) list) list) : XmlNode =
    let values = lines |> List.collect (fun (_, _, points) -> List.map snd points)
    let low, high = List.min values, List.max values
    let last = (List.last scene.Moments).Seconds

    let place (seconds, value) =
        $"{rounded 1 (1000.0 * seconds / last)},{rounded 1 (85.0 - 80.0 * (value - low) / max 1e-9 (high - low))}"

    tag "svg" [ _class "chart"; attr "viewBox" "0 0 1000 90"; attr "preserveAspectRatio" "none" ] [
        for colour, dashes, points in lines do
            let look = $"fill=none stroke={colour} stroke-width=2 stroke-dasharray={dashes}"
            let points = points |> List.map place |> String.concat " "
            tag "polyline" (attr "points" points :: attributes $"{look} vector-effect=non-scaling-stroke") []
        shape
            "line"
            "class=cursor x1=0 x2=0 y1=0 y2=90 stroke=#d55e00 stroke-width=1.5 vector-effect=non-scaling-stroke"
    ]

let private between (points: (float * float) list) =
    match shown (List.min (List.map snd points)), shown (List.max (List.map snd points)) with
    | low, high when low = high -> $"{low} throughout"
    | low, high -> $"from {low} to {high}"

/// The return over time.
let returns (scene: Scene) : XmlNode list =
    let all = [ for moment in scene.Moments -> moment.Seconds, moment.Return ]

    [ Html.paragraph $"Return so far, {between all}:"; chart scene [ "#0072b2", "none", all ] ]

/// The values at each moment, beside what then came; nothing where there are none.
let rewardsToGo (scene: Scene) : XmlNode list =
    let pick choose =
        scene.Moments
        |> List.choose (fun moment -> moment.ToGo |> Option.map (fun both -> moment.Seconds, choose both))

    match scene.Formula, pick fst, pick snd with
    | Some formula, (_ :: _ :: _ as expected), came when List.forall (snd >> Double.IsFinite) expected ->
        let key colour words = b [ _style $"color:{colour}" ] [ str words ]

        [
            p [] [
                str "Discounted future rewards, in the units of training: "
                key "#882255" $"{formula}, {between expected}"
                str ", and dashed "
                key "#4d4d4d" $"the actual rewards, {between came}"
                str ". Rewards after a time-out are not counted."
            ]
            chart scene [ "#4d4d4d", "5,4", came; "#882255", "none", expected ]
        ]
    | _ -> []
