namespace Iql.Cli

open Iql.Scripts

open System.Text.RegularExpressions

/// What people of other programs call an option.
[<RequireQualifiedAccess>]
module Hints =

    /// Words for options of others, and the options here; the first that a command has are named.
    let private others: (string list * string list * string) list = [
        [ "tau" ], [ "--expectile"; "--expectiles"; "--polyak-step" ], "The paper's τ is the expectile"
        [ "beta"; "temperature"; "awr-temperature"; "alpha-awr" ],
        [ "--inverse-temperature"; "--inverse-temperatures" ],
        "The paper's β is the inverse temperature"
        [ "lr"; "learning-rate"; "actor-lr"; "policy-lr"; "critic-lr"; "value-lr"; "qf-lr"; "vf-lr" ],
        [ "--policy-learning-rate"; "--critic-learning-rate"; "--value-learning-rate" ],
        "Each network has its rate"
        [ "gpu"; "gpus"; "cuda"; "cpu" ], [ "--device" ], "Training runs on the processor, if no device is named"
        [ "workers"; "num-workers"; "jobs"; "j"; "num-threads" ], [ "--threads" ], ""
        [ "gamma" ], [ "--discount" ], "γ is the discount"
        [ "alpha"; "polyak"; "target-update-rate"; "soft-target-tau" ], [ "--polyak-step" ], ""
        [
            "epochs"
            "epoch"
            "num-epochs"
            "num-steps"
            "n-steps"
            "max-steps"
            "max-timesteps"
            "total-steps"
            "iterations"
            "num-updates"
            "train-steps"
            "timesteps"
        ],
        [ "--steps" ],
        "Training counts steps of a batch"
        [ "bs"; "minibatch"; "minibatch-size" ], [ "--batch" ], ""
        [ "seeds"; "num-seeds" ], [ "--seeds"; "--seed" ], "`iql ablate` and `iql compare` take several seeds"
        [ "env"; "env-name"; "env-id"; "environment"; "gym"; "domain" ], [ "--task" ], ""
        [ "dataset"; "dataset-name"; "dataset-path"; "file"; "input"; "path" ], [ "--data" ], ""
        [
            "out"
            "outdir"
            "output-dir"
            "out-dir"
            "save-dir"
            "logdir"
            "log-dir"
            "save-path"
            "folder"
            "checkpoints-path"
        ],
        [ "--output" ],
        ""
        [ "eval-every"; "eval-freq"; "eval-interval"; "evaluate-interval"; "eval-period" ], [ "--evaluate-every" ], ""
        [ "eval-episodes"; "n-episodes"; "num-episodes"; "n-eval-episodes" ], [ "--episodes" ], ""
        [
            "layers"
            "hidden-dim"
            "hidden-dims"
            "hidden-size"
            "width"
            "units"
            "arch"
            "n-hidden"
            "hidden-layers"
        ],
        [ "--hidden" ],
        "256x256 is two layers"
        [ "normalize"; "normalize-states"; "normalise"; "observation-scaler" ], [ "--normalize-observations" ], ""
        [ "action-scaler"; "normalize-actions"; "rescale-actions"; "action-bounds" ], [ "--action-scaling" ], ""
        [ "reward-scale"; "reward-bias"; "normalize-reward"; "reward-shift" ], [ "--rewards" ], ""
        [ "algo"; "agent"; "method" ], [ "--algorithm"; "--algorithms" ], ""
        [ "size"; "num-transitions"; "dataset-size"; "n"; "rows" ], [ "--transitions"; "--size" ], ""
        [ "expectile-tau"; "quantile" ], [ "--expectile"; "--expectiles" ], ""
        [ "ensemble"; "num-critics"; "n-critics"; "num-qs" ], [ "--critics" ], ""
        [ "clip"; "adv-clip"; "exp-adv-max"; "max-weight" ], [ "--max-advantage-weight" ], ""
        [ "overwrite"; "force"; "resume"; "restart" ], [ "--output" ], "The same command continues its folder"
    ]

    /// The option of a hyperparameter, or of a property of the online phase, by its name in a message.
    let private optionOf (name: string) : string option =
        let property = name.Substring(0, 1).ToUpperInvariant() + name.Substring 1

        Hyperparameter.all
        |> List.tryPick (fun each -> if each.Name = name then Some("--" + each.OptionNames[0]) else None)
        |> Option.orElseWith (fun () ->
            OnlineOption.all
            |> List.tryPick (fun each ->
                if OnlineOption.property each = property || each.Name = name then
                    Some(OnlineOption.word each)
                else
                    None))

    /// A message that begins with the name of a hyperparameter begins with that of its option: what a user typed.
    let withOption (message: string) : string =
        let named = Regex.Match(message, @"^((?:\S+ on \S+: )?)(\w+)(: .*)$", RegexOptions.Singleline)

        if named.Success then
            match optionOf named.Groups[2].Value with
            | Some option -> $"{named.Groups[1]}{option}{named.Groups[3]}"
            | None -> message
        else
            message

    /// What an unknown option may have meant, as a sentence with a blank before it; nothing where nobody knows.
    let forOption (known: string list) (option: string) : string =
        let word = option.TrimStart('-').ToLowerInvariant().Replace('_', '-')

        let named =
            others
            |> List.tryPick (fun (words, options, sentence) ->
                match options |> List.filter (fun each -> List.contains each known) with
                | own when List.contains word words && not own.IsEmpty -> Some(own, sentence)
                | _ -> None)

        match named with
        | None when OnlineOption.all |> List.exists (fun each -> OnlineOption.word each = option) ->
            " It belongs to `iql finetune` and `iql compare --finetune`, whose runs go on online."
        | None -> Spelling.didYouMean known option
        | Some(own, sentence) ->
            let meant = $" Did you mean {Plural.either own}?"
            if sentence = "" then meant else $"{meant} {sentence}."
