module Iql.Cli.Tests.RefusalTests

open System
open System.IO
open Expecto
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

[<Tests>]
let tests =
    testSequenced
    <| testList "RefusalTests" [
        testCase "a folder of another sweep is refused with the difference, and left as it is" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "sweep"
            run $"{grid} -o {folder}"
            let before = results folder

            refuses $"{grid} --discount 0.9 -o {folder}" [
                folder
                "another sweep"
                "hyperparameters.discount: 0.99, 0.9"
            ]

            refuses $"ablate --expectiles 0.7 --inverse-temperatures 0,3 --seeds 0 {small} -o {folder}" [
                "another sweep"
                "expectile=0.5"
            ]

            same (before, results folder))

        testCase "figures of a report are files, and without Chromium the command says what to install" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "sweep"
            run $"{grid} -o {folder}"
            refuses $"report {folder} --figures gif" [ "--figures: expected one of svg" ]
            let path = Environment.GetEnvironmentVariable "PATH"

            try
                Environment.SetEnvironmentVariable("PATH", "/nowhere")
                refuses $"report {folder} --figures svg" [ "--figures: expected Chromium"; "apt-get install chromium" ]
            finally
                Environment.SetEnvironmentVariable("PATH", path)

            if (Charts.Chromium.path ()).IsNone then
                skiptest "No chromium on the path: install one to write figures."

            run $"report {folder} --figures svg"
            let figures = scratch.Path "sweep/figures"
            Expect.equal (Directory.GetFiles(figures, "scores.*")) [| figures + "/scores.svg" |] "files in figures")

        testCase "a folder with other files is refused, and left as it is" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "mine"
            Directory.CreateDirectory folder |> ignore
            File.WriteAllText(Path.Combine(folder, "thesis.tex"), "mine")
            refuses $"{grid} -o {folder}" [ folder; "other files" ]

            Expect.equal
                (Directory.GetFileSystemEntries folder)
                [| Path.Combine(folder, "thesis.tex") |]
                "entries of folder")

        testCase "a folder that cannot be written to is refused" (fun () ->
            use scratch = new Scratch()
            File.WriteAllText(scratch.Path "file", "")

            refuses $"{grid} -o {scratch}/file/sweep" [ "expected a folder that can be written to" ])

        testCase "wrong requests are refused before anything is trained" (fun () ->
            use scratch = new Scratch()

            let refused (words: string) parts =
                refuses $"{words} -o {scratch}/sweep" parts
                Expect.isFalse (Directory.Exists(scratch.Path "sweep")) "path of scratch 'sweep' exists"

            refused "train --expectile 1.5" [ "--expectile: expected a number in (0, 1), got '1.5'" ]

            refused "ablate --expectiles 0.5,1" [
                "--expectiles: expected values between commas, each a number in (0, 1)"
            ]

            refused "train --task pointmaze-umase-v0" [ "expected one of"; "Did you mean pointmaze-umaze-v0?" ]
            refused $"train --data {scratch}/absent.hdf5" [ "absent.hdf5" ]
            refused "train --preset atari" [ "--preset: expected one of adroit" ]
            refused "train --inverse-temprature 3" [ "Did you mean --inverse-temperature?" ])

        testCase "broken data files are refused, saying what is wrong" (fun () ->
            use scratch = new Scratch()
            let whole = scratch.Path "whole.npz"

            succeedsQuietly $"data collect {TaskName.standard} --size 500 -o {whole}" |> ignore

            refuses $"data collect {TaskName.standard} --size 500 -o {whole}" [ "expected a new file" ]

            let bytes = File.ReadAllBytes whole
            File.WriteAllBytes(scratch.Path "cut.npz", bytes[.. bytes.Length / 2])
            refuses $"data inspect {scratch}/cut.npz" [ "cut.npz" ]

            File.WriteAllBytes(
                scratch.Path "cut.hdf5",
                Array.append
                    [| 0x89uy; 0x48uy; 0x44uy; 0x46uy; 0x0Duy; 0x0Auy; 0x1Auy; 0x0Auy |]
                    (Array.zeroCreate 100)
            )

            refuses $"train --data {scratch}/cut.hdf5 -o {scratch}/out" [ "cut.hdf5" ]
            File.WriteAllText(scratch.Path "page.hdf5", "<html>404</html>")
            refuses $"train --data {scratch}/page.hdf5 -o {scratch}/out" [ "web page" ]

            let transitions = Iql.Data.Files.DatasetFile.Read whole

            let save (name: string) arrays = Iql.Data.Files.Arrays.NpzFile.Write(scratch.Path name, arrays)

            let array (name: string) (shape: int64 list) (values: Array) =
                Iql.Data.Files.Arrays.ArrayData(name, Collections.Immutable.ImmutableArray.CreateRange shape, values)

            let n = int64 transitions.Count

            let columns rewards = [|
                array "observations" [ n; int64 transitions.ObservationSize ] transitions.Observations
                array "actions" [ n; int64 transitions.ActionSize ] transitions.Actions
                array "rewards" [ int64 (Array.length rewards) ] rewards
                array "terminals" [ n ] transitions.Terminals
                array "timeouts" [ n ] transitions.Timeouts
            |]

            save "short.npz" (columns transitions.Rewards[1..])
            refuses $"train --data {scratch}/short.npz -o {scratch}/out" [ "'rewards': expected shape" ]
            save "nan.npz" (columns (Array.mapi (fun i reward -> if i = 3 then nanf else reward) transitions.Rewards))
            refuses $"train --data {scratch}/nan.npz -o {scratch}/out" [ "NaN"; "row 3" ]
            Expect.isFalse (Directory.Exists(scratch.Path "out")) "path of scratch 'out' exists")

        testCase
            "a wrong instruction set in the environment is refused in a word, before anything is written"
            (fun () ->
                use scratch = new Scratch()

                use running = startWith [ "IQL_INSTRUCTIONS", "avx" ] $"ablate --transitions 2000 -o {scratch}/sweep"

                let code, _, message = finished running
                Expect.equal code 2 "code"

                Expect.equal
                    message
                    "iql: IQL_INSTRUCTIONS: expected scalar, vector128, vector256 or vector512, got avx.\n"
                    "message"

                Expect.isFalse (Directory.Exists(scratch.Path "sweep")) "path of scratch 'sweep' exists")
    ]
