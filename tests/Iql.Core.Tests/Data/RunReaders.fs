/// Readers of policies and of what a training writes, and sound inputs for them.
module Iql.Core.Tests.RunReaders

open System
open System.Collections.Generic
open System.Collections.Immutable
open System.IO
open Iql
open Iql.Algorithms
open Iql.Environments
open Iql.Graph
open Iql.Export
open Iql.Policies
open Iql.Training
open Iql.Core.Tests.Mutations
open Iql.Core.Tests.DataReaders

let private policy (folder: string) : Sound list =
    let write (text: string) =
        File.WriteAllText(file folder "policy.json", text)
        let numbers = [| for i in 0..39 -> BitConverter.GetBytes(float32 i * 0.01f) |]
        File.WriteAllBytes(file folder "policy.f32", Array.concat numbers)
        sound folder [ "policy.json"; "policy.f32" ]

    let tensor (name: string) (shape: string) (offset: int) =
        $"""{{"name": "{name}", "shape": [{shape}], "offset": {offset}}}"""

    let one = [
        tensor "Wmu" "2, 3" 0
        tensor "bmu" "2" 6
        tensor "obs_mean" "3" 8
        tensor "obs_std" "3" 11
        tensor "logstd" "2" 14
    ]

    let two = [
        tensor "W0" "4, 3" 0
        tensor "b0" "4" 12
        tensor "Wmu" "2, 4" 16
        tensor "bmu" "2" 24
        tensor "Wlogstd" "2, 4" 26
        tensor "blogstd" "2" 34
    ]

    [
        for activation, output, tensors in
            [ "tanh", "gaussian_clipped_to_unit_box", one; "relu", "tanh_squashed_gaussian", two ] do
            let tensors = String.Join(",\n", tensors)

            write
                $"""{{"name": "p", "hidden_activation": "{activation}", "output": "{output}", "obs_clip": 10.0,
"logstd_clip": [-20, 2], "time_feature": false, "tensors": [{tensors}]}}"""
    ]

let private readPolicy (folder: string) : int64 seq = seq {
    let policy = PolicyFile(file folder "policy.json")
    let observation = Array.init policy.ObservationSize float32
    let noise = Array.create policy.ActionSize 0.5f
    policy.Act(ReadOnlySpan observation, Span(Array.zeroCreate<float32> policy.ActionSize), ReadOnlySpan noise)

    FileInfo(file folder "policy.f32").Length
}

let private tensors (folder: string) : Sound list =
    let tensor (name: string) (extents: int list) =
        let shape = Shape.Of extents
        NamedTensor(name, shape, ReadOnlyMemory(Array.init shape.Count float32))

    SafeTensors.Write(
        file folder "x.safetensors",
        [ struct ("format", "iql-checkpoint-1"); struct ("step", "10"); struct ("seed", "0") ],
        [ tensor "shared/a" [ 2; 3 ]; tensor "member/b" [ 4 ]; tensor "member/c" [] ]
    )

    [ sound folder [ "x.safetensors" ] ]

let private readTensors (folder: string) : int64 seq = seq {
    let file = SafeTensors.Read(file folder "x.safetensors")

    for tensor in file.Tensors do
        file.Find(tensor.Name, tensor.Shape) |> ignore

    file.Tensors |> Seq.sumBy (fun tensor -> 4L * int64 tensor.Values.Length)
}

/// A policy's numbers as an ONNX model, and beside its card.
let private onnx (folder: string) : Sound list =
    let own = BehaviourCloningConfig(HiddenSizes = Widths [ 4 ])
    let run = RunFolder(file folder "run")
    let data = DatasetInfo("data", "data.hdf5", 12L, 3L, "0123")
    run.Create(RunConfig(Algorithm = "bc", Dataset = data, Hyperparameters = own.ToJson())) |> ignore
    Checkpoint.Save(run, Trainer.Start((own :> IAlgorithmConfig).Learner(3, 2), Seed.Named "fuzz"))
    use policy = Policy.Load run.Path
    PolicyExport.Save(policy, PolicyFormat.Onnx, file folder "x.onnx") |> ignore
    [ sound folder [ "x.onnx" ] ]

let private readOnnx (folder: string) : int64 seq = seq {
    use policy = Policy.Load(file folder "x.onnx")
    policy.Act(Array.zeroCreate<float32> policy.ObservationSize) |> ignore
    0L
}

