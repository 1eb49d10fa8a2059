/// Damaged files of every format are read or refused in one line, soon, and without much memory.
module Iql.Core.Tests.FuzzTests

open System
open System.IO
open System.IO.Compression
open System.Text.Json
open Iql.Data
open Iql.Data.Files
open Iql.Data.Inspection
open Expecto
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.DataReaders
open Iql.Core.Tests.Fuzz
open Iql.Tests

/// Inputs a reader; tools/fuzz.fsx tries 10,000.
let private count = 500

[<Tests>]
let tests =
    testList "FuzzTests" [
        testRows "damaged files are read or refused" [ for reader in readers -> reader.Name ] (fun name ->
            let reader = readers |> List.find (fun reader -> reader.Name = name)

            Fuzz.withFolder (fun folder ->
                let broken = [
                    for number, input in inputs reader 0 count do
                        place folder input

                        match attempt reader folder with
                        | Broken reason -> $"{number}: {reason}"
                        | _ -> ()
                ]

                if not broken.IsEmpty then
                    let some = String.concat "\n" (List.truncate 3 broken)
                    failtest $"{broken.Length} of {count} inputs, such as\n{some}"))

        testRows "sound files are read" [ for reader in readers -> reader.Name ] (fun name ->
            let reader = readers |> List.find (fun reader -> reader.Name = name)

            Fuzz.withFolder (fun folder ->
                for seed in seedsOf reader do
                    place folder seed
                    Expect.equal (attempt reader folder) Accepted "attempt of a sound input"

                for seed in foreignOf reader do
                    place folder seed

                    match attempt reader folder with
                    | Broken reason -> failtest reason
                    | _ -> ()))
    ]

[<Tests>]
let long =
    testList "FuzzTableTests" [
        testCase "the last long run tried 10,000 inputs of every reader, and broke none" (fun () ->
            let lines = Repository.lines "eng/fuzz.txt"

            for reader in readers do
                let row = lines |> Array.filter (fun line -> line.StartsWith(reader.Name + " "))
                let cells = row[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)
                Expect.equal (cells[1], cells[4]) ("10,000", "0") $"inputs and broken ones of {reader.Name}")
    ]

/// The file of ../shared by the reader that it is for, and the name that it has there.
let private seedFiles = [
    for reader, name, files in
        [
            "npz", "data.npz", [ "npz-344.npz" ]
            "npz",
            "data.npz",
            [
                for number in [ 1404; 1477; 1557; 1579; 1612; 1680; 2343; 272; 287; 484; 578; 828 ] do
                    $"npy-{number}.npz"
            ]
            "hdf5",
            "data.hdf5",
            [ "hdf5-1015.bin"; "hdf5-1061.hdf5"; "hdf5-1685.hdf5"; "hdf5-2221.hdf5"; "hdf5-2222.hdf5" ]
            "minari", "main_data.hdf5", [ "minari-1037.hdf5"; "minari-348.bin" ]
            "minari", "metadata.json", [ "minari-1035.json"; "minari-348.json" ]
            "jsonl", "log.jsonl", [ "jsonl-562.jsonl"; "jsonl-1347.jsonl" ]
            "policy", "policy.json", [ for number in [ 95; 105; 140; 142 ] -> $"policy-{number}.json" ]
            "config", "config.json", [ "config-0.json"; "config-5031.json" ]
            "metrics", "metrics.jsonl", [ "sweep-24.jsonl" ]
            "safetensors", "x.safetensors", [ "safetensors-1234.safetensors" ]
        ] do
        for file in files do
            reader, name, file
]

