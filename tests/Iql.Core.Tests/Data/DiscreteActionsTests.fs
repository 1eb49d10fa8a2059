/// Discrete actions in files and in memory.
module Iql.Core.Tests.DiscreteActionsTests

open System
open System.IO
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Data.Inspection
open Iql.Data.Rows
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.DatasetFileTests
open Xunit

let private walks = (Tasks.Get "gridmaze-medium-v0").Dataset.Collect(Seed 3UL, 500)

let private choices (transitions: Transitions) = [
    for row in 0 .. transitions.Count - 1 -> ActionSpace.Choice(transitions.Action row)
]

let private span (numbers: float32[]) = ReadOnlySpan numbers

let private strict path =
    DatasetFile.Load(path, DatasetMode.Strict)

/// A file of four rows with these actions; all of its rows but the last are kept.
let private withActions (actions: ArrayData) check = inEveryForm (d4rl [ actions ] []) check

[<Fact>]
let ``saved discrete actions come back bit for bit, as a column of integers`` () =
    withFolder (fun folder ->
        for ending in endings do
            let path = Path.Combine(folder, "walks" + ending)
            DatasetFile.Save(path, walks)
            use file = DatasetFile.Open path
            let entry = file.Entries |> Seq.find (fun entry -> entry.Name = "actions")
            Assert.Equal("int64", entry.Kind)
            Assert.Equal<int64>([ 500L ], entry.Shape)
            let back = strict path
            Assert.Equal(ActionSpace.Discrete 4, back.ActionSpace)
            Assert.Equal(walks.Fingerprint, back.Fingerprint))

[<Fact>]
let ``integers of one a row are discrete actions, one more than the largest`` () =
    for actions in
        [
            array "actions" [ 4 ] [| 0L; 2L; 1L; 0L |]
            array "actions" [ 4; 1 ] [| 0L; 2L; 1L; 0L |]
        ] do
        withActions actions (fun path ->
            let loaded = strict path
            Assert.Equal(ActionSpace.Discrete 3, loaded.ActionSpace)
            Assert.Equal<int list>([ 0; 2; 1 ], choices loaded)
            Assert.Equal<float32[]>([| 0f; 0f; 1f |], loaded.Action(1).ToArray()))

    withActions (array "actions" [ 4 ] [| false; true; true; false |]) (fun path ->
        Assert.Equal(ActionSpace.Discrete 2, (strict path).ActionSpace)
        Assert.Equal<int list>([ 0; 1; 1 ], choices (strict path)))

[<Fact>]
let ``integers of several a row and floats stay numbers`` () =
    withActions (array "actions" [ 4; 2 ] (Array.init 8 int64)) (fun path ->
        Assert.Equal(ActionSpace.Continuous 2, (strict path).ActionSpace))

    withActions (array "actions" [ 4; 1 ] [| 0f; 1f; 0f; 1f |]) (fun path ->
        Assert.Equal(ActionSpace.Continuous 1, (strict path).ActionSpace))

[<Fact>]
let ``how many there are may be said by the file, or by who loads it`` () =
    let actions = array "actions" [ 4 ] [| 0L; 2L; 1L; 0L |]

    let count (number: int64) =
        array "metadata/action_count" [] [| number |]

    inEveryForm (d4rl [ actions; count 6L ] []) (fun path ->
        Assert.Equal(ActionSpace.Discrete 6, (strict path).ActionSpace))

    withActions actions (fun path ->
        Assert.Equal(
            ActionSpace.Discrete 5,
            DatasetFile.Load(path, DatasetMode.Strict, actionCount = Nullable 5).ActionSpace
        ))

    inEveryForm (d4rl [ actions; count 2L ] []) (fun path ->
        Assert.Contains("expected discrete actions from 0 to 1, got 2 in row 1", refusal path))

    inEveryForm (d4rl [ actions; count 0L ] []) (fun path ->
        Assert.Contains("expected a number from 1 to 4096, got 0", refusal path))

[<Fact>]
let ``numbers that are no discrete action are refused by row`` () =
    withActions (array "actions" [ 4 ] [| 0L; -1L; 1L; 0L |]) (fun path ->
        Assert.Contains("'actions': expected discrete actions from 0 to 4095, got -1 in row 1", refusal path))

    withActions (array "actions" [ 4 ] [| 0L; 1L; 1L; 70_000L |]) (fun path ->
        Assert.Contains("got 70000 in row 3. Number the choices from 0 on", refusal path))

    withActions (array "actions" [ 3 ] [| 0L; 1L; 1L |]) (fun path ->
        Assert.Contains("'actions': expected shape [4] or [4, 1], got [3]", refusal path))

    withActions (array "actions" [ 4 ] [| 0f; 1f; 1f; 0f |]) (fun path ->
        Assert.Contains("'actions': expected shape [4, A], got [4]. Save discrete actions as integers", refusal path))

