module Iql.Cli.Tests.SplitTests

open System.IO
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Expecto

[<Tests>]
let tests =
    testSequenced
    <| testList "SplitTests" [
        testCase "one group a core while there are enough, and what is left over shared out" (fun () ->
            for cores, groups, expected in
                [
                    2, 5, [ 1; 1 ]
                    2, 2, [ 1; 1 ]
                    2, 1, [ 2 ]
                    8, 3, [ 3; 3; 2 ]
                    8, 4, [ 2; 2; 2; 2 ]
                    1, 9, [ 1 ]
                    4, 0, [ 4 ]
                ] do
                Expect.equal (Split.share cores groups) expected "share cores groups")

        testCase "a request never gets more cores than the machine has" (fun () ->
            Expect.equal (Split.cores 2 64) 2 "cores 2 64"
            Expect.equal (Split.cores 8 3) 3 "cores 8 3")

        testCase "a training prints its split" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "sweep"
            let output = succeeds $"{grid} --threads 1 -o {folder}"
            Expect.stringContains output "one group at a time, 1 thread" "output")

        testCase "only few processor time on a machine that is asked for more than it has is warned of" (fun () ->
            match Crowding.warning 2 2 3.6 0.5 with
            | None -> failtest "expected a warning"
            | Some warning ->
                for part in [ "3.6 threads use its 2 cores"; "2.0 times as long"; "--threads 1" ] do
                    Expect.stringContains warning part "warning"

            // Threads that wait for files on a quiet machine; a busy machine that still gives them their cores.
            Expect.isNone (Crowding.warning 2 2 1.1 0.5) "warning"
            Expect.isNone (Crowding.warning 2 2 5.0 0.97) "warning")
    ]