[<Tests>]
let seeds =
    testSequenced
    <| testList "FaultSeedTests" [
        testRows "files that broke readers are read or refused" seedFiles (fun (name, target, file) ->
            let reader = readers |> List.find (fun reader -> reader.Name = name)
            let bytes = File.ReadAllBytes(shared $"data/faults/reader-seeds/{file}")

            withFolder (fun folder ->
                place folder [
                    for other, sound in (seedsOf reader).Head do
                        if other <> target then
                            other, sound
                    target, bytes
                ]

                match attempt reader folder with
                | Broken reason -> failtest reason
                | _ -> ()))

        testRows
            "inputs of the long fuzz that broke readers are read or refused"
            [ "hdf5", 5076; "hdf5", 5872; "parquet", 1 ]
            (fun (name, number) ->
                let reader = readers |> List.find (fun reader -> reader.Name = name)

                withFolder (fun folder ->
                    for _, input in inputs reader number 1 do
                        place folder input

                        match attempt reader folder with
                        | Broken reason -> failtest reason
                        | _ -> ()))

        testRows
            "a configuration with a number out of range is refused by path and name"
            [
                "steps", "-1"
                "batchSize", "0"
                "evaluateEvery", "0"
                "evaluationEpisodes", "-2147483648"
                "logEvery", "-9223372036854775808"
                "checkpointEvery", "0"
                "hyperparameters", "[]"
            ]
            (fun (name, value) ->
                withFolder (fun folder ->
                    let config = readers |> List.find (fun reader -> reader.Name = "config")
                    place folder (seedsOf config).Head
                    let run = Iql.Training.RunFolder folder
                    let json = Nodes.JsonNode.Parse(File.ReadAllText run.ConfigPath).AsObject()
                    json[name] <- Nodes.JsonNode.Parse value
                    json.Remove "sha256" |> ignore
                    Iql.Training.RunJson.Write(run.ConfigPath, json)

                    for read in [ run.ReadConfig >> ignore; run.Read >> ignore ] do
                        let message = throws<InvalidDataException>(fun () -> read ()).Message
                        Expect.stringStarts message $"{run.ConfigPath}: expected" "the refusal"
                        Expect.stringContains message $"{name}: expected" "the refusal"
                        Expect.stringLacks message "\n" "the refusal"))

        testCase "tensors of a checkpoint that share numbers are refused before they are copied" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.safetensors")

                let all = "\"dtype\": \"F32\", \"shape\": [250000], \"data_offsets\": [0, 1000000]"
                let tensors = [ for i in 0..999 -> $"\"t{i}\": {{{all}}}" ]
                let header = Text.Encoding.ASCII.GetBytes("{" + String.Join(",", tensors) + "}")
                let parts = [ BitConverter.GetBytes(int64 header.Length); header; Array.zeroCreate 1_000_000 ]
                File.WriteAllBytes(path, Array.concat parts)
                let before = GC.GetAllocatedBytesForCurrentThread()
                let read () = Iql.Training.SafeTensors.Read path |> ignore
                Expect.stringStarts (throws<InvalidDataException>(read).Message) $"{path}: expected" "the refusal"
                Expect.between 0L 10_000_000L (GC.GetAllocatedBytesForCurrentThread() - before) "bytes taken"))

        testCase "a line of metrics and JSON of a run that are endless are refused" (fun () ->
            let config = readers |> List.find (fun reader -> reader.Name = "config")

            withFolder (fun folder ->
                place folder (seedsOf config).Head
                let run = Iql.Training.RunFolder folder
                File.WriteAllText(run.MetricsPath, String('1', 17_000_000))
                let read () = Iql.Training.MetricsFile.Read run.MetricsPath |> ignore

                Expect.stringContains
                    (throws<InvalidDataException>(read).Message)
                    "(1): expected a line"
                    "the refusal"

                File.WriteAllText(run.ConfigPath, String(' ', 17_000_000))
                let read () = run.ReadConfig() |> ignore

                Expect.stringContains
                    (throws<InvalidDataException>(read).Message)
                    "of at most 16,000,000"
                    "the refusal"))

        testCase "tensors of a policy that share numbers are refused" (fun () ->
            let policy = readers |> List.find (fun reader -> reader.Name = "policy")

            withFolder (fun folder ->
                place folder (seedsOf policy).Head
                let path = Path.Combine(folder, "policy.json")
                let json = Nodes.JsonNode.Parse(File.ReadAllText path)

                let tensors = json["tensors"].AsArray()

                for i in 0..99 do
                    let again = (tensors[0]).DeepClone()
                    again["name"] <- Nodes.JsonValue.Create $"again{i}"
                    tensors.Add again

                File.WriteAllText(path, string json)
                let read () = Iql.Environments.PolicyFile path |> ignore
                let message = throws<InvalidDataException>(read).Message
                Expect.stringStarts message $"{path}: expected tensors of different numbers" "the refusal"))

        testCase "a wrong checksum in an npz file is refused by name" (fun () ->
            let path = shared "data/faults/npz-one-bit-crc-mismatch.npz"
            let failure = throws<InvalidDataException>(fun () -> DatasetFile.Read path |> ignore)
            Expect.stringStarts failure.Message $"{path}: 'observations': expected the checksum" "the refusal")

        testCase "records are listed and left out" (fun () ->
            let path = shared "data/faults/reports/record-infos.npz"
            Expect.equal (DatasetFile.Load(path, DatasetMode.Strict).Count) 392 "rows"
            use file = DatasetFile.Open path
            let infos = file.Entries |> Seq.find (fun entry -> entry.Name = "infos")
            Expect.equal infos.Kind "record" "kind")

        testCase "an npz file that unpacks to much more is refused unless a limit allows it" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "bomb.npz")

                using (ZipFile.Open(path, ZipArchiveMode.Create)) (fun zip ->
                    use stream = zip.CreateEntry("observations.npy", CompressionLevel.Optimal).Open()
                    let shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (75000000, 1), }"
                    stream.Write(ReadOnlySpan [| 0x93uy; 78uy; 85uy; 77uy; 80uy; 89uy; 1uy; 0uy; 118uy; 0uy |])
                    stream.Write(Text.Encoding.ASCII.GetBytes(shape.PadRight 117 + "\n"))

                    for _ in 1..300 do
                        stream.Write(Array.zeroCreate<byte> 1_000_000))

                let open' (limit: Nullable<int64>) = using (DatasetFile.Open(path, limit)) ignore
                let failure = throws<InvalidDataException>(fun () -> open' (Nullable()))
                Expect.stringContains failure.Message "unpacks to 300,000,128" "the refusal"
                Expect.stringContains failure.Message "--unpacked-limit" "the refusal"
                open' (Nullable 400_000_000L)))

        testRows
            "headers of npy that claim too much or nothing are refused"
            [
                "'<f4', 'fortran_order': False, 'shape': (1099511627776, 2), "
                "'<f4', 'fortran_order': False, 'shape': (99999999999999999999, 2), "
                "'<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), "
                "'<f4', 'fortran_order': False, 'shape': (-4, 2), "
                "'<f4', 'fortran_order': False, 'shape': (4, , 2), "
                "'<f', 'fortran_order': False, 'shape': (4, 2), "
                "'<U-1', 'fortran_order': False, 'shape': (4, 2), "
                "'<U0', 'fortran_order': False, 'shape': (1073741824, 2), "
                "'|S2147483647', 'fortran_order': False, 'shape': (4, 2), "
            ]
            (fun header ->
                withFolder (fun folder ->
                    let path = Path.Combine(folder, "x.npz")

                    using (ZipFile.Open(path, ZipArchiveMode.Create)) (fun zip ->
                        use stream = zip.CreateEntry("observations.npy").Open()
                        stream.Write(ReadOnlySpan [| 0x93uy; 78uy; 85uy; 77uy; 80uy; 89uy; 1uy; 0uy; 118uy; 0uy |])
                        stream.Write(Text.Encoding.ASCII.GetBytes(("{'descr': " + header + "}").PadRight 117 + "\n"))
                        stream.Write(Array.zeroCreate<byte> 32))

                    let failure =
                        throws<InvalidDataException>(fun () ->
                            use file = DatasetFile.Open path
                            file.Read "observations" |> ignore)

                    Expect.stringStarts failure.Message $"{path}: 'observations': expected" "the refusal"))
    ]

