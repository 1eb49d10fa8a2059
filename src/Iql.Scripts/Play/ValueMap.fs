namespace Iql.Scripts

open Iql.Environments

/// Values of the places of a maze, as squares of colour.
type ValueMap = {
    /// "V(s)", "min Q(s, π(s))".
    Formula: string
    /// Where the maze's walls begin, as the picture has x and y.
    Corner: float * float
    /// Side of a square.
    Side: float
    /// Column, row and value of each, counted from the corner; a row's from left to right. All values are finite.
    Squares: (int * int * float) list
}

[<RequireQualifiedAccess>]
module ValueMap =

    /// Values of being at rest in each free square of a maze; where nobody decides there is none.
    let ofMaze (maze: PictureMaze) (values: ValueFunction) : ValueMap =
        let side = maze.Side / float maze.Squares
        let struct (x, y) = maze.Middle(0, 0)
        let left, top = x - maze.Side / 2.0, y - maze.Side / 2.0
        let middle i = (float i + 0.5) * side

        let places = [
            for row in 0 .. maze.Squares * maze.Maze.Rows - 1 do
                for column in 0 .. maze.Squares * maze.Maze.Columns - 1 do
                    if not (maze.Maze.IsWall(row / maze.Squares, column / maze.Squares)) then
                        match maze.Observe.Invoke(left + middle column, top + middle row) with
                        | null -> ()
                        | observation -> column, row, observation
        ]

        {
            Formula = values.Formula
            Corner = left, top
            Side = side
            Squares = [
                for (column, row, _), value in Seq.zip places (values.Of [ for _, _, at in places -> at ]) do
                    if System.Double.IsFinite value then
                        column, row, value
            ]
        }

    /// Minimum and maximum of the values; None without values.
    let range (map: ValueMap) : (float * float) option =
        match [ for _, _, value in map.Squares -> value ] with
        | [] -> None
        | values -> Some(List.min values, List.max values)
