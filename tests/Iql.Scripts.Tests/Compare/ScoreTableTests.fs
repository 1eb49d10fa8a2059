module Iql.Scripts.Tests.ScoreTableTests

open System
open Iql.Scripts
open Iql.Scripts.Statistics
open Iql.Training
open Iql.Scripts.Tests.Invented
open Plotly.NET
open Xunit

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
        [
            "iql", [ [ 40.0 ]; [ 60.0 ]; [ 50.0 ] ]
            "bc", [ [ 45.0 ]; [ 55.0 ]; [ 65.0 ] ]
        ]
    ]

let private mazes = mazesOf 1

let private close (expected: float) (actual: float) =
    Assert.True(abs (expected - actual) < 1e-9, $"expected {expected}, got {actual}")

/// A number of ours on a task.
let private entry (row: int) (column: int) (table: ScoreTable) : ScoreEntry option =
    (List.item row (ScoreTable.ours table.Rows)).Entries[column]

let private value name i table =
    (ScoreTable.total name table).Value.Entries[i].Value.Value

let private leads (line: ScoreLine) : bool list = [ for entry in line.Entries -> entry.Value.Leads ]

/// What a published table says of all tasks together.
let private published name (source: string) (table: ScoreTable) : float list = [
    for line in table.Totals do
        if
            line.Heading = name
            && line.Source |> Option.exists (fun table -> table.Name = source)
        then
            for entry in line.Entries -> entry.Value.Value
]

[<Fact>]
let ``means, sums and interquartile means are those of the runs`` () =
    let table = ScoreTable.ofResults mazes
    close 92.0 (entry 0 0 table).Value.Value
    close 55.0 (entry 1 1 table).Value.Value
    close 142.0 (value "sum" 0 table)
    close 75.0 (value "sum" 1 table)
    close 71.0 (value "mean" 0 table)
    close 37.5 (value "median" 1 table)
    // Six runs: one off each end.
    close ((50.0 + 60.0 + 90.0 + 92.0) / 4.0) (value "IQM" 0 table)
    close (100.0 - 37.5) (value "optimality gap" 1 table)

[<Fact>]
let ``bold is the best of a row and what cannot be told from it`` () =
    let table = ScoreTable.ofResults mazes
    Assert.Equal<bool list>([ true; false ], leads table.Rows[0])
    Assert.Equal<bool list>([ true; true ], leads table.Rows[1])
    Assert.Equal<bool list>([ true; false ], leads (ScoreTable.total "mean" table).Value)
    Assert.Equal<bool list>([ true; false ], leads (ScoreTable.total "optimality gap" table).Value)

[<Fact>]
let ``a run's score is the mean of its last evaluations`` () =
    let two = ScoreTable.ofResults (mazesOf 2)
    close ((45.0 + 48.5 + 47.0) / 3.0) (entry 0 0 two).Value.Value
    // A run that has only one evaluation counts with that.
    close 50.0 (entry 1 0 two).Value.Value
    Assert.Contains("mean of a run's last 2 evaluations", String.concat " " (ScoreTableText.notes two))

[<Fact>]
let ``one that wins every pair improves with certainty, ties count half`` () =
    let table =
        results 1 [
            "a-v0",
            "generated",
            [
                "iql", [ [ 2.0 ]; [ 3.0 ] ]
                "bc", [ [ 0.0 ]; [ 1.0 ] ]
                "dt", [ [ 2.0 ]; [ 3.0 ] ]
            ]
        ]
        |> ScoreTable.ofResults

    let found =
        Map [
            for pair in ScoreTable.improvements table -> (pair.Better, pair.Worse), pair.Probability
        ]

    Assert.Equal(3, found.Count)

    Assert.Equal(
        {
            Value = 1.0
            Interval = { Low = 1.0; High = 1.0 }
        },
        found["iql", "bc"]
    )

    close 0.5 found["iql", "dt"].Value
    Assert.True(found["iql", "dt"].Interval.Low < 0.5 && found["iql", "dt"].Interval.High > 0.5)
    Assert.Empty table.Totals

let private hoppers source =
    ScoreTable.ofResults (locomotion source)

[<Fact>]
let ``published columns stand beside ours, added up where they have every task`` () =
    let table = hoppers "hopper_medium-v2.hdf5"
    Assert.Equal<string list>([ "iql-paper"; "corl" ], [ for source in table.Published -> source.Name ])
    Assert.Equal<string list>([ "cql"; "iql" ], table.Published.Head.Algorithms)
    Assert.Equal(None, table.Rows[0].ForeignData)
    close (66.3 + 78.3) (List.item 0 (published "sum" "iql-paper" table))
    close (67.53 + 80.91) (List.item 0 (published "sum" "corl" table))
    close (58.5 + 72.5) (List.item 1 (published "sum" "iql-paper" table))
    Assert.Empty(published "IQM" "iql-paper" table)

    let text = ScoreTableText.lines table |> String.concat "\n"
    Assert.Matches("hopper-medium-v2 +65.0 ± .*\n  IQL paper +66.3 +58.5\n  CORL +67.5 ± 3.8 +59.1 ± 3.8\n", text)
    Assert.Matches("sum +143.5 ± .*\n  IQL paper +144.6 +131.0\n", text)
    Assert.DoesNotContain("†", text)

