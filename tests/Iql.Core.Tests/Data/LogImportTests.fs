module Iql.Core.Tests.LogImportTests

open System
open System.IO
open Iql
open Iql.Data
open Iql.Data.Files
open Iql.Data.Rows
open Iql.Data.Files.Logs
open Iql.Core.Tests.DataCases
open Iql.Core.Tests.MinariTests
open Expecto
open Iql.Tests

let private schemaText =
    """{"observations": ["x", "v"], "actions": ["u"], "reward": "r", "terminal": "done", "episode": "run"}"""

let private csv =
    "run,x,v,u,r,done,note\n"
    + "a,0.5,1,-1,0,0,\"first, \"\"odd\"\"\nrow\"\n"
    + "a,1e-3,2,0.5,1,False,\n"
    + "\n"
    + "b,3,4,1,-2,0,\n"
    + "b,5,6,0,7,1,\n"
    + "c,7,8,0,0,0,\n"

let private jsonLines =
    """{"run": "a", "s": {"x": 0.5, "v": 1}, "u": [-1], "r": 0, "done": false}
{"run": "a", "s": {"x": 1e-3, "v": 2}, "u": [0.5], "r": 1, "done": 0}

{"run": "b", "s": {"x": 3, "v": 4}, "u": [1], "r": -2, "done": false}
{"run": "b", "s": {"x": 5, "v": 6}, "u": [0], "r": 7, "done": true}
{"run": "c", "s": {"x": 7, "v": 8}, "u": [0], "r": 0, "done": false}
"""

let private jsonSchema = schemaText.Replace("[\"x\", \"v\"]", "[\"s.x\", \"s.v\"]")

let private import (folder: string) (log: string) (text: string) (schema: string) (target: string) =
    let at name = Path.Combine(folder, name)
    File.WriteAllText(at log, text)
    File.WriteAllText(at "schema.json", schema)
    LogImport.Import(at log, LogSchema.Read(at "schema.json"), at target)

