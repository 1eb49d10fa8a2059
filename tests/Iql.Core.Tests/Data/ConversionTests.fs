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
open Expecto

let convert (source: string) (target: string) form = DatasetConversion.Convert(source, target, form)

/// Every array of an HDF5 or .npz file, to the bit.
let contents (path: string) =
    use file: IArrayFile = if path.EndsWith ".npz" then new NpzFile(path) else new Hdf5File(path)

    Map.ofList [
        for entry in file.Entries ->
            let data = file.Read entry.Name
            entry.Name, (List.ofSeq data.Shape, data.Values.GetType().Name, List.ofArray (bits data.Values))
    ]

let mainOf folder = Path.Combine(folder, "data", "main_data.hdf5")

let same (a: string) (b: string) = Expect.equal (contents b) (contents a) "contents of b"

let properties (path: string) =
    use json = JsonDocument.Parse(File.ReadAllBytes path)

    Map.ofList [ for property in json.RootElement.EnumerateObject() -> property.Name, property.Value.GetRawText() ]

[<Tests>]
let tests =
    testList "ConversionTests" [
        testCase "D4RL, npz and back hold the same arrays, metadata and all" (fun () ->
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
                same (at "a.hdf5") (at "c.hdf5")))

        testCase "Minari, flat and back is the same data set" (fun () ->
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

                        Expect.stringContains
                            (convert flat back DatasetForm.Minari)
                            "achieved_goal[], desired_goal[1], observation[2]"
                            "convert"

                        same (mainOf source) (mainOf back)
                        use before = new Hdf5File(mainOf source)
                        use after = new Hdf5File(mainOf back)

                        if more.IsEmpty then
                            for i in 0..2 do
                                for pair in before.Attributes $"episode_{i}" do
                                    Expect.equal
                                        (bits (after.Attributes($"episode_{i}")[pair.Key]).Values)
                                        (bits pair.Value.Values)
                                        "bits"

                            let json folder = properties (Path.Combine(folder, "data", "metadata.json"))

                            Expect.equal
                                ((json back).Remove "dataset_size")
                                (json source)
                                "remove 'dataset_size' of json of back"

                        Expect.equal
                            (DatasetFile.Load(flat, DatasetMode.Strict).Fingerprint)
                            (DatasetFile.Load(source, DatasetMode.Strict).Fingerprint)
                            "fingerprint of load"))

        testCase "options of resets are kept, and refused where they are no text" (fun () ->
            withFolder (fun folder ->
                let at name = Path.Combine(folder, name)

                let source =
                    datasetWith
                        [ 0, ArrayData.Of("options", """{"goal": [1, 2]}"""); 2, ArrayData.Of("options", "ünï") ]
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

                Expect.equal
                    [ for i in 0..2 -> options i ]
                    [ Some """{"goal": [1, 2]}"""; None; Some "ünï" ]
                    "options of i"

                let odd = datasetWith [ 1, array "options" [ 2 ] [| 1.0; 2.0 |] ] (at "odd") []
                // They are in nobody's way where the data are only read.
                Expect.equal (DatasetFile.Read(odd).Count) 9 "count of read of odd"

                let refused = message (fun () -> convert odd (at "odd.npz") DatasetForm.Npz |> ignore)

                Expect.stringContains refused "got also options" "refused"
                Expect.stringContains refused "--drop options" "refused"

                DatasetConversion.Convert(odd, at "odd.npz", DatasetForm.Npz, [| "options" |]) |> ignore))

        testCase "flat, Minari and back is the same file" (fun () ->
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
                        contents (at "b.hdf5") |> Map.filter (fun name _ -> not (name.StartsWith "metadata/minari/"))

                    own = back)))

        testCase "discrete actions stay choices, and as many as the space has" (fun () ->
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

                Expect.equal
                    (raw.ActionKind, raw.ActionSize, raw.Count)
                    (ActionKind.Discrete, 5, 4)
                    "action kind of raw, action size of raw, count of raw"

                convert source (at "flat.npz") DatasetForm.Npz |> ignore
                convert (at "flat.npz") (at "back") DatasetForm.Minari |> ignore
                same (mainOf source) (mainOf (at "back"))
                Expect.equal (DatasetFile.Read(at "back")).ActionSize 5 "action size of read"
                // Without a space of Minari's, one is written.
                DatasetFile.Save(at "own.npz", DatasetFile.Load(source, DatasetMode.Strict))
                convert (at "own.npz") (at "own") DatasetForm.Minari |> ignore
                convert (at "own") (at "again.npz") DatasetForm.Npz |> ignore

                Expect.equal
                    (DatasetFile.Load(at "again.npz", DatasetMode.Strict).Fingerprint)
                    (DatasetFile.Load(at "own.npz", DatasetMode.Strict).Fingerprint)
                    "fingerprint of load"

                Expect.stringContains
                    ((properties (Path.Combine(at "own", "data", "metadata.json")))["action_space"])
                    "\\u0022n\\u0022: 5"
                    "properties"))

        testCase "h5py sees Minari's layout" (fun () ->
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

                Expect.equal
                    (said.Replace("\r", ""))
                    (String.concat "\n" [
                        "['episode_0', 'episode_1'] ['actions', 'observations', 'rewards', 'terminations', \
                        'truncations']"
                        "(4, 2) [False, False, True] bool"
                        "1 3 2 5 hdf5"
                        "[-inf, -inf] [1]"
                    ])
                    "said"))

        testCase "what would be lost is refused with the mend, and nothing is written" (fun () ->
            withFolder (fun folder ->
                let at name = Path.Combine(folder, name)

                let refused source target form (drop: string list) cut (expected: string list) =
                    let said =
                        message (fun () ->
                            DatasetConversion.Convert(source, target, form, ResizeArray drop, cut) |> ignore)

                    for part in expected do
                        Expect.stringContains said part "said"

                    Expect.isFalse (File.Exists target || Directory.Exists target) "target exists or target exists"

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

                refused (at "jump.hdf5") (at "m") DatasetForm.Minari [] false [
                    "in row 0 what 'observations' holds in row 1"
                ]

                let empty = dataset (at "empty") (episode 3 0 false false)
                refused empty (at "m.hdf5") DatasetForm.D4rl [] false [ "got also episode_3"; "--drop episode_3" ]

                let minari =
                    dataset (at "minari") [ array "episode_1/infos/success" [ 4 ] [| false; false; true; true |] ]

                refused minari (at "m.hdf5") DatasetForm.D4rl [] false [ "infos/success"; "--drop infos" ]
                refused minari (at "m") DatasetForm.Minari [] false [ "Minari data set already" ]

                DatasetConversion.Convert(minari, at "m.hdf5", DatasetForm.D4rl, ResizeArray [ "infos" ]) |> ignore

                Expect.stringContains
                    (message (fun () -> convert minari (at "m.hdf5") DatasetForm.D4rl |> ignore))
                    "expected a new name"
                    "the message"

                Expect.isEmpty (Directory.GetFileSystemEntries(folder, "*.tmp")) "entries of folder"))

        testCase "cutting keeps what strict mode keeps" (fun () ->
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
                        DatasetConversion.Convert(path, target, DatasetForm.Minari, cut = true) |> ignore

                        let expected, got =
                            DatasetFile.Load(path, DatasetMode.Strict), DatasetFile.Load(target, DatasetMode.Strict)

                        Seq.toList expected.Observations = Seq.toList got.Observations
                        && Seq.toList expected.Actions = Seq.toList got.Actions
                        && Seq.toList expected.Terminals = Seq.toList got.Terminals)))

        testCase "the door file becomes Minari's" (fun () ->
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

                let said = DatasetConversion.Convert(door, target, DatasetForm.Minari, ResizeArray others, true)

                Expect.stringContains
                    said
                    "6,704 steps in 25 episodes, observations of observation[39], actions of 28; left out 25 steps"
                    "said"

                let raw = DatasetFile.Read target

                Expect.equal
                    (raw.Count, (DatasetReport.Of raw).Episodes.Length)
                    (6704, 25)
                    "count of raw, length of episodes of raw"))

        testCase
            "choices that Minari numbers from 1 are numbered from 0 here, and from 1 again in Minari's layout"
            (fun () ->
                withFolder (fun folder ->
                    let main = shared "data/faults/reports/minari-start1/data/main_data.hdf5"
                    let source = Path.GetDirectoryName(Path.GetDirectoryName main)
                    let raw = DatasetFile.Read source

                    Expect.equal
                        (raw.ActionKind, raw.ActionSize)
                        (ActionKind.Discrete, 3)
                        "action kind of raw, action size of raw"

                    let flat, back = Path.Combine(folder, "flat.npz"), Path.Combine(folder, "back")
                    convert source flat DatasetForm.Npz |> ignore
                    use file = new NpzFile(flat)
                    let actions = (file.Read "actions").Values :?> int64[]

                    Expect.equal
                        (Array.min actions, Array.max actions)
                        (0L, 2L)
                        "least of actions, largest of actions"

                    convert flat back DatasetForm.Minari |> ignore
                    same main (mainOf back)
                    Expect.equal (DatasetFile.Read(back).Actions) raw.Actions "actions of read of back"))
    ]
