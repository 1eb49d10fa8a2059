module Iql.Core.Tests.Environments.MazeTests

open System
open Xunit
open Iql.Environments

let private mazes = [ Mazes.UMaze; Mazes.Medium; Mazes.Large ]

let private refused (rows: string list) (expected: string) =
    let error =
        Assert.Throws<ArgumentException>(fun () -> Maze(ReadOnlySpan(Array.ofList rows)) |> ignore)

    Assert.Contains(expected, error.Message)

[<Fact>]
let ``cells are numbered in reading order and stand at their row and column`` () =
    let maze = Mazes.UMaze

    Assert.Equal<struct (int * int)>(
        [ 1, 1; 1, 2; 1, 3; 2, 3; 3, 1; 3, 2; 3, 3 ]
        |> List.map (fun (r, c) -> struct (r, c)),
        maze.Cells
    )

    Assert.Equal(0, maze.Goal)
    Assert.Equal(-1, maze.Start)
    Assert.Equal(3, maze.CellAt(2.4, 2.6))
    Assert.Equal(-1, maze.CellAt(2.0, 2.0))
    Assert.Equal(-1, maze.CellAt(-7.0, 99.0))

[<Fact>]
let ``the mazes have D4RL's number of free cells`` () =
    Assert.Equal<int>([ 7; 26; 46 ], mazes |> List.map _.Cells.Length)

[<Fact>]
let ``the next cell is a neighbour one nearer to the target`` () =
    for maze in mazes do
        for from in 0 .. maze.Cells.Length - 1 do
            for target in 0 .. maze.Cells.Length - 1 do
                if from = target then
                    Assert.Equal(0, maze.Distance(from, target))
                    Assert.Equal(target, maze.Next(from, target))
                else
                    let next = maze.Next(from, target)
                    Assert.Contains(next, maze.Neighbours(from).ToArray())
                    Assert.Equal(maze.Distance(from, target) - 1, maze.Distance(next, target))

[<Fact>]
let ``distances are the same both ways`` () =
    for maze in mazes do
        for a in 0 .. maze.Cells.Length - 1 do
            for b in 0..a do
                Assert.Equal(maze.Distance(a, b), maze.Distance(b, a))

[<Fact>]
let ``a drawing that is no maze is refused and says why`` () =
    refused [ "####"; "#GX#"; "####" ] "'#', 'O', 'G' or 'S'"
    refused [ "####"; "#GO"; "####" ] "4 characters"
    refused [ "####"; "#GOO"; "####" ] "a wall, as all of the border"
    refused [ "####"; "#OO#"; "####" ] "one goal"
    refused [ "####"; "#GG#"; "####" ] "one goal"
    refused [ "#####"; "#G#O#"; "#####" ] "all connected"
