/// The binding: what it refuses, what it survives, and that a state is all there is.
module Iql.Core.Tests.Environments.MujocoTests

open System
open System.Threading.Tasks
open Iql
open Iql.Execution
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Environments.Mujoco
open Iql.Core.Tests.Environments.TrainedPolicy
open Expecto
open Iql.Tests

let worlds = [
    "hopper", Hopper.World
    "walker2d", Walker2d.World
    "halfcheetah", HalfCheetah.World
    "ant", Ant.World
]

let private environments = [ for name, world in worlds -> MujocoEnvironment($"{name}-v4", world, 1000) :> IEnvironment ]

let private ball options contents =
    $"""<mujoco>{options}<worldbody><geom type="plane" size="1 1 1"/>{contents}</worldbody></mujoco>"""

let private free height = $"""<body pos="0 0 {height}"><freejoint/><geom size="0.1"/></body>"""

/// No motor does anything.
let still (environment: IEnvironment) : ReadOnlySpan<float32> =
    ReadOnlySpan(Array.zeroCreate<float32> environment.ActionSize)

let private noise (environment: IEnvironment) (seed: Seed) step = [|
    for i in 0 .. environment.ActionSize - 1 -> float32 (seed.Uniform(uint64 (step * environment.ActionSize + i), 1.0))
|]