[<Fact>]
let ``data that are not D4RL's are marked in the table, and not counted as agreement`` () =
    let table = hoppers "generated"
    Assert.True table.Rows[0].ForeignData.IsSome
    Assert.Equal(None, (List.item 1 (ScoreTable.ours table.Rows)).ForeignData)
    let text = ScoreTableText.lines table |> String.concat "\n"
    Assert.Contains("hopper-medium-v2 †", text)

    Assert.Contains(
        "† hopper-medium-v2: the data are 998,000 transitions collected here",
        String.concat "\n" (ScoreTableText.notes table)
    )

    Assert.Contains("hopper-medium-v2$^\\dagger$", ScoreTableText.latex table)

    let page = ScoreFindings.ofTable table |> String.concat " "

    Assert.Matches("IQL paper: . of 2 published scores of the same data", page)

[<Fact>]
let ``runs that diverged or wait are left out, and said so`` () =
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
    Assert.Equal((1, 1), (first.Diverged[0], first.Waiting[0]))
    Assert.Equal<float list>([ 94.0 ], first.Entries[0].Value.Scores)
    Assert.Equal(None, entry 1 1 table)
    Assert.Equal(None, (ScoreTable.total "sum" table).Value.Entries[1])
    let notes = String.concat "\n" (ScoreTableText.notes table)
    Assert.Contains("* IQL on pointmaze-umaze-v0: 1 of 3 runs diverged", notes)
    Assert.Contains("* IQL on pointmaze-umaze-v0: 1 of 3 runs have no result yet", notes)
    Assert.Contains("94.0*", String.concat "\n" (ScoreTableText.lines table))
    // Charts and page go without what is missing.
    Assert.True(not (Charts.ScoreIntervals.overall table).IsEmpty)
    Assert.Contains("runs failed", Report.ofTable [] [] broken table)

[<Fact>]
let ``one seed has no intervals, and is not called better`` () =
    let table =
        results 1 [ "a-v0", "generated", [ "iql", [ [ 50.0 ] ]; "10%bc", [ [ 49.0 ] ] ] ]
        |> ScoreTable.ofResults

    Assert.Empty(ScoreTable.improvements table)
    let text = String.concat "\n" (ScoreTableText.lines table)
    Assert.DoesNotContain("±", text)
    Assert.Contains("10%BC", text)
    Assert.Contains("10\\%BC", ScoreTableText.latex table)
    Assert.Contains("no intervals", String.concat "\n" (ScoreTableText.notes table))

[<Fact>]
let ``Markdown, LaTeX and comma-separated values hold the table`` () =
    let table = ScoreTable.ofResults mazes
    let markdown = ScoreTableText.markdown table
    Assert.StartsWith("| task | IQL | BC |", markdown)
    Assert.Contains("| pointmaze-umaze-v0 | **92.0 ±", markdown)
    let latex = ScoreTableText.latex table
    Assert.Contains("\\begin{tabular}{lrr}", latex)
    Assert.Contains("\\textbf{92.0} {\\scriptsize$\\pm$\\,", latex)
    Assert.DoesNotContain("±", latex.Substring(latex.IndexOf "\\begin"))
    let csv = (Results.csv (Results.frame mazes)).TrimEnd().Split '\n'
    Assert.Equal(13, csv.Length)
    Assert.StartsWith("run,task,algorithm,seed,status,score,return,steps,seconds", csv[0])
    Assert.Contains(",pointmaze-umaze-v0,iql,1,finished,92,", csv[2])

[<Fact>]
let ``without scores everywhere there are returns, and nothing is added up`` () =
    let returns =
        results 1 [
            "a-v0", "generated", [ "iql", [ [ nan ]; [ nan ] ] ]
            "b-v0", "generated", [ "iql", [ [ 50.0 ]; [ 60.0 ] ] ]
        ]

    let table = ScoreTable.ofResults returns
    Assert.Equal(Return, table.Measure)
    close 550.0 (entry 1 0 table).Value.Value
    Assert.Empty table.Totals

[<Fact>]
let ``the same results give the same intervals`` () =
    Assert.Equal(ScoreTable.ofResults mazes, ScoreTable.ofResults mazes)

[<Fact>]
let ``charts have an interval a contender, and a source stands in the legend once`` () =
    let table = ScoreTable.ofResults mazes

    let intervals (charts: GenericChart list) =
        charts
        |> List.sumBy (fun chart ->
            FigureTests.traces chart
            |> List.filter (FigureTests.has "mode" "lines+markers")
            |> List.length)

    Assert.Equal(4, intervals (Charts.ScoreIntervals.byTask table))
    Assert.Equal(8, intervals (Charts.ScoreIntervals.overall table))
    Assert.Equal(1, intervals (Option.toList (Charts.ScoreIntervals.improvement table)))
    Assert.Equal(2, (Charts.ScoreIntervals.curves mazes table).Length)

    for chart in Charts.ScoreIntervals.byTask (hoppers "hopper-medium-v2.hdf5") do
        Assert.Equal<string list>(
            [ "CORL"; "IQL paper" ],
            FigureTests.traces chart
            |> List.filter (fun trace ->
                trace.TryGetProperty "showlegend" |> fst |> not
                || trace.GetProperty("showlegend").GetBoolean())
            |> List.map (fun trace -> trace.GetProperty("name").GetString())
            |> List.sort
        )
