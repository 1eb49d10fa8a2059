/// Damaged files of every format, made of sound ones, and what readers may do with them. tools/fuzz.fsx loads this
/// file too: it uses only what is public.
module Iql.Core.Tests.Fuzz

open System
open System.Collections.Generic
open System.Collections.Immutable
open System.Diagnostics
open System.IO
open System.IO.Compression
open System.Text
open System.Text.RegularExpressions
open System.Threading
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Data.Files.Logs
open Iql.Data.Inspection
open Iql.Data.Rows
open Iql.Environments
open Iql.Graph
open Iql.Training

/// A sound input: the bytes of its files by name, the first of them damaged first.
type Sound = (string * byte[]) list

type Reader = {
    Name: string
    /// Sound inputs, made in an empty folder.
    Seeds: string -> Sound list
    /// Damages one file's bytes beyond plain bytes.
    Damage: (Random -> byte[] -> byte[]) list
    /// Bytes that reading may take whatever the file. PureHDF asks for what a damaged field claims, and leaves that
    /// memory untouched: tools/fuzz.fsx measures what is really used.
    Spare: int64
    /// Reads all that is there and uses it. Gives the bytes of the rows.
    Read: string -> int64
}

/// Longest time for one input.
let seconds = 5.0

// Bytes

let private bytesOf (random: Random) (count: int) =
    let bytes = Array.zeroCreate count
    random.NextBytes bytes
    bytes

let private span (random: Random) (length: int) =
    let first = random.Next(length + 1)
    first, random.Next(1 + min 64 (length - first))

let private awkward = [
    [| 0xFFuy; 0xFFuy; 0xFFuy; 0xFFuy |]
    [| 0xFFuy; 0xFFuy; 0xFFuy; 0x7Fuy |]
    [| 0uy; 0uy; 0uy; 0x80uy |]
    [| 0uy; 0uy; 0uy; 0uy; 0uy; 1uy; 0uy; 0uy |]
    BitConverter.GetBytes Double.NaN
    BitConverter.GetBytes Single.NaN
    BitConverter.GetBytes Int64.MinValue
    BitConverter.GetBytes 1e300
    Array.zeroCreate 8
]

/// Bits flipped, bytes cut, put in, moved, repeated, or replaced by awkward numbers.
let private plain: (Random -> byte[] -> byte[]) list = [
    fun random bytes ->
        let copy = Array.copy bytes

        if copy.Length > 0 then
            for _ in 0 .. random.Next 8 do
                let at = random.Next copy.Length
                copy[at] <- copy[at] ^^^ (1uy <<< random.Next 8)

        copy
    fun random bytes -> bytes[.. random.Next(bytes.Length + 1) - 1]
    fun random bytes ->
        let first, count = span random bytes.Length
        Array.append bytes[.. first - 1] bytes[first + count ..]
    fun random bytes ->
        let first, count = span random bytes.Length
        Array.concat [ bytes[.. first - 1]; bytesOf random count; bytes[first..] ]
    fun random bytes ->
        let first, count = span random bytes.Length
        Array.concat [ bytes[.. first + count - 1]; bytes[first .. first + count - 1]; bytes[first + count ..] ]
    fun random bytes ->
        let copy = Array.copy bytes
        let one, count = span random bytes.Length
        let other = random.Next(bytes.Length - count + 1)
        Array.blit bytes one copy other count
        Array.blit bytes other copy one (min count (max 0 (copy.Length - one)))
        copy
    fun random bytes ->
        let copy = Array.copy bytes
        let number = awkward[random.Next awkward.Length]

        if copy.Length >= number.Length then
            Array.blit number 0 copy (random.Next(copy.Length - number.Length + 1)) number.Length

        copy
]

// Texts

let private values = [
    "1e999"
    "-1"
    "1e39"
    "0"
    "1.5"
    "99999999999999999999"
    "-9223372036854775808"
    "2147483648"
    "1099511627776"
    "NaN"
    "null"
    "true"
    "\"x\""
    "\"\""
    "[]"
    "[[1,2],[3]]"
    "{}"
    "\"\\ud800\""
    "\"\\u0000\""
]

