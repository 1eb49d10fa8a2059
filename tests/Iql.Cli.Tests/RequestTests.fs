/// What is asked for is checked as a whole before any work begins.
module Iql.Cli.Tests.RequestTests

open System.IO
open Expecto
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private exactNumbers = [
    "64.1k", 64_100
    "1e4", 10_000
    "1.5e3", 1_500
    "2.3M", 2_300_000
    "1.001k", 1_001
    "8.2k", 8_200
    "1E4", 10_000
    "100e-2k", 1_000
]

let private hints = [
    "train --tau 0.7", [ "--expectile or --polyak-step" ]
    "train --beta 3", [ "--inverse-temperature?" ]
    "ablate --beta 3", [ "--inverse-temperatures?" ]
    "train --lr 1", [ "--policy-learning-rate" ]
    "train --gpu 0", [ "--device?"; "processor" ]
    "train --gamma 1", [ "--discount?" ]
    "train --epochs 1", [ "--steps?" ]
    "train --batch_sizes 1", [ "--batch" ]
    "compare --batch_size 1", [ "--batch-size?" ]
    "train --seeds 0-3", [ "--seed?"; "`iql ablate`" ]
    "train --max_timesteps 3", [ "--steps?" ]
    "train --env hopper-medium-v2", [ "--task?" ]
    "train --eval_freq 3", [ "--evaluate-every?" ]
    "train --hidden-dim 3", [ "--hidden?" ]
    "compare --algo iql", [ "--algorithms?" ]
    "train --action-scaler minmax", [ "--action-scaling?" ]
    "data collect x --num-transitions 3", [ "--size?" ]
]

let private nearest = [
    "hopper-medium", "hopper-medium-v2"
    "halfcheetah-medium-v3", "halfcheetah-medium-v2"
    "Hopper-medium-v2", "hopper-medium-v2"
    "hopper_medium_v2", "hopper-medium-v2"
    "maze2d-umaze-v0", "maze2d-umaze-v1"
    "pointmaze-umaze", "pointmaze-umaze-v0"
    "pointmaze-medium", "pointmaze-medium-v0"
    "pointmaze-umaze-v1", "pointmaze-umaze-v0"
    "walker2d-medium-expert", "walker2d-medium-expert-v2"
    "walker-medium-v2", "walker2d-medium-v2"
    "antmaze-large", "antmaze-large-play-v2"
    "pen-human", "pen-human-v1"
    "hopper", "hopper-v4"
    "umaze", "pointmaze-umaze-v0"
    "cheetah-medium-v2", "halfcheetah-medium-v2"
]

let private duplicates = [
    "ablate --expectiles 0.7,0.70", [ "0.7 and 0.70" ]
    "ablate --expectiles 0.9,0.5,9e-1", [ "0.9 and 9e-1" ]
    "ablate --inverse-temperatures 3,3.0", [ "3 and 3.0" ]
    "ablate --hidden 64x64,064x64", [ "64x64 and 064x64" ]
    "ablate --batch 1000,1k", [ "1000 and 1k" ]
    "ablate --seeds 0-3,2", [ "0-3 and 2" ]
    "ablate --seeds 1,01", [ "1 and 01" ]
    "ablate --expectiles 0.7,0.7", [ "0.7 twice" ]
    "compare --task pointmaze-umaze-v0,pointmaze-umaze-v0", [ "pointmaze-umaze-v0 twice" ]
    "compare --algorithms iql,iql", [ "iql twice" ]
    "ablate --expectiles 0.7,,0.9", [ "one comma between two" ]
    "ablate --hidden 64x64,,32x32", [ "one comma between two" ]
    "ablate --expectiles 0.7,", [ "one comma between two" ]
]

