/// Data of one's own, in their units: a valve from 0 to 100 %, a heater from 0 to 3000 W, a switch nobody touches.
module Iql.Cli.Tests.OwnDataTests

open System
open System.Collections.Immutable
open System.IO
open Expecto
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Scripts
open Iql.Tests
open Iql.Training
open Iql.Cli.Tests.CommandTests
open Iql.Cli.Tests.Trainings

let private rows = 400

/// Level and temperature, which the valve and the heater bring to 50.
let private plant =
    let seed = Seed.Named "plant"
    let share row i = seed.Unit(uint64 (2 * row + i))

    let seen = [|
        for row in 0 .. rows - 1 -> [| float32 (100.0 * share row 0); float32 (50.0 + 9.0 * share row 1) |]
    |]

    let set = [|
        for row in 0 .. rows - 1 do
            let fixedEnds =
                if row = 0 then 0.0, 0.0
                elif row = 1 then 1.0, 1.0
                else share row 0, share row 1

            [| float32 (100.0 * fst fixedEnds); float32 (3000.0 * snd fixedEnds); 7f |]
    |]

    let flags test = Array.init rows test

    Transitions(
        "plant",
        2,
        3,
        Array.concat seen,
        Array.concat set,
        [| for row in seen -> -abs(row[0] - 50f) / 50f |],
        flags (fun _ -> false),
        flags (fun row -> row % 50 = 49),
        Array.concat (Array.append (Array.tail seen) [| seen[0] |])
    )

let private named heater =
    let column name unit (least, greatest) = DataColumn(name, unit, Option.toNullable least, Option.toNullable greatest)

    plant.Naming(
        DataColumns(
            ImmutableArray.Create(DataColumn "level", DataColumn("temperature", "°C")),
            ImmutableArray.Create(
                column "valve" "%" (Some 0.0, Some 100.0),
                column "heater" "W" heater,
                column "switch" null (Some 7.0, Some 7.0)
            )
        )
    )

let private loaded (data: Transitions) (trial: Trial) =
    let trial = { trial with Data = DataSource.Memory(data, None) }

    TrainingData.load trial.Data
    |> Result.bind (fun data -> TrainingData.forTrial data trial)
    |> Result.map (fun data -> data, TrainingData.remarks data trial)

let private seen data trial = loaded data trial |> Attempt.get

let private refusal data trial =
    match loaded data trial with
    | Error why -> why
    | Ok _ -> "no refusal"

let private scaledBy rule = { Trial.standard with ActionScaling = Some rule }

/// The rule of a source's data, and whether observations are standardised.
let private treated (source: DataSource) =
    let data = TrainingData.load source |> Attempt.get
    data.Normalization.ActionScaling, data.Normalization.ChangesObservations

/// The valve's and the heater's data as the file of a name.
let private saved (scratch: Scratch) (name: string) =
    let path = scratch.Path name
    DatasetFile.Save(path, plant)
    path

let private configs (folder: string) = [
    for run in Directory.GetDirectories(Path.Combine(folder, "runs")) |> Array.sort -> RunFolder(run).ReadConfig()
]

