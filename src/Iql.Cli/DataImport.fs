namespace Iql.Cli

open Iql.Scripts

open System
open System.IO
open Iql.Data.Files.Logs

/// The command `iql data import`.
module DataImport =

    type private Import = { Log: string; Schema: string; Target: string; Guessed: string }

    let private example =
        """{"observations": ["x", "v"], "actions": ["u"], "reward": "r", "terminal": "done", "episode": "run"}"""

    /// Writes a schema to start from.
    let private guess (log: string) (schema: string) : int =
        let path = if schema = "" then Path.ChangeExtension(log, ".json") else schema

        if path = log || File.Exists path then
            Command.refuse $"--schema: expected a new file for the guess, got {path}. Give another name."

        let struct (text, questions) = LogGuess.Of log
        File.WriteAllText(path, text)

        for question in questions do
            printfn $"To fill in where {path} has a question mark: {question}."

        let target = Path.ChangeExtension(log, ".hdf5")
        printfn $"Check it, then: iql data import {log} {target} --schema {path}"
        Shell.wrote path

    let private import (import: Import) : int =
        for name, given in [ "LOG", import.Log; "OUT", import.Target ] do
            if given = "" then
                Command.refuse $"expected {name}, got nothing. An example is iql data import plant.csv plant.hdf5"

        if import.Schema = "" then
            Command.refuse
                $"--schema: expected a file that names the columns, got nothing. To start with one: iql data import \
                  --guess {import.Log}. An example is {example}"

        let schema = LogSchema.Read import.Schema
        let clock = Diagnostics.Stopwatch.StartNew()
        let due = Progress.every 5.0

        let say (rows: int64) =
            if due () then
                let millions = float rows / 1e6
                let rate = millions / clock.Elapsed.TotalSeconds
                eprintfn "%.1f million rows, %.2f million rows/s" millions rate

        LogImport.Import(import.Log, schema, import.Target, (fun rows -> say rows)) |> printfn "%s"
        Shell.wrote import.Target

    let command: Command =
        Command.create
            "data import"
            "Make a data set from your own log: CSV, JSON lines or Parquet"
            $"The schema names the columns: {example}. More entries: timeout, next_observations, time, largest_step, \
              missing, action_kind, action_count, columns, separator, decimal, encoding (docs/data-formats.md). A \
              wrong field is reported with its line and column, and nothing is written."
            [
                Parameter.text
                    "LOG"
                    "A .csv or .tsv file with a line of names, JSON lines (.jsonl, .ndjson), or .parquet"
                    (fun log import -> { import with Log = log })
                |> Parameter.showing "that of --guess"
                Parameter.text
                    "OUT"
                    "A new .hdf5 or .npz file, or .rows, which may be larger than memory"
                    (fun target import -> { import with Target = target })
                |> Parameter.showing "none, with --guess"
            ]
            [
                Parameter.text
                    "--schema FILE"
                    "The columns of observations, actions, reward and ends of episodes, as JSON; required"
                    (fun schema import -> { import with Schema = schema })
                Parameter.text
                    "--guess LOG"
                    "Write a schema to start from, from the log's names and first rows; import nothing"
                    (fun log import -> { import with Guessed = log })
            ]
            [
                "iql data import --guess plant.csv", "writes plant.json, to check and to complete"
                "iql data import plant.csv plant.hdf5 --schema plant.json", "then: iql data inspect plant.hdf5"
            ]
            { Log = ""; Schema = ""; Target = ""; Guessed = "" }
            (fun request -> if request.Guessed = "" then import request else guess request.Guessed request.Schema)
