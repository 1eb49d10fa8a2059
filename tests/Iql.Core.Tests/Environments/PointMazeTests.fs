module Iql.Core.Tests.Environments.PointMazeTests

open System
open FsCheck
open FsCheck.FSharp
open Expecto
open Iql.Tests
open Iql
open Iql.Environments
open Iql.Environments.Tasks

let private tasks = [
    for card in Tasks.All do
        match card.Environment with
        | :? PointMaze as environment -> environment
        | _ -> ()
]

/// Those without wind, whose state is the four numbers of the physics.
let private calm = tasks |> List.filter (fun environment -> environment.Gusts = 0.0)

/// Actions that hold for a while, so that the disc gets somewhere, at times beyond ±1.
let private actions (seed: Seed) count = [|
    for t in 0 .. count - 1 ->
        let hold = uint64 (t / 7)

        [| float32 (seed.Uniform(2UL * hold, 1.5)); float32 (seed.Uniform(2UL * hold + 1UL, 1.5)) |]
|]

let private run (environment: PointMaze) (seed: Seed) count =
    let state = Array.zeroCreate<float> environment.StateSize
    let observation = Array.zeroCreate<float32> 4
    environment.Reset(seed, state, observation)

    [|
        Array.copy state

        for action in actions (seed.Split "actions") count do
            environment.Step(state, action, observation) |> ignore
            Array.copy state
    |]

/// Distance from a point to the nearest wall, by looking at every cell.
let private clearance (maze: Maze) (x: float) (y: float) =
    Seq.min (
        seq {
            for row in 0 .. maze.Rows - 1 do
                for column in 0 .. maze.Columns - 1 do
                    if maze.IsWall(row, column) then
                        let dx = max 0.0 (abs (x - float row) - 0.5)
                        let dy = max 0.0 (abs (y - float column) - 0.5)
                        sqrt (dx * dx + dy * dy)
        }
    )

let private seeds = Gen.choose (0, Int32.MaxValue) |> Gen.map (uint64 >> Seed) |> Arb.fromGen

let private transposed (maze: Maze) =
    Maze(ReadOnlySpan [| for column in 0 .. maze.Columns - 1 -> String [| for row in maze.Drawing -> row[column] |] |])

let private upsideDown (maze: Maze) = Maze(ReadOnlySpan(Array.rev (Array.ofSeq maze.Drawing)))