[<Tests>]
let findings =
    let report name = DatasetReport.Of(DatasetFile.Read(shared $"data/faults/reports/{name}"))

    let says (report: DatasetReport) (word: string) =
        Expect.exists report.Findings (fun finding -> finding.Contains word) $"a finding with {word}"

    let silent (report: DatasetReport) (word: string) =
        Expect.none report.Findings (fun finding -> finding.Contains word) $"findings without {word}"

    testList "FaultFindingTests" [
        testRows
            "missing ends are all found"
            [
                "missing-ends-25.npz", 62
                "missing-ends-50.npz", 32
                "missing-ends-200.npz", 9
                "in-order.npz", 0
            ]
            (fun (name, jumps) ->
                Expect.equal (report name).SuspectedDiscontinuities (Nullable jumps) "suspected discontinuities")

        testCase "shuffled rows are told, rows in order are not" (fun () ->
            says (report "shuffled.npz") "do not seem to follow each other in time"

            for name in [ "in-order.npz"; "missing-ends-25.npz"; "missing-ends-200.npz" ] do
                silent (report name) "do not seem to follow")

        testCase "a wrong number in a few rows is an outlier and no jump" (fun () ->
            let raw = DatasetFile.Read(shared "data/faults/reports/in-order.npz")

            for row in [ 100; 700; 1300 ] do
                raw.Observations[row * raw.ObservationSize + 1] <- 9999f

            let report = DatasetReport.Of raw
            says report "observations[1] has 3 numbers far from all others, such as 9999 (row 100, 700, 1300)"
            Expect.equal report.SuspectedDiscontinuities (Nullable 0) "suspected discontinuities"
            silent (DatasetReport.Of(DatasetFile.Read(shared "data/faults/reports/in-order.npz"))) "far from all")

        testCase "numbers that merge in float32 are told" (fun () ->
            says (report "ts-obs.npz") "400 different numbers become 4 in float32"
            silent (report "in-order.npz") "in float32")

        testCase "episodes keep the lengths that they have in the file" (fun () ->
            let path = shared "data/faults/reports/plain.npz"
            let loaded = DatasetFile.Load(path, DatasetMode.D4rlParity)
            Expect.allEqual [ for episode in loaded.FileEpisodes -> episode.Length ] 50 "lengths in the file"
            Expect.allEqual [ for episode in loaded.Episodes -> episode.Length ] 49 "lengths in training")

        testCase "numbers too large for float32 are named" (fun () ->
            let path = shared "data/faults/reports/overflow64.npz"
            says (report "overflow64.npz") "too large for float32"
            let load () = DatasetFile.Load(path, DatasetMode.Strict) |> ignore
            Expect.stringContains (throws<InvalidDataException>(load).Message) "too large for float32" "the refusal")
    ]
