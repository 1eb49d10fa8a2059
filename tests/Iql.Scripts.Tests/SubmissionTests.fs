/// The files that a sweep is submitted with. tests/Iql.Schedulers.Tests submits them.
module Iql.Scripts.Tests.SubmissionTests

open System
open System.Diagnostics
open System.IO
open Expecto
open Iql.Scripts
open Iql.Tests

let private submission (engine: Engine) (folder: string) : Submission = {
    Engine = engine
    Folder = folder
    Work = Path.GetDirectoryName folder
    Program = [ "dotnet"; "/opt/my iql/iql.dll" ]
    Groups = [ 4; 0; 17 ]
    Throttle = None
    Allotment = { Cores = 2; Memory = 1_500_000_000L; Time = TimeSpan.FromMinutes 90.0 }
    Options = "--flag='a b'"
    Image = "iql:latest"
    Claim = "iql"
}

/// Writes into a folder with a name that shells, Slurm and YAML each could misread.
let private written (engine: Engine) (test: string -> unit) : unit =
    let scratch = Directory.CreateTempSubdirectory "iql-"

    try
        test (Submission.write (submission engine (Path.Combine(scratch.FullName, "It's 100%A \"grid\""))))
    finally
        scratch.Delete true

let private shell (words: string list) : int * string =
    let start = ProcessStartInfo("sh", words, RedirectStandardOutput = true, RedirectStandardError = true)
    use running = Process.Start start
    let output = running.StandardOutput.ReadToEnd() + running.StandardError.ReadToEnd()
    running.WaitForExit()
    running.ExitCode, output

[<Tests>]
let tests =
    testList "SubmissionTests" [
        testRows
            "every script is a shell's, whatever the sweep's folder is called"
            (List.map fst Submission.engines)
            (fun word ->
                let engine = Submission.engines |> List.find (fst >> (=) word) |> snd

                written engine (fun here ->
                    for path in Directory.GetFiles here do
                        Expect.stringLacks (File.ReadAllText path) "{{" path

                        if path.EndsWith ".sh" then
                            Expect.equal (shell [ "-n"; path ]) (0, "") path
                            let mode = File.GetUnixFileMode path
                            Expect.isTrue (mode.HasFlag UnixFileMode.UserExecute) $"{path} can be executed"))

        testCase "a task finds its group by its line, and finds the folder by any name" (fun () ->
            written GridEngine (fun here ->
                let task = Path.Combine(here, "task.sh")
                let text = File.ReadAllText task
                File.WriteAllText(task, text.Replace("exec ", "printf '%s|' "))
                Environment.SetEnvironmentVariable("SGE_TASK_ID", "2")
                let code, output = shell [ task; "1" ]
                Expect.equal code 0 "code"
                let folder = Path.GetFullPath(Path.Combine(here, "..", ".."))

                Expect.equal
                    (Array.last (output.Split '\n'))
                    $"dotnet|/opt/my iql/iql.dll|sweep|run|{folder}|--index|17|"
                    "the third line: the offset is 1, and Grid Engine counts from 1"))

        testCase "each submission has a folder of its own, and a name that every engine takes" (fun () ->
            written Kubernetes (fun here ->
                let folder = Path.GetFullPath(Path.Combine(here, "..", ".."))
                let second = Submission.write (submission Kubernetes folder)
                Expect.equal (Path.GetFileName here, Path.GetFileName second) ("1", "2") "folders"
                let text = File.ReadAllText(Path.Combine(second, "job.yaml"))
                Expect.stringContains text "name: iql-it-s-100-a-grid-2\n" "job.yaml"))

        testCase "a task asks for half as much again as its trial took, and for no idle core" (fun () ->
            let small: Measured = { Memory = 200_000_000L; Cores = 0.97; Time = TimeSpan.FromMinutes 2.0 }
            let large: Measured = { Memory = 4_010_000_000L; Cores = 2.6; Time = TimeSpan.FromHours 10.0 }

            let asked cores memory (minutes: float) : Allotment = {
                Cores = cores
                Memory = memory
                Time = TimeSpan.FromMinutes minutes
            }

            Expect.equal (Allotment.ofMeasured 4 small) (asked 1 700_000_000L 15.0) "small"
            Expect.equal (Allotment.ofMeasured 4 large) (asked 3 6_100_000_000L 910.0) "large"
            Expect.equal (Allotment.ofMeasured 2 large).Cores 2 "no more cores than there were"
            Expect.equal (Allotment.ofMeasured 4 large).Notice (TimeSpan.FromMinutes 2.0) "Notice")
    ]
