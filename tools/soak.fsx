// Ends commands of iql at random moments and starts them again, until each is done. What they leave must be the same
// bytes as without a stop.
open System
open System.Collections.Generic
open System.Diagnostics
open System.IO
open System.Net
open System.Net.Sockets
open System.Runtime.InteropServices
open System.Security.Cryptography
open System.Text.Json.Nodes
open System.Threading
open System.Threading.Tasks

let help =
    """Kills commands of iql at random moments. Build Iql first: dotnet build -c Release

  dotnet fsi tools/soak.fsx small [SEED]      20 tries on nine commands, about a minute
  dotnet fsi tools/soak.fsx long [SEED]       300 tries on all commands and algorithms, of these 100 with SIGKILL
  dotnet fsi tools/soak.fsx finetune [SEED]   50 tries with SIGKILL over both phases of runs that go on online"""

[<DllImport("libc", EntryPoint = "kill")>]
extern int send(int id, int signal)

/// Name, number, whether a command can notice it.
let signals = [ "KILL", 9; "TERM", 15; "INT", 2; "HUP", 1; "USR1", 10; "USR2", 12 ]

let root = Path.GetFullPath(Path.Combine(__SOURCE_DIRECTORY__, ".."))
let program = Path.Combine(root, "src", "Iql.Cli", "bin", "Release", "net10.0", "iql.dll")
let scratch = Directory.CreateTempSubdirectory("iql-soak").FullName
let inScratch (name: string) = Path.Combine(scratch, name)

/// A command: its words, and the file that is there when it is done, both below a folder.
type Command = { Name: string; Words: string -> string; Done: string }

/// How a try ended.
type Ended = { Id: int; Code: int; Seconds: float; Output: string; Error: string; Signalled: bool }

/// Runs a command in a folder; a signal comes after some seconds.
let run (command: Command) (folder: string) (signal: (int * float) option) : Ended =
    let words = (command.Words folder).Split ' ' |> List.ofArray

    let info =
        ProcessStartInfo("dotnet", program :: words, RedirectStandardOutput = true, RedirectStandardError = true)

    info.Environment["D4RL_DATASET_DIR"] <- folder
    let clock = Stopwatch.StartNew()
    use running = Process.Start info
    let output, error = running.StandardOutput.ReadToEndAsync(), running.StandardError.ReadToEndAsync()
    let mutable signalled = false

    for number, seconds in Option.toList signal do
        if not (running.WaitForExit(TimeSpan.FromSeconds seconds)) then
            signalled <- send (running.Id, number) = 0

    if not (running.WaitForExit(TimeSpan.FromMinutes 5.0)) then
        running.Kill()
        failwith $"{command.Name}: expected an end within 5 minutes, got none."

    running.WaitForExit()

    {
        Id = running.Id
        Code = running.ExitCode
        Seconds = clock.Elapsed.TotalSeconds
        Output = output.Result
        Error = error.Result
        Signalled = signalled
    }

/// Everything that a command leaves, without times: a hash for each file that must be the same after a stop.
let traces (folder: string) : (string * string) list =
    let timeless (text: string) =
        let node = JsonNode.Parse(text).AsObject()

        // Checksums are made of the clock's numbers too; a group's status says who wrote it, and when.
        for clock in [ "seconds"; "stepsPerSecond"; "sha256"; "files"; "written"; "process"; "host" ] do
            node.Remove clock |> ignore

        node.ToJsonString()

    let hash (bytes: byte[]) = Convert.ToHexString(SHA256.HashData bytes)

    [
        for path in Directory.GetFiles(folder, "*", SearchOption.AllDirectories) |> Array.sort do
            let name = Path.GetRelativePath(folder, path)
            let isStatus = Path.GetFileName(Path.GetDirectoryName path) = "status"

            match Path.GetFileName path with
            | "metrics.jsonl" -> name, File.ReadLines path |> Seq.map timeless |> String.concat "\n"
            | "result.json" -> name, timeless (File.ReadAllText path)
            | _ when isStatus -> name, timeless (File.ReadAllText path)
            | "checkpoint.safetensors" -> name, hash (File.ReadAllBytes path)
            // The report, the plan with the command line, checksums of metrics, and lists of runs with their times.
            | "checkpoint.json"
            | "report.html"
            | "sweep.json"
            | "runs.csv"
            | "scores.csv" -> name, ""
            // A kill leaves the claim of a run that has just ended. It is no result.
            | "claim.json" -> ()
            | other when
                other.EndsWith ".json" || other.EndsWith ".csv" || other.EndsWith ".tex" || other.EndsWith ".md"
                ->
                name, File.ReadAllText path
            | _ -> name, hash (File.ReadAllBytes path)
    ]

