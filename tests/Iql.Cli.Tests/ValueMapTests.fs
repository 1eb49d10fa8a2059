/// What a trained run makes of states, as it is drawn.
[<Xunit.Collection "console">]
module Iql.Cli.Tests.ValueMapTests

open System.IO
open System.Text.RegularExpressions
open Xunit
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

[<Fact>]
let ``a place's colour is the value of standing there, at rest`` () =
    let seen (observation: float32[]) =
        // Whoever moves is not at rest.
        100.0 * float observation[0]
        + float observation[1]
        + 1e6 * abs (float observation[2])

    for task, shift in
        [
            "pointmaze-medium-stitch-v0", 0.0
            if MujocoLibrary.IsAvailable then
                "maze2d-umaze-v1", 0.2
        ] do
        let map = (resting task (valuing seen)).Values.Value
        let maze = (Tasks.Get task).Maze
        Assert.Equal(maze.Cells.Length * 8 * 8, map.Squares.Length)

        for x, y, value in middles map do
            Assert.True(maze.CellAt(y, x) >= 0)
            Assert.InRange(value - (100.0 * (y - shift) + (x - shift)), -1e-3, 1e-3)

[<Fact>]
let ``an ant stands at each place of its maze`` () =
    needsMujoco ()
    let card = Tasks.Get "antmaze-umaze-v2"
    // One decision is enough.
    let short = MujocoEnvironment(card.Name, card.Robot.World, 1)

    let values =
        valuing (fun seen ->
            Assert.Equal(29, seen.Length)
            Assert.Contains(seen[2..14], (fun number -> number <> 0f))
            100.0 * float seen[0] + float seen[1])

    let resting = {
        values with
            Of =
                fun all ->
                    // The episode's own moments move; places do not.
                    if all.Length > 2 then
                        Assert.All(all, (fun seen -> Assert.All(seen[15..], (fun speed -> Assert.Equal(0f, speed)))))

                    values.Of all
    }

    let scene =
        Scene.play card short (Seed 3UL) "rests" (Some resting) (fun _ _ _ _ -> ())

    let map = (Result.toOption scene).Value.Values.Value

    let xs, ys =
        [ for x, _, _ in middles map -> x ], [ for _, y, _ in middles map -> y ]
    // The ways of the U are three cells of 4 along either side, and the start's middle is the origin.
    Assert.Equal(-2.0, List.min xs - map.Side / 2.0, 6)
    Assert.Equal(10.0, List.max ys + map.Side / 2.0, 6)

    for x, y, value in middles map do
        Assert.InRange(value - (100.0 * x + y), -1e-3, 1e-3)

[<Fact>]
let ``in a maze of cells every cell but the goal has its value`` () =
    let scene =
        resting "gridmaze-medium-v0" (valuing (Array.findIndex ((=) 1f) >> float))

    let map, maze = scene.Values.Value, scene.Picture.Maze.Maze

    Assert.Equal<float list>(
        [
            for cell in 0 .. maze.Cells.Length - 1 do
                if cell <> maze.Goal then
                    float cell
        ],
        [
            for x, y, value in middles map do
                Assert.Equal(float (maze.CellAt(y, x)), value)
                value
        ]
    )

[<Fact>]
let ``what then came is the discounted sum of the rewards as they were trained on`` () =
    let values = valuing (fun _ -> 0.0)
    // Rewards less one, halved a decision: −1 + ½ (−1 + ½ · 0).
    Assert.Equal<float>([| -1.5; -1.0; 0.0; 0.0 |], ValueFunction.returnsToGo values [ 0f; 0f; 1f ])
    let scene = resting "pointmaze-umaze-stitch-v0" values
    let toGo = [ for moment in scene.Moments -> moment.ToGo ]
    // Nothing comes of resting: a sum of −1, halved, which ends at the time limit.
    Assert.Equal(-2.0, snd toGo.Head.Value, 9)
    Assert.Equal(Some(0.0, 0.0), List.last toGo)

[<Fact>]
let ``fewer pictures of an episode keep its first and its last`` () =
    let scene = resting "pointmaze-umaze-stitch-v0" (valuing (fun _ -> 0.0))
    Assert.Equal(51, scene.Moments.Length)

    for most in 2..60 do
        let thinned = Scene.thinned most scene
        Assert.InRange(thinned.Moments.Length, 2, min most 51)
        Assert.Equal(scene.Moments.Head, thinned.Moments.Head)
        Assert.Equal(List.last scene.Moments, List.last thinned.Moments)

    Assert.Equal(51, (Scene.thinned 51 scene).Moments.Length)

[<Fact>]
let ``trained runs show their values, cloning has none`` () =
    use scratch = new Scratch()

    for algorithm, formula in [ "iql", Some "V(s)"; "td3bc", Some "min Q(s, π(s))"; "bc", None ] do
        let folder = scratch.Path algorithm
        run $"train --task pointmaze-umaze-stitch-v0 --algorithm {algorithm} -o {folder} {small}"
        let page = scratch.Path $"{algorithm}.html"
        run $"play pointmaze-umaze-stitch-v0 --policy {folder} -o {page}"

        // The page of the episode, and the training's report.
        for text in [ File.ReadAllText page; File.ReadAllText(Path.Combine(folder, "report.html")) ] do
            Assert.Equal(1, Regex.Matches(text, "class=\"stage").Count)
            let maps = Regex.Matches(text, "class=\"valued\"").Count
            Assert.Equal((if formula.IsSome then 1 else 0), maps)

            for formula in Option.toList formula do
                Assert.Contains($"{System.Net.WebUtility.HtmlEncode formula}: ", text)

        // The report plays what the last evaluation began with.
        let run = Assert.Single(Directory.GetDirectories(Path.Combine(folder, "runs")))
        let card = Tasks.Get "pointmaze-umaze-stitch-v0"

        let scene =
            TrainedPolicy.load card.Environment run |> Result.bind (Episode.evaluated card)

        match scene, Results.readRun run with
        | Error problem, _
        | _, Error problem -> failwith problem
        | Ok scene, Ok run -> Assert.Equal((Seq.last run.Evaluations).Returns[0], (List.last scene.Moments).Return, 6)

        // A line where the picture is in the returns, and one in the values.
        Assert.Equal((if formula.IsSome then 2 else 1), Regex.Matches(File.ReadAllText page, "class=\"cursor\"").Count)
