module Iql.Core.Tests.Environments.CollectTests

open System
open Xunit
open Iql
open Iql.Data
open Iql.Environments

let private wandering = (Tasks.Get "pointmaze-medium-v0").Environment

[<Fact>]
let ``a data set has the same bits on any number of threads`` () =
    let collect threads =
        Collect.Wandering(wandering, Seed 7UL, 61_234, 0.2, threads)

    let alone = collect 1
    Assert.Equal(61_234, alone.Count)
    Assert.Equal(alone.Fingerprint, (collect 2).Fingerprint)
    Assert.Equal(alone.Fingerprint, (collect 5).Fingerprint)

[<Fact>]
let ``another seed gives another data set`` () =
    let prints = [
        for seed in 0UL .. 3UL -> Collect.Wandering(wandering, Seed seed, 500).Fingerprint
    ]

    Assert.Equal(4, List.length (List.distinct prints))

[<Fact>]
let ``every row replays in the environment`` () =
    for card in Tasks.All do
        let data = card.Dataset.Invoke(Seed 1UL, 3_000)
        let observation = Array.zeroCreate<float32> 4

        for row in 0 .. data.Count - 1 do
            // Observations are float32, states double: hence not to the bit.
            let state = [| for s in data.Observation(row).ToArray() -> float s |]
            let result = card.Environment.Step(state, data.Action row, observation)
            let there = card.Environment.AtGoal(state[0], state[1])
            let next = data.NextObservation(row).ToArray()
            Array.iter2 (fun (a: float32) b -> Assert.Equal(a, b, 1e-4f)) observation next

            if there = card.Environment.AtGoal(float next[0], float next[1]) then
                Assert.Equal(result.Reward, data.Rewards[row])
                Assert.Equal(result.Terminal, data.Terminals[row])

[<Fact>]
let ``inside an episode a row starts where the one before ended`` () =
    for card in Tasks.All do
        let data = card.Dataset.Invoke(Seed 2UL, 50_000)

        for row in 0 .. data.Count - 2 do
            if not data.Terminals[row] && not data.Timeouts[row] then
                Assert.True(MemoryExtensions.SequenceEqual(data.NextObservation row, data.Observation(row + 1)))

[<Fact>]
let ``a never-ending roll-out has no terminals and no episode beyond the time limit`` () =
    for card in Tasks.All do
        if not card.Sparse then
            let data = card.Dataset.Invoke(Seed 3UL, 50_000)
            Assert.DoesNotContain(true, data.Terminals)
            Assert.All(data.Episodes, fun episode -> Assert.True(episode.Length <= card.Environment.TimeLimit))
            Assert.All(data.Episodes, fun episode -> Assert.Equal(EpisodeEnd.Timeout, episode.End))
            Assert.Contains(1f, data.Rewards)
