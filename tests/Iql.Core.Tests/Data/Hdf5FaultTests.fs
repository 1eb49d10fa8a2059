/// Files that damage, malice or other writers make, most of them from ../shared/data/faults.
module Iql.Core.Tests.Hdf5FaultTests

open System
open System.Diagnostics
open System.IO
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Data.Files.Hdf5
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.DatasetFileTests
open Iql.Core.Tests.NpzFileTests
open Expecto
open Iql.Tests

let private fault name = shared $"data/faults/{name}"

/// The message of what is refused, which is one line that names the file.
let private refused (path: string) (action: unit -> unit) =
    let message = throws<InvalidDataException>(action).Message
    Expect.stringStarts message path "message"
    Expect.stringLacks message "\n" "message"
    message

/// Opens a file and reads all that can be read; gives the names listed.
let private readAll path =
    use file = new Hdf5File(path)

    let attempt (action: unit -> unit) =
        try
            action ()
        with :? Iql.FileException as failure ->
            Expect.stringStarts failure.Message path "message of failure"

    attempt (fun () -> file.Attributes "/" |> ignore)

    for entry in file.Entries do
        attempt (fun () -> file.Read entry.Name |> ignore)
        attempt (fun () -> file.Attributes entry.Name |> ignore)

    [ for entry in file.Entries -> entry.Name ]

let private within (seconds: float) (action: unit -> 'a) =
    let clock = Stopwatch.StartNew()
    let result = action ()
    Expect.between 0.0 seconds clock.Elapsed.TotalSeconds "total seconds of clock"
    result

[<Tests>]
let tests =
    testSequenced
    <| testList "Hdf5FaultTests" [
        testRows
            "a damaged file is read or refused in one line, soon"
            [
                "crash.hdf5"
                "hdf5-segfault-1185.hdf5"
                "purehdf-hang-1566.5.hdf5"
                "purehdf-hang-168.5.hdf5"
                "reader-seeds/hdf5-1061.hdf5"
                "reader-seeds/hdf5-1685.hdf5"
                "reader-seeds/hdf5-2221.hdf5"
                "reader-seeds/hdf5-2222.hdf5"
                "reader-seeds/minari-1037.hdf5"
            ]
            (fun (name: string) ->
                let path = fault name

                within 5 (fun () ->
                    try
                        readAll path |> ignore
                    with :? Iql.FileException as failure ->
                        Expect.stringStarts failure.Message path "message of failure"
                        Expect.stringLacks failure.Message "\n" "message of failure"))

        testCase "metadata beyond a bound is refused as a circle" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.hdf5")
                Hdf5Writer.Write(path, [ array "x" [ 1 ] [| 1f |] ])
                use stream = new Hdf5Stream(path)
                stream.Allow 240L

                let again () =
                    stream.Position <- 0L
                    stream.ReadExactly(Span(Array.zeroCreate 8))

                for _ in 1..10 do
                    again ()

                Expect.stringContains (throws<InvalidDataException>(again).Message) "circles" "message of the refusal"))

        testCase "links in circles list every group once" (fun () ->
            let loops = within 5 (fun () -> readAll (fault "loops2.hdf5"))
            Expect.equal loops [ "a"; "ext"; "extbad"; "g/deep/b"; "hard"; "soft" ] "loops"
            let twice = within 5 (fun () -> readAll (fault "hdf5-group-2-links-to-itself.hdf5"))
            Expect.equal (List.distinct twice).Length twice.Length "length of distinct twice"
            Expect.none twice (fun name -> name.StartsWith "g/") "twice")

        testCase "a size that the file cannot hold is refused before memory is taken" (fun () ->
            for name, array in
                [ "hdf5-100M-rows-in-few-KB.hdf5", "observations"; "hdf5-unallocated-2e30.hdf5", "zhuge" ] do
                let path = fault name
                use file = new Hdf5File(path)
                let before = GC.GetTotalAllocatedBytes true
                let message = refused path (fun () -> file.Read array |> ignore)
                Expect.stringContains message $"'{array}'" "message"
                Expect.stringContains message "expected at most" "message"

                Expect.between
                    0L
                    1_000_000L
                    (GC.GetTotalAllocatedBytes true - before)
                    "total allocated bytes of true minus before"

                refused path (fun () -> file.Read(array, 0L, 10) |> ignore) |> ignore)

        testCase "blocks of metadata that claim more than the file are refused before memory is taken" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.hdf5")
                Hdf5Writer.Write(path, [ ArrayData.Of("text", String('x', 100)) ])
                let bytes = File.ReadAllBytes path
                // The size of the first object in the heap of texts.
                let at = bytes.AsSpan().IndexOf "GCOL"B + 16 + 8

                for claimed in [ 5000L; 1_900_000_000L; 1L <<< 40; -1L ] do
                    BitConverter.GetBytes(claimed).CopyTo(bytes, at)
                    File.WriteAllBytes(path, bytes)
                    let before = GC.GetTotalAllocatedBytes true
                    use file = new Hdf5File(path)
                    refused path (fun () -> file.Read "text" |> ignore) |> ignore
                    Expect.between 0L 1_000_000L (GC.GetTotalAllocatedBytes true - before) "bytes taken"))

        testCase "a heap of names that claims more places than the file has is refused" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.hdf5")

                python
                    "import h5py, sys
