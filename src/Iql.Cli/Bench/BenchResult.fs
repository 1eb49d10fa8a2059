namespace Iql.Cli

open Iql.Scripts

open System
open System.Globalization
open Iql.Cpu.Emit
open Iql.Training

/// A case and its rate.
type BenchRow = { Case: BenchCase; Rate: BenchRate }

/// One kernel of a step, or all of one kind together.
type KernelTime = {
    Kind: string
    /// How many.
    Kernels: int
    /// Microseconds a step that one thread spends there.
    Microseconds: float
    /// Floating-point operations a step.
    Flop: float
    /// Bytes read and written a step, every array counted once.
    Bytes: float
}

/// Two threads' rate while another process takes a core.
type CrowdedRate = {
    Threads: int
    StepsPerSecond: float
    /// One thread's rate on a quiet machine, of the same session.
    OneThread: float
}

/// Everything that `iql bench` found out.
type BenchResult = {
    Machine: Machine
    InstructionSet: InstructionSet
    Version: string
    Commit: string
    Date: DateTime
    Quick: bool
    /// Rows of the data that batches are sampled from.
    Rows: int
    /// The load average before and after; others than this program made the first.
    LoadBefore: float option
    LoadAfter: float option
    /// Nanoseconds of a cache line's round trip between two cores, before and after; None with one core.
    PingPong: (float * float) option
    /// Threads, and GB/s of a triad.
    Bandwidth: (int * float) list
    Cases: BenchRow list
    /// Every kernel of the standard step.
    Kernels: KernelTime list
    Crowded: CrowdedRate option
    /// Seconds from a process's start to its first step.
    FirstStep: float option
}

/// Figures that follow from others, and JSON.
[<RequireQualifiedAccess>]
module BenchResult =

    /// The rate per FLOP against that of the standard case on as many threads, as far from each other.
    let relative (rows: BenchRow list) (row: BenchRow) : float option =
        rows
        |> List.tryFind (fun other ->
            other.Rate.Cores = row.Rate.Cores
            && { other.Case with Name = row.Case.Name } = {
                                                              BenchCase.standard with
                                                                  Name = row.Case.Name
                                                                  Threads = row.Case.Threads
                                                          })
        |> Option.map (fun standard -> BenchRate.gflops row.Rate / BenchRate.gflops standard.Rate)

    /// The kernels by kind, the kind that takes longest first.
    let kinds (result: BenchResult) : KernelTime list =
        result.Kernels
        |> List.groupBy _.Kind
        |> List.map (fun (kind, kernels) -> {
            Kind = kind
            Kernels = kernels |> List.sumBy _.Kernels
            Microseconds = kernels |> List.sumBy _.Microseconds
            Flop = kernels |> List.sumBy _.Flop
            Bytes = kernels |> List.sumBy _.Bytes
        })
        |> List.sortByDescending _.Microseconds

    /// How many times as fast several policies on one value function are as separate runs on as many threads.
    let speedUp (rows: BenchRow list) (row: BenchRow) : float option =
        rows
        |> List.tryFind (fun other ->
            {
                other.Case with
                    Name = row.Case.Name
                    InverseTemperatures = row.Case.InverseTemperatures
            }
                =
                row.Case
            && other.Case.InverseTemperatures.Length = 1
            && other.Rate.Cores = row.Rate.Cores)
        |> Option.map (fun one ->
            float row.Case.InverseTemperatures.Length * row.Rate.StepsPerSecond
            / one.Rate.StepsPerSecond)

    /// A row's case and its cores: "2 threads, far".
    let label (row: BenchRow) : string = BenchRate.label row.Case.Name row.Rate

    /// A file's name for the machine: "amd-epyc-family-25-model-17-vector512".
    let fileName (machine: Machine) (instructions: InstructionSet) : string =
        let words =
            machine.Processor
            |> String.map (fun c ->
                if Char.IsAsciiLetterOrDigit c then
                    Char.ToLowerInvariant c
                else
                    '-')

        words.Split('-', StringSplitOptions.RemoveEmptyEntries)
        |> Array.filter (fun word -> word <> "r" && word <> "tm")
        |> fun words -> Array.append words [| (string instructions).ToLowerInvariant() |]
        |> String.concat "-"

    let private number (value: float option) =
        value |> Option.map Json.Number |> Option.defaultValue Json.Null

    let private rounded = BenchRate.rounded

    let private ofRow (rows: BenchRow list) (row: BenchRow) : Json =
        let case = row.Case

        Json.Object [
            "name", Json.Text case.Name
            "threads", Json.Number(float case.Threads)
            "runs", Json.Number(float case.Runs)
            "observations", Json.Number(float case.Observations)
            "actions", Json.Number(float case.Actions)
            "batch", Json.Number(float case.Batch)
            "hidden", Json.ofNumbers (List.map float case.Hidden)
            "policies", Json.Number(float case.InverseTemperatures.Length)
            yield! BenchRate.fields row.Rate
            "relativeToStandard", relative rows row |> Option.map (rounded 3) |> Option.defaultValue Json.Null
            "speedUpOverSeparateRuns",
            (if case.InverseTemperatures.Length > 1 then
                 speedUp rows row |> Option.map (rounded 3) |> Option.defaultValue Json.Null
             else
                 Json.Null)
        ]

    /// Every figure, for programs.
    let toJson (result: BenchResult) : Json =
        Json.Object [
            "format", Json.Text "iql-bench-1"
            "processor", Json.Text result.Machine.Processor
            "cores", Json.Number(float result.Machine.Cores)
            "instructionSet", Json.Text((string result.InstructionSet).ToLowerInvariant())
            "os", Json.Text result.Machine.Os
            "runtime", Json.Text result.Machine.Runtime
            "version", Json.Text result.Version
            "commit", Json.Text result.Commit
            "date", Json.Text(result.Date.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture))
            "quick", Json.Bool result.Quick
            "rows", Json.Number(float result.Rows)
            "loadAverageBefore", number result.LoadBefore
            "loadAverageAfter", number result.LoadAfter
            "pingPongNanoseconds",
            (match result.PingPong with
             | Some(before, after) -> Json.Object [ "before", rounded 1 before; "after", rounded 1 after ]
             | None -> Json.Null)
            "bandwidth",
            Json.List [
                for threads, rate in result.Bandwidth ->
                    Json.Object [ "threads", Json.Number(float threads); "gigabytesPerSecond", rounded 2 rate ]
            ]
            "cases", Json.List(List.map (ofRow result.Cases) result.Cases)
            "kernels",
            Json.List [
                for kernel in kinds result ->
                    Json.Object [
                        "kind", Json.Text kernel.Kind
                        "kernels", Json.Number(float kernel.Kernels)
                        "microsecondsPerStep", rounded 1 kernel.Microseconds
                        "megaflopPerStep", rounded 3 (kernel.Flop / 1e6)
                        "megabytesPerStep", rounded 3 (kernel.Bytes / 1e6)
                    ]
            ]
            "crowded",
            (match result.Crowded with
             | Some crowded ->
                 Json.Object [
                     "threads", Json.Number(float crowded.Threads)
                     "stepsPerSecond", rounded 1 crowded.StepsPerSecond
                     "oneThreadQuiet", rounded 1 crowded.OneThread
                     "shareOfOneThread", rounded 3 (crowded.StepsPerSecond / crowded.OneThread)
                 ]
             | None -> Json.Null)
            "firstStepSeconds", number result.FirstStep
        ]
