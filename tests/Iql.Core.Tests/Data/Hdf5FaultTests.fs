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
open Xunit

let private fault name = shared $"data/faults/{name}"

/// The message of what is refused, which is one line that names the file.
let private refused (path: string) (action: unit -> unit) =
    let message = throws<InvalidDataException>(action).Message
    Assert.StartsWith(path, message)
    Assert.DoesNotContain("\n", message)
    message

/// Opens a file and reads all that can be read; gives the names listed.
let private readAll path =
    use file = new Hdf5File(path)

    let attempt (action: unit -> unit) =
        try
            action ()
        with :? InvalidDataException as failure ->
            Assert.StartsWith(path, failure.Message)

    attempt (fun () -> file.Attributes "/" |> ignore)

    for entry in file.Entries do
        attempt (fun () -> file.Read entry.Name |> ignore)
        attempt (fun () -> file.Attributes entry.Name |> ignore)

    [ for entry in file.Entries -> entry.Name ]

let private within (seconds: float) (action: unit -> 'a) =
    let clock = Stopwatch.StartNew()
    let result = action ()
    Assert.InRange(clock.Elapsed.TotalSeconds, 0.0, seconds)
    result

[<Theory>]
[<InlineData "crash.hdf5">]
[<InlineData "hdf5-segfault-1185.hdf5">]
[<InlineData "purehdf-hang-1566.5.hdf5">]
[<InlineData "purehdf-hang-168.5.hdf5">]
[<InlineData "reader-seeds/hdf5-1061.hdf5">]
[<InlineData "reader-seeds/hdf5-1685.hdf5">]
[<InlineData "reader-seeds/hdf5-2221.hdf5">]
[<InlineData "reader-seeds/hdf5-2222.hdf5">]
[<InlineData "reader-seeds/minari-1037.hdf5">]
let ``a damaged file is read or refused in one line, soon`` (name: string) =
    let path = fault name

    within 5 (fun () ->
        try
            readAll path |> ignore
        with :? InvalidDataException as failure ->
            Assert.StartsWith(path, failure.Message)
            Assert.DoesNotContain("\n", failure.Message))

[<Fact>]
let ``metadata beyond a bound is refused as a circle`` () =
    withFolder (fun folder ->
        let path = Path.Combine(folder, "x.hdf5")
        Hdf5Writer.Write(path, [ array "x" [ 1 ] [| 1f |] ])
        use stream = new Hdf5Stream(path)
        stream.Allow 160L

        let again () =
            stream.Position <- 0L
            stream.ReadExactly(Span(Array.zeroCreate 8))

        for _ in 1..10 do
            again ()

        Assert.Contains("circles", throws<InvalidDataException>(again).Message))

[<Fact>]
let ``links in circles list every group once`` () =
    let loops = within 5 (fun () -> readAll (fault "loops2.hdf5"))
    Assert.Equal<string list>([ "a"; "g/deep/b"; "hard"; "soft" ], loops)
    let twice = within 5 (fun () -> readAll (fault "hdf5-group-2-links-to-itself.hdf5"))
    Assert.Equal(twice.Length, (List.distinct twice).Length)
    Assert.DoesNotContain(twice, fun name -> name.StartsWith "g/")

[<Fact>]
let ``a size that the file cannot hold is refused before memory is taken`` () =
    for name, array in
        [
            "hdf5-100M-rows-in-few-KB.hdf5", "observations"
            "hdf5-unallocated-2e30.hdf5", "zhuge"
        ] do
        let path = fault name
        use file = new Hdf5File(path)
        let before = GC.GetTotalAllocatedBytes true
        let message = refused path (fun () -> file.Read array |> ignore)
        Assert.Contains($"'{array}'", message)
        Assert.Contains("expected at most", message)
        Assert.InRange(GC.GetTotalAllocatedBytes true - before, 0L, 1_000_000L)
        refused path (fun () -> file.Read(array, 0L, 10) |> ignore) |> ignore

[<Fact>]
let ``what is in other files is listed and refused by name`` () =
    let path = fault "hdf5-external-raw-etc-passwd.hdf5"
    use file = new Hdf5File(path)
    let message = refused path (fun () -> file.Read "zraw" |> ignore)
    Assert.Contains("'zraw'", message)
    Assert.Contains("external storage", message)
    refused path (fun () -> file.Read("zraw", 0L, 5) |> ignore) |> ignore

    withFolder (fun folder ->
        let target = Path.Combine(folder, "x.npz")

        let conversion () =
            DatasetConversion.Convert(path, target, DatasetForm.Npz) |> ignore

        Assert.Contains("--drop zraw", refused path conversion)
        Assert.False(File.Exists target))

[<Fact>]
let ``links to other files, virtual sets, big-endian numbers and user blocks are refused by name`` () =
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
        Assert.Equal<float[]>([| 0.0 .. 5.0 |], (file.Read "own").Values :?> float[])
        let kinds = Map.ofList [ for entry in file.Entries -> entry.Name, entry.Kind ]

        for name, kind in
            [
                "big", "big-endian float32"
                "whole", "big-endian int16"
                "virtual", "virtual data set"
                "t", "external link"
                "images", "list"
            ] do
            Assert.Equal(kind, kinds[name])
            let message = refused path (fun () -> file.Read name |> ignore)
            Assert.Contains($"'{name}'", message)
            Assert.Contains(kind, message)

        Assert.DoesNotContain("deep/t", kinds.Keys)

        let block = at "block.hdf5"
        let message = refused block (fun () -> DatasetFile.Open(block).Dispose())
        Assert.Contains("user block of 1024 bytes", message))

