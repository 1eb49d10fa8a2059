namespace Iql.Scripts

/// One number or word of a trial: how it is called, read, shown and set. The command line makes an option of each.
type Hyperparameter = {
    /// "inverseTemperature"
    Name: string
    /// What a value is called in the help, "BETA".
    Hint: string
    /// One sentence for the help.
    Doc: string
    /// Short names of the algorithms that have it; none where every trial does.
    Algorithms: string list
    /// A change to a trial out of the text of a value, or what was expected. Changing a trial of an algorithm that does not
    /// have it is an ArgumentException that names those that do.
    Read: string -> Result<Trial -> Trial, string>
    /// The value a trial has, as text that Read takes; empty where its algorithm has none.
    Show: Trial -> string
}

/// Every hyperparameter that can be swept, of all algorithms: their settings, those of one name put together.
[<RequireQualifiedAccess>]
module Hyperparameter =

    let seed: Hyperparameter =
        let word =
            Word.count "seed" "SEED" "Number of the repetition; all randomness comes from it" 0

        {
            Name = word.Name
            Hint = word.Hint
            Doc = word.Doc
            Algorithms = []
            Read = word.Parse >> Result.map (fun seed trial -> { trial with Seed = seed })
            Show = fun trial -> word.Print trial.Seed
        }

    /// "expectile: a hyperparameter of iql, got a trial of td3bc, which has alpha, …"
    let foreign (name: string) (owners: string list) (algorithm: AlgorithmEntry<Algorithm>) : string =
        let own = algorithm.Settings |> List.map _.Name |> String.concat ", "
        $"""{name}: a hyperparameter of {String.concat ", " owners}, got a trial of {algorithm.Name}, which has {own}."""

    /// The settings of one name, of all algorithms that have it.
    let private together (name: string) : Hyperparameter =
        let owners = [
            for entry in Algorithm.all do
                for setting in entry.Settings do
                    if setting.Name = name then
                        entry, setting
        ]

        let names = [ for entry, _ in owners -> entry.Name ]
        let _, first = List.head owners

        let settingOf (trial: Trial) =
            owners
            |> List.tryFind (fun (entry, _) -> entry.Name = Algorithm.name trial.Algorithm)
            |> Option.map snd

        let change (word: string) (trial: Trial) =
            match settingOf trial with
            | None -> raise (System.ArgumentException(foreign name names (Trial.entry trial)))
            | Some setting ->
                match setting.Read word with
                | Ok set -> {
                    trial with
                        Algorithm = set trial.Algorithm
                  }
                | Error expected -> raise (System.ArgumentException $"{name}: expected {expected}, got {word}.")

        {
            Name = name
            Hint = first.Hint
            Doc = first.Doc
            Algorithms = names
            Read =
                fun word ->
                    match
                        owners
                        |> List.map (fun (_, setting) -> setting.Read word)
                        |> List.tryFind Result.isOk
                    with
                    | Some _ -> Ok(change word)
                    | None -> first.Read word |> Result.map (fun _ -> change word)
            Show =
                fun trial ->
                    settingOf trial
                    |> Option.map (fun setting -> setting.Show trial.Algorithm)
                    |> Option.defaultValue ""
        }

    /// All of them: the two of implicit Q-learning's title first, then the seed.
    let all: Hyperparameter list =
        let names =
            [
                for entry in Algorithm.all do
                    for setting in entry.Settings -> setting.Name
            ]
            |> List.distinct

        match List.map together names with
        | expectile :: inverseTemperature :: others -> expectile :: inverseTemperature :: seed :: others
        | few -> few

    /// Those a trial of an algorithm has.
    let ofAlgorithm (algorithm: Algorithm) : Hyperparameter list =
        all
        |> List.filter (fun each ->
            each.Algorithms.IsEmpty
            || List.contains (Algorithm.name algorithm) each.Algorithms)

    /// The hyperparameter of a name; an ArgumentException with the nearest one where there is none.
    let find (name: string) : Hyperparameter =
        match all |> List.tryFind (fun each -> each.Name = name) with
        | Some hyperparameter -> hyperparameter
        | None ->
            let known = [ for each in all -> each.Name ]

            raise (
                System.ArgumentException
                    $"hyperparameter: expected one by its name, got {name}.{Spelling.didYouMean known name}"
            )

    /// A trial with one hyperparameter set, as on the command line.
    let set (name: string) (value: string) (trial: Trial) : Trial =
        match (find name).Read value with
        | Ok change -> change trial
        | Error expected -> raise (System.ArgumentException $"{name}: expected {expected}, got {value}.")

    /// How a value is written: 3.0 is 3.
    let label (hyperparameter: Hyperparameter) (change: Trial -> Trial) : string =
        let home =
            match hyperparameter.Algorithms with
            | [] -> Trial.standard
            | owner :: _ -> {
                Trial.standard with
                    Algorithm = (Algorithm.find owner).Value
              }

        hyperparameter.Show(change home)
