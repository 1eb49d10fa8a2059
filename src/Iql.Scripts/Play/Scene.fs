namespace Iql.Scripts

open System
open Iql
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Environments.Mujoco

/// A round bar from one point to another (or a disc, where both are the same), in metres or cells of the picture.
type Bar = { Radius: float; Colour: string }

/// What a maze looks like from above.
type Ground = {
    /// Middles of the walls, as the picture has x and y.
    Walls: (float * float) list
    /// Side of a cell.
    Cell: float
    Goal: (float * float) option
    GoalRadius: float
}

/// One moment.
type Moment = {
    Seconds: float
    /// x1, y1, x2, y2 of each bar.
    Places: float[]
    /// Where the picture looks to, or where the one who moves is.
    Middle: float * float
    /// Undiscounted return so far.
    Return: float
    /// What the one who acts makes of it, and what then came: discounted rewards to go, in the units of training.
    Worth: (float * float) option
}

/// An episode as a picture that moves.
type Scene = {
    Title: string
    Says: string
    Bars: Bar list
    /// None: seen from the side, on a floor, the picture following.
    Ground: Ground option
    Moments: Moment list
    /// Values of places, where a maze is played by somebody who has any.
    Values: ValueMap option
    /// What Worth holds: "V(s)".
    Formula: string option
    /// How it ended: "terminal after 312 decisions".
    End: string
    Score: float option
}

