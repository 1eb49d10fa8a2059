module Iql.Scripts.Tests.TrainingTests

open System
open System.Diagnostics
open System.IO
open System.Text.Json.Nodes
open System.Threading
open Xunit
open Iql.Scripts
open Iql.Scripts.Tests.CommandTests
open Iql.Training

/// A folder of its own that is gone afterwards.
type Scratch() =
    let folder = Directory.CreateTempSubdirectory "iql-"
    member _.Path(name: string) = Path.Combine(folder.FullName, name)

    interface IDisposable with
        member _.Dispose() = folder.Delete true

/// Options that make a training a matter of a second.
let small = [
    "--transitions"
    "2000"
    "--hidden"
    "8x8"
    "--batch"
    "16"
    "--steps"
    "60"
    "--evaluate-every"
    "20"
    "--episodes"
    "2"
]

let private grid =
    [
        "ablate"
        "--expectiles"
        "0.5,0.9"
        "--inverse-temperatures"
        "0,3"
        "--seeds"
        "0"
    ]
    @ small

/// Everything a sweep leaves that must not depend on the clock: checkpoints as bytes, metrics and results without their times.
let private results (folder: string) : (string * string) list = [
    for run in Directory.GetDirectories(Path.Combine(folder, "runs")) |> Array.sort do
        let file name = Path.Combine(run, name)
        let name = Path.GetFileName run

        let timeless (text: string) =
            let node = JsonNode.Parse(text).AsObject()

            for clock in [ "seconds"; "stepsPerSecond" ] do
                node.Remove clock |> ignore

            node.ToJsonString()

        yield
            name + " checkpoint",
            Convert.ToHexString(Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file "checkpoint.safetensors")))

        yield
            name + " metrics",
            File.ReadAllLines(file "metrics.jsonl")
            |> Array.map timeless
            |> String.concat "\n"

        yield name + " result", timeless (File.ReadAllText(file "result.json"))
]

[<Fact>]
let ``ablate trains every cell, prints the table and ends with the report's path`` () =
    use scratch = new Scratch()
    let code, output, error = iql (grid @ [ "-o"; scratch.Path "sweep" ])
    Assert.Equal("", error)
    Assert.Equal(0, code)
    let report = scratch.Path(Path.Combine("sweep", "report.html"))
    Assert.Equal(report, output.TrimEnd().Split('\n') |> Array.last)
    Assert.True(File.Exists report)
    Assert.Contains("4 runs (2 expectile × 2 inverseTemperature × 1 seed)", output)
    Assert.Matches(@"expectile \\ inverseTemperature +0 +3\n", output)
    Assert.Equal(4, Directory.GetDirectories(scratch.Path(Path.Combine("sweep", "runs"))).Length)

[<Fact>]
let ``the same command again trains nothing and changes no result`` () =
    use scratch = new Scratch()
    let command = grid @ [ "-o"; scratch.Path "sweep" ]
    Assert.Equal(0, (let code, _, _ = iql command in code))

    let files =
        Directory.GetFiles(scratch.Path(Path.Combine("sweep", "runs")), "*", SearchOption.AllDirectories)

    let stamps = [ for file in files -> file, File.GetLastWriteTimeUtc file ]
    Assert.Equal(0, (let code, _, _ = iql command in code))
    Assert.Equal<(string * DateTime) list>(stamps, [ for file in files -> file, File.GetLastWriteTimeUtc file ])

[<Fact>]
let ``more seeds in the same folder are trained beside those there`` () =
    use scratch = new Scratch()

    let command seeds =
        [
            "ablate"
            "--expectiles"
            "0.7"
            "--inverse-temperatures"
            "3"
            "--seeds"
            seeds
        ]
        @ small
        @ [ "-o"; scratch.Path "sweep" ]

    Assert.Equal(0, (let code, _, _ = iql (command "0") in code))
    Assert.Equal(0, (let code, _, _ = iql (command "0-1") in code))
    Assert.Equal(2, Directory.GetDirectories(scratch.Path(Path.Combine("sweep", "runs"))).Length)

