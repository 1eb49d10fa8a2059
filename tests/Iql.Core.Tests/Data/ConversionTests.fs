module Iql.Core.Tests.ConversionTests

open System
open System.IO
open System.Text.Json
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Data.Inspection
open Iql.Data.Files.Hdf5
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.DatasetFileTests
open Iql.Core.Tests.Hdf5FileTests
open Iql.Core.Tests.NpzFileTests
open Iql.Core.Tests.MinariTests
open Xunit

let convert (source: string) (target: string) form =
    DatasetConversion.Convert(source, target, form)

/// Every array of an HDF5 or .npz file, to the bit.
let contents (path: string) =
    use file: IArrayFile =
        if path.EndsWith ".npz" then
            new NpzFile(path)
        else
            new Hdf5File(path)

    Map.ofList [
        for entry in file.Entries ->
            let data = file.Read entry.Name
            entry.Name, (List.ofSeq data.Shape, data.Values.GetType().Name, List.ofArray (bits data.Values))
    ]

let mainOf folder =
    Path.Combine(folder, "data", "main_data.hdf5")

let same (a: string) (b: string) =
    Assert.Equal<Map<string, _>>(contents a, contents b)

let properties (path: string) =
    use json = JsonDocument.Parse(File.ReadAllBytes path)

    Map.ofList [
        for property in json.RootElement.EnumerateObject() -> property.Name, property.Value.GetRawText()
    ]

[<Fact>]
let ``D4RL, npz and back hold the same arrays, metadata and all`` () =
    withFolder (fun folder ->
        let at name = Path.Combine(folder, name)

        let more = [
            array "infos/qpos" [ 4; 3 ] (Array.init 12 (fun k -> float k / 3.0))
            array "metadata/policy/fc0/weight" [ 2; 2 ] (column 5 2 2)
            array "metadata/iteration" [] [| 300L |]
            ArrayData.Of("metadata/algorithm", "SAC")
        ]

        write (at "a.hdf5") (d4rl more [])
        convert (at "a.hdf5") (at "b.npz") DatasetForm.Npz |> ignore
        same (at "a.hdf5") (at "b.npz")
        convert (at "b.npz") (at "c.hdf5") DatasetForm.D4rl |> ignore
        same (at "a.hdf5") (at "c.hdf5"))

[<Fact>]
let ``Minari, flat and back is the same data set`` () =
    withFolder (fun folder ->
        let at name = Path.Combine(folder, name)
        // An episode without an end in the middle, and one that goes on after a termination.
        let odd = [
            for a in episode 3 5 false true do
                if a.Name = "episode_3/terminations" then
                    array a.Name [ 5 ] [| false; true; true; false; false |]
                else
                    a
        ]

        for name, more in [ "plain", []; "odd", odd @ episode 4 1 true true ] do
            let source = dataset (at name) more

            for form, flat in [ DatasetForm.D4rl, at $"{name}.hdf5"; DatasetForm.Npz, at $"{name}.npz" ] do
                convert source flat form |> ignore
                let back = Path.Combine(at $"{name}-{form}", "open-v3")

                Assert.Contains(
                    "achieved_goal[], desired_goal[1], observation[2]",
                    convert flat back DatasetForm.Minari
                )

                same (mainOf source) (mainOf back)
                use before = new Hdf5File(mainOf source)
                use after = new Hdf5File(mainOf back)

                if more.IsEmpty then
                    for i in 0..2 do
                        for pair in before.Attributes $"episode_{i}" do
                            Assert.Equal<string[]>(
                                bits pair.Value.Values,
                                bits (after.Attributes($"episode_{i}")[pair.Key]).Values
                            )

                    let json folder =
                        properties (Path.Combine(folder, "data", "metadata.json"))

                    Assert.Equal<Map<string, string>>(json source, (json back).Remove "dataset_size")

                Assert.Equal(
                    DatasetFile.Load(source, DatasetMode.Strict).Fingerprint,
                    DatasetFile.Load(flat, DatasetMode.Strict).Fingerprint
                ))

