/// The rows that acting leaves, and the policy that acts.
module Iql.Core.Tests.Training.OnlineActingTests

open System
open Expecto
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Data
open Iql.Environments
open Iql.Graph
open Iql.Optimizers
open Iql.Training
open Iql.Training.Online
open Iql.Tests
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns
open Iql.Core.Tests.Training.OnlineRuns

/// The line, whose goal is reached at exactly the last decision.
type LastMoment() =
    interface IEnvironment with
        member _.Name = "line"
        member _.ObservationSize = observationSize
        member _.ActionSpace = ActionSpace.Continuous actionSize
        member _.StateSize = 1
        member _.TimeLimit = 5

        member _.Reset(_, state, observation) =
            state[0] <- 0.0
            observation.Clear()

        member _.Step(state, _, observation) =
            state[0] <- state[0] + 1.0
            observation.Fill(float32 state[0])
            StepResult(0f, state[0] = 5.0)

/// The rows of a run that was stopped near its end.
let private rowsWith (environment: IEnvironment) (config: RunConfig) algorithm root =
    let plan = planWith transitions environment 1 (learnerOf algorithm)
    let outcome = trainTo (Nullable(config.Steps - 1L)) plan (run root "run" config)
    rowsOf outcome.Run.Folder, outcome.Run.Folder

