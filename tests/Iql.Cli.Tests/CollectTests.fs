/// `iql data collect` with policies, and policies read back from run folders.
[<Xunit.Collection "console">]
module Iql.Cli.Tests.CollectTests

open System.IO
open Xunit
open Iql.Algorithms
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Hdf5
open Iql.Environments.Tasks
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings
open Iql.Training

let private runOf (folder: string) : string =
    match TrainedPolicy.folders folder with
    | Ok [ run ] -> run
    | other -> failwith $"expected one run in {folder}, got {other}"

[<Fact>]
let ``a policy read from its run's folder does what it did in the run's last evaluation`` () =
    for name in [ for each in Algorithm.Named -> each.Name ] do
        use scratch = new Scratch()
        let folder = scratch.Path "out"
        run $"train --task pointmaze-umaze-v0 -a {name} {small} -o {folder}"
        let run = runOf folder
        let environment = (Tasks.Get "pointmaze-umaze-v0").Environment
        let policy = (TrainedPolicy.load environment run |> Result.toOption).Value
        use evaluation = policy.Act 2
        let again = evaluation.Run(policy.State.Blocks[0], policy.State.Blocks[1])
        Assert.Equal(RunFolder(run).ReadResult().Return.Value, again.ReturnMean)

[<Fact>]
let ``trained runs and random actions share a file`` () =
    use scratch = new Scratch()
    let folder = scratch.Path "out"
    run $"train --task pointmaze-umaze-v0 -a bc {small} -o {folder}"

    let collect name threads =
        let path = scratch.Path name

        let output =
            succeeds
                $"data collect pointmaze-umaze-v0 --policy {folder},random --noise 0.1 --size 1000 --seed 3 \
                  --threads {threads} -o {path}"

        Assert.Contains("random: 500 transitions, 1 episodes to their end", output)
        File.ReadAllBytes path

    Assert.Equal<byte[]>(collect "a.npz" "1", collect "b.npz" "2")
    let data = DatasetFile.Load(scratch.Path "a.npz", DatasetMode.Strict)
    Assert.Equal(1000, data.Count)
    Assert.True(data.Timeouts[499] && data.Timeouts[299] && data.Timeouts[999])

[<Fact>]
let ``what cannot be collected is refused before any work`` () =
    use scratch = new Scratch()
    refuses $"data collect pointmaze-umaze-v0 --policy {scratch}/none" [ "found nothing" ]
    Directory.CreateDirectory(scratch.Path "empty") |> ignore
    refuses $"data collect pointmaze-umaze-v0 --policy {scratch}/empty" [ "config.json" ]
    refuses "data collect pointmaze-umaze-v0 --noise 0.1" [ "--policy" ]

    refuses "data collect pointmaze-umaze-v0 --policy random -o a.rows" [ "data pack" ]

    for name in [ "hopper-medium-v2.hdf5"; "hopper_medium-v2.hdf5"; "maze2d-umaze-v1.npz" ] do
        refuses $"data collect pointmaze-umaze-v0 --policy random -o {scratch}/{name}" [
            "differs from D4RL's files"
            "-iql-"
        ]

[<Fact>]
let ``a robot's data train a policy that is scored in its environment`` () =
    needsMujoco ()
    use scratch = new Scratch()
    let path = scratch.Path "hopper-iql-random.hdf5"
    refuses "data collect hopper-v4" [ "--policy" ]

    run $"data collect hopper-v4 --policy random --size 2000 -o {path}"

    use file = new Hdf5File(path)
    let observations = file.Read("observations").Values :?> float32[]
    let positions = file.Read("infos/qpos").Values :?> float[]
    let velocities = file.Read("infos/qvel").Values :?> float[]
    Assert.Contains(file.Entries, fun entry -> entry.Name = "metadata/policies")

    for row in 0..1999 do
        Assert.Equal(float32 positions[row * 6 + 1], observations[row * 11])
        Assert.Equal(float32 (System.Math.Clamp(velocities[row * 6 + 5], -10.0, 10.0)), observations[row * 11 + 10])

    let output =
        succeeds $"train --task hopper-random-v2 --data {path} {quick} -o {scratch}/out"

    Assert.Contains("preset locomotion", output)
    Assert.Contains("Mean score of the last evaluation", output)
    let run = RunFolder(runOf (scratch.Path "out"))
    Assert.Equal("hopper-random-v2", run.ReadConfig().Task)
    let result = run.ReadResult()
    let reference = ReferenceScores.Find "hopper-random-v2"
    Assert.Equal(reference.Normalised result.Return.Value, result.Score.Value, 9)

    refuses $"train --task ant-v4 --data {path} -o {scratch}/ant" [
        "27 numbers and actions of 8 numbers"
        "11 and actions of 3 numbers"
    ]
