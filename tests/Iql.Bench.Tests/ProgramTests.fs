/// The program as a whole, on tiny work.
module Iql.Bench.Tests.ProgramTests

open System
open System.IO
open Iql.Bench
open Iql.Environments.Mujoco
open Xunit

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

[<Fact>]
let ``a plan is measured whole`` () =
    let tiny = {
        Case.standard with
            Observations = 3
            Actions = 2
            Batch = 16
            Hidden = [ 8; 8 ]
    }

    let found, next = ResizeArray<string>(), ResizeArray<string>()

    let report =
        {
            Cases.plan true (min 2 Environment.ProcessorCount) 100 with
                Cases = [ tiny ]
                Windows = {
                    Count = 2
                    Seconds = 0.01
                    WarmUp = 0.01
                }
                Megabytes = 3
        }
        |> Cases.run next.Add (fun row -> found.Add row.Case.Name)

    Assert.Equal<string>([ tiny.Name ], found)
    Assert.Contains(tiny.Name, next)
    let rate = (List.exactlyOne report.Cases).Rate

    Assert.True(
        0.0 < rate.Low
        && rate.Low <= rate.StepsPerSecond
        && rate.StepsPerSecond <= rate.High
    )

    Assert.Equal(0.0, rate.BytesPerStep)
    Assert.True(Rate.share rate > 0.0)
    Assert.True(List.forall (fun kernel -> kernel.Microseconds >= 0.0) report.Kernels)
    Assert.True(report.FirstStep.Value > 0.0)
    Assert.True((Report.kinds report).Length > 3)
    Assert.NotEmpty(ReportText.closing report)
    Assert.Contains("firstStepSeconds", Report.json report)

[<Fact>]
let ``an algorithm is measured from the command line, and saved`` () =
    let folder = Directory.CreateTempSubdirectory "iql-bench-"

    try
        let code, output, _ =
            run (
                "--algorithm bc --rows 5000 --threads 1 --quick --save".Split ' '
                |> List.ofArray
                |> fun words -> words @ [ folder.FullName ]
            )

        Assert.Equal(0, code)
        Assert.Contains("bc ", output)

        for ending in [ "-algorithms.json"; "-algorithms.md" ] do
            Assert.Single(folder.GetFiles("*" + ending)) |> ignore
    finally
        folder.Delete true

[<Fact>]
let ``a data set is sampled and trained on`` () =
    for reading in [ "memory"; "ahead" ] do
        let code, output, _ =
            run [
                "--data"
                "1000"
                "--reading"
                reading
                "--batches"
                "5"
                "--steps"
                "2"
                "--threads"
                "1"
            ]

        Assert.Equal(0, code)
        Assert.Contains("1000 rows of 11 + 3 numbers", output)
        Assert.Contains("a batch: ", output)
        Assert.Contains("a second, 1 thread", output)

[<Fact>]
let ``kernels are timed one by one, by a part of their names`` () =
    let code, output, _ = run [ "--kernels"; "row"; "--quick" ]
    Assert.Equal(0, code)
    Assert.Contains("row sums", output)
    Assert.Contains("gather 256 rows", output)
    Assert.DoesNotContain("elementwise", output)

    for rate in KernelRate.measure 5 0.001 GraphCase.all do
        Assert.True(0.0 < rate.Low && rate.Low <= rate.Middle && rate.Middle <= rate.High)

[<Fact>]
let ``robots end where the C library alone ends, to the bit`` () =
    Assert.SkipUnless(MujocoLibrary.IsAvailable, "MuJoCo's library is not installed")
    let rates, reason = Environments.run 1

    Assert.Equal(4, rates.Length)
    Assert.Equal(5, (Environments.lines rates).Length)

    for rate in rates do
        Assert.True(rate.Own > 0.0)
        Assert.Equal(Option.isNone reason, (Option.map snd rate.Library = Some true))

[<Fact>]
let ``the help names the program and its options`` () =
    let code, page, _ = run [ "--help" ]
    Assert.Equal(0, code)
    Assert.StartsWith("Iql.Bench: ", page)
    Assert.DoesNotContain("iql bench", page)

    for option in [ "--quick"; "--algorithm"; "--environments"; "--data"; "--kernels"; "--save" ] do
        Assert.Contains(option, page)

[<Fact>]
let ``requests that cannot be measured are refused before anything is`` () =
    let file = Path.GetTempFileName()
    let inside = Path.Combine(file, "inside")

    try
        for words, expected in
            [
                [ "--threads"; "0" ], "--threads: expected a whole number of at least 1"
                [ "--threads"; "100k" ], "--threads: expected at most"
                [ "--algorithm"; "bd" ], "or all"
                [ "--kernels"; "cube" ], "all, or a part of NN 256³"
                [ "--json"; Path.GetDirectoryName file ], "--json: expected a file's name"
                [ "--save"; file ], "--save: expected a folder"
                [ "--save"; inside ], "--save: expected a folder that can be created"
                [ "--quik" ], "Did you mean --quick?"
            ] do
            let code, output, error = run words
            Assert.Equal(2, code)
            Assert.Equal("", output)
            Assert.Contains(expected, error)
    finally
        File.Delete file
