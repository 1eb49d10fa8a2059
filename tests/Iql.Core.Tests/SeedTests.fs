module Iql.Core.Tests.SeedTests

open System
open Iql
open Expecto
open Iql.Tests

[<Tests>]
let tests =
    testList "SeedTests" [
        testCase "a name's seed is its published FNV-1a hash" (fun () ->
            // Vectors from Noll's page of the FNV hash: the empty text, "a" and "foobar".
            Expect.equal (Seed.Named("").Value) 0xcbf29ce484222325UL "named"
            Expect.equal (Seed.Named("a").Value) 0xaf63dc4c8601ec8cUL "named 'a'"
            Expect.equal (Seed.Named("foobar").Value) 0x85944171f73967e8UL "named 'foobar'")

        testCase "words are the published splitmix64 stream" (fun () ->
            // The well-known first numbers of state 1234567.
            let words = [ for i in 0UL .. 4UL -> Seed(1234567UL).Word i ]

            Expect.equal
                words
                [
                    6457827717110365317UL
                    3203168211198807973UL
                    9817491932198370423UL
                    4593380528125082431UL
                    16408922859458223821UL
                ]
                "words")

        testCase "uniform numbers lie in their range, spread evenly" (fun () ->
            let seed = Seed.Named "uniform"
            let units = Array.init 20000 (fun i -> seed.Unit(uint64 i))
            Expect.all units (fun u -> u >= 0.0 && u < 1.0) "units"
            Expect.isTrue (abs (Array.average units - 0.5) < 0.01) "mean of units minus 0.5 is below 0.01"
            let signed = Array.init 20000 (fun i -> seed.Uniform(uint64 i, 3.0))
            Expect.all signed (fun u -> u >= -3.0 && u < 3.0) "signed"
            let counts = Array.init 20000 (fun i -> seed.Below(uint64 i, 7)) |> Array.countBy id
            Expect.hasLength counts 7 "counts"
            Expect.all counts (fun (_, n) -> abs (float n - 20000.0 / 7.0) < 250.0) "counts")

        testCase "normal numbers have the moments of a standard normal" (fun () ->
            let seed = Seed.Named "normal"
            let x = Array.init 20000 (fun i -> seed.Normal(uint64 i))
            let moment k = x |> Array.averageBy (fun x -> x ** k)

            Expect.isTrue
                (abs (moment 1.0) < 0.03 && abs (moment 2.0 - 1.0) < 0.04)
                "moment 1.0 is below 0.03 and moment 2.0 minus 1.0 is below 0.04"

            Expect.isTrue
                (abs (moment 3.0) < 0.1 && abs (moment 4.0 - 3.0) < 0.25)
                "moment 3.0 is below 0.1 and moment 4.0 minus 3.0 is below 0.25"

            Expect.all x (fun x -> Double.IsFinite x) "x")

        testCase "split seeds differ from each other and from their origin" (fun () ->
            let seeds = [
                for origin in [ Seed 0UL; Seed 1UL; Seed.Named "x" ] do
                    origin
                    origin.Split ""
                    origin.Split "sampling"

                    for i in 0UL .. 99UL do
                        origin.Split i
            ]

            Expect.equal (set (seeds |> List.map _.Value)).Count seeds.Length "count of seeds"
            Expect.equal (Seed(5UL).Split "sampling") (Seed(5UL).Split("sampling")) "seed 5UL")

        testCase "a seed as a scalar is exact in double precision" (fun () ->
            for seed in [ Seed 0UL; Seed UInt64.MaxValue; Seed.Named "x" ] do
                let scalar = seed.AsScalar()

                Expect.isTrue
                    (scalar >= 0.0 && scalar < 9007199254740992.0)
                    "scalar is at least 0.0 and scalar is below 9007199254740992.0"

                Expect.equal (uint64 scalar) (seed.Value >>> 11) "uint 64 of scalar")

        testCase "checks name what they expected and what came" (fun () ->
            let message (body: unit -> unit) = (Expect.raises<ArgumentException> body "the refusal").Message

            Expect.equal (message (fun () -> Check.That(false, "x", "3", 4))) "x: expected 3, got 4." "the message"

            Expect.equal
                (message (fun () -> Check.That(false, "x", "3", null, "Do y.")))
                "x: expected 3, got nothing. Do y."
                "the message"

            Expect.equal
                (message (fun () -> Check.Between(nan, 0.0, 1.0, "x")))
                "x: expected a number in (0, 1), got NaN."
                "the message"

            Expect.equal (message (fun () -> Check.AtLeast(0, 1, "x"))) "x: expected at least 1, got 0." "the message"
            Check.That(true, "x", "3", 4)
            Check.Between(0.5, 0.0, 1.0, "x")
            Check.AtLeast(1, 1, "x"))
    ]
