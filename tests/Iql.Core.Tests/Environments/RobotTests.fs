/// The four robots against compiled numbers, recorded transitions and trained policies of others.
module Iql.Core.Tests.Environments.RobotTests

open System
open System.IO
open System.Text.Json
open Iql
open Iql.Data.Files.Hdf5
open Iql.Environments
open Iql.Environments.Mujoco
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.Environments.MujocoTests
open Iql.Core.Tests.Environments.TrainedPolicy
open Expecto
open Iql.Tests

/// The numbers of a JSON value, whatever its nesting.
let rec numbers (value: JsonElement) : float list =
    match value.ValueKind with
    | JsonValueKind.Array -> [
        for item in value.EnumerateArray() do
            yield! numbers item
      ]
    | JsonValueKind.Number -> [ value.GetDouble() ]
    | _ -> []

/// Every array of a compiled model that the reference names, to the 12 digits it is written with.
let sameModel (reference: string) (model: MujocoModel) =
    let expected =
        (JsonDocument.Parse(File.ReadAllText(shared $"data/compiled_reference/{reference}.json"))).RootElement

    let mutable compared = 0

    for property in expected.EnumerateObject() do
        match property.Name with
        | "body_name"
        | "jnt_name"
        | "geom_name" ->
            let kind =
                match property.Name with
                | "body_name" -> MujocoObject.Body
                | "jnt_name" -> MujocoObject.Joint
                | _ -> MujocoObject.Geom

            for i, name in Seq.indexed (property.Value.EnumerateArray()) do
                Expect.equal (model.NameOf(kind, i)) (name.GetString()) "name of of model"
        | "timestep" -> Expect.equal model.TimeStep (property.Value.GetDouble()) "time step of model"
        | name when name.Contains '_' && property.Value.ValueKind = JsonValueKind.Array || name = "qpos0" ->
            let wanted, got = numbers property.Value, model.Read name
            Expect.equal wanted.Length got.Length $"{reference} {name}: {wanted.Length} numbers, got {got.Length}"

            for i, (wanted, got) in Seq.indexed (Seq.zip wanted got) do
                Expect.isTrue
                    (abs (wanted - got) <= 1e-11 * (1.0 + abs wanted))
                    $"{reference} {name}[{i}]: expected {wanted}, got {got}"

            compared <- compared + wanted.Length
        | _ -> ()

    Expect.isGreaterThan compared 100 "compared"

/// Numbers of a file as doubles, and how many stand in a row.
let private rows (file: Hdf5File) name =
    let data = file.Read name

    let numbers =
        match data.Values with
        | :? (float[]) as numbers -> numbers
        | other -> Array.map float (other :?> float32[])

    numbers, numbers.Length / int data.Shape[0]

