/// Iql as F# Interactive shows it: values in one line, failures in a message and the user's own place.
module Iql.Cli.Tests.ScriptTests

open System
open System.Diagnostics
open System.IO
open System.Text.RegularExpressions
open Expecto
open Iql
open Iql.Tests
open Iql.Algorithms
open Iql.Data
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private isLine (value: obj) (name: string) : unit =
    let text = sprintf "%A" value
    Expect.isFalse (text.Contains '\n') $"{name}: {text}"
    Expect.isLessThanOrEqual text.Length 200 name

/// What readers of Core refuse, in a folder with files that are other than their names say.
let private refused = [
    """DatasetFile.Load("none.npz", DatasetMode.D4rlParity)"""
    """DatasetFile.Load("other.npz", DatasetMode.D4rlParity)"""
    """Rows.RowFile "none.rows" """
    """Rows.RowFile "other.npz" """
    """SafeTensors.Read "none.safetensors" """
    """SafeTensors.Read "cut.safetensors" """
    """RunFolder("none").ReadConfig()"""
    """RunFolder(".").ReadConfig()"""
    """MetricsFile.Read "metrics.jsonl" """
    """SweepPlan.Read "." """
    """Logs.LogSchema.Read "schema.json" """
    """DatasetConversion.Convert("other.npz", "new.npz", DatasetForm.Npz)"""
    """DatasetPacking.Pack("none.npz", "new.rows", DatasetMode.Strict)"""
    """Download.D4rlCache.Import(Download.D4rlFile.Find "hopper-medium-v2", "none")"""
]

