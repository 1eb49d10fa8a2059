namespace Iql.Cli

open Iql.Scripts

open System
open Iql.Data.Files.Logs

/// The command `iql data import`.
module DataImport =

    type private Import = { Log: string; Schema: string; Target: string }

    let private example =
        """{"observations": ["x", "v"], "actions": ["u"], "reward": "r", "terminal": "done", "episode": "run"}"""

    let command: Command =
        Command.create
            "data import"
            "Make a data set from your own log, CSV or JSON lines"
            $"The schema names the columns: {example}. More entries: timeout, next_observations, separator. A wrong \
              field is reported with its line and column, and nothing is written."
            [
                Parameter.text
                    "LOG"
                    "A .csv or .tsv file with a line of names, or JSON lines (.jsonl, .ndjson)"
                    (fun log import -> { import with Log = log })
                Parameter.text
                    "OUT"
                    "A new .hdf5 or .npz file, or .rows, which may be larger than memory"
                    (fun target import -> { import with Target = target })
            ]
            [
                Parameter.text
                    "--schema FILE"
                    "The columns of observations, actions, reward and ends of episodes, as JSON; required"
                    (fun schema import -> { import with Schema = schema })
            ]
            [ "iql data import plant.csv plant.hdf5 --schema plant.json", "then: iql data inspect plant.hdf5" ]
            { Log = ""; Schema = ""; Target = "" }
            (fun import ->
                if import.Schema = "" then
                    Command.refuse
                        $"--schema: expected a file that names the columns, got nothing. An example is {example}"

                let schema = LogSchema.Read import.Schema
                let clock = Diagnostics.Stopwatch.StartNew()
                let due = Progress.every 5.0

                let say (rows: int64) =
                    if due () then
                        let millions = float rows / 1e6
                        let rate = millions / clock.Elapsed.TotalSeconds
                        eprintfn "%.1f million rows, %.2f million rows/s" millions rate

                LogImport.Import(import.Log, schema, import.Target, (fun rows -> say rows)) |> printfn "%s"

                Shell.wrote import.Target)
