namespace Iql.Scripts

open System
open Iql.Environments.Mujoco

/// A round bar of a shape, in the shape's own coordinates.
type Stick = {
    Shape: int
    Radius: float
    From: float[]
    To: float[]
}

/// How the Adroit hand and its things are drawn: from a corner above, every shape as round bars.
[<RequireQualifiedAccess>]
module HandPicture =

    let private sphere, capsule, cylinder, box = 2, 3, 5, 6
    let private table, tracker, firstThing = 1, 2, 28

    /// Whether a task is one of the hand's.
    let shows (task: IMujocoTask) : bool =
        match task with
        | :? AdroitDoor
        | :? AdroitPen
        | :? AdroitHammer
        | :? AdroitRelocate -> true
        | _ -> false

    /// Bars side by side that fill a box, as planks do a door: each as thick as the box, along its longest side.
    let private planks shape (half: float[]) =
        let order = [| 0; 1; 2 |] |> Array.sortBy (fun axis -> half[axis])
        let thickness, width, length = half[order[0]], half[order[1]], half[order[2]]
        let count = max 1 (int (Math.Round(width / thickness)))

        [
            for i in 0 .. count - 1 ->
                let across = width * (float (2 * i + 1) / float count - 1.0)
                let along = max 0.0 (length - thickness)

                let place side =
                    let point = Array.zeroCreate 3
                    point[order[1]] <- across
                    point[order[2]] <- side * along
                    point

                {
                    Shape = shape
                    Radius = max thickness (width / float count)
                    From = place -1.0
                    To = place 1.0
                }
        ]

    let private sticksOf shape kind (size: float[]) =
        let bar half = [
            {
                Shape = shape
                Radius = size[0]
                From = [| 0.0; 0.0; -half |]
                To = [| 0.0; 0.0; half |]
            }
        ]

        match kind with
        | kind when kind = sphere -> bar 0.0
        | kind when kind = capsule -> bar size[1]
        | kind when kind = cylinder && size[1] >= size[0] -> bar (size[1] - size[0])
        // A disc is nearly the square of its area.
        | kind when kind = cylinder -> planks shape [| 0.886 * size[0]; 0.886 * size[0]; size[1] |]
        | kind when kind = box -> planks shape size
        | _ -> []

    // The camera stands to the right of the arm and behind it, and looks down on the table.
    let private azimuth, elevation = -50.0 * Math.PI / 180.0, 25.0 * Math.PI / 180.0

    let private right = [| -sin azimuth; cos azimuth; 0.0 |]

    let private up = [| -cos azimuth * sin elevation; -sin azimuth * sin elevation; cos elevation |]

    let private near = [| cos azimuth * cos elevation; sin azimuth * cos elevation; sin elevation |]

    let private along (axis: float[]) (point: float[]) = Array.map2 (*) axis point |> Array.sum

    let private place (simulation: MujocoSimulation) (stick: Stick) (local: float[]) =
        let middle, rotation =
            (simulation.GeomPosition stick.Shape).ToArray(), (simulation.GeomRotation stick.Shape).ToArray()

        Array.init 3 (fun axis ->
            middle[axis]
            + rotation[3 * axis] * local[0]
            + rotation[3 * axis + 1] * local[1]
            + rotation[3 * axis + 2] * local[2])

    let private colour body =
        match body with
        | body when body = table -> "#e2ded2"
        | body when body < firstThing -> [| "#6d8fb3"; "#4c6c91" |][body % 2]
        | body -> [| "#b98b4e"; "#d7b17a"; "#5f5f5f" |][(body - firstThing) % 3]

    /// Radius and colour of each bar, the corners of the picture, and where a state's bars are: x1, y1, x2, y2 of each.
    let look
        (robot: MujocoEnvironment)
        (start: float[])
        : (float * string) list * (float * float) list * (float[] -> float[]) =
        let model = robot.World.Model

        let kinds, bodies, sizes =
            model.Read "geom_type", model.Read "geom_bodyid", model.Read "geom_size"

        let all = [
            for shape in 0 .. kinds.Length - 1 do
                let kind, body = int kinds[shape], int bodies[shape]

                if body = table && kind = box || body > tracker then
                    yield! sticksOf shape kind [| for i in 0..2 -> sizes[3 * shape + i] |]
        ]

        let simulation = robot.Show(start.AsSpan())

        // What stands farther off at the start is drawn first.
        let sticks =
            all
            |> List.sortBy (fun stick ->
                bodies[stick.Shape] <> float table,
                along near (place simulation stick (Array.map2 (fun a b -> (a + b) / 2.0) stick.From stick.To)))

        let target (state: float[]) =
            match robot.World.Task with
            | :? AdroitRelocate -> [ (robot.Memory(state.AsSpan()).Slice(2).ToArray()) ]
            | _ -> []

        let flat point = [ along right point; -(along up point) ]

        let bars =
            [ for stick in sticks -> stick.Radius, colour (int bodies[stick.Shape]) ]
            @ [ for _ in target start -> 0.02, "#009e73" ]

        let places (state: float[]) =
            let simulation = robot.Show(state.AsSpan())

            [|
                for stick in sticks do
                    yield! flat (place simulation stick stick.From)
                    yield! flat (place simulation stick stick.To)
                for point in target state do
                    yield! flat point
                    yield! flat point
            |]

        let placesAtStart = places start

        // The frame holds what moves, with room for it; the table runs out of it.
        let shown =
            List.zip (sticks |> List.map (fun stick -> bodies[stick.Shape])) [
                for i in 0 .. sticks.Length - 1 -> placesAtStart[4 * i .. 4 * i + 3]
            ]
            |> List.filter (fun (body, _) -> body <> float table)
            |> List.map snd

        let margin = 0.2

        let x, y =
            shown |> List.collect (fun p -> [ p[0]; p[2] ]), shown |> List.collect (fun p -> [ p[1]; p[3] ])

        bars,
        [
            List.min x - margin, List.min y - margin
            List.max x + margin, List.max y + margin
        ],
        places
