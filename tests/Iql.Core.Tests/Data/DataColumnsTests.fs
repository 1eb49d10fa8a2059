module Iql.Core.Tests.DataColumnsTests

open System
open System.Collections.Immutable
open System.IO
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Rows
open Iql.Core.Tests.DataCases
open Expecto
open Iql.Tests

/// A level and a temperature are seen, a valve is set.
let private plant =
    DataColumns(
        ImmutableArray.Create(DataColumn "level", DataColumn("temperature", "°C", Nullable -40.0)),
        ImmutableArray.Create(DataColumn("valve", "%", Nullable 0.0, Nullable 100.0))
    )

let private named () = (transitions 2 1 (steps 9 [ 3 ] [ 6 ])).Naming plant

[<Tests>]
let tests =
    testList "DataColumnsTests" [
        testRows
            "a file gives the names back, whatever its kind"
            [ "x.hdf5"; "x.npz"; "x.rows"; "packed.rows" ]
            (fun file ->
                withFolder (fun folder ->
                    let path, source = Path.Combine(folder, file), Path.Combine(folder, "source.npz")

                    let back: IDataset =
                        match file with
                        | "packed.rows" ->
                            DatasetFile.Save(source, named ())
                            DatasetPacking.Pack(source, path, DatasetMode.Strict) |> ignore
                            RowFile path
                        | "x.rows" ->
                            RowFileWriter.Write(path, named ())
                            RowFile path
                        | _ ->
                            DatasetFile.Save(path, named ())
                            DatasetFile.Load(path, DatasetMode.Strict)

                    Expect.equal back.Columns plant "columns"
                    Expect.equal (back.Sample 5).Columns plant "columns of a sample"))

        testCase "changed, chosen and joined rows keep the names" (fun () ->
            let t = named ()

            for each in
                [
                    t.Named "y"
                    t.With(rewards = Array.zeroCreate t.Count)
                    t.Subset [ 1 ]
                    Transitions.Concatenate("z", [ t; t ])
                    Normalization.Of(t, true, RewardRule.None).Apply t
                ] do
                Expect.equal each.Columns plant each.Name

            Expect.equal (t.Naming null).Fingerprint t.Fingerprint "fingerprint")

        testCase "names of other sizes are refused, and bounds that cross" (fun () ->
            let refuses (t: Transitions) columns = Expect.refuses (fun () -> t.Naming columns |> ignore) "names"
            refuses (transitions 3 1 (steps 9 [] [])) plant
            refuses (transitions 2 2 (steps 9 [] [])) plant
            let crossed = DataColumn("valve", null, Nullable 1.0, Nullable 0.0)
            refuses (named ()) (DataColumns(plant.Observations, ImmutableArray.Create crossed))
            refuses (named ()) (DataColumns(plant.Observations, ImmutableArray.Create(DataColumn ""))))

        testCase "a file's own text of this name is no list of columns" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.npz")
                DatasetFile.Save(path, transitions 2 1 (steps 9 [] []), readOnlyDict [ "columns", "left and right" ])
                Expect.isNull (DatasetFile.Load(path, DatasetMode.Strict).Columns) "columns"))

        testCase "a file's names of other sizes are refused with its path" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.npz")
                let text = "{\"observations\":[{\"name\":\"a\"}],\"actions\":[]}"
                DatasetFile.Save(path, transitions 2 1 (steps 9 [] []), readOnlyDict [ "columns", text ])

                let message =
                    throws<FileException>(fun () -> DatasetFile.Load(path, DatasetMode.Strict) |> ignore).Message

                Expect.stringContains message path "message"
                Expect.stringContains message "expected 2 of observations and 1 of actions, got 1 and 0" "message"))
    ]
