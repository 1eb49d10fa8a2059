/// Policies of others in ../shared/data/policies: their mean action, in float32 as they were trained.
module Iql.Core.Tests.Environments.TrainedPolicy

open System
open System.IO
open System.Text.Json
open Iql.Core.Tests.DataCases
open Iql.Environments.Mujoco
open Expecto

let needsMujoco () =
    if not MujocoLibrary.IsAvailable then
        skiptest "The machine has no MuJoCo 2.2.2."

/// Multilayer perceptron of a file: observation to the mean action, each number within ±1.
type TrainedPolicy(name: string) =
    let numbers =
        let bytes = File.ReadAllBytes(shared $"data/policies/{name}.f32")
        Array.init (bytes.Length / 4) (fun i -> BitConverter.ToSingle(bytes, 4 * i))

    let description =
        (JsonDocument.Parse(File.ReadAllText(shared $"data/policies/{name}.json"))).RootElement

    let tensors =
        Map [
            for tensor in description.GetProperty("tensors").EnumerateArray() do
                let shape = [ for extent in tensor.GetProperty("shape").EnumerateArray() -> extent.GetInt32() ]

                tensor.GetProperty("name").GetString(), (shape, tensor.GetProperty("offset").GetInt32())
        ]

    let tensor name =
        let shape, offset = tensors[name]
        Array.sub numbers offset (List.fold (*) 1 shape)

    let activation: float32 -> float32 =
        if description.GetProperty("hidden_activation").GetString() = "relu" then
            max 0f
        else
            MathF.Tanh

    let squashed = description.GetProperty("output").GetString() = "tanh_squashed_gaussian"

    let layer weights bias (next: float32 -> float32) =
        let weights, bias = tensor weights, tensor bias

        fun (input: float32[]) ->
            Array.init bias.Length (fun row ->
                let mutable sum = bias[row]

                for column in 0 .. input.Length - 1 do
                    sum <- sum + weights[row * input.Length + column] * input[column]

                next sum)

    let normalise =
        if tensors.ContainsKey "obs_mean" then
            let mean, std = tensor "obs_mean", tensor "obs_std"

            let limit =
                match description.GetProperty "obs_clip" with
                | clip when clip.ValueKind = JsonValueKind.Number -> clip.GetSingle()
                | _ -> Single.PositiveInfinity

            Array.mapi (fun i (x: float32) -> Math.Clamp((x - mean[i]) / std[i], -limit, limit))
        else
            id

    let layers = [
        for i in 0..9 do
            if tensors.ContainsKey $"W{i}" then
                layer $"W{i}" $"b{i}" activation
        layer "Wmu" "bmu" (if squashed then MathF.Tanh else fun x -> Math.Clamp(x, -1f, 1f))
    ]

    /// Numbers it wants to see.
    member _.ObservationSize =
        let first = if tensors.ContainsKey "W0" then "W0" else "Wmu"
        (fst tensors[first])[1]

    member _.Act(observation: float32[]) : float32[] = List.fold (fun x layer -> layer x) (normalise observation) layers

/// Mean and standard deviation of ten episodes' returns, as measured elsewhere with the mean action.
let measured (name: string) : float * float =
    let all =
        (JsonDocument.Parse(File.ReadAllText(shared "data/policies/measured_returns.json"))).RootElement

    let row = all.GetProperty name
    row[0].GetDouble(), row[1].GetDouble()
