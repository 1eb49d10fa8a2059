/// Optimizers that begin anew at the switch. Learning rates and schedules are in OnlineTests.
module Iql.Core.Tests.Training.OnlineResetTests

open System
open Expecto
open Iql.Algorithms
open Iql.Training
open Iql.Training.Online
open Iql.Tests
open Iql.Core.Tests.Training.Fixture
open Iql.Core.Tests.Training.TinyRuns
open Iql.Core.Tests.Training.OnlineRuns

/// An algorithm with one learning rate, and how often its policy learns.
let private rows = [
    for name, every in [ "iql", 1; "bc", 1; "awac", 1; "cql", 1; "rlpd", 3; "td3bc", 2 ] do
        let row = Algorithm.Find name

        let set (config: IAlgorithmConfig) (property, value) =
            if isNull (config.Find property) then config else config.With(property, value)

        name,
        every,
        List.fold set (row.Standard.With("batchSize", 16)) [
            "hiddenSizes", box (Widths [ 8; 8 ])
            "policySchedule", Iql.Optimizers.LearningRateSchedule.Constant
            "policyDelay", every
            "policyLearningRate", 3e-4
            "criticLearningRate", 3e-4
            "valueLearningRate", 3e-4
            "behaviourLearningRate", 3e-4
            "weightDecay", 0.0
        ]
]

[<Tests>]
let tests =
    testList "OnlineResetTests" [
        testRows "Adam's moments begin at 0 and its correction counts the updates since" rows (fun (name, every, own) ->
            inFolder (fun root ->
                // The switch comes between two updates of a policy that learns at every second or third step.
                let how = How.Of(offline = 31L, acting = ActingChoice.Greedy, noise = 0.1, reset = true)

                let run = run root "run" (configFor (trainee name own) how)
                let plan = planFor (trainee name own) 1

                let at step =
                    trainTo (Nullable step) plan run |> ignore

                    Map [
                        for tensor in (SafeTensors.Read run.Folder.CheckpointPath).Tensors ->
                            tensor.Name, Array.map float (tensor.Values.ToArray())
                    ]

                let states = [ for step in 31L .. 38L -> step, at step ]
                let mutable compared = 0

                for (before, old), (after, now) in List.pairwise states do
                    for KeyValue(tensor, mean) in now |> Map.filter (fun (key: string) _ -> key.Contains "/adam-m/") do
                        let delayed = tensor.StartsWith "member/" || (name = "rlpd" && tensor.Contains "temperature")

                        let every = if delayed then int64 every else 1L
                        let updates = after / every - 31L / every

                        if after % every = 0L then
                            let square = now[tensor.Replace("adam-m", "adam-v")]
                            let weights = tensor.Replace("adam-m/", "")

                            for i in 0 .. mean.Length - 1 do
                                let m = mean[i] / (1.0 - 0.9 ** float updates)
                                let v = square[i] / (1.0 - 0.999 ** float updates)
                                let got, expected = now[weights][i], old[weights][i] - 3e-4 * m / (sqrt v + 1e-8)
                                let what = $"{weights}[{i}] from {before} to {after}"
                                Expect.floatClose (Accuracy.within 1e-6) got expected what

                                if updates = 1L then
                                    // g = m / 0.1 = √(v / 0.001): nothing is left of the moments before.
                                    Expect.floatClose (Accuracy.within 1e-5) (abs m) (sqrt v) what

                                if m <> 0.0 then
                                    compared <- compared + 1
                        else
                            let expected = if updates = 0L then Array.map (fun _ -> 0.0) mean else Map.find tensor old
                            Expect.equal mean expected $"{tensor} waits at {after}"

                Expect.isGreaterThan compared 200 "numbers that moved"))
    ]
