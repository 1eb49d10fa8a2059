/// Onestep RL's hyperparameters: what is refused, and what is equal.
module Iql.Core.Tests.Learning.OnestepConfigTests

open System
open Iql.Algorithms
open Xunit

[<Fact>]
let ``hyperparameters out of range are refused by name`` () =
    let refused (name: string) (config: OnestepConfig) =
        let error = Assert.Throws<ArgumentException>(fun () -> config.Validate() |> ignore)
        Assert.StartsWith(name, error.Message)

    let config = OnestepConfig()
    refused "PolicyImprovement" (config.With(improvement = enum<PolicyImprovement> 7))
    refused "InverseTemperature" (config.With(inverseTemperature = -1.0))
    refused "DivergenceWeight" (config.With(divergenceWeight = nan))
    refused "Candidates" (config.With(candidates = 0))
    refused "BaselineSamples" (config.With(baselineSamples = 0))
    refused "DivergenceSamples" (config.With(divergenceSamples = 0))
    refused "SampleBound" (config.With(sampleBound = 0.0))
    refused "BehaviourSteps" (config.With(behaviourSteps = 0))
    refused "CriticSteps" (config.With(criticSteps = 0))
    refused "PolicySteps" (config.With(policySteps = 0))
    refused "Critics" (config.With(critics = 3))
    refused "PolyakEvery" (config.With(polyakEvery = 0))
    refused "LogStdMin" (config.With(logStdMin = 1.0))
    refused "HiddenSizes" (config.With(hiddenSizes = [ 0 ]))

    let strengths =
        Assert.Throws<ArgumentException>(fun () -> Onestep.Learner(config, 2, 1, [| 1.0; -1.0 |]) |> ignore)

    Assert.StartsWith("DivergenceWeight", strengths.Message)

[<Fact>]
let ``configs of the same values are equal`` () =
    Assert.Equal(OnestepConfig().With(hiddenSizes = [ 3 ]), OnestepConfig().With(hiddenSizes = [ 3 ]))
    Assert.NotEqual(OnestepConfig(), OnestepConfig().With(candidates = 3))
    Assert.NotEqual(OnestepConfig(), OnestepConfig().With(policySteps = 3))
    Assert.Equal(OnestepConfig().With(divergenceWeight = 0.0), OnestepConfig().WithStrength 0.0)
