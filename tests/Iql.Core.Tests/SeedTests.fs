module Iql.Core.Tests.SeedTests

open System
open Iql
open Xunit

[<Fact>]
let ``a name's seed is its published FNV-1a hash`` () =
    // Vectors from Noll's page of the FNV hash: the empty text, "a" and "foobar".
    Assert.Equal(0xcbf29ce484222325UL, Seed.Named("").Value)
    Assert.Equal(0xaf63dc4c8601ec8cUL, Seed.Named("a").Value)
    Assert.Equal(0x85944171f73967e8UL, Seed.Named("foobar").Value)

[<Fact>]
let ``words are the published splitmix64 stream`` () =
    // The well-known first numbers of state 1234567.
    let words = [ for i in 0UL .. 4UL -> Seed(1234567UL).Word i ]

    Assert.Equal<uint64>(
        [
            6457827717110365317UL
            3203168211198807973UL
            9817491932198370423UL
            4593380528125082431UL
            16408922859458223821UL
        ],
        words
    )

[<Fact>]
let ``uniform numbers lie in their range, spread evenly`` () =
    let seed = Seed.Named "uniform"
    let units = Array.init 20000 (fun i -> seed.Unit(uint64 i))
    Assert.All(units, fun u -> Assert.True(u >= 0.0 && u < 1.0))
    Assert.True(abs (Array.average units - 0.5) < 0.01)
    let signed = Array.init 20000 (fun i -> seed.Uniform(uint64 i, 3.0))
    Assert.All(signed, fun u -> Assert.True(u >= -3.0 && u < 3.0))
    let counts = Array.init 20000 (fun i -> seed.Below(uint64 i, 7)) |> Array.countBy id
    Assert.Equal(7, counts.Length)
    Assert.All(counts, fun (_, n) -> Assert.True(abs (float n - 20000.0 / 7.0) < 250.0))

[<Fact>]
let ``normal numbers have the moments of a standard normal`` () =
    let seed = Seed.Named "normal"
    let x = Array.init 20000 (fun i -> seed.Normal(uint64 i))
    let moment k = x |> Array.averageBy (fun x -> x ** k)
    Assert.True(abs (moment 1.0) < 0.03 && abs (moment 2.0 - 1.0) < 0.04)
    Assert.True(abs (moment 3.0) < 0.1 && abs (moment 4.0 - 3.0) < 0.25)
    Assert.All(x, fun x -> Assert.True(Double.IsFinite x))

[<Fact>]
let ``split seeds differ from each other and from their origin`` () =
    let seeds = [
        for origin in [ Seed 0UL; Seed 1UL; Seed.Named "x" ] do
            origin
            origin.Split ""
            origin.Split "sampling"

            for i in 0UL .. 99UL do
                origin.Split i
    ]

    Assert.Equal(seeds.Length, (set (seeds |> List.map _.Value)).Count)
    Assert.Equal(Seed(5UL).Split("sampling"), Seed(5UL).Split "sampling")

[<Fact>]
let ``a seed as a scalar is exact in double precision`` () =
    for seed in [ Seed 0UL; Seed UInt64.MaxValue; Seed.Named "x" ] do
        let scalar = seed.AsScalar()
        Assert.True(scalar >= 0.0 && scalar < 9007199254740992.0)
        Assert.Equal(seed.Value >>> 11, uint64 scalar)

[<Fact>]
let ``checks name what they expected and what came`` () =
    let message (body: unit -> unit) =
        Assert.Throws<ArgumentException>(body).Message

    Assert.Equal("x: expected 3, got 4.", message (fun () -> Check.That(false, "x", "3", 4)))
    Assert.Equal("x: expected 3, got nothing. Do y.", message (fun () -> Check.That(false, "x", "3", null, "Do y.")))
    Assert.Equal("x: expected a number in (0, 1), got NaN.", message (fun () -> Check.Between(nan, 0.0, 1.0, "x")))
    Assert.Equal("x: expected at least 1, got 0.", message (fun () -> Check.AtLeast(0, 1, "x")))
    Check.That(true, "x", "3", 4)
    Check.Between(0.5, 0.0, 1.0, "x")
    Check.AtLeast(1, 1, "x")
