module Iql.Cli.Tests.DataCommandTests

open System
open System.IO
open Expecto
open Iql.Data
open Iql.Data.Files
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private withVariable (name: string) (value: string) (action: unit -> unit) =
    let before = Environment.GetEnvironmentVariable name
    Environment.SetEnvironmentVariable(name, value)

    try
        action ()
    finally
        Environment.SetEnvironmentVariable(name, before)

[<Tests>]
let tests =
    testSequenced
    <| testList "DataCommandTests" [
        testCase "a collected task goes to Minari and back, and is inspected there" (fun () ->
            use scratch = new Scratch()

            let npz, minari, hdf5 = scratch.Path "maze.npz", scratch.Path "maze-v0", scratch.Path "maze.hdf5"

            run $"data collect {TaskName.standard} --size 3000 -o {npz}"
            Expect.stringContains (succeeds $"data convert {npz} {minari}") "3,000 steps in" "succeeds"
            Expect.stringContains (succeeds $"data inspect {minari}") "maze-v0" "succeeds"
            run $"data convert {minari} {hdf5}"

            Expect.equal
                (DatasetFile.Load(hdf5, DatasetMode.Strict).Fingerprint)
                (DatasetFile.Load(npz, DatasetMode.Strict).Fingerprint)
                "fingerprint of load"

            refuses $"data convert {npz} {hdf5}" [ "expected a new name"; "maze.hdf5" ]

            refuses $"data convert {npz} {scratch}/maze.csv" [
                "OUT: expected a name ending in .hdf5, .h5 or .npz"
                "'.csv'"
            ]

            refuses $"data convert {npz} {scratch}/b.npz --cut" [ "Leave it out" ]
            refuses $"data convert {scratch}/absent {scratch}/b.npz" [ "found none there" ])

        testCase "a folder of Minari's is trained from" (fun () ->
            use scratch = new Scratch()
            let npz, minari = scratch.Path "maze.npz", scratch.Path "maze-v0"
            run $"data collect {TaskName.standard} --size 3000 -o {npz}"
            run $"data convert {npz} {minari}"

            let train (data: string) (folder: string) =
                run
                    $"train --data {data} --mode strict --task {TaskName.standard} --hidden 8x8 --batch 16 --steps 40 \
              --episodes 1 -o {folder}"

            train npz (scratch.Path "a")
            train minari (scratch.Path "b")
            same (results (scratch.Path "a"), results (scratch.Path "b")))

        testCase "a log is imported and a wrong one refused" (fun () ->
            use scratch = new Scratch()

            let log, schema, out = scratch.Path "plant.csv", scratch.Path "plant.json", scratch.Path "plant.npz"

            File.WriteAllText(log, "x,u,r,end\n1,0.5,0,0\n2,0.5,1,1\n")

            File.WriteAllText(
                schema,
                """{"observations": ["x"], "actions": ["u"], "reward": "r", "terminal": "end"}"""
            )

            Expect.stringContains
                (succeeds $"data import {log} --schema {schema} {out}")
                "2 rows in 1 episode,"
                "succeeds"

            Expect.equal (DatasetFile.Load(out, DatasetMode.Strict).Count) 2 "count of load"
            refuses $"data import {log} {out}" [ "--schema"; "\"observations\"" ]
            File.WriteAllText(log, "x,u,r,end\n1,0.5,0,0\n2,fast,1,1\n")

            refuses $"data import {log} --schema {schema} {scratch}/b.npz" [
                "plant.csv(3): column 'u': expected a finite number, got 'fast'."
            ])

        testCase "D4RL's file comes from a folder, and its task is trained on" (fun () ->
            use scratch = new Scratch()
            let cache, brought = scratch.Path "cache", scratch.Path "brought"
            let file = "kitchen_microwave_kettle_bottomburner_light-v0.hdf5"
            Directory.CreateDirectory brought |> ignore

            withVariable "D4RL_DATASET_DIR" cache (fun () ->
                withVariable "IQL_D4RL_MIRRORS" "http://localhost:9/none" (fun () ->
                    let train =
                        $"train --task kitchen-mixed-v0 --hidden 8x8 --batch 16 --steps 20 --episodes 0 \
                        -o {scratch}/run"

                    refuses train [ "expected D4RL's data in"; file; "iql data download kitchen-mixed-v0" ]

                    refuses "data download kitchen-mixd-v0" [ "got kitchen-mixd-v0. Did you mean kitchen-mixed-v0" ]
                    refuses "data download kitchen-mixed-v0 --sha256 12" [ "expected 64 hexadecimal digits" ]

                    refuses $"data download kitchen-mixed-v0 --from {brought}" [ $"expected {file}" ]

                    refuses "data download kitchen-mixed-v0 --mirror ftp://x" [
                        "mirror: expected an address"
                        "ftp://x"
                    ]

                    let made = scratch.Path "made.npz"
                    run $"data collect {TaskName.standard} --size 3000 -o {made}"
                    run $"data convert {made} {brought}/{file}"

                    let said = succeeds $"data download kitchen-mixed-v0 --from {brought}"

                    Expect.stringContains said (Path.Combine(cache, file)) "said"

                    Expect.stringContains
                        (succeeds "data download kitchen-mixed-v0")
                        "is there already"
                        "succeeds 'data download kitchen-mixed-v0'"

                    Expect.stringContains
                        (succeeds train)
                        "kitchen_microwave_kettle_bottomburner_light-v0"
                        "succeeds of train"

                    Expect.stringContains
                        (succeeds "data download list")
                        "antmaze-umaze-v2"
                        "succeeds 'data download list'")))

        testCase "a comparison of D4RL's tasks finds their files in the cache, or says how to get them" (fun () ->
            needsMujoco ()
            use scratch = new Scratch()
            let cache, out = scratch.Path "cache", scratch.Path "out"
            Directory.CreateDirectory cache |> ignore

            withVariable "D4RL_DATASET_DIR" cache (fun () ->
                let compare (tasks: string) = $"compare --task {tasks} -a bc --seeds 0 {quick} -o {out}"

                refuses (compare "hopper-medium-v2") [
                    "expected D4RL's data in"
                    "hopper_medium-v2.hdf5"
                    "iql data download hopper-medium-v2"
                ]

                let made = scratch.Path "made.npz"
                run $"data collect hopper-v4 --policy random --size 1000 -o {made}"

                // Whatever its name, the first bytes tell that it is an .npz.
                File.Copy(made, Path.Combine(cache, "hopper_medium-v2.hdf5"))
                // One of two is missing: nothing is trained.
                refuses (compare "hopper-medium-v2,walker2d-medium-v2") [ "walker2d_medium-v2.hdf5" ]
                Expect.isFalse (Directory.Exists out) "out exists"
                Expect.stringContains (succeeds (compare "hopper-medium-v2")) "hopper-medium-v2: " "succeeds"))

        testCase "D4RL's own name of a file is taken for the data set's" (fun () ->
            let antmaze = "Ant_maze_u-maze_noisy_multistart_False_multigoal_False_sparse_fixed.hdf5"

            Expect.isNone
                (Published.foreignData "antmaze-umaze-v2" antmaze 1_000_000L None)
                "foreign data 'antmaze-umaze-v2'"

            Expect.isSome
                (Published.foreignData "antmaze-medium-play-v2" antmaze 1_000_000L None)
                "foreign data 'antmaze-medium-play-v2'")

        testCase "what is not there is told with all that could be" (fun () ->
            use scratch = new Scratch()

            for words in [ $"data convert {scratch}/none {scratch}/out.npz"; $"data inspect {scratch}/none" ] do
                refuses words [ "(.hdf5, .npz or .rows) or a Minari data set's folder, found none there" ])

        testCase "HDF5 on a full disk is one message and no file" (fun () ->
            use scratch = new Scratch()
            let disk = scratch.Path "disk"
            Directory.CreateDirectory disk |> ignore
            run $"data collect {TaskName.standard} --size 20k -o {scratch}/big.npz"

            let code (program: string) (arguments: string list) =
                use running = System.Diagnostics.Process.Start(program, arguments)
                running.WaitForExit()
                running.ExitCode

            if
                not (OperatingSystem.IsLinux() && code "mount" [ "-t"; "tmpfs"; "-o"; "size=100k"; "tmpfs"; disk ] = 0)
            then
                skiptest "No small disk can be mounted here."

            try
                for target in [ $"{disk}/x.hdf5"; $"{disk}/minari" ] do
                    refuses $"data convert {scratch}/big.npz {target}" [ target; "Is the disk full?" ]

                Expect.isEmpty (Directory.GetFileSystemEntries disk) "entries of disk"
            finally
                code "umount" [ disk ] |> ignore)
    ]
