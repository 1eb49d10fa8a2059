/// `iql data inspect` replays rows in the environment that they are of.
module Iql.Cli.Tests.ReplayTests

open System.IO
open Expecto
open Iql.Tests
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Environments.Tasks
open Iql.Environments.Mujoco
open Iql.Scripts
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

/// A file of random actions in a task; in Maze2D of its own recipe.
let private collected (scratch: Scratch) (task: string) (size: int) : string =
    let path = scratch.Path $"mine-{task}.npz"

    let policy = if task.StartsWith "maze2d" then "" else "--policy random"
    run $"data collect {task} --size {size} -o {path} {policy}"
    path

/// A copy of a file with its arrays changed.
let private altered (scratch: Scratch) (name: string) (source: string) (change: ArrayData -> ArrayData) : string =
    use file = new NpzFile(source)
    let target = scratch.Path name
    NpzFile.Write(target, [ for entry in file.Entries -> change (file.Read entry.Name) ])
    target

let private replayOf (task: string) (path: string) (withStates: bool) : ReplayReport =
    use file = new NpzFile(path)
    let robot = (Tasks.Get task).Environment :?> MujocoEnvironment
    DatasetReplay.Of(robot, RawDataset.Read file, (if withStates then file else null))

[<Tests>]
let tests =
    testSequenced
    <| testList "ReplayTests" [
        testCase "collected rows are met, from states and from observations" (fun () ->
            needsMujoco ()
            use scratch = new Scratch()

            for task in
                [
                    "halfcheetah-medium-v2"
                    "hopper-v4"
                    "walker2d-v4"
                    "ant-v4"
                    "ant-medium-v2"
                    "maze2d-umaze-v1"
                    "maze2d-medium-dense-v1"
                    "antmaze-umaze-v2"
                ] do
                let path = collected scratch task 400

                for withStates in [ true; false ] do
                    let replay = replayOf task path withStates
                    // Walkers and hoppers of which velocities are clipped in what is seen are left out there.
                    Expect.isGreaterThan
                        replay.Rows
                        (if withStates then 390 else 50)
                        $"{task}, {withStates}: {replay.Rows} rows"
                    // float32 positions in a hard contact: velocities differ visibly.
                    let tolerance = if withStates then 1e-5 else 2e-3

                    Expect.isTrue
                        (replay.LargestStateError < tolerance)
                        $"{task}, {withStates}: {replay.LargestStateError}"

                    Expect.isTrue
                        (replay.Rewards > 50 && replay.LargestRewardError < 1e-4)
                        $"{task}: {replay.LargestRewardError}"

                    Expect.isEmpty replay.Findings "findings of replay")

        testCase "altered rewards and positions are found, with their rows" (fun () ->
            needsMujoco ()
            use scratch = new Scratch()

            let change (rows: int list) (column: string) (shift: float) (width: int) (at: int) (array: ArrayData) =
                if array.Name <> column then
                    array
                else
                    match array.Values with
                    | :? (float32[]) as numbers ->
                        for row in rows do
                            numbers[row * width + at] <- numbers[row * width + at] + float32 shift

                        array
                    | other ->
                        let numbers = other :?> float[]

                        for row in rows do
                            numbers[row * width + at] <- numbers[row * width + at] + shift

                        array

            for task, width in [ "hopper-v4", 6; "ant-v4", 15 ] do
                let whole = collected scratch task 500

                let rewards = altered scratch $"rewards-{task}.npz" whole (change [ 7; 123; 499 ] "rewards" 0.05 1 0)

                let replay = replayOf task rewards true
                Expect.sequenceEqual replay.WrongRewards [ 7; 123; 499 ] "wrong rewards of replay"
                Expect.isEmpty replay.WrongStates "wrong states of replay"

                // The third position is no way covered: what the robot does depends on it.
                let positions = altered scratch $"positions-{task}.npz" whole (change [ 250 ] "infos/qpos" 0.1 width 2)

                Expect.sequenceEqual
                    (replayOf task positions true).WrongStates
                    [ 250 ]
                    "wrong states of replay of task positions true"

            let said = succeeds $"data inspect {scratch}/rewards-hopper-v4.npz"

            Expect.stringContains
                said
                "! Rewards inconsistent with the environment's own reward: 3 of 500 rows held against hopper-v4's own \
                (first at 7, 123, 499), by up to 0.05"
                "said"

            let page = scratch.Path "page.html"
            run $"data inspect {scratch}/positions-hopper-v4.npz --html {page}"
            let html = File.ReadAllText page

            Expect.stringContains
                html
                "Next observations that hopper-v4 does not lead to: 1 of 500 rows replayed (first at 250)"
                "html"

            Expect.stringContains html "500 rows replayed in hopper-v4 from infos/qpos and infos/qvel" "html")

        testCase "a maze's rewards are held against its goal" (fun () ->
            needsMujoco ()
            use scratch = new Scratch()

            for task in [ "antmaze-umaze-v2"; "maze2d-umaze-v1" ] do
                let whole = collected scratch task 300

                let path =
                    altered scratch $"altered-{task}.npz" whole (fun array ->
                        if array.Name = "rewards" then
                            let numbers = array.Values :?> float32[]

                            for row in [ 20; 90 ] do
                                numbers[row] <- 1.0f - numbers[row]

                        array)

                Expect.sequenceEqual
                    (replayOf task path false).WrongRewards
                    [ 20; 90 ]
                    "wrong rewards of replay of task path false")

        testCase
            "a task that moves things of its model is not replayed, and nothing is held against its data"
            (fun () ->
                needsMujoco ()
                use scratch = new Scratch()
                let path = collected scratch "door-expert-v1" 40
                let output = succeeds $"data inspect {path}"
                Expect.stringContains output "not replayed: door-expert-v1 changes its model" "output"
                Expect.stringLacks output "does not lead to" "output"

                Expect.throwsT<Iql.InputException>
                    (fun () -> replayOf "door-expert-v1" path true |> ignore)
                    "replay of 'door-expert-v1'")

        testCase "the task is what the file says, or its name, or what is asked for" (fun () ->
            needsMujoco ()
            use scratch = new Scratch()
            let path = collected scratch "hopper-v4" 200

            let inspect (words: string) = succeeds $"data inspect {words}"

            Expect.stringContains (inspect path) "replayed in hopper-v4" "inspect of path"
            Expect.stringLacks (inspect $"{path} --replay 0") "replayed" "inspect"

            Expect.stringContains
                (inspect $"{path} --task hopper-medium-v2 --replay 50")
                "  50 rows replayed in hopper-medium-v2"
                "inspect"

            // A file of D4RL's name says nothing of its task; one of another name says that it holds states.
            let mute name =
                use file = new NpzFile(path)

                NpzFile.Write(
                    scratch.Path name,
                    [
                        for entry in file.Entries do
                            if entry.Name <> "metadata/task" then
                                file.Read entry.Name
                    ]
                )

                scratch.Path name

            Expect.stringContains (inspect (mute "hopper_medium-v2.npz")) "replayed in hopper-medium-v2" "inspect"

            Expect.stringContains
                (inspect (mute "mine.npz"))
                "not replayed: the file has states, but not the name of their task"
                "inspect"

            Expect.stringContains
                (inspect (mute "walker2d-medium-v2.npz"))
                "not replayed: expected 17 numbers per observation"
                "inspect"

            refuses $"data inspect {path} --task walker2d-v4" [
                "--task: expected 17 numbers per observation"
                "got 11 numbers per observation and 3 per action"
            ]

            refuses $"data inspect {path} --task hoper-v4" [ "Did you mean hopper-v4?" ]

            run $"data pack {path}"
            let rows = inspect (Path.ChangeExtension(path, ".rows"))
            Expect.stringContains rows "replayed in hopper-v4 from observations" "rows"
            // Terminal rows lead to the next episode there, as D4RL's loader has it.
            Expect.stringLacks rows "does not lead to" "rows"

            let code, said, error = MujocoTests.without $"data inspect {path}"
            Expect.equal code 0 error
            Expect.stringContains said "not replayed: MuJoCo 2.2.2 is not installed here" "said")
    ]
