namespace Iql.Scripts

open Iql.Algorithms

/// What a run trains, with its own hyperparameters.
[<RequireQualifiedAccess>]
type Algorithm =
    | ImplicitQLearning of ImplicitConfig
    | BehaviourCloning of BehaviourCloningConfig
    | TD3BC of TD3BCConfig
    | ConservativeQLearning of ConservativeQLearningConfig
    | Awac of AwacConfig
    | Onestep of OnestepConfig
    | DecisionTransformer of DecisionTransformerConfig

/// The algorithms. A new one is a case above, a file under Algorithms, and a row of `all`.
[<RequireQualifiedAccess>]
module Algorithm =

    let private implicit =
        ImplicitConfig.entry
        |> AlgorithmEntry.lift
            (function
            | Algorithm.ImplicitQLearning config -> Some config
            | _ -> None)
            Algorithm.ImplicitQLearning

    let private cloning =
        Cloning.entry
        |> AlgorithmEntry.lift
            (function
            | Algorithm.BehaviourCloning config -> Some config
            | _ -> None)
            Algorithm.BehaviourCloning

    let private regularised =
        Regularised.entry
        |> AlgorithmEntry.lift
            (function
            | Algorithm.TD3BC config -> Some config
            | _ -> None)
            Algorithm.TD3BC

    let private conservative =
        Conservative.entry
        |> AlgorithmEntry.lift
            (function
            | Algorithm.ConservativeQLearning config -> Some config
            | _ -> None)
            Algorithm.ConservativeQLearning

    let private weighted =
        Weighted.entry
        |> AlgorithmEntry.lift
            (function
            | Algorithm.Awac config -> Some config
            | _ -> None)
            Algorithm.Awac

    let private onestep =
        OnestepEntry.entry
        |> AlgorithmEntry.lift
            (function
            | Algorithm.Onestep config -> Some config
            | _ -> None)
            Algorithm.Onestep

    let private conditioned =
        Conditioned.entry
        |> AlgorithmEntry.lift
            (function
            | Algorithm.DecisionTransformer config -> Some config
            | _ -> None)
            Algorithm.DecisionTransformer

    /// Every algorithm's entry.
    let all: AlgorithmEntry<Algorithm> list = [
        implicit
        cloning
        regularised
        conservative
        weighted
        onestep
        conditioned
    ]

    /// The entry that an algorithm belongs to.
    let entry (algorithm: Algorithm) : AlgorithmEntry<Algorithm> =
        match algorithm with
        | Algorithm.ImplicitQLearning _ -> implicit
        | Algorithm.BehaviourCloning _ -> cloning
        | Algorithm.TD3BC _ -> regularised
        | Algorithm.ConservativeQLearning _ -> conservative
        | Algorithm.Awac _ -> weighted
        | Algorithm.Onestep _ -> onestep
        | Algorithm.DecisionTransformer _ -> conditioned

    /// Names of the algorithms that learn discrete actions too.
    let discrete: string list = [
        for entry in all do
            if Result.isOk (entry.ForActions Iql.ActionKind.Discrete entry.Standard) then
                entry.Name
    ]

    /// Names that `--algorithm` takes, variants too.
    let names: string list = [
        for entry in all do
            entry.Name
            yield! List.map fst entry.Variants
    ]

    /// The algorithm of a name, or of a variant's, in its standard setting.
    let find (name: string) : Algorithm option =
        all
        |> List.tryPick (fun entry ->
            (entry.Name, entry.Standard) :: entry.Variants
            |> List.tryFind (fun (each, _) -> each = name)
            |> Option.map snd)

    /// Its short name, "td3bc".
    let name (algorithm: Algorithm) : string = (entry algorithm).Name
