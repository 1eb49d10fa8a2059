module Iql.Cli.Tests.CompareTests

open System.IO
open System.Text.RegularExpressions
open Expecto
open Iql.Tests
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private mazes = "pointmaze-umaze-stitch-v0,pointmaze-medium-stitch-v0"

/// Runs a small comparison and gives what it printed.
let private compared (options: string) : string = succeedsQuietly $"compare {options} {small}"

[<Tests>]
let tests =
    testSequenced
    <| testList "CompareTests" [
        testCase "tasks by algorithms by seeds are trained, put into a table and reported on" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"

            let output = compared $"--task {mazes} -a iql,10%%bc,td3bc --seeds 0-1 -o {folder}"

            Expect.stringContains output "12 runs (2 tasks × 3 algorithms × 2 seeds)" "output"
            Expect.stringContains output "preset of 10%bc for pointmaze" "output"
            Expect.stringContains output "TD3+BC" "output"

            for name in [ "pointmaze-umaze-stitch-v0"; "sum"; "mean"; "IQM"; "optimality gap" ] do
                Expect.stringContains output $"\n{name} " "output"

            Expect.stringEnds (output.TrimEnd()) "report.html" "output"

            for file in [ "report.html"; "table.md"; "table.tex"; "runs.csv"; "scores.csv" ] do
                Expect.isTrue (File.Exists(Path.Combine(folder, file))) file

            Expect.hasLength (File.ReadAllLines(Path.Combine(folder, "runs.csv"))) 13 "file folder, 'runs.csv'"
            let page = File.ReadAllText(Path.Combine(folder, "report.html"))

            for figure in [ "tasks"; "overall"; "improvement"; "curves" ] do
                Expect.stringContains page $"figure-{figure}" "page"

            Expect.stringContains page "class=\"scores\"" "page"

            // An episode an algorithm, those of a task together.
            Expect.equal (Regex.Matches(page, "class=\"stage several\"").Count) 2 "count of matches"
            Expect.equal (Regex.Matches(page, "class=\"played\"").Count) 6 "count of matches"
            // Cloning has no values.
            Expect.equal (Regex.Matches(page, "class=\"legend\"").Count) 4 "count of matches"

            // A built-in task has no published scores, and none stand beside it.
            Expect.stringLacks page "CORL" "page"
            Expect.stringLacks page "IQL paper" "page"

            // Each algorithm with its own preset: cloning standardises observations, implicit Q-learning does not.
            let normalised name =
                Iql.Training
                    .RunFolder(Path.Combine(folder, "runs", $"task=pointmaze-umaze-stitch-v0,{name}"))
                    .ReadConfig()
                    .Normalization.ChangesObservations

            Expect.isFalse (normalised "algorithm=iql,seed=0") "normalised 'algorithm=iql,seed=0'"
            Expect.isTrue (normalised "algorithm=10%bc,seed=0") "normalised 'algorithm=10%bc,seed=0'")

        testCase "repeated options add up, and a hyperparameter changes the algorithms that have it" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"

            compared
                $"--task pointmaze-umaze-stitch-v0 --task pointmaze-medium-stitch-v0 -a iql -a bc --seed 3 --expectile \
                0.6 -o {folder}"
            |> ignore

            let hyperparameters name =
                Iql.Training
                    .RunFolder(Path.Combine(folder, "runs", $"task=pointmaze-medium-stitch-v0,{name}"))
                    .ReadConfig()
                    .Hyperparameters

            Expect.floatClose
                (Accuracy.decimals 6)
                ((hyperparameters "algorithm=iql,seed=3").GetProperty("expectile").GetDouble())
                0.6
                "get double of get property 'expectile'"

            Expect.floatClose
                (Accuracy.decimals 6)
                ((hyperparameters "algorithm=iql,seed=3").GetProperty("inverseTemperature").GetDouble())
                10.0
                "get double of get property 'inverseTemperature'"

            Expect.equal
                ((hyperparameters "algorithm=bc,seed=3").GetProperty("hiddenSizes").GetString())
                "8x8"
                "get string of get property 'hiddenSizes'")

        testCase "more seeds, algorithms and tasks go on where the comparison stood" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"

            compared $"--task pointmaze-umaze-stitch-v0 -a iql --seeds 0 -o {folder}" |> ignore

            let before = results folder

            compared $"--task {mazes} -a bc,iql --seeds 0,1 -o {folder}" |> ignore

            let after = results folder
            Expect.hasLength after 24 "after"

            for result in before do
                Expect.contains after result "after")

        testCase "a comparison that is killed goes on to the same bytes" (fun () ->
            use scratch = new Scratch()

            goesOnAfterAKill scratch $"compare --task {mazes} -a iql,td3bc --seeds 0 --transitions 2000 --episodes 1")

        testCase
            "the report is made again from the folder, to the same bytes; other last evaluations train nothing"
            (fun () ->
                use scratch = new Scratch()
                let folder = scratch.Path "out"
                let words = $"-a iql,bc --seeds 0-1 -o {folder}"
                compared words |> ignore
                let page = Path.Combine(folder, "report.html")
                let before = File.ReadAllText page
                File.Delete page
                let output = succeeds $"report {folder}"
                Expect.stringEnds (output.TrimEnd()) "report.html" "output"
                Expect.equal (File.ReadAllText page) before "file page"

                let trained = results folder
                Expect.stringContains (compared $"{words} --last 3") "mean of a run's last 3 evaluations" "compared"
                same (trained, results folder))

        testCase "files are scored in the tasks they are called after, or in those named" (fun () ->
            use scratch = new Scratch()
            let file = scratch.Path "pointmaze-umaze-stitch-v0.npz"
            run $"data collect pointmaze-umaze-stitch-v0 --size 1500 -o {file}"
            File.Copy(file, scratch.Path "mine.npz")

            let output (options: string) = succeedsQuietly $"compare -a bc --seeds 0 {options} {quick}"

            Expect.stringContains (output $"--data {file} -o {scratch}/one") "pointmaze-umaze-stitch-v0: " "output"

            Expect.stringContains
                (output $"--data {file},{scratch}/mine.npz --task {mazes} -o {scratch}/two")
                "pointmaze-medium-stitch-v0: "
                "output"

            Expect.stringContains
                (File.ReadAllText(scratch.Path(Path.Combine("two", "report.html"))))
                "mine.npz"
                "file path of scratch")

        testCase "published tables are shown alone, all or some, each with its source" (fun () ->
            let output = succeeds "compare --published"

            for table in Published.tables do
                Expect.stringContains output table.Source "output"

                for dataset, _ in table.Rows do
                    Expect.stringContains output dataset "output"

            Expect.stringContains output "692.4" "output"

            let output = succeeds "compare --published --task antmaze-umaze-v2 -a iql,cql"
            Expect.stringContains output "77.00 ± 5.52" "output"
            Expect.stringLacks output "IQL paper" "output"
            Expect.stringLacks output "hopper" "output")
    ]
