module Iql.Cli.Tests.DamageTests

open System
open System.IO
open System.Threading
open Expecto
open Iql
open Iql.Algorithms
open Iql.Scripts
open Iql.Training
open Iql.Tests
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

/// Two groups of two runs: 60 steps, a checkpoint every 20.
let private sweep = {
    Name = "damaged"
    Base = {
        Trial.standard with
            Config = ImplicitQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)
            Data = DataSource.Task(TaskName.standard, Some 500)
            Steps = 60
            EvaluateEvery = 20
            Episodes = 1
    }
    Axes = [ Axis.expectile [ 0.5; 0.9 ]; Axis.inverseTemperature [ 0.0; 3.0 ] ]
}

let private launch (folder: string) (change: LaunchOptions -> LaunchOptions) =
    Launch.run (change { Launch.into folder with Threads = 1 }) sweep

let private copy (from: string) (into: string) : unit =
    for file in Directory.GetFiles(from, "*", SearchOption.AllDirectories) do
        let target = Path.Combine(into, Path.GetRelativePath(from, file))
        Directory.CreateDirectory(Path.GetDirectoryName target) |> ignore
        File.Copy(file, target, overwrite = true)

/// A sweep with two finished runs and two that stopped at step 40, with the checkpoint before; and the same one whole.
let private prepare (scratch: Scratch) : string * string =
    let whole, part = scratch.Path "whole", scratch.Path "part"
    use stop = new CancellationTokenSource()

    let until step event =
        match event with
        | Advanced progress when progress.Training |> List.exists (fun group -> group.Latest.Step >= step) ->
            stop.Cancel()
        | _ -> ()

    launch part (fun options -> { options with Watch = until 40L; Cancellation = stop.Token })
    |> Attempt.get
    |> ignore

    launch whole id |> Attempt.get |> ignore
    let begun = Directory.GetFiles(part, "checkpoint.previous.safetensors", SearchOption.AllDirectories)
    Expect.hasLength begun 2 "runs with the checkpoint before"

    for run in Directory.GetDirectories(Path.Combine(whole, "runs")) do
        let other = Path.Combine(part, "runs", Path.GetFileName run)

        if not (File.Exists(Path.Combine(other, "checkpoint.previous.safetensors"))) then
            copy run other

    whole, part

let private files (folder: string) : string[] =
    Directory.GetFiles(folder, "*", SearchOption.AllDirectories) |> Array.sort

/// The i-th random damage, in words.
let private damage (folder: string) (i: int) : string =
    let seed = Seed.Named("damage").Split(uint64 i)
    let files = files folder
    let below purpose (count: int) = seed.Split(purpose: string).Below(0UL, count)
    let path = files[below "file" files.Length]
    let bytes = File.ReadAllBytes path
    let place = below "place" (max 1 bytes.Length)
    let name = Path.GetRelativePath(folder, path)

    match below "kind" 6 with
    | 0 when bytes.Length > 0 ->
        bytes[place] <- bytes[place] ^^^ (1uy <<< below "bit" 8)
        File.WriteAllBytes(path, bytes)
        $"a bit of byte {place} of {name}"
    | 1 ->
        File.WriteAllBytes(path, bytes[.. place - 1])
        $"{name} cut to {place} bytes"
    | 2 ->
        File.WriteAllBytes(path, Array.zeroCreate bytes.Length)
        $"{name} all zeros"
    | 3 ->
        File.Delete path
        $"{name} deleted"
    | 4 ->
        let same = files |> Array.filter (fun file -> Path.GetExtension file = Path.GetExtension path)
        let other = same[below "other" same.Length]
        let others = File.ReadAllBytes other
        File.WriteAllBytes(other, bytes)
        File.WriteAllBytes(path, others)
        $"{name} exchanged with {Path.GetRelativePath(folder, other)}"
    | _ ->
        File.AppendAllText(path, "7")
        $"{name} with a byte more"

/// Evaluations that a reader believes.
let private believed (run: Run) = [ for line in run.Evaluations -> line.Step, line.ReturnMean, List.ofSeq line.Returns ]

/// What became of a damage.
type private Fate =
    | Listed
    | Restored'
    | Harmless

