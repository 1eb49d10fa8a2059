/// Work survives its terminal, its log, signals, kills and few descriptors.
module Iql.Cli.Tests.SurvivalTests

open System
open System.Diagnostics
open System.IO
open System.Runtime.InteropServices
open System.Threading
open Expecto
open Iql.Tests
open Iql.Cli
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

module private Native =
    [<DllImport("libc", SetLastError = true)>]
    extern int posix_openpt(int flags)

    [<DllImport("libc")>]
    extern int grantpt(int file)

    [<DllImport("libc")>]
    extern int unlockpt(int file)

    [<DllImport("libc")>]
    extern nativeint ptsname(int file)

    [<DllImport("libc")>]
    extern int close(int file)

/// A shell's line, with `iql` as the program.
let private shell (line: string) : Process =
    let iql = $"dotnet {typeof<Command>.Assembly.Location}"
    let info = ProcessStartInfo("bash", [ "-c"; line.Replace("iql ", iql + " ") ])
    info.RedirectStandardOutput <- true
    info.RedirectStandardError <- true
    Process.Start info

/// A training with room for a signal.
let private training (folder: string) =
    $"ablate --expectiles 0.5,0.9 --inverse-temperatures 3 --seeds 0 --transitions 2000 --episodes 1 --hidden 32x32 \
      --batch 64 --steps 1500 --evaluate-every 500 --threads 1 -o {folder}"

let private begun (scratch: Scratch) (name: string) () =
    let folder = scratch.Path name

    Directory.Exists folder
    && Directory.EnumerateFiles(folder, "metrics.jsonl", SearchOption.AllDirectories) |> Seq.isEmpty |> not

let private leftovers (scratch: Scratch) =
    Directory.GetFileSystemEntries(string scratch, "*.tmp", SearchOption.AllDirectories)

let private needsShell () =
    if not (OperatingSystem.IsLinux()) then
        skiptest "The machine has no /dev/full."