[<Tests>]
let tests =
    testList "PointMazeTests" [
        testSeeded
            60
            "whatever the actions, the disc never overlaps a wall and never outruns its bound"
            (Prop.forAll seeds (fun seed ->
                for environment in tasks do
                    for state in run environment seed 150 do
                        Expect.isGreaterThan
                            (clearance environment.Maze state[0] state[1])
                            (environment.Physics.Radius - 1e-12)
                            "clearance"

                        Expect.isTrue
                            (max (abs state[2]) (abs state[3]) <= environment.Physics.MaxSpeed + 1e-12)
                            "max state 2 state 3 is at most max speed of environment plus 1e-12"))

        testCase "a disc at full speed into a corner rounds it and loses only the speed into it" (fun () ->
            // Into the wall cell (2, 2) of the U from the upper right, exactly along the diagonal of its corner at
            // (1.5, 2.5).
            let physics = PointMass(Gear = 1e-9, Damping = 0.0)
            let state = [| 1.42; 2.58; 4.0; -4.0 |]
            physics.Advance(Mazes.UMaze, state, 0.0, 0.0)

            Expect.floatClose
                (Accuracy.decimals 12)
                (sqrt ((state[0] - 1.5) ** 2.0 + (state[1] - 2.5) ** 2.0))
                0.1
                "sqrt ((state[0] - 1.5) ** 2.0 + (state[1] - 2.5) ** 2.0)"

            Expect.floatClose (Accuracy.decimals 12) state[2] 0.0 "state 2"
            Expect.floatClose (Accuracy.decimals 12) state[3] 0.0 "state 3"
            // Along the corner's tangent nothing is lost.
            let state = [| 1.5 - 0.1 / sqrt 2.0; 2.5 + 0.1 / sqrt 2.0; 3.0; 3.0 |]
            physics.Advance(Mazes.UMaze, state, 0.0, 0.0)
            Expect.floatClose (Accuracy.decimals 12) state[2] 3.0 "state 2"
            Expect.floatClose (Accuracy.decimals 12) state[3] 3.0 "state 3")

        testSeeded
            60
            "without a force kinetic energy never grows"
            (Prop.forAll seeds (fun seed ->
                for environment in tasks do
                    let energy (state: float[]) = state[2] * state[2] + state[3] * state[3]

                    let state = Array.last (run environment seed 30)
                    let mutable before = energy state

                    for _ in 1..60 do
                        environment.Physics.Advance(environment.Maze, state, 0.0, 0.0)
                        Expect.isTrue (energy state <= before + 1e-12) "energy of state is at most before plus 1e-12"
                        before <- energy state))

        testCase "away from walls the disc follows m v' = g a - b v" (fun () ->
            let physics = PointMass()
            let state = [| 1.0; 1.0; 0.5; -0.25 |]
            let h, m, b = 0.01, 1000.0 * 4.0 / 3.0 * Math.PI * 0.001, 1.0
            physics.Advance(Mazes.UMaze, state, 0.25, -1.0)
            // Implicit damping: m (v' - v) / h = g a - b v'.
            let vx, vy = state[2], state[3]

            Expect.floatClose
                (Accuracy.decimals 9)
                (m * (vx - 0.5) / h)
                (100.0 * 0.25 - b * vx)
                "m times vx minus 0.5 over h"

            Expect.floatClose
                (Accuracy.decimals 9)
                (m * (vy + 0.25) / h)
                (100.0 * -1.0 - b * vy)
                "m times vy plus 0.25 over h"

            Expect.floatClose (Accuracy.decimals 15) state[0] (1.0 + h * vx) "state 0"
            Expect.floatClose (Accuracy.decimals 15) state[1] (1.0 + h * vy) "state 1")

        testCase "a transposed maze moves the disc by transposed steps, to the bit" (fun () ->
            for maze in [ Mazes.UMaze; Mazes.Large ] do
                let physics, mirror = PointMass(), transposed maze
                let a, b = [| 1.0; 1.0; 0.3; 0.1 |], [| 1.0; 1.0; 0.1; 0.3 |]

                for action in actions (Seed 5UL) 2000 do
                    let x, y = Math.Clamp(float action[0], -1.0, 1.0), Math.Clamp(float action[1], -1.0, 1.0)

                    physics.Advance(maze, a, x, y)
                    physics.Advance(mirror, b, y, x)
                    Expect.equal b [| a[1]; a[0]; a[3]; a[2] |] "b")

        testCase "a maze upside down moves the disc by mirrored steps" (fun () ->
            for maze in [ Mazes.UMaze; Mazes.Large ] do
                let physics, mirror = PointMass(), upsideDown maze
                let top = float (maze.Rows - 1)
                let state = [| 1.0; 1.0; 0.3; 0.1 |]

                for action in actions (Seed 6UL) 2000 do
                    let x, y = Math.Clamp(float action[0], -1.0, 1.0), Math.Clamp(float action[1], -1.0, 1.0)

                    let other = [| top - state[0]; state[1]; -state[2]; state[3] |]
                    physics.Advance(maze, state, x, y)
                    physics.Advance(mirror, other, -x, y)
                    Expect.floatClose (Accuracy.decimals 12) other[0] (top - state[0]) "other 0"
                    Expect.floatClose (Accuracy.decimals 12) other[1] state[1] "other 1"
                    Expect.floatClose (Accuracy.decimals 11) other[2] (-state[2]) "other 2"
                    Expect.floatClose (Accuracy.decimals 11) other[3] state[3] "other 3")

        testCase "the same seed and actions give the same bits" (fun () ->
            for environment in tasks do
                Expect.equal (run environment (Seed 3UL) 200) (run environment (Seed 3UL) 200) "run")

        testCase "an episode starts within a tenth of the start cell, or of any free one but a terminal" (fun () ->
            for environment in tasks do
                let maze = environment.Maze

                let started =
                    set [
                        for seed in 0UL .. 999UL ->
                            let state = (run environment (Seed seed) 0)[0]
                            let cell = maze.CellAt(state[0], state[1])
                            let struct (row, column) = maze.Cells[cell]

                            Expect.isTrue
                                (abs (state[0] - float row) <= 0.1 && abs (state[1] - float column) <= 0.1)
                                "what holds"

                            cell
                    ]

                let expected =
                    if maze.Start >= 0 then [ maze.Start ]
                    elif environment.EndsAtGoal then List.except [ maze.Goal ] [ 0 .. maze.Cells.Length - 1 ]
                    else [ 0 .. maze.Cells.Length - 1 ]

                Expect.equal started (set expected) "started")

        testCase "wind is N(0, gusts²) on each axis, new at each decision, and part of the state" (fun () ->
            // From rest, one physics step with a = 0 leaves v = h g w / (m + h b).
            let environment = PointMaze("wind", Mazes.UMaze, 10, gusts = 0.5)
            let physics = environment.Physics
            let still, observation = [| 0f; 0f |], Array.zeroCreate<float32> 4
            let push = physics.TimeStep * physics.Gear / (physics.Mass + physics.TimeStep * physics.Damping)

            let gusts = [|
                for seed in 0UL .. 3_999UL do
                    let state = Array.zeroCreate<float> 5
                    environment.Reset(Seed seed, state, observation)

                    [|
                        for _ in 0..1 do
                            for i in 2..3 do
                                state[i] <- 0.0

                            environment.Step(state, still, observation) |> ignore
                            state[2] / push
                            state[3] / push
                    |]
            |]

            for i in 0..3 do
                for j in 0..i do
                    let product = gusts |> Array.averageBy (fun gust -> gust[i] * gust[j])
                    // Five standard errors of a mean of 4,000.
                    Expect.floatClose (Accuracy.within 0.03) product (if i = j then 0.25 else 0.0) $"{i}, {j}"

                Expect.floatClose (Accuracy.within 0.04) (gusts |> Array.averageBy (Array.item i)) 0.0 $"mean {i}")

        testCase
            "the reward is 1 within half a cell of the goal's centre, and only tasks that say so end there"
            (fun () ->
                for environment in calm do
                    let struct (row, column) = environment.Maze.Cells[environment.Maze.Goal]
                    let observation = Array.zeroCreate<float32> 4
                    let still = [| 0f; 0f |]

                    let step (state: float[]) = environment.Step(state, still, observation)

                    Expect.equal
                        (step [| float row + 0.3; float column - 0.3; 0.0; 0.0 |])
                        (StepResult(1f, environment.EndsAtGoal))
                        "step"

                    Expect.equal
                        (step [| float row + 0.39; float column + 0.39; 0.0; 0.0 |])
                        (StepResult(0f, false))
                        "step")

        testCase "an action beyond ±1 is clipped, and held for every physics step of the decision" (fun () ->
            for environment in calm do
                let observation = Array.zeroCreate<float32> 4
                let struct (row, column) = environment.Maze.Cells[0]
                let start () : float[] = [| float row; float column; 0.0; 0.0 |]
                let far, full, expected = start (), start (), start ()
                let beyond, limit = [| 50f; -50f |], [| 1f; -1f |]
                environment.Step(far, beyond, observation) |> ignore
                environment.Step(full, limit, observation) |> ignore

                for _ in 1 .. environment.FrameSkip do
                    environment.Physics.Advance(environment.Maze, expected, 1.0, -1.0)

                Expect.equal far full "far"
                Expect.equal full expected "full"
                Expect.equal observation (Array.map float32 full) "observation")

        testCase "physics that could tunnel is refused" (fun () ->
            let error =
                Expect.raises<ArgumentException>
                    (fun () -> PointMaze("fast", Mazes.UMaze, 10, physics = PointMass(MaxSpeed = 8.0)) |> ignore)
                    "point maze"

            Expect.stringContains error.Message "MaxSpeed" "message of error"
            Expect.stringContains error.Message "Shorten the time step" "message of error")
    ]
