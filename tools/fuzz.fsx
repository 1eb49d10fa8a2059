// Feeds readers with damaged files, and counts what they do. Build first: dotnet build tests/Iql.Core.Tests
//
//     dotnet fsi tools/fuzz.fsx [COUNT] [FROM] [READER,...]  10,000 inputs for every reader from number 0; a table
//     dotnet fsi tools/fuzz.fsx keep READER NUMBER FOLDER    writes one input, to look at
//
// An input's number is the seed of its damage. A reader runs in a child process, which is ended after five seconds
// without an answer. Exit code 1: something broke. All readers with 10,000 inputs or more write eng/fuzz.txt.

#r "../tests/Iql.Core.Tests/bin/Debug/net10.0/Iql.Core.dll"
#r "../tests/Iql.Core.Tests/bin/Debug/net10.0/PureHDF.dll"
#r "../tests/Iql.Core.Tests/bin/Debug/net10.0/Parquet.dll"
#r "../tests/Iql.Core.Tests/bin/Debug/net10.0/CommunityToolkit.HighPerformance.dll"
#r "../tests/Iql.Core.Tests/bin/Debug/net10.0/Microsoft.IO.RecyclableMemoryStream.dll"
#r "../tests/Iql.Core.Tests/bin/Debug/net10.0/Snappier.dll"
#r "../tests/Iql.Core.Tests/bin/Debug/net10.0/ZstdSharp.dll"
#load "../tests/Iql.Core.Tests/Data/Mutations.fs"
#load "../tests/Iql.Core.Tests/Data/DataLayouts.fs"
#load "../tests/Iql.Core.Tests/Data/DataReaders.fs"
#load "../tests/Iql.Core.Tests/Data/RunReaders.fs"
#load "../tests/Iql.Core.Tests/Data/Fuzz.fs"

open System
open System.Diagnostics
open System.IO
open System.Threading.Tasks
open Iql.Core.Tests.DataReaders
open Iql.Core.Tests.Fuzz

let find (name: string) = readers |> List.find (fun reader -> reader.Name = name)

/// Kilobytes that this process has, or had at most, in memory: "VmRSS", "VmHWM".
let resident (field: string) : int64 =
    if File.Exists "/proc/self/status" then
        File.ReadLines "/proc/self/status"
        |> Seq.find (fun line -> line.StartsWith field)
        |> fun line -> int64 (line.Split([| ' '; '\t' |], StringSplitOptions.RemoveEmptyEntries)[1])
    else
        0L

/// Gives all memory back that is not in use, forgets the most so far, and says what is left.
let settle () : int64 =
    GC.Collect(2, GCCollectionMode.Aggressive)

    if File.Exists "/proc/self/clear_refs" then
        File.WriteAllText("/proc/self/clear_refs", "5")

    resident "VmRSS"

/// The child: a line before each input, and a line after it with the bytes beyond four times its size and the most
/// kilobytes of memory above those before it. Small inputs share their garbage with up to 100 others.
let child (name: string) (first: int) (count: int) =
    let reader = find name

    withFolder (fun folder ->
        for seed in seedsOf reader do
            place folder seed
            attempt reader folder |> ignore

        let mutable before = settle ()

        for number, input in inputs reader first count do
            place folder input
            printfn $"try {number}"

            if number % 100 = 0 || isLarge input then
                before <- settle ()

            let outcome, beyond = measured reader folder
            let peak = resident "VmHWM" - before
            let used = $"{beyond} {peak}"

            match outcome with
            | Accepted -> printfn $"accepted {used}"
            | Refused _ -> printfn $"refused {used}"
            | Broken reason -> printfn $"broken {used} {reason.ReplaceLineEndings(string ' ')}"

            Console.Out.Flush())

type Counts = {
    Accepted: int
    Refused: int
    Broken: (int * string) list
    /// Bytes beyond four times the larger of a file and its rows.
    Beyond: int64
    Kilobytes: int64
    Seconds: float
}