/// A server on this machine for one file, slow enough to be interrupted.
let serve (path: string) : string =
    let port =
        use free = new TcpListener(IPAddress.Loopback, 0)
        free.Start()
        (free.LocalEndpoint :?> IPEndPoint).Port

    let listener = new HttpListener()
    listener.Prefixes.Add $"http://localhost:{port}/"
    listener.Start()
    let bytes = File.ReadAllBytes path

    let answer (context: HttpListenerContext) =
        let response = context.Response
        response.Headers["ETag"] <- "\"soak\""

        let start =
            match context.Request.Headers["Range"] with
            | null -> 0
            | range ->
                let start = int (range.Substring("bytes=".Length).TrimEnd '-')
                response.StatusCode <- 206
                response.Headers["Content-Range"] <- $"bytes {start}-{bytes.Length - 1}/{bytes.Length}"
                start

        response.ContentLength64 <- int64 (bytes.Length - start)

        for piece in Array.chunkBySize (bytes.Length / 20 + 1) bytes[start..] do
            response.OutputStream.Write(piece, 0, piece.Length)
            Thread.Sleep 30

        response.Close()

    Task.Factory.StartNew(
        (fun () ->
            while true do
                try
                    answer (listener.GetContext())
                with
                | :? IOException
                | :? HttpListenerException -> ()),
        TaskCreationOptions.LongRunning
    )
    |> ignore

    $"http://localhost:{port}/{{task}}"

let task = "pointmaze-umaze-stitch-v0"

let quick =
    "--transitions 2000 --hidden 32x32 --batch 32 --steps 600 --evaluate-every 100 --episodes 1 --threads 1"

let training (name: string) (words: string) : Command = {
    Name = name
    Words = fun folder -> $"{words} {quick} -o {folder}/sweep"
    Done = "sweep/report.html"
}

let algorithms = [ "iql"; "sql"; "bc"; "10%bc"; "td3bc"; "cql"; "cal-ql"; "awac"; "rlpd"; "onestep"; "dt" ]

/// Runs that go on online, of every kind of buffer and turns.
let fineTunings: Command list = [
    for name, words in
        [
            "iql", "--algorithm iql"
            "iql ahead", "--algorithm iql --acting-lag 1 --capacity 2200 --reset-optimizers yes"
            "awac", "--algorithm awac --data-share 0.5 --capacity 200 --random-steps 50 --updates-per-step 2"
            "cal-ql",
            "--algorithm cal-ql --data-share 0.5 --turns episodes --action-samples 2 --critic-hidden-sizes 32x32"
            "rlpd", "--algorithm rlpd --data-share 0.5 --first-update-after 100"
        ] do
        training $"finetune {name}" $"finetune {words} --task {task} --online-steps 600 --seed 0"
]

let commands (isLong: bool) : Command list =
    let source = inScratch "source.npz"
    let setUp words = run { Name = words; Words = (fun _ -> words); Done = "" } scratch None |> ignore
    setUp $"data collect {task} --size 30000 -o {source}"
    let served = inScratch "served.hdf5"
    setUp $"data convert {source} {served}"
    let address = serve served

    let made name words file = { Name = name; Words = (fun folder -> $"{words} {folder}/{file}"); Done = file }

    [
        training "ablate" "ablate --expectiles 0.5,0.9 --inverse-temperatures 0,3 --seeds 0"

        for name in (if isLong then algorithms else [ "iql" ]) do
            training $"train {name}" $"train --algorithm {name} --seed 0"

        training "compare" $"compare --task {task} --algorithms bc,iql --seeds 0"
        yield! if isLong then fineTunings else List.take 1 fineTunings
        made "collect" $"data collect {task} --policy random --size 60000 -o" "made.hdf5"
        made "collect rows" $"data collect {task} --size 300000 -o" "made.rows"
        made "convert to HDF5" $"data convert {source}" "made.hdf5"
        made "convert to Minari" $"data convert {source}" "made"
        made "convert to npz" $"data convert {served}" "made.npz"
        made "pack" $"data pack {source} -o" "made.rows"
        {
            Name = "download"
            Words = fun _ -> $"data download hopper-medium-v2 --mirror {address}"
            Done = "hopper_medium-v2.hdf5"
        }
    ]

let print (name: string) (tries: int) (count: string -> int) : unit =
    printfn
        "%-17s %3d tries: %3d killed, %3d stopped, %2d as all was done, %2d before the start; %3d ends compared"
        name
        tries
        (count "killed")
        (count "stopped")
        (count "done")
        (count "not begun")
        (count "compared")

