/// What a trained run makes of states, as it is drawn.
module Iql.Cli.Tests.ValueMapTests

open System.IO
open System.Text.RegularExpressions
open Expecto
open Iql.Tests
open Iql
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Environments.Mujoco
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

/// Somebody who values what it sees by a formula.
let private valuing (formula: float32[] -> float) : ValueFunction = {
    Formula = "V(s)"
    Discount = 0.5
    Reward = fun reward -> float reward - 1.0
    Of = List.map formula >> Array.ofList
}

let private resting (task: string) (values: ValueFunction) : Scene =
    let card = Tasks.Get task

    match Scene.play card card.Environment (Seed 3UL) "rests" (Some values) (fun _ _ _ _ -> ()) with
    | Ok scene -> scene
    | Error problem -> failwith problem

let private middles (map: ValueMap) = [
    for column, row, value in map.Squares ->
        fst map.Corner + (float column + 0.5) * map.Side, snd map.Corner + (float row + 0.5) * map.Side, value
]

[<Tests>]
let tests =
    testSequenced
    <| testList "ValueMapTests" [
        testCase "a place's colour is the value of standing there, at rest" (fun () ->
            let seen (observation: float32[]) =
                // Whoever moves is not at rest.
                100.0 * float observation[0] + float observation[1] + 1e6 * abs (float observation[2])

            for task, shift in
                [
                    "pointmaze-medium-stitch-v0", 0.0
                    if MujocoLibrary.IsAvailable then
                        "maze2d-umaze-v1", 0.2
                ] do
                let map = (resting task (valuing seen)).Values.Value
                let maze = (Tasks.Get task).Maze
                Expect.equal map.Squares.Length (maze.Cells.Length * 8 * 8) "length of squares of map"

                for x, y, value in middles map do
                    Expect.isGreaterThanOrEqual (maze.CellAt(y, x)) 0 "cell at of maze"

                    Expect.between
                        (-1e-3)
                        1e-3
                        (value - (100.0 * (y - shift) + (x - shift)))
                        "value minus 100.0 times y minus shift plus x minus shift")

        testCase "an ant stands at each place of its maze" (fun () ->
            needsMujoco ()
            let card = Tasks.Get "antmaze-umaze-v2"
            // One decision is enough.
            let short = MujocoEnvironment(card.Name, card.Robot.World, 1)

            let values =
                valuing (fun seen ->
                    Expect.hasLength seen 29 "seen"
                    Expect.exists seen[2..14] (fun number -> number <> 0f) "seen"
                    100.0 * float seen[0] + float seen[1])

            let resting = {
                values with
                    Of =
                        fun all ->
                            // The episode's own moments move; places do not.
                            if all.Length > 2 then
                                for seen in all do
                                    for speed in seen[15..] do
                                        Expect.equal speed 0f "speed"

                            values.Of all
            }

            let scene = Scene.play card short (Seed 3UL) "rests" (Some resting) (fun _ _ _ _ -> ())

            let map = (Result.toOption scene).Value.Values.Value

            let xs, ys = [ for x, _, _ in middles map -> x ], [ for _, y, _ in middles map -> y ]
            // The ways of the U are three cells of 4 along either side, and the start's middle is the origin.
            Expect.floatClose
                (Accuracy.decimals 6)
                (List.min xs - map.Side / 2.0)
                (-2.0)
                "least of xs minus side of map over 2.0"

            Expect.floatClose
                (Accuracy.decimals 6)
                (List.max ys + map.Side / 2.0)
                10.0
                "largest of ys plus side of map over 2.0"

            for x, y, value in middles map do
                Expect.between (-1e-3) 1e-3 (value - (100.0 * x + y)) "value minus 100.0 times x plus y")

        testCase "in a maze of cells every cell but the goal has its value" (fun () ->
            let scene = resting "gridmaze-medium-v0" (valuing (Array.findIndex ((=) 1f) >> float))

            let map, maze = scene.Values.Value, scene.Picture.Maze.Maze

            Expect.equal
                [
                    for x, y, value in middles map do
                        Expect.equal value (float (maze.CellAt(y, x))) "value"
                        value
                ]
                [
                    for cell in 0 .. maze.Cells.Length - 1 do
                        if cell <> maze.Goal then
                            float cell
                ]
                "value")

        testCase "what then came is the discounted sum of the rewards as they were trained on" (fun () ->
            let values = valuing (fun _ -> 0.0)
            // Rewards less one, halved a decision: −1 + ½ (−1 + ½ · 0).
            Expect.equal (ValueFunction.returnsToGo values [ 0f; 0f; 1f ]) [| -1.5; -1.0; 0.0; 0.0 |] "returns to go"
            let scene = resting "pointmaze-umaze-stitch-v0" values
            let toGo = [ for moment in scene.Moments -> moment.ToGo ]
            // Nothing comes of resting: a sum of −1, halved, which ends at the time limit.
            Expect.floatClose (Accuracy.decimals 9) (snd toGo.Head.Value) (-2.0) "head of to go"
            Expect.equal (List.last toGo) (Some(0.0, 0.0)) "last of to go")

        testCase "fewer pictures of an episode keep its first and its last" (fun () ->
            let scene = resting "pointmaze-umaze-stitch-v0" (valuing (fun _ -> 0.0))
            Expect.hasLength scene.Moments 51 "moments of scene"

            for most in 2..60 do
                let thinned = Scene.thinned most scene
                Expect.between 2 (min most 51) thinned.Moments.Length "length of moments of thinned"
                Expect.equal thinned.Moments.Head scene.Moments.Head "head of thinned"
                Expect.equal (List.last thinned.Moments) (List.last scene.Moments) "last of moments of thinned"

            Expect.equal (Scene.thinned 51 scene).Moments.Length 51 "length of moments of thinned 51 scene")

        testCase "trained runs show their values, cloning has none" (fun () ->
            use scratch = new Scratch()

            for algorithm, formula in [ "iql", Some "V(s)"; "td3bc", Some "min Q(s, π(s))"; "bc", None ] do
                let folder = scratch.Path algorithm
                run $"train --task pointmaze-umaze-stitch-v0 --algorithm {algorithm} -o {folder} {small}"
                let page = scratch.Path $"{algorithm}.html"
                run $"play pointmaze-umaze-stitch-v0 --policy {folder} -o {page}"

                // The page of the episode, and the training's report.
                for text in [ File.ReadAllText page; File.ReadAllText(Path.Combine(folder, "report.html")) ] do
                    Expect.equal (Regex.Matches(text, "class=\"stage").Count) 1 "count of matches"
                    let maps = Regex.Matches(text, "class=\"valued\"").Count
                    Expect.equal maps (if formula.IsSome then 1 else 0) "maps"

                    for formula in Option.toList formula do
                        Expect.stringContains text $"{System.Net.WebUtility.HtmlEncode formula}: " "text"

                // The report plays what the last evaluation began with.
                let run = Seq.exactlyOne (Directory.GetDirectories(Path.Combine(folder, "runs")))
                let card = Tasks.Get "pointmaze-umaze-stitch-v0"

                let scene = Policy.loadFor card.Environment run |> Result.bind (Episode.evaluated card)

                match scene, Results.readRun run with
                | Error problem, _
                | _, Error problem -> failwith problem
                | Ok scene, Ok run ->
                    Expect.floatClose
                        (Accuracy.decimals 6)
                        (List.last scene.Moments).Return
                        (Seq.last run.Evaluations).Returns[0]
                        "return of last of moments of scene"

                // A line where the picture is in the returns, and one in the values.
                Expect.equal
                    (Regex.Matches(File.ReadAllText page, "class=\"cursor\"").Count)
                    (if formula.IsSome then 2 else 1)
                    "count of matches")
    ]
