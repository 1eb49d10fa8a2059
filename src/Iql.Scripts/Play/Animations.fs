/// The episodes that a report shows: what the policies of finished runs do, played anew from their last checkpoints.
module Iql.Scripts.Animations

open System.IO
open Giraffe.ViewEngine
open Iql.Environments.Tasks
open Iql.Environments.Mujoco
open Iql.Training

/// Pictures of an episode in a report, at most: one page holds many episodes.
let private most = 200

/// A run to be shown: what to call it, and its folder.
type Chosen = { Title: string; Folder: string }

/// The runs whose last evaluation counts, the best first; of equal ones the one that was good for longest, by its
/// last ten evaluations.
let private ranked (runs: Run list) : Run list =
    match Measure.ofRuns runs with
    | None -> []
    | Some measure ->
        runs
        |> List.choose (fun run ->
            Run.final measure run |> Option.map (fun final -> run, (final, Run.lastTen measure run)))
        |> List.sortByDescending snd
        |> List.map fst

/// The run in the middle of the last evaluations; of an even number, the better of both.
let median (runs: Run list) : Run option =
    let ranked = ranked runs
    List.tryItem ((ranked.Length - 1) / 2) ranked

let private play (card: TaskCard) (chosen: Chosen) : Result<Scene, string> =
    if not (File.Exists (RunFolder chosen.Folder).CheckpointPath) then
        Error $"{chosen.Title} has no checkpoint"
    else
        // A report is not to fail for a picture.
        Attempt.reading (fun () ->
            Policy.loadFor card.Environment chosen.Folder |> Result.bind (Episode.evaluated card))
        |> Result.map (Scene.thinned most)
        |> Result.mapError (fun problem -> $"{chosen.Title}: {problem}")

let private shown (title: string) (scene: Scene) : ScenePage.Shown = {
    Scene = scene
    // A hand's fingers are two centimetres thick, a robot's limbs ten.
    Digits = if scene.Picture.Bars |> Seq.exists (fun bar -> bar.Radius < 0.02) then 3 else 2
    Above = [ p [] [ strong [] [ str title ]; str $": {scene.End}, {ScenePage.outcome scene}" ] ]
    Below = []
}

/// The episodes of one task side by side, and why some are not there.
let ofTask (task: string) (chosen: Chosen list) : XmlNode list =
    let missing problem = Html.styled "note" $"No animation: {problem}."

    match Tasks.Find task with
    | null -> [ missing $"{task} has no environment here" ]
    | card when not (isNull card.Robot || MujocoLibrary.IsAvailable) -> [
        missing $"{task} needs MuJoCo, which was not installed when this page was made"
      ]
    | card ->
        let played = [ for each in chosen -> play card each |> Result.map (shown each.Title) ]

        [
            match played |> List.choose Result.toOption with
            | [] -> ()
            | scenes -> ScenePage.stage scenes
            for scene in played do
                match scene with
                | Error problem -> missing problem
                | Ok _ -> ()
        ]

/// A section's body: what is shown, then the stages, with the style and the script that they share.
let section (description: string) (stages: XmlNode list) : XmlNode list =
    Html.styled
        "note"
        $"{description}Each plays the first episode of its evaluations, with its last checkpoint. In mazes, the colour \
          of a place is its value at rest: the discounted future rewards, in the units of training. Each picture has \
          its own scale."
    :: stages
    |> ScenePage.around
