module Iql.Core.Tests.NpzFileTests

open System
open System.Collections.Immutable
open System.Diagnostics
open System.IO
open Iql.Data
open Iql.Data.Files.Arrays
open Iql.Core.Tests.DataCases
open Xunit

/// Runs a Python program with NumPy (and h5py); skips the test where the machine has none.
let python (program: string) (arguments: string list) =
    let run (interpreter: string) (program: string) =
        try
            let start =
                ProcessStartInfo(
                    interpreter,
                    [ "-c"; program ] @ arguments,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true
                )

            use running = Process.Start start

            let output, failure =
                running.StandardOutput.ReadToEndAsync(), running.StandardError.ReadToEndAsync()

            running.WaitForExit()
            Some(running.ExitCode, output.Result.Trim(), failure.Result)
        with :? ComponentModel.Win32Exception ->
            None

    let imports =
        if program.Contains "h5py" then
            "import numpy, h5py"
        else
            "import numpy"

    let able interpreter =
        match run interpreter imports with
        | Some(0, _, _) -> true
        | _ -> false
    // A version manager's shim may hide the system's Python, which has the packages.
    match List.tryFind able [ "python3"; "/usr/bin/python3" ] with
    | None ->
        Assert.Skip $"No python3 here that can {imports}."
        ""
    | Some interpreter ->
        match run interpreter program with
        | Some(0, output, _) -> output
        | Some(_, _, failure) -> failwith failure
        | None -> failwith "python3 is gone"

let arrays = [
    ArrayData("numbers", [| 3L; 2L |].ToImmutableArray(), [| 1f; -2.5f; 3e-40f; Single.MaxValue; -0f; nanf |])
    ArrayData("doubles", [| 2L |].ToImmutableArray(), [| Math.PI; -1e300 |])
    ArrayData("whole", [| 2L; 1L; 2L |].ToImmutableArray(), [| 1L; -2L; Int64.MaxValue; 0L |])
    ArrayData("flags", [| 4L |].ToImmutableArray(), [| true; false; false; true |])
    ArrayData("scalar", [||].ToImmutableArray(), [| 7.0 |])
    ArrayData("empty", [| 0L; 3L |].ToImmutableArray(), Array.empty<float32>)
    ArrayData.Of("metadata/algorithm", "SAC, naïve ✓")
    ArrayData("texts", [| 2L |].ToImmutableArray(), [| "a"; "bcd" |])
]

let bits (values: Array) =
    match values with
    | :? (float32[]) as x -> x |> Array.map (BitConverter.SingleToInt32Bits >> string)
    | :? (double[]) as x -> x |> Array.map (BitConverter.DoubleToInt64Bits >> string)
    | :? (int64[]) as x -> x |> Array.map string
    | :? (bool[]) as x -> x |> Array.map string
    | other -> other :?> string[]

let sameArrays (written: ArrayData list) (file: IArrayFile) =
    Assert.Equal<string list>(
        written
        |> List.map _.Name
        |> List.sortWith (fun a b -> String.CompareOrdinal(a, b)),
        [ for e in file.Entries -> e.Name ]
    )

    for array in written do
        let read = file.Read array.Name
        Assert.Equal<int64 seq>(array.Shape, read.Shape)
        Assert.Equal(array.Values.GetType(), read.Values.GetType())
        Assert.Equal<string[]>(bits array.Values, bits read.Values)

[<Fact>]
let ``what is written is read back bit for bit`` () =
    withFolder (fun folder ->
        let path = Path.Combine(folder, "new", "all.npz")
        NpzFile.Write(path, ResizeArray arrays)
        use file = new NpzFile(path)
        sameArrays arrays file

        Assert.Equal<string list>(
            [ "all.npz" ],
            [
                for f in Directory.GetFiles(Path.GetDirectoryName path) -> Path.GetFileName f
            ]
        ))

[<Fact>]
let ``the same arrays give the same bytes`` () =
    withFolder (fun folder ->
        let write name =
            let path = Path.Combine(folder, name)
            NpzFile.Write(path, ResizeArray arrays)
            File.ReadAllBytes path

        let first = write "a.npz"
        Threading.Thread.Sleep 20
        Assert.Equal<byte[]>(first, write "b.npz"))