[<Fact>]
let ``options of resets are kept, and refused where they are no text`` () =
    withFolder (fun folder ->
        let at name = Path.Combine(folder, name)

        let source =
            datasetWith
                [
                    0, ArrayData.Of("options", """{"goal": [1, 2]}""")
                    2, ArrayData.Of("options", "ünï")
                ]
                (at "text")
                []

        convert source (at "flat.npz") DatasetForm.Npz |> ignore
        let back = at "back-v3"
        convert (at "flat.npz") back DatasetForm.Minari |> ignore
        use after = new Hdf5File(mainOf back)

        let options i =
            match (after.Attributes $"episode_{i}").TryGetValue "options" with
            | true, value -> Some((value.Values :?> string[])[0])
            | _ -> None

        Assert.Equal<string option list>(
            [ Some """{"goal": [1, 2]}"""; None; Some "ünï" ],
            [ for i in 0..2 -> options i ]
        )

        let odd = datasetWith [ 1, array "options" [ 2 ] [| 1.0; 2.0 |] ] (at "odd") []
        // They are in nobody's way where the data are only read.
        Assert.Equal(9, DatasetFile.Read(odd).Count)

        let refused =
            message (fun () -> convert odd (at "odd.npz") DatasetForm.Npz |> ignore)

        Assert.Contains("got also options", refused)
        Assert.Contains("--drop options", refused)

        DatasetConversion.Convert(odd, at "odd.npz", DatasetForm.Npz, [| "options" |])
        |> ignore)

[<Fact>]
let ``flat, Minari and back is the same file`` () =
    withFolder (fun folder ->
        let mutable number = 0

        forSomeSteps 30 (fun steps ->
            number <- number + 1
            let at name = Path.Combine(folder, $"{number}{name}")
            let t = transitions 3 2 steps
            // Next observations that lead to the next row inside an episode.
            let next = Array.copy (Seq.toArray t.NextObservations)

            for episode in t.Episodes do
                for row in episode.Start .. episode.Last - 1 do
                    Array.blit (Seq.toArray t.Observations) (3 * (row + 1)) next (3 * row) 3

            DatasetFile.Save(
                at ".hdf5",
                t.With(nextObservations = next),
                dict [ "task", "ünï"; "seed", "7" ]
                |> System.Collections.Immutable.ImmutableDictionary.CreateRange
            )

            convert (at ".hdf5") (at "-v0") DatasetForm.Minari |> ignore
            convert (at "-v0") (at "b.hdf5") DatasetForm.D4rl |> ignore
            let own = contents (at ".hdf5")

            let back =
                contents (at "b.hdf5")
                |> Map.filter (fun name _ -> not (name.StartsWith "metadata/minari/"))

            own = back))

[<Fact>]
let ``discrete actions stay choices, and as many as the space has`` () =
    withFolder (fun folder ->
        let at name = Path.Combine(folder, name)
        let source = Path.Combine(folder, "made")

        let episode number = [
            array $"episode_{number}/observations" [ 3; 1 ] [| 0f; 1f; 2f |]
            array $"episode_{number}/actions" [ 2 ] [| 0L; 2L |]
            array $"episode_{number}/rewards" [ 2 ] [| 0f; 1f |]
            array $"episode_{number}/terminations" [ 2 ] [| false; true |]
            array $"episode_{number}/truncations" [ 2 ] [| false; false |]
        ]

        Hdf5Writer.Write(mainOf source, episode 0 @ episode 1)

        let json =
            """{"action_space": "{\"type\": \"Discrete\", \"dtype\": \"int64\", \"start\": 0, \"n\": 5}"}"""

        File.WriteAllText(Path.Combine(source, "data", "metadata.json"), json)
        let raw = DatasetFile.Read source
        Assert.Equal((ActionKind.Discrete, 5, 4), (raw.ActionKind, raw.ActionSize, raw.Count))
        convert source (at "flat.npz") DatasetForm.Npz |> ignore
        convert (at "flat.npz") (at "back") DatasetForm.Minari |> ignore
        same (mainOf source) (mainOf (at "back"))
        Assert.Equal(5, (DatasetFile.Read(at "back")).ActionSize)
        // Without a space of Minari's, one is written.
        DatasetFile.Save(at "own.npz", DatasetFile.Load(source, DatasetMode.Strict))
        convert (at "own.npz") (at "own") DatasetForm.Minari |> ignore
        convert (at "own") (at "again.npz") DatasetForm.Npz |> ignore

        Assert.Equal(
            DatasetFile.Load(at "own.npz", DatasetMode.Strict).Fingerprint,
            DatasetFile.Load(at "again.npz", DatasetMode.Strict).Fingerprint
        )

        Assert.Contains(
            "\\u0022n\\u0022: 5",
            (properties (Path.Combine(at "own", "data", "metadata.json")))["action_space"]
        ))

