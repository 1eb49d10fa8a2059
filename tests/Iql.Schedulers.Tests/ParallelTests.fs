/// A sweep by GNU parallel over ssh.
module Iql.Schedulers.Tests.ParallelTests

open System.IO
open Expecto
open Iql.Schedulers.Tests.Machines

[<Tests>]
let tests =
    testList "ParallelTests" [
        testCase "two hosts train a sweep, and a task that was stopped is started again" (fun () ->
            within "sshd" [ "sshd"; "ssh"; "ssh-keygen"; "parallel" ] [] (fun hosts ->
                let folder = Path.Combine(hosts, "a sweep")
                plan folder expectiles

                let variables = [
                    "PARALLEL_SSH", $"ssh -F {hosts}/ssh.conf"
                    "PARALLEL_HOME", Path.Combine(hosts, "home")
                ]

                let kill =
                    Async.StartAsTask(
                        async {
                            caught folder 1 |> signal "KILL"
                            return ()
                        }
                    )

                let words = [ "sweep"; "submit"; folder; "--engine"; "parallel"; "--go" ]
                // Group 0 is measured, and is done by then.
                let output = iql variables (words @ [ "--options=-S 1/nodea,1/nodeb" ])
                kill.Wait()
                Expect.stringContains output "measured: " "output"
                isWhole folder
                Expect.stringContains (iql variables (words @ [ "--failed" ])) "nothing to submit" "output"))
    ]
