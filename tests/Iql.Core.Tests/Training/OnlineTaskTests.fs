/// Runs that go on online in real tasks: MuJoCo's bodies, a maze with a goal, and discrete actions.
module Iql.Core.Tests.Training.OnlineTaskTests

open System
open Expecto
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Optimizers
open Iql.Training
open Iql.Training.Online
open Iql.Tests
open Iql.Core.Tests.Environments.TrainedPolicy
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns
open Iql.Core.Tests.Training.OnlineRuns

let private ofIql (actions: ActionKind) : IAlgorithmConfig =
    ImplicitQLearningConfig(
        HiddenSizes = Widths [ 8; 8 ],
        BatchSize = 16,
        Actions = actions,
        PolicySchedule = LearningRateSchedule.Constant
    )

let private tasks: (string * string * IAlgorithmConfig * int64) list = [
    "hopper-medium-v2", "iql", ofIql ActionKind.Continuous, 120L
    "antmaze-umaze-v2", "iql", ofIql ActionKind.Continuous, 60L
    "pointmaze-umaze-stitch-v0", "iql", ofIql ActionKind.Continuous, 650L
    "gridmaze-medium-v0", "iql", ofIql ActionKind.Discrete, 400L
    "gridmaze-medium-v0",
    "cql",
    ConservativeQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16, Actions = ActionKind.Discrete),
    400L
]

/// 64 rows of uniform actions in an environment.
let private rowsIn (environment: IEnvironment) : Transitions =
    let seed = Seed.Named "online tasks"
    let state = Array.zeroCreate<float> environment.StateSize
    let observation = Array.zeroCreate<float32> environment.ObservationSize
    let size = environment.ActionSpace.Size
    environment.Reset(seed, state, observation)

    let rows = [
        for k in 0..63 do
            let before = Array.copy observation

            let action =
                if environment.ActionSpace.IsDiscrete then
                    Array.init size (fun i -> if i = int (seed.Below(uint64 k, size)) then 1f else 0f)
                else
                    Array.init size (fun i -> float32 (seed.Uniform(uint64 (k * size + i), 1.0)))

            let result = environment.Step(state, action, observation)
            before, action, result, Array.copy observation

            if result.Terminal then
                environment.Reset(seed.Split(uint64 k), state, observation)
    ]

    let column (choose: _ -> float32[]) = rows |> List.map choose |> Array.concat

    Transitions(
        environment.Name,
        environment.ObservationSize,
        size,
        column (fun (before, _, _, _) -> before),
        column (fun (_, action, _, _) -> action),
        column (fun (_, _, result, _) -> [| result.Reward |]),
        [| for _, _, result, _ in rows -> result.Terminal |],
        Array.zeroCreate 64,
        column (fun (_, _, _, after) -> after),
        environment.ActionSpace.Kind
    )

[<Tests>]
let tests =
    testList "OnlineTaskTests" [
        testRows
            "acting is the task's own, and goes on in the middle of an episode"
            tasks
            (fun (name, own, config, online) ->
                let card = Tasks.Get name

                if name.StartsWith "hopper" || name.StartsWith "ant" then
                    needsMujoco ()

                inFolder (fun root ->
                    let task = card.Environment

                    let who = {
                        Own = config
                        Learner =
                            (Algorithm.Find own).Learner.Invoke([ config ], task.ObservationSize, task.ActionSize)
                        Data = rowsIn task
                        Task = task
                    }

                    // Discrete CQL has no draws: its first actions are random.
                    let how =
                        if own = "cql" then
                            How.Of(online = online, updates = 0.5, acting = ActingChoice.Greedy, random = 200L)
                        else
                            How.Of(online = online, updates = 0.5)

                    let run folder =
                        run
                            root
                            folder
                            ((configFor who how).With(checkpointEvery = how.Steps - 1L, evaluateEvery = 1000L))

                    let expected = contents (trainTo toEnd (planFor who 1) (run "whole")).Run.Folder
                    let broken = run "broken"

                    for stop in [ 31L; 37L; 45L; how.Steps - 1L ] do
                        trainTo (Nullable stop) (planFor who 1) broken |> ignore

                    // The environment again, from the same starts with the same actions.
                    let starts = broken.Config.Root().Split("acting").Split("episodes")
                    let state = Array.zeroCreate<float> task.StateSize
                    let observation = Array.zeroCreate<float32> task.ObservationSize
                    let mutable episode, decisions, goals = 0UL, 0, 0
                    task.Reset(starts.Split episode, state, observation)
                    let sizes = task.ObservationSize, task.ActionSize
                    let rows = rowsOfSizes sizes broken.Folder
                    Expect.isGreaterThan rows.Length (int online - 4) "rows"

                    for row in rows do
                        Expect.equal row.Observation observation "observation"

                        if task.ActionSpace.IsDiscrete then
                            Expect.equal (Array.sort row.Action) [| 0f; 0f; 0f; 1f |] "one choice"

                        let result = task.Step(state, row.Action, observation)
                        decisions <- decisions + 1
                        Expect.equal row.Next observation "observation after"
                        Expect.equal row.Reward result.Reward "reward"
                        Expect.equal row.Terminal result.Terminal "terminal"
                        Expect.equal row.Timeout (decisions = task.TimeLimit && not result.Terminal) "time-out"

                        if row.Terminal || row.Timeout then
                            goals <- goals + if row.Terminal then 1 else 0
                            episode <- episode + 1UL
                            decisions <- 0
                            task.Reset(starts.Split episode, state, observation)

                    if name.StartsWith "hopper" || name.StartsWith "grid" && own = "iql" then
                        Expect.isGreaterThan goals 0 "episodes that ended for good"

                    Expect.equal (contents (trainTo toEnd (planFor who 1) broken).Run.Folder) expected "the run"))
    ]
