/// Episodes as HTML: a stage where several play together by one slider and one clock, and a page with one of them.
module Iql.Scripts.ScenePage

open System
open System.IO
open Iql.Data

/// One of a stage's episodes.
type Shown = {
    Scene: Scene
    /// Digits behind the point of its lengths.
    Digits: int
    /// What stands above it.
    Above: Html list
    /// What stands below it, charts too: their cursors follow.
    Below: Html list
}

/// What a page with stages needs around them, once.
let around (stages: Html list) : Html list =
    Html.style "scenes.css" :: stages @ [ Html.script "scenes.js" ]

/// Episodes that play together: pictures side by side, one slider and one clock.
let stage (shown: Shown list) : Html =
    let several = if shown.Length > 1 then " several" else ""

    Html.element "div" [ "class", "stage" + several ] [
        Html.Raw(Resource.text "controls.html")
        Html.element "div" [ "class", "scenes" ] [
            for each in shown ->
                Html.element "figure" [ "class", "played" ] [
                    yield! each.Above
                    SceneDrawing.picture each.Scene
                    Html.element "output" [ "class", "told" ] []
                    yield! each.Scene.Values |> Option.toList |> List.collect SceneCharts.legend
                    yield! each.Below
                    SceneDrawing.moments each.Digits each.Scene
                ]
        ]
    ]

/// "return 1", with the score where there is one.
let internal outcome (scene: Scene) : string =
    let shown (value: float) =
        (SceneDrawing.number (Math.Round(value, 1))).Replace('-', '−')

    let score = scene.Score |> Option.map (fun score -> $", score {shown score}")
    $"""return {shown (List.last scene.Moments).Return}{defaultArg score ""}"""

/// One episode: a drawing that moves, with a slider, the return and the values below it. The page asks no network for
/// anything.
let page (scene: Scene) : string =
    let scale = if scene.Score.IsSome then " (0 random, 100 expert)" else ""

    [
        Html.plain "h1" [ Html.text scene.Title ]
        Html.paragraph $"{scene.Description}. One episode: {scene.End}, {outcome scene}{scale}."
        if scene.Values.IsSome then
            Html.paragraph (
                "The colour of a place is its value at rest, with the rest of the state as at the start: "
                + "the discounted future rewards, in the units of training."
            )
        stage [
            {
                Scene = scene
                Digits = 3
                Above = []
                Below = SceneCharts.returns scene @ SceneCharts.rewardsToGo scene
            }
        ]
    ]
    |> around
    |> Html.still $"{scene.Title}: {scene.Description}"

/// Writes the page under a temporary name, then renames it.
let write (path: string) (scene: Scene) : unit =
    AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, page scene)))
