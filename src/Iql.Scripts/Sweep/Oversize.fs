namespace Iql.Scripts

open Iql.Algorithms

/// Messages about tensors that are larger than any, in which the value that makes them so has its name.
[<RequireQualifiedAccess>]
module internal Oversize =

    /// "shape: expected a tensor …" with the option without which a learner can be made, else with all options.
    let named make (algorithm: Algorithm) (configs: IAlgorithmConfig list) (message: string) : string =
        let value (each: Hyperparameter) = each.Print(each.Get configs.Head)
        let usual (each: Hyperparameter) = each.Get algorithm.Standard

        let changed = [
            for each in algorithm.Hyperparameters do
                if not each.IsInput && value each <> each.Print(usual each) then
                    each
        ]

        let isAlone (each: Hyperparameter) =
            Attempt.run (fun () -> [ for config in configs -> each.Set(config, usual each) ])
            |> Result.bind make
            |> Result.isOk

        // "shape: expected a tensor …", "batch: expected a block …"
        match message.IndexOf ": expected " with
        | at when at < 0 || not (message.EndsWith "narrower layers.") -> message
        | at ->
            changed
            |> List.tryFind isAlone
            |> Option.map List.singleton
            |> Option.defaultValue changed
            |> List.map (fun each -> $"--{each.OptionNames[0]} {value each}")
            |> String.concat " "
            |> fun options -> options + message.Substring at
