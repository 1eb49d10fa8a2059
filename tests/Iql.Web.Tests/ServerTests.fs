/// The server's answers and refusals.
module Iql.Web.Tests.ServerTests

open System
open System.IO
open System.Net
open System.Net.Http
open System.Text
open System.Text.Json.Nodes
open System.Threading.Tasks
open Expecto
open Iql
open Iql.Export
open Iql.Policies
open Iql.Tests
open Iql.Web.Tests.ServedRuns

let private numbers (node: JsonNode) : float32 list = [ for number in node.AsArray() -> number.GetValue<float32>() ]

let private error (node: JsonNode) : string = node["error"].GetValue<string>()

let private get (client: HttpClient) (path: string) : JsonNode = JsonNode.Parse(client.GetStringAsync(path).Result)

/// What is wrong with a request: its body, and what the answer says.
let private wrong = [
    "no JSON", "level=3", "expected JSON, got none"
    "no object", "[1, 2]", "expected a JSON object with observation or observations, got [1, 2]."
    "nothing", "{}", "expected observation or observations, got neither."
    "both", """{"observation": [1, 2], "observations": [[1, 2]]}""", "got both."
    "another word", """{"observatoin": [1, 2]}""", "got 'observatoin'. Did you mean observation?"
    "too few", """{"observation": [1]}""", "observation: expected 2 numbers, got 1."
    "a text", """{"observation": [1, "2"]}""", "observation flow: expected a number, got \"2\"."
    "no finite number", """{"observation": [1, 1e99]}""", "observation flow: expected a number of float32, got 1e99."
    "another name", """{"observation": {"level": 1, "flwo": 2}}""", "got 'flwo'. Did you mean flow?"
    "a name missing", """{"observation": {"level": 1}}""", "observation: expected 2 numbers, got none for 'flow'."
    "a bad row", """{"observations": [[1, 2], [3]]}""", "observations[1]: expected 2 numbers, got 1."
    "no row", """{"observations": []}""", "observations: expected 1 to 10 rows, got 0."
    "many rows", $"""{{"observations": [{String.replicate 11 "[1,2]," |> _.TrimEnd(',')}]}}""", "got 11."
    "an episode", """{"observation": [1, 2], "episode": "a"}""", "this policy remembers nothing, got 'a'"
]

