module Iql.Core.Tests.NpzFileTests

open System
open System.Collections.Immutable
open System.Diagnostics
open System.IO
open Iql.Data
open Iql.Data.Files.Arrays
open Iql.Core.Tests.DataCases
open Expecto

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

            let output, failure = running.StandardOutput.ReadToEndAsync(), running.StandardError.ReadToEndAsync()

            running.WaitForExit()
            Some(running.ExitCode, output.Result.Trim(), failure.Result)
        with :? ComponentModel.Win32Exception ->
            None

    let imports = if program.Contains "h5py" then "import numpy, h5py" else "import numpy"

    let able interpreter =
        match run interpreter imports with
        | Some(0, _, _) -> true
        | _ -> false
    // A version manager's shim may hide the system's Python, which has the packages.
    match List.tryFind able [ "python3"; "/usr/bin/python3" ] with
    | None ->
        skiptest $"No python3 here that can {imports}."
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
    Expect.equal
        [ for e in file.Entries -> e.Name ]
        (written |> List.map _.Name |> List.sortWith (fun a b -> String.CompareOrdinal(a, b)))
        "name of e"

    for array in written do
        let read = file.Read array.Name
        Expect.sequenceEqual read.Shape array.Shape "shape of read"
        Expect.equal (read.Values.GetType()) (array.Values.GetType()) "type of read"
        Expect.equal (bits read.Values) (bits array.Values) "bits"

[<Tests>]
let tests =
    testList "NpzFileTests" [
        testCase "what is written is read back bit for bit" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "new", "all.npz")
                NpzFile.Write(path, ResizeArray arrays)
                use file = new NpzFile(path)
                sameArrays arrays file

                Expect.equal
                    [ for f in Directory.GetFiles(Path.GetDirectoryName path) -> Path.GetFileName f ]
                    [ "all.npz" ]
                    "f"))

        testCase "the same arrays give the same bytes" (fun () ->
            withFolder (fun folder ->
                let write name =
                    let path = Path.Combine(folder, name)
                    NpzFile.Write(path, ResizeArray arrays)
                    File.ReadAllBytes path

                let first = write "a.npz"
                Threading.Thread.Sleep 20
                Expect.equal (write "b.npz") first "write 'b.npz'"))

        testCase "NumPy opens what is written" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "all.npz")
                NpzFile.Write(path, ResizeArray arrays)

                let said =
                    python
                        "import numpy as n, sys
f = n.load(sys.argv[1])
print(f['numbers'].dtype, f['numbers'].shape, f['numbers'][0, 1], f['doubles'][0], f['whole'][1, 0, 0], \
      f['flags'].tolist(), f['scalar'], f['empty'].shape, len(str(f['metadata/algorithm'])), f['texts'].tolist())"
                        [ path ]

                Expect.equal
                    said
                    "float32 (3, 2) -2.5 3.141592653589793 9223372036854775807 [True, False, False, True] 7.0 (0, 3) \
                    12 ['a', 'bcd']"
                    "said"))

        testCase "what NumPy writes is read" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "numpy.npz")

                python
                    "import numpy as n, sys
x = n.arange(6, dtype='f4').reshape(2, 3)
n.savez_compressed(sys.argv[1], c=x, fortran=n.asfortranarray(x), half=x.astype('f2'), double=x.astype('f8'), \
      byte=x.astype('u1'), short=x.astype('i2'), flag=x > 2, text='SAC', bytes=n.bytes_(b'SAC') if hasattr(n, \
      'bytes_') else b'SAC')"
                    [ path ]
                |> ignore

                use file = new NpzFile(path)

                for name in [ "c"; "fortran"; "half"; "double"; "byte"; "short" ] do
                    Expect.equal
                        ((file.Read name).ToFloats())
                        [| 0f; 1f; 2f; 3f; 4f; 5f |]
                        "to floats of read of file of name"

                Expect.equal
                    ((file.Read "flag").ToFlags())
                    [| false; false; false; true; true; true |]
                    "to flags of read of file 'flag'"

                Expect.equal
                    [ for name in [ "text"; "bytes" ] -> string ((file.Read name).Values.GetValue 0) ]
                    [ "SAC"; "SAC" ]
                    "get value of read of file of name"

                Expect.equal
                    [
                        for name in [ "c"; "byte"; "flag"; "text" ] ->
                            (file.Entries |> Seq.find (fun e -> e.Name = name)).Kind
                    ]
                    [ "float32"; "uint8"; "bool"; "string" ]
                    "kind of entries of file"))

        testCase "arrays of objects are refused with the mend" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "object.npz")

                python
                    "import numpy as n, sys
n.savez(sys.argv[1], big=n.zeros(2, dtype='>f4'))"
                    [ path ]
                |> ignore

                use file = new NpzFile(path)

                let message = throws<InvalidDataException>(fun () -> file.Read "big" |> ignore).Message

                Expect.stringContains message "'big'" "message"
                Expect.stringContains message ">f4" "message"
                Expect.stringContains message "astype" "message"))

        testCase "a truncated file and an absent array are named" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "all.npz")
                NpzFile.Write(path, ResizeArray arrays)
                use file = new NpzFile(path)

                Expect.stringContains
                    (throws<InvalidDataException>(fun () -> file.Read "nothing" |> ignore).Message)
                    "'nothing': expected one of doubles, "
                    "message of the refusal"

                let cut = Path.Combine(folder, "cut.npz")
                File.WriteAllBytes(cut, (File.ReadAllBytes path)[..600])

                Expect.stringContains
                    (throws<InvalidDataException>(fun () -> new NpzFile(cut) |> ignore).Message)
                    "truncated"
                    "message of the refusal"))

        testCase "a failed write leaves the old file and no other" (fun () ->
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

                Expect.equal (File.ReadAllText path) "old" "file path"
                Expect.hasLength (Directory.GetFiles(folder)) 1 "files in folder"))
    ]
