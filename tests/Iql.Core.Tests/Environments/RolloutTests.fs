module Iql.Core.Tests.Environments.RolloutTests

open System
open Expecto
open Iql.Tests
open Iql
open Iql.Environments
open Iql.Environments.Tasks

let private environment = (Tasks.Get "pointmaze-umaze-v0").Environment

/// A policy of each row alone: push towards the middle of the U's right side.
let private policy =
    PolicyRows(fun observations rows actions ->
        for row in 0 .. rows - 1 do
            actions[2 * row] <- 2f * sin (9f * observations[4 * row] + 1f)
            actions[2 * row + 1] <- cos (7f * observations[4 * row + 1]) - 0.1f * observations[4 * row + 3])

/// Ends after as many decisions as the seed says, at most 9; the time limit is 6. Reward 1 at the end.
type private Countdown() =
    interface IEnvironment with
        member _.Name = "countdown"
        member _.ObservationSize = 1
        member _.ActionSpace = ActionSpace.Continuous 1
        member _.StateSize = 1
        member _.TimeLimit = 6

        member _.Reset(seed, state, observation) =
            state[0] <- float (1 + seed.Below(0UL, 9))
            observation[0] <- float32 state[0]

        member _.Step(state, _, observation) =
            state[0] <- state[0] - 1.0
            observation[0] <- float32 state[0]
            StepResult((if state[0] = 0.0 then 1f else 0f), (state[0] = 0.0))

[<Tests>]
let tests =
    testList "RolloutTests" [
        testCase "an episode is the same however many run beside it" (fun () ->
            let many = Rollout.Run(environment, 9, Seed 4UL, policy, true)

            for count in [ 1; 2; 5 ] do
                let few = Rollout.Run(environment, count, Seed 4UL, policy, true)

                for e in 0 .. count - 1 do
                    Expect.sequenceEqual few[e].Observations many[e].Observations "observations of few at e"
                    Expect.equal few[e].Return many[e].Return "return of few at e")

        testCase "finished episodes drop out and the others go on undisturbed" (fun () ->
            let seen = ResizeArray()

            let watch =
                PolicyRows(fun observations rows _ ->
                    Expect.equal observations.Length rows "length of observations"
                    seen.Add rows
                    Expect.lacks (observations.ToArray()) 0f "observations")

            let results = Rollout.Run(Countdown(), 50, Seed 0UL, watch, true)
            Expect.equal seen.Count 6 "count of seen"
            Expect.equal seen[0] 50 "seen 0"
            Expect.sequenceEqual seen (List.sortDescending (List.ofSeq seen)) "seen"

            for e in 0..49 do
                let start = 1 + (Seed 0UL).Split(uint64 e).Below(0UL, 9)
                let result = results[e]
                Expect.equal result.Length (min start 6) "length of result"
                Expect.equal result.Terminal (start <= 6) "terminal of result"
                Expect.equal result.Success (start <= 6) "success of result"
                Expect.equal result.Return (if start <= 6 then 1.0 else 0.0) "return of result"

                Expect.sequenceEqual
                    result.Observations
                    [ for i in 0 .. result.Length -> float32 (start - i) ]
                    "observations of result")

        testCase "trajectories are kept only when asked for" (fun () ->
            let without = Rollout.Run(environment, 1, Seed 0UL, policy)
            let kept = Rollout.Run(environment, 1, Seed 0UL, policy, true)
            Expect.isEmpty without[0].Observations "observations of without 0"
            Expect.equal kept[0].Observations.Length (4 * 301) "length of observations of kept 0")

        testCase "no episodes are refused" (fun () ->
            Expect.refuses (fun () -> Rollout.Run(environment, 0, Seed 0UL, policy) |> ignore) "run")
    ]