let private replaced (random: Random) (pattern: string) (text: string) (by: string -> string) =
    match Regex.Matches(text, pattern) with
    | found when found.Count = 0 -> text
    | found ->
        let one = found[random.Next found.Count]
        text[.. one.Index - 1] + by one.Value + text[one.Index + one.Length ..]

let private textual (damage: Random -> string -> string) (random: Random) (bytes: byte[]) =
    damage random (Encoding.Latin1.GetString bytes) |> Encoding.Latin1.GetBytes

/// Values of another kind or size, names twice, depth, half characters, NUL and byte order marks.
let private texts: (Random -> byte[] -> byte[]) list =
    let number = @"-?\d+(\.\d+)?([eE][-+]?\d+)?"

    [
        fun random text -> replaced random number text (fun _ -> values[random.Next values.Length])
        fun random text -> replaced random "\"[^\"]*\"" text (fun _ -> values[random.Next values.Length])
        fun random text -> replaced random @"\[[^\[\]]*\]" text (fun _ -> values[random.Next values.Length])
        fun random text -> replaced random "\"[^\"]*\"\\s*:" text (fun name -> $"{name}0,{name}")
        fun random text -> replaced random "\"[^\"]*\"\\s*:" text (fun _ -> "\"unknown\":")
        fun random text -> replaced random "\"[^\"]*\"" text (fun _ -> "\"\\ud800\"")
        fun random text -> replaced random number text (fun _ -> String('[', 20_000))
        fun random text -> replaced random "." text (fun letter -> letter + "\u0000")
        fun _ text -> "\u00EF\u00BB\u00BF" + text
        fun random text -> replaced random @"[,:\n""]" text (fun _ -> "")
        fun random text -> replaced random @"[^\n]*\n" text (fun line -> line + line)
    ]
    |> List.map textual

// Containers, put together again so that only the inside is damaged

let private any (random: Random) (damages: (Random -> byte[] -> byte[]) list) =
    damages[random.Next damages.Length] random

/// One array of a zip, damaged in its header or anywhere.
let private inZip (random: Random) (bytes: byte[]) =
    use from = new ZipArchive(new MemoryStream(bytes))
    use into = new MemoryStream()
    let chosen = random.Next(max 1 from.Entries.Count)

    using (new ZipArchive(into, ZipArchiveMode.Create, true)) (fun zip ->
        for i, entry in Seq.indexed from.Entries do
            use stream = entry.Open()
            use content = new MemoryStream()
            stream.CopyTo content
            let content = content.ToArray()

            let content =
                if i <> chosen then
                    content
                elif random.Next 2 = 0 then
                    any random plain content
                else
                    let header = min content.Length 128
                    Array.append (any random texts content[.. header - 1]) content[header..]

            let name = if i = chosen && random.Next 20 = 0 then from.Entries[0].FullName else entry.FullName
            use written = zip.CreateEntry(name).Open()
            written.Write content)

    into.ToArray()

/// The header of a safetensors file, with its length.
let private inHeader (random: Random) (bytes: byte[]) =
    let length = int (BitConverter.ToInt64(bytes, 0))
    let header = any random texts bytes[8 .. 7 + length]
    Array.concat [ BitConverter.GetBytes(int64 header.Length); header; bytes[8 + length ..] ]

/// A field of a row file's first page, or its description, with its length.
let private inRows (random: Random) (bytes: byte[]) =
    let copy = Array.copy bytes

    if random.Next 2 = 0 then
        let number = awkward[random.Next awkward.Length]
        Array.blit number 0 copy (random.Next 48) number.Length
        copy
    else
        let start = bytes.Length - int (BitConverter.ToInt64(bytes, 40))
        let description = any random texts bytes[start..]
        Array.blit (BitConverter.GetBytes(int64 description.Length)) 0 copy 40 8
        Array.append copy[.. start - 1] description

// Readers

let private file (folder: string) (name: string) = Path.Combine(folder, name)

let private sound (folder: string) (names: string list) : Sound = [
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
]

