namespace Iql.Bench

open System
open Iql.Cli
open Iql.Algorithms
open Iql.Scripts

/// What the program is asked for.
type Asked = {
    Quick: bool
    /// Empty: the cases of implicit Q-learning.
    Algorithms: string list
    Environments: bool
    /// A row file, or a number of rows.
    Data: string option
    Reading: Reading
    Batches: int
    Steps: int
    /// Batches that others have drawn before.
    From: int
    Threads: int
    Rows: int
    Json: string option
    Save: string option
    FirstStep: bool
}

/// The program's options.
[<RequireQualifiedAccess>]
module Asked =

    /// The cases of implicit Q-learning, on all cores.
    let standard: Asked = {
        Quick = false
        Algorithms = []
        Environments = false
        Data = None
        Reading = Ahead
        Batches = 2_000
        Steps = 1_000
        From = 0
        Threads = Environment.ProcessorCount
        Rows = 1_000_000
        Json = None
        Save = None
        FirstStep = false
    }

    /// The names of `--algorithm`: one, several between commas, or all.
    let private names (word: string) : Result<string list, string> =
        if word = "all" then
            Ok [ for each in Algorithm.All -> each.Name ]
        else
            Read.listOf (Read.oneOf [ for each in Algorithm.Named -> each.Name ]) word
            |> Result.mapError (fun expected -> expected + ", or all")

    let private readings = [ "memory", InMemory; "mapped", Mapped; "ahead", Ahead ]

    let private reading (word: string) : Result<Reading, string> =
        Read.oneOf (List.map fst readings) word
        |> Result.map (fun word -> readings |> List.find (fun (name, _) -> name = word) |> snd)

    /// All of them, in the order of the help.
    let options: Parameter<Asked> list = [
        Parameter.switch "--quick" "The headline cases only, in some 20 seconds" (fun (asked: Asked) -> {
            asked with
                Quick = true
        })
        Parameter.value
            "--algorithm"
            "NAME|all"
            "Instead of the cases: algorithms, or all of them, with their presets and sizes of D4RL's hopper tasks"
            names
            (fun names (asked: Asked) -> { asked with Algorithms = names })
        Parameter.switch
            "--environments"
            "Instead: how fast MuJoCo's robots step on one core, beside the C library alone (needs gcc)"
            (fun (asked: Asked) -> { asked with Environments = true })
        Parameter.value
            "--data"
            "FILE|N"
            "Instead: sampling and training on a row file, or on N uniform rows"
            Read.text
            (fun source (asked: Asked) -> { asked with Data = Some source })
        Parameter.value "--reading" "HOW" "Of --data: memory, mapped or ahead" reading (fun reading (asked: Asked) -> {
            asked with
                Reading = reading
        })
        |> Parameter.showing "ahead"
        Parameter.value "--batches" "N" "Of --data: batches to sample" (Read.whole 0) (fun count (asked: Asked) -> {
            asked with
                Batches = count
        })
        |> Parameter.showing "2000"
        Parameter.value "--steps" "N" "Of --data: steps to train" (Read.whole 0) (fun count (asked: Asked) -> {
            asked with
                Steps = count
        })
        |> Parameter.showing "1000"
        Parameter.value
            "--from"
            "N"
            "Of --data: the first batch; another one touches other rows"
            (Read.whole 0)
            (fun first (asked: Asked) -> { asked with From = first })
        |> Parameter.showing "0"
        Parameter.value "--threads" "N" "The most threads" (Read.whole 1) (fun threads (asked: Asked) -> {
            asked with
                Threads = threads
        })
        |> Parameter.showing "all"
        Parameter.value
            "--rows"
            "N"
            "Rows of the data that batches are sampled from"
            (Read.whole 1)
            (fun rows (asked: Asked) -> { asked with Rows = rows })
        |> Parameter.showing "1M"
        Parameter.value "--json" "FILE" "Also write every figure there" Read.text (fun file (asked: Asked) -> {
            asked with
                Json = Some file
        })
        Parameter.value
            "--save"
            "FOLDER"
            "Also write a table, its figures and a picture there, named after the processor"
            Read.text
            (fun folder (asked: Asked) -> { asked with Save = Some folder })
        Parameter.switch
            "--first-step"
            "Only make a first step, and print the seconds since this process started"
            (fun (asked: Asked) -> { asked with FirstStep = true })
        Parameter.switch "--micro" "Instead, as the first word: kernels one by one, with BenchmarkDotNet's options" id
    ]
