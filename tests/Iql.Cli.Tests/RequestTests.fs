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
    "train --device cuda", [ "--threads?"; "processor" ]
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
        "train --hidden 100000x100000", [ "narrower layers" ]
        "train --hidden 2000000000", [ "narrower layers" ]
        $"train --hidden {layers 500}", [ "at most 64" ]
        "train --batch 2000000000", [ "smaller batch" ]
        "train --batch 10000000", [ "smaller batch" ]
        "train --episodes 100000000", [ "fewer episodes" ]
        "train --episodes 2000000000", [ "fewer episodes" ]
        "train --transitions 2000M", [ "--transitions"; "memory" ]
        "train --steps 1e18", [ "2,000,000,000" ]
        "train --algorithm dt --context 1000000", [ "expected" ]
        "train --algorithm dt --max-timesteps 2000000000", [ "expected" ]
        "train --algorithm dt --batch 10000000", [ "expected" ]
        "train --algorithm cql --batch 100000000", [ "expected" ]
        "ablate --seeds 0-999999", [ "at most 10,000 seeds" ]
        "ablate --seeds 0-9999", [ "at most 10,000 runs"; "160,000" ]
        "ablate --batch 32,100000000", [ "batch" ]
        "ablate --hidden 8x8,100000x100000", [ "narrower layers" ]
        "compare --batch 100000000", [ "batch" ]
        "compare --hidden 100000x100000", [ "narrower layers" ]
        "compare --transitions 2000M", [ "--transitions" ]
        "compare --seeds 0-9999", [ "at most 10,000 runs" ]
        "data collect pointmaze-umaze-v0 --size 2000M", [ "--size"; "memory" ]
        "data collect pointmaze-umaze-v0 --policy random --size 2000M", [ "--size" ]
    ]

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
