/// An episode as one page: a drawing that moves, with a slider, the return and the values below it. It asks no network for anything.
module Iql.Scripts.ScenePage

open System.IO
open Iql.Data

/// "return 1.0", with the score where there is one.
let internal outcome (scene: Scene) : string =
    let rounded (value: float) =
        (SceneDrawing.number (System.Math.Round(value, 1))).Replace('-', '−')

    let total = (List.last scene.Moments).Return

    match scene.Score with
    | Some score -> $"return {rounded total}, score {rounded score}"
    | None -> $"return {rounded total}"

/// The page.
let page (scene: Scene) : string =
    let scale = if scene.Score.IsSome then " (0 random, 100 expert)" else ""

    Html.still $"{scene.Title}: {scene.Says}" [
        SceneStage.style
        Html.plain "h1" [ Html.text scene.Title ]
        Html.paragraph $"{scene.Says}. One episode: {scene.End}, {outcome scene}{scale}."
        if scene.Values.IsSome then
            Html.paragraph
                "Colours are what it makes of each place, at rest there and else as the episode starts: discounted rewards to come, in the units of training."
        SceneStage.stage [
            {
                Scene = scene
                Digits = 3
                Above = []
                Below = SceneDrawing.returns scene @ SceneDrawing.worth scene
            }
        ]
        SceneStage.script
    ]

/// Writes the page under a temporary name, then renames it.
let write (path: string) (scene: Scene) : unit =
    AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, page scene)))
