/// A sweep on a real Grid Engine of one host.
module Iql.Schedulers.Tests.GridEngineTests

open System
open System.IO
open Expecto
open Iql.Schedulers.Tests.Machines

[<Tests>]
let tests =
    testList "GridEngineTests" [
        testCase
            "a rescheduled task, one at its limit and one on a lost host end with the bits of a local run"
            (fun () ->
                within "gridengine" [ "sge_qmaster"; "sge_execd"; "qsub" ] [] (fun engine ->
                    let variables = [
                        "SGE_ROOT", engine
                        "SGE_CELL", "default"
                        "SGE_QMASTER_PORT", "16444"
                        "SGE_EXECD_PORT", "16445"
                    ]

                    let run = run variables
                    let folder = Path.Combine(engine, "a sweep")
                    let submission = Path.Combine(folder, "submissions", "1")
                    plan folder expectiles

                    [ "sweep"; "submit"; folder; "--engine"; "gridengine"; "--minutes"; "10"; "--memory"; "500M" ]
                    |> iql []
                    |> ignore

                    // Group 1 is told once that its time is nearly over: when the test says so.
                    let task, over = Path.Combine(submission, "task.sh"), Path.Combine(engine, "over")
                    let text = File.ReadAllText task
                    let first = "[ \"$group${RESTARTED:-0}\" = 10 ]"
                    let limit = $"left=$({first} && until [ -e {over} ]; do sleep 0.2; done && echo 0 || echo 600)"
                    let changed = Text.RegularExpressions.Regex.Replace(text, "left=[0-9]+", limit.Replace("$", "$$"))
                    Expect.notEqual changed text "task.sh has a limit"
                    File.WriteAllText(task, changed)

                    // "jobs 1, report 2"
                    let submitted = run (Path.Combine(submission, "submit.sh")) []
                    let numbers = submitted.Split([| ' '; ',' |], StringSplitOptions.RemoveEmptyEntries)
                    let job, report = numbers[1], numbers[3]
                    let out = Path.Combine(submission, "out")

                    let output (number: int) =
                        match Directory.GetFiles(out, $"*.o{job}.{number}") with
                        | [| path |] -> File.ReadAllText path
                        | _ -> ""

                    // Stopped, since a fast machine would end it before the others have begun.
                    caught folder 0 |> signal "STOP"
                    caught folder 1 |> ignore
                    File.WriteAllText(over, "")
                    run "qmod" [ "-rj"; $"{job}.1" ] |> ignore
                    wait 90.0 "group 1 to start again" (fun () -> (output 2).Contains "restarted 1")
                    caught folder 2 |> ignore
                    daemon "gridengine" "lose" engine
                    daemon "gridengine" "find" engine
                    wait 200.0 "the report" (fun () -> run "qstat" [] = "")
                    isWhole folder

                    for number in 1..3 do
                        Expect.stringContains (output number) "restarted 0" $"task {number}: its file is appended"
                        Expect.stringContains (output number) "restarted 1" $"task {number}"

                    Expect.stringContains
                        (output 2)
                        "Exit code 99 asks for another start"
                        "group 1 saved before its limit"

                    let report = Directory.GetFiles(out, $"*.o{report}") |> Array.exactlyOne |> File.ReadAllText
                    Expect.stringContains report "report.html" "the report's output"

                    Expect.stringContains
                        (iql [] [ "sweep"; "submit"; folder; "--engine"; "gridengine" ])
                        "nothing"
                        "all done"))
    ]