/// Damages a copy of a sweep, reads it, trains it, and trains it with the option: nothing wrong is believed.
let private fate (scratch: Scratch) (whole: string) (part: string) (i: int) : Fate =
    let folder = scratch.Path $"{i}"
    copy part folder
    let what = damage folder i
    let truth = results whole

    let wholeRuns =
        Map [ for run in (Results.readSweep whole |> Attempt.get).Runs -> run.Name, believed run ]

    let namesFile (problem: string) =
        Expect.isTrue (problem.Contains folder) $"{what}: the message names a file: {problem}"
        Expect.isFalse (problem.Contains "LineNumber") $"{what}: no parser's words: {problem}"

    match Results.readSweep folder with
    | Error problem ->
        namesFile problem
        Expect.isTrue (what.Contains "sweep.json") $"{what} stops the whole report: {problem}"
    | Ok sweep ->
        for _, problem in sweep.Damaged do
            namesFile problem

        for run in sweep.Runs do
            let right = wholeRuns[run.Name] |> List.truncate run.Evaluations.Length
            Expect.equal (believed run) right $"{what}: what a report believes of {run.Name}"

    let said = Collections.Concurrent.ConcurrentQueue<string>()

    let watch event =
        match event with
        | Restored problem -> said.Enqueue problem
        | _ -> ()

    let outcome =
        match launch folder (fun options -> { options with Watch = watch }) with
        | Ok outcome -> outcome
        | Error problem -> failtest $"{what} stops the other runs: {problem}"

    Seq.iter namesFile said
    let damaged = Map [ for cell, problem in outcome.Damaged -> cell.Name, problem ]
    Map.iter (fun _ -> namesFile) damaged

    let kept =
        List.filter (fun (name: string, _) -> not (damaged |> Map.exists (fun run _ -> name.StartsWith(run + " "))))

    if damaged.IsEmpty then
        Expect.equal (results folder) truth $"{what}: after training"
    else
        launch folder (fun options -> { options with RetrainDamaged = true }) |> Attempt.get |> ignore
        Expect.equal (results folder) truth $"{what}: trained again"

    Expect.isNonEmpty (kept truth) what
    Expect.isEmpty (Results.readSweep folder |> Attempt.get).Damaged $"{what}: damaged runs afterwards"
    Directory.Delete(folder, true)

    if not damaged.IsEmpty then Listed
    elif not said.IsEmpty then Restored'
    else Harmless

let private noneBelieved (count: int) : unit =
    use scratch = new Scratch()
    let whole, part = prepare scratch

    let fates =
        List.init count (fun i ->
            try
                string (fate scratch whole part i), ""
            with :? AssertException as failure ->
                "wrong", failure.Message)

    printfn "%d damages: %A" count (List.countBy fst fates)
    let wrong = fates |> List.map snd |> List.filter ((<>) "") |> String.concat "\n"
    Expect.equal wrong "" "what went wrong"

[<Tests>]
let tests =
    testSequenced
    <| testList "DamageTests" [
        testCase "play, collect and report refuse a finished run with another checkpoint" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "run"
            run $"train {small} -o {folder}"
            let path = RunFolder($"{folder}/runs/run").CheckpointPath
            let right = File.ReadAllBytes path

            for change in
                [
                    fun (bytes: byte[]) -> bytes |> Array.mapi (fun i byte -> if i = 5000 then byte ^^^ 4uy else byte)
                    fun bytes -> bytes[.. bytes.Length - 5]
                    fun _ -> Array.empty
                ] do
                File.WriteAllBytes(path, change right)
                refuses $"play pointmaze-umaze-v0 --policy {folder} -o {scratch}/a.html" [ path ]

                let collect = $"data collect pointmaze-umaze-v0 --policy {folder} --size 200 -o {scratch}/a.npz"
                refuses collect [ path ]
                refuses $"report {folder}" [ path ])

        testCase "of random damages to a sweep's files none is believed" (fun () -> noneBelieved 20)
        testLong [
            testCase "of 300 random damages to a sweep's files none is believed" (fun () -> noneBelieved 300)
        ]
    ]