[<Fact>]
let ``a folder of another sweep is refused with the difference, and left as it is`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "sweep"
    Assert.Equal(0, (let code, _, _ = iql (grid @ [ "-o"; folder ]) in code))
    let before = results folder

    refuses (grid @ [ "--discount"; "0.9"; "-o"; folder ]) [
        folder
        "another sweep"
        "hyperparameters.discount: 0.99, 0.9"
    ]

    refuses
        ([
            "ablate"
            "--expectiles"
            "0.7"
            "--inverse-temperatures"
            "0,3"
            "--seeds"
            "0"
         ]
         @ small
         @ [ "-o"; folder ])
        [ "another sweep"; "expectile=0.5" ]

    Assert.Equal<(string * string) list>(before, results folder)

[<Fact>]
let ``a folder with other files is refused, and left as it is`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "mine"
    Directory.CreateDirectory folder |> ignore
    File.WriteAllText(Path.Combine(folder, "thesis.tex"), "mine")
    refuses (grid @ [ "-o"; folder ]) [ folder; "other files" ]
    Assert.Equal<string[]>([| Path.Combine(folder, "thesis.tex") |], Directory.GetFileSystemEntries folder)

[<Fact>]
let ``a folder that cannot be written to is refused`` () =
    use scratch = new Scratch()
    File.WriteAllText(scratch.Path "file", "")

    refuses (grid @ [ "-o"; scratch.Path(Path.Combine("file", "sweep")) ]) [
        "expected a folder that can be written to"
    ]

[<Fact>]
let ``wrong requests are refused before anything is trained`` () =
    use scratch = new Scratch()

    let refused words parts =
        refuses (words @ [ "-o"; scratch.Path "sweep" ]) parts
        Assert.False(Directory.Exists(scratch.Path "sweep"))

    refused [ "train"; "--expectile"; "1.5" ] [ "--expectile: expected a number in (0, 1), got '1.5'" ]

    refused [ "ablate"; "--expectiles"; "0.5,1" ] [
        "--expectiles: expected values between commas, each a number in (0, 1)"
    ]

    refused [ "train"; "--task"; "pointmaze-umase-v0" ] [ "expected one of"; "Did you mean pointmaze-umaze-v0?" ]
    refused [ "train"; "--data"; scratch.Path "absent.hdf5" ] [ "absent.hdf5" ]
    refused [ "train"; "--preset"; "atari" ] [ "--preset: expected one of adroit" ]
    refused [ "train"; "--inverse-temprature"; "3" ] [ "Did you mean --inverse-temperature?" ]

