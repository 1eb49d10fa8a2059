namespace Iql.Cli

open Iql.Algorithms
open Iql.Scripts

open System

/// The arguments of `iql compare`.
type CompareRequest = {
    Tasks: string list
    Files: string list
    /// Names of algorithms and variants.
    Algorithms: string list
    Seeds: int list
    /// A run's score is the mean of this many last evaluations.
    Last: int
    /// Go on online after the steps.
    Finetune: bool
    /// The options given that are of the online phase.
    Online: string list
    /// Show published tables, train nothing.
    Published: bool
    /// The hyperparameters of the options given, and what the options change; last first.
    Own: (Hyperparameter * (Trial -> Trial)) list
    /// The options of every training command.
    Shared: Request
}

/// The rows of `iql compare`.
[<RequireQualifiedAccess>]
module CompareRequest =

    /// No arguments.
    let empty: CompareRequest = {
        Tasks = []
        Files = []
        Algorithms = []
        Seeds = [ 0..2 ]
        Last = 1
        Finetune = false
        Online = []
        Published = false
        Own = []
        Shared = Request.empty
    }

    /// Words between commas, looked up later.
    let private words (word: string) : Result<string list, string> =
        match List.ofArray (word.Split(',', StringSplitOptions.TrimEntries)) with
        | words when List.contains "" words -> Error "names between commas"
        | words -> Ok words

    let private within (row: Parameter<Request>) : Parameter<CompareRequest> =
        row
        |> Parameter.within _.Shared (fun part (request: CompareRequest) -> { request with Shared = part })

    let private shared (names: string list) (rows: Parameter<Request> list) : Parameter<CompareRequest> list =
        rows |> List.filter (fun row -> not (List.contains row.Name names)) |> List.map within

    /// An option of the online phase, remembered by its name.
    let private online (row: Parameter<Request>) : Parameter<CompareRequest> =
        let row = within row

        {
            row with
                Set =
                    fun word request ->
                        row.Set word request
                        |> Result.map (fun request -> { request with Online = request.Online @ [ row.Name ] })
        }

    /// A hyperparameter's option, stored with the hyperparameter: it changes the algorithms that have it.
    let private own (hyperparameter: Hyperparameter) : Parameter<CompareRequest> =
        Request.single hyperparameter
        |> Parameter.within (fun _ -> Request.empty) (fun read request -> {
            request with
                Own = (hyperparameter, read.Changes.Head) :: request.Own
        })

    /// The options, with a trial's defaults and a default for each hyperparameter.
    let parameters
        (standard: Trial)
        (value: Hyperparameter -> string)
        (hyperparameters: Hyperparameter list)
        : Parameter<CompareRequest> list =
        Parameter.grouped "Rows" [
            Parameter.value
                "-t, --task NAME,..."
                "Tasks, one row each; may be repeated; `iql tasks` lists them. For a task without data, D4RL's file \
                 in its cache is used, unless --data names another file"
                words
                (fun names (request: CompareRequest) -> { request with Tasks = request.Tasks @ names })
            |> Parameter.alias [ "--tasks" ]
            |> Parameter.repeated
            |> Parameter.showing TaskName.standard
            Parameter.value
                "--data FILE,..."
                "Data files, one for each --task in the same order; without --task, the name of a file selects its task"
                words
                (fun files request -> { request with Files = request.Files @ files })
            |> Parameter.repeated
        ]
        @ Parameter.grouped "Columns" [
            Parameter.value
                "-a, --algorithms NAME,..."
                ("Algorithms and variants, one column each: "
                 + String.concat ", " [ for each in Algorithm.Named -> each.Name ]
                 + "; each uses its preset for the task's name")
                words
                (fun names (request: CompareRequest) -> { request with Algorithms = request.Algorithms @ names })
            |> Parameter.alias [ "--algorithm" ]
            |> Parameter.repeated
            |> Parameter.showing "iql,td3bc,bc"
            Parameter.value
                "--seeds SEED,..."
                "Repetitions: 0,1,2 or 0-2"
                Read.seeds
                (fun seeds (request: CompareRequest) -> { request with Seeds = seeds })
            |> Parameter.alias [ "--seed" ]
            |> Parameter.showing "0-2"
        ]
        @ Parameter.grouped "Table" [
            Parameter.switch
                "--published"
                "Show published scores and their sources, for all data sets or those of --task, without training"
                (fun request -> { request with Published = true })
            Parameter.value
                "--last K"
                "A run's score is the mean of its last K evaluations"
                (Read.whole 1)
                (fun last (request: CompareRequest) -> { request with Last = last })
            |> Parameter.showing "1"
        ]
        @ shared [ "--task"; "--data" ] (Request.data false standard)
        @ Parameter.grouped "Training" [ within (Request.steps 0 standard) ]
        @ shared [ "--algorithm"; "--preset"; "--steps" ] (Request.training standard)
        @ Parameter.grouped "Online" [
            Parameter.switch
                "--finetune"
                "Go on online after --steps, each algorithm as in its protocol (`iql presets --protocols`)"
                (fun request -> { request with Finetune = true })
        ]
        @ List.map online (Request.online false standard)
        @ [ for each in hyperparameters -> own each |> Parameter.showing (value each) ]
        @ shared [] (Request.running "runs/compare-NAME")
