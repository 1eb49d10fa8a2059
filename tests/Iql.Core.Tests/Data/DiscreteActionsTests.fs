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
open Expecto
open Iql.Tests

let private walks = (Tasks.Get "gridmaze-medium-v0").Dataset.Collect(Seed 3UL, 500)

let private choices (transitions: Transitions) = [
    for row in 0 .. transitions.Count - 1 -> ActionSpace.Choice(transitions.Action row)
]

let private span (numbers: float32[]) = ReadOnlySpan numbers

let private strict path = DatasetFile.Load(path, DatasetMode.Strict)

/// A file of four rows with these actions; all of its rows but the last are kept.
let private withActions (actions: ArrayData) check = inEveryForm (d4rl [ actions ] []) check

[<Tests>]
let tests =
    testList "DiscreteActionsTests" [
        testCase "saved discrete actions come back bit for bit, as a column of integers" (fun () ->
            withFolder (fun folder ->
                for ending in endings do
                    let path = Path.Combine(folder, "walks" + ending)
                    DatasetFile.Save(path, walks)
                    use file = DatasetFile.Open path
                    let entry = file.Entries |> Seq.find (fun entry -> entry.Name = "actions")
                    Expect.equal entry.Kind "int64" "kind of entry"
                    Expect.sequenceEqual entry.Shape [ 500L ] "shape of entry"
                    let back = strict path
                    Expect.equal back.ActionSpace (ActionSpace.Discrete 4) "action space of back"
                    Expect.equal back.Fingerprint walks.Fingerprint "fingerprint of back"))

        testCase "integers of one a row are discrete actions, one more than the largest" (fun () ->
            for actions in
                [ array "actions" [ 4 ] [| 0L; 2L; 1L; 0L |]; array "actions" [ 4; 1 ] [| 0L; 2L; 1L; 0L |] ] do
                withActions actions (fun path ->
                    let loaded = strict path
                    Expect.equal loaded.ActionSpace (ActionSpace.Discrete 3) "action space of loaded"
                    Expect.equal (choices loaded) [ 0; 2; 1 ] "choices of loaded"
                    Expect.equal (loaded.Action(1).ToArray()) [| 0f; 0f; 1f |] "action of loaded 1")

            withActions (array "actions" [ 4 ] [| false; true; true; false |]) (fun path ->
                Expect.equal (strict path).ActionSpace (ActionSpace.Discrete 2) "action space of strict of path"
                Expect.equal (choices (strict path)) [ 0; 1; 1 ] "choices"))

        testCase "integers of several a row and floats stay numbers" (fun () ->
            withActions (array "actions" [ 4; 2 ] (Array.init 8 int64)) (fun path ->
                Expect.equal (strict path).ActionSpace (ActionSpace.Continuous 2) "action space of strict of path")

            withActions (array "actions" [ 4; 1 ] [| 0f; 1f; 0f; 1f |]) (fun path ->
                Expect.equal (strict path).ActionSpace (ActionSpace.Continuous 1) "action space of strict of path"))

        testCase "how many there are may be said by the file, or by who loads it" (fun () ->
            let actions = array "actions" [ 4 ] [| 0L; 2L; 1L; 0L |]

            let count (number: int64) = array "metadata/action_count" [] [| number |]

            inEveryForm (d4rl [ actions; count 6L ] []) (fun path ->
                Expect.equal (strict path).ActionSpace (ActionSpace.Discrete 6) "action space of strict of path")

            withActions actions (fun path ->
                Expect.equal
                    (DatasetFile.Load(path, DatasetMode.Strict, actionCount = Nullable 5).ActionSpace)
                    (ActionSpace.Discrete 5)
                    "action space of load")

            inEveryForm (d4rl [ actions; count 2L ] []) (fun path ->
                Expect.stringContains
                    (refusal path)
                    "expected discrete actions from 0 to 1, got 2 in row 1"
                    "the refusal")

            inEveryForm (d4rl [ actions; count 0L ] []) (fun path ->
                Expect.stringContains (refusal path) "expected a number from 1 to 4096, got 0" "the refusal"))

        testCase "numbers that are no discrete action are refused by row" (fun () ->
            withActions (array "actions" [ 4 ] [| 0L; -1L; 1L; 0L |]) (fun path ->
                Expect.stringContains
                    (refusal path)
                    "'actions': expected discrete actions from 0 to 4095, got -1 in row 1"
                    "the refusal")

            withActions (array "actions" [ 4 ] [| 0L; 1L; 1L; 70_000L |]) (fun path ->
                Expect.stringContains (refusal path) "got 70000 in row 3. Number the choices from 0 on" "the refusal")

            withActions (array "actions" [ 3 ] [| 0L; 1L; 1L |]) (fun path ->
                Expect.stringContains (refusal path) "'actions': expected shape [4] or [4, 1], got [3]" "the refusal")

            withActions (array "actions" [ 4 ] [| 0f; 1f; 1f; 0f |]) (fun path ->
                Expect.stringContains
                    (refusal path)
                    "'actions': expected shape [4, A], got [4]. Save discrete actions as integers"
                    "the refusal"))

        testCase "a row file keeps them, packed or written" (fun () ->
            withFolder (fun folder ->
                let source = Path.Combine(folder, "walks.npz")
                DatasetFile.Save(source, walks)

                let packed, written = Path.Combine(folder, "packed.rows"), Path.Combine(folder, "written.rows")

                DatasetPacking.Pack(source, packed, DatasetMode.Strict) |> ignore
                RowFileWriter.Write(written, walks)

                for path in [ packed; written ] do
                    let file = RowFile path
                    Expect.equal file.ActionSpace (ActionSpace.Discrete 4) "action space of file"
                    Expect.equal file.Fingerprint walks.Fingerprint "fingerprint of file"
                    Expect.equal (choices (file.Rows(0L, 500))) (choices walks) "choices"

                let error =
                    throws<ArgumentException>(fun () ->
                        RowFileWriter.Write(
                            Path.Combine(folder, "numbers.rows"),
                            "numbers",
                            1,
                            2,
                            readOnlyDict [],
                            (fun writer ->
                                writer.Add(span [| 1f |], span [| 0.5f; 0.5f |], 0f, false, false, span [| 1f |])),
                            ActionKind.Discrete
                        ))

                Expect.stringContains
                    error.Message
                    "actions: expected a one-hot row, got [0.5, 0.5] in row 0"
                    "message of error"))

        testCase "transitions of discrete actions take one-hot rows alone, and stay discrete" (fun () ->
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
                let error = throws<ArgumentException>(fun () -> build wrong ActionKind.Discrete |> ignore)

                Expect.stringContains
                    error.Message
                    "actions: expected one-hot rows of 2 discrete actions"
                    "message of error"

                Expect.stringContains error.Message "in row 1" "message of error"
                build wrong ActionKind.Continuous |> ignore

            let discrete = build [| 0f; 1f; 1f; 0f |] ActionKind.Discrete
            let numbers = build [| 0f; 1f; 1f; 0f |] ActionKind.Continuous
            Expect.isTrue (discrete.Named("y").ActionSpace.IsDiscrete) "is discrete of named of discrete 'y'"
            Expect.isTrue (discrete.Subset([ 0 ]).ActionSpace.IsDiscrete) "is discrete of subset of discrete"

            Expect.stringContains
                (throws<ArgumentException>(fun () -> Transitions.Concatenate("z", [| discrete; numbers |]) |> ignore)
                    .Message)
                "2 discrete actions"
                "message of the refusal")

        testCase "the report counts choices instead of describing numbers" (fun () ->
            let report = DatasetReport.Of(RawDataset.Of walks)
            let counted = choices walks |> List.countBy id |> Map

            Expect.sequenceEqual
                report.ActionCounts
                [ for a in 0..3 -> int64 (counted.TryFind a |> Option.defaultValue 0) ]
                "action counts of report"

            Expect.none report.Columns (fun column -> column.Name = "actions") "columns of report"
            Expect.none report.Findings (fun finding -> finding.Contains "repeat") "findings of report"
            // Walks of one move to the goal, one after the other, are episodes of their own.
            Expect.equal report.LongestTerminalRun 1 "longest terminal run of report"
            let text = report.ToText()
            Expect.stringContains text "observations of 26, 4 discrete actions" "text"
            Expect.stringContains text "\nactions\n  0 " "text"

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

            Expect.contains (DatasetReport.Of(never).Findings) "Never taken: action 2 of 3." "findings of never")
    ]