[<Fact>]
let ``broken data files are refused, saying what is wrong`` () =
    use scratch = new Scratch()
    let whole = scratch.Path "whole.npz"

    let code, _, error =
        iql [ "data"; "collect"; Problem.standardTask; "--size"; "500"; "-o"; whole ]

    Assert.Equal("", error)
    Assert.Equal(0, code)
    refuses [ "data"; "collect"; Problem.standardTask; "--size"; "500"; "-o"; whole ] [ "expected a new file" ]

    let bytes = File.ReadAllBytes whole
    File.WriteAllBytes(scratch.Path "cut.npz", bytes[.. bytes.Length / 2])
    refuses [ "data"; "inspect"; scratch.Path "cut.npz" ] [ "cut.npz" ]

    File.WriteAllBytes(
        scratch.Path "cut.hdf5",
        Array.append [| 0x89uy; 0x48uy; 0x44uy; 0x46uy; 0x0Duy; 0x0Auy; 0x1Auy; 0x0Auy |] (Array.zeroCreate 100)
    )

    refuses [ "train"; "--data"; scratch.Path "cut.hdf5"; "-o"; scratch.Path "out" ] [ "cut.hdf5" ]
    File.WriteAllText(scratch.Path "page.hdf5", "<html>404</html>")
    refuses [ "train"; "--data"; scratch.Path "page.hdf5"; "-o"; scratch.Path "out" ] [ "web page" ]

    let transitions = Iql.Data.DatasetFile.Read whole

    let save (name: string) arrays =
        Iql.Data.NpzFile.Write(scratch.Path name, arrays)

    let array (name: string) (shape: int64 list) (values: Array) =
        Iql.Data.ArrayData(name, Collections.Immutable.ImmutableArray.CreateRange shape, values)

    let n = int64 transitions.Count

    let columns rewards = [|
        array "observations" [ n; int64 transitions.ObservationSize ] transitions.Observations
        array "actions" [ n; int64 transitions.ActionSize ] transitions.Actions
        array "rewards" [ int64 (Array.length rewards) ] rewards
        array "terminals" [ n ] transitions.Terminals
        array "timeouts" [ n ] transitions.Timeouts
    |]

    save "short.npz" (columns transitions.Rewards[1..])
    refuses [ "train"; "--data"; scratch.Path "short.npz"; "-o"; scratch.Path "out" ] [ "'rewards': expected shape" ]
    save "nan.npz" (columns (Array.mapi (fun i reward -> if i = 3 then nanf else reward) transitions.Rewards))
    refuses [ "train"; "--data"; scratch.Path "nan.npz"; "-o"; scratch.Path "out" ] [ "NaN"; "row 3" ]
    Assert.False(Directory.Exists(scratch.Path "out"))

[<Fact>]
let ``a policy is trained from a file alone, without scores`` () =
    use scratch = new Scratch()
    let file = scratch.Path "maze.npz"

    iql [ "data"; "collect"; Problem.standardTask; "--size"; "500"; "-o"; file ]
    |> ignore

    let code, output, error =
        iql (
            [
                "train"
                "--data"
                file
                "--hidden"
                "8"
                "--batch"
                "16"
                "--steps"
                "20"
                "-o"
                scratch.Path "run"
            ]
        )

    Assert.StartsWith("note: the rewards are 0 but at the goal", error)
    Assert.Equal(0, code)
    Assert.Contains("No environment, so no scores", output)
    Assert.EndsWith("report.html", output.TrimEnd())

[<Fact>]
let ``what iql data inspect says is text and, if asked, a page`` () =
    use scratch = new Scratch()
    let file, page = scratch.Path "maze.npz", scratch.Path "maze.html"

    iql [ "data"; "collect"; Problem.standardTask; "--size"; "500"; "-o"; file ]
    |> ignore

    let code, output, _ = iql [ "data"; "inspect"; file; "--html"; page ]
    Assert.Equal(0, code)
    Assert.Contains("500", output)
    Assert.Contains("<html", File.ReadAllText page)

[<Fact>]
let ``cells that share a value function get the bits they would get alone`` () =
    use scratch = new Scratch()
    let problem = Problem.ofTask Problem.standardTask 1000

    let trial = {
        Trial.standard with
            Hyperparameters =
                Trial.standard.Hyperparameters.With(hiddenSizes = [ 8; 8 ], batchSize = 16, inverseTemperature = 3.0)
            Steps = 40
            EvaluateEvery = 20
            Episodes = 2
    }

    let run name axes =
        Launch.run
            {
                Launch.into (scratch.Path name) with
                    Threads = 1
            }
            problem
            {
                Name = name
                Base = trial
                Axes = axes
            }
        |> ignore

        results (scratch.Path name)

    let together = run "together" [ Axis.inverseTemperature [ 0.0; 3.0 ] ]
    let alone = run "alone" [ Axis.inverseTemperature [ 3.0 ] ]
    Assert.Equal(6, together.Length)

    Assert.Equal<(string * string) list>(
        alone,
        together
        |> List.filter (fun (name, _) -> name.StartsWith "inverseTemperature=3")
    )

