namespace Iql.Scripts

/// The built-in ablation: small enough that a whole grid is done in minutes on two cores.
[<RequireQualifiedAccess>]
module Ablation =

    /// A trial with small networks.
    let small: Trial -> Trial = Hyperparameter.set "hiddenSizes" "64x64"

    /// The trial of an algorithm.
    let trialOf (algorithm: Algorithm) : Trial =
        small {
            Trial.standard with
                Algorithm = algorithm
                Steps = 15_000
                EvaluateEvery = 0
                Episodes = 50
        }

    /// The same for implicit Q-learning.
    let standard: Trial = trialOf Trial.standard.Algorithm

    /// What is varied when nobody says, three seeds each; for implicit Q-learning τ and β around the paper's values, where β = 0 is
    /// behaviour cloning.
    let grid (algorithm: Algorithm) : Axis list = [
        for name, values in (Algorithm.entry algorithm).Grid do
            Axis.named name values
        Axis.seed [ 0..2 ]
    ]
