namespace Iql.Scripts

/// A column of a comparison: what is trained under a name on each task.
type Contender = {
    Name: string
    /// The trial for a task of this name; its seed is the comparison's business.
    Trial: string -> Trial
    /// The preset that it starts from there, in words; None without one.
    Preset: string -> string option
}

/// Contenders out of algorithms.
[<RequireQualifiedAccess>]
module Contender =

    /// The algorithm of a name, or a variant's, in its standard setting; a refusal with the nearest name where there is none.
    let algorithm (name: string) : Algorithm =
        match Algorithm.find name with
        | Some algorithm -> algorithm
        | None ->
            raise (
                Refusal
                    $"""algorithms: expected some of {String.concat ", " Algorithm.names}, got {name}.{Spelling.didYouMean Algorithm.names name}"""
            )

    /// An algorithm, or a variant, by its name: `standard` gives the trial to start from, the preset for the task's name changes it,
    /// and then `change` does. On a task that the algorithm has no preset for, the standard setting stays.
    let preset (standard: Algorithm -> Trial) (change: Trial -> Trial) (name: string) : Contender =
        let algorithm = algorithm name

        {
            Name = name
            Trial =
                fun task ->
                    let apply =
                        Preset.forTask name task |> Option.map Preset.apply |> Option.defaultValue id

                    standard algorithm |> apply |> change
            Preset =
                fun task ->
                    Preset.forTask name task
                    |> Option.map (fun preset -> $"{preset.Domain}: {Preset.describe preset}")
        }

    /// A trial of one's own, the same on every task, under a name of one's own.
    let ofTrial (name: string) (trial: Trial) : Contender = {
        Name = name
        Trial = fun _ -> trial
        Preset = fun _ -> None
    }
