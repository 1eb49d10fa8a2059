/// A sweep on a real Slurm of one node.
module Iql.Schedulers.Tests.SlurmTests

open System
open System.IO
open System.Threading
open Expecto
open Iql.Schedulers.Tests.Machines

[<Tests>]
let tests =
    testList "SlurmTests" [
        testCase "a requeued task, one at its limit and one on a lost node end with the bits of a local run" (fun () ->
            within
                "slurm"
                [ "slurmctld"; "slurmd"; "sbatch"; "munged" ]
                [ "MaxArraySize=2"; "RequeueExit=75"; "SlurmdTimeout=10"; "KillWait=15" ]
                (fun slurm ->
                    let settings = Path.Combine(slurm, "slurm.conf")
                    let run = run [ "SLURM_CONF", settings ]
                    let folder, small = Path.Combine(slurm, "a sweep"), Path.Combine(slurm, "another")

                    let submit folder =
                        let limits = "--engine slurm --minutes 10 --memory 500M"
                        iql [] ([ "sweep"; "submit"; folder ] @ List.ofArray (limits.Split ' ')) |> ignore
                        run (Path.Combine(folder, "submissions", "1", "submit.sh")) []

                    plan folder expectiles
                    let submitted = submit folder
                    // "jobs 1:2, report 3": two chunks.
                    let numbers = submitted.Split([| ' '; ':'; ',' |], StringSplitOptions.RemoveEmptyEntries)
                    let first, second, report = numbers[1], numbers[2], numbers[4]
                    let state task = run "squeue" [ "-h"; "-t"; "all"; "-o"; "%T"; "-j"; task ]

                    // It fails where the task has started meanwhile.
                    let update task setting =
                        tryRun [ "SLURM_CONF", settings ] "scontrol" [ "update"; $"JobId={task}"; setting ] |> ignore


                    let requeued task = wait 60.0 $"{task} to be requeued" (fun () -> state task = "PENDING")

                    // Slurm lets a requeued task wait for two minutes.
                    let push task =
                        wait 40.0 $"{task} to start again" (fun () ->
                            if state task = "PENDING" then
                                update task "StartTime=now"

                            state task <> "PENDING")

                    // Stopped for as long as Slurm needs to notice that its time is over.
                    caught folder 1 |> signal "STOP"
                    update $"{first}_1" "EndTime=now+1"
                    caught folder 0 |> ignore
                    run "scontrol" [ "requeue"; $"{first}_0" ] |> ignore
                    caught folder 2 |> signal "STOP"
                    requeued $"{first}_0"
                    requeued $"{first}_1"
                    push $"{first}_0"
                    daemon "slurm" "lose" slurm
                    daemon "slurm" "find" slurm
                    let tasks = [ $"{first}_0"; $"{first}_1"; $"{second}_0" ]
                    // The end of the lost process must not be taken for that of the next one.
                    wait 60.0 "the end of the lost process" (fun () -> (trainer folder 2).IsNone)
                    Thread.Sleep 5_000
                    update $"{first}_1" "TimeLimit=10"

                    wait 120.0 "the report" (fun () ->
                        tasks |> List.filter (state >> (=) "PENDING") |> List.iter push
                        state report = "COMPLETED")

                    isWhole folder
                    let printed = printed (Path.Combine(folder, "submissions", "1"))
                    Expect.stringContains (printed $"{first}_0.txt") "DUE TO JOB REQUEUE" "group 0"
                    Expect.stringContains (printed $"{first}_1.txt") "DUE TO TIME LIMIT" "group 1"

                    for task in tasks do
                        Expect.stringContains
                            (printed $"{task}.txt")
                            "requeued 1 times"
                            $"{task}: its file is appended"

                    Expect.stringContains (printed "report.txt") "report.html" "the report's output"
                    // A site that does not requeue by exit code.
                    let kept =
                        File.ReadAllLines settings |> Array.filter (fun line -> not (line.StartsWith "Requeue"))

                    File.WriteAllLines(settings, kept)
                    run "scontrol" [ "reconfigure" ] |> ignore
                    plan small "0.5"
                    let words = (submit small).Split([| ' '; ':'; ',' |], StringSplitOptions.RemoveEmptyEntries)
                    let task = $"{words[1]}_0"
                    caught small 0 |> ignore
                    run "scancel" [ "--batch"; "--signal=USR1"; task ] |> ignore
                    requeued task
                    push task
                    wait 120.0 "the report" (fun () -> state words[3] = "COMPLETED")

                    Expect.stringContains
                        (iql [] [ "sweep"; "submit"; small; "--engine"; "slurm" ])
                        "nothing"
                        "all done"))
    ]
