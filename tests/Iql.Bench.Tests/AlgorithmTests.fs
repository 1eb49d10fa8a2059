/// Every algorithm at its published sizes.
module Iql.Bench.Tests.AlgorithmTests

open System.Text.Json.Nodes
open Iql.Algorithms
open Iql.Bench
open Iql.Bench.Tests.ReportTests
open Iql.Scripts
open Expecto

[<Tests>]
let tests =
    testSequenced
    <| testList "AlgorithmTests" [
        testCase "every algorithm has a learner of hopper's sizes with its preset" (fun () ->
            for entry in Algorithm.All do
                let learner = Algorithms.learner entry.Name
                Expect.equal learner.Algorithm entry.Name "algorithm of learner"
                Expect.equal learner.Batch["observations"].Shape[-1] 11 "shape -1 of observations"
                Expect.equal learner.Batch["actions"].Shape[-1] 3 "shape -1 of actions")

        testCase "phases are where other programs begin to take turns" (fun () ->
            let phases name = Algorithms.learner name |> Algorithms.phases 1_000_000

            for name in [ "iql"; "bc"; "td3bc"; "cql"; "awac"; "rlpd"; "dt" ] do
                Expect.equal (phases name) [ 0L ] "phases of name"

            Expect.hasLength (phases "onestep") 3 "phases 'onestep'"
            // The authors' policy clones in its first 40,000 steps.
            Expect.equal (phases "cql-authors") [ 0L; 40_000L ] "phases 'cql-authors'")

        testCase "figures are in the JSON, on the page and on lines as long as the head" (fun () ->
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
                Expect.equal (numberAt [ "algorithms"; "0"; name ] json) expected "number at"

            let page = Algorithms.markdown session [ row ]

            for part in
                [
                    "| td3bc | 2 | 256 | 1234 | 0.25 |  | 400.0 | 380.0 | 420.0 | 100.0 | 40.0 | 50 | 80 | 50.0 % | 0 |"
                    "(load average 2.0"
                    "'td3bc on 2 threads'."
                ] do
                Expect.stringContains page part "page"

            Expect.equal (Algorithms.line row).Length Algorithms.head.Length "length of line of row")
    ]
