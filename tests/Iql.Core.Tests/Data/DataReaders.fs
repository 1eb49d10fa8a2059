/// Readers of data sets and logs, and sound inputs for them.
module Iql.Core.Tests.DataReaders

open System
open System.Collections.Generic
open System.IO
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Data.Files.Logs
open Iql.Data.Inspection
open Iql.Data.Rows
open Iql.Core.Tests.Mutations

/// A sound input: the bytes of its files by name, the first of them damaged first.
type Sound = (string * byte[]) list

type Reader = {
    Name: string
    /// Sound inputs, made in an empty folder.
    Seeds: string -> Sound list
    /// Sound or odd inputs of other programs: name in the folder, and file of ../shared/data.
    Foreign: (string * string) list list
    /// Damages of a file beyond those of plain bytes.
    Damage: Damage list
    /// Reads all that is there and uses it. Gives the bytes of the rows so far, once for each reading of the file.
    Read: string -> int64 seq
}

let file (folder: string) (name: string) = Path.Combine(folder, name)

let sound (folder: string) (names: string list) : Sound = [
    for name in names -> name, File.ReadAllBytes(file folder name)
]

/// 12 rows in three episodes, as every format has them.
let private transitions (kind: ActionKind) =
    let n, numbers = 12, (fun scale size -> Array.init (12 * size) (fun i -> float32 i * scale))

    let actions =
        match kind with
        | ActionKind.Discrete -> Array.init (n * 2) (fun i -> float32 ((i + i / 2) % 2))
        | _ -> numbers 0.01f 2

    let at (rows: int list) = Array.init n (fun row -> List.contains row rows)

    Transitions("fuzz", 3, 2, numbers 0.5f 3, actions, numbers 1f 1, at [ 3 ], at [ 7; 11 ], numbers 0.25f 3, kind)

let private metadata = dict [ "task", "pointmaze-umaze"; "seed", "0" ] |> Dictionary

let private saved (ending: string) (folder: string) : Sound list = [
    for kind in [ ActionKind.Continuous; ActionKind.Discrete ] do
        DatasetFile.Save(file folder ("data" + ending), transitions kind, metadata)
        yield sound folder [ "data" + ending ]

    for _, own, arrays, _ in DataLayouts.layouts do
        if (own = ".npz") = (ending = ".npz") then
            DataLayouts.write (file folder ("data" + own)) arrays
            File.Move(file folder ("data" + own), file folder ("data" + ending), true)
            yield sound folder [ "data" + ending ]
]

let private readData (path: string) : int64 seq = seq {
    use file = DatasetFile.Open path

    let bytes =
        file.Entries
        |> Seq.sumBy (fun entry ->
            try
                match (file.Read entry.Name).Values with
                | :? (string[]) as texts -> texts |> Seq.sumBy (fun text -> 2L * int64 text.Length)
                | numbers -> int64 (Buffer.ByteLength numbers)
            with :? FileException ->
                0L)

    bytes
    let raw = RawDataset.Read file
    bytes
    DatasetReport.Of(raw).ToText() |> ignore
    bytes
    DatasetFile.Load(path, DatasetMode.Strict, Nullable 4) |> ignore
    bytes
}

let private schema =
    """{"observations": ["x", "v"], "actions": ["u"], "reward": "r", "terminal": "done", "episode": "run"}"""

/// RLlib's batches are data themselves.
let private rllib (folder: string) : Sound list =
    File.WriteAllLines(
        file folder "data.json",
        [
            """{"type": "SampleBatch", "obs": [[0, 0.5], [1, 1.5]], "actions": [[0.25], [0.5]], "rewards": [0, 1], """
            + """"new_obs": [[1, 1.5], [2, 2.5]], "terminateds": [false, true], "eps_id": [7, 7]}"""
            """{"obs": [[2, 2.5]], "actions": [[0.5]], "rewards": [2], "new_obs": [[3, 3.5]], "dones": [true]}"""
        ]
    )

    [ sound folder [ "data.json" ] ]

let private log (ending: string) (lines: string list) (folder: string) : Sound list =
    File.WriteAllText(file folder "schema.json", schema)
    File.WriteAllLines(file folder ("log" + ending), lines)
    [ sound folder [ "log" + ending; "schema.json" ] ]

/// A table of Parquet in two groups of rows, with a missing number, texts, flags and integers.
let writeParquet (path: string) : unit =
    let fields: Parquet.Schema.Field[] = [|
        Parquet.Schema.DataField<string> "run"
        Parquet.Schema.DataField<Nullable<float>> "x"
        Parquet.Schema.DataField<float32> "u"
        Parquet.Schema.DataField<int64> "r"
        Parquet.Schema.DataField<bool> "done"
    |]

    let table = Parquet.Schema.ParquetSchema fields

    let write = task {
        use stream = File.Create path
        let! writer = Parquet.ParquetWriter.CreateAsync(table, stream)

        for group in 0..1 do
            use rows = writer.CreateRowGroup()
            let x = [| Nullable 1.5; (if group = 0 then Nullable() else Nullable 2.5) |]
            do! rows.WriteAsync(table.DataFields[0], [| "a"; "a" |])
            do! rows.WriteAsync<float>(table.DataFields[1], ReadOnlyMemory<Nullable<float>> x)
            do! rows.WriteAsync<float32>(table.DataFields[2], ReadOnlyMemory [| 0.5f; 0.25f |])
            do! rows.WriteAsync<int64>(table.DataFields[3], ReadOnlyMemory [| 3L; 4L |])
            do! rows.WriteAsync<bool>(table.DataFields[4], ReadOnlyMemory [| false; group = 1 |])

        do! writer.DisposeAsync()
    }

    write.Wait()

