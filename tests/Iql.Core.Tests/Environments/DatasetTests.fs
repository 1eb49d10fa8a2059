module Iql.Core.Tests.Environments.DatasetTests

open System
open Xunit
open Iql
open Iql.Data
open Iql.Environments
open Iql.Environments.Tasks


let private pointMaze (card: TaskCard) = card.Environment :?> PointMaze

let private points = [
    for card in Tasks.All do
        if card.Environment :? PointMaze then
            card
]

[<Fact>]
let ``a data set has the same bits on any number of threads`` () =
    let wandering = pointMaze (Tasks.Get "pointmaze-medium-v0")
    let stitch = pointMaze (Tasks.Get "pointmaze-medium-stitch-v0")
    let grid = (Tasks.Get "gridmaze-medium-v0").Environment :?> GridMaze

    let wander threads =
        WanderingData(Noise = 0.2).In(wandering).Collect(Seed 7UL, 61_234, threads)

    let pieces threads =
        StitchData().In(stitch).Collect(Seed 7UL, 31_234, threads)

    let walks threads =
        GridWalks().In(grid).Collect(Seed 7UL, 31_234, threads)

    for collect, size in [ wander, 61_234; pieces, 31_234; walks, 31_234 ] do
        let alone: Transitions = collect 1
        Assert.Equal(size, alone.Count)
        Assert.Equal(alone.Fingerprint, (collect 2).Fingerprint)
        Assert.Equal(alone.Fingerprint, (collect 5).Fingerprint)

[<Fact>]
let ``another seed gives another data set`` () =
    for card in Tasks.All do
        let prints = [ for seed in 0UL .. 3UL -> card.Dataset.Collect(Seed seed, 500).Fingerprint ]
        Assert.Equal(4, List.length (List.distinct prints))

[<Fact>]
let ``every row replays in the environment`` () =
    for card in points do
        let environment = pointMaze card
        let data = card.Dataset.Collect(Seed 1UL, 3_000)
        let observation = Array.zeroCreate<float32> 4

        for row in 0 .. data.Count - 1 do
            // Observations are float32, states double: hence not to the bit.
            let state = [| for s in data.Observation(row).ToArray() -> float s |]
            let result = card.Environment.Step(state, data.Action row, observation)
            let there = environment.AtGoal(state[0], state[1])
            let next = data.NextObservation(row).ToArray()
            Array.iter2 (fun (a: float32) b -> Assert.Equal(a, b, 1e-4f)) observation next

            if there = environment.AtGoal(float next[0], float next[1]) then
                Assert.Equal(result.Reward, data.Rewards[row])
                Assert.Equal(result.Terminal, data.Terminals[row])

[<Fact>]
let ``inside an episode a row starts where the one before ended`` () =
    for card in Tasks.All do
        let data = card.Dataset.Collect(Seed 2UL, 50_000)

        for row in 0 .. data.Count - 2 do
            if not data.Terminals[row] && not data.Timeouts[row] then
                Assert.True(MemoryExtensions.SequenceEqual(data.NextObservation row, data.Observation(row + 1)))

[<Fact>]
let ``a never-ending roll-out has no terminals and no episode beyond the time limit`` () =
    for card in Tasks.All do
        if not card.Sparse then
            let data = card.Dataset.Collect(Seed 3UL, 50_000)
            Assert.DoesNotContain(true, data.Terminals)
            Assert.All(data.Episodes, fun episode -> Assert.True(episode.Length <= card.Environment.TimeLimit))
            Assert.All(data.Episodes, fun episode -> Assert.Equal(EpisodeEnd.Timeout, episode.End))
            Assert.Contains(1f, data.Rewards)

let private stitch = points |> List.filter _.Sparse

/// The disc's centre goes at least so far from the start to the goal's edge: in the U around the two inner corners
/// (1.4 + 1 + 1.06 and two short arcs), in the others, generously, as the crow flies.
let private shortestWay = [
    "pointmaze-umaze-stitch-v0", 3.7
    "pointmaze-medium-stitch-v0", 6.4
    "pointmaze-large-stitch-v0", 9.3
]

[<Fact>]
let ``no piece of a stitch task leads from start to goal`` () =
    for card in stitch do
        let maze = card.Maze
        let data = card.Dataset.Collect(Seed 4UL, 100_000)

        for episode in data.Episodes do
            let cells = [
                for row in episode.Start .. episode.Last do
                    let observation = data.Observation row
                    maze.CellAt(float observation[0], float observation[1])
            ]

            // A piece that ends at the goal never saw the start, nor the cell after it.
            if data.Terminals[episode.Last] then
                Assert.DoesNotContain(maze.Start, cells)

                Assert.All(
                    cells,
                    fun cell -> Assert.True(maze.Distance(cell, maze.Goal) < maze.Distance(maze.Start, maze.Goal) - 1)
                )

[<Fact>]
let ``a piece is too short for the way even at full speed`` () =
    for card in stitch do
        let physics, recipe = (pointMaze card).Physics, StitchData()
        let speed = min physics.MaxSpeed (physics.Gear / physics.Damping)

        let seconds =
            float (recipe.MaxLength * (pointMaze card).FrameSkip) * physics.TimeStep

        Assert.True(sqrt 2.0 * speed * seconds < (Map.ofList shortestWay)[card.Name])

[<Fact>]
let ``most actions of a stitch task lead away from the goal, and some reach it`` () =
    for card in stitch do
        let maze = card.Maze
        let data = card.Dataset.Collect(Seed 5UL, 50_000)

        let distance (observation: float32[]) =
            maze.Distance(maze.CellAt(float observation[0], float observation[1]), maze.Goal)

        let changes = [
            for row in 0 .. data.Count - 1 do
                let before, after =
                    data.Observation(row).ToArray(), data.NextObservation(row).ToArray()

                sign (distance after - distance before)
        ]

        let count direction =
            List.length (List.filter ((=) direction) changes)

        Assert.True(count 1 > count -1, card.Name)
        Assert.True(Seq.length (Seq.filter id data.Terminals) > 50, card.Name)
        Assert.All(data.Episodes, fun episode -> Assert.InRange(episode.Length, 1, StitchData().MaxLength))

        for row in 0 .. data.Count - 1 do
            Assert.Equal((data.Rewards[row] = 1f), data.Terminals[row])
            Assert.False(data.Terminals[row] && data.Timeouts[row])

[<Fact>]
let ``a recipe is refused for the wrong kind of task`` () =
    let wandering, stitch =
        pointMaze (Tasks.Get "pointmaze-umaze-v0"), pointMaze (Tasks.Get "pointmaze-umaze-stitch-v0")

    Assert.Throws<ArgumentException>(fun () -> StitchData().In(wandering).Collect(Seed 0UL, 10) |> ignore)
    |> ignore

    Assert.Throws<ArgumentException>(fun () -> WanderingData().In(stitch).Collect(Seed 0UL, 10) |> ignore)
    |> ignore

    Assert.Throws<ArgumentException>(fun () -> StitchData(TowardShare = 1.5).In(stitch).Collect(Seed 0UL, 10) |> ignore)
