namespace Iql.Cli

open Iql.Scripts

open System.IO

/// `iql report`
module Rebuild =

    let command: Command =
        Command.create
            "report"
            "Rebuild report.html from the files of a sweep or a run"
            "The folder has everything that the report shows. Unfinished runs are shown up to their last step."
            [
                Parameter.value
                    "FOLDER"
                    ""
                    "A folder with a sweep.json, or a run's with a config.json"
                    Read.text
                    (fun folder (_: string) -> folder)
            ]
            []
            [
                "iql report runs/ablate-pointmaze-umaze-stitch-v0", "the report of `iql ablate`"
            ]
            ""
            (fun folder ->
                let written =
                    if File.Exists(Path.Combine(folder, "sweep.json")) then
                        Report.write folder
                    elif File.Exists(Path.Combine(folder, "config.json")) then
                        Report.forRun folder
                    else
                        Error $"{folder}: expected a folder with a sweep.json or a config.json, found neither."

                printfn "%s" (Path.GetFullPath(Command.orRefuse written))
                Shell.success)