let private readData (path: string) : int64 =
    use file = DatasetFile.Open path

    let bytes =
        file.Entries
        |> Seq.sumBy (fun entry ->
            try
                int64 (file.Read entry.Name).Values.Length * 8L
            with :? Iql.FileException ->
                0L)

    let raw = RawDataset.Read file
    DatasetReport.Of(raw).ToText() |> ignore
    DatasetFile.Load(path, DatasetMode.Strict, Nullable 4) |> ignore
    bytes

let private schema =
    """{"observations": ["x", "v"], "actions": ["u"], "reward": "r", "terminal": "done", "episode": "run"}"""

let private log (ending: string) (lines: string list) (folder: string) : Sound list =
    File.WriteAllText(file folder "schema.json", schema)
    File.WriteAllLines(file folder ("log" + ending), lines)
    [ sound folder [ "log" + ending; "schema.json" ] ]

let private readLog (ending: string) (folder: string) : int64 =
    let target = file folder "out.npz"
    File.Delete target
    let schema = LogSchema.Read(file folder "schema.json")
    LogImport.Import(file folder ("log" + ending), schema, target) |> ignore
    FileInfo(target).Length

let private readRows (folder: string) : int64 =
    let rows = RowFile(file folder "data.rows", false)
    rows.Sample 5 |> ignore
    DatasetReport.Of(RawDataset.Of(rows.Rows(0L, 1000)).Saying rows.Metadata).ToText() |> ignore
    rows.Count * int64 (4 * (2 * rows.ObservationSize + rows.ActionSize + 3))

let private policy (folder: string) : Sound list =
    let write (text: string) =
        File.WriteAllText(file folder "policy.json", text)
        let numbers = [| for i in 0..39 -> BitConverter.GetBytes(float32 i * 0.01f) |]
        File.WriteAllBytes(file folder "policy.f32", Array.concat numbers)
        sound folder [ "policy.json"; "policy.f32" ]

    let tensor (name: string) (shape: string) (offset: int) =
        $"""{{"name": "{name}", "shape": [{shape}], "offset": {offset}}}"""

    let one = [
        tensor "Wmu" "2, 3" 0
        tensor "bmu" "2" 6
        tensor "obs_mean" "3" 8
        tensor "obs_std" "3" 11
        tensor "logstd" "2" 14
    ]

    let two = [
        tensor "W0" "4, 3" 0
        tensor "b0" "4" 12
        tensor "Wmu" "2, 4" 16
        tensor "bmu" "2" 24
        tensor "Wlogstd" "2, 4" 26
        tensor "blogstd" "2" 34
    ]

    [
        for activation, output, tensors in
            [ "tanh", "gaussian_clipped_to_unit_box", one; "relu", "tanh_squashed_gaussian", two ] do
            let tensors = String.Join(",\n", tensors)

            write
                $"""{{"name": "p", "hidden_activation": "{activation}", "output": "{output}", "obs_clip": 10.0,
"logstd_clip": [-20, 2], "time_feature": false, "tensors": [{tensors}]}}"""
    ]

let private readPolicy (folder: string) : int64 =
    let policy = PolicyFile(file folder "policy.json")
    let observation = Array.init policy.ObservationSize float32
    let noise = Array.create policy.ActionSize 0.5f
    policy.Act(ReadOnlySpan observation, Span(Array.zeroCreate<float32> policy.ActionSize), ReadOnlySpan noise)

    FileInfo(file folder "policy.f32").Length

let private tensors (folder: string) : Sound list =
    let tensor (name: string) (extents: int list) =
        let shape = Shape.Of extents
        NamedTensor(name, shape, ReadOnlyMemory(Array.init shape.Count float32))

    SafeTensors.Write(
        file folder "x.safetensors",
        [ struct ("format", "iql-checkpoint-1"); struct ("step", "10"); struct ("seed", "0") ],
        [ tensor "shared/a" [ 2; 3 ]; tensor "member/b" [ 4 ]; tensor "member/c" [] ]
    )

    [ sound folder [ "x.safetensors" ] ]

