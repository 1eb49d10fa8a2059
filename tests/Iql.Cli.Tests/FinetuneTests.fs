module Iql.Cli.Tests.FinetuneTests

open System.IO
open Expecto
open Iql.Tests
open Iql.Scripts
open Iql.Training
open Iql.Training.Online
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private quickly =
    "--transitions 2000 --hidden 8x8 --batch 16 --episodes 2 --steps 30 --online-steps 40 --evaluate-every 20"

let private quicklyFrom (steps: string) = quickly.Replace("--steps 30", $"--steps {steps}")

let private runOf (folder: string) =
    RunFolder(Directory.GetDirectories(Path.Combine(folder, "runs")) |> Array.exactlyOne)

[<Tests>]
let tests =
    testSequenced
    <| testList "FinetuneTests" [
        let algorithms = [ "iql"; "awac"; "cql"; "rlpd --random-steps 0"; "td3bc"; "cal-ql --online-calibration off" ]

        for algorithm in algorithms do
            testCase $"{(words algorithm).Head} goes on online" (fun () ->
                use scratch = new Scratch()
                let folder = scratch.Path "out"

                let options =
                    "--task pointmaze-umaze-stitch-v0 --updates-per-step 0.5 --data-share 0.5 --capacity 20"
                    + " --first-update-after 6"

                // RLPD has a note about its offline steps.
                let output = succeeds $"finetune --algorithm {algorithm} {quickly} {options} -o {folder}"

                Expect.stringContains output "before → after going online" "output"
                let run = runOf folder
                let config = run.ReadConfig()
                Expect.equal config.Steps 47L "steps of both phases"
                Expect.equal config.FineTuning.OfflineSteps 30L "offline steps"
                Expect.equal config.FineTuning.OnlineSteps 40L "online steps"
                Expect.equal config.FineTuning.Capacity.Value 20L "capacity"
                Expect.equal (run.ReadResult().Status) RunStatus.Finished "status")

        testCase "kills in both phases lead to the same bits" (fun () ->
            use scratch = new Scratch()

            let into folder =
                $"finetune --algorithm cal-ql --turns episodes --data-share 0.5 --action-samples 2 --hidden 32x32 \
                   --critic-hidden-sizes 32x32 --transitions 2000 --batch 32 --episodes 1 --steps 600 \
                   --online-steps 900 --evaluate-every 50 --threads 1 -o {scratch}/{folder}"

            run (into "whole")
            let metrics () = Directory.GetFiles(string scratch, "metrics.jsonl", SearchOption.AllDirectories)
            let linesOf (path: string) = if path.Contains "broken" then File.ReadAllLines(path).Length else 0

            // Some lines after the last kill: in the offline phase, at the switch, and online.
            for lines in [ 8; 8; 8; 8 ] do
                let before = metrics () |> Seq.sumBy linesOf
                use victim = start (into "broken")
                victim |> waitUntil (fun () -> metrics () |> Seq.sumBy linesOf >= before + lines)
                victim.Kill()
                victim.WaitForExit()

            run (into "broken")
            same (results (scratch.Path "whole"), results (scratch.Path "broken")))

        testCase "rows of acting that need more memory than there is are refused" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"
            refuses $"finetune --steps 30 --online-steps 2000000000 -o {folder}" [ "the rows of acting of 128.0 GB" ])

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

        testCase "options of the online phase with several values are axes" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"

            let options = "--updates-per-step 1,0.5 --data-share none,0.50 --online-schedule constant,finished"

            let steps = quicklyFrom "20,30"
            let output = succeedsQuietly $"finetune {steps} {options} -o {folder}"
            Expect.stringContains output "16 runs (2 offlineSteps × 2 updatesPerStep" "output"

            let config name = RunFolder(Path.Combine(folder, "runs", name)).ReadConfig()

            let one = "offlineSteps=20,updatesPerStep=0.5,dataShare=0.5,onlineSchedule=finished"
            let online = (config one).FineTuning
            Expect.equal online.DataShare.Value 0.5 "share"
            Expect.equal (config one).Steps 40L "steps"
            Expect.equal online.Schedule OnlineSchedule.Finished "schedule"

            let other =
                config (one.Replace("0.5,dataShare=0.5", "1,dataShare=none").Replace("finished", "constant"))

            Expect.isFalse other.FineTuning.DataShare.HasValue "a share"
            Expect.equal other.Steps 60L "steps"
            let page = File.ReadAllText(Path.Combine(folder, "report.html"))
            Expect.stringContains page "updates per step" "page")

        testCase "without offline steps, a run begins online" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"
            let steps = quicklyFrom "0"
            succeedsQuietly $"finetune {steps} --data-share 0.5 -o {folder}" |> ignore
            Expect.equal ((runOf folder).ReadConfig().Steps) 40L "steps"
            refuses $"train --steps 0 -o {folder}" [ "--steps: expected a whole number of at least 1" ]
            let wrong = quicklyFrom "-1"

            refuses $"finetune {wrong}" [
                "--steps: expected values between commas, each a whole number of at least 0"
            ])

        testCase "a comparison goes on online, each algorithm as in its protocol" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"

            let options =
                "--task pointmaze-umaze-stitch-v0,pointmaze-medium-stitch-v0 -a iql,bc,td3bc,cal-ql --seeds 0"
                + " --random-steps 5"

            // Returns to go need a whole episode.
            let quickly = quickly.Replace("--online-steps 40", "--online-steps 120")
            let code, output, error = iql $"compare --finetune {quickly} {options} -o {folder}"
            Expect.equal code 0 error
            Expect.stringContains output "8 runs (2 tasks × 4 algorithms × 1 seed)" "output"

            Expect.stringContains
                error
                "note: cal-ql: acts as in protocol calql-authors, from nakamotoo/Cal-QL"
                "error"

            Expect.stringContains error "By options: randomSteps 5 instead of 0" "error"

            let online name =
                let name = $"task=pointmaze-medium-stitch-v0,algorithm={name},seed=0"
                RunFolder(Path.Combine(folder, "runs", name)).ReadConfig().FineTuning

            for name, turns, share, acting, noise in
                [
                    "iql", Turns.Steps, None, ActingChoice.Sampled, 0.0
                    "bc", Turns.Steps, None, ActingChoice.Greedy, 0.1
                    "td3bc", Turns.Steps, None, ActingChoice.Greedy, 0.1
                    "cal-ql", Turns.Episodes, Some 0.5, ActingChoice.Sampled, 0.0
                ] do
                let own = online name
                Expect.equal (own.OfflineSteps, own.OnlineSteps, own.RandomSteps) (30L, 120L, 5L) name
                Expect.equal (own.Turns, Option.ofNullable own.DataShare) (turns, share) name
                Expect.equal (own.Acting, own.ActingNoise) (acting, noise) name)

        testCase "options of the online phase are of runs that go on online" (fun () ->
            refuses "train --data-share 0.5" [ "unknown option --data-share. It belongs to `iql finetune`" ])

        testCase "data without a task, and those of another task, are refused" (fun () ->
            use scratch = new Scratch()
            let path = scratch.Path "mine.npz"
            run $"data collect pointmaze-medium-v0 --size 2000 -o {path}"
            let folder = scratch.Path "out"
            let ours = quickly.Replace("--transitions 2000", "")

            for options, expected in
                [
                    $"--data {path}", "expected data with a task to act in, got none. Name it: --task NAME"
                    $"--data {path} --task pointmaze-umaze-v0",
                    "mine.npz: expected data of pointmaze-umaze-v0, got those of pointmaze-medium-v0, another task."
                    $"--data {path} --task gridmaze-medium-v0",
                    "mine.npz: expected 26 numbers per observation and 4 discrete actions"
                ] do
                refuses $"finetune {ours} {options} -o {folder}" [ expected ]
                Expect.isFalse (Directory.Exists folder) "a folder"

            refuses $"compare --finetune --data {path} -o {folder}" [ "expected data with a task to act in" ]
            run $"finetune {ours} --data {path} --task pointmaze-medium-v0 -o {folder}"
            // Without a word of where they are from, places in walls say so.
            let numbers = Iql.Data.Files.DatasetFile.Load(path, Iql.Data.DatasetMode.D4rlParity)
            let task = Some "pointmaze-large-v0"

            let data = TrainingData.load (DataSource.Memory(numbers, task)) |> Result.defaultWith failwith
            let refusal = TrainingData.ofItsTask (DataSource.Memory(numbers, task)) data

            Expect.stringContains
                (match refusal with
                 | Error message -> message
                 | Ok() -> "")
                "rows in its walls. The data are of another task."
                "walls")

        testRows
            "a comparison that cannot go on online is refused before it begins"
            [
                "--data-share 0.5", "--data-share: expected runs that go on online, got none. Add --finetune"
                "--finetune -a iql,dt", "got dt, which learns from pieces of trajectories. Leave it out."
                "--finetune -a onestep", "got onestep, which improves once on the policy that made the data"
                "--steps 0", "--steps: expected at least 1, got 0. With --finetune, 0 begins online."
                "--finetune --data-share 0.2,0.5", "--data-share: expected a number in [0, 1) or none, got '0.2,0.5'."
            ]
            (fun (options, expected) ->
                use scratch = new Scratch()
                refuses $"compare {options} -o {scratch}/out" [ expected ]
                Expect.isFalse (Directory.Exists(scratch.Path "out")) "a folder")

        testCase "published curves of the task stand in the report, also when it is made again" (fun () ->
            use scratch = new Scratch()
            let folder, file = scratch.Path "out", scratch.Path "curves.csv"

            let curves task =
                File.WriteAllLines(
                    file,
                    [
                        "algorithm,task,run,phase,evaluation,score,final_regret"
                        $"IQL,{task},0,offline,0,50,0.25"
                        $"IQL,{task},0,online,0,75,0.25"
                    ]
                )

            let task = "--task pointmaze-umaze-stitch-v0"
            curves "pointmaze-umaze-stitch-v0"
            let output = succeeds $"finetune {task} {quickly} --published-curves {file} -o {folder}"
            Expect.isMatch output @"IQL, CORL +50\.0 +75\.0" "output"
            let page () = File.ReadAllText(Path.Combine(folder, "report.html"))
            let first = page ()
            Expect.stringContains first "figure-published" "page"
            File.Delete file
            succeeds $"report {folder}" |> ignore
            Expect.isTrue (page () = first) "the same page"

            curves "antmaze-umaze-v2"
            let other = scratch.Path "other"
            let code, _, error = iql $"finetune {task} {quickly} --published-curves {file} -o {other}"
            Expect.equal code 0 "exit code"
            Expect.stringContains error "no curves of pointmaze-umaze-stitch-v0. It has antmaze-umaze-v2." "note"
            Expect.isFalse (File.Exists(Path.Combine(other, "published-curves.csv"))) "curves")

        for options, expected in
            [
                "--algorithm dt", "learns from pieces of trajectories"
                "--algorithm onestep", "improves once on the policy that made the data"
                "--algorithm cal-ql --turns steps",
                "--turns: expected episodes for a calibration that is kept, got Steps."
                "--algorithm td3bc --online-acting sampled",
                "--online-acting: expected greedy for a policy that has no draws"
                "--objective sarsa", "learns from the action after"
                "--policy-schedule cosine", "expected constant learning rates in both phases"
                "--capacity 10", "--capacity: expected at least"
                "--data-share 0 --capacity 10", "A buffer holds at least a batch."
                "--acting-lag 1 --turns episodes", "0 where whole episodes take turns"
                "--acting-lag 2", "--acting-lag: expected values between commas, each one of 0, 1, got '2'."
                "--published-curves none", "none: expected a .csv or .csv.gz file with the columns algorithm,task"
                "--data-share 1", "expected values between commas, each a number in [0, 1) or none, got '1'."
                "--random-steps 5,5e0", "expected each value once, not both 5 and 5e0"
                "--updates-per-step 1,2000", "each a number in (0, 1000]"
                "--turns step", "each one of steps, episodes"
                "--random-steps 41", "--random-steps: expected a number in [0, 40], the online steps, got 41."
                "--first-update-after 40", "--first-update-after: expected a number in [0, 40), got 40."
                "--protocol rlpd", "--first-update-after: expected a number in [0, 40), got 5000."
                "--data-rows 3000", "--data-rows: expected a number in [1, 2000], got 3000."
                // Every cell of a grid is checked, not the first.
                "--random-steps 0,41", "--random-steps: expected a number in [0, 40]"
                "--online-acting sampled,greedy --acting-noise-clip none,1", "none without acting's noise"
                "-a iql --policy-kind gaussian,deterministic", "--online-acting: expected greedy for a policy"
            ] do
            testCase $"finetune with {options} is refused before it begins" (fun () ->
                use scratch = new Scratch()
                let folder = scratch.Path "out"
                let code, _, error = iql $"finetune {quickly} {options} -o {folder}"
                Expect.equal code 2 "exit code"
                Expect.stringContains error expected "error"
                Expect.isFalse (Directory.Exists folder) "a folder")
    ]
