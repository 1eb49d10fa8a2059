namespace Iql.Scripts

open Iql.Environments

/// Values of the places of a maze, as cells of colour.
type ValueMap = {
    /// "V(s)", "min Q(s, π(s))".
    Formula: string
    /// Where the maze's walls begin, as the picture has x and y.
    Corner: float * float
    /// Side of a cell of colour.
    Side: float
    /// Column, row and value of each, counted from the corner; a row's from left to right.
    Cells: (int * int * float) list
}

[<RequireQualifiedAccess>]
module ValueMap =

    /// Cells of colour along a maze's cell, where places lie close.
    let fine = 8

    /// Values over the free cells of a maze: so many cells of colour along one of its cells, what is seen at a place of the picture (None
    /// where nobody ever decides), and by whom.
    let ofMaze
        (maze: Maze)
        (place: int * int -> float * float)
        (cell: float)
        (along: int)
        (see: float * float -> float32[] option)
        (valuation: Valuation)
        : ValueMap =
        let side = cell / float along
        let left, top = place (0, 0) |> fun (x, y) -> x - cell / 2.0, y - cell / 2.0
        let middle i = (float i + 0.5) * side

        let cells = [
            for row in 0 .. along * maze.Rows - 1 do
                for column in 0 .. along * maze.Columns - 1 do
                    if not (maze.IsWall(row / along, column / along)) then
                        match see (left + middle column, top + middle row) with
                        | Some seen -> column, row, seen
                        | None -> ()
        ]

        let values = valuation.Of [ for _, _, seen in cells -> seen ]

        {
            Formula = valuation.Formula
            Corner = left, top
            Side = side
            Cells = [
                for (column, row, _), value in Seq.zip cells values do
                    if System.Double.IsFinite value then
                        column, row, value
            ]
        }

    /// The least and the greatest value; None where nothing is finite.
    let range (map: ValueMap) : (float * float) option =
        match [ for _, _, value in map.Cells -> value ] with
        | [] -> None
        | values -> Some(List.min values, List.max values)
