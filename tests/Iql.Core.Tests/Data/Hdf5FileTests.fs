module Iql.Core.Tests.Hdf5FileTests

open System
open System.IO
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Hdf5
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.NpzFileTests
open Expecto
open Iql.Tests

[<Tests>]
let tests =
    testList "Hdf5FileTests" [
        testCase "what is written is read back bit for bit" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "all.hdf5")
                Hdf5Writer.Write(path, ResizeArray arrays)
                use file = new Hdf5File(path)
                sameArrays arrays file))

        testCase "the same arrays give the same bytes" (fun () ->
            withFolder (fun folder ->
                let write name =
                    let path = Path.Combine(folder, name)
                    Hdf5Writer.Write(path, ResizeArray arrays)
                    File.ReadAllBytes path

                let first = write "a.hdf5"
                Threading.Thread.Sleep 1100
                Expect.equal (write "b.hdf5") first "write 'b.hdf5'"))

        testCase "h5py opens what is written" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "all.hdf5")
                Hdf5Writer.Write(path, ResizeArray arrays)

                let said =
                    python
                        "import h5py, sys
f = h5py.File(sys.argv[1])
f.visititems(lambda name, item: None if isinstance(item, h5py.Group) else item[()] if item.shape == () else item[:])
print(f['numbers'].dtype, f['numbers'].shape, f['numbers'].compression, f['numbers'][0, 1], f['doubles'][0], \
      f['whole'][1, 0, 0], f['flags'].dtype, f['flags'][:].tolist(), f['scalar'][()], f['empty'].shape, \
      len(f['metadata/algorithm'][()].decode()), f['texts'][:].tolist())"
                        [ path ]

                Expect.equal
                    said
                    "float32 (3, 2) gzip -2.5 3.141592653589793 9223372036854775807 bool [True, False, False, True] \
                    7.0 (0, 3) 12 [b'a', b'bcd']"
                    "said"))

        testCase "what h5py writes is read" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "h5py.hdf5")

                python
                    "import h5py, numpy as n, sys
with h5py.File(sys.argv[1], 'w') as f:
    x = n.arange(6).reshape(2, 3)
    for k in ['f2', 'f4', 'f8', 'u1', 'i2', 'i8']: f['a/' + k] = x.astype(k)
    f['flag'] = x > 2
    f['variable'] = 'SAC ✓'
    f['fixed'] = n.string_('SAC')
    f['list'] = n.array(['a', 'bc'], dtype=object).astype(h5py.string_dtype())
    f['nothing'] = h5py.Empty('f4')
    f['record'] = n.zeros(2, dtype=[('x', 'f4')])
    f['loop'] = h5py.SoftLink('/nowhere')
    f['zip'] = h5py.Empty('f4')
    f.create_dataset('packed', data=x.astype('f4'), chunks=(1, 2), compression='gzip', shuffle=True)"
                    [ path ]
                |> ignore

                use file = new Hdf5File(path)

                for name in [ "a/f2"; "a/f4"; "a/f8"; "a/u1"; "a/i2"; "a/i8"; "packed" ] do
                    Expect.equal
                        ((file.Read name).ToFloats())
                        [| 0f; 1f; 2f; 3f; 4f; 5f |]
                        "to floats of read of file of name"

                Expect.equal
                    ((file.Read "flag").ToFlags())
                    [| false; false; false; true; true; true |]
                    "to flags of read of file 'flag'"

                Expect.equal
                    [ for name in [ "variable"; "fixed" ] -> string ((file.Read name).Values.GetValue 0) ]
                    [ "SAC ✓"; "SAC" ]
                    "get value of read of file of name"

                Expect.equal ((file.Read "list").Values :?> string[]) [| "a"; "bc" |] "values of read of file 'list'"
                Expect.equal (file.Read "nothing").Values.Length 0 "length of values of read of file 'nothing'"

                let kind name = (file.Entries |> Seq.find (fun e -> e.Name = name)).Kind

                Expect.equal
                    (List.map kind [ "a/f2"; "a/u1"; "a/i2"; "flag"; "variable"; "record" ])
                    [ "float16"; "uint8"; "int16"; "bool"; "string"; "compound" ]
                    "kind"

                Expect.stringContains
                    (throws<InvalidDataException>(fun () -> file.Read "record" |> ignore).Message)
                    "compound"
                    "message of the refusal"))

        testCase "a truncated file is refused in one line" (fun () ->
            let whole = File.ReadAllBytes(shared "data/hdf5/hopper-cs285-expert.hdf5")

            withFolder (fun folder ->
                for length in [ 9; 100; 2048; whole.Length / 2; whole.Length - 1 ] do
                    let path = Path.Combine(folder, $"{length}.hdf5")
                    File.WriteAllBytes(path, whole[.. length - 1])

                    let message =
                        throws<InvalidDataException>(fun () -> DatasetFile.Load(path, DatasetMode.Strict) |> ignore)
                            .Message

                    Expect.stringContains message $"{length}.hdf5" "message"
                    Expect.stringLacks message "\n" "message"))

        testCase "a file with damaged contents is refused in one line" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.hdf5")
                let random = Random 3

                DatasetFile.Save(
                    path,
                    (transitions 4 2 (steps 5000 [] []))
                        .With(observations = Array.init 20000 (fun _ -> random.NextSingle()))
                )

                let bytes = File.ReadAllBytes path

                for i in bytes.Length / 3 .. bytes.Length / 2 do
                    bytes[i] <- 0xFFuy

                File.WriteAllBytes(path, bytes)

                let message =
                    throws<InvalidDataException>(fun () -> DatasetFile.Load(path, DatasetMode.Strict) |> ignore)
                        .Message

                Expect.stringLacks message "\n" "message"))

        testCase "many threads may read at once" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.hdf5")
                let t = transitions 4 2 (steps 2000 [ 5 ] [ 1000 ])
                DatasetFile.Save(path, t)

                Threading.Tasks.Parallel.For(
                    0,
                    8,
                    fun _ ->
                        Expect.equal
                            (DatasetFile.Load(path, DatasetMode.Strict).Fingerprint)
                            t.Fingerprint
                            "fingerprint of load"
                )
                |> ignore))

        testCase "an open file may be opened, replaced and read by others" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.hdf5")
                DatasetFile.Save(path, transitions 1 1 (steps 30 [] []))
                use first = new Hdf5File(path)
                use again = new Hdf5File(path)
                DatasetFile.Save(path, transitions 1 1 (steps 40 [] []))

                use stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None)

                Expect.equal (first.Read "rewards").Values.Length 30 "length of values of read of first 'rewards'"
                Expect.equal (again.Read "rewards").Values.Length 30 "length of values of read of again 'rewards'"))
    ]