[<Fact>]
let ``results do not depend on the number of threads`` () =
    use scratch = new Scratch()

    let run (threads: int) =
        let folder = scratch.Path $"threads{threads}"
        Assert.Equal(0, (let code, _, _ = iql (grid @ [ "--threads"; string threads; "-o"; folder ]) in code))
        results folder

    Assert.Equal<(string * string) list>(run 1, run 3)

[<Fact>]
let ``a run that diverges is an outcome and stops nothing`` () =
    use scratch = new Scratch()
    let problem = Problem.ofTask Problem.standardTask 1000

    let trial = {
        Trial.standard with
            Hyperparameters = Trial.standard.Hyperparameters.With(hiddenSizes = [ 8 ], batchSize = 16)
            Steps = 60
            EvaluateEvery = 20
            Episodes = 0
    }

    let outcomes =
        Launch.run (Launch.into (scratch.Path "sweep")) problem {
            Name = "divergence"
            Base = trial
            Axes = [ Axis.criticLearningRate [ 3e-4; 1e30 ] ]
        }

    Assert.Equal<RunStatus list>(
        [ RunStatus.Finished; RunStatus.Diverged ],
        [ for outcome in outcomes -> outcome.Result.Value.Status ]
    )

/// The command line as a process of its own.
let private start (words: string list) : Process =
    let info = ProcessStartInfo("dotnet", [ typeof<Sweep>.Assembly.Location ] @ words)
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    Process.Start info

[<Fact>]
let ``a sweep that is killed goes on to the same bytes`` () =
    use scratch = new Scratch()

    let command folder = [
        "ablate"
        "--expectiles"
        "0.5,0.9"
        "--inverse-temperatures"
        "0,3"
        "--seeds"
        "0"
        "--transitions"
        "2000"
        "--hidden"
        "32x32"
        "--batch"
        "64"
        "--steps"
        "2000"
        "--evaluate-every"
        "50"
        "--episodes"
        "1"
        "--threads"
        "1"
        "-o"
        scratch.Path folder
    ]

    Assert.Equal(0, (let code, _, _ = iql (command "whole") in code))

    // Killed between the first checkpoint of the first group and its end.
    use victim = start (command "broken")
    let clock = Stopwatch.StartNew()
    let runs = scratch.Path(Path.Combine("broken", "runs"))

    let begun () =
        Directory.Exists runs
        && Directory.GetFiles(runs, "checkpoint.safetensors", SearchOption.AllDirectories).Length
           >= 2

    while not (begun ())
          && not victim.HasExited
          && clock.Elapsed < TimeSpan.FromSeconds 60.0 do
        Thread.Sleep 5

    victim.Kill()
    victim.WaitForExit()
    Assert.Equal(137, victim.ExitCode)
    Assert.True(Directory.GetFiles(runs, "result.json", SearchOption.AllDirectories).Length < 4)
    Assert.Equal(0, (let code, _, _ = iql (command "broken") in code))
    Assert.Equal<(string * string) list>(results (scratch.Path "whole"), results (scratch.Path "broken"))

[<Fact>]
let ``Ctrl-C saves, says how to go on, and exits 130`` () =
    use scratch = new Scratch()

    use running =
        start [
            "ablate"
            "--transitions"
            "2000"
            "--hidden"
            "32x32"
            "--steps"
            "1M"
            "--episodes"
            "1"
            "--threads"
            "1"
            "--seeds"
            "0"
            "-o"
            scratch.Path "sweep"
        ]

    let clock = Stopwatch.StartNew()

    let begun () =
        File.Exists(scratch.Path(Path.Combine("sweep", "sweep.json")))

    while not (begun ()) && clock.Elapsed < TimeSpan.FromSeconds 60.0 do
        Thread.Sleep 20

    Thread.Sleep 500
    Process.Start("kill", [ "-INT"; string running.Id ]).WaitForExit()
    let error = running.StandardError.ReadToEnd()
    running.WaitForExit()
    Assert.Equal(130, running.ExitCode)
    Assert.Contains("The same command goes on.", error)