/// Playing an episode and looking at it.
[<RequireQualifiedAccess>]
module Scene =

    /// Seconds between two pictures, at least.
    let private apart = 1.0 / 40.0

    let private sphere, capsule = 2.0, 3.0

    /// The shapes of a robot that are drawn: number, radius, half length.
    let private shapes (model: MujocoModel) =
        let kinds, bodies, sizes =
            model.Read "geom_type", model.Read "geom_bodyid", model.Read "geom_size"

        [
            for i in 0 .. kinds.Length - 1 do
                if bodies[i] > 0.0 && (kinds[i] = sphere || kinds[i] = capsule) then
                    i, sizes[3 * i], (if kinds[i] = capsule then sizes[3 * i + 1] else 0.0)
        ]

    /// Both ends of every shape, in the picture's x and y.
    let private ends (simulation: MujocoSimulation) project shapes = [|
        for geom, _, half in shapes do
            let position, rotation =
                (simulation.GeomPosition geom).ToArray(), (simulation.GeomRotation geom).ToArray()

            for side in [ -1.0; 1.0 ] do
                let x, y =
                    project (Array.init 3 (fun axis -> position[axis] + side * half * rotation[3 * axis + 2]))

                yield x
                yield y
    |]

    let private mazeGround (maze: Maze) (place: int * int -> float * float) cell goal radius = {
        Walls = [
            for row in 0 .. maze.Rows - 1 do
                for column in 0 .. maze.Columns - 1 do
                    if maze.IsWall(row, column) then
                        place (row, column)
        ]
        Cell = cell
        Goal = goal
        GoalRadius = radius
    }

    /// How far a maze is drawn from its coordinates: Maze2D's middles of cells lie at their numbers less 0.2.
    let private drawnShift (environment: IEnvironment) =
        if environment :? MujocoEnvironment then 0.2 else 0.0

    /// The observation of somebody at rest at a place of the picture, else as an episode starts; None where nobody decides any more.
    let private seeing (environment: IEnvironment) (start: float32[]) (x: float, y: float) : float32[] option =
        match environment with
        | :? GridMaze as grid ->
            let seen: float32[] = Array.zeroCreate start.Length
            let cell = grid.Maze.CellAt(y, x)
            GridMaze.Observe(cell, seen)
            if cell = grid.Maze.Goal then None else Some seen
        | environment ->
            let ant = (Acting.antMaze environment).IsSome
            let positions = if ant then 15 else 2
            let shift = drawnShift environment
            // An ant's maze has x along the drawing, a point's down it.
            let first, second = if ant then x, y else y - shift, x - shift

            start
            |> Array.mapi (fun i number ->
                match i with
                | 0 -> float32 first
                | 1 -> float32 second
                | i when i < positions -> number
                | _ -> 0f)
            |> Some

    /// How a task looks: bars, ground, how values of its places are drawn, seconds of a decision, and a state's bars and middle.
    let private look (card: TaskCard) (environment: IEnvironment) (start: float[]) =
        let bodyColours = Palette.categorical

        match environment, Option.ofObj card.Maze with
        | :? MujocoEnvironment as robot, None when HandPicture.shows robot.World.Task ->
            let bars, corners, places = HandPicture.look robot start
            // Two specks of wall in the corners hold the picture still.
            let ground = {
                Walls = corners
                Cell = 0.004
                Goal = None
                GoalRadius = 0.0
            }

            [ for radius, colour in bars -> { Radius = radius; Colour = colour } ],
            Some ground,
            None,
            robot.World.Model.TimeStep * float robot.World.Task.FrameSkip,
            (fun state -> places state, corners.Head)
        | :? MujocoEnvironment as robot, None ->
            let task = robot.World.Task
            let shapes = shapes robot.World.Model
            let flat = task :? Locomotion && (task :?> Locomotion).TrackedBody < 0

            // From the side x and height; from above x and, downwards, y, as mazes are drawn.
            let project (p: float[]) =
                if flat then p[0], -p[2] else p[0], p[1]

            let bodies = robot.World.Model.Read "geom_bodyid"

            let bars = [
                for geom, radius, _ in shapes ->
                    {
                        Radius = radius
                        Colour = bodyColours[int bodies[geom] % bodyColours.Length]
                    }
            ]

            let ground, valued =
                match Acting.antMaze environment with
                | Some maze ->
                    let struct (startRow, startColumn) = maze.Maze.Cells[maze.Maze.Start]
                    let memory = (robot.Memory(start.AsSpan())).ToArray()

                    let place (row, column) =
                        AntMaze.CellSize * float (column - startColumn), AntMaze.CellSize * float (row - startRow)

                    Some(mazeGround maze.Maze place AntMaze.CellSize (Some(memory[0], memory[1])) AntMaze.GoalRadius),
                    Some(ValueMap.ofMaze maze.Maze place AntMaze.CellSize ValueMap.fine)
                | None when flat -> None, None
                | None ->
                    Some {
                        Walls = []
                        Cell = 1.0
                        Goal = None
                        GoalRadius = 0.0
                    },
                    None

            let picture (state: float[]) =
                let simulation = robot.Show(state.AsSpan())
                let middle = project ((simulation.BodyPosition 1).ToArray())
                ends simulation project shapes, middle

            bars, ground, valued, robot.World.Model.TimeStep * float task.FrameSkip, picture
        | _, Some maze ->
            // x runs down the drawing and y to its right.
            let struct (row, column) = maze.Cells[maze.Goal]
            let shift = drawnShift environment

            let place (row, column) = float column, float row

            let ground =
                mazeGround maze place 1.0 (Some(float column + shift, float row + shift)) 0.5

            let along = if environment :? GridMaze then 1 else ValueMap.fine

            let seconds =
                match environment with
                | :? PointMaze as point -> point.Physics.TimeStep * float point.FrameSkip
                | :? GridMaze -> 0.4 // a walk in cells has no time of its own
                | _ -> 0.01

            let picture (state: float[]) =
                let x, y =
                    if environment :? GridMaze then
                        let struct (row, column) = maze.Cells[int state[0]]
                        float column, float row
                    else
                        state[1] + shift, state[0] + shift

                [| x; y; x; y |], (x, y)

            [
                {
                    Radius = 0.1
                    Colour = bodyColours[0]
                }
            ],
            Some ground,
            Some(ValueMap.ofMaze maze place 1.0 along),
            seconds,
            picture
        | _ -> raise (Refusal $"{card.Name}: there is no picture of this task.")

    /// Discounts what came and asks what was expected, at the moments that are shown.
    let private worth
        (values: Valuation option)
        (rewards: float32 list)
        (terminal: bool)
        (shown: (Moment * int * float32[]) list)
        =
        match values with
        | None -> [ for moment, _, _ in shown -> moment ]
        | Some values ->
            let toGo = Valuation.returnsToGo values rewards
            let expected = values.Of [ for _, _, seen in shown -> seen ]

            [
                for (moment, decision, _), value in Seq.zip shown expected ->
                    {
                        moment with
                            Worth =
                                // Nothing comes after a terminal, and nobody was taught what it is worth.
                                if terminal && decision = rewards.Length then
                                    None
                                else
                                    Some(value, toGo[decision])
                    }
            ]

    /// Plays one episode. `act` takes the state and the observation and says what to do; `values` are those of the one who acts.
    let play
        (card: TaskCard)
        (environment: IEnvironment)
        (seed: Seed)
        (says: string)
        (values: Valuation option)
        (act: float[] -> float32[] -> float32 -> float32[])
        : Scene =
        let state: float[] = Array.zeroCreate environment.StateSize
        let observation: float32[] = Array.zeroCreate environment.ObservationSize
        environment.Reset(seed, state, observation)
        let start = Array.copy observation

        let bars, ground, valued, seconds, picture =
            look card environment (Array.copy state)

        let every = max 1 (int (Math.Ceiling(apart / seconds - 1e-9)))
        let endless = (Acting.antMaze environment).IsSome && card.Sparse

        let moment decision total =
            let places, middle = picture (Array.copy state)

            {
                Seconds = float decision * seconds
                Places = places
                Middle = middle
                Return = total
                Worth = None
            },
            decision,
            Array.copy observation

        let rec go decision total (rewards: float32 list) moments =
            let before = List.tryHead rewards |> Option.defaultValue 0f

            let result =
                environment.Step(state, ReadOnlySpan(act (Array.copy state) observation before), observation)

            let total = total + float result.Reward
            let rewards = result.Reward :: rewards
            // A walker's maze does not end at its goal by itself.
            let ended = result.Terminal || (endless && result.Reward > 0f)
            let stopped = ended || decision >= environment.TimeLimit

            let moments =
                if (stopped || decision % every = 0) && not (Double.IsNaN state[0]) then
                    moment decision total :: moments
                else
                    moments

            if stopped then
                worth values (List.rev rewards) ended (List.rev moments), total, decision, ended
            else
                go (decision + 1) total rewards moments

        let moments, total, decisions, ended = go 1 0.0 [] [ moment 0 0.0 ]

        {
            Title = card.Name
            Says = says
            Bars = bars
            Ground = ground
            Moments = moments
            Values = Option.map2 (fun valued values -> valued (seeing environment start) values) valued values
            Formula = values |> Option.map _.Formula
            End =
                (if ended && card.Sparse then
                     $"at the goal after {decisions} decisions"
                 elif ended then
                     $"terminal after {decisions} decisions"
                 else
                     $"time-out after {decisions} decisions")
            Score =
                Option.ofObj (ReferenceScores.Find card.Name)
                |> Option.map (fun score -> score.Normalised total)
        }

    /// The same episode in so many moments at most, its first and its last among them.
    let thinned (most: int) (scene: Scene) : Scene =
        let count = scene.Moments.Length
        let every = (count + most - 3) / (most - 1) |> max 1

        {
            scene with
                Moments = [
                    for i, moment in List.indexed scene.Moments do
                        if i = count - 1 || i % every = 0 then
                            moment
                ]
        }
