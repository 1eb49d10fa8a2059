module Iql.Core.Tests.Training.SafeTensorsTests

open System
open System.IO
open System.Text
open Iql.Graph
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Training.Fixture

let tensors = [|
    NamedTensor("scale", shape [], ReadOnlyMemory [| 0.5f |])
    NamedTensor(
        "weight",
        shape [ 2; 3 ],
        ReadOnlyMemory [| 1f; -2f; Single.NaN; Single.PositiveInfinity; -0f; 1e-45f |]
    )
    NamedTensor("bias", shape [ 3 ], ReadOnlyMemory [| 7f; 8f; 9f |])
|]

let notes = [| struct ("step", "12"); struct ("name", "ü") |]

let written folder =
    let path = Path.Combine(folder, "some.safetensors")
    SafeTensors.Write(path, notes, tensors)
    path

/// A file with a header of our own making.
let file folder (header: string) (data: byte[]) =
    let path = Path.Combine(folder, "some.safetensors")
    let header = Encoding.UTF8.GetBytes header
    File.WriteAllBytes(path, Array.concat [ BitConverter.GetBytes(int64 header.Length); header; data ])
    path

[<Tests>]
let tests =
    testList "SafeTensorsTests" [
        testCase "what is written is read again to the bit" (fun () ->
            inFolder (fun folder ->
                let read = SafeTensors.Read(written folder)
                Expect.equal (read.Note "step") "12" "note of read 'step'"
                Expect.equal (read.Note "name") "ü" "note of read 'name'"

                for tensor in tensors do
                    Expect.equal
                        (bits (read.Find(tensor.Name, tensor.Shape).Values.ToArray()))
                        (bits (tensor.Values.ToArray()))
                        "bits"

                Expect.equal
                    [ for path in Directory.GetFiles folder -> Path.GetFileName path ]
                    [ "some.safetensors" ]
                    "path"))

        testCase "bytes are those of the format's description" (fun () ->
            inFolder (fun folder ->
                let path = Path.Combine(folder, "one.safetensors")

                SafeTensors.Write(
                    path,
                    [| struct ("a", "b") |],
                    [| NamedTensor("w", shape [ 1; 2 ], ReadOnlyMemory [| 1f; 2f |]) |]
                )

                let header = """{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"""

                let padded = header.PadRight((header.Length + 7) / 8 * 8)

                let expected =
                    Array.concat [
                        [| byte padded.Length; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy |]
                        Encoding.ASCII.GetBytes padded
                        [| 0uy; 0uy; 0x80uy; 0x3Fuy; 0uy; 0uy; 0uy; 0x40uy |]
                    ]

                Expect.equal (File.ReadAllBytes path) expected "file path"))

        testCase "tensors are read in any order of the header" (fun () ->
            inFolder (fun folder ->
                let header =
                    """{"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"""
                    + """"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   """

                let read = SafeTensors.Read(file folder header [| 0uy; 0uy; 0x80uy; 0x3Fuy; 0uy; 0uy; 0uy; 0x40uy |])

                Expect.equal (read.Find("a", shape []).Values.Span[0]) 1f "value 0 of find of read"
                Expect.equal (read.Find("b", shape [ 1 ]).Values.Span[0]) 2f "value 0 of find of read"))

        testCase "a file cut at any length is refused by name" (fun () ->
            inFolder (fun folder ->
                let path = written folder
                let whole = File.ReadAllBytes path

                for length in 0 .. whole.Length - 1 do
                    File.WriteAllBytes(path, whole[.. length - 1])

                    Expect.stringContains
                        (messageOf<InvalidDataException>(fun () -> SafeTensors.Read path |> ignore))
                        path
                        "the message"))

        testRows
            "a damaged header is refused by name"
            [
                """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", "JSON header"
                """{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}""", "dtype F32"
                """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "8 bytes"
                """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "begin at byte 0"
                """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "got"
                """{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "cut short"
                """{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "at least 1"
                """{"a":{"dtype":"F32","shape":[70000,70000],"data_offsets":[0,8]}}""", "header"
                """{"a":3}""", "header"
                """[]""", "header"
                """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"""
                + """"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
                "header"
            ]
            (fun (header: string, says: string) ->
                inFolder (fun folder ->
                    let path = file folder header (Array.zeroCreate 8)

                    let message = messageOf<InvalidDataException>(fun () -> SafeTensors.Read path |> ignore)

                    Expect.stringContains message path "message"
                    Expect.stringContains message (says.Replace("JSON header", "header")) "message"))

        testCase "a header that claims more than the file is refused" (fun () ->
            inFolder (fun folder ->
                let path = Path.Combine(folder, "some.safetensors")
                File.WriteAllBytes(path, Array.append (BitConverter.GetBytes UInt64.MaxValue) (Array.zeroCreate 16))

                Expect.stringContains
                    (messageOf<InvalidDataException>(fun () -> SafeTensors.Read path |> ignore))
                    path
                    "the message"))

        testCase "an unknown name and another shape say what was expected" (fun () ->
            inFolder (fun folder ->
                let read = SafeTensors.Read(written folder)

                Expect.stringContains
                    (messageOf<InvalidDataException>(fun () -> read.Find("gain", shape [ 3 ]) |> ignore))
                    "\"gain\", got scale, weight, bias"
                    "the message"

                Expect.stringContains
                    (messageOf<InvalidDataException>(fun () -> read.Find("weight", shape [ 3; 2 ]) |> ignore))
                    "shape [3, 2], got [2, 3]"
                    "the message"

                Expect.stringContains
                    (messageOf<InvalidDataException>(fun () -> read.Note "seed" |> ignore))
                    "\"seed\" under"
                    "the message"))

        testCase "a half-written file is ignored and swept away" (fun () ->
            inFolder (fun folder ->
                let path = written folder
                let before = File.ReadAllBytes path
                File.WriteAllBytes(path + ".12-ab.tmp", before[..20])
                Expect.equal (SafeTensors.Read path).Tensors.Length 3 "length of tensors of read of path"
                Iql.Data.AtomicFile.Sweep folder
                Expect.equal (Directory.GetFiles folder) [| path |] "files in folder"
                Expect.equal (File.ReadAllBytes path) before "file path"))

        testCase "two tensors of one name are refused before anything is written" (fun () ->
            inFolder (fun folder ->
                let path = Path.Combine(folder, "some.safetensors")

                messageOf<ArgumentException>(fun () -> SafeTensors.Write(path, notes, [| tensors[0]; tensors[0] |]))
                |> ignore

                Expect.isEmpty (Directory.GetFiles folder) "files in folder"))
    ]
