module Iql.Cli.Tests.RowFileTests

open System.IO
open Expecto
open Iql.Data
open Iql.Data.Rows
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

/// The standard task's data as an .npz and packed.
let private packed (scratch: Scratch) : string * string =
    let npz, rows = scratch.Path "maze.npz", scratch.Path "maze.rows"
    run $"data collect {TaskName.standard} --size 3000 -o {npz}"
    Expect.stringContains (succeeds $"data pack {npz} --mode strict --out {rows}") "kept 3,000 of 3,000 rows" "succeeds"
    npz, rows

let private training (data: string) (options: string) : string =
    $"ablate --data {data} --mode strict --task {TaskName.standard} --expectiles 0.5,0.9 --inverse-temperatures 0,3 \
      --seeds 0 {options}"

/// The command line as a process of its own, stopped by a signal once it has begun to write.
let private stopped (scratch: Scratch) (name: string) : int =
    use running = start $"data collect pointmaze-umaze-v0 --size 300M -o {scratch}/large.rows"

    let begun () =
        Directory.GetFiles(string scratch, "large.rows.*.tmp")
        |> Array.exists (fun path -> FileInfo(path).Length > 1_000_000L)

    running |> waitUntil begun
    signal name running
    let code, _, _ = finished running
    code

let private leftovers (scratch: Scratch) = Directory.GetFiles(string scratch, "large.rows*")

[<Tests>]
let tests =
    testSequenced
    <| testList "RowFileTests" [
        testCase "training from a row file gives the bits of the file it was packed from" (fun () ->
            use scratch = new Scratch()
            let npz, rows = packed scratch

            for name, more in
                [
                    "plain", ""
                    "normalised", "--normalize-observations --rewards return-range"
                    "sarsa", "--objective sarsa"
                ] do
                let folder kind = scratch.Path $"{name}-{kind}"
                run (training npz $"""{quick} {more} -o {folder "npz"}""")
                let out = succeeds (training rows $"""{quick} {more} -o {folder "rows"}""")
                Expect.stringContains out "maze: 3000 transitions" "out"
                same (results (folder "npz"), results (folder "rows"))

                Expect.stringContains
                    (File.ReadAllText(Path.Combine(folder "rows", "report.html")))
                    "The data from above"
                    "file folder 'rows', 'report.html'")

        testCase "other algorithms get the bits of the file too" (fun () ->
            use scratch = new Scratch()
            let npz, rows = packed scratch

            for algorithm, more in
                [
                    "bc", ""
                    "td3bc", "--normalize-observations"
                    "td3bc", "--raw-observations"
                    "cql", ""
                    "awac", ""
                    "rlpd", ""
                    "onestep", ""
                ] do
                let folder kind = scratch.Path $"{algorithm}{more}-{kind}"

                let train (data: string) (mode: string) (folder: string) =
                    run
                        $"train --algorithm {algorithm} --data {data} --task {TaskName.standard} -o {folder} {quick} \
                        {mode} {more}"

                train npz "--mode strict" (folder "npz")
                train rows "" (folder "rows")
                same (results (folder "npz"), results (folder "rows")))

        testCase "the best share of a row file is refused before a folder is made" (fun () ->
            use scratch = new Scratch()
            let _, rows = packed scratch

            for command in [ "train --algorithm 10%bc"; "ablate --algorithm bc --best-share 1,0.1" ] do
                refuses $"{command} --data {rows} -o {scratch}/out" [
                    "maze: expected transitions in memory to choose the best 10 % of"
                    "--best-share 1"
                ]

            Expect.isFalse (Directory.Exists(scratch.Path "out")) "path of scratch 'out' exists")

        testCase "a mode other than a row file's own is refused" (fun () ->
            use scratch = new Scratch()
            let _, rows = packed scratch
            let collected = scratch.Path "collected.rows"
            run $"data collect {TaskName.standard} --size 3000 -o {collected}"

            let train (data: string) (mode: string) = $"train --data {data} --mode {mode} -o {scratch}/out"

            refuses (train rows "d4rl") [
                "--mode: expected strict, as"
                "was packed, got d4rl"
                "iql data pack FILE --mode d4rl"
            ]

            refuses (train collected "strict") [ "written as transitions, got strict"; "Leave --mode out." ]
            Expect.isFalse (Directory.Exists(scratch.Path "out")) "path of scratch 'out' exists"
            // Its own may be said again.
            let strict = DataSource.File(rows, Some DatasetMode.Strict, None)
            Expect.equal (TrainingData.load strict |> Attempt.get).Raw.Count 3000L "count of raw of load of strict")

        testCase "collected rows are the task's own" (fun () ->
            use scratch = new Scratch()
            let _, rows = packed scratch
            let collected = scratch.Path "collected.rows"
            run $"data collect {TaskName.standard} --size 3000 -o {collected}"

            Expect.equal
                (RowFile collected).Fingerprint
                (RowFile rows).Fingerprint
                "fingerprint of row file of collected"

            let page = succeeds $"data inspect {collected}"
            Expect.stringContains page (RowFile rows).Fingerprint "page"
            Expect.stringContains page "3,000 transitions" "page")

        testCase "wrong row files and requests are refused" (fun () ->
            use scratch = new Scratch()
            let npz, rows = packed scratch
            refuses $"data pack {npz} -o {rows}" [ "maze.rows"; "expected a new file" ]
            refuses $"data pack {rows} -o {scratch}/again.rows" [ "got a row file" ]
            refuses $"data pack {scratch}/absent.npz" [ "absent.npz" ]
            let cut = scratch.Path "cut.rows"
            File.WriteAllBytes(cut, (File.ReadAllBytes rows)[..20_000])
            refuses $"train --data {cut} -o {scratch}/out" [ "cut.rows"; "truncated" ]
            refuses $"data inspect {cut}" [ "cut.rows"; "truncated" ]
            Expect.isFalse (Directory.Exists(scratch.Path "out")) "path of scratch 'out' exists")

        testCase "a writing that is killed leaves no row file, and the next one clears up" (fun () ->
            use scratch = new Scratch()
            Expect.equal (stopped scratch "-KILL") 137 "stopped '-KILL'"
            Expect.isFalse (File.Exists(scratch.Path "large.rows")) "path of scratch 'large.rows' exists"
            Expect.hasLength (leftovers scratch) 1 "leftovers of scratch"

            run $"data collect {TaskName.standard} --size 1000 -o {scratch}/large.rows"
            Expect.equal (leftovers scratch) [| scratch.Path "large.rows" |] "leftovers of scratch")

        testCase "Ctrl-C while writing leaves nothing" (fun () ->
            use scratch = new Scratch()
            Expect.equal (stopped scratch "-INT") 130 "stopped '-INT'"
            Expect.isEmpty (leftovers scratch) "leftovers of scratch")

        testCase "a training from a row file that is killed goes on to the same bytes" (fun () ->
            use scratch = new Scratch()
            let _, rows = packed scratch
            goesOnAfterAKill scratch (training rows "--episodes 2"))

        testCase "a flipped bit in the rows is refused by inspect and before training" (fun () ->
            use scratch = new Scratch()
            let _, rows = packed scratch
            let bytes = File.ReadAllBytes rows
            bytes[30_000] <- bytes[30_000] ^^^ 16uy
            File.WriteAllBytes(rows, bytes)
            refuses $"data inspect {rows}" [ rows; "fingerprint"; "copy or pack it again" ]
            refuses $"train --data {rows} -o {scratch}/out" [ rows; "fingerprint" ]
            Expect.isFalse (Directory.Exists(scratch.Path "out")) "folder of the refused training")
    ]
