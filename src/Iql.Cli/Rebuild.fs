namespace Iql.Cli

open Iql.Scripts

open System.IO
open Iql.Training

/// `iql report`
module Rebuild =

    type private Request = { Folder: string; Figures: string option; Difference: float option }

    let private run (request: Request) : int =
        let has name = File.Exists(Path.Combine(request.Folder, name))

        for points in Option.toList request.Difference do
            if not (has "sweep.json") then
                Command.refuse $"--difference: expected the folder of a sweep, got {request.Folder}."

            Attempt.reading (fun () -> SweepPlan.Read(request.Folder).Finding(points).Write request.Folder |> Ok)
            |> Command.orRefuse

        let page =
            if has "sweep.json" then
                Report.write request.Folder
            elif has "config.json" then
                Report.forRun request.Folder
            else
                Error $"{request.Folder}: expected a folder with a sweep.json or a config.json, found neither."
            |> Command.orRefuse

        if has "sweep.json" then
            for _, problem in (Results.readSweep request.Folder |> Command.orRefuse).Damaged do
                eprintfn "damaged: %s" problem

        for format in Option.toList request.Figures do
            File.ReadAllText page
            |> Figure.saveAll format (Path.Combine(request.Folder, "figures"))
            |> Result.mapError (fun problem -> $"--figures: {problem}")
            |> Command.orRefuse
            |> List.iter (printfn "%s")

        Shell.wrote page

    let command: Command =
        Command.create
            "report"
            "Rebuild report.html from the files of a sweep or a run"
            "The folder has everything that the report shows. Unfinished runs are shown up to their last step."
            [
                Parameter.text
                    "FOLDER"
                    "A folder with a sweep.json, or a run's with a config.json"
                    (fun folder (request: Request) -> { request with Folder = folder })
            ]
            [
                Parameter.choice
                    "--figures"
                    [ for format in [ "svg"; "png"; "pdf" ] -> format, format ]
                    "Also write each figure as a picture into FOLDER/figures; this needs Chromium"
                    (fun format (request: Request) -> { request with Figures = Some format })
                Parameter.difference (fun points (request: Request) -> { request with Difference = Some points })
                |> Parameter.showing "as before"
            ]
            [
                "iql report runs/ablate-pointmaze-large-windy-v0", "the report of `iql ablate`"
                "iql report runs/ablate-pointmaze-large-windy-v0 --figures pdf", "its figures for a paper"
            ]
            { Folder = ""; Figures = None; Difference = None }
            run
