module Iql.Core.Tests.MinariTests

open System
open System.IO
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Data.Rows
open Iql.Data.Files.Hdf5
open Iql.Data.Files.Minari
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.DatasetFileTests
open Iql.Core.Tests.Hdf5FileTests
open Iql.Core.Tests.NpzFileTests
open Expecto

/// One episode of goal dictionaries: steps, its last termination and truncation.
let episode number (length: int) (terminated: bool) (truncated: bool) =
    let flags last = Array.init length (fun i -> last && i = length - 1)

    let name part = $"episode_{number}/{part}"

    [
        array
            (name "observations/observation")
            [ length + 1; 2 ]
            (Array.init (2 * (length + 1)) (fun k -> float (1000 * number + k) + 0.1))
        array
            (name "observations/desired_goal")
            [ length + 1; 1 ]
            (Array.init (length + 1) (fun _ -> float number + 0.5))
        array (name "observations/achieved_goal") [ length + 1 ] (Array.init (length + 1) (fun k -> float32 k / 8f))
        array (name "actions") [ length; 2 ] (Array.init (2 * length) (fun k -> float32 k / 100f))
        array (name "rewards") [ length ] (Array.init length (fun k -> float (number + k) / 7.0))
        array (name "terminations") [ length ] (flags terminated)
        array (name "truncations") [ length ] (flags truncated)
    ]

let metadata =
    """{"total_episodes": 3, "total_steps": 9, "data_format": "hdf5",
 "dataset_id": "D4RL/maze/open-v3", "minari_version": "==0.4.3",
 "observation_space": "{\"type\": \"Dict\", \"low\": [-Infinity]}", "action_space": "{}",
 "ref_min_score": -56.512833, "ref_max_score": 2880.5693087298737}"""

/// A Minari data set of three episodes: terminated, truncated, without an end; seeds 7, 8, 9; further attributes of
/// episodes.
let datasetWith (own: (int * ArrayData) list) (folder: string) (more: ArrayData list) =
    let data = Directory.CreateDirectory(Path.Combine(folder, "open-v3", "data")).FullName

    let arrays = episode 0 4 true false @ episode 1 3 false true @ episode 2 2 false false @ more

    let attributes = [
        for i in 0..2 do
            let single name (value: int) = struct ($"episode_{i}", array name [] [| int64 value |])

            single "id" i
            single "total_steps" ([ 4; 3; 2 ].Item i)
            single "seed" (7 + i)

        for i, attribute in own do
            struct ($"episode_{i}", attribute)
    ]

    Hdf5Writer.Write(Path.Combine(data, "main_data.hdf5"), arrays, attributes)
    File.WriteAllText(Path.Combine(data, "metadata.json"), metadata)
    Path.Combine(folder, "open-v3")

let dataset folder more = datasetWith [] folder more

let message (action: unit -> unit) = throws<Exception>(action).Message

