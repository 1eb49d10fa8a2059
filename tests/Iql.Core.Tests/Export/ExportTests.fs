/// What exports hold, whatever reads them.
module Iql.Core.Tests.Export.ExportTests

open System
open System.IO
open System.Text.Json
open Expecto
open Iql
open Iql.Export
open Iql.Policies
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

        testCase "an exported policy is read back and acts to the bit" (fun () ->
            inFolder (fun folder ->
                for name, config in configs do
                    use policy = load folder name config
                    let rows = observations 5

                    let act (policy: Policy) =
                        if policy.Remembers then
                            use episodes = policy.Begin 5
                            bits (episodes.Act rows)
                        else
                            bits (policy.Act rows)

                    let expected = act policy

                    for format, file in [ PolicyFormat.Onnx, "p.onnx"; PolicyFormat.SafeTensors, "p.safetensors" ] do
                        let path = Path.Combine(folder, file)
                        PolicyExport.Save(policy, format, path) |> ignore
                        use again = Policy.Load path
                        Expect.equal (act again) expected $"{name}, {file}"
                        Expect.equal again.State.Step policy.State.Step "step of again"))

        testCase "a damaged export, and a file of another program, are refused by name" (fun () ->
            inFolder (fun folder ->
                use policy = load folder "iql" (List.find (fst >> (=) "iql") configs |> snd)

                for format, file in [ PolicyFormat.Onnx, "p.onnx"; PolicyFormat.SafeTensors, "p.safetensors" ] do
                    let path = Path.Combine(folder, file)
                    PolicyExport.Save(policy, format, path) |> ignore
                    let whole = File.ReadAllBytes path

                    let refused (bytes: byte[]) =
                        File.WriteAllBytes(path, bytes)
                        let message = messageOf<FileException>(fun () -> (Policy.Load path).Dispose())
                        Expect.stringContains message file "message"
                        Expect.isFalse (message.Contains '\n') message

                    // A bit of the numbers; an end that is missing; nothing.
                    let number = policy.State.Blocks[1].Read("w1")[0] |> BitConverter.GetBytes
                    let at = whole.AsSpan().IndexOf(ReadOnlySpan number)
                    let changed = Array.copy whole
                    changed[at] <- changed[at] ^^^ 1uy
                    refused changed
                    refused whole[.. whole.Length - 9]
                    refused [||]

                let other = Path.Combine(folder, "other.safetensors")
                SafeTensors.Write(other, [||], [||])
                let message = messageOf<FileException>(fun () -> (Policy.Load other).Dispose())
                Expect.stringContains message "expected a policy that `iql export` wrote" "message"
                let text = Path.Combine(folder, "notes.txt")
                File.WriteAllText(text, "")
                let message = messageOf<FileException>(fun () -> (Policy.Load text).Dispose())
                Expect.stringContains message "got another file" "message"))

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
