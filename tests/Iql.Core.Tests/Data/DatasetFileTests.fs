module Iql.Core.Tests.DatasetFileTests

open System
open System.Collections.Immutable
open System.IO
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Arrays
open Iql.Data.Files.Hdf5
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.NpzFileTests
open Expecto
open Iql.Tests

let endings = [ ".npz"; ".hdf5"; ".h5" ]

let write path (arrays: ArrayData list) =
    if Path.GetExtension(path: string) = ".npz" then
        NpzFile.Write(path, ResizeArray arrays)
    else
        Hdf5Writer.Write(path, ResizeArray arrays)

let array name (shape: int list) (values: Array) = ArrayData(name, (shape |> List.map int64).ToImmutableArray(), values)

/// A file of D4RL's layout, 4 rows, S = 2, A = 1, with some arrays replaced and some left out.
let d4rl (replaced: ArrayData list) (leftOut: string list) =
    let standard = [
        array "observations" [ 4; 2 ] (column 1 4 2)
        array "actions" [ 4; 1 ] (column 2 4 1)
        array "rewards" [ 4 ] [| 1f; 2f; 3f; 4f |]
        array "terminals" [ 4 ] [| false; true; false; false |]
        array "timeouts" [ 4 ] [| false; false; false; true |]
    ]

    let taken = replaced |> List.map _.Name |> set

    (standard |> List.filter (fun a -> not (taken.Contains a.Name || List.contains a.Name leftOut)))
    @ replaced

let inEveryForm (arrays: ArrayData list) (check: string -> unit) =
    withFolder (fun folder ->
        for ending in endings do
            let path = Path.Combine(folder, "door-human-v1" + ending)
            write path arrays
            check path)

let refusal path =
    throws<InvalidDataException>(fun () -> DatasetFile.Load(path, DatasetMode.Strict) |> ignore).Message

