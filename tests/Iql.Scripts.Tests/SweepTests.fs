module Iql.Scripts.Tests.SweepTests

open Expecto
open Iql.Tests
open Iql.Algorithms
open Iql.Scripts
open Iql.Training.Online

let private sweep = {
    Name = "test"
    Base = Trial.standard
    Axes = [ Axis.expectile [ 0.5; 0.7 ]; Axis.inverseTemperature [ 0.0; 3.0; 10.0 ]; Axis.seed [ 0; 1 ] ]
}

let private shown name (cell: SweepCell) = Hyperparameter.show name cell.Trial

[<Tests>]
let tests =
    testList "SweepTests" [
        testCase "a grid is every combination, first axis slowest, named after its values" (fun () ->
            let cells = Sweep.cells sweep
            Expect.hasLength cells 12 "cells"
            Expect.equal cells[0].Name "expectile=0.5,inverseTemperature=0,seed=0" "name of cell 0"
            Expect.equal cells[1].Name "expectile=0.5,inverseTemperature=0,seed=1" "name of cell 1"
            Expect.equal cells[11].Name "expectile=0.7,inverseTemperature=10,seed=1" "name of cell 11"
            Expect.equal (shown "expectile" cells[11]) "0.7" "shown 'expectile'"
            Expect.equal (shown "inverseTemperature" cells[11]) "10" "shown 'inverseTemperature'"
            Expect.equal cells[11].Trial.Seed 1 "seed of cell 11")

        testCase "a grid without axes is one run" (fun () ->
            Expect.equal [ for cell in Sweep.cells { sweep with Axes = [] } -> cell.Name ] [ "run" ] "name of cell")

        testCase "cells share a value function when they differ in the inverse temperature alone" (fun () ->
            let groups = sweep |> Sweep.cells |> Sweep.groups
            Expect.hasLength groups 4 "groups"

            for group in groups do
                Expect.equal
                    [ for cell in group -> shown "inverseTemperature" cell ]
                    [ "0"; "3"; "10" ]
                    "shown 'inverseTemperature'"

                Expect.hasLength
                    (List.distinct [ for cell in group -> shown "expectile" cell, cell.Trial.Seed ])
                    1
                    "distinct shown 'expectile', seed of cell")

        testCase "what changes the critics splits a group" (fun () ->
            for axis in
                [
                    Axis.along "polyakStep" [ 0.005; 0.01 ]
                    Axis.along "objective" [ Objective.Iql; Objective.Sarsa ]
                    Axis.along "hiddenSizes" [ [ 64 ]; [ 64; 64 ] ]
                ] do
                let cells = Sweep.grid [ axis; Axis.inverseTemperature [ 1.0; 3.0 ] ] Trial.standard
                Expect.hasLength (Sweep.groups cells) 2 "groups of cells")

        testCase "labels are the value's shortest spelling" (fun () ->
            Expect.equal
                [ for label, _ in (Axis.along "expectile" [ "0.50"; "7e-1" ]).Values -> label ]
                [ "0.5"; "0.7" ]
                "label")

        testCase "an axis of value losses has the names and functions it was given, and no others" (fun () ->
            let mine = ValueLoss("mine", (fun residual expectile -> expectile * Iql.Graph.Tensor.Mean residual))

            let axis = Axis.valueLoss [ mine; ValueLoss.Expectile ]
            Expect.equal (List.map fst axis.Values) [ "mine"; "expectile" ] "values of axis"
            let cells = Sweep.grid [ axis; Axis.inverseTemperature [ 1.0; 3.0 ] ] Trial.standard
            Expect.hasLength (Sweep.groups cells) 2 "groups of cells"
            Expect.equal (List.map (shown "valueLoss") cells) [ "mine"; "mine"; "expectile"; "expectile" ] "cells"

            Expect.equal
                (List.map fst (Axis.along "valueLoss" [ "expectile" ]).Values)
                [ "expectile" ]
                "values of along 'valueLoss'")

        testCase "options of the online phase are axes, whose trials keep their evaluations at tenths" (fun () ->
            let start =
                { Trial.standard with Steps = 100; EvaluateEvery = 20 }
                |> Trial.goingOnline (FineTuning(OfflineSteps = 0L, OnlineSteps = 100L))

            let cells =
                start
                |> Sweep.grid [
                    Axis.along "offlineSteps" [ 0; 100 ]
                    Axis.along "updatesPerStep" [ 0.50; 4.0 ]
                    Axis.along "dataShare" [ "none"; "2.5e-1" ]
                    Axis.along "turns" [ Turns.Steps; Turns.Episodes ]
                ]

            Expect.hasLength cells 16 "cells"
            let last = List.last cells
            Expect.equal last.Name "offlineSteps=100,updatesPerStep=4,dataShare=0.25,turns=episodes" "name"
            Expect.equal (last.Trial.Steps, last.Trial.EvaluateEvery) (500, 50) "steps and interval"
            Expect.equal (cells.Head.Trial.Steps, cells.Head.Trial.EvaluateEvery) (50, 5) "those of the first"
            let every = { start with EvaluateEvery = 7 } |> OnlineOption.set (List.last OnlineOption.all) 1
            Expect.equal every.EvaluateEvery 7 "an interval of one's own"

            for option in OnlineOption.all do
                let word = OnlineOption.show option start.Online.Value
                Expect.isOk (option.Read word) $"{option.Name}: {word}"
                Expect.isFalse (Hyperparameter.all |> List.exists (fun each -> each.Name = option.Name)) option.Name)

        testRows
            "a wrong option of the online phase is refused by name"
            [
                (fun () -> Axis.along "dataShare" [ 1.0 ]), "dataShare: expected a number in [0, 1) or none, got 1."
                (fun () -> Axis.along "turns" [ "both" ]), "turns: expected one of steps, episodes, got both."
                (fun () -> Axis.along "dataShares" [ 0.5 ]), "hyperparameter: expected one by its name, got dataShares."
            ]
            (fun (make, expected) ->
                let error = Expect.raises<System.ArgumentException> (make >> ignore) expected
                Expect.stringStarts error.Message expected "message")

        testCase "an axis of the online phase is of trials that go on online" (fun () ->
            let error =
                Expect.raises<System.ArgumentException>
                    (fun () -> Sweep.grid [ Axis.along "dataShare" [ 0.5 ] ] Trial.standard |> ignore)
                    "offline"

            Expect.stringStarts error.Message "dataShare: expected a trial that goes on online" "message")

        testCase "an axis value out of its range is refused by name" (fun () ->
            let error =
                Expect.raises<System.ArgumentException> (fun () -> Axis.expectile [ 0.7; 1.5 ] |> ignore) "expectile"

            Expect.stringStarts error.Message "expectile: expected a number in (0, 1), got 1.5." "message of error")
    ]