[<Tests>]
let tests =
    testSequenced
    <| testList "OwnDataTests" [
        testCase "actions in units of their own train to a policy loss of order one" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"
            let code, _, error = iql $"""train --data {saved scratch "plant.npz"} {quick} -o {folder}"""
            Expect.equal code 0 error

            Expect.stringContains
                error
                "of the action numbers are outside [-1, 1], so actions are scaled by minmax: action 0 from 0 to 100, \
                 action 1 from 0 to 3000, action 2 always 7. --action-scaling none leaves them"
                "note"

            Expect.stringContains error "an action that never changes in the data never changes in a policy" "note"
            Expect.stringContains error "observations are standardised; --raw-observations leaves them" "note"
            let run = Directory.GetDirectories(Path.Combine(folder, "runs")) |> Array.exactlyOne |> RunFolder
            Expect.isLessThan (abs (run.ReadResult().Metrics["policyLoss"])) 100.0 "policy loss"
            let stored = run.ReadConfig().Normalization
            Expect.sequenceEqual stored.ActionLow [ 0f; 0f; 7f ] "low"
            Expect.sequenceEqual stored.ActionHigh [ 100f; 3000f; 7f ] "high"
            Expect.isTrue stored.ChangesObservations "observations")

        testCase "names and units stand in the config, the report, its pictures and `data inspect`" (fun () ->
            use scratch = new Scratch()
            let folder, path = scratch.Path "out", scratch.Path "plant.npz"
            let data = named (Some 0.0, Some 3000.0)
            DatasetFile.Save(path, data)
            run $"train --data {path} {quick} -o {folder}"
            Expect.equal (configs folder).Head.Dataset.Columns data.Columns "columns"
            let page = File.ReadAllText(Path.Combine(folder, "report.html"))

            for words in
                [
                    "valve [%] from 0 to 100, heater [W] from 0 to 3000, switch always 7"
                    "level, temperature [&#176;C]"
                    "\"x\":[\"valve [%]\"]"
                    "\"x\":[\"heater [W]\"]"
                ] do
                Expect.stringContains page words "page"

            let inspected = succeeds $"data inspect {path}"
            Expect.stringContains inspected "temperature [°C]" "inspected"
            Expect.stringContains inspected "Constant: switch." "inspected"
            Expect.stringLacks inspected "actions[0]" "inspected")

        testCase "bounds that the source states are taken, and what lies outside is said" (fun () ->
            let data, remarks = seen (named (Some 0.0, Some 1500.0)) Trial.standard
            Expect.equal data.Normalization.ActionScaling ActionScaling.Bounds "rule"
            Expect.sequenceEqual data.Normalization.ActionHigh [ 100f; 1500f; 7f ] "high"
            let said = String.concat "\n" remarks

            for words in
                [
                    "scaled by bounds: valve [%] from 0 to 100, heater [W] from 0 to 1500, switch always 7."
                    "% of the numbers of heater [W] are outside its bounds, and count as the nearest bound"
                ] do
                Expect.stringContains said words "remarks"

            let transitions = data.Transitions :?> Transitions
            Expect.all transitions.Actions (fun number -> abs number <= 1f) "actions"
            Expect.equal data.Dataset.Columns.Actions[1].Unit "W" "unit")

        testCase "where a bound is missing the data have their own" (fun () ->
            let data, _ = seen (named (Some 0.0, None)) Trial.standard
            Expect.equal data.Normalization.ActionScaling ActionScaling.MinMax "rule"

            let why = refusal (named (Some 0.0, None)) (scaledBy ActionScaling.Bounds)
            Expect.stringStarts why "heater [W]: expected bounds" "refusal")

        testCase "rules that are asked for hold, also with the best share of the data" (fun () ->
            for rule in [ ActionScaling.Bounds; ActionScaling.MinMax; ActionScaling.Quantiles; ActionScaling.None ] do
                for config in [ Trial.standard.Config; (Iql.Algorithms.Algorithm.Find "10%bc").Standard ] do
                    let data = named (Some 0.0, Some 4000.0)
                    let own, _ = seen data { scaledBy rule with Config = config }
                    let expected = Normalization.None.WithActions(data, rule)
                    Expect.equal own.Normalization.ActionScaling rule "rule"
                    Expect.sequenceEqual own.Normalization.ActionHigh expected.ActionHigh "high")

        testCase "data with a published way keep it, and so do D4RL's mode and numbers within ±1" (fun () ->
            use scratch = new Scratch()
            let file name mode = DataSource.File(saved scratch name, mode, None)
            Expect.equal (treated (file "hopper-mine.npz" None)) (ActionScaling.None, false) "known name"
            let d4rl = Some DatasetMode.D4rlParity
            Expect.equal (treated (file "plant.npz" d4rl)) (ActionScaling.None, false) "D4RL's mode"

            Expect.equal
                (treated (file "other.npz" (Some DatasetMode.Strict)))
                (ActionScaling.MinMax, true)
                "strict mode"

            let within = plant.With(actions = Array.create (3 * rows) 0.5f)
            Expect.equal (treated (DataSource.Memory(within, None))) (ActionScaling.None, true) "within ±1"
            let task = DataSource.Task(TaskName.standard, Some 1000)
            Expect.equal (treated task) (ActionScaling.None, false) "a task")

        testCase "choices stay choices, and have no scale" (fun () ->
            let choices =
                Transitions(
                    "choices",
                    1,
                    2,
                    [| 0f; 5f |],
                    [| 0f; 1f; 1f; 0f |],
                    [| 0f; 1f |],
                    [| false; true |],
                    [| false; false |],
                    [| 5f; 0f |],
                    ActionKind.Discrete
                )

            let data, _ = seen choices Trial.standard
            Expect.sequenceEqual (data.Transitions :?> Transitions).Actions choices.Actions "actions"

            Expect.stringStarts
                (refusal choices (scaledBy ActionScaling.MinMax))
                "--action-scaling minmax: expected continuous actions, got 2 discrete actions"
                "refusal")

        testCase "ways of scaling are an axis, a word that is none is refused" (fun () ->
            use scratch = new Scratch()
            let folder = scratch.Path "out"
            let data = saved scratch "plant.npz"
            run $"ablate --data {data} --action-scaling none,minmax,quantiles --seeds 0 {quick} -o {folder}"

            Expect.equal
                [ for config in configs folder -> config.Normalization.ActionScaling ]
                [ ActionScaling.MinMax; ActionScaling.None; ActionScaling.Quantiles ]
                "rules"

            let axis = Axis.actionScaling [ ActionScaling.MinMax; ActionScaling.None ]
            Expect.equal (List.map fst axis.Values) [ "minmax"; "none" ] "axis"
            refuses $"train --data {data} --action-scaling tanh" [ "--action-scaling: expected one of auto, bounds" ]
            refuses $"train --data {data} --action-scaling bounds" [ "action 0: expected bounds"; "minmax" ])
    ]
