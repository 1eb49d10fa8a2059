/// What a data file says of itself, and what a comparison makes of it beside published figures.
[<Xunit.Collection "console">]
module Iql.Cli.Tests.DataOriginTests

open System.Collections.Immutable
open System.IO
open Xunit
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

[<Fact>]
let ``an origin names one policy, two, or the first and the last of many`` () =
    let by policies = DataOrigin.words (origin policies true)

    Assert.Equal(
        "collected in hopper-v4 by 3 policies in equal shares, hopper-trpo-0000 to hopper-trpo-0040 (a policy file, \
         sampled actions, noise 0), seed 0",
        DataOrigin.words collected
    )

    Assert.Equal("collected in hopper-v4 by random (U(-1, 1)), seed 0", by [ "random: U(-1, 1)" ])

    Assert.Equal(
        "collected in hopper-v4 by 2 policies in equal shares, a (sampled actions), b (its mean), seed 0",
        by [ "a: sampled actions"; "b: its mean" ]
    )

    Assert.Equal("collected in hopper-v4 by the task's own recipe, seed 0", by [])
    Assert.Equal("", DataOrigin.words (origin [] false))

[<Fact>]
let ``an origin is read from a file, packed or not`` () =
    use scratch = new Scratch()
    let file = scratch.Path "mine.npz"
    run $"data collect pointmaze-umaze-v0 --policy random --size 500 -o {file}"
    run $"data pack {file}"

    let origin = (DataOrigin.ofFile file).Value

    Assert.Equal((500L, "pointmaze-umaze-v0", "0", true), (origin.Rows, origin.Task, origin.Seed, origin.Collected))

    Assert.Equal<string seq>([ "random: U(-1, 1)" ], origin.Policies)
    let packed = (DataOrigin.ofFile (scratch.Path "mine.rows")).Value
    Assert.Equal(DataOrigin.words origin, DataOrigin.words packed)
    Assert.Equal(None, DataOrigin.ofFile (scratch.Path "none.npz"))

[<Fact>]
let ``published figures beside other data say whose they are, and what ours are`` () =
    let hoppers = locomotion "hopper-iql-medium-replay.hdf5"

    let told = locomotionOf "hopper-iql-medium-replay.hdf5" (Some collected)
    let table = ScoreTable.ofResults told
    let text = ScoreTableText.lines table |> String.concat "\n"
    Assert.Matches("hopper-medium-v2 † .*\n  IQL paper, on D4RL's data +66.3 +58.5\n  CORL, on D4RL's data ", text)
    // The other row's data are D4RL's; sums are of both.
    Assert.Matches("walker2d-medium-v2 .*\n  IQL paper +78.3", text)
    Assert.Matches("sum .*\n  IQL paper, on D4RL's data +144.6", text)
    let notes = ScoreTableText.notes table |> String.concat "\n"

    Assert.Contains(
        $"† hopper-medium-v2: the data are 998,000 of 1,000,000 transitions of the file \
          hopper-iql-medium-replay.hdf5 (D4RL's has about 999,906), which is not D4RL's: \
          {DataOrigin.words collected}. The published scores are for D4RL's data.",
        notes
    )

    for whole in [ ScoreTableText.markdown table; ScoreTableText.latex table ] do
        Assert.Contains("IQL paper, on D4RL's data", whole)
        Assert.Contains(DataOrigin.words collected, whole)

    let page = Report.ofTable [] [] told table
    Assert.Contains("IQL paper, on D4RL's data", page.Replace("&#39;", "'"))
    Assert.Contains("3 policies in equal shares", page)
    // Where nobody knows who acted, that is said.
    let untold =
        ScoreTableText.notes (ScoreTable.ofResults hoppers) |> String.concat "\n"

    Assert.Contains("its policies are unknown", untold)

[<Fact>]
let ``a file that says it was collected here is not taken for D4RL's by its name`` () =
    let named = locomotion "hopper_medium-v2.hdf5"
    Assert.Equal(None, (ScoreTable.ofResults named).Rows[0].ForeignData)

    let renamed = locomotionOf "hopper_medium-v2.hdf5" (Some collected)

    Assert.True (ScoreTable.ofResults renamed).Rows[0].ForeignData.IsSome

[<Fact>]
let ``where a table has another version of a task's data, that is said and its figures stay away`` () =
    let table =
        ScoreTable.ofResults (
            Iql.Scripts.Tests.Invented.results 1 [
                "antmaze-umaze-v2", "antmaze-umaze-v2.hdf5", [ "iql", [ [ 50.0 ]; [ 60.0 ] ] ]
            ]
        )

    Assert.Equal<string list>([ "corl" ], [ for source in table.Published -> source.Name ])

    Assert.Contains(
        "IQL paper scores antmaze-umaze-v0 instead. Another version is different data",
        ScoreTableText.notes table |> String.concat "\n"
    )

[<Fact>]
let ``a report says how data came about without the files`` () =
    needsMujoco ()
    use scratch = new Scratch()
    let data = scratch.Path "hopper-iql-random.npz"
    let folder = scratch.Path "out"
    run $"data collect hopper-v4 --policy random --size 2000 -o {data}"

    let output =
        succeeds $"compare --task hopper-medium-v2 --data {data} -a bc --seeds 0 {quick} -o {folder}"

    Assert.Contains("  CORL, on D4RL's data", output)
    Assert.Contains("collected in hopper-v4 by random (U(-1, 1)), seed 0", output)

    let report () =
        run $"report {folder}"
        File.ReadAllText(Path.Combine(folder, "table.md"))

    let first = File.ReadAllText(Path.Combine(folder, "table.md"))
    Assert.Equal(first, report ())
    File.Delete data
    Assert.Equal(first, report ())
