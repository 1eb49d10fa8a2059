namespace Iql.Cli

open Iql.Scripts
open Iql.Torch

/// Where training steps are made, as the options say.
type DeviceRequest = {
    /// "cpu", "cpu-torch", "cuda" or "cuda:N".
    Name: string
    /// The folder of libtorch.
    LibTorch: string option
    Tf32: bool
    /// Runs of one program.
    Together: int option
}

/// The options of a device.
[<RequireQualifiedAccess>]
module DeviceOptions =

    /// The processor.
    let standard: DeviceRequest = { Name = "cpu"; LibTorch = None; Tf32 = false; Together = None }

    let private name (word: string) : Result<string, string> =
        if word = "cpu" || DeviceName.Read(word).HasValue then
            Ok word
        else
            Error $"cpu, {DeviceName.Expected}"

    /// The folder of libtorch.
    let libtorch: Parameter<DeviceRequest> =
        Parameter.text
            "--libtorch FOLDER"
            "The folder of libtorch 2.10 or later, such as .../site-packages/torch/lib"
            (fun folder (request: DeviceRequest) -> { request with LibTorch = Some folder })
        |> Parameter.showing "IQL_LIBTORCH, else the cache of NuGet"

    /// The options; `together` says in words how many runs advance together without --together.
    let parameters (together: string) : Parameter<DeviceRequest> list = [
        Parameter.value
            "--device NAME"
            "Where training steps are made: cpu, cuda or cuda:N (an NVIDIA card), or cpu-torch (libtorch, for tests)"
            name
            (fun name (request: DeviceRequest) -> { request with Name = name })
        |> Parameter.showing standard.Name
        libtorch
        Parameter.switch
            "--tf32"
            "On a card: products with 10 bits of precision, which are faster"
            (fun (request: DeviceRequest) -> { request with Tf32 = true })
        Parameter.value
            "--together R"
            "On a device other than cpu: groups that advance together; the last bits of a run depend on it"
            (Read.whole 1)
            (fun runs (request: DeviceRequest) -> { request with Together = Some runs })
        |> Parameter.showing together
    ]

    /// The places that were asked for; None for the processor. What this machine does not have is refused.
    let places (threads: int) (request: DeviceRequest) : Places option =
        if request.Name = "cpu" then
            for option, isGiven in
                [
                    "--libtorch", request.LibTorch.IsSome
                    "--tf32", request.Tf32
                    "--together", request.Together.IsSome
                ] do
                if isGiven then
                    Command.refuse $"{option}: belongs to another --device than cpu. Name one: {DeviceName.Expected}."

            None
        else
            let library, words =
                Attempt.run (fun () ->
                    let library = LibTorch.Load(Option.toObj request.LibTorch, request.Tf32)
                    library, TorchDevice.Describe(library, request.Name))
                |> Command.orRefuse

            Some {
                Device = (if request.Tf32 then words + ", TF32" else words)
                Together = request.Together
                Open = fun count -> List.ofSeq (TorchDevice.Open(library, request.Name, count, threads))
            }
