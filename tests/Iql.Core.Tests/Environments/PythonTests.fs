/// Simulators in Python over a pipe.
module Iql.Core.Tests.Environments.PythonTests

open System
open System.Diagnostics
open System.IO
open Expecto
open Iql.Tests
open Iql
open Iql.Environments
open Iql.Environments.Own

let private hasPython =
    lazy
        (try
            use python = Process.Start(ProcessStartInfo("python3", "--version", RedirectStandardOutput = true))
            python.WaitForExit()
            python.ExitCode = 0
         with :? ComponentModel.Win32Exception ->
             false)

/// A plain class without any package: a level that follows the action. Steps of other tests replace its line `pass`.
let private tank =
    """
import os, sys, time
class Tank:
    action_size = 1
    time_limit = 8
    def reset(self, seed):
        self.level, self.steps = (seed % 100) / 100, 0
        print("a word on standard output, which disturbs nothing")
        return [self.level, 0]
    def step(self, action):
        self.steps += 1
        self.level += 0.1 * action[0]
        truncated, observation, reward = False, [self.level, action[0]], -abs(self.level - 0.5)
        pass
        return observation, reward, self.level > 2, truncated, {}
class Coin(Tank):
    action_size, action_count, name = None, 3, "coin-v1"
    def step(self, action):
        return {"b": [[action]], "a": 7}, action, False, False, {}
def make(): return Tank()
"""

/// Uses a simulator whose steps run some Python too.
let private using (line: string) (name: string) (test: PythonEnvironment -> unit) : unit =
    if not hasPython.Value then
        skiptest "The machine has no python3."

    let folder = Directory.CreateTempSubdirectory "iql-"

    try
        let path = Path.Combine(folder.FullName, "tank.py")
        File.WriteAllText(path, tank.Replace("        pass", "        " + line))
        test (PythonEnvironment(path, name, (if line.Contains "sleep" then 4.0 else 60.0)))
    finally
        folder.Delete true

let private push =
    PolicyRows(fun observations _ actions ->
        for row in 0 .. actions.Length - 1 do
            actions[row] <- 0.5f - observations[2 * row])

let private episodes (count: int) (environment: IEnvironment) = Rollout.Run(environment, count, Seed 3UL, push, true)

/// What the error of a first step says.
let private fails (line: string) (expected: string list) : unit =
    using line "Tank" (fun environment ->
        let error = Expect.raises<InputException> (fun () -> episodes 1 environment |> ignore) line

        Expect.stringContains error.Message "tank.py:Tank: expected" "the message"

        for part in expected do
            Expect.stringContains error.Message part "the message")

[<Tests>]
let tests =
    testList "PythonTests" [
        testCase "a plain class has its sizes, and its episodes are the same however many run" (fun () ->
            using "pass" "Tank" (fun environment ->
                Expect.equal environment.Name "Tank" "name"
                Expect.equal environment.ObservationSize 2 "observation size"
                Expect.equal environment.ActionSpace (ActionSpace.Continuous 1) "actions"
                Expect.equal environment.TimeLimit 8 "time limit"
                let many, again, one = episodes 5 environment, episodes 5 environment, episodes 1 environment

                for e in 0..4 do
                    Expect.equal many[e].Length 8 "length"
                    Expect.sequenceEqual again[e].Observations many[e].Observations "observations"

                Expect.sequenceEqual one[0].Observations many[0].Observations "the first episode"))

        testCase "a function makes simulators, and a choice is a number" (fun () ->
            using "pass" "make" (fun environment -> Expect.equal (Seq.head (episodes 1 environment)).Length 8 "length")

            using "pass" "Coin" (fun coin ->
                Expect.equal coin.Name "coin-v1" "name"
                Expect.equal coin.ActionSpace (ActionSpace.Discrete 3) "actions"
                let state, observation = Array.zeroCreate<float> 2, Array.zeroCreate<float32> 2
                coin.Reset(Seed 1UL, state, observation)
                let result = coin.Step(state, ReadOnlySpan [| 0f; 0f; 1f |], observation)
                Expect.equal result (StepResult(2f, false)) "the choice"
                Expect.sequenceEqual observation [ 7f; 2f ] "a dict by its sorted keys"))

        testCase "an episode that the simulator cuts ends without a terminal" (fun () ->
            using "truncated = self.steps == 3" "Tank" (fun environment ->
                let episode = Seq.head (episodes 1 environment)
                Expect.equal episode.Length 3 "length"
                Expect.isFalse episode.Terminal "terminal"))

        testCase "an ended episode has no next step" (fun () ->
            using "truncated = True" "Tank" (fun environment ->
                let state, observation = Array.zeroCreate<float> 2, Array.zeroCreate<float32> 2
                environment.Reset(Seed 1UL, state, observation)
                environment.Step(state, ReadOnlySpan [| 0f |], observation) |> ignore

                Expect.refuses
                    (fun () -> environment.Step(state, ReadOnlySpan [| 0f |], observation) |> ignore)
                    "a second step"))

        testList "a broken simulator gives an error that says what is wrong" [
            for name, line, expected in
                [
                    "an exception", "raise IndexError('valve 7')", [ "IndexError: valve 7 (tank.py, line 14)" ]
                    "no answer in time", "time.sleep(30)", [ "got none for 4 s"; "IQL_PYTHON_SECONDS" ]
                    "an end", "sys.stderr.write('no disk'); os._exit(3)", [ "but it ended"; "no disk" ]
                    "another size", "observation = [1.0]", [ "observations of 2 numbers"; "got 1" ]
                    "no number", "observation[0] = float('nan')", [ "observation: expected finite numbers, got nan" ]
                    "a huge number", "observation[0] = 1e300", [ "float32" ]
                    "a word as reward", "reward = 'high'", [ "TypeError" ]
                    "four values", "return observation, reward, False, {}", [ "truncated, info, got 4 values" ]
                ] -> testCase name (fun () -> fails line expected)
        ]

        testCase "what is no class is refused" (fun () ->
            for name, expected in
                [ "Tonk", "no attribute 'Tonk'"; "sys", "TypeError: 'module' object is not callable" ] do
                let error = Expect.raises<InputException> (fun () -> using "pass" name ignore) name
                Expect.stringContains error.Message expected "the message")
    ]
