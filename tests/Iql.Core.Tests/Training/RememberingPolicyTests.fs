/// Policies that carry something from one decision to the next while they are evaluated.
module Iql.Core.Tests.Training.RememberingPolicyTests

open System
open System.Collections.Immutable
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Execution
open Iql.Data
open Iql.Graph
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns

/// Pushes with tanh(0.5 − 0.4 · sum of its rewards so far + rate · decisions made + noise · a draw), whatever it sees.
let private remembering (noise: float) : Learner =
    let known = learner 0.05 [ 0.1; 0.3 ]

    let act (rows: int) =
        let observations =
            Layout("observations", [ struct ("observations", shape [ rows; 3 ]); struct ("rewards", shape [ rows ]) ])

        let context = Layout("context", [ struct ("sum", shape [ rows ]) ])
        let actions = Layout("actions", [ struct ("actions", shape [ rows; 2 ]) ])
        let sum = context.Inputs().["sum"] + observations.Inputs().["rewards"]
        let decision = Tensor.Scalar "decision"
        let draw = Tensor.RandomNormal(Tensor.Scalar "seed", decision, 3, shape [ rows; 1 ])

        let push =
            Tensor.Tanh(
                0.5 - 0.4 * Tensor.Reshape(sum, shape [ rows; 1 ]) + Tensor.Scalar "rate" * decision + noise * draw
            )

        GraphFunction(
            ImmutableArray.Create(known.Blocks[0], known.Blocks[1], observations, context),
            ImmutableArray.Create("decision", "seed", "rate"),
            ImmutableArray.Create(
                TensorGroup(actions, ImmutableArray.Create(Tensor.Concat(1, [| push; push |].AsSpan()))),
                TensorGroup(context, ImmutableArray.Create sum)
            ),
            ImmutableArray.Empty
        )

    Learner(known.Algorithm, known.Blocks, known.Batch, known.Step, known.Hyperparameters, known.Initialise, act)

let private root = Seed.Named "remembering"

let private evaluateOn (normalization: Normalization) (noise: float) episodes (device: IDevice) m =
    let learner = remembering noise
    let blocks = learner.Initialise.Invoke root

    use evaluation = new Evaluation(learner, Line(), normalization, episodes, root, reference, device)

    let once = evaluation.Run(blocks[0], blocks[m + 1], ``member`` = m)
    let again = evaluation.Run(blocks[0], blocks[m + 1], ``member`` = m)
    Expect.equal [ for e in again.Episodes -> e.Return ] [ for e in once.Episodes -> e.Return ] "return of e"
    once

let private evaluate noise = evaluateOn Normalization.None noise

/// One episode by hand.
let private byHand (told: float -> float) episode rate =
    let mutable x = root.Split("evaluation").Split(uint64 episode).Unit 0UL
    let mutable sum, heard, decisions, running = 0.0, 0.0, 0, true

    while running do
        let push = tanh (0.5 - 0.4 * heard + rate * float decisions)
        x <- x + 0.3 * push
        sum <- sum + push
        heard <- heard + told push
        decisions <- decisions + 1
        running <- x <= 1.0 && decisions < 7

    sum, decisions

[<Tests>]
let tests =
    testList "RememberingPolicyTests" [
        testCase
            "what a policy makes of a decision comes back at the next, episode by episode, and starts anew \
            with each evaluation"
            (fun () ->
                for m, rate in [ 0, 0.1; 1, 0.3 ] do
                    let result = evaluate 0.0 6 CpuDevice.Single m
                    // Episodes of different lengths: rows drop out while others go on.
                    Expect.isGreaterThan
                        (Seq.distinct [ for e in result.Episodes -> e.Length ] |> Seq.length)
                        1
                        "number of distinct length of e"

                    for episode in 0..5 do
                        let sum, length = byHand id episode rate

                        Expect.floatClose
                            (Accuracy.decimals 4)
                            result.Episodes[episode].Return
                            sum
                            "return of episodes of result at episode"

                        Expect.equal result.Episodes[episode].Length length "length of episodes of result at episode")

        testCase "a policy hears of rewards as its data had them, and returns are those of the task" (fun () ->
            let result = evaluateOn (Normalization.Custom(0.5, -0.1)) 0.0 3 CpuDevice.Single 0

            for episode in 0..2 do
                let sum, length = byHand (fun reward -> 0.5 * reward - 0.1) episode 0.1

                Expect.floatClose
                    (Accuracy.decimals 4)
                    result.Episodes[episode].Return
                    sum
                    "return of episodes of result at episode"

                Expect.equal result.Episodes[episode].Length length "length of episodes of result at episode")

        testCase
            "draws are the same on any number of threads, and an episode's do not depend on who is evaluated beside it"
            (fun () ->
                use pair = new CpuDevice(2)
                let returns (result: EvaluationResult) = [ for e in result.Episodes -> e.Return ]
                let one = returns (evaluate 0.5 6 CpuDevice.Single 0)
                Expect.equal (returns (evaluate 0.5 6 pair 0)) one "returns"
                Expect.equal (returns (evaluate 0.5 2 CpuDevice.Single 0)) (List.truncate 2 one) "returns"
                Expect.notEqual (returns (evaluate 0.0 6 CpuDevice.Single 0)) one "returns")
    ]
