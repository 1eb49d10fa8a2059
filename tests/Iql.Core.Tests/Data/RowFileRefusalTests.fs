module Iql.Core.Tests.RowFileRefusalTests

open System
open System.Collections.Generic
open System.IO
open Iql.Data
open Iql.Data.Files
open Iql.Data.Rows
open Iql.Graph
open Iql.Core.Tests.DataCases
open Expecto

let private nothing: IReadOnlyDictionary<string, string> = readOnlyDict []

let private refused (folder: string) (bytes: byte[]) (parts: string list) =
    let path = Path.Combine(folder, "broken.rows")
    File.WriteAllBytes(path, bytes)
    let message = throws<InvalidDataException>(fun () -> RowFile path |> ignore).Message

    for part in "broken.rows: expected" :: parts do
        Expect.stringContains message part "message"

let private whole (folder: string) =
    let path = Path.Combine(folder, "whole.rows")
    RowFileWriter.Write(path, transitions 3 2 (steps 100 [ 9 ] [ 33 ]))
    File.ReadAllBytes path

let private changed (bytes: byte[]) (at: int) (value: byte[]) =
    let copy = Array.copy bytes
    Array.blit value 0 copy at value.Length
    copy

[<Tests>]
let tests =
    testList "RowFileRefusalTests" [
        testCase "a truncated file is refused, wherever it was cut" (fun () ->
            withFolder (fun folder ->
                let bytes = whole folder

                for length in [ 8; 100; 4095; 4096; 5000; bytes.Length - 200; bytes.Length - 1 ] do
                    refused folder bytes[.. length - 1] [ "truncated"; "copy or pack it again" ]

                refused folder (Array.append bytes [| 0uy |]) [ "added" ]))

        testCase "foreign files and other versions are refused" (fun () ->
            withFolder (fun folder ->
                refused folder [||] [ "an empty file" ]
                refused folder "PK a zip of something else"B [ "first bytes of another kind"; "iql data pack" ]
                let bytes = whole folder

                refused folder (changed bytes 8 (BitConverter.GetBytes 3)) [
                    "a row file of version 2, got version 3"
                ]

                throws<FileNotFoundException>(fun () -> RowFile(Path.Combine(folder, "absent.rows")) |> ignore)
                |> ignore

                throws<FileNotFoundException>(fun () -> RowFile folder |> ignore) |> ignore))

        testCase "a first page or a description that does not fit is refused" (fun () ->
            withFolder (fun folder ->
                let bytes = whole folder
                refused folder (changed bytes 24 (BitConverter.GetBytes 0)) [ "fits itself"; "damaged" ]
                refused folder (changed bytes 24 (BitConverter.GetBytes 40)) [ "fits itself"; "40 and 2" ]
                refused folder (changed bytes 32 (BitConverter.GetBytes 13)) [ "13 floats a row" ]
                refused folder (changed bytes 16 (BitConverter.GetBytes 0L)) [ "0 rows" ]
                refused folder (changed bytes 16 (BitConverter.GetBytes Int64.MaxValue)) [ "fits itself" ]
                refused folder (changed bytes 16 (BitConverter.GetBytes 99L)) [ "bytes, got" ]

                refused folder (changed bytes (bytes.Length - 40) (Array.create 40 0uy)) [
                    "description that was packed"
                    "damaged"
                ]))

        testCase "a file that was not written to its end is no row file" (fun () ->
            withFolder (fun folder ->
                // The first page is written last.
                refused folder (changed (whole folder) 0 (Array.zeroCreate 4096)) [ "a row file" ]))

        testCase "a writer that fails leaves what was there, and nothing beside it" (fun () ->
            withFolder (fun folder ->
                let before = whole folder
                let path = Path.Combine(folder, "whole.rows")
                let row = [| 1f; 2f; 3f |]

                let write (reward: float32) (observation: float32[]) =
                    throws<ArgumentException>(fun () ->
                        RowFileWriter.Write(
                            path,
                            "new",
                            3,
                            1,
                            nothing,
                            fun writer ->
                                writer.Add(
                                    ReadOnlySpan row,
                                    ReadOnlySpan [| 0f |],
                                    1f,
                                    false,
                                    false,
                                    ReadOnlySpan row
                                )

                                writer.Add(
                                    ReadOnlySpan observation,
                                    ReadOnlySpan [| 0f |],
                                    reward,
                                    false,
                                    false,
                                    ReadOnlySpan row
                                )
                        ))
                        .Message

                Expect.stringContains
                    (write 0f [| 1f; 2f; nanf |])
                    "observations: expected finite numbers, got NaN in row 1, column 2"
                    "write"

                Expect.stringContains
                    (write infinityf row)
                    "rewards: expected finite numbers, got Infinity in row 1, column 0"
                    "write infinityf row"

                throws<ArgumentException>(fun () -> RowFileWriter.Write(path, "none", 3, 1, nothing, ignore))
                |> ignore

                Expect.equal (File.ReadAllBytes path) before "file path"
                Expect.equal (Directory.GetFiles folder) [| path |] "files in folder"))

        testCase "what a killed writer left is removed, what a living one writes is not" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.rows")
                let here = Environment.MachineName
                use other = Diagnostics.Process.Start("sleep", "60")

                let temporaries = [
                    // No process has this number.
                    "a killed process's", $"{here}-999999999-a.tmp", false
                    // A container starts again with the same numbers.
                    "this process's, from an earlier life", $"{here}-{Environment.ProcessId}-a.tmp", false
                    "a running process's", $"{here}-{other.Id}-a.tmp", true
                    "of another machine, just written", "elsewhere-1-a.tmp", true
                    "of another machine, hours old", "elsewhere-2-a.tmp", false
                ]

                let at (name: string) = $"{path}.{name}"

                for _, name, _ in temporaries do
                    File.WriteAllText(at name, "half")

                File.SetLastWriteTimeUtc(at "elsewhere-2-a.tmp", DateTime.UtcNow.AddHours -2.0)

                use writing =
                    new FileStream(at $"{here}-999999999-b.tmp", FileMode.Create, FileAccess.Write, FileShare.None)

                RowFileWriter.Write(path, transitions 1 1 (steps 3 [] []))
                other.Kill()

                for what, name, stays in temporaries do
                    Expect.equal (File.Exists(at name)) stays what

                Expect.isTrue (File.Exists writing.Name) "an open file"
                Expect.equal (RowFile path).Count 3L "count of row file of path"))

        testCase "who wants to read a row file as a whole is told what it is" (fun () ->
            withFolder (fun folder ->
                whole folder |> ignore

                let message =
                    throws<InvalidDataException>(fun () ->
                        DatasetFile.Read(Path.Combine(folder, "whole.rows")) |> ignore)
                        .Message

                Expect.stringContains message "got a row file" "message"))

        testCase "who must see what follows what is refused a row file" (fun () ->
            withFolder (fun folder ->
                whole folder |> ignore
                let file = RowFile(Path.Combine(folder, "whole.rows"))
                let extents = [| 8 |]

                let layout = Layout("batch", [ struct ("returnsToGo", Shape(ReadOnlySpan extents)) ])

                let message = throws<ArgumentException>(fun () -> Sampler(file, layout) |> ignore).Message

                Expect.stringContains
                    message
                    "expected transitions in memory for returns to go, got a row file"
                    "message"))
    ]