/// Runs children until all inputs had their turn: one that died or hung is counted, and the next goes on behind it.
let count (total: int) (from: int) (name: string) : Counts =
    let clock = Stopwatch.StartNew()

    let rec go (first: int) (counts: Counts) =
        let left = string (from + total - first)
        let words = [ "fsi"; __SOURCE_DIRECTORY__ + "/fuzz.fsx"; "child"; name; string first; left ]
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
                let words = line.Result.Split(' ', 4)

                if words[0] = "try" then
                    current <- int words[1]
                else
                    counts <- {
                        counts with
                            Beyond = max counts.Beyond (int64 words[1])
                            Kilobytes = max counts.Kilobytes (int64 words[2])
                    }

                match words[0] with
                | "accepted" -> counts <- { counts with Accepted = counts.Accepted + 1 }
                | "refused" -> counts <- { counts with Refused = counts.Refused + 1 }
                | "broken" -> counts <- { counts with Broken = (current, words[3]) :: counts.Broken }
                | _ -> ()

        running.WaitForExit()
        let done' = counts.Accepted + counts.Refused + counts.Broken.Length

        if done' < total then
            let lost = current, $"the process ended with code {running.ExitCode}, or hung"
            let counts = { counts with Broken = lost :: counts.Broken }
            if done' + 1 < total then go (current + 1) counts else counts
        else
            counts

    let none = { Accepted = 0; Refused = 0; Broken = []; Beyond = 0L; Kilobytes = 0L; Seconds = 0.0 }
    { go from none with Seconds = clock.Elapsed.TotalSeconds }

let git (words: string list) : string =
    use running = Process.Start(ProcessStartInfo("git", words, RedirectStandardOutput = true))
    running.StandardOutput.ReadToEnd().Trim()

let number (value: int) = value.ToString "N0"

let whole (total: int) (from: int) (names: string list) : int =
    let found = Array.zeroCreate names.Length
    let two = ParallelOptions(MaxDegreeOfParallelism = min 2 Environment.ProcessorCount)
    let counted (i: int) = found[i] <- names[i], count total from names[i]
    Parallel.For(0, names.Length, two, counted) |> ignore

    let row (name: string) (c: Counts) =
        let inputs = number (c.Accepted + c.Refused + c.Broken.Length)
        let beyond, peak = float (max 0L c.Beyond) / 1e6, float c.Kilobytes / 1e3

        $"{name, -12} {inputs, 9} {number c.Accepted, 9} {number c.Refused, 9} {c.Broken.Length, 7} "
        + $"{c.Seconds, 8:F0} {beyond, 9:F0} {peak, 9:F0}"

    let all = {
        Accepted = found |> Array.sumBy (fun (_, c) -> c.Accepted)
        Refused = found |> Array.sumBy (fun (_, c) -> c.Refused)
        Broken = [
            for _, c in found do
                yield! c.Broken
        ]
        Beyond = found |> Array.map (fun (_, c) -> c.Beyond) |> Array.max
        Kilobytes = found |> Array.map (fun (_, c) -> c.Kilobytes) |> Array.max
        Seconds = found |> Array.sumBy (fun (_, c) -> c.Seconds)
    }

    let commit = git [ "rev-parse"; "--short"; "HEAD" ]
    let date = DateTime.UtcNow.ToString "yyyy-MM-dd"
    let numbers = $"{number from} to {number (from + total - 1)}"

    let lines = [
        $"# dotnet fsi tools/fuzz.fsx {total} {from}, on {commit}, {date}, two readers at once"
        $"# An input's number, {numbers}, is the seed of its damage. Each fourth input is another program's file."
        "# beyond MB: the most that one reading asked for beyond four times the larger of the file and its rows."
        "# peak MB: the most resident memory of the process that reads, above its memory before the input."
        "reader          inputs  accepted   refused  broken  seconds beyond MB   peak MB"
        for name, counts in found do
            row name counts
        row "all" all
        for name, counts in found do
            for number, reason in List.rev counts.Broken do
                $"{name} {number}: {reason[.. min 300 (reason.Length - 1)]}"
    ]

    for line in lines do
        printfn $"{line}"

    if total >= 10_000 && names.Length = readers.Length then
        File.WriteAllLines(Path.Combine(__SOURCE_DIRECTORY__, "..", "eng", "fuzz.txt"), lines)

    if all.Broken.IsEmpty then 0 else 1

let every = [ for reader in readers -> reader.Name ]

let rec options (total: int) (from: int) (words: string list) : int =
    match words with
    | [] -> whole total from every
    | [ names ] when not (Char.IsDigit names[0]) -> whole total from (List.ofArray (names.Split ','))
    | first :: second :: rest when Char.IsDigit second[0] -> options (int first) (int second) rest
    | first :: rest -> options (int first) from rest

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
| words -> exit (options 10_000 0 words)
