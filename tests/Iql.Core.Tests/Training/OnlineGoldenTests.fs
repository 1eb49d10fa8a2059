/// One online update against the plain computation in double precision, on a batch that is put together by hand.
module Iql.Core.Tests.Training.OnlineGoldenTests

open System
open Expecto
open Iql
open Iql.Algorithms
open Iql.Execution
open Iql.Optimizers
open Iql.Data
open Iql.Training
open Iql.Training.Online
open Iql.Tests
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns
open Iql.Core.Tests.Training.OnlineRuns

let private learners: (string * Trainee * FineTuning * Learner) list = [
    let plain name own = name, trainee name own, How.Of(), (trainee name own).Learner

    "iql", iql, How.Of(), iql.Learner
    plain "awac" (AwacConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16))
    plain "cql" (ConservativeQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16))
    plain "rlpd" (RlpdConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16))

    for name, own in
        [
            "bc", BehaviourCloningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16) :> IAlgorithmConfig
            "td3bc", TD3BCConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)
        ] do
        let who = trainee name own
        name, who, How.Of(acting = ActingChoice.Greedy, noise = 0.1), who.Learner

    "cal-ql", calibrated, How.Of(turns = Turns.Episodes), calibrated.Learner
    // Without the bound an update is CQL's.
    let cql = ConservativeQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16, Discount = 0.9)
    let bare = ConservativeQLearning.Learner(cql, observationSize, actionSize)
    "cal-ql without its bound", calibrated, How.Of(calibration = OnlineCalibration.Off), bare
]

/// The data's rows as those of acting.
let private rowsIn (data: Transitions) : Row list = [
    for i in 0 .. data.Count - 1 ->
        {
            Observation = data.Observation(i).ToArray()
            Action = data.Action(i).ToArray()
            Reward = data.Rewards[i]
            Terminal = data.Terminals[i]
            Timeout = data.Timeouts[i]
            Next = data.NextObservation(i).ToArray()
            Return = 0f
        }
]

/// The batch of a step from a list of slots: one of two numbers a column, a row behind the other.
let private batch (slots: Row[]) (seed: Seed) step : Numbers =
    let rows = [| for i in 0UL .. 15UL -> slots[seed.Below(uint64 step * 16UL + i, slots.Length)] |]
    let column (choose: Row -> float32[]) = rows |> Array.collect choose |> Array.map float

    Map [
        "batch/observations", column _.Observation
        "batch/actions", column _.Action
        "batch/rewards", column (fun row -> [| row.Reward |])
        "batch/terminals", column (fun row -> [| if row.Terminal then 1f else 0f |])
        "batch/nextObservations", column _.Next
        "batch/returnsToGo", column (fun row -> [| row.Return |])
    ]

let private numbers (learner: Learner) (state: LearnerState) : Numbers =
    Map [
        for layout, block in Seq.zip learner.Blocks state.Blocks do
            for entry in layout.Entries -> $"{layout.Name}/{entry.Name}", Array.map float (block.Read entry.Name)
    ]

[<Tests>]
let tests =
    testList "OnlineGoldenTests" [
        for name, who, how, plain in learners do
            for kind, capacity in [ "one buffer", None; "a full buffer", Some 64L ] do
                testCase $"an online update of {name} from {kind} is the plain one" (fun () ->
                    inFolder (fun root ->
                        let how = how.With("Capacity", Option.toNullable capacity)
                        let learner, config = who.Learner, configFor who how
                        let own = run root "run" config
                        let plan = planFor who 1

                        let stateAt step =
                            let outcome = trainTo (Nullable step) plan own
                            let folder = outcome.Run.Folder
                            Checkpoint.Load(folder, learner.Blocks[0], learner.Blocks[1]), rowsOf folder

                        let before, _ = stateAt 50L
                        let after, rows = stateAt 51L
                        let whole = how.Turns = Turns.Episodes
                        Expect.isTrue (rows.Length = 21 || whole && rows.Length > 20) "rows after 21 updates"
                        let slots = ResizeArray(returned (rowsIn who.Data))

                        if whole then
                            Expect.equal (rows |> List.map _.Return) (returned rows |> List.map _.Return) "returns"

                        for k, row in List.indexed (returned rows) do
                            match capacity with
                            | Some full -> slots[(64 + k) % int full] <- row
                            | None -> slots.Add row

                        let seed = config.Root()

                        let inputs =
                            over (batch (slots.ToArray()) (seed.Split "sampling") 50L) (numbers learner before)

                        let scalars = seed.AsScalar() :: 50.0 :: List.ofSeq plain.Hyperparameters
                        let expected, _ = inDouble (plain.StepAt 50L) inputs scalars

                        let flat (numbers: Numbers) = [
                            for KeyValue(tensor, values) in numbers do
                                for i in 0 .. values.Length - 1 -> $"{tensor}[{i}]", values[i]
                        ]

                        let expected =
                            flat (Map.filter (fun name _ -> (numbers learner before).ContainsKey name) expected)

                        for (what, wanted), (_, got) in List.zip expected (flat (numbers learner after)) do
                            Expect.floatClose (Accuracy.within (1e-5 * (1.0 + abs wanted))) got wanted what

                        // The update is no small one beside this tolerance.
                        let moved =
                            List.map2
                                (fun (_, a: float) (_, b) -> abs (a - b))
                                expected
                                (flat (numbers learner before))
                            |> List.max

                        Expect.isGreaterThan moved 1e-4 "the largest change"))
    ]