[<Tests>]
let tests =
    testList "MinariTests" [
        testCase "a folder in Arrow names the mend" (fun () ->
            withFolder (fun folder ->
                let episode = Directory.CreateDirectory(Path.Combine(folder, "data", "0")).FullName
                File.WriteAllText(Path.Combine(episode, "part-0.arrow"), "ARROW1")
                let said = message (fun () -> DatasetFile.Read folder |> ignore)
                Expect.stringContains said "got one in Arrow or Parquet. Let Minari write it with data_format" "said"))

        testCase "spaces name columns and bound them, also in what is made of the file" (fun () ->
            withFolder (fun folder ->
                let path = dataset folder []

                let box low high = $"""{{"type": "Box", "low": {low}, "high": {high}}}"""

                let observed =
                    """{"type": "Dict", "subspaces": {"observation": """
                    + box "[-Infinity, 0]" "[Infinity, 2.5]"
                    + ""","achieved_goal": """
                    + box "-1" "1"
                    + ""","desired_goal": """
                    + box "[-1]" "[1]"
                    + "}}"

                let spaces =
                    dict [ "action_space", box "[0, -2]" "[100, 2]"; "observation_space", observed ]
                    |> Text.Json.JsonSerializer.Serialize

                File.WriteAllText(Path.Combine(path, "data", "metadata.json"), spaces)
                let flat, rows = Path.Combine(folder, "flat.npz"), Path.Combine(folder, "all.rows")
                DatasetConversion.Convert(path, flat, DatasetForm.Npz) |> ignore
                DatasetPacking.Pack(path, rows, DatasetMode.Strict) |> ignore

                for columns in
                    [ (DatasetFile.Read path).Columns; (DatasetFile.Read flat).Columns; (RowFile rows).Columns ] do
                    Expect.equal
                        [ for c in columns.Observations -> c.Name, c.Least, c.Greatest ]
                        [
                            "achieved_goal", Nullable -1.0, Nullable 1.0
                            "desired_goal", Nullable -1.0, Nullable 1.0
                            "observation[0]", Nullable(), Nullable()
                            "observation[1]", Nullable 0.0, Nullable 2.5
                        ]
                        "observations"

                    Expect.equal
                        [ for c in columns.Actions -> c.Name, c.Least, c.Greatest ]
                        [ "action 0", Nullable 0.0, Nullable 100.0; "action 1", Nullable -2.0, Nullable 2.0 ]
                        "actions"))

        testCase "T + 1 observations become observations and next observations, the final one too" (fun () ->
            withFolder (fun folder ->
                let path = dataset folder []
                let raw = DatasetFile.Read path

                Expect.equal
                    (raw.Name, raw.Count, raw.ObservationSize, raw.ActionSize)
                    ("open-v3", 9, 4, 2)
                    "name of raw, count of raw, observation size of raw, action size of raw"
                // Alphabetical: achieved_goal, desired_goal, observation.
                let row episode step = [|
                    float32 step / 8f
                    float32 episode + 0.5f
                    float32 (1000 * episode + 2 * step) + 0.1f
                    float32 (1000 * episode + 2 * step + 1) + 0.1f
                |]

                let steps = [
                    for e, length in [ 0, 4; 1, 3; 2, 2 ] do
                        for t in 0 .. length - 1 -> e, t
                ]

                Expect.equal raw.Observations (Array.concat [ for e, t in steps -> row e t ]) "observations of raw"

                Expect.equal
                    raw.NextObservations
                    (Array.concat [ for e, t in steps -> row e (t + 1) ])
                    "next observations of raw"

                Expect.equal raw.Rewards [| for e, t in steps -> float32 (float (e + t) / 7.0) |] "rewards of raw"

                Expect.equal
                    [
                        for i in 0..8 do
                            if raw.Terminals[i] then
                                i
                    ]
                    [ 3 ]
                    "3"

                Expect.equal
                    [
                        for i in 0..8 do
                            if raw.Timeouts[i] then
                                i
                    ]
                    [ 6 ]
                    "6"

                Expect.equal
                    raw.Metadata["metadata/minari/ref_min_score"]
                    "-56.512833"
                    "metadata minari ref min score"

                Expect.equal (DatasetFile.Load(path, DatasetMode.Strict).Count) 9 "count of load"

                for named in [ Path.Combine(path, "data"); Path.Combine(path, "data", "main_data.hdf5") ] do
                    Expect.equal (DatasetFile.Read(named).Name) raw.Name "name of read of named"))

        testCase "pieces are the whole" (fun () ->
            withFolder (fun folder ->
                use file = DatasetFile.Open(dataset folder [])

                for name in [ "observations"; "next_observations"; "actions"; "rewards"; "terminals"; "timeouts" ] do
                    let whole = file.Read name
                    let width = whole.Values.Length / 9

                    for first in 0..8 do
                        for count in 0 .. 9 - first do
                            let expected = Array.sub (bits whole.Values) (first * width) (count * width)
                            Expect.equal (bits (file.Read(name, int64 first, count).Values)) expected "bits"))

        testCase "a row file is packed from it" (fun () ->
            withFolder (fun folder ->
                let path, rows = dataset folder [], Path.Combine(folder, "x.rows")
                DatasetPacking.Pack(path, rows, DatasetMode.Strict) |> ignore
                let packed = RowFile rows

                Expect.equal
                    packed.Fingerprint
                    (DatasetFile.Load(path, DatasetMode.Strict).Fingerprint)
                    "fingerprint of packed"

                Expect.equal packed.Name "open-v3" "name of packed"))

        testCase "an episode without an end does not run on into the next" (fun () ->
            withFolder (fun folder ->
                let path = dataset folder (episode 3 2 false true)
                let raw = DatasetFile.Read path

                Expect.equal
                    [
                        for i in 0..10 do
                            if raw.Timeouts[i] then
                                i
                    ]
                    [ 6; 8; 10 ]
                    "[ 6; 8; 10 ]"))

        testCase "blocks are ordered level by level, tuples by number" (fun () ->
            let sorted =
                [ "a-b"; "a/x"; "_index_10"; "_index_2"; "goal/b"; "goal/a" ]
                |> List.sortWith (fun a b -> ObservationBlock.Compare(a, b))

            Expect.equal sorted [ "_index_2"; "_index_10"; "a/x"; "a-b"; "goal/a"; "goal/b" ] "sorted")

        testCase "attributes of an older data set are its metadata" (fun () ->
            withFolder (fun folder ->
                let path = dataset folder []
                File.Delete(Path.Combine(path, "data", "metadata.json"))

                python
                    "import h5py, numpy as n, sys
f = h5py.File(sys.argv[1], 'a')
f.attrs['total_episodes'] = n.int64(3)
f.attrs['dataset_id'] = 'D4RL/pen/human-v2'
f.attrs['ref_min_score'] = 96.262799
f.attrs['odd'] = h5py.Empty('f4')"
                    [ Path.Combine(path, "data", "main_data.hdf5") ]
                |> ignore

                let metadata = DatasetFile.Read(path).Metadata

                Expect.equal
                    metadata["metadata/minari/dataset_id"]
                    "\"D4RL/pen/human-v2\""
                    "metadata minari dataset id"

                Expect.equal metadata["metadata/minari/ref_min_score"] "96.262799" "metadata minari ref min score"
                Expect.equal metadata["metadata/minari/total_episodes"] "3" "metadata minari total episodes"))

        testCase "what is wrong is named with its episode" (fun () ->
            let refused (change: ArrayData list -> ArrayData list) (expected: string list) =
                withFolder (fun folder ->
                    let path = Path.Combine(folder, "main_data.hdf5")
                    Hdf5Writer.Write(path, ResizeArray(change (episode 0 4 true false @ episode 1 3 false true)))
                    let said = message (fun () -> DatasetFile.Read path |> ignore)

                    for part in expected do
                        Expect.stringContains said part "said")

            let replace (other: ArrayData) = List.map (fun (a: ArrayData) -> if a.Name = other.Name then other else a)

            refused (replace (array "episode_1/actions" [ 2; 2 ] (column 1 2 2))) [
                "'episode_1/actions': expected 3 rows"
                "got [2, 2]"
            ]

            refused (replace (array "episode_1/actions" [ 3 ] [| 1L; 2L; 0L |])) [
                "'episode_1/actions': expected float32 [2] a step, got int64 []"
            ]

            refused (replace (array "episode_0/actions" [ 4 ] (column 1 4 1))) [
                "or choices, whole numbers of shape [4], got float32 [4]"
            ]

            refused (replace (array "episode_1/terminations" [ 4 ] (Array.zeroCreate<bool> 4))) [
                "'episode_1/terminations': expected shape [3], got [4]"
            ]

            refused (replace (array "episode_1/observations/achieved_goal" [ 3 ] (column 1 3 1))) [
                "achieved_goal': expected 4 rows (one more than steps)"
            ]

            refused (List.filter (fun a -> a.Name <> "episode_1/rewards")) [
                "'episode_1/rewards': expected Minari's layout"
                "got actions"
            ]

            refused (List.filter (fun a -> a.Name <> "episode_1/observations/desired_goal")) [
                "'episode_1/observations': expected achieved_goal[], desired_goal[1]"
            ])

        testCase "metadata that is no JSON is refused" (fun () ->
            withFolder (fun folder ->
                let path = dataset folder []
                File.WriteAllText(Path.Combine(path, "data", "metadata.json"), "{\"total")

                Expect.stringContains
                    (message (fun () -> DatasetFile.Read path |> ignore))
                    "expected the metadata of a Minari data set"
                    "the message"))
    ]
