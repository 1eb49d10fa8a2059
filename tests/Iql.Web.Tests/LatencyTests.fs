module Iql.Web.Tests.LatencyTests

open System
open Expecto
open Iql.Tests
open Iql.Web

[<Tests>]
let tests =
    testList "LatencyTests" [
        testCase "a share's time is known to 10 per cent, up to minutes" (fun () ->
            for milliseconds in [ 0.05; 0.3; 1.0; 7.0; 1000.0; 60_000.0 ] do
                let latency = Latency()
                latency.Add(TimeSpan.FromMilliseconds milliseconds)
                Expect.between milliseconds (1.1 * milliseconds) (Latency.within 0.5 latency.Counts) "the median")

        testCase "half and 99 per cent lie apart" (fun () ->
            let latency = Latency()

            for i in 1..100 do
                latency.Add(TimeSpan.FromMilliseconds(if i > 98 then 50.0 else 1.0))

            Expect.equal
                (Latency.describe latency.Counts)
                "100 answers, 50 % within 1.02 ms, 99 % within 50.53 ms"
                "words"

            Expect.equal (Latency.within 0.5 (Array.zeroCreate 256)) 0.0 "no answers")
    ]
