namespace Iql.Cli

open Iql.Scripts

open System
open System.Text.RegularExpressions
open Iql.Data

/// What `iql train` and `iql ablate` were asked for.
type Request = {
    Task: string option
    Data: string option
    /// How a file's rows become transitions; None: as D4RL has them, or as a row file has them already.
    Mode: DatasetMode option
    /// Transitions to collect for a task; None is the task's own number.
    Transitions: int option
    /// Its short name, or a variant's.
    Algorithm: string
    /// The domain whose preset is asked for; None: the one of the data's name.
    Preset: string option
    Rewards: RewardRule option
    NormalizeObservations: bool option
    /// What the options change of the preset, last first.
    Changes: (Trial -> Trial) list
    /// Options given that only some algorithms have, with their hyperparameter.
    Given: (string * Hyperparameter) list
    /// Hyperparameters that got several values.
    Axes: Axis list
    Output: string option
    Threads: int
}

/// The rows that training commands have in common.
[<RequireQualifiedAccess>]
module Request =

    /// Nothing asked for yet.
    let empty: Request = {
        Task = None
        Data = None
        Mode = None
        Transitions = None
        Algorithm = "iql"
        Preset = None
        Rewards = None
        NormalizeObservations = None
        Changes = []
        Given = []
        Axes = []
        Output = None
        Threads = Environment.ProcessorCount
    }

    let private change set (request: Request) = {
        request with
            Changes = set :: request.Changes
    }

    /// "inverseTemperature" as an option: "--inverse-temperature".
    let optionName (name: string) : string =
        "--"
        + Regex.Replace(name, "[A-Z]", fun capital -> "-" + capital.Value.ToLowerInvariant())

    /// The name it is listed under, and others that are understood.
    let private names (hyperparameter: Hyperparameter) : string * string list =
        match hyperparameter.Name with
        | "hiddenSizes" -> "--hidden", [ "--hidden-sizes" ]
        | "batchSize" -> "--batch", [ "--batch-size" ]
        | name -> optionName name, []

    let private section (hyperparameter: Hyperparameter) =
        match hyperparameter.Name, hyperparameter.Algorithms with
        | ("expectile" | "inverseTemperature" | "seed"), _ -> "Grid"
        | ("batchSize" | "hiddenSizes"), _ -> "Training"
        | _, algorithms when algorithms.Length = Algorithm.all.Length -> "Hyperparameters"
        | _, algorithms -> $"""Hyperparameters of {String.concat ", " algorithms}"""

    /// Remembers an option that not every algorithm has, so that it can be refused once the algorithm is known.
    let private given (hyperparameter: Hyperparameter) (set: 'value -> Request -> Request) value (request: Request) =
        let name, _ = names hyperparameter

        {
            set value request with
                Given = (name, hyperparameter) :: request.Given
        }

    /// One value for a hyperparameter.
    let single (hyperparameter: Hyperparameter) : Parameter<Request> =
        let name, others = names hyperparameter

        {
            Parameter.value
                name
                hyperparameter.Hint
                hyperparameter.Doc
                hyperparameter.Read
                (given hyperparameter change) with
                Aliases = others
                Group =
                    if section hyperparameter = "Grid" then
                        "Hyperparameters"
                    else
                        section hyperparameter
        }

    /// One value for a hyperparameter, or several between commas, which make an axis. The axes of the grid stay axes.
    let several (hyperparameter: Hyperparameter) : Parameter<Request> =
        let values word : Result<string list, string> =
            if hyperparameter.Name = "seed" then
                Read.seeds word |> Result.map (List.map string<int>)
            else
                Read.listOf (fun word -> hyperparameter.Read word |> Result.map (fun _ -> word)) word

        let set values request =
            let axis = Axis.along hyperparameter values

            match axis.Values with
            | [ _, set ] when section hyperparameter <> "Grid" -> change set request
            | _ -> {
                request with
                    Axes = request.Axes @ [ axis ]
              }

        let name, others = names hyperparameter
        let inGrid = section hyperparameter = "Grid"

        // The grid's options are named in the plural; every option is understood in both.
        {
            Parameter.value
                (if inGrid then name + "s" else name)
                (hyperparameter.Hint + ",...")
                hyperparameter.Doc
                values
                (given hyperparameter set) with
                Aliases = (if inGrid then name else name + "s") :: others
                Group = section hyperparameter
        }

    /// Where the transitions come from.
    let data: Parameter<Request> list =
        [
            Parameter.value
                "--task"
                "NAME"
                "Where policies are scored; a built-in task's data are collected on the spot, D4RL's come from its cache (`iql data download`) or from --data; `iql tasks` lists them"
                Read.text
                (fun name (request: Request) -> { request with Task = Some name })
            Parameter.value
                "--data"
                "FILE"
                "Learn from an .hdf5 file in D4RL's layout, an .npz of the same names, a Minari folder, or a row file of `iql data pack`; with --task, policies are scored there"
                Read.text
                (fun path (request: Request) -> { request with Data = Some path })
            Parameter.value
                "--mode"
                "d4rl|strict"
                "How a file's rows become transitions: as D4RL's q-learning loader has them, or no row that crosses an episode's end; a row file has its mode already"
                (Read.oneOf [ "d4rl"; "strict" ])
                (fun mode (request: Request) -> {
                    request with
                        Mode =
                            Some(
                                if mode = "strict" then
                                    DatasetMode.Strict
                                else
                                    DatasetMode.D4rlParity
                            )
                })
            |> Parameter.showing "d4rl"
            Parameter.value
                "--transitions"
                "N"
                "Transitions to collect for a task"
                (Read.whole 1000)
                (fun count (request: Request) -> {
                    request with
                        Transitions = Some count
                })
            Parameter.value
                "--rewards"
                "none|antmaze|antmaze-4|antmaze-10|return-range"
                "What is done to rewards before training: nothing, r - 1, 4 (r - 1/2), 10 r - 5, or 1000 r / return range; scores use raw rewards"
                (Read.oneOf [ "none"; "antmaze"; "antmaze-4"; "antmaze-10"; "return-range" ])
                (fun rule (request: Request) -> {
                    request with
                        Rewards =
                            Some(
                                match rule with
                                | "antmaze" -> RewardRule.AntMaze
                                | "antmaze-4" -> RewardRule.AntMazeTimes4
                                | "antmaze-10" -> RewardRule.AntMazeTimes10
                                | "return-range" -> RewardRule.ReturnRange
                                | _ -> RewardRule.None
                            )
                })
            |> Parameter.showing "the preset's"
            Parameter.switch
                "--normalize-observations"
                "Shift and scale observations to mean 0 and standard deviation 1, whatever the preset says"
                (fun (request: Request) -> {
                    request with
                        NormalizeObservations = Some true
                })
            Parameter.switch
                "--raw-observations"
                "Leave observations as they are, whatever the preset says"
                (fun (request: Request) -> {
                    request with
                        NormalizeObservations = Some false
                })
        ]
        |> Parameter.grouped "Data"

    /// What is trained, how long, how often looked at.
    let training (standard: Trial) : Parameter<Request> list =
        [
            Parameter.value
                "--algorithm"
                "NAME"
                ("What is trained: "
                 + String.concat ", " [ for entry in Algorithm.all -> $"{entry.Name} ({entry.Title})" ]
                 + "; or a variant: "
                 + String.concat ", " [
                     for entry in Algorithm.all do
                         yield! List.map fst entry.Variants
                 ])
                (Read.oneOf Algorithm.names)
                (fun name (request: Request) -> { request with Algorithm = name })
            |> Parameter.alias [ "-a" ]
            |> Parameter.showing "iql"
            Parameter.value "--steps" "N" "Training steps; 20k is 20000" (Read.whole 1) (fun steps ->
                change (fun trial -> { trial with Steps = steps }))
            |> Parameter.showing (string<int> standard.Steps)
            Parameter.value
                "--evaluate-every"
                "N"
                "Steps from one evaluation and checkpoint to the next"
                (Read.whole 1)
                (fun every -> change (fun trial -> { trial with EvaluateEvery = every }))
            |> Parameter.showing "a tenth of the steps"
            Parameter.value
                "--episodes"
                "N"
                "Episodes an evaluation; 0 evaluates nothing"
                (Read.whole 0)
                (fun episodes -> change (fun trial -> { trial with Episodes = episodes }))
            |> Parameter.showing (string<int> standard.Episodes)
            Parameter.value
                "--preset"
                "NAME"
                "Published hyperparameters of the algorithm to start from; `iql presets` lists them"
                (Read.oneOf [ for domain in Presets.domains -> domain.Name ])
                (fun name (request: Request) -> { request with Preset = Some name })
            |> Parameter.showing "by the name of the data"
        ]
        |> Parameter.grouped "Training"

    /// Where results go, on how many threads.
    let running (folder: string) : Parameter<Request> list =
        [
            Parameter.value
                "--output"
                "FOLDER"
                "Where runs and report.html go; the same command again continues there"
                Read.text
                (fun folder (request: Request) -> { request with Output = Some folder })
            |> Parameter.alias [ "-o" ]
            |> Parameter.showing folder
            Parameter.value
                "--threads"
                "N"
                "Cores to use; results do not depend on it"
                (Read.whole 1)
                (fun threads (request: Request) -> { request with Threads = threads })
            |> Parameter.showing "all"
        ]
        |> Parameter.grouped "Running"
