/// Maze2D and AntMaze on MuJoCo: models, rules, D4RL's reference returns, D4RL's way of collecting.
module Iql.Core.Tests.Environments.MujocoMazeTests

open System
open System.IO
open System.Text.Json
open Iql
open Iql.Data
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Environments.Mujoco
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.Environments.RobotTests
open Iql.Core.Tests.Environments.TrainedPolicy
open Expecto
open Iql.Tests

let private robot name = (Tasks.Get name).Environment :?> MujocoEnvironment

let private walker () = PolicyFile(shared "data/policies/antmaze-goal-reaching.json")

[<Tests>]
let tests =
    testList "MujocoMazeTests" [
        testRows "Maze2D's compiled model has D4RL's numbers" [ "umaze"; "medium"; "large" ] (fun size ->
            needsMujoco ()
            sameModel $"maze2d_{size}" (robot $"maze2d-{size}-v1").World.Model)

        testRows
            "random actions and the waypoint controller get D4RL's reference returns in Maze2D"
            [ "umaze"; "medium"; "large" ]
            (fun size ->
                needsMujoco ()
                let card = Tasks.Get $"maze2d-{size}-v1"
                let environment = card.Environment
                let reference = card.Reference
                let episodes = 100

                let random =
                    Rollout.Run(
                        environment,
                        episodes,
                        Seed 3UL,
                        ReferenceMeasurement.RandomPolicy(environment.ActionSpace, Seed 4UL)
                    )
                    |> MeasuredReturn.Of

                // D4RL's number is a mean of 100 episodes as well.
                Expect.isTrue
                    (abs (random.Mean - reference.Random) < 4.0 * sqrt 2.0 * random.StandardError)
                    $"random: expected {reference.Random}, got {random}"

                // D4RL measured its controller without planning anew in each episode: it heads for where it was last,
                // walls or not, so that the return depends on where it began. Several such rows of 100 episodes lie
                // around D4RL's.
                let rows = [
                    for seed in 0UL .. 3UL do
                        let mutable controller = card.Controller.Invoke(Seed(10UL + seed))
                        let state: float[] = Array.zeroCreate environment.StateSize
                        let observation: float32[] = Array.zeroCreate 4
                        let action: float32[] = Array.zeroCreate 2
                        let struct (row, column) = card.Maze.Cells[card.Maze.Goal]
                        let mutable sum = 0.0

                        for episode in 0UL .. 99UL do
                            environment.Reset((Seed(20UL + seed)).Split episode, state, observation)

                            if episode = 0UL then
                                controller.Aim(state[0], state[1], float row, float column)

                            for _ in 1 .. environment.TimeLimit do
                                controller.Act(state, action) |> ignore
                                sum <- sum + float (environment.Step(state, action, observation)).Reward

                        sum / 100.0
                ]

                Expect.isTrue
                    (List.min rows < 1.25 * reference.Expert && List.max rows > 0.75 * reference.Expert)
                    $"controller: expected about {reference.Expert}, got %A{rows}"

                // Planning anew, as measured elsewhere.
                let expected =
                    match size with
                    | "umaze" -> 222.0
                    | "medium" -> 423.0
                    | _ -> 558.0

                let measured = (ReferenceMeasurement.Measure(card.Name, 30, Seed 5UL)).Expert

                Expect.isTrue
                    (abs (measured.Mean - expected) < 4.0 * measured.StandardError + 0.02 * expected)
                    $"{size}: {measured}")

        testCase "Maze2D's data have D4RL's rewards, of the place before the action" (fun () ->
            needsMujoco ()
            let card = Tasks.Get "maze2d-umaze-v1"
            let data = card.Dataset.Collect(Seed 6UL, 4000)
            let struct (row, column) = card.Maze.Cells[card.Maze.Goal]

            for i in 0 .. data.Count - 1 do
                let seen = data.Observation i
                let x, y = float seen[0] - float row, float seen[1] - float column
                let distance = sqrt (x * x + y * y)

                if abs (distance - 0.5) > 1e-5 then
                    Expect.equal data.Rewards[i] (if distance <= 0.5 then 1f else 0f) "rewards of data at i"

            Expect.isGreaterThan (Seq.sum data.Rewards) 100f "sum of rewards of data"
            Expect.lacks data.Terminals true "terminals of data"
            Expect.isGreaterThan data.Episodes.Length 5 "length of episodes of data")

        testCase "the dense reward falls off with the distance" (fun () ->
            needsMujoco ()
            let environment = robot "maze2d-umaze-dense-v1"
            let state: float[] = Array.zeroCreate environment.StateSize
            let seen: float[] = Array.zeroCreate 4
            state[0] <- 1.0
            state[1] <- 2.0
            let outcome = environment.StepInFull(state, ReadOnlySpan [| 0.0; 0.0 |], seen)

            Expect.floatClose
                (Accuracy.decimals 12)
                outcome.Reward
                (exp (-sqrt((seen[0] - 1.0) ** 2.0 + (seen[1] - 1.0) ** 2.0)))
                "reward of outcome")

        testCase "AntMaze's ant has D4RL's numbers, and its walls stand around the start" (fun () ->
            needsMujoco ()
            let model = (robot "antmaze-umaze-v2").World.Model

            let expected =
                (JsonDocument.Parse(File.ReadAllText(shared "data/compiled_reference/antmaze_ant.json"))).RootElement

            let rec numbers (value: JsonElement) : float list =
                if value.ValueKind = JsonValueKind.Array then
                    [
                        for item in value.EnumerateArray() do
                            yield! numbers item
                    ]
                else
                    [ value.GetDouble() ]

            Expect.equal model.TimeStep (expected.GetProperty("timestep").GetDouble()) "time step of model"

            for property in expected.EnumerateObject() do
                let prefix = property.Name.Split('_')[0]

                if
                    List.contains prefix [ "body"; "jnt"; "dof"; "geom"; "actuator"; "qpos0" ]
                    && not (property.Name.EndsWith "_name")
                then
                    let wanted, got = numbers property.Value, List.ofSeq (model.Read property.Name)
                    // The world's shapes come first: floor and walls.
                    let width = wanted.Length / 14

                    let wanted, got =
                        if prefix = "geom" && property.Name <> "geom_bodyid" then
                            List.skip width wanted, List.skip (got.Length - 13 * width) got
                        elif prefix = "geom" then
                            wanted[1..], List.skip (got.Length - 13) got
                        else
                            wanted, got

                    Expect.equal got.Length wanted.Length "length of got"

                    for wanted, got in List.zip wanted got do
                        Expect.isTrue
                            (abs (wanted - got) <= 1e-11 * (1.0 + abs wanted))
                            $"{property.Name}: {wanted}, {got}"

            let size, position = model.Read "geom_size", model.Read "geom_pos"
            let walls = [ for i in 1 .. size.Length / 3 - 14 -> position[3 * i], position[3 * i + 1] ]
            Expect.equal walls.Length (25 - 7) "length of walls"

            for i in 1 .. walls.Length do
                Expect.equal [ for k in 0..2 -> size[3 * i + k] ] [ 2.0; 2.0; 1.0 ] "size"

            Expect.lacks walls (0.0, 0.0) "walls"
            Expect.contains walls (-4.0, -4.0) "walls"
            Expect.contains walls (0.0, 4.0) "walls"
            Expect.lacks walls (8.0, 4.0) "walls")

        testCase "AntMaze ends at its goal, which is drawn anew, and by no fall" (fun () ->
            needsMujoco ()
            let environment = robot "antmaze-medium-play-v2"
            let task = environment.World.Task :?> AntMaze
            let state: float[] = Array.zeroCreate environment.StateSize
            let observation: float32[] = Array.zeroCreate 29

            let goals = [
                for seed in 0UL .. 99UL do
                    environment.Reset(Seed seed, state, observation)

                    for x in state[0..1] do
                        Expect.between (-0.1) 0.1 x "x"

                    environment.Memory(state)[0], environment.Memory(state)[1]
            ]

            // The goal cell is five cells away along both axes.
            for x, y in goals do
                Expect.between 20.0 21.5 x "x"
                Expect.between 20.0 21.5 y "y"
                Expect.equal (task.CellAt(x, y)) task.Maze.Goal "cell at of task"

            Expect.equal (goals |> List.distinct |> List.length) 100 "number of distinct goals"
            let still = ReadOnlySpan(Array.zeroCreate<float32> 8)
            state[2] <- 0.1 // on its belly
            Expect.equal (environment.Step(state, still, observation)) (StepResult(0f, false)) "step of environment"
            environment.Reset(Seed 1UL, state, observation)
            state[0] <- environment.Memory(state)[0] + 0.2
            state[1] <- environment.Memory(state)[1]
            Expect.equal (environment.Step(state, still, observation)) (StepResult(1f, true)) "step of environment")

        testLong [
            testCase "a walker that is steered finds the goal" (fun () ->
                needsMujoco ()
                let file = walker ()

                // Of ten at another place: ten in umaze, seven in medium, six in large
                // (reference/environments.md, section 3).
                for size, episodes, atLeast in [ "umaze", 6, 4; "medium-play", 6, 2; "large-play", 10, 2 ] do
                    let task = (robot $"antmaze-{size}-v2").World.Task :?> AntMaze

                    let wandering =
                        task.Wandering(
                            Collections.Immutable.ImmutableArray<int>.Empty,
                            Collections.Immutable.ImmutableArray.Create<int>(task.Maze.Goal)
                        )

                    let environment = MujocoEnvironment(size, MujocoWorld(wandering, size), 1000)
                    use navigator = new AntMazeNavigator(file.Actor(episodes, true), wandering)

                    let results = Rollout.RunEpisodes(environment, episodes, Seed 8UL, navigator.Begin(Seed 9UL))

                    let reached = results |> Seq.filter _.Success |> Seq.length
                    Expect.isGreaterThanOrEqual reached atLeast $"{size}: {reached} of {episodes}")

            testCase "AntMaze's data are rewarded for one goal, and run on at it" (fun () ->
                needsMujoco ()
                let file = walker ()
                let make = RolloutData.MakePolicy(fun episodes -> file.Actor(episodes, true))
                let environment = robot "antmaze-umaze-v2"

                let collect threads =
                    AntMazeData.Collect(environment, make, Seed 1UL, 6000, "antmaze-iql-umaze", threads = threads)

                let data = collect 2
                let t = data.Transitions
                Expect.equal (collect 1).Transitions.Fingerprint t.Fingerprint "fingerprint of collect 1"
                Expect.equal t.ObservationSize 29 "observation size of t"
                Expect.equal t.Count 6000 "count of t"

                let rewarded = [
                    for row in 0 .. t.Count - 1 do
                        if t.Rewards[row] = 1f then
                            row
                ]

                Expect.isGreaterThan rewarded.Length 10 $"{rewarded.Length} rewards"
                Expect.exists (rewarded |> List.pairwise) (fun (a, b) -> b = a + 1) "rewarded"

                let next row axis = float t.NextObservations[row * 29 + axis]

                let places = [ for row in rewarded -> next row 0, next row 1 ]

                let spread axis = (places |> List.map axis |> List.max) - (places |> List.map axis |> List.min)

                Expect.isTrue
                    (spread fst <= 1.0 && spread snd <= 1.0)
                    "spread of fst is at most 1.0 and spread of snd is at most 1.0"

                for row in 0 .. t.Count - 1 do
                    Expect.equal t.Terminals[row] (t.Rewards[row] = 1f) "terminals of t at row"

                    Expect.isFalse
                        (t.Terminals[row] && t.Timeouts[row])
                        "terminals of t at row and timeouts of t at row"

                    let goal =
                        data.States[row * environment.StateSize + 43], data.States[row * environment.StateSize + 44]

                    Expect.between 8.0 9.5 (snd goal) "goal"

                    Expect.equal
                        t.Observations[row * 29]
                        (float32 data.States[row * environment.StateSize])
                        "observations of t"

                // A goal's time is 701 decisions.
                Expect.isTrue (t.Timeouts[700] || t.Terminals[700]) "timeout 700 of t or terminal 700 of t")

            testCase "medium's play data aim at three cells, the diverse data everywhere" (fun () ->
                needsMujoco ()
                let file = walker ()
                let make = RolloutData.MakePolicy(fun episodes -> file.Actor(episodes, true))

                let goals name =
                    let environment = robot name
                    let task = environment.World.Task :?> AntMaze

                    let data = AntMazeData.Collect(environment, make, Seed 2UL, 16000, name, threads = 2)

                    set [
                        for row in 0..1001 .. data.Transitions.Count - 1 ->
                            task.CellAt(
                                data.States[row * environment.StateSize + 43],
                                data.States[row * environment.StateSize + 44]
                            )
                    ]

                Expect.isLessThanOrEqual
                    (goals "antmaze-medium-play-v2").Count
                    3
                    "count of goals 'antmaze-medium-play-v2'"

                Expect.isGreaterThan
                    (goals "antmaze-medium-diverse-v2").Count
                    5
                    "count of goals 'antmaze-medium-diverse-v2'")
        ]

        testCase "policy files act as an independent reader of them says" (fun () ->
            let names = [
                "hopper-tqc"
                "hopper-cs285"
                "halfcheetah-ars"
                "halfcheetah-ppo"
                "ant-trpo"
                "adroit-door-dapg"
                "walker2d-gail-trpo-0100"
            ]

            for name in names do
                let file, other = PolicyFile(shared $"data/policies/{name}.json"), TrainedPolicy name

                Expect.equal file.ObservationSize other.ObservationSize "observation size of file"
                let draws = Seed.Named name

                for i in 0..19 do
                    let observation =
                        Array.init file.ObservationSize (fun k -> float32 (draws.Normal(uint64 (i * 200 + k))))

                    let action: float32[] = Array.zeroCreate file.ActionSize
                    file.Act(observation, action, ReadOnlySpan())

                    for mine, theirs in Array.zip action (other.Act observation) do
                        Expect.floatClose (Accuracy.within 1e-4) (float mine) (float theirs) "mine")

        testCase "a policy file that is broken is refused by name" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "policy.json")
                File.WriteAllBytes(Path.Combine(folder, "policy.f32"), Array.zeroCreate 8)

                let refused (text: string) (word: string) =
                    File.WriteAllText(path, text)

                    let failure =
                        Expect.raises<InvalidDataException>
                            (fun () -> PolicyFile path |> ignore)
                            "policy file of path"

                    Expect.stringContains failure.Message "policy.json" "message of failure"
                    Expect.stringContains failure.Message word "message of failure"

                let policy tensors =
                    $"""{{"hidden_activation":"relu","output":"tanh_squashed_gaussian","tensors":[{tensors}]}}"""

                refused "no" "JSON"
                refused (policy "") "Wmu"
                refused (policy """{"name":"Wmu","shape":[2,2],"offset":0}""") "4 numbers of Wmu"
                refused """{"hidden_activation":"gelu","output":"x"}""" "relu or tanh"
                refused """{"time_feature":true}""" "time_feature"))
    ]
