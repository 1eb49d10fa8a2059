module Iql.Scripts.Tests.FirstTests

open FsCheck
open FsCheck.FSharp
open Xunit

[<Fact>]
let ``FsCheck runs under xUnit`` () =
    Check.One(
        Config.QuickThrowOnFailure,
        Prop.forAll (Gen.choose (1, 99) |> Arb.fromGen) (fun percent -> percent < 100)
    )
