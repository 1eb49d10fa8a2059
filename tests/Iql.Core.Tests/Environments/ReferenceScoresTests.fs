module Iql.Core.Tests.Environments.ReferenceScoresTests

open System
open Xunit
open Iql
open Iql.Environments.Tasks

[<Theory>]
[<InlineData("halfcheetah-medium-replay-v2", -280.178953, 12135.0, 1000)>]
[<InlineData("hopper-medium-v2", -20.272305, 3234.3, 1000)>]
[<InlineData("walker2d-full-replay-v1", 1.629008, 4592.3, 1000)>]
[<InlineData("ant-random-v0", -325.6, 3879.7, 1000)>]
[<InlineData("antmaze-umaze-diverse-v2", 0.0, 1.0, 700)>]
[<InlineData("antmaze-large-play-v0", 0.0, 1.0, 1000)>]
[<InlineData("kitchen-mixed-v0", 0.0, 4.0, 280)>]
[<InlineData("pen-human-v1", 96.262799, 3076.8331017826877, 100)>]
[<InlineData("relocate-cloned-v0", -6.425911, 4233.877797728884, 200)>]
[<InlineData("hammer-human-longhorizon-v0", -274.856578, 12794.134825156867, 600)>]
[<InlineData("maze2d-umaze-v1", 23.85, 161.86, 300)>]
[<InlineData("maze2d-large-v0", 4.83, 191.99, 600)>]
[<InlineData("maze2d-medium-dense-v1", 44.264742, 297.4552547777125, 600)>]
[<InlineData("maze2d-eval-large-v1", 16.4, 302.22, 800)>]
[<InlineData("maze2d-open-v0", 0.01, 20.66, 150)>]
let ``D4RL's tasks have D4RL's reference returns`` (task: string) random expert limit =
    let score = ReferenceScores.Find task
    Assert.Equal(random, score.Random)
    Assert.Equal(expert, score.Expert)
    Assert.Equal(limit, score.TimeLimit)

[<Fact>]
let ``the random policy scores 0 and the expert 100 on every task`` () =
    for score in ReferenceScores.All do
        Assert.Equal(0.0, score.Normalised score.Random)
        Assert.Equal(100.0, score.Normalised score.Expert, 12)
        Assert.Equal(321.5, score.Normalised(score.Return 321.5), 9)

[<Fact>]
let ``a published score comes out of its return`` () =
    // IQL on hopper-medium-v2: 66.3 points.
    Assert.Equal(66.3, (ReferenceScores.Find "hopper-medium-v2").Normalised 2137.51, 2)

[<Fact>]
let ``an unknown task has no reference`` () =
    Assert.Null(ReferenceScores.Find "hopper-medium-v9")

[<Fact>]
let ``every task of Iql's own has reference scores that a new measurement agrees with`` () =
    for card in Tasks.All do
        let episodes = 200
        let measured = ReferenceMeasurement.Measure(card.Name, episodes, Seed 11UL)
        // Five standard errors of this and the stored mean together; a success rate of 0 or 1 has a standard error of 0.
        let close (stored: float) (mean: MeasuredReturn) =
            Assert.True(abs (stored - mean.Mean) <= 5.5 * mean.StandardError + 0.02, $"{card.Name}: {stored}, {mean}")

        close card.Reference.Random measured.Random
        close card.Reference.Expert measured.Expert
        Assert.Equal(card.Environment.TimeLimit, card.Reference.TimeLimit)

[<Fact>]
let ``a measurement is a function of its seed`` () =
    let measure seed =
        ReferenceMeasurement.Measure("pointmaze-umaze-v0", 5, Seed seed)

    Assert.Equal(measure 1UL, measure 1UL)
    Assert.NotEqual(measure 1UL, measure 2UL)

[<Fact>]
let ``tasks are found by name`` () =
    for card in Tasks.All do
        Assert.Same(card, Tasks.Find card.Name)

    Assert.Equal("hopper-medium-v2", (Tasks.Get "hopper-medium-v2").Name)
    Assert.Equal(111, (Tasks.Get "ant-medium-v2").Environment.ObservationSize)
    Assert.Equal(27, (Tasks.Get "ant-v4").Environment.ObservationSize)
    Assert.Null(Tasks.Find "hopper-medium-v9")

    let error =
        Assert.Throws<ArgumentException>(fun () -> Tasks.Get "pointmaze" |> ignore)

    Assert.Contains("pointmaze-umaze-v0", error.Message)
