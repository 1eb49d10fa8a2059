module Iql.Core.Tests.Training.SafeTensorsTests

open System
open System.IO
open System.Text
open Iql.Graph
open Iql.Training
open Xunit
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

[<Fact>]
let ``what is written is read again to the bit`` () =
    inFolder (fun folder ->
        let read = SafeTensors.Read(written folder)
        Assert.Equal("12", read.Note "step")
        Assert.Equal("ü", read.Note "name")

        for tensor in tensors do
            Assert.Equal<int list>(
                bits (tensor.Values.ToArray()),
                bits (read.Find(tensor.Name, tensor.Shape).Values.ToArray())
            )

        Assert.Equal<string list>(
            [ "some.safetensors" ],
            [ for path in Directory.GetFiles folder -> Path.GetFileName path ]
        ))

[<Fact>]
let ``bytes are those of the format's description`` () =
    inFolder (fun folder ->
        let path = Path.Combine(folder, "one.safetensors")

        SafeTensors.Write(
            path,
            [| struct ("a", "b") |],
            [| NamedTensor("w", shape [ 1; 2 ], ReadOnlyMemory [| 1f; 2f |]) |]
        )

        let header =
            """{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"""

        let padded = header.PadRight((header.Length + 7) / 8 * 8)

        let expected =
            Array.concat [
                [| byte padded.Length; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy; 0uy |]
                Encoding.ASCII.GetBytes padded
                [| 0uy; 0uy; 0x80uy; 0x3Fuy; 0uy; 0uy; 0uy; 0x40uy |]
            ]

        Assert.Equal<byte[]>(expected, File.ReadAllBytes path))

[<Fact>]
let ``tensors are read in any order of the header`` () =
    inFolder (fun folder ->
        let header =
            """{"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   """

        let read =
            SafeTensors.Read(file folder header [| 0uy; 0uy; 0x80uy; 0x3Fuy; 0uy; 0uy; 0uy; 0x40uy |])

        Assert.Equal(1f, read.Find("a", shape []).Values.Span[0])
        Assert.Equal(2f, read.Find("b", shape [ 1 ]).Values.Span[0]))

[<Fact>]
let ``a file cut at any length is refused by name`` () =
    inFolder (fun folder ->
        let path = written folder
        let whole = File.ReadAllBytes path

        for length in 0 .. whole.Length - 1 do
            File.WriteAllBytes(path, whole[.. length - 1])
            Assert.Contains(path, messageOf<InvalidDataException>(fun () -> SafeTensors.Read path |> ignore)))

[<Theory>]
[<InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", "JSON header")>]
[<InlineData("""{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}""", "dtype F32")>]
[<InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", "8 bytes")>]
[<InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "begin at byte 0")>]
[<InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "got")>]
[<InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "cut short")>]
[<InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "at least 1")>]
[<InlineData("""{"a":{"dtype":"F32","shape":[70000,70000],"data_offsets":[0,8]}}""", "header")>]
[<InlineData("""{"a":3}""", "header")>]
[<InlineData("""[]""", "header")>]
[<InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
             "header")>]
let ``a damaged header is refused by name`` (header: string, says: string) =
    inFolder (fun folder ->
        let path = file folder header (Array.zeroCreate 8)

        let message =
            messageOf<InvalidDataException>(fun () -> SafeTensors.Read path |> ignore)

        Assert.Contains(path, message)
        Assert.Contains(says.Replace("JSON header", "header"), message))

[<Fact>]
let ``a header that claims more than the file is refused`` () =
    inFolder (fun folder ->
        let path = Path.Combine(folder, "some.safetensors")
        File.WriteAllBytes(path, Array.append (BitConverter.GetBytes UInt64.MaxValue) (Array.zeroCreate 16))
        Assert.Contains(path, messageOf<InvalidDataException>(fun () -> SafeTensors.Read path |> ignore)))

[<Fact>]
let ``an unknown name and another shape say what was expected`` () =
    inFolder (fun folder ->
        let read = SafeTensors.Read(written folder)

        Assert.Contains(
            "\"gain\", got scale, weight, bias",
            messageOf<InvalidDataException>(fun () -> read.Find("gain", shape [ 3 ]) |> ignore)
        )

        Assert.Contains(
            "shape [3, 2], got [2, 3]",
            messageOf<InvalidDataException>(fun () -> read.Find("weight", shape [ 3; 2 ]) |> ignore)
        )

        Assert.Contains("\"seed\" under", messageOf<InvalidDataException>(fun () -> read.Note "seed" |> ignore)))

[<Fact>]
let ``a half-written file is ignored and swept away`` () =
    inFolder (fun folder ->
        let path = written folder
        let before = File.ReadAllBytes path
        File.WriteAllBytes(path + ".12-ab.tmp", before[..20])
        Assert.Equal(3, (SafeTensors.Read path).Tensors.Length)
        Iql.Data.AtomicFile.Sweep folder
        Assert.Equal<string[]>([| path |], Directory.GetFiles folder)
        Assert.Equal<byte[]>(before, File.ReadAllBytes path))

[<Fact>]
let ``two tensors of one name are refused before anything is written`` () =
    inFolder (fun folder ->
        let path = Path.Combine(folder, "some.safetensors")

        messageOf<ArgumentException>(fun () -> SafeTensors.Write(path, notes, [| tensors[0]; tensors[0] |]))
        |> ignore

        Assert.Empty(Directory.GetFiles folder))
