/// Exported policies in ONNX Runtime, against the interpreter in double precision.
module Iql.Onnx.Tests.OnnxTests

open System
open System.Collections.Generic
open System.IO
open Expecto
open Microsoft.ML.OnnxRuntime
open Microsoft.ML.OnnxRuntime.Tensors
open Iql
open Iql.Export
open Iql.Graph
open Iql.Policies
open Iql.Tests
open Iql.Core.Tests.Learning.SmallConfigs
open Iql.Core.Tests.Policies.StoredRun

/// ONNX Runtime's native part, or why it is not here.
let private missing: string option =
    try
        OrtEnv.Instance() |> ignore
        None
    with
    | :? TypeInitializationException
    | :? DllNotFoundException
    | :? BadImageFormatException as error ->
        Some $"ONNX Runtime's native part does not load: {error.GetBaseException().Message}"

let private withRuntime (name: string) (test: string -> unit) : Test =
    testCase name (fun () ->
        match missing with
        | Some reason -> skiptest reason
        | None ->
            let folder = Directory.CreateTempSubdirectory("iql-onnx-").FullName

            try
                test folder
            finally
                Directory.Delete(folder, true))

let private export (folder: string) (policy: Policy) : InferenceSession =
    let path = Path.Combine(folder, "policy.onnx")
    PolicyExport.Save(policy, PolicyFormat.Onnx, path) |> ignore
    new InferenceSession(path)

/// Numbers of every output by name. An output "next_x" is the next "context_x".
let private run (session: InferenceSession) (inputs: (string * float32[] * int[]) list) : Map<string, float32[]> =
    let values =
        List [
            for name, numbers, shape in inputs ->
                NamedOnnxValue.CreateFromTensor(name, DenseTensor<float32>(Memory numbers, ReadOnlySpan shape))
        ]

    use results = session.Run values
    Map [ for each in results -> each.Name, Seq.toArray (each.AsEnumerable<float32>()) ]

/// The same in double.
let private exact (traced: PolicyGraph) (inputs: (string * float32[] * int[]) list) : Map<string, float[]> =
    let bound =
        readOnlyDict [
            for each in traced.Parameters do
                yield each.Name, Array.map float (each.Values.ToArray())
            for name, numbers, _ in inputs do
                yield name, Array.map float numbers
        ]

    let names = [ for struct (name, _) in traced.Outputs -> name ]
    let values = Interpreter.Evaluate([| for struct (_, value) in traced.Outputs -> value |], bound)
    Map(List.zip names (List.ofArray values))

/// What a policy's function takes at a first decision; noise of a named seed.
let private inputsOf (rows: int) (traced: PolicyGraph) = [
    for input in traced.Inputs ->
        let shape = Seq.toArray input.Shape.Extents
        let draw = Seed.Named input.Name
        let count = input.Shape.Count

        let numbers =
            match input.Name with
            | "observation" -> observations rows
            | "noise" -> [| for i in 0 .. count - 1 -> float32 (draw.Normal(uint64 i)) |]
            | "uniform" -> [| for i in 0 .. count - 1 -> float32 (draw.Unit(uint64 i)) |]
            | _ -> Array.zeroCreate count

        input.Name, numbers, shape
]

/// The largest difference of actions, in ranges of each.
let private difference (policy: Policy) (expected: float[]) (actual: float32[]) : float =
    Expect.equal actual.Length expected.Length "length of actual"
    let size = policy.Actions.Size

    Seq.zip expected actual
    |> Seq.mapi (fun i (x, y) ->
        let range = float policy.Bounds.Greatest[i % size] - float policy.Bounds.Least[i % size]
        abs (x - float y) / range)
    |> Seq.max

