module Iql.Core.Tests.Environments.MazeTests

open System
open Expecto
open Iql.Tests
open Iql.Environments

let private mazes = [ Mazes.UMaze; Mazes.Medium; Mazes.Large ]

let private refused (rows: string list) (expected: string) =
    let error =
        Expect.raises<ArgumentException> (fun () -> Maze(ReadOnlySpan(Array.ofList rows)) |> ignore) "maze"

    Expect.stringContains error.Message expected "message of error"

[<Tests>]
let tests =
    testList "MazeTests" [
        testCase "cells are numbered in reading order and stand at their row and column" (fun () ->
            let maze = Mazes.UMaze

            Expect.sequenceEqual
                maze.Cells
                ([ 1, 1; 1, 2; 1, 3; 2, 3; 3, 1; 3, 2; 3, 3 ] |> List.map (fun (r, c) -> struct (r, c)))
                "cells of maze"

            Expect.equal maze.Goal 0 "goal of maze"
            Expect.equal maze.Start (-1) "start of maze"
            Expect.equal (maze.CellAt(2.4, 2.6)) 3 "cell at of maze"
            Expect.equal (maze.CellAt(2.0, 2.0)) (-1) "cell at of maze"
            Expect.equal (maze.CellAt(-7.0, 99.0)) (-1) "cell at of maze")

        testCase "the mazes have D4RL's number of free cells" (fun () ->
            Expect.equal (mazes |> List.map _.Cells.Length) [ 7; 26; 46 ] "mazes")

        testCase "the next cell is a neighbour one nearer to the target" (fun () ->
            for maze in mazes do
                for from in 0 .. maze.Cells.Length - 1 do
                    for target in 0 .. maze.Cells.Length - 1 do
                        if from = target then
                            Expect.equal (maze.Distance(from, target)) 0 "distance of maze"
                            Expect.equal (maze.Next(from, target)) target "next of maze"
                        else
                            let next = maze.Next(from, target)
                            Expect.contains (maze.Neighbours(from).ToArray()) next "neighbours of maze of from"

                            Expect.equal
                                (maze.Distance(next, target))
                                (maze.Distance(from, target) - 1)
                                "distance of maze")

        testCase "distances are the same both ways" (fun () ->
            for maze in mazes do
                for a in 0 .. maze.Cells.Length - 1 do
                    for b in 0..a do
                        Expect.equal (maze.Distance(b, a)) (maze.Distance(a, b)) "distance of maze")

        testCase "a drawing that is no maze is refused and says why" (fun () ->
            refused [ "####"; "#GX#"; "####" ] "'#', 'O', 'G' or 'S'"
            refused [ "####"; "#GO"; "####" ] "4 characters"
            refused [ "####"; "#GOO"; "####" ] "a wall, as all of the border"
            refused [ "####"; "#OO#"; "####" ] "one goal"
            refused [ "####"; "#GG#"; "####" ] "one goal"
            refused [ "#####"; "#G#O#"; "#####" ] "all connected")
    ]
