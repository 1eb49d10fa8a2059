/// One online update against the plain computation in double precision, on a batch that is put together by hand.
module Iql.Core.Tests.Training.OnlineGoldenTests

open System
open Expecto
open Iql
open Iql.Algorithms
open Iql.Execution
open Iql.Optimizers
open Iql.Training
open Iql.Tests
open Iql.Core.Tests.Learning.Execute
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns
open Iql.Core.Tests.Training.OnlineRuns

let private learners: (string * IAlgorithmConfig * Learner) list = [
    "iql", algorithm, learnerOf algorithm

    let awac = AwacConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)
    "awac", awac, Awac.Learner(awac, observationSize, actionSize)

    let cql = ConservativeQLearningConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)
    "cql", cql, ConservativeQLearning.Learner(cql, observationSize, actionSize)

    let rlpd = RlpdConfig(HiddenSizes = Widths [ 8; 8 ], BatchSize = 16)
    "rlpd", rlpd, Rlpd.Learner(rlpd, observationSize, actionSize)
]

/// The data's rows as those of acting.
let private dataRows = [|
    for i in 0 .. transitions.Count - 1 ->
        {
            Observation = transitions.Observation(i).ToArray()
            Action = transitions.Action(i).ToArray()
            Reward = transitions.Rewards[i]
            Terminal = transitions.Terminals[i]
            Timeout = transitions.Timeouts[i]
            Next = transitions.NextObservation(i).ToArray()
        }
|]

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
    ]

let private numbers (learner: Learner) (state: LearnerState) : Numbers =
    Map [
        for layout, block in Seq.zip learner.Blocks state.Blocks do
            for entry in layout.Entries -> $"{layout.Name}/{entry.Name}", Array.map float (block.Read entry.Name)
    ]

[<Tests>]
let tests =
    testList "OnlineGoldenTests" [
        for name, published, learner in learners do
            for kind, capacity in [ "one buffer", None; "a full buffer", Some 64L ] do
                testCase $"an online update of {name} from {kind} is the plain one" (fun () ->
                    inFolder (fun root ->
                        let how = How.Of(?capacity = capacity)

                        let config =
                            (configOf algorithm how).With(algorithm = name, hyperparameters = published.ToJson())

                        let own = run root "run" config
                        let plan = planWith transitions (Line()) 1 learner

                        let stateAt step =
                            let outcome = trainTo (Nullable step) plan own
                            let folder = outcome.Run.Folder
                            Checkpoint.Load(folder, learner.Blocks[0], learner.Blocks[1]), rowsOf folder

                        let before, rows = stateAt 50L
                        Expect.hasLength rows 20 "rows after 20 updates"
                        let after, rows = stateAt 51L
                        let slots = ResizeArray dataRows

                        for k, row in List.indexed rows do
                            match capacity with
                            | Some full -> slots[(64 + k) % int full] <- row
                            | None -> slots.Add row

                        let seed = config.Root()

                        let inputs =
                            over (batch (slots.ToArray()) (seed.Split "sampling") 50L) (numbers learner before)

                        let scalars = seed.AsScalar() :: 50.0 :: List.ofSeq learner.Hyperparameters
                        let expected, _ = inDouble (learner.StepAt 50L) inputs scalars

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