[<Tests>]
let tests =
    testSequenced
    <| testList "ScriptTests" [
        testCase "a value that is printed is one short line" (fun () ->
            use scratch = new Scratch()
            run $"{grid} -o {scratch}/sweep"
            let results = Results.readSweep (scratch.Path "sweep") |> Attempt.get

            let sweep = {
                Name = "a"
                Base = Trial.standard
                Axes = [ Axis.expectile [ 0.5; 0.9 ]; Axis.seed [ 0..9 ] ]
            }

            let source = DataSource.Task(TaskName.standard, Some 1000)
            let data = TrainingData.load source |> Attempt.get
            let learner = Trial.learner 4 (ActionSpace.Continuous 2) [ Trial.standard ] |> Attempt.get

            isLine results.Runs.Head "run"
            isLine results "results"
            isLine results.Plan "plan"
            isLine results.Runs.Head.Config "config of a run"
            isLine results.Runs.Head.Result "result"
            isLine (ResultGroups.ofRuns [ "expectile" ] results.Runs).Head "group"
            isLine sweep "sweep"
            isLine sweep.Axes.Head "axis"
            isLine (Sweep.cells sweep).Head "cell"
            isLine Trial.standard "trial"
            isLine data "training data"
            isLine data.Raw "transitions"
            isLine learner "learner"

            for each in Algorithm.Named do
                isLine each.Standard each.Name

            isLine (ImplicitQLearningConfig(Expectile = 0.8)) "config"
            Expect.stringContains (sprintf "%A" (ImplicitQLearningConfig(Expectile = 0.8))) "expectile 0.8" "config")

        testCase "a failure shows its message and the caller's places, and no frame of Iql" (fun () ->
            for name, failing in
                [
                    "check", (fun () -> ImplicitQLearningConfig(Expectile = 2.0).Validate() |> ignore)
                    "name", (fun () -> Axis.along "expectil" [ 0.5 ] |> ignore)
                    "algorithm", (fun () -> Preset.trial "iqll" TaskName.standard |> ignore)
                    "refusal", (fun () -> TrainingData.ofFile (DataFile.at "none.npz") |> Attempt.get |> ignore)
                    "results", (fun () -> Results.readSweep "none" |> Attempt.get |> ignore)
                ] do
                let text = (Expect.raises<exn> failing name).ToString()
                let lines = text.Split '\n'
                Expect.stringContains lines[0] "expected" name
                Expect.isLessThanOrEqual lines.Length 4 text
                Expect.stringContains lines[1] "ScriptTests.fs:line " name

                for line in lines do
                    Expect.isFalse (Regex.IsMatch(line, "Iql\\.(Core|Scripts)/|at Iql")) line)

        testCase "what readers refuse is shown in F# Interactive as a message and the caller's place" (fun () ->
            use scratch = new Scratch()
            let file (name: string) (text: string) = File.WriteAllText(scratch.Path name, text)
            file "other.npz" "neither one nor the other"
            file "cut.safetensors" "{"

            file "schema.json" "{}"
            file "config.json" "{}"
            file "metrics.jsonl" "{}\n"
            let binaries = AppContext.BaseDirectory

            let lines = [
                for name in [ "Iql.Core"; "Iql.Scripts" ] do
                    $"#r \"{binaries}{name}.dll\";;"
                "open Iql.Data"
                "open Iql.Data.Files"
                "open Iql.Training;;"
                for line in refused do
                    $"let run () = {line} |> ignore"
                    "run ();;"
            ]

            let info = ProcessStartInfo("dotnet", [ "fsi"; "--nologo"; "--quiet" ])
            info.WorkingDirectory <- string scratch
            info.RedirectStandardInput <- true
            info.RedirectStandardOutput <- true
            info.RedirectStandardError <- true
            use running = Process.Start info
            running.StandardInput.Write(String.concat "\n" lines)
            running.StandardInput.Close()
            let _, output, error = finished running

            let shown =
                (output + error).Split("Stopped due to error", StringSplitOptions.TrimEntries)
                |> Array.filter ((<>) "")

            Expect.equal shown.Length refused.Length (output + error)

            for line, text in List.zip refused (List.ofArray shown) do
                let lines = text.Split '\n'
                Expect.stringContains lines[0] "expected" line
                Expect.isLessThanOrEqual lines.Length 4 text

                for place in Array.tail lines do
                    Expect.stringContains place "stdin:line " text)

        testCase "a file of one's own is read with defaults" (fun () ->
            use scratch = new Scratch()
            let made = scratch.Path "made.npz"
            run $"data collect {TaskName.standard} --size 1000 -o {made}"
            let data = TrainingData.ofFile (DataFile.at made) |> Attempt.get
            Expect.isNone data.Task "task"
            let scored = TrainingData.ofFile { DataFile.at made with Task = Some TaskName.standard } |> Attempt.get
            Expect.equal scored.Task.Value.Name TaskName.standard "task"
            let strict = TrainingData.ofFile { DataFile.at made with Mode = Some DatasetMode.Strict } |> Attempt.get
            Expect.isGreaterThan data.Dataset.Transitions 0L "transitions"
            Expect.isGreaterThan strict.Dataset.Transitions 0L "transitions")

        testCase "a comparison on a file without a task compares losses and values, and says who is left out" (fun () ->
            use scratch = new Scratch()
            let made = scratch.Path "mine.npz"
            run $"data collect {TaskName.standard} --size 1000 -o {made}"

            let code, output, error =
                iql $"compare --data {made} --algorithms iql,td3bc,bc --seeds 0-1 {quick} -o {scratch}/out"

            Expect.equal code 0 error
            Expect.stringContains error "no task has the name mine" "error"
            Expect.stringContains output "no scores" "output"
            Expect.stringContains output "value loss" "output"
            let page = File.ReadAllText(scratch.Path "out/report.html")
            Expect.stringContains page "Policy loss" "page"

            // Choices: TD3+BC has no policy for them.
            let choices = scratch.Path "choices.npz"
            run $"data collect gridmaze-medium-v0 --size 1000 -o {choices}"

            let code, output, error =
                iql $"compare --data {choices} --algorithms iql,td3bc,bc --seeds 0 {quick} -o {scratch}/two"

            Expect.equal code 0 error
            Expect.stringContains error "td3bc is left out: " "error"
            Expect.stringContains error "expected continuous actions" "error"

            Expect.stringLacks
                (String.concat "\n" (output.Split '\n' |> Array.filter _.Contains("loss")))
                "td3bc"
                "output"

            refuses $"compare --data {choices} --algorithms td3bc --seeds 0 {quick} -o {scratch}/three" [
                "continuous"
            ])
    ]
