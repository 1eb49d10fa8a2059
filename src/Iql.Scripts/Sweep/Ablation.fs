namespace Iql.Scripts

open Iql.Algorithms

/// The built-in ablation: small enough that a whole grid is done in minutes on two cores.
[<RequireQualifiedAccess>]
module Ablation =

    /// A trial with small networks.
    let small: Trial -> Trial = Hyperparameter.set "hiddenSizes" "64x64"

    /// The trial of a config.
    let trialOf (config: IAlgorithmConfig) : Trial =
        small { Trial.standard with Config = config; Steps = 20_000; EvaluateEvery = 0; Episodes = 200 }

    /// The same for implicit Q-learning.
    let standard: Trial = trialOf Trial.standard.Config

    /// What is varied by default, five seeds each; for implicit Q-learning τ and β around the paper's values, where
    /// β = 0 is behaviour cloning.
    let grid (algorithm: Algorithm) : Axis list = [
        for struct (name, values) in algorithm.Grid do
            Axis.along name (values.Split ',')
        Axis.seed [ 0..4 ]
    ]
