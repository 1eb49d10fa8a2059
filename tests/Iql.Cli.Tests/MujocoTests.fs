/// Tasks on MuJoCo from the command line.
module Iql.Cli.Tests.MujocoTests

open System
open System.IO
open Expecto
open Iql.Tests
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

/// A command line in a process that finds no MuJoCo: exit code, standard output, standard error.
let without (line: string) : int * string * string =
    use running = startWith [ "IQL_MUJOCO", "no-such-library.so" ] line
    finished running

[<Tests>]
let tests =
    testSequenced
    <| testList "MujocoTests" [
        testCase "without MuJoCo a task that needs it says what to install, and the others work" (fun () ->
            let code, _, message = without "train --task hopper-medium-v2 --data none.hdf5"

            Expect.equal code 2 "code"

            Expect.stringStarts
                message
                "iql: MuJoCo: expected the system's MuJoCo library 2.2.2, found none of no-such-library.so. Install it"
                "message"

            Expect.stringContains message "apt-get install libmujoco2.2.2" "message"
            Expect.stringLacks message "   at " "message"

            let code, said, _ = without "tasks"
            Expect.equal code 0 "code"
            Expect.stringContains said "not installed here" "said"
            Expect.stringContains said "hopper-medium-v2" "said")

        testCase "a task without data of its own asks for a file" (fun () ->
            needsMujoco ()
            refuses "train --task halfcheetah-v4" [ "--data FILE"; "halfcheetah-v4" ]
            refuses "train --task hopper-medum-v2" [ "hopper-medum-v2"; "hopper-medium-v2" ]
            refuses "env reference hopper-medium-v2" [ "controller" ]

            for words in
                [
                    "train --task hoper-medium-v2"
                    "data collect hoper-medium-v2"
                    "play hoper-medium-v2"
                    "env reference hoper-medium-v2"
                ] do
                refuses words [ "got hoper-medium-v2. Did you mean hopper-medium-v2?" ]

            // A data set of D4RL without an environment here.
            refuses "train --task kitchen-mixd-v0" [ "Did you mean kitchen-mixed-v0?" ])

        testCase "genuine Minari data train, and are scored in our door" (fun () ->
            needsMujoco ()

            let data =
                List.unfold
                    (fun folder -> if isNull folder then None else Some(folder, Path.GetDirectoryName folder))
                    AppContext.BaseDirectory
                |> List.map (fun folder ->
                    Path.Combine(folder, "shared", "data", "minari", "D4RL", "door", "human-v2"))
                |> List.tryFind Directory.Exists

            match data with
            | None -> skiptest "shared/data/minari is not at hand."
            | Some data ->
                use scratch = new Scratch()
                let folder = scratch.Path "door"
                let said = succeeds $"train --data {data} --task door-human-v1 {quick} -o {folder}"
                Expect.stringContains said "Mean score of the last evaluation over seeds (0 random, 100 expert)" "said")
    ]