[<Tests>]
let tests =
    testList "OnlineActingTests" [
        testCase "acting's rows are the environment's, whatever evaluations come between them" (fun () ->
            inFolder (fun root ->
                let config = (configOf algorithm (How.Of())).With(evaluateEvery = 3L)
                let rows, folder = rowsWith (Line()) config algorithm root
                Expect.hasLength rows 39 "rows"
                // The environment again, from the same starts with the same actions.
                let line = Line() :> IEnvironment
                let starts = config.Root().Split("acting").Split("episodes")
                let state = Array.zeroCreate<float> 1
                let observation = Array.zeroCreate<float32> observationSize
                let mutable episode, decisions, sum = 0UL, 0, 0.0
                line.Reset(starts.Split episode, state, observation)
                let returns = ResizeArray()

                for row in rows do
                    Expect.equal row.Observation observation "observation"
                    let result = line.Step(state, row.Action, observation)
                    decisions <- decisions + 1
                    sum <- sum + float result.Reward
                    Expect.equal row.Next observation "observation after"
                    Expect.equal row.Reward result.Reward "reward"
                    Expect.equal row.Terminal result.Terminal "terminal"
                    Expect.equal row.Timeout (decisions = 7 && not result.Terminal) "time-out"
                    Expect.isTrue (row.Action |> Array.forall (fun a -> abs a <= 1f)) "actions within one"

                    if row.Terminal || row.Timeout then
                        returns.Add sum
                        episode <- episode + 1UL
                        decisions <- 0
                        sum <- 0.0
                        line.Reset(starts.Split episode, state, observation)

                Expect.equal
                    [ for line in actingLines folder -> line.Return ]
                    (List.ofSeq returns)
                    "returns of acting's episodes"))

        testCase "a terminal at exactly the last decision is a terminal" (fun () ->
            inFolder (fun root ->
                let rows, _ = rowsWith (LastMoment()) (configOf algorithm (How.Of())) algorithm root

                for i, row in List.indexed rows do
                    Expect.equal row.Terminal (i % 5 = 4) $"terminal of row {i}"
                    Expect.isFalse row.Timeout $"time-out of row {i}"))

        testCase "rewards, observations and actions of acting are changed as the data's" (fun () ->
            inFolder (fun root ->
                let normalization =
                    Normalization.Of(transitions, true, RewardRule.AntMazeTimes10).WithActionLimit(Nullable 0.5)

                let config = (configOf algorithm (How.Of(random = 40L))).With(normalization = normalization)
                let data = normalization.Apply transitions
                let plan = planWith data (Line()) 1 (learnerOf algorithm)
                let outcome = trainTo (Nullable(config.Steps - 1L)) plan (run root "changed" config)
                let changed = rowsOf outcome.Run.Folder
                let plain, _ = rowsWith (Line()) (configOf algorithm (How.Of(random = 40L))) algorithm root
                let column choose = plain |> List.map choose |> Array.concat

                let raw =
                    Transitions(
                        "acted",
                        observationSize,
                        actionSize,
                        column _.Observation,
                        column _.Action,
                        column (fun row -> [| row.Reward |]),
                        column (fun row -> [| row.Terminal |]),
                        column (fun row -> [| row.Timeout |]),
                        column _.Next
                    )

                let expected = normalization.Apply raw
                let column choose = changed |> List.map choose |> Array.concat
                Expect.equal (column _.Observation) (Array.ofSeq expected.Observations) "observations"
                Expect.equal (column _.Action) (Array.ofSeq expected.Actions) "actions"
                Expect.equal (column (fun row -> [| row.Reward |])) (Array.ofSeq expected.Rewards) "rewards"
                Expect.equal (column _.Next) (Array.ofSeq expected.NextObservations) "observations after"))

        testCase "dropout is not active while acting" (fun () ->
            inFolder (fun root ->
                let rows name (dropout: float) =
                    let own = still.With("dropout", dropout)
                    rowsWith (Line()) (configOf own (How.Of())) own (IO.Path.Combine(root, name)) |> fst

                Expect.equal (rows "with" 0.5) (rows "without" 0.0) "rows"))

        testCase "noise of acting is clipped before it is added" (fun () ->
            inFolder (fun root ->

                let actions (how: FineTuning) = [
                    // Observations do not depend on the actions here.
                    let folder = IO.Path.Combine(root, $"{how.ActingNoise} {how.ActingNoiseClip}")

                    for row in fst (rowsWith (LastMoment()) (configOf still how) still folder) do
                        yield! Seq.map float row.Action
                ]

                let plain = actions (How.Of(acting = ActingChoice.Greedy))
                let noisy = actions (How.Of(acting = ActingChoice.Greedy, noise = 0.3))
                let clipped = actions (How.Of(acting = ActingChoice.Greedy, noise = 0.3, clip = 0.2))

                for a, b, c in List.zip3 plain noisy clipped do
                    Expect.floatClose (Accuracy.within 1e-6) c (a + max -0.2 (min 0.2 (b - a))) "action"

                let count = List.zip noisy clipped |> List.filter (fun (b, c) -> abs (b - c) > 1e-3) |> List.length
                Expect.isGreaterThan count 10 "actions that clipping changed"))

        testCase "the last episode, which the run's end cuts, has returns to go as one that failed" (fun () ->
            inFolder (fun root ->
                // A checkpoint at each step: all rows are in the files.
                let how = How.Of(turns = Turns.Episodes, random = 40L)
                let own = run root "run" ((configFor calibrated how).With(checkpointEvery = 1L))
                let rows = rowsOf (trainTo (Nullable 69L) (planFor calibrated 1) own).Run.Folder
                let last = List.last rows
                Expect.hasLength rows 40 "rows"
                Expect.isFalse (last.Terminal || last.Timeout) "the end of the last episode"
                Expect.equal last.Return -10f "return to go of the last row"
                Expect.equal (rows |> List.map _.Return) (returned rows |> List.map _.Return) "returns"))

        testCase "an action that is taken has every component of the policy's" (fun () ->
            inFolder (fun root ->

                let rows, folder =
                    rowsWith (Line()) (configOf still (How.Of(acting = ActingChoice.Greedy))) still root

                let learner = learnerOf still
                let act = learner.Act.Invoke rows.Length
                let state = Checkpoint.Load(folder, learner.Blocks[0], learner.Blocks[1])
                use observations = new TensorBlock(act.Inputs[2])
                use actions = new TensorBlock(act.Outputs[0].Layout)
                observations.Write("observations", ReadOnlySpan(rows |> List.map _.Observation |> Array.concat))
                let program = CpuDevice.Single.Compile act

                program.Run(
                    ReadOnlySpan [| state.Blocks[0]; state.Blocks[1]; observations |],
                    ReadOnlySpan [| for name in act.Scalars -> learner.Hyperparameter(name, 0) |],
                    ReadOnlySpan [| actions |],
                    Span.Empty
                )

                Expect.equal (rows |> List.map _.Action |> Array.concat) (actions.Read "actions") "actions"
                Expect.isTrue (rows |> List.forall (fun row -> row.Action[0] <> row.Action[1])) "components"))

        testCase "acting ahead takes the parameters before the update" (fun () ->
            inFolder (fun root ->
                // Both act at the switch with the same parameters; then the one that acts ahead is an update behind.
                let rows name how =
                    rowsWith (Line()) (configOf algorithm how) algorithm (IO.Path.Combine(root, name)) |> fst

                let now = rows "now" (How.Of(acting = ActingChoice.Greedy))
                let ahead = rows "ahead" (How.Of(acting = ActingChoice.Greedy, lag = 1))
                Expect.equal ahead[0] now[0] "the first row"
                Expect.equal ahead[1].Observation now[1].Observation "the observation at the second"
                Expect.notEqual ahead[1].Action now[1].Action "the second action"
                // Without learning there is no difference.

                let rows name how = rowsWith (Line()) (configOf still how) still (IO.Path.Combine(root, name)) |> fst

                let now, ahead = rows "still" (How.Of()), rows "still ahead" (How.Of(lag = 1))
                Expect.equal (List.take now.Length ahead) now "rows of a policy that stands still"))
    ]
