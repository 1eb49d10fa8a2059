/// Every algorithm at its published sizes.
module Iql.Bench.Tests.AlgorithmTests

open System.Text.Json.Nodes
open Iql.Algorithms
open Iql.Bench
open Iql.Bench.Tests.ReportTests
open Iql.Scripts
open Xunit

[<Fact>]
let ``every algorithm has a learner of hopper's sizes with its preset`` () =
    for entry in Algorithm.All do
        let learner = Algorithms.learner entry.Name
        Assert.Equal(entry.Name, learner.Algorithm)
        Assert.Equal(11, learner.Batch["observations"].Shape[-1])
        Assert.Equal(3, learner.Batch["actions"].Shape[-1])

[<Fact>]
let ``phases are where other programs begin to take turns`` () =
    let phases name =
        Algorithms.learner name |> Algorithms.phases 1_000_000

    for name in [ "iql"; "bc"; "td3bc"; "cql"; "awac"; "dt" ] do
        Assert.Equal<int64 list>([ 0L ], phases name)

    Assert.Equal(3, (phases "onestep").Length)
    // The authors' policy clones in its first 40,000 steps.
    Assert.Equal<int64 list>([ 0L; 40_000L ], phases "cql-authors")

[<Fact>]
let ``figures are in the JSON, on the page and on lines as long as the head`` () =
    let row = {
        Name = "td3bc"
        Threads = 2
        Batch = 256
        Parameters = 1234L
        ReadySeconds = 0.25
        Rate = rate 400.0 1e8
    }

    let json = JsonNode.Parse(Algorithms.json session [ row ])

    for name, expected in [ "stepsPerSecond", 400.0; "shareOfPeak", 0.5; "readySeconds", 0.25 ] do
        Assert.Equal(expected, numberAt [ "algorithms"; "0"; name ] json)

    let page = Algorithms.markdown session [ row ]

    for part in
        [
            "| td3bc | 2 | 256 | 1234 | 0.25 |  | 400.0 | 380.0 | 420.0 | 100.0 | 40.0 | 50 | 80 | 50.0 % | 0 |"
            "(load average 2.0"
            "'td3bc on 2 threads'."
        ] do
        Assert.Contains(part, page)

    Assert.Equal(Algorithms.head.Length, (Algorithms.line row).Length)
