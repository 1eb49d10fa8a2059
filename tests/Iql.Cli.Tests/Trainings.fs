/// What tests of trainings share.
module Iql.Cli.Tests.Trainings

open System
open System.Diagnostics
open System.IO
open System.Text.Json.Nodes
open System.Threading
open Xunit
open Iql.Scripts
open Iql.Cli
open Iql.Cli.Tests.CommandTests
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

/// A grid of four small runs.
let grid =
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
let results (folder: string) : (string * string) list = [
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

/// The command line as a process of its own, with variables set.
let startWith (variables: (string * string) list) (words: string list) : Process =
    let info = ProcessStartInfo("dotnet", [ typeof<Command>.Assembly.Location ] @ words)
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true

    for name, value in variables do
        info.Environment[name] <- value

    Process.Start info

let start: string list -> Process = startWith []

/// Trains four runs to their end in the folder "whole", and in "broken" with a kill between the first checkpoint of the first group and
/// its end: what they leave must be the same.
let goesOnAfterAKill (scratch: Scratch) (command: string -> string list) : unit =
    let succeeds folder =
        let code, _, error = iql (command folder)
        Assert.True((code = 0), error)

    let left folder = results (scratch.Path folder)

    succeeds "whole"
    use victim = start (command "broken")
    let clock = Stopwatch.StartNew()
    let broken = scratch.Path "broken"

    let count name =
        if Directory.Exists broken then
            Directory.GetFiles(broken, name, SearchOption.AllDirectories).Length
        else
            0

    while count "checkpoint.safetensors" < 2
          && not victim.HasExited
          && clock.Elapsed < TimeSpan.FromMinutes 5.0 do
        Thread.Sleep 5

    victim.Kill()
    victim.WaitForExit()
    Assert.Equal(137, victim.ExitCode)
    Assert.True(count "result.json" < 4)
    succeeds "broken"
    Assert.Equal<(string * string) list>(left "whole", left "broken")
