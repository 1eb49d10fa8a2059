/// What a data file says of itself, and what a comparison makes of it beside published figures.
module Iql.Cli.Tests.DataOriginTests

open System.Collections.Immutable
open System.IO
open Expecto
open Iql.Training
open Iql.Scripts
open Iql.Scripts.Tests.Invented
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private origin (policies: string list) (collected: bool) =
    DataOrigin(1_000_000L, "hopper-v4", ImmutableArray.CreateRange policies, "0", collected)

let private collected =
    origin
        [
            for iteration in [ "0000"; "0020"; "0040" ] ->
                $"hopper-trpo-{iteration}: a policy file, sampled actions, noise 0"
        ]
        true

[<Tests>]
let tests =
    testSequenced
    <| testList "DataOriginTests" [
        testCase "an origin names one policy, two, or the first and the last of many" (fun () ->
            let by policies = DataOrigin.words (origin policies true)

            Expect.equal
                (DataOrigin.words collected)
                "collected in hopper-v4 by 3 policies in equal shares, hopper-trpo-0000 to hopper-trpo-0040 (a policy \
                file, sampled actions, noise 0), seed 0"
                "words of collected"

            Expect.equal (by [ "random: U(-1, 1)" ]) "collected in hopper-v4 by random (U(-1, 1)), seed 0" "by"

            Expect.equal
                (by [ "a: sampled actions"; "b: its mean" ])
                "collected in hopper-v4 by 2 policies in equal shares, a (sampled actions), b (its mean), seed 0"
                "by"

            Expect.equal (by []) "collected in hopper-v4 by the task's own recipe, seed 0" "by"
            Expect.equal (DataOrigin.words (origin [] false)) "" "words")

        testCase "an origin is read from a file, packed or not" (fun () ->
            use scratch = new Scratch()
            let file = scratch.Path "mine.npz"
            run $"data collect pointmaze-umaze-v0 --policy random --size 500 -o {file}"
            run $"data pack {file}"

            let origin = (DataOrigin.ofFile file).Value

            Expect.equal
                (origin.Rows, origin.Task, origin.Seed, origin.Collected)
                (500L, "pointmaze-umaze-v0", "0", true)
                "rows of origin, task of origin, seed of origin, collected of origin"

            Expect.sequenceEqual origin.Policies [ "random: U(-1, 1)" ] "policies of origin"
            let packed = (DataOrigin.ofFile (scratch.Path "mine.rows")).Value
            Expect.equal (DataOrigin.words packed) (DataOrigin.words origin) "words of packed"
            Expect.isNone (DataOrigin.ofFile (scratch.Path "none.npz")) "path of scratch 'none.npz'")

        testCase "published figures beside other data say whose they are, and what ours are" (fun () ->
            let hoppers = locomotion "hopper-iql-medium-replay.hdf5"

            let told = locomotionOf "hopper-iql-medium-replay.hdf5" (Some collected)
            let table = ScoreTable.ofResults told
            let text = ScoreTableText.lines table |> String.concat "\n"

            Expect.isMatch
                text
                "hopper-medium-v2 † .*\n  IQL paper, on D4RL's data +66.3 +58.5\n  CORL, on D4RL's data "
                "text"
            // The other row's data are D4RL's; sums are of both.
            Expect.isMatch text "walker2d-medium-v2 .*\n  IQL paper +78.3" "text"
            Expect.isMatch text "sum .*\n  IQL paper, on D4RL's data +144.6" "text"
            let notes = ScoreTableText.notes table |> String.concat "\n"

            Expect.stringContains
                notes
                $"† hopper-medium-v2: the data are 998,000 of 1,000,000 transitions of the file \
          hopper-iql-medium-replay.hdf5 (D4RL's has about 999,906), which is not D4RL's: \
          {DataOrigin.words collected}. The published scores are for D4RL's data."
                "notes"

            for whole in [ ScoreTableText.markdown table; ScoreTableText.latex table ] do
                Expect.stringContains whole "IQL paper, on D4RL's data" "whole"
                Expect.stringContains whole (DataOrigin.words collected) "whole"

            let page = Report.ofTable [] [] [] [] told table
            Expect.stringContains (page.Replace("&#39;", "'")) "IQL paper, on D4RL's data" "page"
            Expect.stringContains page "3 policies in equal shares" "page"
            // Where nobody knows who acted, that is said.
            let untold = ScoreTableText.notes (ScoreTable.ofResults hoppers) |> String.concat "\n"

            Expect.stringContains untold "its policies are unknown" "untold")

        testCase "a file that says it was collected here is not taken for D4RL's by its name" (fun () ->
            let named = locomotion "hopper_medium-v2.hdf5"
            Expect.isNone (ScoreTable.ofResults named).Rows[0].ForeignData "foreign data of row 0 of named"

            let renamed = locomotionOf "hopper_medium-v2.hdf5" (Some collected)

            Expect.isTrue (ScoreTable.ofResults renamed).Rows[0].ForeignData.IsSome "is some of row 0 of renamed")

        testCase "where a table has another version of a task's data, that is said and its figures stay away" (fun () ->
            let table =
                ScoreTable.ofResults (
                    Iql.Scripts.Tests.Invented.results 1 [
                        "antmaze-umaze-v2", "antmaze-umaze-v2.hdf5", [ "iql", [ [ 50.0 ]; [ 60.0 ] ] ]
                    ]
                )

            Expect.equal [ for source in table.Published -> source.Name ] [ "corl" ] "name of source"

            Expect.stringContains
                (ScoreTableText.notes table |> String.concat "\n")
                "IQL paper scores antmaze-umaze-v0 instead. Another version is different data"
                "notes of table")

        testCase "a report says how data came about without the files" (fun () ->
            needsMujoco ()
            use scratch = new Scratch()
            let data = scratch.Path "hopper-iql-random.npz"
            let folder = scratch.Path "out"
            run $"data collect hopper-v4 --policy random --size 2000 -o {data}"

            let output =
                succeeds $"compare --task hopper-medium-v2 --data {data} -a bc --seeds 0 {quick} -o {folder}"

            Expect.stringContains output "  CORL, on D4RL's data" "output"
            Expect.stringContains output "collected in hopper-v4 by random (U(-1, 1)), seed 0" "output"

            let report () =
                run $"report {folder}"
                File.ReadAllText(Path.Combine(folder, "table.md"))

            let first = File.ReadAllText(Path.Combine(folder, "table.md"))
            Expect.equal (report ()) first "report"
            File.Delete data
            Expect.equal (report ()) first "report")
    ]
