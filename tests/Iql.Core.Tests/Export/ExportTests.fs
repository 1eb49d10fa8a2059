/// What exports hold, whatever reads them.
module Iql.Core.Tests.Export.ExportTests

open System.IO
open System.Text.Json
open Expecto
open Iql.Export
open Iql.Tests
open Iql.Training
open Iql.Core.Tests.Learning.SmallConfigs
open Iql.Core.Tests.Policies.StoredRun
open Iql.Core.Tests.Training.Fixture

[<Tests>]
let tests =
    testList "ExportTests" [
        testCase "safetensors have the numbers that acting reads, the normaliser and the bounds" (fun () ->
            inFolder (fun folder ->
                use policy = load folder "iql" (List.find (fst >> (=) "iql") configs |> snd)
                let path = Path.Combine(folder, "policy.safetensors")
                let card = PolicyExport.Save(policy, PolicyFormat.SafeTensors, path)
                let file = SafeTensors.Read path
                let names = [ for tensor in file.Tensors -> tensor.Name ]

                for name in
                    [
                        "member/w0"
                        "member/b2"
                        "member/logStd"
                        "observation_mean"
                        "observation_deviation"
                        "action_low"
                        "action_half"
                        "action_least"
                        "action_greatest"
                    ] do
                    Expect.contains names name "names"

                Expect.none names (fun name -> name.StartsWith "shared/") "names"
                Expect.equal (file.Note "card" + "\n") (File.ReadAllText card) "card"
                let half = Seq.find (fun (tensor: NamedTensor) -> tensor.Name = "action_half") file.Tensors
                Expect.equal (half.Values.ToArray()) [| 50f; 1500f |] "half"))

        testCase
            "the card of discrete actions has one column, the choice, and says no unit where none is known"
            (fun () ->
                inFolder (fun folder ->
                    use policy = load folder "iql discrete" (List.find (fst >> (=) "iql discrete") configs |> snd)
                    let path = Path.Combine(folder, "policy.safetensors")

                    use card =
                        JsonDocument.Parse(
                            File.ReadAllText(PolicyExport.Save(policy, PolicyFormat.SafeTensors, path))
                        )

                    let root = card.RootElement
                    let action = Seq.exactlyOne (root.GetProperty("actions").EnumerateArray())
                    Expect.equal (action.GetProperty("name").GetString()) "mode" "name"
                    Expect.equal (action.GetProperty("greatest").GetDouble()) 1.0 "greatest"
                    Expect.equal (root.GetProperty("actionKind").GetString()) "discrete" "action kind"
                    Expect.equal (root.GetProperty("licence").ValueKind) JsonValueKind.Null "licence"

                    Expect.equal
                        [
                            for each in root.GetProperty("outputs").EnumerateArray() ->
                                each.GetProperty("name").GetString()
                        ]
                        [ "action"; "choice" ]
                        "outputs"))
    ]
