namespace Iql.Scripts

open System
open System.IO
open Iql.Data
open Iql.Export
open Iql.Training

/// Results for other programs. Every file is written whole or not at all.
[<RequireQualifiedAccess>]
module ResultExport =

    let private started (folder: RunFolder) : float =
        DateTimeOffset(File.GetLastWriteTimeUtc folder.ConfigPath).ToUnixTimeMilliseconds()
        |> fun milliseconds -> float milliseconds / 1000.0

    /// Event files for TensorBoard: one for a run, or one in a folder for each run of a sweep. Gives their number.
    let tensorboard (target: string) (path: string) : Result<int, string> =
        Policy.folders path
        |> Result.bind (
            Attempt.each (fun folder ->
                Results.readRun folder
                |> Result.map (fun run ->
                    let own = RunFolder folder
                    let file = Path.Combine(target, run.Name, EventFile.Name)
                    AtomicFile.Write(file, (fun (stream: Stream) -> EventFile.Write(stream, run, started own)))))
        )
        |> Result.map List.length

    /// runs.csv, scores.csv and metrics.csv of a sweep, and what a run that went on online has. Gives their names.
    let csv (target: string) (path: string) : Result<string list, string> =
        Results.readSweep path
        |> Result.map (fun sweep -> [
            for name, text in Results.files sweep @ [ "metrics.csv", Results.csv (Results.metricsFrame sweep) ] do
                AtomicFile.Write(Path.Combine(target, name), (fun (draft: string) -> File.WriteAllText(draft, text)))
                name
        ])
