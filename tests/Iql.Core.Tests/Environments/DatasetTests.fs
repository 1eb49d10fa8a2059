module Iql.Core.Tests.Environments.DatasetTests

open System
open Expecto
open Iql.Tests
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

/// The tasks whose data are pieces, and those of them with a start.
let private pieces = points |> List.filter _.Sparse
let private stitch = pieces |> List.filter (fun card -> card.Maze.Start >= 0)

/// The disc's centre goes at least so far from the start to the goal's edge: in the U around the two inner corners
/// (1.4 + 1 + 1.06 and two short arcs), in the others, generously, as the crow flies.
let private shortestWay = [
    "pointmaze-umaze-stitch-v0", 3.7
    "pointmaze-medium-stitch-v0", 6.4
    "pointmaze-large-stitch-v0", 9.3
]

[<Tests>]
let tests =
    testList "DatasetTests" [
        testCase "a data set has the same bits on any number of threads" (fun () ->
            let wandering = pointMaze (Tasks.Get "pointmaze-medium-v0")
            let stitch = pointMaze (Tasks.Get "pointmaze-medium-stitch-v0")
            let grid = (Tasks.Get "gridmaze-medium-v0").Environment :?> GridMaze

            let wander threads = WanderingData(Noise = 0.2).In(wandering).Collect(Seed 7UL, 61_234, threads)

            let pieces threads = StitchData().In(stitch).Collect(Seed 7UL, 31_234, threads)

            let walks threads = GridWalks().In(grid).Collect(Seed 7UL, 31_234, threads)

            for collect, size in [ wander, 61_234; pieces, 31_234; walks, 31_234 ] do
                let alone: Transitions = collect 1
                Expect.equal alone.Count size "count of alone"
                Expect.equal (collect 2).Fingerprint alone.Fingerprint "fingerprint of collect 2"
                Expect.equal (collect 5).Fingerprint alone.Fingerprint "fingerprint of collect 5")

        testCase "another seed gives another data set" (fun () ->
            for card in Tasks.All do
                let prints = [ for seed in 0UL .. 3UL -> card.Dataset.Collect(Seed seed, 500).Fingerprint ]
                Expect.equal (List.length (List.distinct prints)) 4 "number of distinct prints")

        testCase "every row replays in the environment" (fun () ->
            // The data do not hold the wind.
            for card in points |> List.filter (fun card -> (pointMaze card).Gusts = 0.0) do
                let environment = pointMaze card
                let data = card.Dataset.Collect(Seed 1UL, 3_000)
                let observation = Array.zeroCreate<float32> 4

                for row in 0 .. data.Count - 1 do
                    // Observations are float32, states double: hence not to the bit.
                    let state = [| for s in data.Observation(row).ToArray() -> float s |]
                    let result = card.Environment.Step(state, data.Action row, observation)
                    let there = environment.AtGoal(state[0], state[1])
                    let next = data.NextObservation(row).ToArray()

                    Array.iter2
                        (fun (a: float32) b -> Expect.floatClose (Accuracy.within 1e-4) (float b) (float a) "b")
                        observation
                        next

                    if there = environment.AtGoal(float next[0], float next[1]) then
                        Expect.equal data.Rewards[row] result.Reward "rewards of data at row"
                        Expect.equal data.Terminals[row] result.Terminal "terminals of data at row")

        testCase "inside an episode a row starts where the one before ended" (fun () ->
            for card in Tasks.All do
                let data = card.Dataset.Collect(Seed 2UL, 50_000)

                for row in 0 .. data.Count - 2 do
                    if not data.Terminals[row] && not data.Timeouts[row] then
                        Expect.isTrue
                            (MemoryExtensions.SequenceEqual(data.NextObservation row, data.Observation(row + 1)))
                            "sequence equal")

        testCase "a never-ending roll-out has no terminals and no episode beyond the time limit" (fun () ->
            for card in Tasks.All do
                if not card.Sparse then
                    let data = card.Dataset.Collect(Seed 3UL, 50_000)
                    Expect.lacks data.Terminals true "terminals of data"

                    Expect.all
                        data.Episodes
                        (fun episode -> episode.Length <= card.Environment.TimeLimit)
                        "episodes of data"

                    for episode in data.Episodes do
                        Expect.equal episode.End EpisodeEnd.Timeout "end of episode"

                    Expect.contains data.Rewards 1f "rewards of data")

        testCase "no piece of a stitch task leads from start to goal" (fun () ->
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
                        Expect.lacks cells maze.Start "cells"

                        Expect.all
                            cells
                            (fun cell -> maze.Distance(cell, maze.Goal) < maze.Distance(maze.Start, maze.Goal) - 1)
                            "cells")

        testCase "a piece is too short for the way even at full speed" (fun () ->
            for card in stitch do
                let physics, recipe = (pointMaze card).Physics, StitchData()
                let speed = min physics.MaxSpeed (physics.Gear / physics.Damping)

                let seconds = float (recipe.MaxLength * (pointMaze card).FrameSkip) * physics.TimeStep

                Expect.isTrue
                    (sqrt 2.0 * speed * seconds < (Map.ofList shortestWay)[card.Name])
                    "sqrt of 2.0 times speed times seconds is below shortest way")

        testCase "most actions of pieces lead away from the goal, and some reach it" (fun () ->
            for card in pieces do
                let maze = card.Maze
                let data = card.Dataset.Collect(Seed 5UL, 50_000)

                let distance (observation: float32[]) =
                    maze.Distance(maze.CellAt(float observation[0], float observation[1]), maze.Goal)

                let changes = [
                    for row in 0 .. data.Count - 1 do
                        let before, after = data.Observation(row).ToArray(), data.NextObservation(row).ToArray()

                        sign (distance after - distance before)
                ]

                let count direction = List.length (List.filter ((=) direction) changes)

                Expect.isGreaterThan (count 1) (count -1) card.Name
                Expect.isGreaterThan (Seq.length (Seq.filter id data.Terminals)) 50 card.Name

                for episode in data.Episodes do
                    Expect.between 1 (StitchData().MaxLength) episode.Length "length of episode"

                for row in 0 .. data.Count - 1 do
                    Expect.equal data.Terminals[row] (data.Rewards[row] = 1f) "terminals of data at row"

                    Expect.isFalse
                        (data.Terminals[row] && data.Timeouts[row])
                        "terminals of data at row and timeouts of data at row")

        testCase "a recipe is refused for the wrong kind of task" (fun () ->
            let wandering, stitch =
                pointMaze (Tasks.Get "pointmaze-umaze-v0"), pointMaze (Tasks.Get "pointmaze-umaze-stitch-v0")

            Expect.refuses
                (fun () -> StitchData().In(wandering).Collect(Seed 0UL, 10) |> ignore)
                "collect of in of stitch data"

            Expect.refuses
                (fun () -> WanderingData().In(stitch).Collect(Seed 0UL, 10) |> ignore)
                "collect of in of wandering data"

            Expect.refuses
                (fun () -> StitchData(TowardShare = 1.5).In(stitch).Collect(Seed 0UL, 10) |> ignore)
                "collect of in of stitch data")
    ]
