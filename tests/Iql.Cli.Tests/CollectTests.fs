/// `iql data collect` with policies, and policies read back from run folders.
module Iql.Cli.Tests.CollectTests

open System.IO
open Expecto
open Iql.Tests
open Iql.Algorithms
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Hdf5
open Iql.Environments.Tasks
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Iql.Training

let private runOf (folder: string) : string =
    match Policy.folders folder with
    | Ok [ run ] -> run
    | other -> failwith $"expected one run in {folder}, got {other}"

[<Tests>]
let tests =
    testSequenced
    <| testList "CollectTests" [
        testCase "a policy read from its run's folder does what it did in the run's last evaluation" (fun () ->
            for name in [ for each in Algorithm.Named -> each.Name ] do
                use scratch = new Scratch()
                let folder = scratch.Path "out"
                run $"train --task pointmaze-umaze-v0 -a {name} {small} -o {folder}"
                let run = runOf folder
                let environment = (Tasks.Get "pointmaze-umaze-v0").Environment
                let policy = Policy.load run |> Attempt.get

                use evaluation =
                    new Evaluation(policy.Learner, environment, policy.Config.Normalization, 2, policy.State.Seed)

                let again = evaluation.Run(policy.State.Blocks[0], policy.State.Blocks[1])
                Expect.equal again.ReturnMean (RunFolder(run).ReadResult().Return.Value) "return mean of again")

        testCase "trained runs and random actions share a file" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"
            run $"train --task pointmaze-umaze-v0 -a bc {small} -o {folder}"

            let collect name threads =
                let path = scratch.Path name

                let output =
                    succeeds
                        $"data collect pointmaze-umaze-v0 --policy {folder},random --noise 0.1 --size 1000 --seed 3 \
                  --threads {threads} -o {path}"

                Expect.stringContains output "random: 500 transitions, 1 episodes to their end" "output"
                File.ReadAllBytes path

            Expect.equal (collect "b.npz" "2") (collect "a.npz" "1") "collect 'b.npz'"
            let data = DatasetFile.Load(scratch.Path "a.npz", DatasetMode.Strict)
            Expect.equal data.Count 1000 "count of data"
            Expect.isTrue (data.Timeouts[499] && data.Timeouts[299] && data.Timeouts[999]) "timeout 999 of data")

        testCase "what cannot be collected is refused before any work" (fun () ->
            use scratch = new Scratch()
            refuses $"data collect pointmaze-umaze-v0 --policy {scratch}/none" [ "found nothing" ]
            Directory.CreateDirectory(scratch.Path "empty") |> ignore
            refuses $"data collect pointmaze-umaze-v0 --policy {scratch}/empty" [ "config.json" ]
            refuses "data collect pointmaze-umaze-v0 --noise 0.1" [ "--policy" ]

            refuses "data collect pointmaze-umaze-v0 --policy random -o a.rows" [ "data pack" ]

            for name in [ "hopper-medium-v2.hdf5"; "hopper_medium-v2.hdf5"; "maze2d-umaze-v1.npz" ] do
                refuses $"data collect pointmaze-umaze-v0 --policy random -o {scratch}/{name}" [
                    "differs from D4RL's files"
                    "-iql-"
                ])

        testCase "a robot's data train a policy that is scored in its environment" (fun () ->
            needsMujoco ()
            use scratch = new Scratch()
            let path = scratch.Path "hopper-iql-random.hdf5"
            refuses "data collect hopper-v4" [ "--policy" ]

            run $"data collect hopper-v4 --policy random --size 2000 -o {path}"

            use file = new Hdf5File(path)
            let observations = file.Read("observations").Values :?> float32[]
            let positions = file.Read("infos/qpos").Values :?> float[]
            let velocities = file.Read("infos/qvel").Values :?> float[]
            Expect.exists file.Entries (fun entry -> entry.Name = "metadata/policies") "entries of file"

            for row in 0..1999 do
                Expect.equal observations[row * 11] (float32 positions[row * 6 + 1]) "observations"

                Expect.equal
                    observations[row * 11 + 10]
                    (float32 (System.Math.Clamp(velocities[row * 6 + 5], -10.0, 10.0)))
                    "observations"

            let output = succeeds $"train --task hopper-random-v2 --data {path} {quick} -o {scratch}/out"

            Expect.stringContains output "preset locomotion" "output"
            Expect.stringContains output "Mean score of the last evaluation" "output"
            let run = RunFolder(runOf (scratch.Path "out"))
            Expect.equal (run.ReadConfig().Task) "hopper-random-v2" "task of read config of run"
            let result = run.ReadResult()
            let reference = ReferenceScores.Find "hopper-random-v2"

            Expect.floatClose
                (Accuracy.decimals 9)
                result.Score.Value
                (reference.Normalised result.Return.Value)
                "score of result"

            refuses $"train --task ant-v4 --data {path} -o {scratch}/ant" [
                "27 numbers per observation and 8 per action"
                "got 11 numbers per observation and 3 per action."
            ])
    ]