with h5py.File(sys.argv[1], 'w', libver='latest') as f:
    for i in range(30): f[f'name{i}'] = [0.0]"
                    [ path ]
                |> ignore

                using (new Hdf5File(path)) (fun sound -> Expect.hasLength sound.Entries 30 "entries")
                let bytes = File.ReadAllBytes path
                let heap = bytes.AsSpan().IndexOf "FRHP"B
                "FHIB"B.CopyTo(bytes, bytes.AsSpan().IndexOf "FHDB"B)
                BitConverter.GetBytes(65535us).CopyTo(bytes, heap + 110)
                BitConverter.GetBytes(1000us).CopyTo(bytes, heap + 140)
                File.WriteAllBytes(path, bytes)
                let before = GC.GetTotalAllocatedBytes true
                refused path (fun () -> (new Hdf5File(path)).Dispose()) |> ignore
                Expect.between 0L 10_000_000L (GC.GetTotalAllocatedBytes true - before) "bytes taken"))

        testCase "chunks that claim more than they hold are refused soon" (fun () ->
            withFolder (fun folder ->
                python
                    "import h5py, numpy as n, os, sys, zlib
os.chdir(sys.argv[1])
def chunk(name, rows, per, data):
    with h5py.File(name, 'w') as f:
        d = f.create_dataset('x', (rows,), 'f4', chunks=(per,), compression='gzip')
        d.id.write_direct_chunk((0,), zlib.compress(data))
some = n.random.default_rng(0).random(100000).astype('f4').tobytes()
chunk('unwritten.hdf5', 100000000, 100000, some)
chunk('short.hdf5', 100000000, 100000000, some)
chunk('long.hdf5', 1000, 1000, bytes(200000000))
with h5py.File('honest.hdf5', 'w') as f: f.create_dataset('x', data=n.zeros(10000000, 'f4'), compression='gzip')"
                    [ folder ]
                |> ignore

                let read name =
                    let path = Path.Combine(folder, name)
                    use file = new Hdf5File(path)
                    let before = GC.GetTotalAllocatedBytes true

                    try
                        (file.Read "x").Values.Length, 0L
                    with :? Iql.FileException as failure ->
                        Expect.stringStarts failure.Message $"{path}: 'x': expected" "the refusal"
                        0, GC.GetTotalAllocatedBytes true - before

                for name in [ "unwritten.hdf5"; "short.hdf5"; "long.hdf5" ] do
                    let count, taken = within 2 (fun () -> read name)
                    Expect.equal count 0 $"numbers of {name}"
                    Expect.between 0L 10_000_000L taken $"bytes taken for {name}"

                Expect.equal (fst (read "honest.hdf5")) 10_000_000 "numbers that compress well"))

        testCase "many names in one group are listed without reading all of them for each" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.hdf5")

                python
                    "import h5py, sys
