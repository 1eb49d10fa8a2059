/// Data of policies that act.
module Iql.Core.Tests.Environments.RolloutDataTests

open System
open Iql
open Iql.Data
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Environments.Mujoco
open Iql.Core.Tests.Environments.TrainedPolicy
open Expecto
open Iql.Tests

/// Pushes as the observation says, and remembers how often it was asked since it began.
type private Leaning(environment: IEnvironment) =
    interface IRolloutPolicy with
        member _.Episodes = 8
        member _.Dispose() = ()

        member _.Begin _ =
            let mutable asked = 0f

            PolicyEpisodes(fun episodes observations _ actions ->
                asked <- asked + 1f

                for row in 0 .. episodes.Length - 1 do
                    for i in 0 .. environment.ActionSize - 1 do
                        actions[row * environment.ActionSize + i] <-
                            MathF.Sin(asked + 5f * observations[row * environment.ObservationSize + i]))

let private environments () = [
    (Tasks.Get "pointmaze-umaze-stitch-v0").Environment
    if MujocoLibrary.IsAvailable then
        (Tasks.Get "hopper-v4").Environment
]

let private data (environment: IEnvironment) noise =
    RolloutData(Noise = noise, Policy = RolloutData.MakePolicy(fun _ -> new Leaning(environment)))

[<Tests>]
let tests =
    testList "RolloutDataTests" [
        testCase "the data depend on seed and size alone, not on threads" (fun () ->
            for environment in environments () do
                for roll in [ data environment 0.3; RolloutData() ] do
                    let collect threads seed =
                        (roll.Collect(environment, Seed seed, 3000, "data", threads)).Transitions.Fingerprint

                    Expect.equal (collect 3 4UL) (collect 1 4UL) "collect 3 4UL"
                    Expect.notEqual (collect 1 5UL) (collect 1 4UL) "collect 1 5UL")

        testCase "rows are what the environment does, episodes end as it ends them" (fun () ->
            for environment in environments () do
                let collected = (data environment 0.2).Collect(environment, Seed 1UL, 2500, "data", 2)

                let t = collected.Transitions
                Expect.equal t.Count 2500 "count of t"
                let observation: float32[] = Array.zeroCreate environment.ObservationSize

                for row in 0 .. t.Count - 1 do
                    let state = Array.sub collected.States (row * environment.StateSize) environment.StateSize

                    let result = environment.Step(state, t.Action row, observation)
                    Expect.equal (t.NextObservation(row).ToArray()) observation "next observation of t of row"
                    Expect.equal t.Rewards[row] result.Reward "rewards of t at row"
                    Expect.equal t.Terminals[row] result.Terminal "terminals of t at row"

                    if row + 1 < t.Count && not t.Terminals[row] && not t.Timeouts[row] then
                        Expect.equal (t.Observation(row + 1).ToArray()) observation "observation of t"

                for i, episode in Seq.indexed t.Episodes do
                    let last = episode.Start + episode.Length - 1
                    Expect.isLessThanOrEqual episode.Length environment.TimeLimit "length of episode"
                    // The last one is cut at the end of the data.
                    if i < t.Episodes.Length - 1 then
                        Expect.equal
                            (episode.Length = environment.TimeLimit && not t.Terminals[last])
                            t.Timeouts[last]
                            "timeouts of t at last"

                Expect.isTrue (t.Timeouts[t.Count - 1] || t.Terminals[t.Count - 1]) "timeouts of t or terminals of t"

                for a in t.Actions do
                    Expect.between (-1f) 1f a "a")

        testCase "random actions are uniform" (fun () ->
            let environment = (Tasks.Get "pointmaze-umaze-v0").Environment

            let actions = (RolloutData().Collect(environment, Seed 2UL, 20000, "data")).Transitions.Actions

            Expect.floatClose (Accuracy.within 0.02) (Seq.averageBy float actions) 0.0 "mean of actions"

            Expect.floatClose
                (Accuracy.within 0.02)
                (Seq.averageBy (fun a -> float a * float a) actions)
                (1.0 / 3.0)
                "mean of actions")

        testCase "wrong numbers are refused" (fun () ->
            let environment = (Tasks.Get "pointmaze-umaze-v0").Environment

            let refused (roll: RolloutData) size =
                Expect.refuses
                    (fun () -> roll.Collect(environment, Seed 0UL, size, "data") |> ignore)
                    "collect of roll"

            refused (RolloutData()) 0
            refused (RolloutData(Noise = -1.0)) 10
            refused (RolloutData(Noise = nan)) 10)

        testCase "random choices are uniform" (fun () ->
            let environment = (Tasks.Get "gridmaze-medium-v0").Environment
            let data = (RolloutData().Collect(environment, Seed 3UL, 4000, "data")).Transitions
            Expect.equal data.ActionSpace environment.ActionSpace "action space of data"
            let choices = [ for row in 0 .. data.Count - 1 -> ActionSpace.Choice(data.Action row) ]

            for choice in 0 .. environment.ActionSize - 1 do
                let share = float (choices |> List.filter ((=) choice) |> List.length) / 4000.0
                Expect.floatClose (Accuracy.within 0.04) share (1.0 / float environment.ActionSize) "share")
    ]
