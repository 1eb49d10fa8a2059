/// What tests of trainings share.
module Iql.Cli.Tests.Trainings

open System
open System.Diagnostics
open System.IO
open System.Text.Json.Nodes
open System.Threading
open Expecto
open Iql.Environments.Mujoco
open Iql.Scripts
open Iql.Cli
open Iql.Cli.Tests.CommandTests

/// A folder of its own that is gone afterwards.
type Scratch() =
    let folder = Directory.CreateTempSubdirectory "iql-"
    member _.Path(name: string) = Path.Combine(folder.FullName, name)
    override _.ToString() = folder.FullName

    interface IDisposable with
        member _.Dispose() = folder.Delete true

/// Options for a training of a second, from a file.
let quick = "--hidden 8x8 --batch 16 --steps 60 --evaluate-every 20 --episodes 2"

/// The same, from a task.
let small = "--transitions 2000 " + quick

let needsMujoco () =
    if not MujocoLibrary.IsAvailable then
        skiptest "The machine has no MuJoCo 2.2.2."

let needsPython () =
    try
        use python = Process.Start(ProcessStartInfo("python3", "--version", RedirectStandardOutput = true))
        python.WaitForExit()
    with :? ComponentModel.Win32Exception ->
        skiptest "The machine has no python3."

/// A grid of four small runs.
let grid = $"ablate --expectiles 0.5,0.9 --inverse-temperatures 0,3 --seeds 0 {small}"

/// What a sweep leaves, without times: hashes of checkpoints, metrics and results.
let results (folder: string) : (string * string) list = [
    for run in Directory.GetDirectories(Path.Combine(folder, "runs")) |> Array.sort do
        let file name = Path.Combine(run, name)
        let name = Path.GetFileName run

        let timeless (text: string) =
            let node = JsonNode.Parse(text).AsObject()

            // Checksums are made of the clock's numbers too.
            for clock in [ "seconds"; "stepsPerSecond"; "sha256"; "files" ] do
                node.Remove clock |> ignore

            node.ToJsonString()

        $"{name} checkpoint",
        Convert.ToHexString(Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file "checkpoint.safetensors")))

        $"{name} metrics", File.ReadLines(file "metrics.jsonl") |> Seq.map timeless |> String.concat "\n"
        $"{name} result", timeless (File.ReadAllText(file "result.json"))
]

let same (one: (string * string) list, other: (string * string) list) : unit = Expect.equal other one "other"

/// The command line as its own process, with environment variables.
let startWith (variables: (string * string) list) (line: string) : Process =
    let info = ProcessStartInfo("dotnet", typeof<Command>.Assembly.Location :: words line)

    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true

    for name, value in variables do
        info.Environment[name] <- value

    Process.Start info

let start: string -> Process = startWith []

/// Waits for a process: exit code, standard output, standard error.
let finished (running: Process) : int * string * string =
    let output = running.StandardOutput.ReadToEnd()
    let error = running.StandardError.ReadToEnd()
    running.WaitForExit()
    running.ExitCode, output, error

let signal (name: string) (running: Process) : unit = Process.Start("kill", [ name; string running.Id ]).WaitForExit()

/// Waits until a process has done something or ended, at most five minutes.
let waitUntil (isDone: unit -> bool) (running: Process) : unit =
    let clock = Stopwatch.StartNew()

    while not (isDone () || running.HasExited) && clock.Elapsed < TimeSpan.FromMinutes 5.0 do
        Thread.Sleep 5

/// Trains four runs without a stop in the folder "whole". In the folder "broken" a kill comes between the first
/// checkpoint and the end, and the same command follows. Both leave the same results.
let goesOnAfterAKill (scratch: Scratch) (command: string) : unit =
    let into folder =
        $"{command} --hidden 32x32 --batch 64 --steps 2000 --evaluate-every 50 --threads 1 -o {scratch}/{folder}"

    run (into "whole")
    use victim = start (into "broken")
    let broken = scratch.Path "broken"

    let count name =
        if Directory.Exists broken then
            Directory.GetFiles(broken, name, SearchOption.AllDirectories).Length
        else
            0

    victim |> waitUntil (fun () -> count "checkpoint.safetensors" >= 2)
    victim.Kill()
    victim.WaitForExit()
    Expect.equal victim.ExitCode 137 "exit code of victim"
    Expect.isLessThan (count "result.json") 4 "count 'result.json'"
    run (into "broken")
    same (results (scratch.Path "whole"), results broken)
