/// A run that diverges says the likely cause, and a command of which every run did ends with 1.
module Iql.Cli.Tests.DivergenceTests

open System.IO
open Expecto
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Environments.Tasks
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

/// A file of a maze's rows, changed.
let private file (scratch: Scratch) (change: Transitions -> Transitions) : string =
    let path = scratch.Path "mine.npz"
    let rows = Tasks.Find(TaskName.standard).Dataset.Collect(Seed.Named "dataset", 1000)
    DatasetFile.Save(path, change rows, readOnlyDict [])
    path

let private rewards (factor: float) (rows: Transitions) = Normalization.Custom(factor, factor).Apply rows

let private diverges (line: string) (words: string list) : unit =
    let code, output, error = iql line
    Expect.equal code 1 error
    let said = output.Split '\n' |> Array.find (fun line -> line.StartsWith "diverged")

    for word in words do
        Expect.stringContains said word line

[<Tests>]
let tests =
    testSequenced
    <| testList "DivergenceTests" [
        testCase "rewards of 1e19 are named, with how large they are" (fun () ->
            use scratch = new Scratch()
            let path = file scratch (rewards 1e19)

            for line in [ "train"; "train --algorithm td3bc"; "ablate --expectiles 0.5 --seeds 0" ] do
                let folder = scratch.Path("runs" + string line.Length)

                diverges $"{line} --data {path} --raw-observations {quick} -o {folder}" [
                    "The rewards are likely too large, up to"
                    "E+19"
                    "Divide them in the data."
                ])

        testCase "rewards of 1e12 can be scaled by an option" (fun () ->
            use scratch = new Scratch()
            let path = file scratch (rewards 1e14)
            let folder = scratch.Path "runs"

            diverges $"train --data {path} {quick} --critic-learning-rate 1e30 -o {folder}" [
                "--rewards return-range"
                "largest reward"
            ])

        testCase "a learning rate is named with its option" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "runs"

            diverges $"train {small} --critic-learning-rate 1e30 -o {folder}" [
                "The learning rate is likely too large: criticLearningRate 1E+30"
                "--critic-learning-rate 0.0003"
            ]

            // The same command again has the same result.
            let code, _, _ = iql $"train {small} --critic-learning-rate 1e30 -o {folder}"
            Expect.equal code 1 "code"
            Expect.isTrue (File.Exists(Path.Combine(folder, "report.html"))) "report")

        testCase "where one run goes on, the command succeeds" (fun () ->
            use scratch = new Scratch()
            let rates = "--critic-learning-rate 3e-4,1e30"
            let folder = scratch.Path "runs"

            let code, output, error =
                iql $"ablate --expectiles 0.5 --inverse-temperatures 3 --seeds 0 {small} {rates} -o {folder}"

            Expect.equal code 0 error
            Expect.stringContains output "diverged: " "output")
    ]
