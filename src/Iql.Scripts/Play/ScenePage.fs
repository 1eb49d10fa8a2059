/// Episodes as HTML: a stage where several play together by one slider and one clock, and a page with one of them.
module Iql.Scripts.ScenePage

open System
open System.IO
open Giraffe.ViewEngine
open Iql.Data

/// One of a stage's episodes.
type Shown = {
    Scene: Scene
    /// Digits behind the point of its lengths.
    Digits: int
    /// What stands above it.
    Above: XmlNode list
    /// What stands below it, charts too: their cursors follow.
    Below: XmlNode list
}

/// What a page with stages needs around them, once.
let around (stages: XmlNode list) : XmlNode list =
    Html.styleFile "scenes.css" :: stages @ [ Html.scriptFile "scenes.js" ]

/// Episodes that play together: pictures side by side, one slider and one clock.
let stage (shown: Shown list) : XmlNode =
    let several = if shown.Length > 1 then " several" else ""

    div [ _class ("stage" + several) ] [
        rawText (Resource.text "controls.html")
        div [ _class "scenes" ] [
            for each in shown ->
                figure [ _class "played" ] [
                    yield! each.Above
                    SceneDrawing.picture each.Scene
                    output [ _class "told" ] []
                    yield! each.Scene.Values |> Option.toList |> List.collect SceneCharts.legend
                    yield! each.Below
                    SceneDrawing.moments each.Digits each.Scene
                ]
        ]
    ]

/// "return 1", with the score where there is one.
let internal outcome (scene: Scene) : string =
    let shown (value: float) = (SceneDrawing.number (Math.Round(value, 1))).Replace('-', '−')

    let score = scene.Score |> Option.map (fun score -> $", score {shown score}")
    $"""return {shown (List.last scene.Moments).Return}{defaultArg score ""}"""

/// One episode: a drawing that moves, with a slider, the return and the values below it. The page asks no network for
/// anything.
let page (scene: Scene) : string =
    let scale = if scene.Score.IsSome then " (0 random, 100 expert)" else ""

    [
        h1 [] [ str scene.Title ]
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
