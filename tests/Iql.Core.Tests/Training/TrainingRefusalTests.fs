/// What the training loop will not touch.
module Iql.Core.Tests.Training.TrainingRefusalTests

open System
open System.IO
open System.Threading
open Iql.Training
open Expecto
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns
open Iql.Core.Tests.Training.TrainingLoopTests

[<Tests>]
let tests =
    testList "TrainingRefusalTests" [
        testCase "a folder of another run is refused and left alone" (fun () ->
            inFolder (fun root ->
                let folder = folderOf (train root 40L [ "a", 0.1 ]).Head

                let before = [
                    for path in Directory.GetFiles folder.Path ->
                        path, File.GetLastWriteTimeUtc path, Convert.ToHexString(File.ReadAllBytes path)
                ]

                Expect.stringContains
                    (messageOf<InvalidOperationException>(fun () -> train root 40L [ "a", 0.2 ] |> ignore))
                    "hyperparameters.rate: 0.1, 0.2"
                    "the message"

                Expect.equal
                    [
                        for path in Directory.GetFiles folder.Path ->
                            path, File.GetLastWriteTimeUtc path, Convert.ToHexString(File.ReadAllBytes path)
                    ]
                    before
                    "path, last write time utc of path, to hex string"))

        testCase "a truncated checkpoint is refused by name and left alone" (fun () ->
            inFolder (fun root ->
                let one = run root "a" config
                use source = new CancellationTokenSource()

                TrainingLoop.Run(
                    plan 1 (learner 0.05 [ 0.1 ]),
                    [| one |],
                    (fun p ->
                        if p.Step = 10L then
                            source.Cancel()),
                    source.Token
                )
                |> ignore

                let bytes = File.ReadAllBytes one.Folder.CheckpointPath
                File.WriteAllBytes(one.Folder.CheckpointPath, bytes[.. bytes.Length - 9])
                let metrics = File.ReadAllText one.Folder.MetricsPath

                Expect.stringContains
                    (messageOf<InvalidDataException>(fun () -> train root 40L [ "a", 0.1 ] |> ignore))
                    one.Folder.CheckpointPath
                    "the message"

                Expect.stringContains
                    (messageOf<InvalidDataException>(fun () -> TrainingLoop.Groups [ one ] |> ignore))
                    one.Folder.CheckpointPath
                    "the message"

                Expect.equal (File.ReadAllText one.Folder.MetricsPath) metrics "file metrics path of one"))

        testCase "a plan that does not fit its configurations is refused before a folder is made" (fun () ->
            inFolder (fun root ->
                let refused (says: string) learner (configs: RunConfig list) =
                    let runs = [| for i, config in List.indexed configs -> run root $"{i}" config |]

                    Expect.stringContains
                        (messageOf<ArgumentException>(fun () -> TrainingLoop.Run(plan 1 learner, runs) |> ignore))
                        says
                        "the message"

                refused "1 runs, one for each member" (learner 0.05 [ 0.1 ]) [ config; config ]
                refused "seed: " (learner 0.05 [ 0.1; 0.1 ]) [ config; config.With(seed = 1UL) ]
                refused "8, as the learner was traced for" (learner 0.05 [ 0.1 ]) [ config.With(batchSize = 16) ]
                refused "rate: expected 0.2" (learner 0.05 [ 0.2 ]) [ config ]
                refused "learningRate: expected 0.5" (learner 0.5 [ 0.1 ]) [ config ]
                refused "Algorithm: expected tiny" (learner 0.05 [ 0.1 ]) [ config.With(algorithm = "other") ]
                Expect.isEmpty (Directory.GetDirectories root) "folders in root"))
    ]
