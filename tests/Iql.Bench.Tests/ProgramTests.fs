/// The program as a whole, on tiny work.
module Iql.Bench.Tests.ProgramTests

open System
open System.IO
open Iql.Bench
open Iql.Environments.Mujoco
open Expecto
open Iql.Tests

/// Runs the program in this process: exit code, standard output, standard error.
let private run (words: string list) : int * string * string =
    let out, error = Console.Out, Console.Error
    use capturedOut = new StringWriter()
    use capturedError = new StringWriter()
    Console.SetOut capturedOut
    Console.SetError capturedError

    try
        Program.main (List.toArray words), capturedOut.ToString(), capturedError.ToString()
    finally
        Console.SetOut out
        Console.SetError error

[<Tests>]
let tests =
    testSequenced
    <| testList "ProgramTests" [
        testCase "a plan is measured whole" (fun () ->
            let tiny = { Case.standard with Observations = 3; Actions = 2; Batch = 16; Hidden = [ 8; 8 ] }

            let found, next = ResizeArray<string>(), ResizeArray<string>()

            let report =
                {
                    Cases.plan true (min 2 Environment.ProcessorCount) 100 with
                        Cases = [ tiny ]
                        Windows = { Count = 2; Seconds = 0.01; WarmUp = 0.01 }
                        Megabytes = 3
                }
                |> Cases.run next.Add (fun row -> found.Add row.Case.Name)

            Expect.sequenceEqual found [ tiny.Name ] "found"
            Expect.contains next tiny.Name "next"
            let rate = (List.exactlyOne report.Cases).Rate

            Expect.isTrue
                (0.0 < rate.Low && rate.Low <= rate.StepsPerSecond && rate.StepsPerSecond <= rate.High)
                "0.0 is below low of rate"

            Expect.equal rate.BytesPerStep 0.0 "bytes per step of rate"
            Expect.isGreaterThan (Rate.share rate) 0.0 "share of rate"
            Expect.all report.Kernels (fun kernel -> kernel.Microseconds >= 0.0) "kernels of report"
            Expect.isGreaterThan report.FirstStep.Value 0.0 "first step of report"
            Expect.isGreaterThan (Report.kinds report).Length 3 "length of kinds of report"
            Expect.isNonEmpty (ReportText.closing report) "closing of report"
            Expect.stringContains (Report.json report) "firstStepSeconds" "json of report")

        testCase "an algorithm is measured from the command line, and saved" (fun () ->
            let folder = Directory.CreateTempSubdirectory "iql-bench-"

            try
                let code, output, _ =
                    run (
                        "--algorithm bc --rows 5000 --threads 1 --quick --save".Split ' '
                        |> List.ofArray
                        |> fun words -> words @ [ folder.FullName ]
                    )

                Expect.equal code 0 "code"
                Expect.stringContains output "bc " "output"

                for ending in [ "-algorithms.json"; "-algorithms.md" ] do
                    Expect.hasLength (folder.GetFiles("*" + ending)) 1 "files of folder"
            finally
                folder.Delete true)

        testCase "a data set is sampled and trained on" (fun () ->
            for reading in [ "memory"; "ahead" ] do
                let code, output, _ =
                    run [ "--data"; "1000"; "--reading"; reading; "--batches"; "5"; "--steps"; "2"; "--threads"; "1" ]

                Expect.equal code 0 "code"
                Expect.stringContains output "1000 rows of 11 + 3 numbers" "output"
                Expect.stringContains output "a batch: " "output"
                Expect.stringContains output "a second, 1 thread" "output")

        testCase "kernels are timed one by one, by a part of their names" (fun () ->
            let code, output, _ = run [ "--kernels"; "row"; "--quick" ]
            Expect.equal code 0 "code"
            Expect.stringContains output "row sums" "output"
            Expect.stringContains output "gather 256 rows" "output"
            Expect.stringLacks output "elementwise" "output"

            for rate in KernelRate.measure 5 0.001 GraphCase.all do
                Expect.isTrue
                    (0.0 < rate.Low && rate.Low <= rate.Middle && rate.Middle <= rate.High)
                    "middle of rate is at most high of rate")

        testCase "robots end where the C library alone ends, to the bit" (fun () ->
            if not MujocoLibrary.IsAvailable then
                skiptest "MuJoCo's library is not installed"

            let rates, reason = Environments.run 1

            Expect.hasLength rates 4 "rates"
            Expect.hasLength (Environments.lines rates) 5 "lines of rates"

            for rate in rates do
                Expect.isGreaterThan rate.Own 0.0 "own of rate"
                Expect.equal (Option.map snd rate.Library = Some true) (Option.isNone reason) "is none of reason")

        testCase "the help names the program and its options" (fun () ->
            let code, page, _ = run [ "--help" ]
            Expect.equal code 0 "code"
            Expect.stringStarts page "Iql.Bench: " "page"
            Expect.stringLacks page "iql bench" "page"

            for option in [ "--quick"; "--algorithm"; "--environments"; "--device"; "--data"; "--kernels"; "--save" ] do
                Expect.stringContains page option "page")

        testCase "requests that cannot be measured are refused before anything is" (fun () ->
            let file = Path.GetTempFileName()
            let inside = Path.Combine(file, "inside")

            try
                for words, expected in
                    [
                        [ "--threads"; "0" ], "--threads: expected a whole number of at least 1"
                        [ "--threads"; "100k" ], "--threads: expected at most"
                        [ "--algorithm"; "bd" ], "or all"
                        [ "--device"; "gpu" ], "cpu-torch, cuda or cuda:N"
                        [ "--together"; "0" ], "--together: expected"
                        [ "--kernels"; "cube" ], "all, or a part of NN 256³"
                        [ "--json"; Path.GetDirectoryName file ], "--json: expected a file's name"
                        [ "--save"; file ], "--save: expected a folder"
                        [ "--save"; inside ], "--save: expected a folder that can be created"
                        [ "--quik" ], "Did you mean --quick?"
                    ] do
                    let code, output, error = run words
                    Expect.equal code 2 "code"
                    Expect.equal output "" "output"
                    Expect.stringContains error expected "error"
            finally
                File.Delete file)
    ]
