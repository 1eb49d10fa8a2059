module Iql.Core.Tests.Training.EvaluationTests

open System
open System.Collections.Immutable
open Iql
open Iql.Data
open Iql.Graph
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Training.TinyRuns

let root = Seed.Named "evaluation tests"

/// A policy a = tanh(W s) with the given W, [3, 2].
let policy (weight: float32 list) =
    let learner = learner 0.05 [ 0.1 ]
    let blocks = learner.Initialise.Invoke root
    blocks[1].Write("weight", ReadOnlySpan(Array.ofList weight))
    learner, blocks

let evaluate (normalization: Normalization) (episodes: int) (weight: float32 list) =
    let learner, blocks = policy weight

    use evaluation = new Evaluation(learner, Line(), normalization, episodes, root, reference)

    evaluation.Run(blocks[0], blocks[1])

/// The same by hand: one episode of the policy whose first action is tanh(w₀ x + w₁).
let byHand (episode: int) (w0: float) (w1: float) (mean: float, deviation: float) =
    let mutable x = root.Split("evaluation").Split(uint64 episode).Unit 0UL
    let mutable sum, length, running = 0.0, 0, true

    while running do
        let push = tanh (w0 * (x - mean) / deviation + w1)
        x <- x + 0.3 * push
        sum <- sum + push
        length <- length + 1
        running <- x <= 1.0 && length < 7

    sum, length

[<Tests>]
let tests =
    testList "EvaluationTests" [
        testCase "returns, lengths and successes are those of the mean action" (fun () ->
            for w0, w1 in [ 0.3, 0.5; -0.2, -0.4; 0.0, 3.0 ] do
                let result = evaluate Normalization.None 5 [ float32 w0; 0f; float32 w1; 0f; 0f; 0f ]

                for episode in 0..4 do
                    let sum, length = byHand episode w0 w1 (0.0, 1.0)

                    Expect.floatClose
                        (Accuracy.decimals 4)
                        result.Episodes[episode].Return
                        sum
                        "return of episodes of result at episode"

                    Expect.equal result.Episodes[episode].Length length "length of episodes of result at episode"
                    Expect.equal result.Episodes[episode].Success (w1 > 0.0) "success of episodes of result at episode"

                Expect.floatClose
                    (Accuracy.decimals 12)
                    result.ReturnMean
                    (Seq.average [ for e in result.Episodes -> e.Return ])
                    "return mean of result"

                Expect.floatClose
                    (Accuracy.decimals 10)
                    result.ScoreMean.Value
                    (50.0 * result.ReturnMean)
                    "score mean of result")

        testCase "observations are normalised as in training" (fun () ->
            let normalization =
                Normalization(
                    ObservationMean = ImmutableArray.Create(0.4f, 0f, 0f),
                    ObservationDeviation = ImmutableArray.Create(2f, 1f, 1f)
                )

            let result = evaluate normalization 4 [ 0.7f; 0f; 0.2f; 0f; 0f; 0f ]

            for episode in 0..3 do
                Expect.floatClose
                    (Accuracy.decimals 4)
                    result.Episodes[episode].Return
                    (fst (byHand episode 0.7 0.2 (0.4, 2.0)))
                    "return of episodes of result at episode")

        testCase "evaluating again gives the same episodes, and each stands for itself" (fun () ->
            let weight = [ 0.3f; 0f; 0.1f; 0.2f; 0f; -0.1f ]

            let returns episodes = [
                for episode in (evaluate Normalization.None episodes weight).Episodes -> episode.Return
            ]

            Expect.equal (returns 6) (returns 6) "returns 6"
            Expect.equal (returns 1) (List.truncate 1 (returns 6)) "returns 1")

        testCase "the spread of returns is the population's" (fun () ->
            let result = evaluate Normalization.None 3 [ 0.3f; 0f; 0.1f; 0f; 0f; 0f ]
            let returns = [ for episode in result.Episodes -> episode.Return ]
            let mean = List.average returns

            Expect.floatClose
                (Accuracy.decimals 12)
                result.ReturnStd
                (sqrt (List.averageBy (fun r -> (r - mean) ** 2.0) returns))
                "return std of result")

        testCase "an environment of other sizes is refused" (fun () ->
            let learner, _ = policy [ 0f; 0f; 0f; 0f; 0f; 0f ]
            let maze = Iql.Environments.Tasks.Tasks.All[0].Environment

            let error =
                Expect.raises<ArgumentException>
                    (fun () -> new Evaluation(learner, maze, Normalization.None, 2, root) |> ignore)
                    "evaluation"

            Expect.stringContains error.Message "another environment" "message of error")

        testCase "the reference of a known task is found by the environment's name" (fun () ->
            let result =
                EvaluationResult(
                    ImmutableArray.Create(Iql.Environments.EpisodeResult(3.0, 2, true, true, ImmutableArray.Empty)),
                    null
                )

            Expect.isFalse result.ScoreMean.HasValue "has value of result")
    ]
