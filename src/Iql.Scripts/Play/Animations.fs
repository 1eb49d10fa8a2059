/// The episodes that a report shows: what the policies of finished runs do, played anew from their last checkpoints.
module Iql.Scripts.Animations

open System
open System.IO
open Iql.Environments.Tasks
open Iql.Environments.Mujoco
open Iql.Training
open Iql.Scripts.SceneStage

/// Pictures of an episode in a report, at most: one page holds many episodes.
let private most = 200

/// A run to be shown: what to call it, and its folder.
type Chosen = { Title: string; Folder: string }

/// A run under a title, by its folder.
let chosen (title: string) (folder: string) : Chosen = { Title = title; Folder = folder }

/// The runs whose last evaluation counts, the best first; of equal ones the one that was good for longest, by its last ten evaluations.
let private ranked (runs: Run list) : Run list =
    match Cells.measure runs with
    | None -> []
    | Some measure ->
        runs
        |> List.choose (fun run ->
            Cells.final measure run
            |> Option.map (fun final -> run, (final, Cells.lastTen measure run)))
        |> List.sortByDescending snd
        |> List.map fst

/// The run with the best last evaluation.
let best (runs: Run list) : Run option = ranked runs |> List.tryHead

/// The run in the middle of the last evaluations; of an even number, the better of both.
let median (runs: Run list) : Run option =
    match ranked runs with
    | [] -> None
    | ranked -> Some ranked[(ranked.Length - 1) / 2]

/// The environment of a task, or why its episodes cannot be shown.
let private stageOf (task: string) : Result<TaskCard, string> =
    match Tasks.Find task with
    | null -> Error $"{task} has no environment here"
    | card when (card.Environment :? MujocoEnvironment) && not MujocoLibrary.IsAvailable ->
        Error $"{task} needs MuJoCo, which the machine that made this page has not"
    | card -> Ok card

let private play (card: TaskCard) (chosen: Chosen) : Result<Scene, string> =
    if not (File.Exists (RunFolder chosen.Folder).CheckpointPath) then
        Error $"{chosen.Title} has no checkpoint"
    else
        try
            TrainedPolicy.load card.Environment chosen.Folder
            |> Playing.evaluated card
            |> Scene.thinned most
            |> Ok
        with
        // A report is not to fail for a picture.
        | Refusal message -> Error $"{chosen.Title}: {message}"
        | :? IOException
        | :? InvalidDataException
        | :? ArgumentException
        | :? Text.Json.JsonException
        | :? MujocoException as problem -> Error $"{chosen.Title}: {problem.Message}"

let private note (text: string) : Html =
    Html.element "p" [ "class", "note" ] [ Html.text text ]

/// The episodes of one task side by side, and why some are not there.
let ofTask (task: string) (chosen: Chosen list) : Html list =
    match stageOf task with
    | Error problem -> [ note $"No animation: {problem}." ]
    | Ok card ->
        let played = [ for each in chosen -> each, play card each ]

        let shown = [
            for each, scene in played do
                match scene with
                | Ok scene -> {
                    Scene = scene
                    // A hand's fingers are two centimetres thick, a robot's limbs ten.
                    Digits =
                        (if scene.Bars |> List.exists (fun bar -> bar.Radius < 0.02) then
                             3
                         else
                             2)
                    Above = [
                        Html.plain "p" [
                            Html.strong each.Title
                            Html.text $": {scene.End}, {ScenePage.outcome scene}"
                        ]
                    ]
                    Below = []
                  }
                | Error _ -> ()
        ]

        [
            if not shown.IsEmpty then
                SceneStage.stage shown
            for _, scene in played do
                match scene with
                | Error problem -> note $"No animation: {problem}."
                | Ok _ -> ()
        ]

/// A section's body: what is shown, then the stages, with the style and the script that they share.
let section (says: string) (stages: Html list) : Html list =
    SceneStage.style
    :: note
        $"{says}Each plays the first episode of its evaluations, by its last checkpoint. In mazes, colours are what it makes of each place, at rest there: discounted rewards to come, in the units of its training, each on its own scale."
    :: stages
    @ [ SceneStage.script ]