[<Tests>]
let tests =
    testList "ServerTests" [
        testCase "answers are the policy's, for one, for several, and by names" (fun () ->
            served plantRun options (fun policy client ->
                let expected = List.ofArray (policy.Act(3.5f, 1.25f))
                let code, one = post client """{"observation": [3.5, 1.25]}"""
                Expect.equal code 200 "code"
                Expect.equal (numbers one["action"]) expected "one"
                let _, several = post client """{"observations": [[3.5, 1.25], {"flow": 1.25, "level": 3.5}]}"""

                Expect.equal
                    [ for row in several["actions"].AsArray() -> numbers row ]
                    [ expected; expected ]
                    "several"

                let _, named = post client """{"observation": {"flow": 1.25, "level": 3.5}}"""
                let action = named["action"]
                let byName = [ for name in [ "inlet"; "outlet" ] -> action[name].GetValue<float32>() ]
                Expect.equal byName expected "by names"
                // Valves in per cent, not numbers from -1 to 1.
                Expect.exists expected (fun number -> number > 1f) "units"))

        testCase "an exported model acts as its run, bit for bit, and another file is refused" (fun () ->
            for run, rows in [ plantRun, [| 3.5f; 1.25f |]; choiceRun, [||]; rememberingRun, [| 3f; 1f |] ] do
                use policy = Policy.Load run.Value
                let path = run.Value + ".onnx"
                PolicyExport.Save(policy, PolicyFormat.Onnx, path) |> ignore
                use exported = Policy.Load path
                let rows = if rows.Length = 0 then Array.zeroCreate policy.ObservationSize else rows
                use one = policy.Begin()
                use other = exported.Begin()
                Expect.sequenceEqual (other.Act rows) (one.Act rows) path
                let bytes = File.ReadAllBytes path
                let damaged = run.Value + "-damaged.onnx"

                for length in [ 0; 100; bytes.Length - 1000 ] do
                    File.WriteAllBytes(damaged, bytes[.. length - 1])
                    Expect.raises<FileException> (fun () -> Policy.Load damaged |> ignore) damaged |> ignore)

        testCase "a choice is a whole number" (fun () ->
            served choiceRun options (fun policy client ->
                let zeros = Array.zeroCreate<float32> policy.ObservationSize
                let _, answer = post client $"""{{"observation": [{String.Join(",", zeros)}]}}"""
                Expect.equal (answer["action"].GetValue<int>()) (ActionSpace.Choice(policy.Act zeros)) "choice"))

        testCase "a policy that remembers acts in episodes by their names" (fun () ->
            served rememberingRun options (fun policy client ->
                use episode = policy.Begin()
                let first = List.ofArray (episode.Act [| 3f; 1f |])
                let second = List.ofArray (episode.Act([| 4f; 1f |], 0.5f))
                let _, one = post client """{"observation": [3, 1], "episode": "a"}"""
                post client """{"observation": [9, 2], "episode": "b"}""" |> ignore
                let _, two = post client """{"observation": [4, 1], "episode": "a", "reward": 0.5}"""
                Expect.equal (numbers one["action"]) first "first"
                Expect.equal (numbers two["action"]) second "second"
                let _, again = post client """{"observation": [3, 1], "episode": "a"}"""
                Expect.equal (numbers again["action"]) first "begun again"

                for body, expected in
                    [
                        """{"observation": [3, 1]}""", "episode: expected a name"
                        """{"observation": [3, 1], "episode": "c", "reward": 1}""",
                        "expected one that has begun, got 'c'"
                        """{"observations": [[3, 1]], "episode": "a"}""", "expected observation, the next one"
                    ] do
                    let code, answer = post client body
                    Expect.equal code 400 body
                    Expect.stringContains (error answer) expected body

                // The 64 that acted last keep their memory.
                for i in 1..64 do
                    post client $"""{{"observation": [3, 1], "episode": "{i}"}}""" |> ignore

                let code, _ = post client """{"observation": [4, 1], "episode": "a", "reward": 0.5}"""
                Expect.equal code 400 "an episode that made room"))

        testList "a wrong request gets 400 with our words" [
            for name, body, expected in wrong ->
                testCase name (fun () ->
                    served plantRun options (fun _ client ->
                        let code, answer = post client body
                        Expect.equal code 400 body
                        Expect.stringContains (error answer) expected body))
        ]

        testCase "bodies, kinds, methods, paths and hosts that are not served are refused" (fun () ->
            served plantRun options (fun _ client ->
                let refused (code: HttpStatusCode) (words: string) (request: HttpRequestMessage) =
                    use answer = client.Send request
                    Expect.equal answer.StatusCode code words
                    let text = answer.Content.ReadAsStringAsync().Result
                    Expect.stringContains (error (JsonNode.Parse text)) words "the words"

                let body (text: string) (kind: string) =
                    new HttpRequestMessage(
                        HttpMethod.Post,
                        "act",
                        Content = new StringContent(text, Encoding.UTF8, kind)
                    )

                body (String(' ', 200_000)) "application/json"
                |> refused HttpStatusCode.RequestEntityTooLarge "at most 100000 bytes"

                body "{}" "text/plain"
                |> refused HttpStatusCode.UnsupportedMediaType "expected Content-Type application/json"

                new HttpRequestMessage(HttpMethod.Get, "act")
                |> refused HttpStatusCode.MethodNotAllowed "/act: expected POST"

                new HttpRequestMessage(HttpMethod.Get, "acts") |> refused HttpStatusCode.NotFound "got /acts"
                let elsewhere = new HttpRequestMessage(HttpMethod.Get, "health")
                elsewhere.Headers.Host <- "evil.example"
                refused HttpStatusCode.BadRequest "expected localhost or 127.0.0.1, got 'evil.example'" elsewhere))

        testCase "requests above the rate get 429 and the others their answer" (fun () ->
            served plantRun { options with Rate = 5 } (fun _ client ->
                let codes =
                    [| for _ in 1..20 -> Task.Run(fun () -> fst (post client """{"observation": [1, 2]}""")) |]
                    |> Task.WhenAll
                    |> _.Result
                    |> Array.countBy id
                    |> Map

                // The window of a second may turn once.
                Expect.between 5 10 codes[200] "answered"
                Expect.equal (codes[200] + codes[429]) 20 "all"
                let health = get client "health"
                Expect.equal (health["aboveTheRate"].GetValue<int>()) codes[429] "counted"))

        testCase "metadata, health and OpenAPI say what is served" (fun () ->
            served plantRun options (fun _ client ->
                let about = get client "metadata"
                let level, flow = about["observations"][0], about["observations"][1]

                Expect.equal
                    (level["name"].GetValue<string>(), level["unit"].GetValue<string>())
                    ("level", "m")
                    "level"

                Expect.equal
                    (level["low"].GetValue<float>(), level["high"].GetValue<float>())
                    (0.0, 10.0)
                    "stated range"

                Expect.between 0.0 0.2 (flow["low"].GetValue<float>()) "the data's least flow"
                Expect.between 2.8 3.0 (flow["high"].GetValue<float>()) "the data's greatest flow"
                let outlet = about["actions"][1]
                Expect.equal (outlet["greatest"].GetValue<float>()) 100.0 "bounds"
                post client """{"observation": [1, 2]}""" |> ignore
                let health = get client "health"
                Expect.equal (health["answers"].GetValue<int>()) 1 "answers"
                let description = get client "openapi.json"
                Expect.equal (description["openapi"].GetValue<string>()) "3.1.0" "version"
                let paths = description["paths"]
                let act = paths["/act"]
                let post = act["post"]
                let answers = post["responses"]
                Expect.isTrue (answers.AsObject().ContainsKey "429") "429"))
    ]
