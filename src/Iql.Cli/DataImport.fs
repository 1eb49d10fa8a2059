namespace Iql.Cli

open Iql.Scripts

open System
open System.IO
open Iql.Data.Files.Logs

/// The command `iql data import`.
module DataImport =

    type private Import = {
        Log: string
        Schema: string
        Target: string
    }

    let private example =
        """{"observations": ["x", "v"], "actions": ["u"], "reward": "r", "terminal": "done", "episode": "run"}"""

    let command: Command =
        Command.create
            "data import"
            "Make a data set from your own log, CSV or JSON lines"
            $"The schema names the columns: {example}. More entries: timeout, next_observations, separator. A wrong \
              field is reported with its line and column, and nothing is written."
            [
                Parameter.value
                    "LOG"
                    ""
                    "A .csv or .tsv file with a line of names, or JSON lines (.jsonl, .ndjson)"
                    Read.text
                    (fun log (import: Import) -> { import with Log = log })
                Parameter.value
                    "OUT"
                    ""
                    "A new .hdf5 or .npz file, or .rows, which may be larger than memory"
                    Read.text
                    (fun target (import: Import) -> { import with Target = target })
            ]
            [
                Parameter.value
                    "--schema"
                    "FILE"
                    "The columns of observations, actions, reward and ends of episodes, as JSON; required"
                    Read.text
                    (fun schema (import: Import) -> { import with Schema = schema })
            ]
            [
                "iql data import plant.csv plant.hdf5 --schema plant.json", "then: iql data inspect plant.hdf5"
            ]
            { Log = ""; Schema = ""; Target = "" }
            (fun import ->
                if import.Schema = "" then
                    raise (
                        Refusal
                            $"--schema: expected a file that names the columns, got nothing. An example is {example}"
                    )

                let schema = LogSchema.Read import.Schema
                let clock = Diagnostics.Stopwatch.StartNew()
                let mutable said = 0.0

                let say (rows: int64) =
                    let seconds = clock.Elapsed.TotalSeconds

                    if seconds - said > 5.0 then
                        said <- seconds

                        eprintfn
                            "%.1f million rows, %.2f million rows/s"
                            (float rows / 1e6)
                            (float rows / seconds / 1e6)

                let outcome =
                    Interrupt.guardSaying "Stopping: no file is kept." (fun cancellation ->
                        LogImport.Import(import.Log, schema, import.Target, (fun rows -> say rows), cancellation))

                printfn "%s" outcome
                printfn "%s" (Path.GetFullPath import.Target)
                Shell.success)