[<Fact>]
let ``a row file keeps them, packed or written`` () =
    withFolder (fun folder ->
        let source = Path.Combine(folder, "walks.npz")
        DatasetFile.Save(source, walks)

        let packed, written =
            Path.Combine(folder, "packed.rows"), Path.Combine(folder, "written.rows")

        DatasetPacking.Pack(source, packed, DatasetMode.Strict) |> ignore
        RowFileWriter.Write(written, walks)

        for path in [ packed; written ] do
            let file = RowFile path
            Assert.Equal(ActionSpace.Discrete 4, file.ActionSpace)
            Assert.Equal(walks.Fingerprint, file.Fingerprint)
            Assert.Equal<int list>(choices walks, choices (file.Rows(0L, 500)))

        let error =
            throws<ArgumentException>(fun () ->
                RowFileWriter.Write(
                    Path.Combine(folder, "numbers.rows"),
                    "numbers",
                    1,
                    2,
                    readOnlyDict [],
                    (fun writer -> writer.Add(span [| 1f |], span [| 0.5f; 0.5f |], 0f, false, false, span [| 1f |])),
                    ActionKind.Discrete
                ))

        Assert.Contains("actions: expected a one-hot row, got [0.5, 0.5] in row 0", error.Message))

[<Fact>]
let ``transitions of discrete actions take one-hot rows alone, and stay discrete`` () =
    let build actions kind =
        Transitions(
            "x",
            1,
            2,
            [| 1f; 2f |],
            actions,
            [| 0f; 1f |],
            [| false; true |],
            [| false; false |],
            [| 2f; 3f |],
            kind
        )

    for wrong in [ [| 0f; 1f; 0f; 0f |]; [| 0f; 1f; 1f; 1f |]; [| 0f; 1f; 0.5f; 0.5f |] ] do
        let error =
            throws<ArgumentException>(fun () -> build wrong ActionKind.Discrete |> ignore)

        Assert.Contains("actions: expected one-hot rows of 2 discrete actions", error.Message)
        Assert.Contains("in row 1", error.Message)
        build wrong ActionKind.Continuous |> ignore

    let discrete = build [| 0f; 1f; 1f; 0f |] ActionKind.Discrete
    let numbers = build [| 0f; 1f; 1f; 0f |] ActionKind.Continuous
    Assert.True(discrete.Named("y").ActionSpace.IsDiscrete)
    Assert.True(discrete.Subset([ 0 ]).ActionSpace.IsDiscrete)

    Assert.Contains(
        "2 discrete actions",
        throws<ArgumentException>(fun () -> Transitions.Concatenate("z", [| discrete; numbers |]) |> ignore).Message
    )

[<Fact>]
let ``the report counts choices instead of describing numbers`` () =
    let report = DatasetReport.Of(RawDataset.Of walks)
    let counted = choices walks |> List.countBy id |> Map

    Assert.Equal<int64>([ for a in 0..3 -> int64 (counted.TryFind a |> Option.defaultValue 0) ], report.ActionCounts)
    Assert.DoesNotContain(report.Columns, fun column -> column.Name = "actions")
    Assert.DoesNotContain(report.Findings, fun finding -> finding.Contains "repeat")
    // Walks of one move to the goal, one after the other, are episodes of their own.
    Assert.Equal(1, report.LongestTerminalRun)
    let text = report.ToText()
    Assert.Contains("observations of 26, 4 discrete actions", text)
    Assert.Contains("\nactions\n  0 ", text)

    let never =
        RawDataset(
            Name = "never",
            Source = "never",
            ObservationSize = 1,
            ActionSize = 3,
            ActionKind = ActionKind.Discrete,
            Observations = [| 1f; 2f |],
            Actions = [| 0f; 1f; 0f; 1f; 0f; 0f |],
            Rewards = [| 0f; 1f |],
            Terminals = [| false; true |]
        )

    Assert.Contains("Never taken: action 2 of 3.", DatasetReport.Of(never).Findings)