let private readTensors (folder: string) : int64 =
    let file = SafeTensors.Read(file folder "x.safetensors")

    for tensor in file.Tensors do
        file.Find(tensor.Name, tensor.Shape) |> ignore

    file.Tensors |> Seq.sumBy (fun tensor -> 4L * int64 tensor.Values.Length)

let private config =
    RunConfig(
        Algorithm = "iql",
        Task = "pointmaze-umaze",
        Dataset = DatasetInfo("data", "data.hdf5", 12L, 3L, "0123"),
        Steps = 10L,
        Hyperparameters = ImplicitQLearningConfig().ToJson()
    )

let private metrics = OrderedDictionary<string, float>()
metrics.Add("valueLoss", 0.5)
metrics.Add("policyLoss", -0.25)

/// A run's folder; the file that is damaged comes first.
let private run (first: string) (folder: string) : Sound list =
    let run = RunFolder folder
    RunJson.Write(run.ConfigPath, config)

    using (new MetricsFile(run.MetricsPath)) (fun lines ->
        lines.Append(TrainLine(metrics, 10.0, Step = 5L, Seconds = 0.5))

        lines.Append(
            EvaluationLine(
                Step = 10L,
                Seconds = 1.0,
                ReturnMean = 1.5,
                ReturnStd = 0.5,
                ScoreMean = 50.0,
                Returns = [| 1.0; 2.0 |].ToImmutableArray(),
                Lengths = [| 3; 4 |].ToImmutableArray(),
                Successes = [| 0; 1 |].ToImmutableArray(),
                SuccessRate = 0.5
            )
        )

        lines.Append(
            WeightsLine(
                [| 0.0; 1.0; 2.0 |].ToImmutableArray(),
                [| 3; 4 |].ToImmutableArray(),
                Step = 10L,
                Seconds = 1.0
            )
        ))

    RunJson.Write(
        run.ResultPath,
        RunResult(
            Status = RunStatus.Finished,
            Steps = 10L,
            Seconds = 1.0,
            StepsPerSecond = 10.0,
            Score = 50.0,
            Scores = [| 50.0 |].ToImmutableArray(),
            Return = 1.5,
            Metrics = metrics
        )
    )

    let names = [ "config.json"; "metrics.jsonl"; "result.json" ]
    [ sound folder (first :: List.except [ first ] names) ]

let private readRun (folder: string) : int64 =
    let run = RunFolder(folder).Read()
    run.Config.Steps |> ignore
    run.ToString() |> ignore

    for evaluation in run.Evaluations do
        evaluation.Returns.Length + evaluation.Lengths.Length + evaluation.Successes.Length |> ignore

    for weights in run.Weights do
        weights.Counts.Length + weights.Edges.Length |> ignore

    if not (isNull run.Result) then
        RunJson.Leaves run.Result |> Seq.length |> ignore

    0L

let private sweep (folder: string) : Sound list =
    SweepPlan(
        Name = "sweep",
        Command = "iql ablate",
        Axes = [| SweepAxis("expectile", [| "0.7"; "0.9" |].ToImmutableArray()) |].ToImmutableArray(),
        Runs =
            [|
                for value in [ "0.7"; "0.9" ] do
                    let labels = OrderedDictionary<string, string>()
                    labels.Add("expectile", value)
                    PlannedRun("expectile=" + value, labels)
            |]
                .ToImmutableArray()
    )
        .Write
        folder

    [ sound folder [ "sweep.json" ] ]

let private readSweep (folder: string) : int64 =
    let plan = SweepPlan.Read folder
    plan.Begun folder |> ignore
    plan.Axes |> Seq.sumBy (fun axis -> axis.Values.Length) |> ignore
    plan.Runs |> Seq.sumBy (fun run -> run.Labels.Count) |> ignore
    0L

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

let private at (name: string) (read: string -> int64) (folder: string) : int64 = read (file folder name)