with h5py.File(sys.argv[1], 'w') as f:
    for i in range(5000): f[f'long_name_of_an_array_{i}'] = [0.0]"
                    [ path ]
                |> ignore

                let before = GC.GetTotalAllocatedBytes true
                use file = within 2 (fun () -> new Hdf5File(path))
                Expect.hasLength file.Entries 5000 "entries of file"
                Expect.between 0L 64_000_000L (GC.GetTotalAllocatedBytes true - before) "bytes taken"))

        testCase "what is in other files is listed and refused by name" (fun () ->
            let path = fault "hdf5-external-raw-etc-passwd.hdf5"
            use file = new Hdf5File(path)
            let message = refused path (fun () -> file.Read "zraw" |> ignore)
            Expect.stringContains message "'zraw'" "message"
            Expect.stringContains message "external storage" "message"
            refused path (fun () -> file.Read("zraw", 0L, 5) |> ignore) |> ignore

            withFolder (fun folder ->
                let target = Path.Combine(folder, "x.npz")

                let conversion () = DatasetConversion.Convert(path, target, DatasetForm.Npz) |> ignore

                Expect.stringContains (refused path conversion) "--drop zext,zraw" "the refusal"
                Expect.isFalse (File.Exists target) "target exists"))

        testCase "links to other files, virtual sets, big-endian numbers and user blocks are refused by name" (fun () ->
            withFolder (fun folder ->
                let at name = Path.Combine(folder, name)

                python
                    "import h5py, numpy as n, os, sys
os.chdir(sys.argv[1])
x = n.arange(6.0)
with h5py.File('other.hdf5', 'w') as f: f['deep/t'] = x
with h5py.File('x.hdf5', 'w') as f:
    f['own'] = x
    f['big'] = x.astype('>f4')
    f['whole'] = x.astype('>i2')
    f['there'] = h5py.ExternalLink(os.path.abspath('other.hdf5'), '/deep/t')
    f['group'] = h5py.ExternalLink(os.path.abspath('other.hdf5'), '/deep')
    v = h5py.VirtualLayout((6,), 'f8')
    v[:] = h5py.VirtualSource('other.hdf5', 'deep/t', (6,))
    f.create_virtual_dataset('virtual', v)
    d = f.create_dataset('images', (2,), dtype=h5py.vlen_dtype('u1'))
    d[0] = n.arange(3, dtype='u1')
with h5py.File('block.hdf5', 'w', userblock_size=1024) as f: f['x'] = x"
                    [ folder ]
                |> ignore

                let path = at "x.hdf5"
                use file = new Hdf5File(path)
                Expect.equal ((file.Read "own").Values :?> float[]) [| 0.0 .. 5.0 |] "values of read of file 'own'"
                let kinds = Map.ofList [ for entry in file.Entries -> entry.Name, entry.Kind ]

                for name, kind in
                    [
                        "big", "big-endian float32"
                        "whole", "big-endian int16"
                        "virtual", "virtual data set"
                        "there", "external link"
                        "group", "external link"
                        "images", "list"
                    ] do
                    Expect.equal kinds[name] kind "kinds at name"
                    let message = refused path (fun () -> file.Read name |> ignore)
                    Expect.stringContains message $"'{name}'" "message"
                    Expect.stringContains message kind "message"

                Expect.lacks kinds.Keys "deep/t" "keys of kinds"

                let block = at "block.hdf5"
                let message = refused block (fun () -> DatasetFile.Open(block).Dispose())
                Expect.stringContains message "user block of 1024 bytes" "message"))

        testCase "an enumeration is flags only as FALSE and TRUE, else its integers" (fun () ->
            let raw = DatasetFile.Read(fault "reports/enum-actions.hdf5")

            Expect.equal
                (raw.ActionKind, raw.ActionSize)
                (ActionKind.Discrete, 4)
                "action kind of raw, action size of raw"

            let actions = raw.Entries |> Seq.find (fun entry -> entry.Name = "actions")
            Expect.equal actions.Kind "int8" "kind of actions"
            let terminals = raw.Entries |> Seq.find (fun entry -> entry.Name = "terminals")
            Expect.equal terminals.Kind "bool" "kind of terminals")

        testCase "LZF gives h5py's numbers" (fun () ->
            let path = fault "reports/lzf.hdf5"
            use file = new Hdf5File(path)

            for name in [ "observations"; "actions"; "rewards"; "terminals"; "timeouts" ] do
                let theirs =
                    python
                        "import h5py, sys
print(','.join(repr(float(x)) for x in h5py.File(sys.argv[1])[sys.argv[2]][:].ravel()))"
                        [ path; name ]

                Expect.equal
                    ((file.Read name).ToFloats())
                    (theirs.Split ',' |> Array.map (float >> float32))
                    "to floats of read of file of name")

        testCase "every layout of h5py gives the same numbers, whole and by windows" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.hdf5")

                python
                    "import h5py, numpy as n, sys
