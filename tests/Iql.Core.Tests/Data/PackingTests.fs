module Iql.Core.Tests.PackingTests

open System
open System.IO
open System.IO.Compression
open System.Threading
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Data.Rows
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.DatasetFileTests
open Expecto

/// Packs in pieces of so many rows.
let private pack source path mode (timeLimit: int option) (rows: int) =
    DatasetPacking.Pack(source, path, mode, Option.toNullable timeLimit, null, CancellationToken.None, Nullable rows)

let private columns (steps: Step[]) timeouts next = [
    let n = steps.Length
    array "observations" [ n; 3 ] (column 1 n 3)
    array "actions" [ n; 2 ] (column 2 n 2)
    array "rewards" [ n; 1 ] (steps |> Array.map (fun step -> float step.Reward))
    array "terminals" [ n ] (steps |> Array.map (fun step -> if step.Terminal then 1L else 0L))

    if timeouts then
        array "timeouts" [ n ] (steps |> Array.map _.Timeout)

    if next then
        array "next_observations" [ n; 3 ] (column 3 n 3)
]

/// The same arrays as numpy.savez_compressed writes them.
let private compressed (path: string) (arrays: ArrayData list) =
    let stored = path + ".stored"
    NpzFile.Write(stored, ResizeArray arrays)
    use from = ZipFile.OpenRead stored
    use into = ZipFile.Open(path, ZipArchiveMode.Create)

    for entry in from.Entries do
        use source = entry.Open()
        use target = into.CreateEntry(entry.FullName, CompressionLevel.Optimal).Open()
        source.CopyTo target