[<Fact>]
let ``an enumeration is flags only as FALSE and TRUE, else its integers`` () =
    let raw = DatasetFile.Read(fault "reports/enum-actions.hdf5")
    Assert.Equal((ActionKind.Discrete, 4), (raw.ActionKind, raw.ActionSize))
    let actions = raw.Entries |> Seq.find (fun entry -> entry.Name = "actions")
    Assert.Equal("int8", actions.Kind)
    let terminals = raw.Entries |> Seq.find (fun entry -> entry.Name = "terminals")
    Assert.Equal("bool", terminals.Kind)

[<Fact>]
let ``LZF gives h5py's numbers`` () =
    let path = fault "reports/lzf.hdf5"
    use file = new Hdf5File(path)

    for name in [ "observations"; "actions"; "rewards"; "terminals"; "timeouts" ] do
        let theirs =
            python
                "import h5py, sys
print(','.join(repr(float(x)) for x in h5py.File(sys.argv[1])[sys.argv[2]][:].ravel()))"
                [ path; name ]

        Assert.Equal<float32[]>(theirs.Split ',' |> Array.map (float >> float32), (file.Read name).ToFloats())

[<Fact>]
let ``every layout of h5py gives the same numbers, whole and by windows`` () =
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
            Assert.Equal(10, file.Entries.Length)

            for entry in file.Entries do
                Assert.Equal<float32[]>(Array.init 3000 float32, (file.Read entry.Name).ToFloats())

                for first, count in [ 0, 1; 5, 130; 998, 2; 17, 983; 1000, 0 ] do
                    Assert.Equal<float32[]>(
                        Array.init (3 * count) (fun k -> float32 (3 * first + k)),
                        file.Read(entry.Name, int64 first, count).ToFloats()
                    ))

[<Fact>]
let ``two thousand groups are listed in a second`` () =
    withFolder (fun folder ->
        let path = Path.Combine(folder, "own.hdf5")
        let arrays = [ for i in 0..1999 -> array $"episode_{i}/rewards" [ 1 ] [| float32 i |] ]
        Hdf5Writer.Write(path, arrays)
        use file = within 1 (fun () -> new Hdf5File(path))
        Assert.Equal(2000, file.Entries.Length)

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
        Assert.Equal(2000, file.Entries.Length)
        Assert.Equal(1999.0, (file.Read "episode_1999/rewards").Values.GetValue 0 :?> float))

[<Fact>]
let ``a written file is held against its arrays before it gets its name`` () =
    withFolder (fun folder ->
        let path = Path.Combine(folder, "x.hdf5")
        let observations = array "observations" [ 2; 2 ] [| 1f; 2f; 3f; nanf |]

        let attribute name (value: Array) =
            struct ("observations", array name [] value)

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
            throws<InvalidDataException>(fun () -> Hdf5Writer.RequireSame(path, arrays, attributes))
            |> ignore)

[<Fact>]
let ``texts of any length and blanks, attributes of any kind come back`` () =
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
        Assert.Equal(6, (file.Attributes "g/x").Count))
