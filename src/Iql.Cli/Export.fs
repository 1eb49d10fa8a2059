namespace Iql.Cli

open Iql.Scripts

open System.IO
open Iql.Export

/// `iql export`
[<RequireQualifiedAccess>]
module Export =

    type private Format =
        | Trained of PolicyFormat
        | Tensorboard
        | Csv

    type private Request = { Folder: string; Format: Format; Licence: string option; Output: string option }

    let private standard (format: Format) =
        match format with
        | Trained PolicyFormat.SafeTensors -> "policy.safetensors"
        | Trained PolicyFormat.CSharp -> "Policy.cs"
        | Trained _ -> "policy.onnx"
        | Tensorboard -> "tensorboard"
        | Csv -> "csv"

    let private save (format: PolicyFormat) (target: string) (request: Request) : int =
        let path = Files.writable "--output" target

        let save () =
            use policy = Policy.load request.Folder |> Command.orRefuse
            PolicyExport.Save(policy, format, path, Option.toObj request.Licence)

        Attempt.run save |> Command.orRefuse |> printfn "%s"
        Shell.wrote path

    let private run (request: Request) : int =
        let target = Option.defaultValue (standard request.Format) request.Output

        match request.Format with
        | Trained format -> save format target request
        | _ when request.Licence.IsSome -> Command.refuse "--licence: expected a format of policies, got results."
        | Tensorboard ->
            let folder = Files.folder "--output" target
            let count = ResultExport.tensorboard folder request.Folder |> Command.orRefuse
            printfn "Event files: %d. `tensorboard --logdir %s` shows them." count (ShellWord.quoted target)
            Shell.wrote folder
        | Csv ->
            let folder = Files.folder "--output" target

            for name in ResultExport.csv folder request.Folder |> Command.orRefuse do
                printfn "%s" (Path.Combine(folder, name))

            Shell.success

    let private formats = [
        "onnx", Trained PolicyFormat.Onnx
        "safetensors", Trained PolicyFormat.SafeTensors
        "csharp", Trained PolicyFormat.CSharp
        "tensorboard", Tensorboard
        "csv", Csv
    ]

    let command: Command =
        Command.create
            "export"
            "Write a trained policy, or results, for other programs"
            "Policies: observations in and actions out have the units of the data; normaliser, scaling and bounds are \
             inside. A file .json beside the policy has names, units, ranges, run, data and licence. Results: event \
             files of a run or a sweep for TensorBoard, and tables of a sweep. docs/export.md has the rules."
            [
                Parameter.text
                    "RUN"
                    "The folder of a run or a sweep; for a policy, of one run"
                    (fun folder (request: Request) -> { request with Folder = folder })
            ]
            [
                Parameter.choice
                    "--format"
                    formats
                    "onnx: a model for any ONNX runtime; safetensors: its numbers; csharp: one file without \
                     dependencies; tensorboard and csv: a folder of results"
                    (fun format (request: Request) -> { request with Format = format })
                |> Parameter.showing "onnx"
                Parameter.text
                    "--licence TEXT"
                    "What may be done with the policy, for the file beside it"
                    (fun licence (request: Request) -> { request with Licence = Some licence })
                Parameter.output "The file, or the folder of results" (fun file (request: Request) -> {
                    request with
                        Output = Some file
                })
                |> Parameter.showing "policy.onnx, Policy.cs, tensorboard, ..."
            ]
            [
                "iql export runs/train-plant --format onnx -o plant.onnx", "a model, and its card plant.onnx.json"
                "iql export runs/ablation --format tensorboard", "curves of every run of a sweep"
            ]
            { Folder = ""; Format = Trained PolicyFormat.Onnx; Licence = None; Output = None }
            run
