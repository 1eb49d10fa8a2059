module Iql.Core.Tests.Environments.WaypointControllerTests

open System
open Expecto
open Iql
open Iql.Environments
open Iql.Environments.Tasks

/// Decisions until the controller says that it is there, None when the time limit comes first.
let private drive (card: TaskCard) (seed: Seed) target =
    let environment = card.Environment
    let state = Array.zeroCreate<float> 4
    let observation = Array.zeroCreate<float32> 4
    let action = Array.zeroCreate<float32> 2
    environment.Reset(seed, state, observation)
    let mutable controller = card.Controller.Invoke(seed.Split "waypoints")
    let struct (row, column) = card.Maze.Cells[target]
    controller.Aim(state[0], state[1], float row, float column)

    let mutable steps = 0

    while steps <= environment.TimeLimit && not (controller.Act(state, action)) do
        environment.Step(state, action, observation) |> ignore
        steps <- steps + 1

    if steps <= environment.TimeLimit then Some steps else None

[<Tests>]
let tests =
    testList "WaypointControllerTests" [
        testCase "the controller reaches every cell of every maze" (fun () ->
            for card in Tasks.All do
                if not card.Sparse then
                    for target in 0 .. card.Maze.Cells.Length - 1 do
                        for seed in 0UL .. 2UL do
                            Expect.isSome (drive card (Seed seed) target) $"{card.Name} {target} {seed}")

        testCase "its actions lie within ±1" (fun () ->
            let mutable controller = WaypointController(Mazes.UMaze, Seed 0UL)
            controller.Aim(3.0, 1.0, 1.0, 1.0)
            let action = Array.zeroCreate<float32> 2
            let state = [| 3.0; 1.0; -5.0; 5.0 |]
            Expect.isFalse (controller.Act(state, action)) "act of controller"
            Expect.all action (fun a -> abs a <= 1f) "action")

        testCase "a target inside a wall is refused" (fun () ->
            let mutable controller = WaypointController(Mazes.UMaze, Seed 0UL)

            let error =
                try
                    controller.Aim(3.0, 1.0, 2.0, 2.0)
                    null
                with :? ArgumentException as error ->
                    error

            Expect.isNotNull error "error"
            Expect.stringContains error.Message "two points in free cells" "message of error")

        testCase "the controller solves every stitch task well within its time limit" (fun () ->
            for card in Tasks.All do
                if card.Sparse then
                    let measured = ReferenceMeasurement.Measure(card.Name, 50, Seed 1UL)
                    Expect.equal measured.Expert.SuccessRate 1.0 "success rate of measured"

                    Expect.isTrue
                        (2.0 * measured.Expert.MeanLength < float card.Environment.TimeLimit)
                        "2.0 times mean length of measured is below time limit of card")
    ]
