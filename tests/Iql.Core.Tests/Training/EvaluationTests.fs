module Iql.Core.Tests.Training.EvaluationTests

open System
open System.Collections.Immutable
open Iql
open Iql.Data
open Iql.Graph
open Iql.Training
open Xunit
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

    use evaluation =
        new Evaluation(learner, Line(), normalization, episodes, root, reference)

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

[<Fact>]
let ``returns, lengths and successes are those of the mean action`` () =
    for w0, w1 in [ 0.3, 0.5; -0.2, -0.4; 0.0, 3.0 ] do
        let result =
            evaluate Normalization.None 5 [ float32 w0; 0f; float32 w1; 0f; 0f; 0f ]

        for episode in 0..4 do
            let sum, length = byHand episode w0 w1 (0.0, 1.0)
            Assert.Equal(sum, result.Episodes[episode].Return, 4)
            Assert.Equal(length, result.Episodes[episode].Length)
            Assert.Equal((w1 > 0.0), result.Episodes[episode].Success)

        Assert.Equal(Seq.average [ for e in result.Episodes -> e.Return ], result.ReturnMean, 12)
        Assert.Equal(50.0 * result.ReturnMean, result.ScoreMean.Value, 10)

[<Fact>]
let ``observations are normalised as in training`` () =
    let normalization =
        Normalization(
            ObservationMean = ImmutableArray.Create(0.4f, 0f, 0f),
            ObservationDeviation = ImmutableArray.Create(2f, 1f, 1f)
        )

    let result = evaluate normalization 4 [ 0.7f; 0f; 0.2f; 0f; 0f; 0f ]

    for episode in 0..3 do
        Assert.Equal(fst (byHand episode 0.7 0.2 (0.4, 2.0)), result.Episodes[episode].Return, 4)

[<Fact>]
let ``evaluating again gives the same episodes, and each stands for itself`` () =
    let weight = [ 0.3f; 0f; 0.1f; 0.2f; 0f; -0.1f ]

    let returns episodes = [
        for episode in (evaluate Normalization.None episodes weight).Episodes -> episode.Return
    ]

    Assert.Equal<float list>(returns 6, returns 6)
    Assert.Equal<float list>(List.truncate 1 (returns 6), returns 1)

[<Fact>]
let ``the spread of returns is the population's`` () =
    let result = evaluate Normalization.None 3 [ 0.3f; 0f; 0.1f; 0f; 0f; 0f ]
    let returns = [ for episode in result.Episodes -> episode.Return ]
    let mean = List.average returns
    Assert.Equal(sqrt (List.averageBy (fun r -> (r - mean) ** 2.0) returns), result.ReturnStd, 12)

[<Fact>]
let ``an environment of other sizes is refused`` () =
    let learner, _ = policy [ 0f; 0f; 0f; 0f; 0f; 0f ]
    let maze = Iql.Environments.Tasks.Tasks.All[0].Environment

    let error =
        Assert.Throws<ArgumentException>(fun () -> new Evaluation(learner, maze, Normalization.None, 2, root) |> ignore)

    Assert.Contains("another environment", error.Message)

[<Fact>]
let ``the reference of a known task is found by the environment's name`` () =
    let result =
        EvaluationResult(
            ImmutableArray.Create(Iql.Environments.EpisodeResult(3.0, 2, true, true, ImmutableArray.Empty)),
            null
        )

    Assert.False result.ScoreMean.HasValue
