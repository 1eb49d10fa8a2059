module Iql.Scripts.Tests.JsonTests

open FsCheck
open FsCheck.FSharp
open Iql.Scripts
open Xunit

let rec private jsonOf size =
    let leaf =
        Gen.oneof [
            Gen.constant Json.Null
            Gen.elements [ true; false ] |> Gen.map Json.Bool
            Gen.choose (-1000000, 1000000)
            |> Gen.map (fun i -> Json.Number(float i / 1024.0))
            Gen.elements [ ""; "τ = 0.7"; "a \"quote\" \\ and \n\t\u0001"; "</script><!--"; "\u2028" ]
            |> Gen.map Json.Text
        ]

    if size <= 0 then
        leaf
    else
        Gen.oneof [
            leaf
            Gen.listOfLength 3 (jsonOf (size - 1)) |> Gen.map Json.List
            Gen.listOfLength 2 (jsonOf (size - 1))
            |> Gen.map (fun values -> Json.Object(List.zip [ "first"; "second" ] values))
        ]

[<Fact>]
let ``what is written reads back, in HTML too`` () =
    Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(200).WithReplay(Some { Rnd = Rnd 7UL; Size = None }),
        Prop.forAll (Arb.fromGen (jsonOf 3)) (fun json ->
            let html = Json.writeForHtml json

            ReadJson.parse (Json.write json) = json
            && ReadJson.parse html = json
            && not (html.Contains "</")
            && not (html.Contains "<!"))
    )

[<Fact>]
let ``numbers are written as people write them`` () =
    Assert.Equal("[1,0.1,-2.5,1E+20,null]", Json.write (Json.ofNumbers [ 1.0; 0.1; -2.5; 1e20; nan ]))

[<Fact>]
let ``set makes the objects on the way and merge keeps what it does not name`` () =
    let layout = Json.Object [ "xaxis", Json.Object [ "type", Json.Text "log" ] ]
    let titled = Json.set "xaxis.title.text" (Json.Text "step") layout
    Assert.Equal("{\"xaxis\":{\"type\":\"log\",\"title\":{\"text\":\"step\"}}}", Json.write titled)

    Json.merge
        titled
        (Json.Object [
            "xaxis", Json.Object [ "type", Json.Text "linear" ]
            "height", Json.Number 3.0
        ])
    |> Json.write
    |> fun text -> Assert.Equal("{\"xaxis\":{\"type\":\"linear\",\"title\":{\"text\":\"step\"}},\"height\":3}", text)