[<Tests>]
let tests =
    testList "OnnxTests" [
        withRuntime
            "ONNX Runtime acts as the interpreter does, within 1e-5 of each action's range, over 1,000 observations"
            (fun folder ->
                for name, config in configs do
                    use policy = load folder name config
                    use session = export folder policy
                    let rows = 1000
                    let traced = PolicyGraph.Of(policy, rows)
                    let inputs = inputsOf rows traced
                    let actual, expected = run session inputs, exact traced inputs
                    let largest = difference policy expected["action"] actual["action"]
                    printfn "%-22s action %.1e" name largest
                    Expect.isLessThanOrEqual largest 1e-5 $"{name}: the largest difference"

                    for output in [ "mean"; "log_std"; "choice" ] do
                        Expect.equal (actual.ContainsKey output) (expected.ContainsKey output) $"{name}: {output}"

                        if expected.ContainsKey output then
                            for i, (x, y) in Seq.indexed (Seq.zip expected[output] actual[output]) do
                                let range = if i % 2 = 0 then 100.0 else 3000.0
                                Expect.isLessThanOrEqual (abs (x - float y)) (2e-5 * range) $"{name}: {output} {i}"

                    Expect.equal
                        (not (isNull traced.Distribution))
                        ((List.contains (name.Split(' ')[0]) [ "iql"; "sql"; "awac"; "rlpd"; "onestep" ]
                          || name.StartsWith "c"
                          || name = "bc gaussian")
                         && not (name.EndsWith "discrete" || name.EndsWith "easy"))
                        $"{name}: {traced.Distribution}")

        withRuntime "the decision transformer's memory goes out and in, decision after decision" (fun folder ->
            use policy = load folder "dt" (List.find (fst >> (=) "dt") configs |> snd)
            use session = export folder policy
            let rows = 50
            let traced = PolicyGraph.Of(policy, rows)
            let all = observations (rows * 12)
            let shapes = [ for input in traced.Inputs -> input.Name, Seq.toArray input.Shape.Extents ]

            let inputs decision (memory: Map<string, float32[]>) = [
                for name, shape in shapes ->
                    let numbers =
                        match name with
                        | "observation" -> all[decision * rows * 3 .. (decision + 1) * rows * 3 - 1]
                        | "reward" -> Array.init rows (fun i -> float32 i / 10f)
                        | "decision" -> [| float32 decision |]
                        | name ->
                            match memory.TryFind(name.Replace("context_", "next_")) with
                            | Some numbers -> numbers
                            | None -> Array.zeroCreate (Array.fold (*) 1 shape)

                    name, numbers, shape
            ]

            use episodes = policy.Begin rows

            let mutable memory, remembered = Map.empty, Map.empty

            for decision in 0..11 do
                memory <- run session (inputs decision memory)
                let expected = exact traced (inputs decision remembered)
                remembered <- expected |> Map.map (fun _ -> Array.map float32)
                let largest = difference policy expected["action"] memory["action"]
                Expect.isLessThanOrEqual largest 1e-5 $"decision {decision}"

                let acted =
                    match inputs decision memory with
                    | inputs when decision = 0 ->
                        episodes.Act(inputs |> List.pick (fun (n, x, _) -> if n = "observation" then Some x else None))
                    | inputs ->
                        let named name = inputs |> List.pick (fun (n, x, _) -> if n = name then Some x else None)
                        episodes.Act(named "observation", named "reward")

                Expect.isLessThanOrEqual
                    (difference policy expected["action"] acted)
                    1e-5
                    $"policy, decision {decision}")

        withRuntime "the model says what it is, and its card lies beside it" (fun folder ->
            use policy = load folder "iql" (List.find (fst >> (=) "iql") configs |> snd)
            let path = Path.Combine(folder, "policy.onnx")
            let card = PolicyExport.Save(policy, PolicyFormat.Onnx, path, "CC BY 4.0")
            use session = new InferenceSession(path)
            let text = File.ReadAllText card
            Expect.equal (session.ModelMetadata.CustomMetadataMap["card"] + "\n") text "text"

            for part in
                [
                    "\"format\": \"iql-policy-1\""
                    "\"algorithm\": \"iql\""
                    "\"run\": \"iql\""
                    "\"datasetFingerprint\": \"0123\""
                    "\"licence\": \"CC BY 4.0\""
                    "\"name\": \"heater\""
                    "\"unit\": \"W\""
                    "\"greatest\": 3000"
                    "\"distribution\": \"gaussian\""
                ] do
                Expect.stringContains text part "card"

            Expect.equal session.ModelMetadata.ProducerName "Iql" "producer")

        withRuntime "any number of rows is a batch" (fun folder ->
            for name, config in configs do
                use policy = load folder name config
                use session = export folder policy

                let whole =
                    let inputs = inputsOf 7 (PolicyGraph.Of(policy, 7))
                    (run session inputs)["action"]

                for rows in [ 1; 3 ] do
                    let inputs = inputsOf rows (PolicyGraph.Of(policy, rows))
                    let part = (run session inputs)["action"]

                    for x, y in Seq.zip part whole do
                        Expect.isLessThanOrEqual (abs (x - y)) 0.03f $"{name}, {rows} rows")
    ]