/// Sizes that no machine has, and what the message says.
let private tooLarge =
    let layers count = List.replicate count "8" |> String.concat "x"

    [
        "train --hidden 100000x100000", [ "--hidden 100000x100000: expected"; "narrower layers" ]
        "train --hidden 2000000000", [ "narrower layers" ]
        $"train --hidden {layers 500}", [ "at most 64" ]
        "train --batch 2000000000", [ "--batch 2000000000: expected"; "smaller batch" ]
        "train --batch 10000000", [ "smaller batch" ]
        "train --episodes 100000000", [ "fewer episodes" ]
        "train --episodes 2000000000", [ "--episodes"; "fewer" ]
        "train --transitions 2000M", [ "--transitions"; "memory" ]
        "train --steps 1e18", [ "2,000,000,000" ]
        "train --algorithm dt --context 1000000", [ "--context 1000000: expected" ]
        "train --algorithm dt --context 2000000000 --batch 1", [ "--context 2000000000" ]
        "train --hidden 2000000000x2000000000 --batch 2e9", [ "--batch 2000000000"; "--hidden 2000000000x2000000000" ]
        "train --algorithm dt --max-timesteps 2000000000", [ "expected" ]
        "train --algorithm dt --batch 10000000", [ "expected" ]
        "train --algorithm cql --batch 100000000", [ "expected" ]
        "ablate --seeds 0-999999", [ "at most 10,000 seeds" ]
        "ablate --seeds 0-9999", [ "at most 10,000 runs"; "250,000" ]
        "ablate --batch 32,100000000", [ "batch" ]
        "ablate --hidden 8x8,100000x100000", [ "narrower layers" ]
        "compare --batch 100000000", [ "batch" ]
        "compare --hidden 100000x100000", [ "--hidden 100000x100000"; "narrower layers" ]
        "compare --context 1e8 --algorithms bc,dt", [ "dt on pointmaze-large-windy-v0: --context 100000000" ]
        "compare --transitions 2000M", [ "--transitions" ]
        "compare --seeds 0-9999", [ "at most 10,000 runs" ]
        "data collect pointmaze-umaze-v0 --size 2000M", [ "--size"; "memory" ]
        "data collect pointmaze-umaze-v0 --policy random --size 2000M", [ "--size" ]
    ]

/// What no command can do, and what the message says.
let private absurd = [
    "train --steps -1", [ "--steps: expected a whole number of at least 1, got '-1'" ]
    "train --steps 1e300", [ "from 1 to 2,000,000,000"; "'1e300'" ]
    "train --batch 3000000000", [ "--batch"; "at most 2,000,000,000"; "'3000000000'" ]
    "train --batch 1e300", [ "--batch"; "at most 2,000,000,000" ]
    "train --batch NaN", [ "--batch: expected a whole number of at least 1, got 'NaN'" ]
    "train --hidden 0x0", [ "--hidden"; "'0x0'" ]
    "train --hidden -64x64", [ "--hidden" ]
    "train --episodes -1", [ "--episodes" ]
    "train --evaluate-every 0", [ "--evaluate-every" ]
    "train --transitions 1e12", [ "--transitions"; "from 1000 to 2,000,000,000" ]
    "train --threads 0", [ "--threads" ]
    "train --expectile NaN", [ "--expectile: expected a number in (0, 1), got 'NaN'" ]
    "train --inverse-temperature inf", [ "--inverse-temperature" ]
    "train --discount -1", [ "--discount" ]
    "train --policy-learning-rate -1", [ "--policy-learning-rate" ]
    "train --seed 2000000001", [ "--seed"; "2,000,000,000" ]
    "train --algorithm dt --context 0", [ "--context" ]
    "train --algorithm dt --heads 7", [ "--heads: expected a divisor of the width 128, got 7" ]
    "train --algorithm dt --target-return NaN", [ "--target-return" ]
    "ablate --seeds 0-99999999999", [ "--seeds" ]
    "ablate --expectiles 0.5,1.5", [ "--expectiles" ]
    "ablate --inverse-temperatures 0,1,2,3,4,5,6,7,8,9,10,11 --seeds 0-999", [ "at most 10,000 runs" ]
    "compare --last 1000000", [ "--last: expected at most 12"; "got 1000000" ]
    "compare --episodes 0", [ "--episodes: expected at least 1" ]
    "compare --algorithms iql,xyz", [ "--algorithms: expected some of iql"; "got xyz" ]
    "data collect pointmaze-umaze-v0 --size -1", [ "--size" ]
    "data collect pointmaze-umaze-v0 --policy random --noise NaN", [ "--noise" ]
    "data collect pointmaze-umaze-v0 --policy random --threads 0", [ "--threads" ]
    "data pack none.npz --time-limit 0", [ "--time-limit" ]
    "data pack none.npz --unpacked-limit 1e300", [ "--unpacked-limit" ]
    "play pointmaze-umaze-v0 --seed -1", [ "--seed" ]
]

