module Iql.Core.Tests.ActionBoundsTests

open System
open System.Collections.Immutable
open System.IO
open Iql
open Iql.Data
open Iql.Data.Rows
open Iql.Core.Tests.DataCases
open Expecto
open Iql.Tests

/// Rows of actions; what is seen does not matter.
let private acting (actions: float32[][]) =
    let size = actions[0].Length
    (transitions 2 size (steps actions.Length [] [])).With(actions = Array.concat actions)

/// A valve from 0 to 100 with two strays, a switch that is rarely on, and what never changes.
let private plant =
    acting [|
        for row in -1 .. 101 ->
            [|
                (if row < 0 then -900f
                 elif row > 100 then 9000f
                 else float32 row)
                (if row = 50 then 1f else 0f)
                7f
            |]
    |]

let private stated bounds =
    let column i (least, greatest) = DataColumn($"a{i}", null, Option.toNullable least, Option.toNullable greatest)
    let seen = ImmutableArray.Create(DataColumn "x", DataColumn "y")
    plant.Naming(DataColumns(seen, ImmutableArray.CreateRange(List.mapi column bounds)))

let private found (data: IDataset) rule =
    let struct (low, high) = ActionBounds.Of(data, rule)
    List.zip (List.ofSeq low) (List.ofSeq high)

/// In memory and as a row file.
let private both (t: Transitions) (test: IDataset -> unit) =
    withFolder (fun folder ->
        let path = Path.Combine(folder, "x.rows")
        RowFileWriter.Write(path, t)
        test t
        test (RowFile path))

[<Tests>]
let tests =
    testList "ActionBoundsTests" [
        testCase "min and max are those of all rows" (fun () ->
            both plant (fun data ->
                Expect.equal (found data ActionScaling.MinMax) [ -900f, 9000f; 0f, 1f; 7f, 7f ] "bounds"))

        testCase "quantiles leave one in a hundred out at each end, but nothing of what rarely changes" (fun () ->
            both plant (fun data ->
                Expect.equal (found data ActionScaling.Quantiles) [ 0f, 100f; 0f, 1f; 7f, 7f ] "bounds"))

        testCase "bounds are those that the source states" (fun () ->
            let data = stated [ Some -50.0, Some 150.0; Some 0.0, Some 1.0; Some 7.0, Some 7.0 ]
            Expect.isTrue (ActionBounds.AreStated data) "stated"

            both data (fun data ->
                Expect.equal (found data ActionScaling.Bounds) [ -50f, 150f; 0f, 1f; 7f, 7f ] "bounds"))

        testCase "no rule has no bounds" (fun () -> Expect.isEmpty (found plant ActionScaling.None) "bounds")

        testRows
            "bounds that nobody states, or that are none, are refused with the column's name"
            [ None, Some 1.0; Some 0.0, None; None, None; Some 0.0, Some infinity; Some 0.0, Some 1e300 ]
            (fun bounds ->
                let data = stated [ Some 0.0, Some 1.0; bounds; Some 7.0, Some 7.0 ]
                Expect.isFalse (ActionBounds.AreStated data) "stated"
                let message = throws<ArgumentException>(fun () -> found data ActionScaling.Bounds |> ignore).Message
                Expect.stringStarts message "a1: expected bounds" "message"
                Expect.stringContains message "--action-scaling minmax" "mend")

        testCase "choices have no bounds" (fun () ->
            let choices =
                Transitions(
                    "x",
                    1,
                    2,
                    [| 0f |],
                    [| 0f; 1f |],
                    [| 0f |],
                    [| true |],
                    [| false |],
                    [| 0f |],
                    ActionKind.Discrete
                )

            Expect.isEmpty (found choices ActionScaling.None) "bounds"
            Expect.refuses (fun () -> found choices ActionScaling.MinMax |> ignore) "choices")

        testCase "what lies outside is counted for each column" (fun () ->
            let scaled = Normalization.None.WithActions(plant, ActionScaling.Quantiles)
            Expect.equal (ActionBounds.Outside(plant, scaled)) [| 2.0 / 103.0; 0.0; 0.0 |] "shares"
            Expect.isEmpty (ActionBounds.Outside(plant, Normalization.None)) "shares without bounds")

        testCase "batches of a row file are scaled as those of memory, to the bit" (fun () ->
            both plant (fun data ->
                let scaled = Normalization.None.WithActions(data, ActionScaling.MinMax)
                let expected = scaled.Apply(plant).Actions
                let layout = BatchLayout.Of(64, 2, 3)
                use batch = new Graph.TensorBlock(layout)
                use memory = new Graph.TensorBlock(layout)
                Sampler(data.Normalized scaled, layout).Fill(batch, Seed.Named "x", 0L)
                Sampler(plant.With(actions = Array.ofSeq expected), layout).Fill(memory, Seed.Named "x", 0L)
                Expect.equal (batch.Read "actions") (memory.Read "actions") "actions"))
    ]