[<Tests>]
let tests =
    testSequenced
    <| testList "SurvivalTests" [
        testCase "a full, closed or broken output ends no training" (fun () ->
            needsShell ()
            use scratch = new Scratch()

            for name, redirection in
                [
                    "full", ">/dev/full 2>/dev/full"
                    "closed", ">&- 2>&- <&-"
                    "broken", "2>&1 | head -1; exit ${PIPESTATUS[0]}"
                ] do
                use running = shell $"iql {training (scratch.Path name)} {redirection}"
                let code, _, error = finished running
                Expect.equal code 0 $"{name}: {error}"
                Expect.isTrue (File.Exists(Path.Combine(scratch.Path name, "report.html"))) name

            same (results (scratch.Path "full"), results (scratch.Path "closed")))

        testCase "a terminal that goes away ends no training" (fun () ->
            needsShell ()
            use scratch = new Scratch()
            let terminal = Native.posix_openpt 2
            Expect.equal (Native.grantpt terminal + Native.unlockpt terminal) 0 "terminal"
            let path = Marshal.PtrToStringAnsi(Native.ptsname terminal)
            let line = training (scratch.Path "sweep")
            use running = shell $"iql {line} >{path} 2>{path}"
            running |> waitUntil (begun scratch "sweep")
            Native.close terminal |> ignore
            let code, _, _ = finished running
            Expect.equal code 0 "code"
            Expect.isTrue (File.Exists(scratch.Path(Path.Combine("sweep", "report.html")))) "report")

        testCase "a list whose reader leaves ends quietly, one on a full disk says so" (fun () ->
            needsShell ()

            for command in [ "tasks"; "presets"; "--help"; "ablate --help" ] do
                use broken = shell $"iql {command} | head -1"
                let _, _, error = finished broken
                Expect.equal error "" "error"
                use full = shell $"iql {command} >/dev/full"
                let code, _, error = finished full
                Expect.equal code 2 "code"
                Expect.stringStarts error "iql: standard output: expected to write all of it, got" "error")

        testCase "every signal saves, exits 130, and the same command goes on to the same bits" (fun () ->
            needsShell ()
            use scratch = new Scratch()
            run (training (scratch.Path "whole"))

            for name in [ "-INT"; "-TERM"; "-HUP"; "-USR1"; "-USR2" ] do
                use running = start (training (scratch.Path name))
                running |> waitUntil (begun scratch name)
                signal name running
                let code, _, error = finished running
                Expect.equal code 130 error
                Expect.stringContains error "The same command continues." "error"
                run (training (scratch.Path name))
                same (results (scratch.Path "whole"), results (scratch.Path name)))

        testLong [
            testCase "a signal of the last moments is no exception, and 0 means that all is done" (fun () ->
                needsShell ()
                use scratch = new Scratch()
                let folder = scratch.Path "sweep"
                let report = Path.Combine(folder, "report.html")
                let random = Random 1

                for i in 1..12 do
                    if Directory.Exists folder then
                        Directory.Delete(folder, true)

                    use running = start (training folder)

                    let last () =
                        Directory.Exists folder
                        && Directory.GetFiles(folder, "result.json", SearchOption.AllDirectories).Length = 2

                    running |> waitUntil last
                    Thread.Sleep(random.Next 400)
                    signal (if i % 2 = 0 then "-TERM" else "-HUP") running
                    let code, _, error = finished running
                    Expect.equal (code, File.Exists report) (0, true) error
                    Expect.isFalse (error.Contains "xception") error)
        ]

        testCase "what nohup starts does not end with its terminal" (fun () ->
            needsShell ()
            use scratch = new Scratch()

            let line = training (scratch.Path "sweep")

            use running =
                shell
                    $"trap '' HUP; iql {line} & iql=$!; \
                      until [ -e {scratch}/sweep/runs ]; do sleep 0.05; done; kill -HUP $iql; wait $iql"

            let code, _, error = finished running
            Expect.equal code 0 error)

        testCase "signals that come again are one, as schedulers send them" (fun () ->
            needsShell ()
            use scratch = new Scratch()

            let long = (training (scratch.Path "sweep")).Replace("--steps 1500", "--steps 1M")
            use running = start long
            running |> waitUntil (begun scratch "sweep")
            signal "-TERM" running
            signal "-TERM" running
            Thread.Sleep 600

            for name in [ "-USR1"; "-USR2"; "-TERM" ] do
                signal name running

            let code, _, error = finished running
            Expect.equal code 130 "code"
            Expect.stringContains error "the others are saved" "error")

        testCase "a stopped data command leaves nothing, and the next one removes what a kill left" (fun () ->
            needsShell ()
            use scratch = new Scratch()
            let source = scratch.Path "source.npz"
            run $"data collect pointmaze-umaze-v0 --size 200k -o {source}"

            for command, target in
                [
                    $"data convert {source}", "made.hdf5"
                    $"data convert {source}", "made"
                    $"data convert {source}", "made.npz"
                    $"data pack {source} -o", "made.rows"
                    "data collect pointmaze-umaze-v0 --policy random --size 100k -o", "made2.npz"
                    "data collect pointmaze-umaze-v0 --size 1M -o", "made3.npz"
                ] do
                let line = $"{command} {scratch.Path target}"

                for name, code in [ "-KILL", 137; "-INT", 130; "-TERM", 130 ] do
                    use running = start line

                    running |> waitUntil (fun () -> leftovers scratch |> Array.exists _.Contains($"-{running.Id}-"))

                    signal name running
                    let ended, _, error = finished running

                    // A machine that is slow to send the signal finds the command done.
                    Expect.containsAll [ 0; code ] [ ended ] error

                    if ended = 130 then
                        Expect.stringContains error "No unfinished file is left." "error"
                        Expect.isEmpty (leftovers scratch) target

                    if Directory.Exists(scratch.Path target) then
                        Directory.Delete(scratch.Path target, true)
                    else
                        File.Delete(scratch.Path target)

                run line
                Expect.isEmpty (leftovers scratch) target)

        testCase "too many open files are named, with the mend" (fun () ->
            needsShell ()
            use scratch = new Scratch()
            let temperatures = String.Join(',', [ 0..30 ])

            let line =
                $"ablate --expectiles 0.7 --inverse-temperatures {temperatures} --seeds 0 {small} -o {scratch}/sweep"

            use running = shell $"ulimit -n 100; iql {line}"
            let code, _, error = finished running
            Expect.equal code 2 "code"
            Expect.stringContains error "Too many open files" "error"
            Expect.stringContains error "`ulimit -n 4096`" "error"
            run line)

        testCase "a folder that is moved while it trains is noticed: one message, rc 2, no second folder" (fun () ->
            needsShell ()
            use scratch = new Scratch()
            let first, moved = scratch.Path "sweep", scratch.Path "moved"
            use running = start (training first)
            running |> waitUntil (begun scratch "sweep")
            Directory.Move(first, moved)
            let code, _, error = finished running
            Expect.equal code 2 error
            Expect.stringContains error first "the message"
            Expect.stringContains error "moved or deleted" "the message"
            Expect.isFalse (error.Contains "   at ") error
            Expect.isFalse (Directory.Exists first) "the old place"
            run (training moved)
            run (training first)
            same (results first, results moved))

        testCase "a renamed file's folder is on the disk before anything else is written" (fun () ->
            let traced = ProcessStartInfo("strace", [ "-V" ], RedirectStandardOutput = true)

            if
                not (OperatingSystem.IsLinux())
                || (try
                        isNull (Process.Start traced)
                    with _ ->
                        true)
            then
                skiptest "The machine has no strace."

            use scratch = new Scratch()
            let log, folder = scratch.Path "log", scratch.Path "run"
            let line = $"train {small} -o {folder}"
            use running = shell $"strace -f -y -e trace=rename,renameat,renameat2,fsync -o {log} iql {line}"
            let code, _, error = finished running
            Expect.equal code 0 error

            let calls = File.ReadAllLines log |> Array.filter (fun call -> call.Contains(folder + "/runs/run"))

            let renames =
                calls |> Array.filter (fun call -> call.Contains "rename" && call.Contains "checkpoint.safe")

            let syncs = calls |> Array.filter (fun call -> call.Contains "fsync(" && call.Contains "/runs/run>")
            Expect.isGreaterThanOrEqual renames.Length 3 "renamed checkpoints"
            Expect.isGreaterThanOrEqual syncs.Length renames.Length "synced folders"

            let last =
                calls |> Array.findIndexBack (fun call -> call.Contains "rename" && call.Contains "result.json")

            Expect.exists
                calls[last..]
                (fun call -> call.Contains "fsync" && call.Contains "/runs/run>")
                "a sync after the last renaming")
    ]
