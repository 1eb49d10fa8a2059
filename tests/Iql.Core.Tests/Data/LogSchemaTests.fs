/// What a schema says of a log beside its columns.
module Iql.Core.Tests.LogSchemaTests

open System
open System.IO
open System.Text
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Files.Logs
open Iql.Data.Rows
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.DataReaders
open Iql.Core.Tests.MinariTests
open Expecto
open Iql.Tests

let private start = """{"observations": ["x"], "actions": ["u"], "reward": "r", "episode": "run" """
let private schema (more: string) = start + more + "}"

let private imported (folder: string) (log: string) (text: string) (schema: string) (target: string) =
    let at name = Path.Combine(folder, name)
    File.WriteAllText(at log, text)
    File.WriteAllText(at "schema.json", schema)
    File.Delete(at target)
    LogImport.Import(at log, LogSchema.Read(at "schema.json"), at target)

/// The summary, observations, actions and time-outs of an import.
let private rows (text: string) (schema: string) =
    let mutable read = "", [||], [||], [||]

    withFolder (fun folder ->
        let said = imported folder "log.csv" text schema "out.npz"
        let raw = DatasetFile.Read(Path.Combine(folder, "out.npz"))
        read <- said, raw.Observations, raw.Actions, raw.Timeouts)

    read

let private refused (text: string) (schema: string) (expected: string) =
    withFolder (fun folder ->
        let said = message (fun () -> imported folder "log.csv" text schema "out.npz" |> ignore)
        Expect.stringContains said expected "the message")

let private gaps = "run,x,u,r\na,1,0,0\na,,0,1\na,3,0,2\nb,NaN,0,3\nb,5,0,4\nb,6,0,n/a\n"

