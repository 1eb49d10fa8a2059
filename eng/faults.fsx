// Plants the faults of eng/faults.txt one at a time, in a scratch copy of the last commit, and writes which tests catch
// each of them. A fault that no test catches ends with exit code 1.
//
//     dotnet fsi eng/faults.fsx [RESULT]        10 minutes; RESULT is eng/faults-caught.txt unless named

open System
open System.Diagnostics
open System.IO
open System.Text.RegularExpressions

type Fault = {
    File: string
    Before: string
    After: string
    Tests: string
    Lists: string list
}

let root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))
let scratch = Directory.CreateTempSubdirectory("iql-faults-").FullName
let copy = Path.Combine(scratch, "iql")

/// Exit code and output; a program that runs longer than ten minutes is ended.
let run (folder: string) (program: string) (arguments: string list) : int * string =
    let start = ProcessStartInfo(program, arguments, WorkingDirectory = folder, RedirectStandardOutput = true)
    start.Environment["DOTNET_CLI_USE_MSBUILD_SERVER"] <- "1"
    use started = Process.Start start
    let output = started.StandardOutput.ReadToEndAsync()

    if not (started.WaitForExit(TimeSpan.FromMinutes 10.0)) then
        started.Kill true

    started.WaitForExit()
    started.ExitCode, output.Result

let expect (what: string) (code: int, output: string) : unit =
    if code <> 0 then
        failwith $"{what}: exit code {code}\n{output}"

let faults: Fault list = [
    for block in Regex.Split(File.ReadAllText(Path.Combine(__SOURCE_DIRECTORY__, "faults.txt")).Trim(), @"\n\s*\n") do
        match block.Split '\n' with
        | [| file; before; after; tests |] when before.StartsWith "- " ->
            let words = List.ofArray (tests.Split ' ')

            {
                File = file
                Before = before[2..]
                After = after[2..]
                Tests = $"Iql.{words.Head}.Tests"
                Lists = words.Tail
            }
        | _ -> ()
]

let binaries (tests: string) =
    Path.Combine(copy, "tests", tests, "bin", "Debug", "net10.0")

/// The names of the tests that fail.
let failures (fault: Fault) : string list =
    let filters = [ for list in fault.Lists -> [ "--filter"; list ] ]

    let program = Path.Combine(binaries fault.Tests, fault.Tests)
    let _, output = run copy program ("--no-ansi" :: "--progress" :: "off" :: List.concat filters)

    if not (output.Contains "total:") then
        failwith output

    [
        for found in Regex.Matches(output, @"(?m)^failed (.+?) \([\d.hms ]+\)") -> found.Groups[1].Value
    ]
    |> List.distinct
    |> List.sort

/// Builds one project of src with the fault, puts it beside the tests, runs them, and takes the fault out again.
let caught (fault: Fault) : string list =
    let path = Path.Combine(copy, fault.File)
    let text = File.ReadAllText path

    if text.Split(fault.Before).Length <> 2 then
        failwith $"{fault.File}: expected once: {fault.Before}"

    let project = fault.File.Split('/')[1]
    let folder = Path.Combine(copy, "src", project)
    let there = Path.Combine(binaries fault.Tests, $"{project}.dll")
    let sound = File.ReadAllBytes there
    File.WriteAllText(path, text.Replace(fault.Before, fault.After))

    run copy "dotnet" [ "build"; folder; "--no-restore"; "-p:BuildProjectReferences=false"; "-v:q"; "-nologo" ]
    |> expect fault.File

    File.Copy(Path.Combine(folder, "bin", "Debug", "net10.0", $"{project}.dll"), there, true)
    let names = failures fault
    File.WriteAllText(path, text)
    File.WriteAllBytes(there, sound)
    names

let result =
    match fsi.CommandLineArgs with
    | [| _; path |] -> Path.GetFullPath path
    | _ -> Path.Combine(__SOURCE_DIRECTORY__, "faults-caught.txt")

try
    run root "git" [ "worktree"; "add"; "--detach"; copy ] |> expect "git worktree"

    // Packages and recorded data are not committed.
    for name in [ ".feed"; ".assets"; "../shared" ] do
        let original = Path.GetFullPath(Path.Combine(root, name))

        if Directory.Exists original then
            Directory.CreateSymbolicLink(Path.GetFullPath(Path.Combine(copy, name)), original) |> ignore

    for tests in faults |> List.map _.Tests |> List.distinct do
        run copy "dotnet" [ "build"; $"tests/{tests}"; "-v:q"; "-nologo" ] |> expect tests

    File.WriteAllText(result, "")

    let results = [
        for number, fault in List.indexed faults do
            let names = caught fault
            printfn "%2d of %d  %s: %d tests" (number + 1) faults.Length fault.File names.Length
            File.AppendAllLines(result, [ $"{fault.File}  {fault.Before}"; yield! List.map ((+) "    ") names; "" ])
            fault, names
    ]

    let missed = [ for fault, names in results do if names.IsEmpty then fault ]
    printfn "%d of %d faults caught" (faults.Length - missed.Length) faults.Length
    exit (if missed.IsEmpty then 0 else 1)
finally
    run root "git" [ "worktree"; "remove"; "--force"; copy ] |> ignore
    Directory.Delete(scratch, true)
