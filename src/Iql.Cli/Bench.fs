namespace Iql.Cli

open Iql.Scripts

open System
open System.IO
open Iql.Data
open Iql.Cpu.Emit
open Iql.Measurement

/// `iql bench`
[<RequireQualifiedAccess>]
module Bench =

    type private Asked = {
        Quick: bool
        /// Names of `--algorithm`; empty: the cases of implicit Q-learning.
        Algorithms: string list
        Threads: int
        Rows: int
        Json: string option
        Save: string option
        FirstStep: bool
        Environments: bool
    }

    let private write (path: string) (text: string) : unit =
        AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, text)))
        printfn "%s" path

    /// JSON over several lines, one case a line, so that two versions can be compared.
    let private spread (result: Json) : string =
        let item (name: string, value: Json) =
            match value with
            | Json.List items when not items.IsEmpty ->
                let lines =
                    items |> List.map (fun item -> "    " + Json.write item) |> String.concat ",\n"

                $"  \"{name}\": [\n{lines}\n  ]"
            | value -> $"  \"{name}\": {Json.write value}"

        let fields = Json.fields result |> List.map item |> String.concat ",\n"

        "{\n" + fields + "\n}\n"

    /// Writes files beside each other, named after the processor.
    let private save (folder: string) machine instructions (files: (string * string) list) : unit =
        let name = BenchResult.fileName machine instructions

        for ending, text in files do
            write (Path.Combine(folder, name + ending)) text

    // A line that is overwritten; nothing of it reaches a file.
    let private overwrite (text: string) =
        if not Console.IsOutputRedirected then
            printf "\r%s\r" (text.PadRight 100)

    let private cases (asked: Asked) (json: string option) : unit =
        printfn "%s" BenchTable.head

        let result =
            BenchRun.plan asked.Quick asked.Threads asked.Rows
            |> BenchRun.run (fun what -> overwrite $"measuring: {what} …") (fun row ->
                overwrite ""
                printfn "%s" (BenchTable.line row))

        overwrite ""
        BenchTable.closing result |> List.iter (printfn "%s")
        printfn "\n%s" (BenchTable.machine result)
        BenchTable.doubts result |> List.iter (eprintfn "note: %s")
        let figures = spread (BenchResult.toJson result)
        json |> Option.iter (fun path -> write path figures)

        asked.Save
        |> Option.iter (fun folder ->
            let picture = BenchResult.fileName result.Machine result.InstructionSet + ".svg"

            save folder result.Machine result.InstructionSet [
                ".json", figures
                ".svg", Figure.toSvg (Charts.Roofline.figure result) + "\n"
                ".md", BenchTable.markdown (Some picture) result
            ])

    let private algorithms (asked: Asked) (json: string option) : unit =
        printfn "%s" BenchAlgorithms.head
        let windows = StepWindows(Count = (if asked.Quick then 10 else 30))

        let result =
            asked.Algorithms
            |> BenchAlgorithms.run
                (fun what -> overwrite $"measuring: {what} …")
                (fun row ->
                    overwrite ""
                    printfn "%s" (BenchAlgorithms.line row))
                windows
                asked.Rows
                asked.Threads

        overwrite ""
        printfn "\n%s" (BenchAlgorithms.machine result)
        BenchAlgorithms.doubts result |> List.iter (eprintfn "note: %s")
        let figures = spread (BenchAlgorithms.toJson result)
        json |> Option.iter (fun path -> write path figures)

        asked.Save
        |> Option.iter (fun folder ->
            save folder result.Machine result.InstructionSet [
                "-algorithms.json", figures
                "-algorithms.md", BenchAlgorithms.markdown result
            ])

    let private measure (asked: Asked) : int =
        let cores = Environment.ProcessorCount

        if asked.Threads > cores then
            raise (Refusal $"--threads: expected at most {cores}, the cores of this machine, got {asked.Threads}.")

        // A wrong IQL_INSTRUCTIONS says so before a table begins.
        InstructionSets.Default |> ignore
        let json = asked.Json |> Option.map (Files.writable "--json")

        let asked = {
            asked with
                Save = asked.Save |> Option.map (Files.folder "--save")
        }

        if asked.Algorithms.IsEmpty then
            cases asked json
        else
            algorithms asked json

        Shell.success

    /// The names of `--algorithm`: one, several between commas, or all.
    let private names (word: string) : Result<string list, string> =
        if word = "all" then
            Ok [ for entry in Algorithm.all -> entry.Name ]
        else
            Read.listOf (Read.oneOf Algorithm.names) word
            |> Result.mapError (fun expected -> expected + ", or all")

    let command: Command =
        Command.create
            "bench"
            "Measure how fast this machine trains, against what it could do at most"
            "Rates are steps a second of the whole training step, sampled from a million rows, in windows of a tenth of a second: the middle one, and those that a tenth and nine tenths of the windows stay below. Share is that of the FMA peak, the rate of multiply-adds in registers on as many threads, probed before and after each case; the larger counts. Where two threads have all cores there are, rates are told apart by how far those cores were from each other. The environment variable IQL_INSTRUCTIONS forces scalar, vector256 or vector512. docs/performance.md says how to read the figures."
            []
            [
                Parameter.switch "--quick" "The headline cases only, in some 20 seconds" (fun (asked: Asked) -> {
                    asked with
                        Quick = true
                })
                Parameter.value
                    "--algorithm"
                    "NAME|all"
                    "Instead of the cases: algorithms, or all of them, with their presets and sizes of D4RL's hopper tasks"
                    names
                    (fun names (asked: Asked) -> { asked with Algorithms = names })
                Parameter.value
                    "--threads"
                    "N"
                    "The most threads to measure with"
                    (Read.whole 1)
                    (fun threads (asked: Asked) -> { asked with Threads = threads })
                |> Parameter.showing "all"
                Parameter.value
                    "--rows"
                    "N"
                    "Rows of the data that batches are sampled from"
                    (Read.whole 1)
                    (fun rows (asked: Asked) -> { asked with Rows = rows })
                |> Parameter.showing "1M"
                Parameter.value "--json" "FILE" "Also write every figure there" Read.text (fun file (asked: Asked) -> {
                    asked with
                        Json = Some file
                })
                Parameter.value
                    "--save"
                    "FOLDER"
                    "Also write a table, its figures and a picture there, named after the processor"
                    Read.text
                    (fun folder (asked: Asked) -> { asked with Save = Some folder })
                Parameter.switch
                    "--first-step"
                    "Only make a first step, and print the seconds since this process started"
                    (fun (asked: Asked) -> { asked with FirstStep = true })
                Parameter.switch
                    "--environments"
                    "Only measure how fast MuJoCo's robots step on one core, beside the C library alone (compiled with gcc where there is one)"
                    (fun (asked: Asked) -> { asked with Environments = true })
            ]
            [
                "iql bench --quick", "is this machine as fast as it should be?"
                "iql bench --algorithm all", "how many updates a second does each algorithm make?"
                "iql bench --save bench/results", "the tables of this repository, on a quiet machine"
            ]
            {
                Quick = false
                Algorithms = []
                Threads = Environment.ProcessorCount
                Rows = 1_000_000
                Json = None
                Save = None
                FirstStep = false
                Environments = false
            }
            (fun asked ->
                if asked.FirstStep then
                    printfn "%s" (Json.numberText (Math.Round(BenchRun.firstStep (), 3)))
                    Shell.success
                elif asked.Environments then
                    let rows, reason = EnvironmentBench.measureAll (if asked.Quick then 3 else 15)
                    EnvironmentBench.lines rows |> List.iter (printfn "%s")

                    for reason in Option.toList reason do
                        eprintfn "note: nothing to compare with: gcc: %s" (reason.Trim())

                    Shell.success
                else
                    measure asked)