x = n.arange(3000, dtype='f4').reshape(1000, 3)
for name, libver in [('earliest', 'earliest'), ('latest', 'latest')]:
    with h5py.File(sys.argv[1] + name, 'w', libver=libver) as f:
        f['contiguous'] = x
        f.create_dataset('odd', data=x, chunks=(7, 2))
        f.create_dataset('gzip', data=x, chunks=(64, 3), compression='gzip', shuffle=True)
        f.create_dataset('lzf', data=x, chunks=(100, 3), compression='lzf', shuffle=True)
        f.create_dataset('noise', data=x, chunks=(100, 1), compression='lzf')
        f.create_dataset('fletcher', data=x, chunks=(999, 3), fletcher32=True)
        f.create_dataset('growing', data=x, chunks=(64, 3), maxshape=(None, 3), compression='gzip')
        f.create_dataset('both', data=x, chunks=(64, 3), maxshape=(None, None))
        f.create_dataset('one', data=x, chunks=(1000, 3), compression='gzip')
        f.create_dataset('scaled', data=x.astype('i4'), chunks=(100, 3), scaleoffset=0)"
                    [ path ]
                |> ignore

                for version in [ "earliest"; "latest" ] do
                    use file = new Hdf5File(path + version)
                    Expect.hasLength file.Entries 10 "entries of file"

                    for entry in file.Entries do
                        Expect.equal
                            ((file.Read entry.Name).ToFloats())
                            (Array.init 3000 float32)
                            "to floats of read of file"

                        for first, count in [ 0, 1; 5, 130; 998, 2; 17, 983; 1000, 0 ] do
                            Expect.equal
                                (file.Read(entry.Name, int64 first, count).ToFloats())
                                (Array.init (3 * count) (fun k -> float32 (3 * first + k)))
                                "to floats of read of file"))

        testCase "two thousand groups are listed in a second" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "own.hdf5")
                let arrays = [ for i in 0..1999 -> array $"episode_{i}/rewards" [ 1 ] [| float32 i |] ]
                Hdf5Writer.Write(path, arrays)
                use file = within 1 (fun () -> new Hdf5File(path))
                Expect.hasLength file.Entries 2000 "entries of file"

                within 1 (fun () ->
                    for i in 0..1999 do
                        file.Attributes $"episode_{i}" |> ignore)

                let theirs = Path.Combine(folder, "theirs.hdf5")

                python
                    "import h5py, sys
with h5py.File(sys.argv[1], 'w', libver='latest', track_order=True) as f:
    for i in range(2000): f[f'episode_{i}/rewards'] = [float(i)]"
                    [ theirs ]
                |> ignore

                use file = within 1 (fun () -> new Hdf5File(theirs))
                Expect.hasLength file.Entries 2000 "entries of file"

                Expect.equal
                    ((file.Read "episode_1999/rewards").Values.GetValue 0 :?> float)
                    1999.0
                    "get value of read of file 'episode_1999/rewards'"))

        testCase "a written file is held against its arrays before it gets its name" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.hdf5")
                let observations = array "observations" [ 2; 2 ] [| 1f; 2f; 3f; nanf |]

                let attribute name (value: Array) = struct ("observations", array name [] value)

                Hdf5Writer.Write(path, [ observations ], [ attribute "n" [| 3L |] ])
                Hdf5Writer.RequireSame(path, [| observations |], [| attribute "n" [| 3L |] |])

                for arrays, attributes in
                    [
                        [| array "observations" [ 2; 2 ] [| 1f; 2f; 4f; nanf |] |], [||]
                        [| array "observations" [ 4 ] [| 1f; 2f; 3f; nanf |] |], [||]
                        [| array "observations" [ 2; 2 ] [| 1.0; 2.0; 3.0; nan |] |], [||]
                        [| array "rewards" [ 1 ] [| 1f |] |], [||]
                        [||], [| attribute "n" [| 4L |] |]
                        [||], [| attribute "m" [| 3L |] |]
                    ] do
                    throws<InvalidDataException>(fun () -> Hdf5Writer.RequireSame(path, arrays, attributes)) |> ignore))

        testCase "texts of any length and blanks, attributes of any kind come back" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.hdf5")
                let long = String('x', 300_000)

                let attributes = [
                    for of' in [ "/"; "g"; "g/x" ] do
                        struct (of', ArrayData.Of("text", " naïve ✓ "))
                        struct (of', array "flag" [] [| true |])
                        struct (of', array "flags" [ 2 ] [| true; false |])
                        struct (of', array "number" [] [| 0.1 |])
                        struct (of', array "numbers" [ 2; 2 ] [| 1f; 2f; 3f; 4f |])
                        struct (of', array "texts" [ 2 ] [| "a"; "" |])
                ]

                let arrays = [
                    array "g/x" [ 1 ] [| 1L |]
                    ArrayData.Of("g/long", long)
                    array "g/texts" [ 2 ] [| " a "; "" |]
                    array "g/none" [ 0 ] Array.empty<string>
                    array "g/flag" [] [| true |]
                ]

                Hdf5Writer.Write(path, arrays, attributes)
                use file = new Hdf5File(path)
                sameArrays arrays file
                Expect.equal (file.Attributes "g/x").Count 6 "count of attributes of file 'g/x'"))
    ]
