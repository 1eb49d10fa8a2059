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
                Parameter.text "FOLDER" "A folder with a sweep.json, or a run's with a config.json" (fun folder _ ->
                    folder)
            ]
            []
            [
                "iql report runs/ablate-pointmaze-umaze-stitch-v0", "the report of `iql ablate`"
            ]
            ""
            (fun folder ->
                let has name = File.Exists(Path.Combine(folder, name))

                if has "sweep.json" then
                    Report.write folder
                elif has "config.json" then
                    Report.forRun folder
                else
                    Error $"{folder}: expected a folder with a sweep.json or a config.json, found neither."
                |> Command.orRefuse
                |> Shell.wrote)