[<Tests>]
let tests =
    testList "DatasetFileTests" [
        testCase "saved transitions come back bit for bit" (fun () ->
            withFolder (fun folder ->
                for ending in endings do
                    let path = Path.Combine(folder, "a b ü" + ending)

                    forSomeSteps 40 (fun steps ->
                        let t = transitions 3 2 steps
                        DatasetFile.Save(path, t, dict [ "seed", "7" ] |> ImmutableDictionary.CreateRange)
                        let back = DatasetFile.Load(path, DatasetMode.Strict)

                        back.Fingerprint = t.Fingerprint
                        && back.Name = "a b ü"
                        && DatasetFile.Read(path).Metadata["metadata/seed"] = "7")))

        testCase "the kind is told by the first bytes, not by the name" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.npz")
                write path (d4rl [] [])
                let renamed = Path.Combine(folder, "x.hdf5")
                File.Move(path, renamed)
                Expect.equal (DatasetFile.Load(renamed, DatasetMode.Strict).Count) 3 "count of load"))

        testCase "columns of one, doubles and whole numbers as flags are taken as they are" (fun () ->
            let odd = [
                array "rewards" [ 4; 1 ] [| 1.0; 2.0; 3.0; 4.0 |]
                array "terminals" [ 4; 1 ] [| 0L; 1L; 0L; 0L |]
                array "timeouts" [ 4 ] [| 0f; 0f; 0f; 1f |]
                array "observations" [ 4; 2 ] (column 1 4 2 |> Array.map float)
            ]

            inEveryForm (d4rl odd []) (fun path ->
                let t = DatasetFile.Load(path, DatasetMode.Strict)
                Expect.equal (List.ofSeq t.Rewards) [ 1f; 2f; 3f ] "rewards of t"
                Expect.equal (List.ofSeq t.Terminals) [ false; true; false ] "terminals of t"

                Expect.equal
                    (List.ofSeq t.Observations)
                    (column 1 4 2 |> List.ofArray |> List.truncate 6)
                    "observations of t"))

        testCase "a missing column is named beside what there is" (fun () ->
            inEveryForm (d4rl [] [ "rewards" ]) (fun path ->
                let message = refusal path
                Expect.stringStarts message $"{path}: 'rewards': expected D4RL's layout" "message"
                Expect.stringContains message "got actions, observations, terminals, timeouts" "message"))

        testCase "a column of another shape is named with both shapes" (fun () ->
            inEveryForm (d4rl [ array "actions" [ 3; 1 ] (column 2 3 1) ] []) (fun path ->
                Expect.stringContains (refusal path) "'actions': expected shape [4, A], got [3, 1]" "the refusal")

            inEveryForm (d4rl [ array "observations" [ 8 ] (column 2 8 1) ] []) (fun path ->
                Expect.stringContains (refusal path) "'observations': expected shape [N, S], got [8]" "the refusal")

            inEveryForm (d4rl [ array "rewards" [ 2; 2 ] (column 2 2 2) ] []) (fun path ->
                Expect.stringContains
                    (refusal path)
                    "'rewards': expected shape [4] or [4, 1], got [2, 2]"
                    "the refusal")

            inEveryForm (d4rl [ array "next_observations" [ 4; 3 ] (column 2 4 3) ] []) (fun path ->
                Expect.stringContains
                    (refusal path)
                    "'next_observations': expected shape [4, 2], got [4, 3]"
                    "the refusal")

            inEveryForm (d4rl [ array "timeouts" [ 5 ] (Array.zeroCreate<bool> 5) ] []) (fun path ->
                Expect.stringContains (refusal path) "'timeouts': expected shape [4] or [4, 1], got [5]" "the refusal"))

        testCase "flags that are neither 0 nor 1 and texts for numbers are refused" (fun () ->
            inEveryForm (d4rl [ array "terminals" [ 4 ] [| 0f; 0.5f; 0f; 0f |] ] []) (fun path ->
                Expect.stringContains
                    (refusal path)
                    "'terminals': expected flags (false and true, or 0 and 1), got 0.5"
                    "the refusal")

            inEveryForm (d4rl [ array "rewards" [ 4 ] [| "a"; "b"; "c"; "d" |] ] []) (fun path ->
                Expect.stringContains (refusal path) "'rewards': expected numbers, got texts" "the refusal"))

        testCase "NaN is named with file, column, row" (fun () ->
            inEveryForm (d4rl [ array "rewards" [ 4 ] [| 1f; nanf; 1f; 1f |] ] []) (fun path ->
                let message = refusal path
                Expect.stringStarts message path "message"
                Expect.stringContains message "rewards: expected finite numbers, got NaN in row 1, column 0" "message"))

        testCase "what is no data set is refused by what it looks like" (fun () ->
            withFolder (fun folder ->
                let given (text: string) =
                    let path = Path.Combine(folder, "x.hdf5")
                    File.WriteAllText(path, text)
                    refusal path

                Expect.stringContains
                    (given "<!DOCTYPE html><html>404</html>")
                    "web page"
                    "given '<!DOCTYPE html><html>404</html>'"

                Expect.stringContains
                    (given "version https://git-lfs.github.com/spec/v1\noid sha256:0")
                    "git lfs pull"
                    "given"

                Expect.stringContains (given "") "empty file" "given"
                Expect.stringContains (given "step,reward\n1,2\n") "iql data import" "given 'step,reward 1,2 '"
                Expect.stringContains (given "step\u0001") "another kind" "given bytes"

                Expect.stringContains
                    (throws<FileNotFoundException>(fun () ->
                        DatasetFile.Read(Path.Combine(folder, "none.npz")) |> ignore)
                        .Message)
                    "none there"
                    "message of the refusal"

                Expect.stringContains
                    (throws<FileNotFoundException>(fun () -> DatasetFile.Read folder |> ignore).Message)
                    "got a folder"
                    "message of the refusal"

                let t = transitions 1 1 (steps 3 [] [])

                Expect.stringContains
                    (throws<ArgumentException>(fun () -> DatasetFile.Save(Path.Combine(folder, "x.csv"), t)).Message)
                    "'.csv'"
                    "message of the refusal"))

        testCase "the door and hopper files have h5py's sums" (fun () ->
            for name in [ "door-human-replayed"; "hopper-cs285-expert" ] do
                let path = shared $"data/hdf5/{name}.hdf5"

                let said =
                    python
                        "import h5py, numpy as n, sys
f = h5py.File(sys.argv[1])
print([float(n.asarray(f[k][:], 'f4').astype('f8').sum()) for k in ['observations', 'actions', 'rewards', 'terminals', \
      'timeouts']])"
                        [ path ]

                let raw = DatasetFile.Read path
                let sum (x: float32[]) = x |> Array.sumBy float

                let flags (x: bool[]) = x |> Array.sumBy (fun f -> if f then 1.0 else 0.0)
                // NumPy adds in pairs, so the last bits differ.
                let theirs = said.Trim('[', ']').Split(',') |> Array.map float

                for ours, expected in
                    Seq.zip
                        [
                            sum raw.Observations
                            sum raw.Actions
                            sum raw.Rewards
                            flags raw.Terminals
                            flags raw.Timeouts
                        ]
                        theirs do
                    Expect.floatClose (Accuracy.within (abs expected * 1e-12 + 1e-12)) ours expected "ours")
    ]
