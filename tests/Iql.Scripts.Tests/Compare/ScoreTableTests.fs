module Iql.Scripts.Tests.ScoreTableTests

open System
open Iql.Scripts
open Iql.Scripts.Statistics
open Iql.Training
open Iql.Scripts.Tests.Invented
open Plotly.NET
open Expecto
open Iql.Tests

let private mazesOf (last: int) =
    results last [
        "pointmaze-umaze-v0",
        "generated",
        [
            "iql", [ [ 0.0; 90.0 ]; [ 5.0; 92.0 ]; [ 0.0; 94.0 ] ]
            "bc", [ [ 8.0; 10.0 ]; [ 0.0; 20.0 ]; [ 0.0; 30.0 ] ]
        ]
        "pointmaze-medium-v0",
        "generated",
        [ "iql", [ [ 40.0 ]; [ 60.0 ]; [ 50.0 ] ]; "bc", [ [ 45.0 ]; [ 55.0 ]; [ 65.0 ] ] ]
    ]

let private mazes = mazesOf 1

let private close (expected: float) (actual: float) =
    Expect.isTrue (abs (expected - actual) < 1e-9) $"expected {expected}, got {actual}"

/// A number of ours on a task.
let private entry (row: int) (column: int) (table: ScoreTable) : ScoreEntry option =
    (List.item row (ScoreTable.ours table.Rows)).Entries[column]

let private value name i table = (ScoreTable.total name table).Value.Entries[i].Value.Value

let private leads (line: ScoreLine) : bool list = [ for entry in line.Entries -> entry.Value.Leads ]

/// What a published table says of all tasks together.
let private published name (source: string) (table: ScoreTable) : float list = [
    for line in table.Totals do
        if line.Heading = name && line.Source |> Option.exists (fun table -> table.Name = source) then
            for entry in line.Entries -> entry.Value.Value
]

let private hoppers source = ScoreTable.ofResults (locomotion source)