let private config =
    RunConfig(
        Algorithm = "iql",
        Task = "pointmaze-umaze",
        Dataset = DatasetInfo("data", "data.hdf5", 12L, 3L, "0123"),
        Steps = 10L,
        Hyperparameters = ImplicitQLearningConfig().ToJson()
    )

let private metrics = OrderedDictionary<string, float>()
metrics.Add("valueLoss", 0.5)
metrics.Add("policyLoss", -0.25)

/// A run's folder; the file that is damaged comes first.
let private run (first: string) (folder: string) : Sound list =
    let run = RunFolder folder
    RunJson.Write(run.ConfigPath, config)

    using (new MetricsFile(run.MetricsPath)) (fun lines ->
        lines.Append(TrainLine(metrics, 10.0, Step = 5L, Seconds = 0.5))

        lines.Append(
            EvaluationLine(
                Step = 10L,
                Seconds = 1.0,
                ReturnMean = 1.5,
                ReturnStd = 0.5,
                ScoreMean = 50.0,
                Returns = [| 1.0; 2.0 |].ToImmutableArray(),
                Lengths = [| 3; 4 |].ToImmutableArray(),
                Successes = [| 0; 1 |].ToImmutableArray(),
                SuccessRate = 0.5
            )
        )

        lines.Append(
            WeightsLine(
                [| 0.0; 1.0; 2.0 |].ToImmutableArray(),
                [| 3; 4 |].ToImmutableArray(),
                Step = 10L,
                Seconds = 1.0
            )
        ))

    run.WriteResult(
        RunResult(
            Status = RunStatus.Finished,
            Steps = 10L,
            Seconds = 1.0,
            StepsPerSecond = 10.0,
            Score = 50.0,
            Scores = [| 50.0 |].ToImmutableArray(),
            Return = 1.5,
            Metrics = metrics
        )
    )

    // A result refuses other metrics unread.
    let names = [
        "config.json"
        "metrics.jsonl"
        if first <> "metrics.jsonl" then
            "result.json"
    ]

    [ sound folder (first :: List.except [ first ] names) ]

let private readRun (folder: string) : int64 seq = seq {
    let run = RunFolder(folder).Read()
    run.Config.Steps |> ignore
    run.ToString() |> ignore

    for evaluation in run.Evaluations do
        evaluation.Returns.Length + evaluation.Lengths.Length + evaluation.Successes.Length |> ignore

    for weights in run.Weights do
        weights.Counts.Length + weights.Edges.Length |> ignore

    if not (isNull run.Result) then
        RunJson.Leaves run.Result |> Seq.length |> ignore

    0L
}

let private sweep (folder: string) : Sound list =
    SweepPlan(
        Name = "sweep",
        Command = "iql ablate",
        Axes = [| SweepAxis("expectile", [| "0.7"; "0.9" |].ToImmutableArray()) |].ToImmutableArray(),
        Runs =
            [|
                for value in [ "0.7"; "0.9" ] do
                    let labels = OrderedDictionary<string, string>()
                    labels.Add("expectile", value)
                    PlannedRun("expectile=" + value, labels)
            |]
                .ToImmutableArray()
    )
        .Write
        folder

    [ sound folder [ "sweep.json" ] ]

let private readSweep (folder: string) : int64 seq = seq {
    let plan = SweepPlan.Read folder
    plan.ToString() |> ignore
    plan.Axes |> Seq.sumBy (fun axis -> axis.Values.Length) |> ignore
    plan.Runs |> Seq.sumBy (fun run -> run.Labels.Count) |> ignore
    0L
}

/// Policies by other programs.
let private policies = [
    for name in [ "hopper-ars"; "halfcheetah-ars"; "hopper-gail-trpo-0000"; "walker2d-trpo"; "adroit-pen-dapg" ] ->
        [ "policy.json", $"policies/{name}.json"; "policy.f32", $"policies/{name}.f32" ]
]

let runReaders: Reader list = [
    let reader name seeds foreign damage read = {
        Name = name
        Seeds = seeds
        Foreign = foreign
        Damage = damage
        Read = read
    }

    reader "safetensors" tensors [] [ inHeader; inHeader; inHeader; inHeader ] readTensors
    reader "onnx" onnx [] [] readOnnx
    reader "policy" policy policies texts readPolicy
    let inText = List.map summed (texts @ plain @ texts)
    reader "config" (run "config.json") [] inText readRun
    reader "result" (run "result.json") [] inText readRun
    reader "metrics" (run "metrics.jsonl") [] texts readRun
    reader "sweep" sweep [] inText readSweep
]
