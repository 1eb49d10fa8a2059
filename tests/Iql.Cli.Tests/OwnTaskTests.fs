/// Environments of users, from the command line.
module Iql.Cli.Tests.OwnTaskTests

open System.IO
open System.Text.RegularExpressions
open Expecto
open Iql
open Iql.Data.Files
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

/// The same tank in F#; docs/own-environments.md has both.
type Tank() =
    interface IEnvironment with
        member _.Name = "Tank"
        member _.ObservationSize = 1
        member _.ActionSpace = ActionSpace.Continuous 1
        member _.StateSize = 1
        member _.TimeLimit = 200

        member _.Reset(seed, state, observation) =
            state[0] <- float ((seed.Value >>> 33) % 100UL) / 100.0
            observation[0] <- float32 state[0]

        member _.Step(state, action, observation) =
            state[0] <- state[0] + 0.1 * float action[0]
            observation[0] <- float32 state[0]
            StepResult(float32 -(abs (state[0] - 0.5)), false)

let private compiled = $"{typeof<Tank>.Assembly.Location}:Tank"

/// Writes the page's simulator and data of random actions.
let private prepare (scratch: Scratch) : string =
    let page = File.ReadAllText(Path.Combine(DocsCodeTests.root, "docs", "own-environments.md"))
    let code = Regex.Match(page, "(?s)```python\n(.*?)```").Groups[1].Value
    File.WriteAllText(scratch.Path "tank.py", code)
    let rows = RolloutData().Collect(Tank(), Seed 5UL, 1000, "plant")
    DatasetFile.Save(scratch.Path "plant.npz", rows.Transitions)
    scratch.Path "plant.npz"

let private lastReturn (output: string) = Regex.Match(output, @"-\d+\.\d").Value

[<Tests>]
let tests =
    testSequenced
    <| testList "OwnTaskTests" [
        testCase "train and play take a compiled environment and one in Python, with the same returns" (fun () ->
            needsPython ()
            use scratch = new Scratch()
            let data = prepare scratch

            let trained (address: string) (folder: string) =
                succeeds $"train --data {data} --environment {address} {quick} -o {scratch.Path folder}"

            let one = trained compiled "compiled"
            let other = trained (scratch.Path "tank.py" + ":Tank") "python"
            Expect.isMatch one @"-\d+\.\d" "a return"
            Expect.equal (lastReturn other) (lastReturn one) "the return in Python"
            Expect.stringContains one "Mean return of the last evaluation" "no score"

            let judged address =
                succeeds $"evaluate {scratch}/compiled --data {data} --steps 30 --environment {address} --episodes 3"

            Expect.isMatch (judged compiled) @"Return in Tank\nrun +−\d" "the true return"
            let python = judged (scratch.Path "tank.py" + ":Tank")
            Expect.equal python (judged compiled) "the return in Python"
            let page, folder = scratch.Path "play.html", scratch.Path "compiled"

            let played = succeeds $"play --environment {compiled} --policy {folder} -o {page}"

            Expect.stringContains played "Tank: time-out after 200 decisions, return -" "the episode"
            Expect.stringContains (File.ReadAllText page) "observation 0" "the page")

        testCase "what is no environment is refused" (fun () ->
            refuses "play --environment tank:Tank" [
                "environment: expected FILE.dll:TYPE or FILE.py:NAME, got tank:Tank"
            ]

            refuses $"play pointmaze-umaze-v0 --environment {compiled}" [
                "--environment: expected no --task beside it"
            ]

            refuses "play" [ "expected TASK or --environment" ]
            refuses $"train --environment {compiled}" [ "expected --data FILE too" ])
    ]