[<Tests>]
let tests =
    testList "ScoreTableTests" [
        testCase "means, sums and interquartile means are those of the runs" (fun () ->
            let table = ScoreTable.ofResults mazes
            close 92.0 (entry 0 0 table).Value.Value
            close 55.0 (entry 1 1 table).Value.Value
            close 142.0 (value "sum" 0 table)
            close 75.0 (value "sum" 1 table)
            close 71.0 (value "mean" 0 table)
            close 37.5 (value "median" 1 table)
            // Six runs: one off each end.
            close ((50.0 + 60.0 + 90.0 + 92.0) / 4.0) (value "IQM" 0 table)
            close (100.0 - 37.5) (value "optimality gap" 1 table))

        testCase "bold is the best of a row and what cannot be told from it" (fun () ->
            let table = ScoreTable.ofResults mazes
            Expect.equal (leads table.Rows[0]) [ true; false ] "leads"
            Expect.equal (leads table.Rows[1]) [ true; true ] "leads"
            Expect.equal (leads (ScoreTable.total "mean" table).Value) [ true; false ] "leads"
            Expect.equal (leads (ScoreTable.total "optimality gap" table).Value) [ true; false ] "leads")

        testCase "a run's score is the mean of its last evaluations" (fun () ->
            let two = ScoreTable.ofResults (mazesOf 2)
            close ((45.0 + 48.5 + 47.0) / 3.0) (entry 0 0 two).Value.Value
            // A run that has only one evaluation counts with that.
            close 50.0 (entry 1 0 two).Value.Value

            Expect.stringContains
                (String.concat " " (ScoreTableText.notes two))
                "mean of a run's last 2 evaluations"
                "notes of two")

        testCase "one that wins every pair improves with certainty, ties count half" (fun () ->
            let table =
                results 1 [
                    "a-v0",
                    "generated",
                    [ "iql", [ [ 2.0 ]; [ 3.0 ] ]; "bc", [ [ 0.0 ]; [ 1.0 ] ]; "dt", [ [ 2.0 ]; [ 3.0 ] ] ]
                ]
                |> ScoreTable.ofResults

            let found =
                Map [ for pair in ScoreTable.improvements table -> (pair.Better, pair.Worse), pair.Probability ]

            Expect.equal found.Count 3 "count of found"

            Expect.equal found["iql", "bc"] { Value = 1.0; Interval = { Low = 1.0; High = 1.0 } } "found"

            close 0.5 found["iql", "dt"].Value

            Expect.isTrue
                (found["iql", "dt"].Interval.Low < 0.5 && found["iql", "dt"].Interval.High > 0.5)
                "low of found is below 0.5 and high of found is above 0.5"

            Expect.isEmpty table.Totals "totals of table")

        testCase "published columns stand beside ours, added up where they have every task" (fun () ->
            let table = hoppers "hopper_medium-v2.hdf5"
            Expect.equal [ for source in table.Published -> source.Name ] [ "iql-paper"; "corl" ] "name of source"
            Expect.equal table.Published.Head.Algorithms [ "cql"; "iql" ] "algorithms of table"
            Expect.isNone table.Rows[0].ForeignData "foreign data of row 0 of table"
            close (66.3 + 78.3) (List.item 0 (published "sum" "iql-paper" table))
            close (67.53 + 80.91) (List.item 0 (published "sum" "corl" table))
            close (58.5 + 72.5) (List.item 1 (published "sum" "iql-paper" table))
            Expect.isEmpty (published "IQM" "iql-paper" table) "published 'IQM'"

            let text = ScoreTableText.lines table |> String.concat "\n"

            Expect.isMatch
                text
                "hopper-medium-v2 +65.0 ± .*\n  IQL paper +66.3 +58.5\n  CORL +67.5 ± 3.8 +59.1 ± 3.8\n"
                "text"

            Expect.isMatch text "sum +143.5 ± .*\n  IQL paper +144.6 +131.0\n" "text"
            Expect.stringLacks text "†" "text")

        testCase "data that are not D4RL's are marked in the table, and not counted as agreement" (fun () ->
            let table = hoppers "generated"
            Expect.isTrue table.Rows[0].ForeignData.IsSome "is some of row 0 of table"
            Expect.isNone (List.item 1 (ScoreTable.ours table.Rows)).ForeignData "foreign data of ours"
            let text = ScoreTableText.lines table |> String.concat "\n"
            Expect.stringContains text "hopper-medium-v2 †" "text"

            Expect.stringContains
                (String.concat "\n" (ScoreTableText.notes table))
                "† hopper-medium-v2: the data are 998,000 transitions collected here"
                "notes of table"

            Expect.stringContains (ScoreTableText.latex table) "hopper-medium-v2$^\\dagger$" "latex of table"

            let page = ScoreFindings.ofTable table |> String.concat " "

            Expect.isMatch page "IQL paper: . of 2 published scores of the same data" "page")

        testCase "runs that diverged or wait are left out, and said so" (fun () ->
            let ended status score = status, [ score ]

            let broken =
                resultsOf 1 [
                    "pointmaze-umaze-v0",
                    data "pointmaze-umaze-v0" "generated" None,
                    [
                        "iql",
                        [
                            ended RunStatus.Diverged 90.0
                            ended RunStatus.Unfinished 92.0
                            ended RunStatus.Finished 94.0
                        ]
                        "bc", [ for score in [ 10.0; 20.0; 30.0 ] -> ended RunStatus.Finished score ]
                    ]
                    "pointmaze-medium-v0",
                    data "pointmaze-medium-v0" "generated" None,
                    [
                        "iql", [ for score in [ 40.0; 60.0; 50.0 ] -> ended RunStatus.Finished score ]
                        "bc", [ for score in [ 45.0; 55.0; 65.0 ] -> ended RunStatus.Diverged score ]
                    ]
                ]

            let table = ScoreTable.ofResults broken
            let first = table.Rows[0]
            Expect.equal (first.Diverged[0], first.Waiting[0]) (1, 1) "diverged 0 of first, waiting 0 of first"
            Expect.equal first.Entries[0].Value.Scores [ 94.0 ] "scores of entry 0 of first"
            Expect.isNone (entry 1 1 table) "entry 1 1 table"
            Expect.isNone (ScoreTable.total "sum" table).Value.Entries[1] "entry 1 of total 'sum'"
            let notes = String.concat "\n" (ScoreTableText.notes table)
            Expect.stringContains notes "* IQL on pointmaze-umaze-v0: 1 of 3 runs diverged" "notes"
            Expect.stringContains notes "* IQL on pointmaze-umaze-v0: 1 of 3 runs have no result yet" "notes"
            Expect.stringContains (String.concat "\n" (ScoreTableText.lines table)) "94.0*" "lines of table"
            // Charts and page go without what is missing.
            Expect.isFalse (Charts.ScoreIntervals.overall table).IsEmpty "is empty of overall of table"
            Expect.stringContains (Report.ofTable [] [] [] [] broken table) "runs failed" "table")

        testCase "one seed has no intervals, and is not called better" (fun () ->
            let table =
                results 1 [ "a-v0", "generated", [ "iql", [ [ 50.0 ] ]; "10%bc", [ [ 49.0 ] ] ] ]
                |> ScoreTable.ofResults

            Expect.isEmpty (ScoreTable.improvements table) "improvements of table"
            let text = String.concat "\n" (ScoreTableText.lines table)
            Expect.stringLacks text "±" "text"
            Expect.stringContains text "10%BC" "text"
            Expect.stringContains (ScoreTableText.latex table) "10\\%BC" "latex of table"
            Expect.stringContains (String.concat "\n" (ScoreTableText.notes table)) "no intervals" "notes of table")

        testCase "Markdown, LaTeX and comma-separated values hold the table" (fun () ->
            let table = ScoreTable.ofResults mazes
            let markdown = ScoreTableText.markdown table
            Expect.stringStarts markdown "| task | IQL | BC |" "markdown"
            Expect.stringContains markdown "| pointmaze-umaze-v0 | **92.0 ±" "markdown"
            let latex = ScoreTableText.latex table
            Expect.stringContains latex "\\begin{tabular}{lrr}" "latex"
            Expect.stringContains latex "\\textbf{92.0} {\\scriptsize$\\pm$\\," "latex"
            Expect.stringLacks (latex.Substring(latex.IndexOf "\\begin")) "±" "substring of latex"
            let csv = (Results.csv (Results.frame mazes)).TrimEnd().Split '\n'
            Expect.hasLength csv 13 "csv"
            Expect.stringStarts csv[0] "run,task,algorithm,seed,status,score,return,steps,seconds" "csv 0"
            Expect.stringContains csv[2] ",pointmaze-umaze-v0,iql,1,finished,92," "csv 2")

        testCase "without scores everywhere there are returns, and nothing is added up" (fun () ->
            let returns =
                results 1 [
                    "a-v0", "generated", [ "iql", [ [ nan ]; [ nan ] ] ]
                    "b-v0", "generated", [ "iql", [ [ 50.0 ]; [ 60.0 ] ] ]
                ]

            let table = ScoreTable.ofResults returns
            Expect.equal table.Measure Return "measure of table"
            close 550.0 (entry 1 0 table).Value.Value
            Expect.isEmpty table.Totals "totals of table")

        testCase "the same results give the same intervals" (fun () ->
            Expect.equal (ScoreTable.ofResults mazes) (ScoreTable.ofResults mazes) "mazes")

        testCase "charts have an interval a contender, and a source stands in the legend once" (fun () ->
            let table = ScoreTable.ofResults mazes

            let intervals (charts: GenericChart list) =
                charts
                |> List.sumBy (fun chart ->
                    FigureTests.traces chart |> List.filter (FigureTests.has "mode" "lines+markers") |> List.length)

            Expect.equal (intervals (Charts.ScoreIntervals.byTask table)) 4 "intervals"
            Expect.equal (intervals (Charts.ScoreIntervals.overall table)) 8 "intervals"
            Expect.equal (intervals (Option.toList (Charts.ScoreIntervals.improvement table))) 1 "intervals"
            Expect.hasLength (Charts.ScoreIntervals.curves mazes table) 2 "curves mazes table"

            for chart in Charts.ScoreIntervals.byTask (hoppers "hopper-medium-v2.hdf5") do
                Expect.equal
                    (FigureTests.traces chart
                     |> List.filter (fun trace ->
                         trace.TryGetProperty "showlegend" |> fst |> not
                         || trace.GetProperty("showlegend").GetBoolean())
                     |> List.map (fun trace -> trace.GetProperty("name").GetString())
                     |> List.sort)
                    [ "CORL"; "IQL paper" ]
                    "traces of chart")
    ]