[<Fact>]
let ``h5py sees Minari's layout`` () =
    withFolder (fun folder ->
        let at name = Path.Combine(folder, name)
        let t = transitions 2 1 (steps 5 [ 4 ] [ 1 ])
        let later = Seq.toArray t.Observations |> Array.skip 2
        let next = Array.append later [| 7f; 8f |]
        DatasetFile.Save(at "x.hdf5", t.With(nextObservations = next))
        convert (at "x.hdf5") (at "x-v0") DatasetForm.Minari |> ignore

        let said =
            python
                "import h5py, json, os, sys
f = h5py.File(os.path.join(sys.argv[1], 'data/main_data.hdf5'))
e = f['episode_1']
m = json.load(open(os.path.join(sys.argv[1], 'data/metadata.json')))
print(sorted(f), sorted(e))
print(e['observations'].shape, e['terminations'][:].tolist(), e['truncations'].dtype)
print(int(e.attrs['id']), int(e.attrs['total_steps']), m['total_episodes'], m['total_steps'], m['data_format'])
print(json.loads(m['observation_space'])['low'], json.loads(m['action_space'])['shape'])"
                [ at "x-v0" ]

        Assert.Equal(
            String.concat "\n" [
                "['episode_0', 'episode_1'] ['actions', 'observations', 'rewards', 'terminations', 'truncations']"
                "(4, 2) [False, False, True] bool"
                "1 3 2 5 hdf5"
                "[-inf, -inf] [1]"
            ],
            said.Replace("\r", "")
        ))

[<Fact>]
let ``what would be lost is refused with the mend, and nothing is written`` () =
    withFolder (fun folder ->
        let at name = Path.Combine(folder, name)

        let refused source target form (drop: string list) cut (expected: string list) =
            let said =
                message (fun () -> DatasetConversion.Convert(source, target, form, ResizeArray drop, cut) |> ignore)

            for part in expected do
                Assert.Contains(part, said)

            Assert.False(File.Exists target || Directory.Exists target)

        let infos = array "infos/qpos" [ 4; 1 ] (column 9 4 1)
        let weights = array "metadata/policy/fc0/weight" [ 2; 2 ] (column 5 2 2)
        write (at "a.hdf5") (d4rl [ infos; weights ] [])

        refused (at "a.hdf5") (at "m") DatasetForm.Minari [] false [
            "infos/qpos, metadata/policy/fc0/weight"
            "--drop infos,metadata/policy"
        ]

        let drop = [ "infos"; "metadata/policy" ]
        refused (at "a.hdf5") (at "m") DatasetForm.Minari drop false [ "'next_observations'"; "--cut" ]

        refused (at "a.hdf5") (at "m.npz") DatasetForm.Npz [ "inos" ] false [
            "drop: expected one of"
            "infos/qpos"
            "got inos"
        ]

        refused (at "a.hdf5") (at "m.npz") DatasetForm.Npz [ "rewards" ] false [
            "without which nothing can be learned"
        ]

        write (at "old.hdf5") (d4rl [] [ "timeouts" ])
        refused (at "old.hdf5") (at "m") DatasetForm.Minari [] true [ "'timeouts'" ]
        write (at "jump.hdf5") (d4rl [ array "next_observations" [ 4; 2 ] (column 3 4 2) ] [])
        refused (at "jump.hdf5") (at "m") DatasetForm.Minari [] false [ "in row 0 what 'observations' holds in row 1" ]

        let empty = dataset (at "empty") (episode 3 0 false false)
        refused empty (at "m.hdf5") DatasetForm.D4rl [] false [ "got also episode_3"; "--drop episode_3" ]

        let minari =
            dataset (at "minari") [ array "episode_1/infos/success" [ 4 ] [| false; false; true; true |] ]

        refused minari (at "m.hdf5") DatasetForm.D4rl [] false [ "infos/success"; "--drop infos" ]
        refused minari (at "m") DatasetForm.Minari [] false [ "Minari data set already" ]

        DatasetConversion.Convert(minari, at "m.hdf5", DatasetForm.D4rl, ResizeArray [ "infos" ])
        |> ignore

        Assert.Contains(
            "expected a new name",
            message (fun () -> convert minari (at "m.hdf5") DatasetForm.D4rl |> ignore)
        )

        Assert.Empty(Directory.GetFileSystemEntries(folder, "*.tmp")))

