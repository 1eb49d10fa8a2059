/// The hand's tasks against compiled numbers, recorded demonstrations and trained policies of others.
module Iql.Core.Tests.Environments.AdroitTests

open System
open System.IO
open System.Text.Json
open Iql
open Iql.Data.Files.Hdf5
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Environments.Mujoco
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.Environments.RobotTests
open Iql.Core.Tests.Environments.TrainedPolicy
open Expecto
open Iql.Tests

let private environment task = (Tasks.Get $"{task}-human-v1").Environment :?> MujocoEnvironment

let private mesh = 7.0

/// The reference without its meshes, which we leave out: they touch nothing and weigh nothing.
let private withoutMeshes (expected: JsonElement) =
    let types = numbers (expected.GetProperty "geom_type")

    [
        for property in expected.EnumerateObject() do
            // A scalar is an option; gravity is MuJoCo's own.
            if property.Value.ValueKind = JsonValueKind.Array && property.Name <> "gravity" then
                property.Name,
                [
                    for i, row in Seq.indexed (property.Value.EnumerateArray()) do
                        if not (property.Name.StartsWith "geom_") || types[i] <> mesh then
                            row
                ]
    ]

let private named =
    dict [ "body_name", MujocoObject.Body; "jnt_name", MujocoObject.Joint; "geom_name", MujocoObject.Geom ]

[<Tests>]
let tests =
    testList "AdroitTests" [
        testRows "the compiled model has the original's numbers" [ "door"; "pen"; "hammer"; "relocate" ] (fun task ->
            needsMujoco ()
            let model = (environment task).World.Model

            let expected =
                (JsonDocument.Parse(File.ReadAllText(shared $"data/compiled_reference/adroit_{task}.json")))
                    .RootElement

            Expect.equal model.TimeStep (expected.GetProperty("timestep").GetDouble()) "time step of model"

            for field, rows in withoutMeshes expected do
                match named.TryGetValue field with
                | true, kind ->
                    rows
                    |> List.iteri (fun i name ->
                        Expect.equal (model.NameOf(kind, i)) (name.GetString()) "name of of model")
                | _ ->
                    let wanted, got = List.collect numbers rows, List.ofSeq (model.Read field)
                    Expect.equal wanted.Length got.Length $"{task} {field}: {wanted.Length} numbers, got {got.Length}"

                    for i, (wanted, got) in List.indexed (List.zip wanted got) do
                        Expect.isTrue
                            (abs (wanted - got) <= 1e-10 * (1.0 + abs wanted))
                            $"{task} {field}[{i}]: expected {wanted}, got {got}")

        // How far whole episodes of the demonstrations, played again from their first states, stray from the recording.
        testCase "the demonstrations of the door replay, episode by episode" (fun () ->
            needsMujoco ()
            let door = environment "door"
            use file = new Hdf5File(shared "data/hdf5/door-human-replayed.hdf5")

            let read name = (file.Read name).Values :?> float32[] |> Array.map float

            let positions, velocities, frames = read "infos/qpos", read "infos/qvel", read "infos/door_body_pos"

            let observations, actions, rewards = read "observations", read "actions", read "rewards"

            let row (numbers: float[]) width i = Array.sub numbers (i * width) width
            // An episode starts where the hand is at rest and the frame stands elsewhere.
            let starts =
                [ 0 .. rewards.Length - 1 ]
                |> List.filter (fun i -> i = 0 || row frames 3 i <> row frames 3 (i - 1))

            Expect.hasLength starts 25 "starts"
            let seen: float[] = Array.zeroCreate 39

            // Three episodes, 860 decisions: all 25 do.
            for first, next in starts |> List.pairwise |> List.take 3 do
                let state =
                    Array.concat [
                        row positions 30 first
                        row velocities 30 first
                        Array.zeroCreate 30
                        row frames 3 first
                    ]

                let mutable strayed, reward = 0.0, 0.0

                for i in first .. next - 1 do
                    let outcome = door.StepInFull(state, ReadOnlySpan(actions, i * 28, 28), seen)
                    reward <- max reward (abs (outcome.Reward - rewards[i]))

                    if i + 1 < next then
                        strayed <-
                            Array.fold2
                                (fun worst a b -> max worst (abs (a - b)))
                                strayed
                                seen
                                (row observations 39 (i + 1))

                // Recordings are float32.
                Expect.isTrue (strayed < 2e-5) $"from {first}: {strayed}"
                Expect.isTrue (reward < 2e-5) $"from {first}: reward {reward}")

        // Means of 20 episodes with the mean action that others measured, and what two samples of so few may differ by.
        testRows
            "a trained policy reaches its measured return"
            [
                "door", 3019.0, 80.0, 4
                "pen", 3562.0, 2500.0, 10
                "hammer", 16345.0, 450.0, 3
                "relocate", 4411.0, 1050.0, 5
            ]
            (fun (task: string, expected: float, noise: float, episodes: int) ->
                needsMujoco ()
                let file = PolicyFile(shared $"data/policies/adroit-{task}-dapg.json")
                let environment = environment task
                Expect.equal environment.ObservationSize file.ObservationSize "observation size of environment"

                let results =
                    Rollout.RunEpisodes(environment, episodes, Seed 8UL, file.Actor(episodes, false).Begin(Seed 9UL))

                let mean = results |> Seq.averageBy _.Return
                Expect.isTrue (abs (mean - expected) < noise) $"{task}: expected {expected} ± {noise}, got {mean}")

        testRows
            "an episode is the same whatever ran before on its thread, and differs from another's"
            [ "door"; "pen"; "hammer"; "relocate" ]
            (fun task ->
                needsMujoco ()
                let environment = environment task
                let file = PolicyFile(shared $"data/policies/adroit-{task}-dapg.json")

                let roll episodes =
                    Rollout.RunEpisodes(
                        environment,
                        episodes,
                        Seed 8UL,
                        file.Actor(episodes, false).Begin(Seed 9UL),
                        true
                    )

                // Three episodes side by side change the one simulation's model at every decision.
                let together, alone = roll 3, roll 1
                Expect.sequenceEqual together[0].Observations alone[0].Observations "observations of together 0"

                Expect.notEqual
                    (List.ofSeq together[0].Observations)
                    (List.ofSeq together[1].Observations)
                    "observations of together 0")
    ]
