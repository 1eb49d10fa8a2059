/// Private schedulers, and a sweep for them.
module Iql.Schedulers.Tests.Machines

open System
open System.Diagnostics
open System.IO
open System.Security.Cryptography
open System.Text.Json.Nodes
open System.Threading
open Expecto
open Iql.Training

let private root =
    AppContext.BaseDirectory
    |> Seq.unfold (fun folder -> if isNull folder then None else Some(folder, Path.GetDirectoryName folder))
    |> Seq.find (fun folder -> File.Exists(Path.Combine(folder, "Iql.sln")))

/// Exit code and all output of a command with variables of its own, which must end in two minutes.
let tryRun (variables: (string * string) list) (command: string) (words: string list) : int * string =
    let start =
        ProcessStartInfo(command, words, RedirectStandardOutput = true, RedirectStandardError = true)

    for name, value in variables do
        start.Environment[name] <- value

    use running = Process.Start start
    let output, error = running.StandardOutput.ReadToEndAsync(), running.StandardError.ReadToEndAsync()

    if not (running.WaitForExit(TimeSpan.FromMinutes 2.0)) then
        running.Kill()

    running.ExitCode, output.Result + error.Result

/// The output of a command that must succeed.
let run variables command words : string =
    let code, output = tryRun variables command words
    Expect.equal code 0 $"""exit code of {command} {String.concat " " words}: {output}"""
    output.Trim()

/// Waits for something at most so many seconds.
let wait (seconds: float) (what: string) (holds: unit -> bool) : unit =
    let clock = Stopwatch.StartNew()

    while not (holds ()) do
        if clock.Elapsed.TotalSeconds > seconds then
            failtest $"expected {what} within {seconds} seconds"

        Thread.Sleep 250

/// A script of eng/schedulers between its up and its down, in a folder of its own. The programs that it needs name what
/// to install.
let within (script: string) (programs: string list) (settings: string list) (work: string -> unit) : unit =
    let path = Path.Combine(root, "eng", "schedulers", script)

    let lacking =
        programs
        |> List.filter (fun name ->
            [ "/usr/bin"; "/usr/sbin" ]
            |> List.forall (fun folder -> not (File.Exists(Path.Combine(folder, name)))))

    if not lacking.IsEmpty then
        skiptest $"""The machine has no {String.concat ", " lacking}; eng/schedulers/{script} says what it needs."""

    if Environment.UserName <> "root" then
        skiptest $"eng/schedulers/{script} needs root."

    if script = "gridengine" && fst (tryRun [] "getent" [ "hosts"; Environment.MachineName ]) <> 0 then
        skiptest "The machine's own name does not resolve, which Grid Engine needs."

    let scratch = Directory.CreateTempSubdirectory($"iql-{script}-").FullName

    // Daemons keep their standard output, so nobody may wait for its end.
    let daemons verb =
        use script = Process.Start(ProcessStartInfo(path, verb :: scratch :: settings))
        script.WaitForExit()
        Expect.equal script.ExitCode 0 $"exit code of {path} {verb}"

    try
        daemons "up"
        work scratch
    finally
        daemons "down"
        Directory.Delete(scratch, true)

/// A node's daemon is killed, or started again.
let daemon (script: string) (verb: string) (folder: string) : unit =
    use running =
        Process.Start(ProcessStartInfo(Path.Combine(root, "eng", "schedulers", script), [ verb; folder ]))

    running.WaitForExit()
    Expect.equal running.ExitCode 0 $"exit code of {script} {verb}"

/// The process that trains a group of a sweep's folder, if there is one: where there are two, the newest.
let trainer (folder: string) (group: int) : int option =
    let code, ids = tryRun [] "pgrep" [ "-n"; "-f"; $"sweep run {folder}.* --index {group}$" ]
    if code = 0 then Some(int (ids.Trim())) else None

let signal (name: string) (id: int) : unit = tryRun [] "kill" [ $"-{name}"; string id ] |> ignore

let private program = Path.Combine(root, "src", "Iql.Cli", "bin", "Release", "net10.0", "iql.dll")

let iql variables (words: string list) : string = run variables "dotnet" (program :: words)

/// Plans a sweep of so many groups, each of some seconds.
let plan (folder: string) (expectiles: string) : unit =
    if not (File.Exists program) then
        skiptest "There is no Release build; dotnet build -c Release makes it."

    let settings =
        "--hidden 32x32 --batch 64 --steps 90000 --evaluate-every 30000 --episodes 2 --transitions 2000 --seeds 0"

    [ "sweep"; "plan"; folder; "--expectiles"; expectiles ] @ List.ofArray (settings.Split ' ')
    |> iql []
    |> ignore

/// The sweep of the tests has three groups.
let expectiles = "0.5,0.7,0.9"

/// Whether a group has begun its steps.
let begun (folder: string) (group: int) : bool =
    SweepPlan.Read(folder).Runs
    |> Seq.exists (fun run ->
        let metrics = FileInfo(Path.Combine(SweepPlan.RunFolder(folder, run.Folder).Path, "metrics.jsonl"))
        run.Group = Nullable group && metrics.Exists && metrics.Length > 0L)

/// The process that trains a group, as soon as the group has begun.
let caught (folder: string) (group: int) : int =
    wait 120.0 $"steps of group {group}" (fun () -> begun folder group && (trainer folder group).IsSome)
    (trainer folder group).Value

/// What a sweep leaves, without times.
let results (folder: string) : (string * string) list = [
    for run in Directory.GetDirectories(Path.Combine(folder, "runs")) |> Array.sort do
        for path in Directory.GetFiles run |> Array.sort do
            let timeless (text: string) =
                let node = JsonNode.Parse(text).AsObject()

                // Checksums are made of the clock's numbers too.
                for clock in [ "seconds"; "stepsPerSecond"; "sha256"; "files" ] do
                    node.Remove clock |> ignore

                node.ToJsonString()

            let bytes = File.ReadAllBytes path

            let content =
                match Path.GetFileName path with
                | "metrics.jsonl" -> File.ReadLines path |> Seq.map timeless |> String.concat "\n"
                | "result.json" -> File.ReadAllText path |> timeless
                // Lengths and checksums of metrics, which have times.
                | "checkpoint.json" -> ""
                | _ -> Convert.ToHexString(SHA256.HashData bytes)

            $"{Path.GetFileName run}/{Path.GetFileName path}", content
]

/// What the sweep of the tests leaves on this machine alone.
let private alone =
    lazy
        (let scratch = Directory.CreateTempSubdirectory "iql-alone-"

         try
             plan scratch.FullName expectiles
             iql [] [ "sweep"; "run"; scratch.FullName ] |> ignore
             results scratch.FullName
         finally
             scratch.Delete true)

/// A sweep has the files of a run on this machine alone, bit for bit, and its report.
let isWhole (folder: string) : unit =
    let actual = results folder

    for (name, theirs), (ours, text) in List.zip alone.Value actual do
        Expect.equal ours name "files"
        Expect.equal text theirs name

    Expect.isTrue (File.Exists(Path.Combine(folder, "report.html"))) "report.html"

/// What a task or the report of a submission printed.
let printed (submission: string) (pattern: string) : string =
    Directory.GetFiles(Path.Combine(submission, "out"), pattern) |> Array.exactlyOne |> File.ReadAllText
