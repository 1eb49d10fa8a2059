/// Layouts of other toolkits, known by the names of their arrays.
module Iql.Core.Tests.DataLayoutTests

open System
open System.IO
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Data.Inspection
open Iql.Data.Rows
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.DataLayouts
open Iql.Core.Tests.DatasetFileTests
open Expecto
open Iql.Tests

let private findings (path: string) = List.ofSeq (DatasetReport.Of(DatasetFile.Read path).Findings)

let private found (path: string) (text: string) =
    let findings = findings path
    Expect.exists findings (fun finding -> finding.Contains text) $"'{text}' among %A{findings}"

[<Tests>]
let tests =
    testList "DataLayoutTests" [
        for number, (layout, ending, arrays, others) in List.indexed layouts do
            testCase $"{layout}: the steps, and what ends them ({number})" (fun () ->
                withFolder (fun folder ->
                    let path = Path.Combine(folder, "other" + ending)
                    write path arrays
                    use file = DatasetFile.Open path
                    Expect.equal (List.ofSeq file.Others) others "others"
                    let said = (file.Read "metadata/layout").Values |> Seq.cast<string> |> Seq.head
                    Expect.stringStarts said layout "layout"
                    let raw = RawDataset.Read file
                    Expect.equal raw.Observations (each place 0) "observations"
                    Expect.equal raw.Actions (each (fun i t -> place i t / 100f) 0) "actions"
                    Expect.equal raw.Rewards (each place 0) "rewards"
                    Expect.equal raw.Terminals (each terminal 0) "terminals"
                    Expect.equal raw.Timeouts (each (fun i t -> last i t && i > 0) 0) "timeouts"
                    Expect.isEmpty raw.Contradictions "contradictions"

                    if layout <> "d3rlpy" then
                        Expect.equal raw.NextObservations (each (fun i t -> place i (t + 1)) 0) "next observations"))

            testCase $"{layout}: a row file, read in pieces, has the same rows ({number})" (fun () ->
                withFolder (fun folder ->
                    let path = Path.Combine(folder, "other" + ending)
                    write path arrays

                    for piece in [ 1; 2; 4; 100 ] do
                        let rows = Path.Combine(folder, $"{piece}.rows")
                        let mode = DatasetMode.Strict

                        DatasetPacking.Pack(
                            path,
                            rows,
                            mode,
                            Nullable(),
                            null,
                            Threading.CancellationToken.None,
                            piece
                        )
                        |> ignore

                        Expect.equal (RowFile rows).Fingerprint (DatasetFile.Load(path, mode)).Fingerprint $"{piece}"))

        testCase "500 episodes of d3rlpy are 500, and 4,512 flags of both kinds are 4,512 episodes" (fun () ->
            for name, episodes, terminals in [ "pendulum", 500, 0L; "cartpole", 4512, 4511L ] do
                let path = shared $"data/d3rlpy/{name}_random_v1.1.0.h5"
                let report = DatasetReport.Of(DatasetFile.Read path)
                Expect.equal (report.Episodes.Length, report.Terminals) (episodes, terminals) name

            found (shared "data/d3rlpy/cartpole_random_v1.1.0.h5") "4,511 terminals lie inside an episode")

        testCase "RLlib's batches, their flags, and a change of eps_id that no flag has" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "batches.json")

                let write (actions: string) (flags: string) =
                    File.WriteAllLines(
                        path,
                        [
                            $"{{\"type\": \"SampleBatch\", \"obs\": [[0, 0.5], [1, 1.5]], \"actions\": {actions}, "
                            + $"\"rewards\": [0, 1], {flags}: [false, false], \"eps_id\": [7, 8]}}"
                            $"{{\"obs\": [[2, 2.5], [3, 3.5]], \"actions\": {actions}, \"rewards\": [2, 3], "
                            + $"{flags}: [true, false], \"eps_id\": [8, 8]}}"
                        ]
                    )

                    DatasetFile.Read path

                let raw = write "[[0.25], [0.5]]" "\"terminateds\""
                Expect.equal raw.Observations [| 0f; 0.5f; 1f; 1.5f; 2f; 2.5f; 3f; 3.5f |] "observations"
                Expect.equal raw.Actions [| 0.25f; 0.5f; 0.25f; 0.5f |] "actions"
                Expect.equal raw.Terminals [| false; false; true; false |] "terminals"
                Expect.equal raw.Timeouts [| true; false; false; false |] "time-outs"
                Expect.stringContains raw.Contradictions[0] "eps_id stays the same" "a contradiction"
                Expect.equal (write "[0, 3]" "\"dones\"").ActionSize 4 "four choices"

                let refused =
                    Expect.raises<InvalidDataException> (fun () -> write "\"BCJN\"" "\"dones\"" |> ignore) "packed"

                Expect.stringContains refused.Message "compress_columns=[]" "the mend"))

        testCase "imitation's trajectories have all their steps" (fun () ->
            for name, rows, episodes in [ "cartpole", 26964, 57; "pendulum", 11200, 56 ] do
                let data = DatasetFile.Load(shared $"data/npz/imitation_{name}.npz", DatasetMode.Strict)
                Expect.equal (data.Count, data.Episodes.Length) (rows, episodes) name)

        testCase "arrays named by hand become columns, and the others stay" (fun () ->
            withFolder (fun folder ->
                let path, target = Path.Combine(folder, "own.npz"), Path.Combine(folder, "mine.hdf5")

                write path [
                    array "obs" [ 4; 2 ] (column 1 4 2)
                    array "actions" [ 4; 1 ] (column 2 4 1)
                    array "rewards" [ 4 ] (column 3 4 1)
                    array "dones" [ 4 ] [| false; true; false; false |]
                    array "weight" [ 4 ] (column 4 4 1)
                ]

                let refused = Expect.raises<InvalidDataException> (fun () -> DatasetFile.Read path |> ignore) "none"
                Expect.stringContains refused.Message "--columns observations=NAME" "mend"

                let convert names =
                    DatasetConversion.Convert(path, target, DatasetForm.D4rl, columns = readOnlyDict names) |> ignore

                for wrong in [ "observation", "obs"; "observations", "ob" ] do
                    Expect.raises<InvalidDataException> (fun () -> convert [ wrong ]) $"{wrong}" |> ignore

                convert [ "observations", "obs"; "terminals", "dones" ]
                let raw = DatasetFile.Read target
                Expect.equal (raw.Observations, raw.Terminals[1]) (column 1 4 2, true) "columns"
                Expect.exists raw.Entries (fun entry -> entry.Name = "weight") "the other"))

        testCase "what states an end once more is compared" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "twice.npz")
                let flags rows = Array.init 4 (fun row -> flag (List.contains row rows))

                for name, agrees, contradicts in
                    [
                        "masks", [ 0; 2; 3 ], [ 0; 3 ]
                        "discounts", [ 0; 2; 3 ], [ 0; 1; 2; 3 ]
                        "dones_float", [ 1; 3 ], [ 2 ]
                        "valids", [ 0; 2 ], [ 0; 1; 2 ]
                    ] do
                    let data rows =
                        write
                            path
                            (d4rl [
                                array "terminals" [ 4 ] [| false; true; false; false |]
                                array "timeouts" [ 4 ] [| false; false; false; true |]
                                array name [ 4 ] (flags rows)
                            ] [])

                    data agrees
                    Expect.isEmpty (DatasetFile.Read path).Contradictions name
                    data contradicts
                    found path $"'{name}' contradicts terminals"))
    ]