let readers: Reader list = [
    let reader name seeds damage read = {
        Name = name
        Seeds = seeds
        Damage = damage
        Spare = 64_000_000L
        Read = read
    }

    reader "hdf5" (saved ".hdf5") [] (at "data.hdf5" readData)
    reader "minari" minari texts (at "main_data.hdf5" readData)
    reader "npz" (saved ".npz") [] (at "data.npz" readData)

    reader
        "npy"
        (saved ".npz")
        [ inZip; inZip; inZip; inZip; inZip; inZip; inZip; inZip; inZip ]
        (at "data.npz" readData)

    reader
        "csv"
        (log ".csv" [
            "x,v,u,r,done,run"
            "0.5,1,0.1,1,0,a"
            "1.5,2,0.2,0,1,a"
            "\"2.5\",3,-0.3,1e-3,0,\"b \"\"2\"\"\""
            "3,4,0.4,0,0,\"b \"\"2\"\"\""
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
        texts
        (readLog ".jsonl")

    reader
        "rows"
        (fun folder ->
            RowFileWriter.Write(file folder "data.rows", transitions ActionKind.Continuous, metadata)
            [ sound folder [ "data.rows" ] ])
        [ inRows; inRows; inRows; inRows ]
        readRows

    reader "safetensors" tensors [ inHeader; inHeader; inHeader; inHeader ] readTensors
    reader "policy" policy texts readPolicy
    reader "config" (run "config.json") texts readRun
    reader "result" (run "result.json") texts readRun
    reader "metrics" (run "metrics.jsonl") texts readRun
    reader "sweep" sweep texts readSweep
]

/// What a reader did with an input.
type Outcome =
    | Accepted
    | Refused of string
    /// An exception of another kind, too slow, or too much memory.
    | Broken of string

/// Reads a folder on a thread of its own, with bounds on time and memory.
let attempt (reader: Reader) (folder: string) : Outcome =
    let size = Directory.GetFiles folder |> Seq.sumBy (fun path -> FileInfo(path).Length)
    let mutable outcome = Broken "no answer within 5 seconds"

    let work () =
        let before = GC.GetAllocatedBytesForCurrentThread()

        let found, rows =
            try
                let rows = reader.Read folder
                Accepted, rows
            with
            | :? Iql.FileException as failure when
                failure.Message.StartsWith folder && not (failure.Message.Contains '\n')
                ->
                Refused failure.Message, 0L
            | :? IOException as failure when not (failure :? EndOfStreamException || failure :? Iql.FileException) ->
                Refused failure.Message, 0L
            | failure -> Broken $"{failure}", 0L

        let taken = GC.GetAllocatedBytesForCurrentThread() - before

        outcome <-
            match found with
            | Accepted
            | Refused _ when taken > reader.Spare + 4L * max size rows -> Broken $"{taken} bytes for a file of {size}"
            | other -> other

    let thread = Thread(work, 1 <<< 20, IsBackground = true)
    thread.Start()

    if thread.Join(TimeSpan.FromSeconds seconds) then
        outcome
    else
        Broken "no answer within 5 seconds"

/// The sound inputs of a reader.
let seedsOf (reader: Reader) : Sound list =
    let folder = Directory.CreateTempSubdirectory "iql-fuzz-"

    try
        reader.Seeds folder.FullName
    finally
        folder.Delete true

/// The damaged inputs of a reader: number, and the files. The same ones every time.
let inputs (reader: Reader) (first: int) (count: int) : (int * Sound) seq = seq {
    let seeds = seedsOf reader

    for number in first .. first + count - 1 do
        let random = Random(number)
        let seed = seeds[random.Next seeds.Length]
        let damages = plain @ reader.Damage
        let chosen = if random.Next 8 = 0 then random.Next seed.Length else 0

        let damaged = [
            for i, (name, bytes) in List.indexed seed do
                name,
                if i <> chosen then
                    bytes
                else
                    (bytes, [ 0 .. random.Next 2 ])
                    ||> List.fold (fun bytes turn ->
                        // Containers are taken apart only while they are whole.
                        (if turn = 0 && reader.Damage.Length > 0 then damages else plain)
                        |> fun all -> any random all bytes)
        ]

        number, damaged
}

/// Writes an input's files into a folder, which holds nothing else then.
let place (folder: string) (input: Sound) : unit =
    for path in Directory.GetFiles folder do
        File.Delete path

    for name, bytes in input do
        File.WriteAllBytes(file folder name, bytes)
