module Iql.Cli.Tests.TrainingTests

open System
open System.IO
open Expecto
open Iql.Algorithms
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Iql.Training

[<Tests>]
let tests =
    testSequenced
    <| testList "TrainingTests" [
        testCase "ablate varies what was asked, and nothing else" (fun () ->
            for words, axes in
                [
                    "-a dt --target-return 0,1 --seeds 0 --context 3", [ "targetReturn"; "seed" ]
                    "--expectiles 0.5,0.9 --seeds 0", [ "expectile"; "seed" ]
                    "--inverse-temperatures 0,3 --seeds 0", [ "inverseTemperature"; "seed" ]
                    "--polyak-step 0.001,0.005 --seeds 0", [ "polyakStep"; "seed" ]
                    "--polyak-step 0.001,0.005 --inverse-temperatures 3 --seeds 0",
                    [ "inverseTemperature"; "polyakStep"; "seed" ]
                    "-a td3bc --policy-delay 1,2 --alpha 1 --seeds 0", [ "policyDelay"; "seed" ]
                    // Where a request varies nothing, the grid is the command's own.
                    "--expectiles 0.5 --seeds 0", [ "expectile"; "inverseTemperature"; "seed" ]
                ] do
                use scratch = new Scratch()
                run $"ablate {words} {small} -o {scratch}/sweep"
                let plan = SweepPlan.Read(scratch.Path "sweep")
                Expect.equal [ for axis in plan.Axes -> axis.Name ] axes words)

        testCase "ablate trains every cell, prints the table and ends with the report's path" (fun () ->
            use scratch = new Scratch()
            let output = succeedsQuietly $"{grid} -o {scratch}/sweep"
            let report = scratch.Path(Path.Combine("sweep", "report.html"))
            Expect.equal (output.TrimEnd().Split('\n') |> Array.last) report "last of output"
            Expect.isTrue (File.Exists report) "report exists"
            Expect.stringContains output "4 runs (2 expectile × 2 inverseTemperature × 1 seed)" "output"
            Expect.isMatch output @"expectile \\ inverseTemperature +0 +3\n" "output"

            Expect.hasLength
                (Directory.GetDirectories(scratch.Path(Path.Combine("sweep", "runs"))))
                4
                "folders in path of scratch")

        testCase "the same command again trains nothing and changes no result" (fun () ->
            use scratch = new Scratch()
            let command = $"{grid} -o {scratch}/sweep"
            run command

            let files =
                Directory.GetFiles(scratch.Path(Path.Combine("sweep", "runs")), "*", SearchOption.AllDirectories)

            let stamps = [ for file in files -> file, File.GetLastWriteTimeUtc file ]
            run command

            Expect.equal
                [ for file in files -> file, File.GetLastWriteTimeUtc file ]
                stamps
                "file, last write time utc of file")

        testCase "more seeds in the same folder are trained beside those there" (fun () ->
            use scratch = new Scratch()

            let command (seeds: string) =
                $"ablate --expectiles 0.7 --inverse-temperatures 3 --seeds {seeds} {small} -o {scratch}/sweep"

            run (command "0")
            run (command "0-1")

            Expect.hasLength
                (Directory.GetDirectories(scratch.Path(Path.Combine("sweep", "runs"))))
                2
                "folders in path of scratch")

        testCase "a processor without AVX2 and FMA trains by 128-bit vectors, fast enough" (fun () ->
            use scratch = new Scratch()
            // Processors that are not x86 ignore the variable.
            use training = startWith [ "DOTNET_EnableAVX2", "0" ] $"train {small} -o {scratch}/run"
            let code, _, error = finished training
            Expect.equal code 0 error

            for run in (Results.readSweep (scratch.Path "run") |> Result.defaultWith failwith).Runs do
                Expect.equal run.Config.Machine.VectorWidth 128 "bits of a vector")

        testCase "a policy is trained from a file alone, without scores" (fun () ->
            use scratch = new Scratch()
            let file = scratch.Path "maze.npz"
            run $"data collect {TaskName.standard} --size 500 -o {file}"

            let code, output, error = iql $"train --data {file} --hidden 8 --batch 16 --steps 20 -o {scratch}/run"

            Expect.stringStarts error "note: the rewards are 0 except at the goal" "error"
            Expect.equal code 0 "code"
            Expect.stringContains output "No environment, so no scores" "output"
            Expect.stringEnds (output.TrimEnd()) "report.html" "output")

        testCase "what iql data inspect says is text and, if asked, a page" (fun () ->
            use scratch = new Scratch()
            let file, page = scratch.Path "maze.npz", scratch.Path "maze.html"
            run $"data collect {TaskName.standard} --size 500 -o {file}"
            let output = succeeds $"data inspect {file} --html {page}"
            Expect.stringContains output "500" "output"
            Expect.stringContains (File.ReadAllText page) "<html" "file page")

        testCase "a run that diverges is an outcome and stops nothing" (fun () ->
            use scratch = new Scratch()

            let trial = {
                Trial.standard with
                    Config = ImplicitQLearningConfig(HiddenSizes = Widths [ 8 ], BatchSize = 16)
                    Data = DataSource.Task(TaskName.standard, Some 1000)
                    Steps = 60
                    EvaluateEvery = 20
                    Episodes = 0
            }

            let outcome =
                Launch.run (Launch.into (scratch.Path "sweep")) {
                    Name = "divergence"
                    Base = trial
                    Axes = [ Axis.along "criticLearningRate" [ 3e-4; 1e30 ] ]
                }
                |> Attempt.get

            Expect.equal
                [ for _, result in outcome.Runs -> result.Value.Status ]
                [ RunStatus.Finished; RunStatus.Diverged ]
                "status of result")
    ]