[<Tests>]
let tests =
    testList "LogSchemaTests" [
        testCase "a missing number refuses, drops, holds or cuts" (fun () ->
            refused gaps (schema "") "log.csv(3): column 'x': expected a finite number, got an empty field. Leave"
            let of' rule = rows gaps (schema $""", "missing": "{rule}" """)

            // The end of an episode goes over to the last row that stays.
            for rule, observations, timeouts in
                [
                    "drop", [| 1f; 3f; 5f |], [| false; true; false |]
                    "cut", [| 1f; 3f; 5f |], [| true; true; true |]
                    "hold", [| 1f; 1f; 3f; 5f; 6f |], [| false; false; true; false; false |]
                ] do
                let said, numbers, _, cuts = of' rule
                Expect.equal (numbers, cuts) (observations, timeouts) rule

                if rule = "hold" then
                    Expect.stringContains said "left out 1 rows with missing numbers; held 2" rule
                else
                    Expect.stringContains said "left out 3 rows with missing numbers" rule)

        testCase "decimal commas, semicolons, a line of the separator, and names with blanks" (fun () ->
            for text, more in
                [
                    "run;x;u;r\na;1,5;-0,25;1e-1\n", """, "decimal": "," """
                    "run\tx\tu\tr\na\t1,5\t-0,25\t0,1\n", """, "decimal": "comma", "separator": "tab" """
                    "sep=|\nrun|x|u|r\na|1.5|-0.25|.1\n", ""
                    "run, x , u,r\na, 1.5, -0.25, 0.1\n", ""
                ] do
                let _, observations, actions, _ = rows text (schema more)
                Expect.equal (observations, actions) ([| 1.5f |], [| -0.25f |]) text

            refused "run;x;u;r\na;1.5;0;0\n" (schema """, "decimal": "," """) "The schema says \"decimal\": \"comma\""
            refused "run,x\n" (schema """, "decimal": ",", "separator": "," """) "another sign than the decimal one")

        testCase "an encoding is followed, and a wrong one is told" (fun () ->
            withFolder (fun folder ->
                let at name = Path.Combine(folder, name)
                let own = """{"observations": "Füllstand", "actions": "u", "reward": "r", "episode": "run" """
                File.WriteAllBytes(at "log.csv", Encoding.Latin1.GetBytes "run,Füllstand,u,r\na,1,2,3\n")

                let import (more: string) =
                    File.WriteAllText(at "schema.json", own + more + "}")
                    LogImport.Import(at "log.csv", LogSchema.Read(at "schema.json"), at "out.npz")

                let said = message (fun () -> import "" |> ignore)
                Expect.stringContains said "Is the encoding another? Say so in the schema: \"encoding\"" "the message"
                import """, "encoding": "windows-1252" """ |> ignore
                Expect.equal (DatasetFile.Read(at "out.npz")).Columns.Observations[0].Name "Füllstand" "its name"))

        testCase "times ascend within an episode, and a large step cuts it" (fun () ->
            let text (times: string list) =
                "t,run,x,u,r\n" + String.concat "" [ for i, time in List.indexed times -> $"{time},a,{i},0,{i}\n" ]

            let timed = schema """, "time": "t", "largest_step": 2 """

            for times in
                [
                    [ "0"; "1"; "5"; "6.5" ]
                    [
                        "2026-11-30 23:59:58"
                        "2026-11-30 23:59:59Z"
                        "2026-12-01T00:00:09"
                        "2026-12-01T02:00:10+02:00"
                    ]
                ] do
                let said, _, _, timeouts = rows (text times) timed
                Expect.equal timeouts [| false; true; false; false |] $"{times}"
                Expect.stringContains said "; cut at 1 steps of time" $"{times}"

            refused
                (text [ "1"; "0" ])
                timed
                "log.csv(3): column 't': expected a time after 1, as line 2 has, got 0. Sort the rows by time"

            refused (text [ "1"; "noon" ]) timed "column 't': expected a number, or a date with a time")

        testCase "choices are integers with their number, in a file and in a row file" (fun () ->
            withFolder (fun folder ->
                let text = "run,x,u,r\na,1,2,0\na,2,0,1\na,3,1,1\n"
                let discrete = schema """, "action_kind": "discrete", "action_count": 4 """

                for target, rows in [ "out.npz", 3; "out.rows", 2 ] do
                    let said = imported folder "log.csv" text discrete target
                    Expect.stringContains said $"{rows} rows in" target

                let raw = DatasetFile.Read(Path.Combine(folder, "out.npz"))
                Expect.equal (raw.ActionSize, raw.ActionKind) (4, ActionKind.Discrete) "four choices"

                Expect.equal
                    (RowFile(Path.Combine(folder, "out.rows"))).Fingerprint
                    (DatasetFile.Load(Path.Combine(folder, "out.npz"), DatasetMode.Strict)).Fingerprint
                    "the row file's")

            let discrete = schema """, "action_kind": "discrete", "action_count": 2 """
            refused "run,x,u,r\na,1,2,0\n" discrete "(2): column 'u': expected a choice, a whole number from 0 to 1"
            refused "" (schema """, "action_count": 2 """) "expected none for continuous actions")

        testCase "names, units and bounds of columns are kept" (fun () ->
            withFolder (fun folder ->
                let schema =
                    """{"observations": ["T [°C]", "x"], "actions": "u [%]", "reward": "r", "terminal": "d",
                        "columns": {"u [%]": {"unit": "%", "least": 0, "greatest": 100}, "x": {"name": "place"}}}"""

                for target in [ "out.hdf5"; "out.npz"; "out.rows" ] do
                    imported folder "log.csv" "T [°C],x,u [%],r,d\n1,2,3,4,0\n5,6,7,8,1\n" schema target |> ignore
                    let path = Path.Combine(folder, target)

                    let columns =
                        if target = "out.rows" then
                            (RowFile path).Columns
                        else
                            (DatasetFile.Load(path, DatasetMode.Strict)).Columns

                    Expect.equal [ for c in columns.Observations -> $"{c}" ] [ "T [°C]"; "place" ] target
                    let action = columns.Actions[0]

                    Expect.equal
                        (action.Name, action.Unit, action.Least, action.Greatest)
                        ("u", "%", Nullable 0.0, Nullable 100.0)
                        target))

        testCase "a name that is nearly right is proposed" (fun () ->
            refused "run,X,u,r\n" (schema "") "Did you mean 'X'?"
            refused "run,x,uu,r\n" (schema "") "Did you mean 'uu'?"
            refused "run,x,valve,r\n" (schema "") "got run, x, valve, r."
            refused "" (schema """, "mising": "drop" """) "Did you mean 'missing'?"
            refused "" (schema """, "missing": "keep" """) "'missing': expected refuse, drop, hold, cut, got \"keep\"")

        testCase "Parquet is one more table: numbers, missing ones, flags, texts" (fun () ->
            withFolder (fun folder ->
                let at name = Path.Combine(folder, name)

                writeParquet (at "log.parquet")
                let struct (guess, questions) = LogGuess.Of(at "log.parquet")
                Expect.isEmpty questions "questions"
                Expect.stringContains guess "\"missing\": \"cut\"" "a missing number"
                File.WriteAllText(at "schema.json", guess)
                let said = LogImport.Import(at "log.parquet", LogSchema.Read(at "schema.json"), at "out.npz")

                Expect.stringStarts said "3 rows in 2 episodes, observations of 1, actions of 1" "said"
                Expect.stringEnds said "; left out 1 rows with missing numbers" "said"
                let raw = DatasetFile.Read(at "out.npz")
                Expect.equal (raw.Observations, raw.Rewards) ([| 1.5f; 1.5f; 2.5f |], [| 3f; 3f; 4f |]) "numbers"
                Expect.equal (raw.Terminals, raw.Timeouts) ([| false; false; true |], [| true; false; false |]) "ends"))

        testCase "a guessed schema imports the log that it is of" (fun () ->
            withFolder (fun folder ->
                let at name = Path.Combine(folder, name)

                for log, text, entries in
                    [
                        "a.csv",
                        "run,time,level [m],valve,note,reward\na,0,1.5,3,dry,0\na,1,,4.5,wet,1\nb,0,2,5,dry,2\n",
                        [
                            "\"observations\": [\"level [m]\"],  // left out: note"
                            "\"actions\": [\"valve\"],  // valve from 3 to 5"
                            "\"missing\": \"cut\""
                            "\"largest_step\": 10,"
                        ]
                        "b.csv",
                        "ep;x;u;r\n1;0,5;1;0,1\n1;0,25;0;0,2\n",
                        [ "\"separator\": \";\""; "\"decimal\": \",\""; "\"action_kind\": \"discrete\"" ]
                        "c.jsonl",
                        """{"run": "a", "obs": [1, 2], "action": 0.5, "r": 1, "done": false}"""
                        + "\n"
                        + """{"run": "a", "obs": [2, 3], "action": 0.25, "r": 1, "done": true}"""
                        + "\n",
                        [ "\"observations\": [\"obs\"]"; "\"terminal\": \"done\"" ]
                    ] do
                    File.WriteAllText(at log, text)
                    let struct (guess, questions) = LogGuess.Of(at log)
                    Expect.isEmpty questions log

                    for entry in entries do
                        Expect.stringContains guess entry log

                    File.WriteAllText(at "schema.json", guess)
                    let schema = LogSchema.Read(at "schema.json")
                    LogImport.Import(at log, schema, at (log + ".npz")) |> ignore

                File.WriteAllText(at "d.csv", "x,y\n1,2\n")
                let struct (guess, questions) = LogGuess.Of(at "d.csv")
                Expect.equal (List.length (List.ofSeq questions)) 3 "actions, reward, ends"
                Expect.stringContains guess "\"reward\": \"?\"" "to fill in"))
    ]
