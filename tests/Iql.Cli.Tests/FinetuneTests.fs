module Iql.Cli.Tests.FinetuneTests

open System.IO
open Expecto
open Iql.Training
open Iql.Training.Online
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private quickly =
    "--transitions 2000 --hidden 8x8 --batch 16 --episodes 2 --steps 30 --online-steps 40 --evaluate-every 20"

let private runOf (folder: string) =
    RunFolder(Directory.GetDirectories(Path.Combine(folder, "runs")) |> Array.exactlyOne)

[<Tests>]
let tests =
    testSequenced
    <| testList "FinetuneTests" [
        for algorithm in [ "iql"; "awac"; "cql"; "rlpd"; "td3bc --online-acting greedy --acting-noise 0.1" ] do
            testCase $"{(words algorithm).Head} goes on online" (fun () ->
                use scratch = new Scratch()
                let folder = scratch.Path "out"

                let options =
                    "--task pointmaze-umaze-stitch-v0 --updates-per-step 0.5 --data-share 0.5 --capacity 20"
                    + " --first-update-after 6"

                // RLPD has a note about its offline steps.
                let output = succeeds $"finetune --algorithm {algorithm} {quickly} {options} -o {folder}"

                Expect.stringContains output "Mean score" "output"
                let run = runOf folder
                let config = run.ReadConfig()
                Expect.equal config.Steps 47L "steps of both phases"
                Expect.equal config.FineTuning.OfflineSteps 30L "offline steps"
                Expect.equal config.FineTuning.OnlineSteps 40L "online steps"
                Expect.equal config.FineTuning.Capacity.Value 20L "capacity"
                Expect.equal (run.ReadResult().Status) RunStatus.Finished "status")

        testCase "discrete actions go on online, with the same bits on two threads" (fun () ->
            use scratch = new Scratch()

            for folder, threads in [ "one", 1; "two", 2 ] do
                let options = $"--acting-lag 1 --threads {threads} -o {scratch.Path folder}"

                succeedsQuietly $"finetune --task gridmaze-medium-v0 {quickly} {options}" |> ignore

            same (results (scratch.Path "one"), results (scratch.Path "two")))

        testCase "policies that go on online share no value function" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"
            let output = succeedsQuietly $"finetune {quickly} --inverse-temperatures 1,3 -o {folder}"
            Expect.stringContains output "2 runs" "output")

        for options, expected in
            [
                "--algorithm dt", "learns from pieces of trajectories"
                "--algorithm onestep", "improves once on the policy that made the data"
                "--algorithm cal-ql", "learns from returns to go"
                "--algorithm td3bc", "acting: expected greedy for a policy that has no draws"
                "--objective sarsa", "learns from the action after"
                "--policy-schedule cosine", "expected constant learning rates in both phases"
                "--capacity 10", "capacity: expected at least"
                "--data-share 0 --capacity 10", "A buffer holds at least a batch."
                "--acting-lag 1 --turns episodes", "0 where whole episodes take turns"
                "--acting-lag 2", "expected 0 or 1"
                "--data-share 1", "expected a number in [0, 1)"
            ] do
            testCase $"finetune with {options} is refused before it begins" (fun () ->
                use scratch = new Scratch()
                let folder = scratch.Path "out"
                let code, _, error = iql $"finetune {quickly} {options} -o {folder}"
                Expect.equal code 2 "exit code"
                Expect.stringContains error expected "error"
                Expect.isFalse (Directory.Exists folder) "a folder")
    ]
