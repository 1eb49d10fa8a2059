/// Measures how fast this machine trains: the cases, every algorithm, MuJoCo's robots, data sets, single kernels.
module Iql.Bench.Program

open System
open System.IO
open Iql.Cli
open Iql.Data
open Iql.Cpu.Emit
open Iql.Scripts
open Iql.Torch

let private write (path: string) (text: string) : unit =
    AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, text)))
    printfn "%s" path

/// A line that is overwritten; nothing of it reaches a file.
let private overwrite (text: string) : unit =
    if not Console.IsOutputRedirected then
        printf "\r%s\r" (text.PadRight 100)

let private next (what: string) : unit = overwrite $"measuring: {what} …"

let private found (line: string) : unit =
    overwrite ""
    printfn "%s" line

/// The figures as a file of their own, and files named after the processor.
let private save (asked: Asked) (session: Session) (json: string) (files: (string * (string -> string)) list) : unit =
    asked.Json |> Option.iter (fun path -> write path json)

    match asked.Save with
    | Some folder ->
        let name = Session.fileName session

        for ending, text in files do
            write (Path.Combine(folder, name + ending)) (text name)
    | None -> ()

let private cases (asked: Asked) : unit =
    printfn "%s" ReportText.head

    let report =
        Cases.plan asked.Quick asked.Threads asked.Rows |> Cases.run next (ReportText.line >> found)

    overwrite ""
    ReportText.closing report |> List.iter (printfn "%s")
    Report.doubts report |> List.iter (eprintfn "note: %s")
    let json = Report.json report

    save asked report.Session json [
        ".json", (fun _ -> json)
        ".md", (fun name -> ReportText.markdown (name + ".svg") report)
    ]

    for folder in Option.toList asked.Save do
        match
            Roofline.figure report
            |> Figure.save (Path.Combine(folder, Session.fileName report.Session + ".svg"))
        with
        | Ok() -> ()
        | Error problem -> eprintfn "note: no picture of the roofline: %s" problem

let private algorithms (asked: Asked) : unit =
    printfn "%s" Algorithms.head

    let windows = { StepRate.windows with Count = (if asked.Quick then 10 else 30) }

    let session, rows =
        Algorithms.run next (Algorithms.line >> found) windows asked.Rows asked.Threads asked.Algorithms

    overwrite ""
    printfn "\n%s" (Session.machine session)
    Algorithms.doubts session rows |> List.iter (eprintfn "note: %s")
    let json = Algorithms.json session rows

    save asked session json [
        "-algorithms.json", (fun _ -> json)
        "-algorithms.md", (fun _ -> Algorithms.markdown session rows)
    ]

let private environments (asked: Asked) : unit =
    let rates, reason = Environments.run (if asked.Quick then 3 else 15)
    Environments.lines rates |> List.iter (printfn "%s")
    reason |> Option.iter (eprintfn "note: nothing to compare with: gcc: %s")

/// Tables in Markdown, line by line: bench/gpu.sh puts them together.
let private devices (asked: Asked) : unit =
    let library =
        Attempt.run (fun () -> LibTorch.Load(Option.toObj asked.Device.LibTorch, asked.Device.Tf32))
        |> Command.orRefuse

    let plan: DevicePlan = {
        Device = asked.Device.Name
        Launching = asked.Launching
        Together = asked.Together
        Threads = asked.Threads
        Seconds = asked.Seconds
    }

    DeviceRate.head |> List.iter (printfn "%s")
    DeviceRate.run (printfn "%s") library plan asked.Rows asked.Algorithms

let private dataSet (asked: Asked) (source: string) : unit =
    let data = DataSets.load asked.Reading source

    let learner =
        Case.learner { Case.standard with Observations = data.ObservationSize; Actions = data.ActionSize }

    printfn "%d rows of %d + %d numbers" data.Count data.ObservationSize data.ActionSize

    if asked.Batches > 0 then
        let median, mean, high = DataSets.batches data learner asked.Batches (int64 asked.From)

        printfn "a batch: %.1f µs (median), %.1f (mean), %.1f (99 %%)" median mean high

    if asked.Steps > 0 then
        let rate = DataSets.steps data learner asked.Threads asked.Steps (int64 asked.From)
        printfn "steps: %.0f a second, %s" rate (Plural.count asked.Threads "thread")

let private measure (asked: Asked) : int =
    let cores = Environment.ProcessorCount

    if asked.Threads > cores then
        Command.refuse $"--threads: expected at most {cores}, the cores of this machine, got {asked.Threads}."

    // A wrong IQL_INSTRUCTIONS is refused before a table begins.
    InstructionSets.Default |> ignore

    let asked = {
        asked with
            Json = asked.Json |> Option.map (Files.writable "--json")
            Save = asked.Save |> Option.map (Files.folder "--save")
    }

    match asked.Data with
    | _ when asked.FirstStep -> printfn "%.3f" (Cases.firstStep ())
    | _ when asked.Environments -> environments asked
    | _ when asked.Scores.IsSome ->
        PublishedScores.lines (Path.Combine("docs", "numbers.json")) asked.Scores.Value
        |> List.iter (printfn "%s")
    | _ when asked.Device.Name <> DeviceOptions.standard.Name -> devices asked
    | _ when asked.Kernels.IsSome -> KernelRate.print asked.Kernels.Value asked.Quick
    | Some source -> dataSet asked source
    | None when asked.Algorithms.IsEmpty -> cases asked
    | None -> algorithms asked

    Shell.success

let private detail =
    "Rates are steps a second of the whole training step, sampled from a million rows, in windows of 0.1 s: "
    + "the middle one, and those that a tenth and nine tenths of the windows stay below. "
    + "Share is that of the FMA peak, the rate of multiply-adds in registers on as many threads. "
    + "The peak is probed before and after each case; the larger counts. "
    + "Where two threads have all cores there are, rates are told apart by how far those cores were from each other. "
    + "The environment variable IQL_INSTRUCTIONS forces scalar, vector128, vector256 or vector512. "
    + "docs/performance.md explains the figures."

let private bench = "dotnet run -c Release --project bench/Iql.Bench --"

/// The whole program as one command.
let command: Command =
    let command =
        Command.create
            "bench"
            "Measure how fast this machine trains, against what it could do at most"
            detail
            []
            Asked.options
            [
                $"{bench} --quick", "is this machine as fast as it should be?"
                $"{bench} --algorithm all", "how many updates a second does each algorithm make?"
                $"{bench} --save bench/results", "the tables of this repository, on a quiet machine"
                $"{bench} --kernels all", "did a change to one kernel help?"
            ]
            Asked.standard
            measure

    {
        command with
            Help = fun words -> (command.Help words).Replace("iql bench", "Iql.Bench")
    }

[<EntryPoint>]
let main words = Shell.run [ command ] ("bench" :: List.ofArray words)