let private parquet (folder: string) : Sound list =
    writeParquet (file folder "log.parquet")

    File.WriteAllText(
        file folder "schema.json",
        """{"observations": ["x"], "actions": ["u"], "reward": "r", "terminal": "done", "episode": "run",
            "missing": "cut"}"""
    )

    [ sound folder [ "log.parquet"; "schema.json" ] ]

let private readLog (ending: string) (folder: string) : int64 seq = seq {
    let target = file folder "out.npz"
    File.Delete target
    let schema = LogSchema.Read(file folder "schema.json")
    LogImport.Import(file folder ("log" + ending), schema, target) |> ignore
    FileInfo(target).Length
}

let private readRows (folder: string) : int64 seq = seq {
    let rows = RowFile(file folder "data.rows", false)
    rows.Sample 5 |> ignore
    DatasetReport.Of(RawDataset.Of(rows.Rows(0L, 1000)).Saying rows.Metadata).ToText() |> ignore
    rows.Count * int64 (4 * (2 * rows.ObservationSize + rows.ActionSize + 3))
}

let private minari (folder: string) : Sound list =
    DatasetFile.Save(file folder "flat.hdf5", transitions ActionKind.Discrete, metadata)
    DatasetFile.Save(file folder "whole.hdf5", transitions ActionKind.Continuous)

    [
        for flat in [ "whole.hdf5" ] do
            let target = file folder (Path.GetFileNameWithoutExtension flat)

            DatasetConversion.Convert(file folder flat, target, DatasetForm.Minari, [ "next_observations" ], true)
            |> ignore

            sound (file target "data") [ "main_data.hdf5"; "metadata.json" ]
            sound (file target "data") [ "metadata.json"; "main_data.hdf5" ]
    ]

let private at (name: string) (read: string -> int64 seq) (folder: string) : int64 seq = read (file folder name)

let private hdf5s = [
    "faults/reports/robomimic.hdf5"
    "faults/reports/lzf.hdf5"
    "faults/reports/enum-actions.hdf5"
    "faults/loops2.hdf5"
    "faults/hdf5-group-2-links-to-itself.hdf5"
    "faults/hdf5-external-raw-etc-passwd.hdf5"
    "hdf5/hopper-cs285-expert.hdf5"
    "hdf5/halfcheetah-cs285-expert.hdf5"
    "hdf5/door-human-replayed.hdf5"
    "d3rlpy/cartpole_random_v1.1.0.h5"
    "d3rlpy/pendulum_random_v1.1.0.h5"
]

let private minaris =
    let files (folder: string) = [
        "main_data.hdf5", $"{folder}/data/main_data.hdf5"
        "metadata.json", $"{folder}/data/metadata.json"
    ]

    let small = files "faults/reports/minari-start1"
    [ small; List.rev small; files "minari/D4RL/door/human-v2" ]

let private npzs = [
    for name in [ "plain"; "ogbench"; "record-infos"; "bandit-huge"; "overflow64"; "no-timeouts"; "ts-obs" ] ->
        $"faults/reports/{name}.npz"
    for name in [ "cartpole"; "pendulum" ] -> $"npz/imitation_{name}.npz"
]

let private logs (ending: string) (names: (string * string) list) = [
    for name, schema in names ->
        [ $"log{ending}", $"faults/reports/{name}{ending}"; "schema.json", $"faults/reports/{schema}.json" ]
]

let dataReaders: Reader list = [
    let reader name seeds foreign damage read = {
        Name = name
        Seeds = seeds
        Foreign = foreign
        Damage = damage
        Read = read
    }

    let alone (name: string) = List.map (fun path -> List.singleton (name, path))

    reader "hdf5" (saved ".hdf5") (alone "data.hdf5" hdf5s) [] (at "data.hdf5" readData)
    reader "minari" minari minaris texts (at "main_data.hdf5" readData)
    reader "npz" (saved ".npz") (alone "data.npz" npzs) [] (at "data.npz" readData)
    reader "npy" (saved ".npz") (alone "data.npz" npzs) (List.replicate 9 inZip) (at "data.npz" readData)

    reader
        "csv"
        (log ".csv" [
            "x,v,u,r,done,run"
            "0.5,1,0.1,1,0,a"
            "1.5,2,0.2,0,1,a"
            "\"2.5\",3,-0.3,1e-3,0,\"b \"\"2\"\"\""
            "3,4,0.4,0,0,\"b \"\"2\"\"\""
        ])
        (logs ".csv" [
            "discrete", "schema-discrete"
            "semicolon-decimal", "schema-semi"
            "latin1", "schema-umlaut"
            "spaces", "schema"
            "sepline", "schema"
        ])
        texts
        (readLog ".csv")

    reader
        "jsonl"
        (log ".jsonl" [
            """{"x": 0.5, "v": [1, 2], "u": 0.1, "r": 1, "done": false, "run": "a"}"""
            """{"x": 1.5, "v": [2, 3], "u": 0.2, "r": 0, "done": true, "run": "a"}"""
            """{"x": 2.5, "v": [3, 4], "u": 0.3, "r": 1e-3, "done": 0, "run": "b"}"""
        ])
        (logs ".jsonl" [ "discrete", "schema-discrete"; "rllib", "schema-rllib" ])
        texts
        (readLog ".jsonl")

    reader "parquet" parquet [] [] (readLog ".parquet")
    reader "rllib" rllib (alone "data.json" [ "faults/reports/rllib.jsonl" ]) texts (at "data.json" readData)

    reader
        "rows"
        (fun folder ->
            RowFileWriter.Write(file folder "data.rows", transitions ActionKind.Continuous, metadata)
            [ sound folder [ "data.rows" ] ])
        []
        [ inRows; inRows; inRows; inRows ]
        readRows
]
