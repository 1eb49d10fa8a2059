namespace Iql.Cli

open Iql.Scripts

open Iql.Export

/// `iql export`
[<RequireQualifiedAccess>]
module Export =

    type private Request = { Folder: string; Format: PolicyFormat; Licence: string option; Output: string option }

    let private ending (format: PolicyFormat) =
        match format with
        | PolicyFormat.SafeTensors -> "safetensors"
        | PolicyFormat.CSharp -> "cs"
        | _ -> "onnx"

    let private run (request: Request) : int =
        let path =
            Files.writable "--output" (Option.defaultValue $"policy.{ending request.Format}" request.Output)

        let save () =
            use policy = Policy.load request.Folder |> Command.orRefuse
            let card = PolicyExport.Save(policy, request.Format, path, Option.toObj request.Licence)
            printfn "%s" (System.IO.Path.GetFullPath card)

        Attempt.run save |> Command.orRefuse
        Shell.wrote path

    let command: Command =
        Command.create
            "export"
            "Write a trained policy for other programs"
            "Observations in and actions out have the units of the data: normaliser, scaling and bounds are inside. A \
             file .json beside it has names, units, ranges, run, data and licence. docs/export.md has the rules."
            [
                Parameter.text "RUN" "The folder of a run, or of a sweep with one run" (fun folder (request: Request) -> {
                    request with
                        Folder = folder
                })
            ]
            [
                Parameter.choice
                    "--format"
                    [
                        "onnx", PolicyFormat.Onnx
                        "safetensors", PolicyFormat.SafeTensors
                        "csharp", PolicyFormat.CSharp
                    ]
                    "onnx: a model for any ONNX runtime; safetensors: its numbers; csharp: one file without dependencies"
                    (fun format (request: Request) -> { request with Format = format })
                |> Parameter.showing "onnx"
                Parameter.text
                    "--licence TEXT"
                    "What may be done with the policy, for its card"
                    (fun licence (request: Request) -> { request with Licence = Some licence })
                Parameter.output "The file" (fun file (request: Request) -> { request with Output = Some file })
                |> Parameter.showing "policy.onnx"
            ]
            [ "iql export runs/train-plant --format onnx -o plant.onnx", "a model with its card, plant.json" ]
            { Folder = ""; Format = PolicyFormat.Onnx; Licence = None; Output = None }
            run
