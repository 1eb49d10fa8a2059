module Iql.Core.Tests.Environments.GridMazeTests

open System
open Iql
open Iql.Data
open Iql.Environments
open Iql.Environments.Tasks
open Xunit

let private card = Tasks.Get "gridmaze-medium-v0"
let private environment = card.Environment :?> GridMaze
let private cells = card.Maze.Cells.Length

/// Moves from every cell by a search of its own on the drawing: walls are '#', x runs down.
let private walk (row, column) action =
    let down, right = [ -1, 0; 1, 0; 0, -1; 0, 1 ] |> List.item action
    let there = row + down, column + right

    if card.Maze.Drawing[fst there][snd there] = '#' then
        row, column
    else
        there

let private place cell =
    let struct (row, column) = card.Maze.Cells[cell]
    row, column

[<Fact>]
let ``a move goes to the cell beside, or stays before a wall`` () =
    for cell in 0 .. cells - 1 do
        for action in 0..3 do
            Assert.Equal(walk (place cell) action, place (environment.After(cell, action)))

[<Fact>]
let ``the best move takes one from the values that value iteration gives`` () =
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
        Assert.Equal(float (card.Maze.Distance(cell, card.Maze.Goal)), values[cell])

        if cell <> card.Maze.Goal then
            Assert.Equal(values[cell] - 1.0, values[environment.After(cell, environment.Best cell)])

[<Fact>]
let ``observations are one-hot, the goal is terminal, and an episode starts anywhere else`` () =
    let state, observation = [| 0.0 |], Array.zeroCreate<float32> cells

    let starts = [
        for seed in 0UL .. 999UL do
            environment.Reset(Seed seed, state, observation)
            Assert.Equal(1f, observation[int state[0]])
            Assert.Equal(1f, Array.sum observation)
            int state[0]
    ]

    Assert.Equal<int list>(List.except [ card.Maze.Goal ] [ 0 .. cells - 1 ], List.sort (List.distinct starts))

    // The cell before the goal.
    let before = card.Maze.Neighbours(card.Maze.Goal)[0]
    state[0] <- float before
    let action = Array.zeroCreate<float32> 4
    ActionSpace.Write(environment.Best before, action)
    Assert.Equal(StepResult(1f, true), environment.Step(state, action, observation))
    Assert.Equal(1f, observation[card.Maze.Goal])

[<Fact>]
let ``an action is the place of its largest number`` () =
    Assert.Equal(2, ActionSpace.Choice(ReadOnlySpan [| -1f; 0.2f; 0.9f; 0.9f |]))
    Assert.Equal(0, ActionSpace.Choice(ReadOnlySpan [| 0f; 0f |]))
    Assert.Equal("4 discrete actions", string environment.ActionSpace)
    Assert.Equal("actions of 2 numbers", string (ActionSpace.Continuous 2))

let private data = card.Dataset.Collect(Seed 5UL, 20_000)

let private cellOf (observation: ReadOnlySpan<float32>) = ActionSpace.Choice observation

[<Fact>]
let ``every row of the walks replays, and pieces are too short for most of the maze`` () =
    Assert.Equal(ActionSpace.Discrete 4, data.ActionSpace)

    for row in 0 .. data.Count - 1 do
        let state, observation =
            [| float (cellOf (data.Observation row)) |], Array.zeroCreate<float32> cells

        let result = environment.Step(state, data.Action row, observation)
        Assert.Equal<float32[]>(data.NextObservation(row).ToArray(), observation)
        Assert.Equal(StepResult(data.Rewards[row], data.Terminals[row]), result)

    Assert.All(data.Episodes, fun episode -> Assert.InRange(episode.Length, 1, GridWalks().MaxLength))

[<Fact>]
let ``every cell has its best move in the walks, and from most cells most moves lead away`` () =
    let counts = Array2D.zeroCreate<int> cells 4

    for row in 0 .. data.Count - 1 do
        let cell, action =
            cellOf (data.Observation row), ActionSpace.Choice(data.Action row)

        counts[cell, action] <- counts[cell, action] + 1

    let mutable away = 0

    for cell in 0 .. cells - 1 do
        if cell <> card.Maze.Goal then
            let best = counts[cell, environment.Best cell]
            let all = Seq.sum counts[cell, *]
            Assert.InRange(float best / float all, 0.28, 0.42)

            if Seq.max counts[cell, *] > best then
                away <- away + 1

    Assert.True(2 * away > cells, $"{away} of {cells}")

[<Fact>]
let ``the task's pieces are its data set`` () =
    let pieces = [ for piece in card.Dataset.Pieces(Seed 5UL, 20_000L) -> piece ]
    Assert.Equal(data.Fingerprint, (Transitions.Concatenate(data.Name, List.toArray pieces)).Fingerprint)

[<Fact>]
let ``a recipe out of its range is refused`` () =
    let refuses (recipe: GridWalks) =
        Assert.Throws<ArgumentException>(fun () -> recipe.In(environment).Collect(Seed 0UL, 10) |> ignore)
        |> ignore

    refuses (GridWalks(TowardShare = 1.5))
    refuses (GridWalks(MaxLength = 0))
