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
open Xunit

let worlds = [
    "hopper", Hopper.World
    "walker2d", Walker2d.World
    "halfcheetah", HalfCheetah.World
    "ant", Ant.World
]

let private environments = [
    for name, world in worlds -> MujocoEnvironment($"{name}-v4", world, 1000) :> IEnvironment
]

let private ball options contents =
    $"""<mujoco>{options}<worldbody><geom type="plane" size="1 1 1"/>{contents}</worldbody></mujoco>"""

let private free height =
    $"""<body pos="0 0 {height}"><freejoint/><geom size="0.1"/></body>"""

[<Fact>]
let ``a model that is wrong is refused with the compiler's own words`` () =
    needsMujoco ()

    let refused =
        Assert.Throws<MujocoException>(fun () ->
            MujocoModel.Compile("<mujoco><worldbody><geom bogus=\"1\"/></worldbody></mujoco>", "broken")
            |> ignore)

    Assert.Contains("broken: ", refused.Message)
    Assert.Contains("bogus", refused.Message)
    Assert.Contains("line 1", refused.Message)

[<Fact>]
let ``an error of MuJoCo is an exception, and the process goes on`` () =
    needsMujoco ()

    use cramped =
        MujocoModel.Compile(ball """<size nstack="100"/>""" (free 0.5), "cramped")

    // Errors on several threads at once find their own way back.
    Parallel.For(
        0,
        50,
        fun _ ->
            use simulation = new MujocoSimulation(cramped)
            simulation.Positions[2] <- 0.05 // into the floor: the contact needs more than there is
            let failure = Assert.Throws<MujocoException>(fun () -> simulation.Step 3)
            Assert.Contains("MuJoCo gave up", failure.Message)
            Assert.False failure.Unstable
    )
    |> ignore

    use model = MujocoModel.Compile(ball "" (free 0.5), "ball")
    use simulation = new MujocoSimulation(model)
    simulation.Step 10
    Assert.True(simulation.Positions[2] < 0.5)

[<Fact>]
let ``a warning of MuJoCo is an exception that says whether the state blew up`` () =
    needsMujoco ()
    use model = MujocoModel.Compile(ball "" (free 0.5), "ball")
    use simulation = new MujocoSimulation(model)
    simulation.Velocities[0] <- 1e12
    let failure = Assert.Throws<MujocoException>(fun () -> simulation.Step())
    Assert.True(failure.Unstable, failure.Message)

    use few =
        MujocoModel.Compile(
            ball
                """<size nconmax="1" njmax="100"/>"""
                (free 0.05 + "<body pos='1 0 0.05'><freejoint/><geom size='0.1'/></body>"),
            "few"
        )

    use crowded = new MujocoSimulation(few)
    let failure = Assert.Throws<MujocoException>(fun () -> crowded.Step())
    Assert.False(failure.Unstable, failure.Message)

[<Fact>]
let ``what was given back is not used again`` () =
    needsMujoco ()
    let model = MujocoModel.Compile(ball "" (free 0.5), "ball")
    let simulation = new MujocoSimulation(model)
    simulation.Dispose()
    Assert.Throws<ObjectDisposedException>(fun () -> simulation.Step()) |> ignore
    model.Dispose()

    Assert.Throws<ObjectDisposedException>(fun () -> model.TimeStep |> ignore)
    |> ignore

[<Fact>]
let ``models compile on many threads at a time`` () =
    needsMujoco ()

    let masses =
        Array.Parallel.init 16 (fun i ->
            use model = MujocoModel.Compile(ball "" (free (0.5 + float i)), $"ball {i}")
            (model.Read "body_pos")[5])

    Assert.Equal<float[]>(Array.init 16 (fun i -> 0.5 + float i), masses)

/// No motor does anything.
let still (environment: IEnvironment) : ReadOnlySpan<float32> =
    ReadOnlySpan(Array.zeroCreate<float32> environment.ActionSize)

let private noise (environment: IEnvironment) (seed: Seed) step = [|
    for i in 0 .. environment.ActionSize - 1 -> float32 (seed.Uniform(uint64 (step * environment.ActionSize + i), 1.0))
|]

[<Fact>]
let ``states handed from step to step give the bits of one simulation that runs on`` () =
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
            Assert.Equal<float[]>(straight.Positions.ToArray(), state[.. world.Task.PositionCount - 1])

            Assert.Equal<float[]>(
                straight.Velocities.ToArray(),
                state[world.Task.PositionCount .. world.Task.PositionCount + world.Task.VelocityCount - 1]
            )

[<Fact>]
let ``an evaluation is the same on any number of threads and beside any other episodes`` () =
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
            Assert.Equal(alone[e].Return, many[e].Return)
            Assert.Equal<float32 seq>(alone[e].Observations, many[e].Observations)

        for e in 0..4 do
            Assert.Equal<float32 seq>(alone[e].Observations, fewer[e].Observations)

[<Fact>]
let ``an error on one thread of an evaluation reaches the caller`` () =
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

    Assert.Throws<InvalidOperationException>(fun () ->
        Rollout.Run(broken, 4, Seed 0UL, PolicyRows(fun _ _ _ -> ()), false, team)
        |> ignore)
    |> ignore

[<Fact>]
let ``numbers that are none end an episode instead of the process`` () =
    needsMujoco ()

    for environment in environments do
        let state: float[] = Array.zeroCreate environment.StateSize
        let observation: float32[] = Array.zeroCreate environment.ObservationSize
        environment.Reset(Seed 1UL, state, observation)

        let result =
            environment.Step(state, ReadOnlySpan(Array.create environment.ActionSize nanf), observation)

        Assert.Equal(StepResult(0f, true), result)
        Assert.All(observation, fun x -> Assert.True(Single.IsNaN x))
        let again = environment.Step(state, still environment, observation)
        Assert.Equal(StepResult(0f, true), again)

        // Flung beyond what MuJoCo takes for a state.
        environment.Reset(Seed 1UL, state, observation)
        state[1] <- 1e11
        Assert.Equal(StepResult(0f, true), environment.Step(state, still environment, observation))
        environment.Reset(Seed 1UL, state, observation)
        Assert.True((environment.Step(state, still environment, observation)).Reward > -10f)

[<Fact>]
let ``a step allocates nothing`` () =
    needsMujoco ()

    for environment in environments do
        let state: float[] = Array.zeroCreate environment.StateSize
        let observation: float32[] = Array.zeroCreate environment.ObservationSize
        let action: float32[] = Array.zeroCreate environment.ActionSize
        environment.Reset(Seed 1UL, state, observation)

        for _ in 1..10 do
            environment.Step(state, action, observation) |> ignore

        let before = GC.GetAllocatedBytesForCurrentThread()

        for _ in 1..10 do
            environment.Step(state, action, observation) |> ignore

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread())
