/// Data of policies that act.
module Iql.Core.Tests.Environments.RolloutDataTests

open System
open Iql
open Iql.Data
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Environments.Mujoco
open Iql.Core.Tests.Environments.TrainedPolicy
open Xunit

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

[<Fact>]
let ``the data depend on seed and size alone, not on threads`` () =
    for environment in environments () do
        for roll in [ data environment 0.3; RolloutData() ] do
            let collect threads seed =
                (roll.Collect(environment, Seed seed, 3000, "data", threads)).Transitions.Fingerprint

            Assert.Equal(collect 1 4UL, collect 3 4UL)
            Assert.NotEqual<string>(collect 1 4UL, collect 1 5UL)

[<Fact>]
let ``rows are what the environment does, episodes end as it ends them`` () =
    for environment in environments () do
        let collected =
            (data environment 0.2).Collect(environment, Seed 1UL, 2500, "data", 2)

        let t = collected.Transitions
        Assert.Equal(2500, t.Count)
        let observation: float32[] = Array.zeroCreate environment.ObservationSize

        for row in 0 .. t.Count - 1 do
            let state =
                Array.sub collected.States (row * environment.StateSize) environment.StateSize

            let result = environment.Step(state, t.Action row, observation)
            Assert.Equal<float32[]>(observation, t.NextObservation(row).ToArray())
            Assert.Equal(result.Reward, t.Rewards[row])
            Assert.Equal(result.Terminal, t.Terminals[row])

            if row + 1 < t.Count && not t.Terminals[row] && not t.Timeouts[row] then
                Assert.Equal<float32[]>(observation, t.Observation(row + 1).ToArray())

        for i, episode in Seq.indexed t.Episodes do
            let last = episode.Start + episode.Length - 1
            Assert.True(episode.Length <= environment.TimeLimit)
            // The last one is cut at the end of the data.
            if i < t.Episodes.Length - 1 then
                Assert.Equal(t.Timeouts[last], episode.Length = environment.TimeLimit && not t.Terminals[last])

        Assert.True(t.Timeouts[t.Count - 1] || t.Terminals[t.Count - 1])
        Assert.All(t.Actions, fun a -> Assert.InRange(a, -1f, 1f))

[<Fact>]
let ``random actions are uniform`` () =
    let environment = (Tasks.Get "pointmaze-umaze-v0").Environment

    let actions =
        (RolloutData().Collect(environment, Seed 2UL, 20000, "data")).Transitions.Actions

    Assert.Equal(0.0, Seq.averageBy float actions, 0.02)
    Assert.Equal(1.0 / 3.0, Seq.averageBy (fun a -> float a * float a) actions, 0.02)

[<Fact>]
let ``wrong numbers are refused`` () =
    let environment = (Tasks.Get "pointmaze-umaze-v0").Environment

    let refused (roll: RolloutData) size =
        Assert.Throws<ArgumentException>(fun () -> roll.Collect(environment, Seed 0UL, size, "data") |> ignore)
        |> ignore

    refused (RolloutData()) 0
    refused (RolloutData(Noise = -1.0)) 10
    refused (RolloutData(Noise = nan)) 10

[<Fact>]
let ``random choices are uniform`` () =
    let environment = (Tasks.Get "gridmaze-medium-v0").Environment
    let data = (RolloutData().Collect(environment, Seed 3UL, 4000, "data")).Transitions
    Assert.Equal(environment.ActionSpace, data.ActionSpace)
    let choices = [ for row in 0 .. data.Count - 1 -> ActionSpace.Choice(data.Action row) ]

    for choice in 0 .. environment.ActionSize - 1 do
        let share = float (choices |> List.filter ((=) choice) |> List.length) / 4000.0
        Assert.Equal(1.0 / float environment.ActionSize, share, 0.04)