[<Tests>]
let tests =
    testList "PackingTests" [
        testCase "packed rows are the rows that loading gives, in both modes" (fun () ->
            withFolder (fun folder ->
                for ending in endings do
                    for timeouts, next in List.allPairs [ false; true ] [ false; true ] do
                        forSomeSteps 12 (fun steps ->
                            let source = Path.Combine(folder, "logs" + ending)
                            write source (columns steps timeouts next)
                            let limit = if timeouts then None else Some 4

                            [ DatasetMode.D4rlParity; DatasetMode.Strict ]
                            |> List.forall (fun mode ->
                                let load () = DatasetFile.Load(source, mode, Option.toNullable limit)

                                let path = Path.Combine(folder, "logs.rows")

                                match
                                    try
                                        Ok(load ())
                                    with :? Iql.FileException as refusal ->
                                        Error refusal.Message
                                with
                                | Ok loaded ->
                                    [ 1; 3; 1000 ]
                                    |> List.forall (fun rows ->
                                        pack source path mode limit rows |> ignore
                                        let file = RowFile path
                                        file.Fingerprint = loaded.Fingerprint && file.Name = loaded.Name)
                                | Error message ->
                                    message =
                                        throws<InvalidDataException>(fun () ->
                                            pack source path mode limit 3 |> ignore)
                                            .Message))))

        testCase "packing says what it did, and keeps where the rows came from" (fun () ->
            inEveryForm (d4rl [] []) (fun source ->
                let path = Path.ChangeExtension(source, ".rows")
                let said = DatasetPacking.Pack(source, path, DatasetMode.Strict)
                Expect.equal said "kept 3 of 4 rows; dropped 1 timed out, 0 last without a next observation" "said"
                let metadata = (RowFile path).Metadata
                Expect.equal metadata["source"] (Path.GetFileName source) "source"
                Expect.equal metadata["mode"] "Strict" "mode"))

        testCase "wrong files are refused as loading refuses them, and leave nothing" (fun () ->
            let cases = [
                d4rl [ array "rewards" [ 3 ] [| 1f; 2f; 3f |] ] [], "'rewards': expected shape [4] or [4, 1], got [3]"
                d4rl [ array "rewards" [ 4 ] [| 1f; 2f; nanf; 3f |] ] [],
                "rewards: expected finite numbers, got NaN in row 2, column 0"
                d4rl [ array "terminals" [ 4 ] [| 0f; 2f; 0f; 0f |] ] [], "'terminals': expected flags"
                d4rl [] [ "actions" ], "'actions': expected D4RL's layout"
                d4rl [] [ "timeouts" ], "expected 'timeouts' or a time limit"
            ]

            for arrays, part in cases do
                inEveryForm arrays (fun source ->
                    let path = Path.ChangeExtension(source, ".rows")

                    let message =
                        throws<InvalidDataException>(fun () ->
                            pack source path DatasetMode.D4rlParity None 1 |> ignore)
                            .Message

                    Expect.stringContains message part "message"
                    Expect.stringContains message source "message"

                    Expect.equal
                        (Directory.GetFiles(Path.GetDirectoryName path, "*.rows*"))
                        [||]
                        "files in directory name of path"))

        testCase "a packing that is cancelled leaves nothing" (fun () ->
            inEveryForm (d4rl [] []) (fun source ->
                let path = Path.ChangeExtension(source, ".rows")

                throws<OperationCanceledException>(fun () ->
                    DatasetPacking.Pack(source, path, DatasetMode.Strict, cancellation = CancellationToken true)
                    |> ignore)
                |> ignore

                Expect.equal
                    (Directory.GetFiles(Path.GetDirectoryName path, "*.rows*"))
                    [||]
                    "files in directory name of path"))

        testCase "arrays are read in pieces, forwards and back" (fun () ->
            let n = 57

            inEveryForm
                [
                    array "floats" [ n; 3 ] (column 1 n 3)
                    array "doubles" [ n ] (Array.init n float)
                    array "whole" [ n; 1; 2 ] (Array.init (2 * n) int64)
                    array "flags" [ n ] (Array.init n (fun i -> i % 3 = 0))
                ]
                (fun path ->
                    use file = DatasetFile.Open path

                    for entry in file.Entries do
                        let all = file.Read(entry.Name).Values
                        let size = all.Length / n

                        for first, count in [ 0, 10; 10, 20; 40, 17; 5, 1; 0, 57; 56, 1 ] do
                            let piece = file.Read(entry.Name, int64 first, count)
                            let expected = Array.CreateInstance(all.GetType().GetElementType(), count * size)
                            Array.Copy(all, first * size, expected, 0, count * size)

                            Expect.sequenceEqual
                                (Seq.cast<obj> piece.Values)
                                (Seq.cast<obj> expected)
                                "values of piece"

                            Expect.equal piece.Shape[0] (int64 count) "shape 0 of piece"

                        throws<InvalidDataException>(fun () -> file.Read(entry.Name, 50L, 8) |> ignore) |> ignore))

        testCase "a compressed npz is packed like a stored one" (fun () ->
            withFolder (fun folder ->
                let case = steps 500 [ 9; 77 ] [ 33; 300 ]

                let source, path = Path.Combine(folder, "logs.npz"), Path.Combine(folder, "logs.rows")

                compressed source (columns case true true)
                pack source path DatasetMode.Strict None 7 |> ignore

                Expect.equal
                    (RowFile path).Fingerprint
                    (DatasetFile.Load(source, DatasetMode.Strict).Fingerprint)
                    "fingerprint of row file of path"))

        testCase "an npz in Fortran order does not come in pieces" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "fortran.npz")
                NpzFile.Write(path, ResizeArray [ array "f" [ 2; 2 ] [| 1f; 2f; 3f; 4f |] ])
                let bytes = File.ReadAllBytes path
                // Entries are stored, so the header stands in the file as it is; the checksum is not looked at before
                // the array's end.
                let at = Text.Encoding.ASCII.GetString(bytes).IndexOf "False"
                Array.blit "True "B 0 bytes at 5
                File.WriteAllBytes(path, bytes)
                use file = DatasetFile.Open path

                Expect.stringContains
                    (throws<InvalidDataException>(fun () -> file.Read("f", 0L, 1) |> ignore).Message)
                    "Fortran"
                    "message of the refusal"))

        testCase "a file beyond memory is refused before it is read, and told how to go on" (fun () ->
            inEveryForm (d4rl [] []) (fun path ->
                use file = DatasetFile.Open path
                let shapes = ColumnShapes.Of file
                shapes.RequireMemory 1_000L

                let refusal (shapes: ColumnShapes) =
                    throws<InvalidDataException>(fun () -> shapes.RequireMemory(16_000_000_000L)).Message

                let large = ColumnShapes(file, 200_000_000L, 17, Iql.ActionSpace.Continuous 6, true, true)

                Expect.stringContains (refusal large) "iql data pack door-human-v1" "the refusal"
                Expect.stringContains (refusal large) "16.0 GB" "the refusal"))
    ]