[<Tests>]
let tests =
    testList "MujocoTests" [
        testCase "a model that is wrong is refused with the compiler's own words" (fun () ->
            needsMujoco ()

            let refused =
                Expect.raises<MujocoException>
                    (fun () ->
                        MujocoModel.Compile("<mujoco><worldbody><geom bogus=\"1\"/></worldbody></mujoco>", "broken")
                        |> ignore)
                    "compile"

            Expect.stringContains refused.Message "broken: " "message of refused"
            Expect.stringContains refused.Message "bogus" "message of refused"
            Expect.stringContains refused.Message "line 1" "message of refused")

        testCase "an error of MuJoCo is an exception, and the process goes on" (fun () ->
            needsMujoco ()

            use cramped = MujocoModel.Compile(ball """<size nstack="100"/>""" (free 0.5), "cramped")

            // Errors on several threads at once find their own way back.
            Parallel.For(
                0,
                50,
                fun _ ->
                    use simulation = new MujocoSimulation(cramped)
                    simulation.Positions[2] <- 0.05 // into the floor: the contact needs more than there is
                    let failure = Expect.raises<MujocoException> (fun () -> simulation.Step 3) "step of simulation 3"
                    Expect.stringContains failure.Message "MuJoCo gave up" "message of failure"
                    Expect.isFalse failure.Unstable "unstable of failure"
            )
            |> ignore

            use model = MujocoModel.Compile(ball "" (free 0.5), "ball")
            use simulation = new MujocoSimulation(model)
            simulation.Step 10
            Expect.isTrue (simulation.Positions[2] < 0.5) "position 2 of simulation is below 0.5")

        testCase "a warning of MuJoCo is an exception that says whether the state blew up" (fun () ->
            needsMujoco ()
            use model = MujocoModel.Compile(ball "" (free 0.5), "ball")
            use simulation = new MujocoSimulation(model)
            simulation.Velocities[0] <- 1e12
            let failure = Expect.raises<MujocoException> (fun () -> simulation.Step()) "step of simulation"
            Expect.isTrue failure.Unstable failure.Message

            use few =
                MujocoModel.Compile(
                    ball
                        """<size nconmax="1" njmax="100"/>"""
                        (free 0.05 + "<body pos='1 0 0.05'><freejoint/><geom size='0.1'/></body>"),
                    "few"
                )

            use crowded = new MujocoSimulation(few)
            let failure = Expect.raises<MujocoException> (fun () -> crowded.Step()) "step of crowded"
            Expect.isFalse failure.Unstable failure.Message)

        testCase "what was given back is not used again" (fun () ->
            needsMujoco ()
            let model = MujocoModel.Compile(ball "" (free 0.5), "ball")
            let simulation = new MujocoSimulation(model)
            simulation.Dispose()
            Expect.throwsT<ObjectDisposedException> (fun () -> simulation.Step()) "step of simulation"
            model.Dispose()

            Expect.throwsT<ObjectDisposedException> (fun () -> model.TimeStep |> ignore) "time step of model")

        testCase "models compile on many threads at a time" (fun () ->
            needsMujoco ()

            let masses =
                Array.Parallel.init 16 (fun i ->
                    use model = MujocoModel.Compile(ball "" (free (0.5 + float i)), $"ball {i}")
                    (model.Read "body_pos")[5])

            Expect.equal masses (Array.init 16 (fun i -> 0.5 + float i)) "masses")

        testCase "states handed from step to step give the bits of one simulation that runs on" (fun () ->
            needsMujoco ()

            for name, world in worlds do
                let environment = MujocoEnvironment($"{name}-v4", world, 1000)
                let state: float[] = Array.zeroCreate environment.StateSize
                let observation: float32[] = Array.zeroCreate environment.ObservationSize
                environment.Reset(Seed 1UL, state, observation)

                use straight = new MujocoSimulation(world.Model)
                state.AsSpan(0, world.Task.PositionCount).CopyTo straight.Positions
                state.AsSpan(world.Task.PositionCount, world.Task.VelocityCount).CopyTo straight.Velocities
                straight.Forward()

                for step in 0..99 do
                    let action = noise environment (Seed 2UL) step
                    // Another episode's step in between leaves no trace.
                    let other: float[] = Array.zeroCreate environment.StateSize
                    environment.Reset(Seed(uint64 step), other, observation)
                    environment.Step(other, action, observation) |> ignore

                    environment.Step(state, action, observation) |> ignore

                    for i in 0 .. action.Length - 1 do
                        straight.Controls[i] <- float action[i]

                    straight.Step world.Task.FrameSkip
                    Expect.equal state[.. world.Task.PositionCount - 1] (straight.Positions.ToArray()) "state"

                    Expect.equal
                        state[world.Task.PositionCount .. world.Task.PositionCount + world.Task.VelocityCount - 1]
                        (straight.Velocities.ToArray())
                        "state")

        testCase "an evaluation is the same on any number of threads and beside any other episodes" (fun () ->
            needsMujoco ()
            use team = new WorkerTeam(3)

            for environment in environments do
                let roll episodes team =
                    let policy =
                        PolicyRows(fun observations rows actions ->
                            let size = actions.Length / rows

                            for row in 0 .. rows - 1 do
                                for i in 0 .. size - 1 do
                                    actions[row * size + i] <-
                                        MathF.Sin(9f * observations[row * environment.ObservationSize + i]))

                    Rollout.Run(environment, episodes, Seed 5UL, policy, true, team)

                let alone, many, fewer = roll 8 null, roll 8 team, roll 5 team

                for e in 0..7 do
                    Expect.equal many[e].Return alone[e].Return "return of many at e"
                    Expect.sequenceEqual many[e].Observations alone[e].Observations "observations of many at e"

                for e in 0..4 do
                    Expect.sequenceEqual fewer[e].Observations alone[e].Observations "observations of fewer at e")

        testCase "an error on one thread of an evaluation reaches the caller" (fun () ->
            let broken = {
                new IEnvironment with
                    member _.Name = "broken"
                    member _.ObservationSize = 1
                    member _.ActionSpace = ActionSpace.Continuous 1
                    member _.StateSize = 1
                    member _.TimeLimit = 10
                    member _.StepsAreSlow = true
                    member _.Reset(_, _, _) = ()
                    member _.Step(_, _, _) = invalidOp "broken"
            }

            use team = new WorkerTeam(2)

            Expect.throwsT<InvalidOperationException>
                (fun () -> Rollout.Run(broken, 4, Seed 0UL, PolicyRows(fun _ _ _ -> ()), false, team) |> ignore)
                "run")

        testCase "numbers that are none end an episode instead of the process" (fun () ->
            needsMujoco ()

            for environment in environments do
                let state: float[] = Array.zeroCreate environment.StateSize
                let observation: float32[] = Array.zeroCreate environment.ObservationSize
                environment.Reset(Seed 1UL, state, observation)

                let result =
                    environment.Step(state, ReadOnlySpan(Array.create environment.ActionSize nanf), observation)

                Expect.equal result (StepResult(0f, true)) "result"
                Expect.all observation (fun x -> Single.IsNaN x) "observation"
                let again = environment.Step(state, still environment, observation)
                Expect.equal again (StepResult(0f, true)) "again"

                // Flung beyond what MuJoCo takes for a state.
                environment.Reset(Seed 1UL, state, observation)
                state[1] <- 1e11

                Expect.equal
                    (environment.Step(state, still environment, observation))
                    (StepResult(0f, true))
                    "step of environment"

                environment.Reset(Seed 1UL, state, observation)

                Expect.isGreaterThan
                    (environment.Step(state, still environment, observation)).Reward
                    (-10f)
                    "reward of step of environment")

        testAlone "a step allocates nothing" (fun () ->
            needsMujoco ()

            for environment in environments do
                let state: float[] = Array.zeroCreate environment.StateSize
                let observation: float32[] = Array.zeroCreate environment.ObservationSize
                let action: float32[] = Array.zeroCreate environment.ActionSize
                environment.Reset(Seed 1UL, state, observation)

                let steps () =
                    for _ in 1..10 do
                        environment.Step(state, action, observation) |> ignore

                steps ()
                Expect.allocatesNothing steps $"ten steps of {environment.Name}")
    ]
