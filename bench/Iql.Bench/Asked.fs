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
    /// Where runs advance together; "cpu" is the compiler of Iql, which the cases measure.
    Device: DeviceRequest
    /// Numbers of runs that advance together on a device.
    Together: int list
    Launching: Launching
    Seconds: float
    /// The folder of a sweep to compare with published scores.
    Scores: string option
    /// A part of the names of the kernels to time.
    Kernels: string option
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
        Device = DeviceOptions.standard
        Together = [ 1 ]
        Launching = Eager
        Seconds = 3.0
        Scores = None
        Kernels = None
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

    /// A part of a kernel's name; every name contains the empty text.
    let private kernels (word: string) : Result<string, string> =
        let names = [ for case in GraphCase.all -> case.Name ]
        let part = if word = "all" then "" else word

        if names |> List.exists _.Contains(part, StringComparison.OrdinalIgnoreCase) then
            Ok part
        else
            Error("all, or a part of " + String.concat ", " names)

    let private readings = [ "memory", InMemory; "mapped", Mapped; "ahead", Ahead ]

    /// All options, in the order of the help.
    let options: Parameter<Asked> list = [
        Parameter.switch "--quick" "The main cases only, in about 20 seconds" (fun asked -> { asked with Quick = true })
        Parameter.value
            "--algorithm NAME|all"
            "Instead of the cases: algorithms, or all of them, with their presets and sizes of D4RL's hopper tasks"
            names
            (fun names asked -> { asked with Algorithms = names })
        Parameter.switch
            "--environments"
            "Instead: the steps a second of MuJoCo's robots on one core, beside the C library alone (needs gcc)"
            (fun asked -> { asked with Environments = true })
        for option in DeviceOptions.parameters "1" do
            if option.Name <> "--together" then
                option |> Parameter.within _.Device (fun device (asked: Asked) -> { asked with Device = device })
        Parameter.value
            "--together R[,R...]"
            "With --device: numbers of runs that advance together, of IQL or of algorithms, instead of the cases"
            (Read.listOf (Read.whole 1))
            (fun together (asked: Asked) -> { asked with Together = together })
        |> Parameter.showing "1"
        Parameter.switch "--cuda-graph" "With --device: capture a step once, and replay it" (fun (asked: Asked) -> {
            asked with
                Launching = CudaGraph
        })
        Parameter.value
            "--seconds S"
            "With --device: seconds of measuring for each row"
            Read.positive
            (fun seconds (asked: Asked) -> { asked with Seconds = seconds })
        |> Parameter.showing "3"
        Parameter.text
            "--scores FOLDER"
            "Instead: scores of a default `iql ablate` beside those of docs/numbers.json"
            (fun folder asked -> { asked with Scores = Some folder })
        Parameter.value
            "--kernels NAME|all"
            "Instead: single kernels, those whose name contains NAME, or all"
            kernels
            (fun part asked -> { asked with Kernels = Some part })
        Parameter.text
            "--data FILE|N"
            "Instead: sampling and training on a row file, or on N uniform rows"
            (fun source asked -> { asked with Data = Some source })
        Parameter.choice "--reading" readings "With --data: how rows are read" (fun reading asked -> {
            asked with
                Reading = reading
        })
        |> Parameter.showing "ahead"
        Parameter.value "--batches N" "With --data: batches to sample" (Read.whole 0) (fun count asked -> {
            asked with
                Batches = count
        })
        |> Parameter.showing "2000"
        Parameter.value "--steps N" "With --data: steps to train" (Read.whole 0) (fun count (asked: Asked) -> {
            asked with
                Steps = count
        })
        |> Parameter.showing "1000"
        Parameter.value
            "--from N"
            "With --data: the first batch; another first batch reads other rows"
            (Read.whole 0)
            (fun first asked -> { asked with From = first })
        |> Parameter.showing "0"
        Parameter.value "--threads N" "Threads of the largest cases" (Read.whole 1) (fun threads (asked: Asked) -> {
            asked with
                Threads = threads
        })
        |> Parameter.showing "all"
        Parameter.value
            "--rows N"
            "Rows of the data that batches are sampled from"
            (Read.whole 1)
            (fun rows (asked: Asked) -> { asked with Rows = rows })
        |> Parameter.showing "1M"
        Parameter.text "--json FILE" "Also write every figure to a file" (fun file asked -> {
            asked with
                Json = Some file
        })
        Parameter.text
            "--save FOLDER"
            "Also write a table, its figures and a picture to a folder, in files named after the processor"
            (fun folder asked -> { asked with Save = Some folder })
        Parameter.switch
            "--first-step"
            "Only make a first step, and print the seconds since this process started"
            (fun asked -> { asked with FirstStep = true })
    ]
