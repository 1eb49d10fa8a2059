// Feeds readers with damaged files, and counts what they do. Build first: dotnet build tests/Iql.Core.Tests
//
//     dotnet fsi tools/fuzz.fsx [COUNT] [READER,...]     10,000 inputs for every reader; a table of counts
//     dotnet fsi tools/fuzz.fsx keep READER NUMBER FOLDER    writes one input, to look at
//
// A reader runs in a child process, which is ended after five seconds without an answer. Exit code 1: something broke.

#r "../tests/Iql.Core.Tests/bin/Debug/net10.0/Iql.Core.dll"
#r "../tests/Iql.Core.Tests/bin/Debug/net10.0/PureHDF.dll"
#load "../tests/Iql.Core.Tests/Data/Fuzz.fs"

open System
open System.Diagnostics
open System.IO
open Iql.Core.Tests.Fuzz

let find (name: string) = readers |> List.find (fun reader -> reader.Name = name)

let withFolder (action: string -> 'result) : 'result =
    let folder = Directory.CreateTempSubdirectory "iql-fuzz-"

    try
        action folder.FullName
    finally
        folder.Delete true

/// The child: a line before each input, and a line after it.
let child (name: string) (first: int) (count: int) =
    let reader = find name

    withFolder (fun folder ->
        for number, input in inputs reader first count do
            place folder input
            printfn $"try {number}"

            match attempt reader folder with
            | Accepted -> printfn "accepted"
            | Refused _ -> printfn "refused"
            | Broken reason -> printfn $"broken {reason.ReplaceLineEndings(string ' ')}"

            Console.Out.Flush())

type Counts = { Accepted: int; Refused: int; Broken: (int * string) list; Megabytes: int64 }

/// Runs children until all inputs had their turn: one that died or hung is counted, and the next goes on behind it.
let count (name: string) (total: int) : Counts =
    let rec go (first: int) (counts: Counts) =
        let words = [ "fsi"; __SOURCE_DIRECTORY__ + "/fuzz.fsx"; "child"; name; string first; string (total - first) ]
        use running = Process.Start(ProcessStartInfo("dotnet", words, RedirectStandardOutput = true))
        let mutable counts = counts
        let mutable current = first
        let mutable ended = false

        while not ended do
            let line = running.StandardOutput.ReadLineAsync()

            // The first answer waits for the compiler.
            if not (line.Wait(TimeSpan.FromSeconds(if current = first then 120.0 else 4.0 * seconds))) then
                running.Kill true
                ended <- true
            elif isNull line.Result then
                ended <- true
            else
                let words = line.Result.Split(' ', 2)

                running.Refresh()

                if not running.HasExited then
                    counts <- { counts with Megabytes = max counts.Megabytes (running.PeakWorkingSet64 / 1_000_000L) }

                match words[0] with
                | "try" -> current <- int words[1]
                | "accepted" -> counts <- { counts with Accepted = counts.Accepted + 1 }
                | "refused" -> counts <- { counts with Refused = counts.Refused + 1 }
                | _ -> counts <- { counts with Broken = (current, line.Result) :: counts.Broken }

        running.WaitForExit()
        let done' = counts.Accepted + counts.Refused + counts.Broken.Length

        if done' < total then
            let lost = current, $"the process ended with code {running.ExitCode}, or hung"
            go (current + 1) { counts with Broken = lost :: counts.Broken }
        else
            counts

    go 0 { Accepted = 0; Refused = 0; Broken = []; Megabytes = 0L }

let whole (total: int) (names: string list) : int =
    printfn "%-12s %10s %10s %10s %10s %8s %8s" "reader" "inputs" "accepted" "refused" "broken" "seconds" "peak MB"

    let broken = [
        for name in names do
            let clock = Stopwatch.StartNew()
            let counts = count name total

            printfn
                "%-12s %10d %10d %10d %10d %8.0f %8d"
                name
                total
                counts.Accepted
                counts.Refused
                counts.Broken.Length
                clock.Elapsed.TotalSeconds
                counts.Megabytes

            for number, reason in List.rev counts.Broken do
                name, number, reason
    ]

    for name, number, reason in List.truncate 50 broken do
        printfn $"{name} {number}: {reason[.. min 300 (reason.Length - 1)]}"

    if broken.IsEmpty then 0 else 1

let all = [ for reader in readers -> reader.Name ]

match List.ofArray fsi.CommandLineArgs |> List.tail with
| [ "child"; name; first; total ] ->
    child name (int first) (int total)
    exit 0
| [ "keep"; name; number; folder ] ->
    Directory.CreateDirectory folder |> ignore

    for _, input in inputs (find name) (int number) 1 do
        for file, bytes in input do
            File.WriteAllBytes(Path.Combine(folder, file), bytes)

    exit 0
| [] -> exit (whole 10_000 all)
| [ total ] -> exit (whole (int total) all)
| total :: names -> exit (whole (int total) (names |> List.collect (fun names -> List.ofArray (names.Split ','))))