[<Tests>]
let tests =
    testList "LogImportTests" [
        testCase "CSV and JSON lines become the same rows, cut where the episode's name changes" (fun () ->
            for log, text, schema in
                [
                    "log.csv", csv, schemaText
                    "log.csv", csv.Replace("\n", "\r\n").Replace("odd\"\"\r\nrow", "odd\"\" row"), schemaText
                    "log.csv",
                    "\uFEFF" + csv.Replace(',', ';').Replace("\"first; ", "\"first, "),
                    schemaText.Replace("\"run\"}", "\"run\", \"separator\": \";\"}")
                    "log.tsv", csv.Replace(',', '\t'), schemaText
                    "log.jsonl", jsonLines, jsonSchema
                ] do
                withFolder (fun folder ->
                    Expect.equal
                        (import folder log text schema "out.npz")
                        "5 rows in 3 episodes, observations of 2, actions of 1"
                        "import 'out.npz'"

                    let raw = DatasetFile.Read(Path.Combine(folder, "out.npz"))

                    Expect.equal
                        raw.Observations
                        [| 0.5f; 1f; 1e-3f; 2f; 3f; 4f; 5f; 6f; 7f; 8f |]
                        "observations of raw"

                    Expect.equal raw.Actions [| -1f; 0.5f; 1f; 0f; 0f |] "actions of raw"
                    Expect.equal raw.Rewards [| 0f; 1f; -2f; 7f; 0f |] "rewards of raw"
                    Expect.equal raw.Terminals [| false; false; false; true; false |] "terminals of raw"
                    Expect.equal raw.Timeouts [| false; true; false; false; false |] "timeouts of raw"
                    Expect.isNull raw.NextObservations "next observations of raw"))

        testCase "a row file of a log is what strict mode makes of it" (fun () ->
            withFolder (fun folder ->
                let mutable number = 0

                forSomeSteps 60 (fun steps ->
                    number <- number + 1
                    let flag value = if value then 1 else 0

                    let text =
                        "s,u,r,d,t\n"
                        + String.concat "" [
                            for i, step in Array.indexed steps ->
                                $"{i},{i},{step.Reward},{flag step.Terminal},{flag step.Timeout}\n"
                        ]

                    let schema =
                        """{"observations": "s", "actions": "u", "reward": "r", "terminal": "d", "timeout": "t"}"""

                    import folder "log.csv" text schema $"{number}.npz" |> ignore
                    let rows = Path.Combine(folder, $"{number}.rows")

                    match
                        (try
                            Ok(DatasetFile.Load(Path.Combine(folder, $"{number}.npz"), DatasetMode.Strict))
                         with :? Iql.FileException ->
                             Error())
                    with
                    | Ok expected ->
                        import folder "log.csv" text schema $"{number}.rows" |> ignore
                        (RowFile rows).Fingerprint = expected.Fingerprint
                    | Error() ->
                        throws<InvalidDataException>(fun () ->
                            import folder "log.csv" text schema $"{number}.rows" |> ignore)
                        |> ignore

                        not (File.Exists rows))))

        testCase "next observations of the log's own are kept" (fun () ->
            withFolder (fun folder ->
                let schema =
                    """{"observations": "s", "actions": "u", "reward": "r", "timeout": "t", "next_observations": "n"}"""

                import folder "log.csv" "s,u,r,t,n\n1,0,0,0,2\n2,0,0,1,3\n" schema "x.npz" |> ignore

                Expect.equal
                    (DatasetFile.Read(Path.Combine(folder, "x.npz")).NextObservations)
                    [| 2f; 3f |]
                    "next observations of read"

                import folder "log.csv" "s,u,r,t,n\n1,0,0,0,2\n2,0,0,1,3\n" schema "x.rows" |> ignore

                Expect.equal (RowFile(Path.Combine(folder, "x.rows"))).Count 2L "count of row file"))

        testCase "a wrong field is told with line, column, what was expected and what came" (fun () ->
            let refused log (text: string) schema (expected: string) =
                withFolder (fun folder ->
                    for target in [ "out.npz"; "out.rows" ] do
                        let said = message (fun () -> import folder log text schema target |> ignore)
                        Expect.stringContains said expected "said"
                        Expect.stringLacks said "\n" "said"

                        Expect.equal
                            ([ for path in Directory.GetFiles folder -> Path.GetFileName path ] |> List.sort)
                            ([ log; "schema.json" ] |> List.sort)
                            "path")

            let inCsv (old: string) (other: string) = refused "log.csv" (csv.Replace(old, other)) schemaText
            // The first record spans two lines, and there is a blank one.
            inCsv "b,3,4" "b,3,fast" "log.csv(6): column 'v': expected a finite number, got 'fast'."
            inCsv "b,3,4" "b,3,NaN" "log.csv(6): column 'v': expected a finite number, got 'NaN'."
            inCsv "b,3,4" "b,3," "log.csv(6): column 'v': expected a finite number, got an empty field."
            inCsv "b,3,4" "b,3,\"4,5\"" "got '4,5'. Write decimals with a point."
            inCsv "7,1," "7,maybe," "log.csv(7): column 'done': expected a flag (0 or 1, false or true), got 'maybe'."
            inCsv "b,5,6," "b,5,6,1," "log.csv(7): expected 7 fields, as in the first line, got 8."

            inCsv
                "c,7"
                "a,7"
                "log.csv(8): column 'run': expected an episode whose rows stand together, got 'a', which \
                ended in line 4."

            inCsv "run,x" "run,y" "log.csv(1): expected a column 'x', which the schema names, got run, y, v"
            inCsv "run,x,v" "run,x,x" "expected one column 'x', got 2"
            inCsv "c,7,8,0,0,0," "c,7,8,0,0,0,\"open" "expected a quote that closes the one in field 7"
            refused "log.csv" "" schemaText "expected a line of column names, got an empty file"
            refused "log.csv" "run,x,v,u,r,done\n" schemaText "expected rows, got none"

            let inJson (old: string) (other: string) = refused "log.jsonl" (jsonLines.Replace(old, other)) jsonSchema

            inJson "\"v\": 4" "\"v\": \"four\"" "log.jsonl(4): column 's.v': expected a finite number, got \"four\"."

            inJson
                "\"v\": 4"
                "\"w\": 4"
                "log.jsonl(4): column 's.v': expected a value, got none among run, s, u, r, done."

            inJson "[1]" "[1, 2]" "log.jsonl(4): column 'u': expected 1 numbers, as before, got 2."
            inJson "[1]" "[null]" "log.jsonl(4): column 'u[0]': expected a finite number, got null."
            inJson "\"r\": 7" "\"r\": NaN" "log.jsonl(5): expected JSON, got something else at character"
            inJson "\"done\": 0" "\"done\": 2" "log.jsonl(2): column 'done': expected a flag")

        testCase "a wrong schema is refused before the log is read" (fun () ->
            let refused (schema: string) (expected: string) =
                withFolder (fun folder ->
                    Expect.stringContains
                        (message (fun () -> import folder "log.csv" csv schema "out.npz" |> ignore))
                        expected
                        "the message")

            refused "{" "schema.json(1): expected JSON"
            refused "[]" "expected an object, got array"

            refused
                (schemaText.Replace("\"reward\"", "\"rewards\""))
                "'rewards': expected one of observations, actions, reward"

            refused (schemaText.Replace("\"r\"", "3")) "'reward': expected the name of a column, got 3"
            refused (schemaText.Replace("[\"u\"]", "[]")) "'actions': expected a list of columns' names, got []"

            refused
                """{"observations": "x", "actions": "u", "reward": "r"}"""
                "at least one of them, since nothing else tells where episodes end")

        testCase "what is there stays, and other endings are refused" (fun () ->
            withFolder (fun folder ->
                import folder "log.csv" csv schemaText "out.npz" |> ignore
                let before = File.ReadAllBytes(Path.Combine(folder, "out.npz"))

                Expect.stringContains
                    (message (fun () -> import folder "log.csv" csv schemaText "out.npz" |> ignore))
                    "expected a new name"
                    "the message"

                Expect.equal (File.ReadAllBytes(Path.Combine(folder, "out.npz"))) before "file folder, 'out.npz'"

                Expect.stringContains
                    (message (fun () -> import folder "log.csv" csv schemaText "out.txt" |> ignore))
                    "'.txt'"
                    "the message"

                Expect.stringContains
                    (message (fun () -> import folder "x.log" csv schemaText "o.npz" |> ignore))
                    "'.log'"
                    "the message"))

        testCase "a line without an end is refused before it is whole in memory" (fun () ->
            withFolder (fun folder ->
                let path name = Path.Combine(folder, name)
                File.WriteAllText(path "schema.json", schemaText)
                let schema = LogSchema.Read(path "schema.json")
                let long = String('1', 20_000_000)

                for log, text, place, expected in
                    [
                        "line.csv", "run,x,v,u,r,done\n\n" + long, "(3)", "a line of at most 16 MB"
                        "header.csv", long, "(1)", "a line of at most 16 MB"
                        "line.jsonl", "\r\n" + long, "(2)", "a line of at most 16 MB"
                        "quote.csv",
                        "run,x,v,u,r,done\n\"" + String.replicate 1_000_000 "a quote is missing here\n",
                        "(2)",
                        "a quote that closes the one in field 1, got 16 MB without one"
                    ] do
                    File.WriteAllText(path log, text)
                    let before = GC.GetAllocatedBytesForCurrentThread()

                    let message =
                        throws<InvalidDataException>(fun () ->
                            LogImport.Import(path log, schema, path "out.npz") |> ignore)
                            .Message

                    Expect.stringStarts message $"{path log}{place}: expected {expected}" "the refusal"
                    let taken = GC.GetAllocatedBytesForCurrentThread() - before
                    Expect.between 0L 100_000_000L taken $"bytes taken for {log}"

                let large = path "large.json"
                File.WriteAllText(large, "[" + long + "]")
                let message = throws<InvalidDataException>(fun () -> LogSchema.Read large |> ignore).Message
                Expect.stringStarts message $"{large}: expected JSON of at most 16,000,000" "the refusal"))

        testCase "lines end as people's files end them" (fun () ->
            withFolder (fun folder ->
                let path = Path.Combine(folder, "x.txt")
                // Longer than a buffer, and an end of a line across two buffers.
                let lines = [ "a"; ""; String('b', 32_766); "c"; String('d', 70_000); "é"; "" ]

                for ending in [ "\n"; "\r\n"; "\r" ] do
                    for last in [ ""; ending ] do
                        File.WriteAllText(path, String.Join(ending, lines) + last)
                        use reader = new LineReader(path)

                        let read =
                            List.unfold (fun () -> reader.Next() |> Option.ofObj |> Option.map (fun l -> l, ())) ()

                        Expect.equal read (List.ofArray (File.ReadAllLines path)) "lines"))
    ]