[<Fact>]
let ``cutting keeps what strict mode keeps`` () =
    withFolder (fun folder ->
        let at name = Path.Combine(folder, name)
        let mutable number = 0

        forSomeSteps 30 (fun steps ->
            number <- number + 1
            let n = steps.Length

            let flat = [
                array "observations" [ n; 2 ] (column 1 n 2)
                array "actions" [ n; 1 ] (column 2 n 1)
                array "rewards" [ n ] (steps |> Array.map _.Reward)
                array "terminals" [ n ] (steps |> Array.map _.Terminal)
                array "timeouts" [ n ] (steps |> Array.map _.Timeout)
            ]

            let path, target = at $"{number}.npz", at $"{number}-v0"
            write path flat
            let strict = DatasetReport.Of(DatasetFile.Read path).Modes[1]

            if strict.Rows = 0 then
                true
            else
                DatasetConversion.Convert(path, target, DatasetForm.Minari, cut = true)
                |> ignore

                let expected, got =
                    DatasetFile.Load(path, DatasetMode.Strict), DatasetFile.Load(target, DatasetMode.Strict)

                Seq.toList expected.Observations = Seq.toList got.Observations
                && Seq.toList expected.Actions = Seq.toList got.Actions
                && Seq.toList expected.Terminals = Seq.toList got.Terminals))

[<Fact>]
let ``the door file becomes Minari's`` () =
    withFolder (fun folder ->
        let target = Path.Combine(folder, "human-v2")
        let door = shared "data/hdf5/door-human-replayed.hdf5"
        use file = new Hdf5File(door)

        let others =
            file.Entries
            |> Seq.map _.Name
            |> Seq.filter (fun name -> name.Contains '/')
            |> Seq.map (fun name -> name.Split('/')[0])
            |> Seq.distinct

        let said =
            DatasetConversion.Convert(door, target, DatasetForm.Minari, ResizeArray others, true)

        Assert.Contains(
            "6,704 steps in 25 episodes, observations of observation[39], actions of 28; left out 25 steps",
            said
        )

        let raw = DatasetFile.Read target
        Assert.Equal((6704, 25), (raw.Count, (DatasetReport.Of raw).Episodes.Length)))

[<Fact>]
let ``choices that Minari numbers from 1 are numbered from 0 here, and from 1 again in Minari's layout`` () =
    withFolder (fun folder ->
        let main = shared "data/faults/reports/minari-start1/data/main_data.hdf5"
        let source = Path.GetDirectoryName(Path.GetDirectoryName main)
        let raw = DatasetFile.Read source
        Assert.Equal((ActionKind.Discrete, 3), (raw.ActionKind, raw.ActionSize))
        let flat, back = Path.Combine(folder, "flat.npz"), Path.Combine(folder, "back")
        convert source flat DatasetForm.Npz |> ignore
        use file = new NpzFile(flat)
        let actions = (file.Read "actions").Values :?> int64[]
        Assert.Equal((0L, 2L), (Array.min actions, Array.max actions))
        convert flat back DatasetForm.Minari |> ignore
        same main (mainOf back)
        Assert.Equal<float32[]>(raw.Actions, DatasetFile.Read(back).Actions))
