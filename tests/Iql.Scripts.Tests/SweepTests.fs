module Iql.Scripts.Tests.SweepTests

open Xunit
open Iql.Algorithms
open Iql.Scripts

let private sweep = {
    Name = "test"
    Base = Trial.standard
    Axes = [
        Axis.expectile [ 0.5; 0.7 ]
        Axis.inverseTemperature [ 0.0; 3.0; 10.0 ]
        Axis.seed [ 0; 1 ]
    ]
}

let private shown name (cell: SweepCell) = Hyperparameter.show name cell.Trial

[<Fact>]
let ``a grid is every combination, first axis slowest, named after its values`` () =
    let cells = Sweep.cells sweep
    Assert.Equal(12, cells.Length)
    Assert.Equal("expectile=0.5,inverseTemperature=0,seed=0", cells[0].Name)
    Assert.Equal("expectile=0.5,inverseTemperature=0,seed=1", cells[1].Name)
    Assert.Equal("expectile=0.7,inverseTemperature=10,seed=1", cells[11].Name)
    Assert.Equal("0.7", shown "expectile" cells[11])
    Assert.Equal("10", shown "inverseTemperature" cells[11])
    Assert.Equal(1, cells[11].Trial.Seed)

[<Fact>]
let ``a grid without axes is one run`` () =
    Assert.Equal<string list>([ "run" ], [ for cell in Sweep.cells { sweep with Axes = [] } -> cell.Name ])

[<Fact>]
let ``cells share a value function when they differ in the inverse temperature alone`` () =
    let groups = sweep |> Sweep.cells |> Sweep.groups
    Assert.Equal(4, groups.Length)

    for group in groups do
        Assert.Equal<string list>([ "0"; "3"; "10" ], [ for cell in group -> shown "inverseTemperature" cell ])

        Assert.Single(List.distinct [ for cell in group -> shown "expectile" cell, cell.Trial.Seed ])
        |> ignore

[<Fact>]
let ``what changes the critics splits a group`` () =
    for axis in
        [
            Axis.along "polyakStep" [ 0.005; 0.01 ]
            Axis.along "objective" [ Objective.Iql; Objective.Sarsa ]
            Axis.along "hiddenSizes" [ [ 64 ]; [ 64; 64 ] ]
        ] do
        let cells = Sweep.grid [ axis; Axis.inverseTemperature [ 1.0; 3.0 ] ] Trial.standard
        Assert.Equal(2, (Sweep.groups cells).Length)

[<Fact>]
let ``labels are the value's shortest spelling`` () =
    Assert.Equal<string list>(
        [ "0.5"; "0.7" ],
        [ for label, _ in (Axis.along "expectile" [ "0.50"; "7e-1" ]).Values -> label ]
    )

[<Fact>]
let ``an axis of value losses has the names and functions it was given, and no others`` () =
    let mine =
        ValueLoss("mine", (fun residual expectile -> expectile * Iql.Graph.Tensor.Mean residual))

    let axis = Axis.valueLoss [ mine; ValueLoss.Expectile ]
    Assert.Equal<string list>([ "mine"; "expectile" ], List.map fst axis.Values)
    let cells = Sweep.grid [ axis; Axis.inverseTemperature [ 1.0; 3.0 ] ] Trial.standard
    Assert.Equal(2, (Sweep.groups cells).Length)
    Assert.Equal<string list>([ "mine"; "mine"; "expectile"; "expectile" ], List.map (shown "valueLoss") cells)
    Assert.Equal<string list>([ "expectile" ], List.map fst (Axis.along "valueLoss" [ "expectile" ]).Values)

[<Fact>]
let ``an axis value out of its range is refused by name`` () =
    let error =
        Assert.Throws<System.ArgumentException>(fun () -> Axis.expectile [ 0.7; 1.5 ] |> ignore)

    Assert.StartsWith("expectile: expected a number in (0, 1), got 1.5.", error.Message)