let soak (size: string) (seed: int) : int =
    let random = Random seed
    let clock = Stopwatch.StartNew()
    let commands = if size = "finetune" then fineTunings else commands (size = "long")
    let tries = Map [ "small", 20; "long", 300; "finetune", 50 ] |> Map.find size
    let problems = List<string>()
    let counts = Dictionary<string * string, int>()
    let count key = counts[key] <- counts.GetValueOrDefault key + 1

    // One kill for two signals that can be noticed.
    let kinds = [|
        for i in 0 .. tries - 1 ->
            if i % 3 = 0 || size = "finetune" then
                signals.Head
            else
                signals[1 + random.Next(signals.Length - 1)]
    |]

    random.Shuffle kinds

    for index, command in List.indexed commands do
        let all = [ for i in index .. commands.Length .. tries - 1 -> kinds[i] ]
        let folder, whole = inScratch "stopped", inScratch "whole"

        let clear () =
            for each in [ folder; whole ] do
                if Directory.Exists each then
                    Directory.Delete(each, true)

            Directory.CreateDirectory folder |> ignore
            Directory.CreateDirectory whole |> ignore

        clear ()
        let alone = run command whole None
        let expected = traces whole

        if alone.Code <> 0 then
            problems.Add $"{command.Name}: exit code {alone.Code} without a signal: {alone.Error.Trim()}"

        let isDone () = Path.Exists(Path.Combine(folder, command.Done))

        let check (what: string) (ended: Ended) =
            let say problem = problems.Add $"{command.Name}, {what}: {problem}"

            for word in [ "Unhandled"; "internal error"; "   at " ] do
                if ended.Error.Contains word then
                    say $"standard error has '{word}': {ended.Error.Trim()}"

            if ended.Code = 0 then
                if not (isDone ()) then
                    say $"exit code 0 without {command.Done}"
                elif traces folder <> expected then
                    let names = List.except expected (traces folder) |> List.map fst |> String.concat ", "
                    say $"other bytes than without a stop: {names}"

                count (command.Name, "compared")
                Directory.Delete(folder, true)
                Directory.CreateDirectory folder |> ignore

        // Two thirds anywhere, a third in the last tenth. A signal that comes too late is no try.
        let rec attempt (name: string, number: int) (times: int) =
            let share = if random.Next 3 = 0 then 0.9 + 0.1 * random.NextDouble() else random.NextDouble()
            let ended = run command folder (Some(number, share * alone.Seconds))
            let what = $"{name} after {share * alone.Seconds:F2} s of {alone.Seconds:F2}"

            let outcome =
                match ended.Code with
                // A process that has ended takes signals until somebody asks for its exit code.
                | 0 when number = 9 || not ended.Signalled -> "late"
                | 0 -> "done"
                | code when number <> 9 && code = 128 + number && ended.Output + ended.Error = "" -> "not begun"
                | 130 when number <> 9 -> "stopped"
                | 137 when number = 9 -> "killed"
                | code ->
                    problems.Add $"{command.Name}, {what}: exit code {code}: {ended.Error.Trim()}"
                    "wrong"

            count (command.Name, outcome)

            // What an earlier kill left stays until a command writes.
            let left = Directory.GetFileSystemEntries(folder, $"*-{ended.Id}-*.tmp", SearchOption.AllDirectories)

            if outcome = "stopped" && left.Length > 0 then
                problems.Add $"{command.Name}, {what}: left {Path.GetFileName left[0]}"

            // The signal came after the last rename: there is nothing more to do.
            if ended.Code <> 0 && isDone () && not (command.Done.EndsWith "report.html") then
                check what { ended with Code = 0 }
            else
                check what ended

            if outcome = "late" && times > 1 then
                attempt (name, number) (times - 1)

        for kind in all do
            attempt kind 20

        check "to the end" (run command folder None)
        print command.Name all.Length (fun outcome -> counts.GetValueOrDefault((command.Name, outcome)))

    print "all" tries (fun outcome ->
        counts |> Seq.sumBy (fun each -> if snd each.Key = outcome then each.Value else 0))

    for problem in problems do
        printfn "PROBLEM: %s" problem

    let minutes = clock.Elapsed.TotalMinutes
    printfn $"{problems.Count} problems, seed {seed}, {minutes:F1} minutes"
    min 1 problems.Count

let code =
    try
        match List.ofArray fsi.CommandLineArgs[1..] with
        | _ when not (File.Exists program) ->
            eprintfn "%s: expected a build of Iql, found none. Build first: dotnet build -c Release" program
            2
        | [ "small" | "long" | "finetune" as size ] -> soak size 1
        | [ "small" | "long" | "finetune" as size; seed ] -> soak size (int seed)
        | _ ->
            printfn "%s" help
            2
    finally
        Directory.Delete(scratch, true)

exit code