[<Tests>]
let tests =
    testList "RobotTests" [
        testRows
            "the compiled model has the numbers of gym's"
            [ "hopper"; "walker2d"; "halfcheetah"; "ant" ]
            (fun robot ->
                needsMujoco ()
                sameModel robot ((Map.ofList worlds)[robot]).Model)

        // Only hopper's and halfcheetah's are at hand everywhere.
        testRows
            "transitions that gym recorded replay"
            [ "hopper"; "halfcheetah"; "walker2d"; "ant" ]
            (fun (robot: string) ->
                needsMujoco ()
                let environment = MujocoEnvironment(robot, (Map.ofList worlds)[robot], 1000)
                use file = new Hdf5File(shared $"data/hdf5/{robot}-cs285-expert.hdf5")
                // An ant's may have contact forces behind what is seen.
                let observations, width = rows file "observations"
                let next, _ = rows file "next_observations"
                let actions, a = rows file "actions"
                let rewards, _ = rows file "rewards"
                let rules = environment.World.Task :?> Locomotion
                let s = environment.ObservationSize
                let mutable worst, worstReward, replayed = 0.0, 0.0, 0

                for row in 0 .. rewards.Length - 1 do
                    let seen = Array.sub observations (row * width) s
                    // A clipped velocity does not tell the state.
                    if
                        seen[rules.PositionCount - rules.Hidden ..]
                        |> Array.forall (fun v -> abs v < rules.VelocityLimit)
                    then
                        let state =
                            Array.concat [
                                Array.zeroCreate rules.Hidden
                                seen
                                Array.zeroCreate (rules.VelocityCount + rules.MemorySize)
                            ]

                        let after: float[] = Array.zeroCreate s

                        let outcome = environment.StepInFull(state, ReadOnlySpan(actions, row * a, a), after)

                        replayed <- replayed + 1

                        for i in 0 .. s - 1 do
                            worst <- max worst (abs (after[i] - next[row * width + i]))

                        // Where the ant's torso was before does not follow from what is seen.
                        if rules.MemorySize = 0 then
                            worstReward <-
                                max worstReward (abs (outcome.Reward - rewards[row]) / (1.0 + abs rewards[row]))

                Expect.isGreaterThan replayed (rewards.Length / 2) "replayed"
                Expect.isTrue (worst <= 1e-10) $"{robot}: error {worst}"
                // Recorded rewards are float32.
                Expect.isTrue (worstReward <= 1e-6) $"{robot}: reward error {worstReward}")

        testRows
            "a trained policy reaches its measured return"
            [
                "hopper-cs285", 3
                "hopper-ars", 3
                "hopper-gail-trpo-0200", 3
                "walker2d-cs285", 3
                "walker2d-sac", 3
                "halfcheetah-cs285", 3
                "halfcheetah-tqc", 3
                "ant-cs285", 3
                "ant-trpo", 3
            ]
            (fun (name: string, episodes: int) ->
                needsMujoco ()
                let policy = TrainedPolicy name
                let robot = name[.. name.IndexOf '-' - 1]

                // The ant's policies saw contact forces that were all zero.
                let world = if robot = "ant" then Ant.PaddedWorld else (Map.ofList worlds)[robot]

                let environment = MujocoEnvironment(robot, world, 1000)
                Expect.equal environment.ObservationSize policy.ObservationSize "observation size of environment"

                let act =
                    PolicyRows(fun observations rows actions ->
                        for row in 0 .. rows - 1 do
                            let seen =
                                observations
                                    .Slice(row * environment.ObservationSize, environment.ObservationSize)
                                    .ToArray()

                            policy
                                .Act(seen)
                                .CopyTo(actions.Slice(row * environment.ActionSize, environment.ActionSize)))

                let results = Rollout.Run(environment, episodes, Seed 7UL, act)
                let mean = results |> Seq.averageBy (fun episode -> episode.Return)
                let expected, deviation = measured name
                // Four standard errors of the difference between theirs, of 10 episodes, and ours.
                let noise = 4.0 * deviation * sqrt (1.0 / 10.0 + 1.0 / float episodes)

                Expect.isTrue
                    (abs (mean - expected) < noise + 0.01 * expected)
                    $"{name}: expected {expected} ± {noise}, got {mean}")

        testCase "the ant's reward counts the torso as it was before the last physics step" (fun () ->
            needsMujoco ()
            let environment = MujocoEnvironment("ant-v4", Ant.World, 1000)
            let state: float[] = Array.zeroCreate environment.StateSize
            let observation: float32[] = Array.zeroCreate environment.ObservationSize
            environment.Reset(Seed 3UL, state, observation)
            let action = Array.init 8 (fun i -> if i % 2 = 0 then 1.0 else -1.0)
            let seen: float[] = Array.zeroCreate environment.ObservationSize
            let start = state[0]
            Expect.equal (environment.Memory(state)[0]) start "memory of environment"
            let outcome = environment.StepInFull(state, action, seen)
            let lagging = environment.Memory(state)[0]
            Expect.notEqual lagging state[0] "lagging"

            Expect.floatClose
                (Accuracy.decimals 12)
                outcome.Reward
                ((lagging - start) / 0.05 + 1.0 - 0.5 * 8.0)
                "reward of outcome")

        testCase "robots that fall are told so, the cheetah never is" (fun () ->
            let healthy (world: MujocoWorld) change =
                let rules = world.Task :?> Locomotion
                let state: float[] = Array.zeroCreate (rules.PositionCount + rules.VelocityCount)
                state[1] <- 1.25
                state[2] <- if rules.Hidden = 2 then 0.75 else 0.0
                change state

                rules.Healthy.Invoke(
                    ReadOnlySpan(state, 0, rules.PositionCount),
                    ReadOnlySpan(state, rules.PositionCount, rules.VelocityCount)
                )

            let at (index: int) (value: float) (state: float[]) = state[index] <- value
            Expect.isTrue (healthy Hopper.World ignore) "healthy"
            Expect.isTrue (healthy Hopper.World (at 0 1e6)) "healthy"

            for index, value in [ 1, 0.7; 2, 0.2; 2, -0.2; 4, -100.0; 9, 100.0; 11, -101.0; 3, nan; 1, nan ] do
                Expect.isFalse (healthy Hopper.World (at index value)) "healthy"

            Expect.isTrue (healthy Walker2d.World (at 12 500.0)) "healthy"

            for index, value in [ 1, 0.8; 1, 2.0; 2, 1.0; 2, -1.0; 1, nan ] do
                Expect.isFalse (healthy Walker2d.World (at index value)) "healthy"

            Expect.isTrue (healthy Ant.World (at 2 0.2)) "healthy"
            Expect.isTrue (healthy Ant.World (at 2 1.0)) "healthy"

            for value in [ 0.19; 1.01; nan ] do
                Expect.isFalse (healthy Ant.World (at 2 value)) "healthy"

            Expect.isTrue (healthy HalfCheetah.World (at 2 3.0)) "healthy")

        testCase "episodes start around the model's own position" (fun () ->
            needsMujoco ()

            for name, world in worlds do
                let environment = MujocoEnvironment(name, world, 1000)
                let rest = world.Model.Read "qpos0"
                let observation: float32[] = Array.zeroCreate environment.ObservationSize

                let starts = [|
                    for seed in 0UL .. 399UL do
                        let state: float[] = Array.zeroCreate environment.StateSize
                        environment.Reset(Seed seed, state, observation)
                        state
                |]

                let wide = name = "halfcheetah" || name = "ant"
                let bound = if wide then 0.1 else 0.005

                // MuJoCo makes the ant's orientation a unit quaternion again.
                for i in [ 0 .. world.Task.PositionCount - 1 ] |> List.except (if name = "ant" then [ 3..6 ] else []) do
                    let offsets = starts |> Array.map (fun state -> state[i] - rest[i])
                    Expect.all offsets (fun x -> abs x <= bound) "offsets"
                    Expect.floatClose (Accuracy.within (bound / 5.0)) (Array.average offsets) 0.0 "mean of offsets"

                    Expect.floatClose
                        (Accuracy.within (bound / 10.0))
                        (sqrt (Array.averageBy (fun x -> x * x) offsets))
                        (bound / sqrt 3.0)
                        "sqrt of mean of offsets"

                for i in world.Task.PositionCount .. world.Task.PositionCount + world.Task.VelocityCount - 1 do
                    let velocities = starts |> Array.map (fun state -> state[i])
                    let deviation = if wide then 0.1 else 0.005 / sqrt 3.0

                    Expect.floatClose
                        (Accuracy.within (deviation / 5.0))
                        (sqrt (Array.averageBy (fun x -> x * x) velocities))
                        deviation
                        "sqrt of mean of velocities")
    ]