/// The same of commands that take no --output.
let private absurdWithoutOutput = [
    "env reference pointmaze-umaze-v0 --episodes 2000000000", [ "memory"; "--episodes 2000000000" ]
    "env reference pointmaze-umaze-v0 --episodes 1", [ "--episodes" ]
    "data inspect none.npz --replay -1", [ "--replay" ]
    "data convert none.npz none.hdf5 --unpacked-limit -1", [ "--unpacked-limit" ]
    "data download hopper-medium-v2 --sha256 12", [ "--sha256" ]
    "data download hopper-medium-v2 --mirror ftp://none", [ "mirror" ]
    "explain step --batch 1000000000", [ "--batch 1000000000 --hidden 256x256: expected" ]
]

/// A command whose process has so many bytes: exit code, standard output, standard error.
let private within (bytes: int) (line: string) =
    use running = startWith [ "DOTNET_GCHeapHardLimit", $"0x{bytes:x}" ] line
    finished running

[<Tests>]
let tests =
    testSequenced
    <| testList "RequestTests" [
        testCase "whole numbers are read in decimal, exactly" (fun () ->
            for word, number in exactNumbers do
                Expect.equal (Read.whole 1 word) (Ok number) word
                Expect.equal (Iql.Algorithms.NumberText.Whole word) (System.Nullable number) word)

        testCase "numbers that are none are refused with the range" (fun () ->
            for word in [ "1e18"; "3000M"; "1e400" ] do
                refuses $"train --steps {word}" [ "--steps: expected a whole number" ]

            refuses "train --steps 1e18" [ "from 1 to 2,000,000,000" ]
            // A comma is no mark of thousands: 1,5 would be 15.
            refuses "train --inverse-temperature 1,5" [ "a number of at least 0, got '1,5'" ])

        testCase "other programs' names of options get a hint" (fun () ->
            for line, words in hints do
                refuses line ("unknown option" :: words))

        testCase "the nearest task has the word's parts, or its letters, and is the newest" (fun () ->
            for word, task in nearest do
                Expect.equal (TaskName.nearest word) $" Did you mean {task}?" word)

        testCase "values that are the same are refused first, naming both" (fun () ->
            use scratch = new Scratch()

            for line, words in duplicates do
                let folder = scratch.Path "runs"
                refuses $"{line} -o {folder}" words

            Expect.isFalse (Directory.Exists(scratch.Path "runs")) "folder")

        testCase "runs that are alike in F# are refused, naming both" (fun () ->
            let refused axes words =
                match Sweep.check { Name = "alike"; Base = Trial.standard; Axes = axes } with
                | Ok() -> failtest "expected a refusal"
                | Error message ->
                    for word in words do
                        Expect.stringContains message word "message"

            refused [ Axis.expectile [ 0.5; 0.7 ]; Axis.expectile [ 0.9 ] ] [ "expectile" ]

            refused [ Axis.expectile [ 0.5; 0.7 ]; Axis.own "mine" [ "high", Hyperparameter.set "expectile" 0.9 ] ] [
                "expectile=0.5,mine=high"
                "expectile=0.7,mine=high"
            ]

            refused [ Axis.own "same" [ "a", id; "b", id ] ] [ "same=a"; "same=b" ])

        testCase "what is larger than memory is refused before a folder is made" (fun () ->
            use scratch = new Scratch()

            for line, words in tooLarge do
                let output = scratch.Path(if line.StartsWith "data" then "file.npz" else "runs")
                refuses $"{line} -o {output}" words
                Expect.isFalse (Path.Exists output) line)

        testCase "what no command can do is one line that names the option and the value" (fun () ->
            use scratch = new Scratch()

            for line, words in absurd do
                let output = scratch.Path "out.npz"
                refuses $"{line} -o {output}" words
                Expect.isFalse (Path.Exists output) line

            for line, words in absurdWithoutOutput do
                refuses line words)

        testCase "files are held against memory before they are read" (fun () ->
            use scratch = new Scratch()
            let log, schema = scratch.Path "log.csv", scratch.Path "schema.json"

            File.WriteAllText(
                schema,
                """{"observations": ["x"], "actions": ["u"], "reward": "r", "terminal": "done"}"""
            )

            File.WriteAllText(log, "x,u,r,done\n" + String.replicate 3_000_000 "1,2,3,0\n")
            run $"data collect pointmaze-umaze-v0 --size 400k -o {scratch}/data.npz"

            for line, words in
                [
                    $"data import {log} {scratch}/log.npz --schema {schema}",
                    [ "about 3 million rows"; "42 MB"; ".rows" ]
                    $"data convert {scratch}/data.npz {scratch}/data.hdf5", [ "42 MB"; "--drop" ]
                    $"train --data {scratch}/data.npz -o {scratch}/runs", [ "GB are needed"; "iql data pack" ]
                ] do
                let code, _, error = within 0x2800000 line
                Expect.equal code 2 error
                Expect.equal (error.Trim().Split '\n').Length 1 error

                for word in words do
                    Expect.stringContains error word line

            Expect.equal (Directory.GetFileSystemEntries(string scratch)).Length 3 "what is left"
            let code, _, error = within 0xC800000 $"data import {log} {scratch}/log.rows --schema {schema}"
            Expect.equal code 0 error)

        testCase "an npz file is read through a link" (fun () ->
            use scratch = new Scratch()
            run $"data collect pointmaze-umaze-v0 --size 1000 -o {scratch}/data.npz"
            File.CreateSymbolicLink(scratch.Path "link.npz", scratch.Path "data.npz") |> ignore
            run $"data inspect {scratch}/link.npz")

        testCase "groups side by side count together, and one at a time is named as the mend" (fun () ->
            let gigabytes name bytes = { Demand.none with Bytes = [ name, 1e9 * bytes, "Choose less" ] }
            Expect.isOk (Demand.within 4e9 (Demand.both (gigabytes "data" 1.0) (gigabytes "a batch" 3.0))) "4 of 4"

            match Demand.within 4e9 (Demand.both (gigabytes "data" 2.0) (gigabytes "a batch" 3.0)) with
            | Error message -> Expect.stringContains message "a batch of 3.0 GB of 5.0 GB. Choose less." "message"
            | Ok() -> failtest "expected a refusal")

        testCase "what is merely long is said beforehand" (fun () ->
            let remarks trial =
                let sweep = { Name = "long"; Base = trial; Axes = [] }
                let options = { Launch.into "/nowhere/runs" with Threads = 1 }

                match Examine.sweep options sweep with
                | Ok examined -> String.concat "; " examined.Remarks
                | Error message -> failtest message

            let data = DataSource.Task("pointmaze-umaze-v0", Some 2000)
            let trial = { Ablation.standard with Data = data; EvaluateEvery = 1500 }
            Expect.equal (remarks trial) "" "a short one"
            let long = { trial with Steps = 2_000_000_000; EvaluateEvery = 100_000_000 }
            Expect.stringContains (remarks long) "days or more on 1 core" "many steps"
            Expect.stringContains (remarks { trial with Episodes = 1_000_000 }) "one evaluation takes" "many episodes")
    ]
