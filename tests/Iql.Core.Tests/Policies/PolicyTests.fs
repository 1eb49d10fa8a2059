/// Policies read from run folders: the user's units in and out, without an environment.
module Iql.Core.Tests.Policies.PolicyTests

open System
open System.IO
open Expecto
open Iql
open Iql.Algorithms
open Iql.Graph
open Iql.Policies
open Iql.Training
open Iql.Tests
open Iql.Core.Tests.Learning.SmallConfigs
open Iql.Core.Tests.Policies.StoredRun
open Iql.Core.Tests.Training.Fixture

/// What Learner.Act means, in double: observations normalised before, actions scaled behind.
let private byHand (policy: Policy) (observations: float32[]) (decision: float) : float[] =
    let rows = observations.Length / 3
    let act = policy.Learner.Act.Invoke rows

    let normalised =
        observations
        |> Array.mapi (fun i x ->
            let own = policy.Config.Normalization
            (float x - float own.ObservationMean[i % 3]) / float own.ObservationDeviation[i % 3])

    let inputs =
        readOnlyDict [
            yield "observations/observations", normalised
            yield "observations/rewards", Array.zeroCreate rows
            for block in act.Inputs |> Seq.skip 3 do
                for entry in block.Entries do
                    yield $"{block.Name}/{entry.Name}", Array.zeroCreate entry.Shape.Count
            for block in policy.State.Blocks do
                for entry in block.Layout.Entries do
                    yield $"{block.Layout.Name}/{entry.Name}", Array.map float (block.Read entry.Name)
            for name in act.Scalars do
                yield
                    name,
                    [|
                        match name with
                        | "seed" -> (policy.State.Seed.Split "policy").AsScalar()
                        | "decision" -> decision
                        | name -> policy.Learner.Hyperparameter(name, 0)
                    |]
        ]

    let chosen = (Interpreter.Evaluate(act.Results, inputs))[0]

    if policy.Actions.IsDiscrete then
        chosen
    else
        chosen |> Array.mapi (fun i x -> (x + 1.0) / 2.0 * (if i % 2 = 0 then 100.0 else 3000.0))

/// Within 1e-5 of each action's range.
let private near name (expected: float[]) (actual: float32[]) =
    Expect.equal actual.Length expected.Length "length of actual"

    for i, (x, y) in Seq.indexed (Seq.zip expected actual) do
        let range = if i % 2 = 0 then 100.0 else 3000.0
        Expect.isLessThanOrEqual (abs (x - float y) / range) 1e-5 $"{name}, action {i}: {x} {y}"

[<Tests>]
let tests =
    testList "PolicyTests" [
        testCase "every algorithm's policy acts in the user's units as the interpreter says" (fun () ->
            inFolder (fun folder ->
                for name, config in configs do
                    use policy = load folder name config
                    Expect.equal policy.ObservationSize 3 "observation size of policy"
                    Expect.equal policy.Actions.Size 2 "size of actions of policy"
                    Expect.equal policy.Actions.IsDiscrete (name.EndsWith "discrete") "is discrete"
                    Expect.equal policy.Remembers (name = "dt") "remembers"
                    let rows = observations 128

                    if policy.Remembers then
                        use episodes = policy.Begin 128
                        near name (byHand policy rows 0.0) (episodes.Act rows)
                    else
                        near name (byHand policy rows 0.0) (policy.Act rows)))

        testCase "many observations get the bits that each gets alone" (fun () ->
            inFolder (fun folder ->
                use policy = load folder "iql" (List.find (fst >> (=) "iql") configs |> snd)
                let rows = observations 300
                let alone = rows |> Array.chunkBySize 3 |> Array.collect (fun row -> policy.Act row)
                Expect.equal (bits (policy.Act rows)) (bits alone) "policy.Act"))

        testCase "a policy that remembers acts in episodes, each with its rewards, and anew after a reset" (fun () ->
            inFolder (fun folder ->
                use policy = load folder "dt" (List.find (fst >> (=) "dt") configs |> snd)
                let row i = (observations 10)[3 * i .. 3 * i + 2]
                use episode = policy.Begin()

                let decide reward = [
                    yield! episode.Act(row 0)
                    for i in 1..5 -> (episode.Act(row i, [| reward |]))[0]
                ]

                let first = decide 1f
                episode.Reset()
                let other = decide 2f
                episode.Reset()
                Expect.equal (decide 1f) first "decide 1"
                Expect.equal (List.head other) (List.head first) "head of other"
                Expect.notEqual other first "other"

                // Two side by side are two alone.
                use pair = policy.Begin 2

                let both = [
                    for i in 0..5 ->
                        let twice = Array.append (row i) (row i)
                        if i = 0 then pair.Act twice else pair.Act(twice, [| 1f; 2f |])
                ]

                Expect.equal [ for each in both.Tail -> each[0] ] (List.skip 2 first) "first of both"
                Expect.equal [ for each in both.Tail -> each[2] ] (List.skip 2 other) "second of both"

                let refused = messageOf<ArgumentException>(fun () -> episode.Act(row 0) |> ignore)
                Expect.stringContains refused "rewards: expected 1 numbers, got 0." "refused"
                let refused = messageOf<ArgumentException>(fun () -> policy.Act(row 0) |> ignore)
                Expect.stringContains refused "Let it act in an episode, by Begin." "refused"))

        testCase "what cannot be acted on or read is refused by name" (fun () ->
            inFolder (fun folder ->
                use policy = load folder "bc" (List.find (fst >> (=) "bc") configs |> snd)
                let refused (row: float32[]) = messageOf<ArgumentException>(fun () -> policy.Act row |> ignore)
                Expect.stringContains (refused [| 1f |]) "expected rows of 3 numbers, got 1 numbers" "refused"

                Expect.stringContains
                    (refused [| 1f; 2f; 3f; 4f; nanf; 6f |])
                    "expected finite numbers, got NaN as number 1 (pressure [bar]) of row 1"
                    "refused"

                let missing = messageOf<FileException>(fun () -> Policy.Load folder |> ignore)
                Expect.stringContains missing "expected the folder of a run, with config.json, got none." "missing"
                File.Delete(RunFolder(policy.Folder).CheckpointPath)
                let missing = messageOf<FileException>(fun () -> Policy.Load policy.Folder |> ignore)
                Expect.stringContains missing "expected a run with a checkpoint" "missing"))
    ]
