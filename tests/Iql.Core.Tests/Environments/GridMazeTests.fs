module Iql.Core.Tests.Environments.GridMazeTests

open System
open Iql
open Iql.Data
open Iql.Environments
open Iql.Environments.Tasks
open Expecto
open Iql.Tests

let private card = Tasks.Get "gridmaze-medium-v0"
let private environment = card.Environment :?> GridMaze
let private cells = card.Maze.Cells.Length

/// Moves from every cell by a search of its own on the drawing: walls are '#', x runs down.
let private walk (row, column) action =
    let down, right = [ -1, 0; 1, 0; 0, -1; 0, 1 ] |> List.item action
    let there = row + down, column + right

    if card.Maze.Drawing[fst there][snd there] = '#' then row, column else there

let private place cell =
    let struct (row, column) = card.Maze.Cells[cell]
    row, column

let private data = card.Dataset.Collect(Seed 5UL, 20_000)

let private cellOf (observation: ReadOnlySpan<float32>) = ActionSpace.Choice observation

[<Tests>]
let tests =
    testList "GridMazeTests" [
        testCase "a move goes to the cell beside, or stays before a wall" (fun () ->
            for cell in 0 .. cells - 1 do
                for action in 0..3 do
                    Expect.equal (place (environment.After(cell, action))) (walk (place cell) action) "place")

        testCase "the best move takes one from the values that value iteration gives" (fun () ->
            // V(cell) = number of moves to the goal.
            let improve (values: float[]) = [|
                for cell in 0 .. cells - 1 ->
                    if cell = card.Maze.Goal then
                        0.0
                    else
                        1.0 + List.min [ for action in 0..3 -> values[environment.After(cell, action)] ]
            |]

            let values =
                (Array.init cells (fun cell -> if cell = card.Maze.Goal then 0.0 else 1e9), [ 1..cells ])
                ||> List.fold (fun values _ -> improve values)

            for cell in 0 .. cells - 1 do
                Expect.equal values[cell] (float (card.Maze.Distance(cell, card.Maze.Goal))) "values at cell"

                if cell <> card.Maze.Goal then
                    Expect.equal values[environment.After(cell, environment.Best cell)] (values[cell] - 1.0) "values")

        testCase "observations are one-hot, the goal is terminal, and an episode starts anywhere else" (fun () ->
            let state, observation = [| 0.0 |], Array.zeroCreate<float32> cells

            let starts = [
                for seed in 0UL .. 999UL do
                    environment.Reset(Seed seed, state, observation)
                    Expect.equal observation[int state[0]] 1f "observation"
                    Expect.equal (Array.sum observation) 1f "sum of observation"
                    int state[0]
            ]

            Expect.equal
                (List.sort (List.distinct starts))
                (List.except [ card.Maze.Goal ] [ 0 .. cells - 1 ])
                "distinct starts"

            // The cell before the goal.
            let before = card.Maze.Neighbours(card.Maze.Goal)[0]
            state[0] <- float before
            let action = Array.zeroCreate<float32> 4
            ActionSpace.Write(environment.Best before, action)
            Expect.equal (environment.Step(state, action, observation)) (StepResult(1f, true)) "step of environment"
            Expect.equal observation[card.Maze.Goal] 1f "observation")

        testCase "an action is the place of its largest number" (fun () ->
            Expect.equal (ActionSpace.Choice(ReadOnlySpan [| -1f; 0.2f; 0.9f; 0.9f |])) 2 "choice"
            Expect.equal (ActionSpace.Choice(ReadOnlySpan [| 0f; 0f |])) 0 "choice"
            Expect.equal (string environment.ActionSpace) "4 discrete actions" "action space of environment"
            Expect.equal (string (ActionSpace.Continuous 2)) "actions of 2 numbers" "continuous 2")

        testCase "every row of the walks replays, and pieces are too short for most of the maze" (fun () ->
            Expect.equal data.ActionSpace (ActionSpace.Discrete 4) "action space of data"

            for row in 0 .. data.Count - 1 do
                let state, observation = [| float (cellOf (data.Observation row)) |], Array.zeroCreate<float32> cells

                let result = environment.Step(state, data.Action row, observation)
                Expect.equal observation (data.NextObservation(row).ToArray()) "observation"
                Expect.equal result (StepResult(data.Rewards[row], data.Terminals[row])) "result"

            for episode in data.Episodes do
                Expect.between 1 (GridWalks().MaxLength) episode.Length "length of episode")

        testCase "every cell has its best move in the walks, and from most cells most moves lead away" (fun () ->
            let counts = Array2D.zeroCreate<int> cells 4

            for row in 0 .. data.Count - 1 do
                let cell, action = cellOf (data.Observation row), ActionSpace.Choice(data.Action row)

                counts[cell, action] <- counts[cell, action] + 1

            let mutable away = 0

            for cell in 0 .. cells - 1 do
                if cell <> card.Maze.Goal then
                    let best = counts[cell, environment.Best cell]
                    let all = Seq.sum counts[cell, *]
                    Expect.between 0.28 0.42 (float best / float all) "best over all"

                    if Seq.max counts[cell, *] > best then
                        away <- away + 1

            Expect.isGreaterThan (2 * away) cells $"{away} of {cells}")

        testCase "the task's pieces are its data set" (fun () ->
            let pieces = [ for piece in card.Dataset.Pieces(Seed 5UL, 20_000L) -> piece ]

            Expect.equal
                (Transitions.Concatenate(data.Name, List.toArray pieces)).Fingerprint
                data.Fingerprint
                "fingerprint of concatenate")

        testCase "a recipe out of its range is refused" (fun () ->
            let refuses (recipe: GridWalks) =
                Expect.refuses
                    (fun () -> recipe.In(environment).Collect(Seed 0UL, 10) |> ignore)
                    "collect of in of recipe of environment"

            refuses (GridWalks(TowardShare = 1.5))
            refuses (GridWalks(MaxLength = 0)))
    ]