[<Fact>]
let ``NumPy opens what is written`` () =
    withFolder (fun folder ->
        let path = Path.Combine(folder, "all.npz")
        NpzFile.Write(path, ResizeArray arrays)

        let said =
            python
                "import numpy as n, sys
f = n.load(sys.argv[1])
print(f['numbers'].dtype, f['numbers'].shape, f['numbers'][0, 1], f['doubles'][0], f['whole'][1, 0, 0], f['flags'].tolist(), f['scalar'], f['empty'].shape, len(str(f['metadata/algorithm'])), f['texts'].tolist())"
                [ path ]

        Assert.Equal(
            "float32 (3, 2) -2.5 3.141592653589793 9223372036854775807 [True, False, False, True] 7.0 (0, 3) 12 ['a', 'bcd']",
            said
        ))

[<Fact>]
let ``what NumPy writes is read`` () =
    withFolder (fun folder ->
        let path = Path.Combine(folder, "numpy.npz")

        python
            "import numpy as n, sys
x = n.arange(6, dtype='f4').reshape(2, 3)
n.savez_compressed(sys.argv[1], c=x, fortran=n.asfortranarray(x), half=x.astype('f2'), double=x.astype('f8'), byte=x.astype('u1'), short=x.astype('i2'), flag=x > 2, text='SAC', bytes=n.bytes_(b'SAC') if hasattr(n, 'bytes_') else b'SAC')"
            [ path ]
        |> ignore

        use file = new NpzFile(path)

        for name in [ "c"; "fortran"; "half"; "double"; "byte"; "short" ] do
            Assert.Equal<float32[]>([| 0f; 1f; 2f; 3f; 4f; 5f |], (file.Read name).ToFloats())

        Assert.Equal<bool[]>([| false; false; false; true; true; true |], (file.Read "flag").ToFlags())

        Assert.Equal<string list>(
            [ "SAC"; "SAC" ],
            [
                for name in [ "text"; "bytes" ] -> string ((file.Read name).Values.GetValue 0)
            ]
        )

        Assert.Equal<string list>(
            [ "float32"; "uint8"; "bool"; "string" ],
            [
                for name in [ "c"; "byte"; "flag"; "text" ] -> (file.Entries |> Seq.find (fun e -> e.Name = name)).Kind
            ]
        ))

[<Fact>]
let ``arrays of objects are refused with the mend`` () =
    withFolder (fun folder ->
        let path = Path.Combine(folder, "object.npz")

        python
            "import numpy as n, sys
n.savez(sys.argv[1], big=n.zeros(2, dtype='>f4'))"
            [ path ]
        |> ignore

        use file = new NpzFile(path)

        let message =
            throws<InvalidDataException>(fun () -> file.Read "big" |> ignore).Message

        Assert.Contains("'big'", message)
        Assert.Contains(">f4", message)
        Assert.Contains("astype", message))

[<Fact>]
let ``a truncated file and an absent array are named`` () =
    withFolder (fun folder ->
        let path = Path.Combine(folder, "all.npz")
        NpzFile.Write(path, ResizeArray arrays)
        use file = new NpzFile(path)

        Assert.Contains(
            "'nothing': expected one of doubles, ",
            throws<InvalidDataException>(fun () -> file.Read "nothing" |> ignore).Message
        )

        let cut = Path.Combine(folder, "cut.npz")
        File.WriteAllBytes(cut, (File.ReadAllBytes path)[..600])
        Assert.Contains("truncated", throws<InvalidDataException>(fun () -> new NpzFile(cut) |> ignore).Message))

[<Fact>]
let ``a failed write leaves the old file and no other`` () =
    withFolder (fun folder ->
        let path = Path.Combine(folder, "x.txt")
        File.WriteAllText(path, "old")

        throws<InvalidOperationException>(fun () ->
            AtomicFile.Write(
                path,
                fun temporary ->
                    File.WriteAllText(temporary, "half")
                    invalidOp "stop"
            ))
        |> ignore

        Assert.Equal("old", File.ReadAllText path)
        Assert.Equal(1, Directory.GetFiles(folder).Length))
