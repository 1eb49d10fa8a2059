/// `iql export`
module Iql.Cli.Tests.ExportTests

open System.IO
open Expecto
open Iql.Tests
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

[<Tests>]
let tests =
    testSequenced
    <| testList "ExportTests" [
        testCase "a trained run's folder becomes every format, and a sweep's event files and tables" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"
            run $"train --task pointmaze-umaze-v0 -a iql {small} -o {folder}"

            for format, name in [ "onnx", "p.onnx"; "safetensors", "q.safetensors"; "csharp", "Own.cs" ] do
                let path = scratch.Path name
                let output = succeeds $"export {folder} --format {format} --licence MIT -o {path}"
                Expect.stringContains output path "output"
                Expect.isGreaterThan (FileInfo(path).Length) 1000L name
                Expect.stringContains (File.ReadAllText(path + ".json")) "MIT" "card"

            Expect.stringContains (File.ReadAllText(scratch.Path "Own.cs")) "public sealed class Own" "class"
            let board = scratch.Path "board"

            Expect.stringContains
                (succeeds $"export {folder} --format tensorboard -o {board}")
                "Event files: 1"
                "output"

            let file = Seq.exactlyOne (Directory.GetFiles(board, "*tfevents*", SearchOption.AllDirectories))
            Expect.isGreaterThan (FileInfo(file).Length) 500L "length of file"
            let tables = scratch.Path "tables"
            succeeds $"export {folder} --format csv -o {tables}" |> ignore

            for name in [ "runs.csv"; "scores.csv"; "metrics.csv" ] do
                Expect.isTrue (File.Exists(Path.Combine(tables, name))) name

            use policy = Policy.load folder |> Attempt.get
            Expect.equal (Policy.act [| 1f; 1f; 0f; 0f |] policy).Length 2 "length of action")

        testCase "what cannot be exported is refused before anything is written" (fun () ->
            use scratch = new Scratch()
            let path = scratch.Path "p.onnx"

            let missing = scratch.Path "none"
            refuses $"export {missing} -o {path}" [ "expected the folder of a run" ]
            refuses $"export {missing} --format csv --licence MIT" [ "expected a format of policies" ]
            refuses $"export {missing} --format pickle" [ "--format: expected" ]
            Expect.isFalse (File.Exists path) "path")
    ]
