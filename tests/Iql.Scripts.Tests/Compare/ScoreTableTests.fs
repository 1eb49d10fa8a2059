module Iql.Scripts.Tests.ScoreTableTests

open System
open Iql.Scripts
open Iql.Scripts.Statistics
open Iql.Scripts.Tests.Invented
open Xunit

let private mazes =
    results 1 [
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

let private close (expected: float) (actual: float) =
    Assert.True(abs (expected - actual) < 1e-9, $"expected {expected}, got {actual}")

let private value name i table =
    (List.item i (ScoreTable.aggregate name table).Value.Estimates).Value.Value

[<Fact>]
let ``means, sums and interquartile means are those of the runs`` () =
    let table = ScoreTable.ofResults mazes
    close 92.0 table.Rows[0].Cells[0].Summary.Value.Mean
    close 55.0 table.Rows[1].Cells[1].Summary.Value.Mean
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
    Assert.Equal<bool list>([ true; false ], [ for cell in table.Rows[0].Cells -> cell.Leads ])
    Assert.Equal<bool list>([ true; true ], [ for cell in table.Rows[1].Cells -> cell.Leads ])
    Assert.Equal<bool list>([ true; false ], (ScoreTable.aggregate "mean" table).Value.Leads)
    Assert.Equal<bool list>([ true; false ], (ScoreTable.aggregate "optimality gap" table).Value.Leads)

[<Fact>]
let ``a run's score is the mean of its last evaluations`` () =
    let two =
        ScoreTable.ofResults {
            mazes with
                Plan = { mazes.Plan with Last = 2 }
        }

    close ((45.0 + 48.5 + 47.0) / 3.0) two.Rows[0].Cells[0].Summary.Value.Mean
    // A run that has only one evaluation counts with that.
    close 50.0 two.Rows[1].Cells[0].Summary.Value.Mean
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
    Assert.Empty table.Aggregates

let private hoppers source =
    ScoreTable.ofResults (locomotion source)

[<Fact>]
let ``published columns stand beside ours, added up where they have every task`` () =
    let table = hoppers "hopper_medium-v2.hdf5"
    Assert.Equal<string list>([ "iql-paper"; "corl" ], [ for source in table.Published -> source.Name ])
    Assert.Equal<string list>([ "cql"; "iql" ], table.Published.Head.Algorithms)
    Assert.Equal(None, table.Rows[0].ForeignData)
    let sum = (ScoreTable.aggregate "sum" table).Value.Published
    close (66.3 + 78.3) sum[0].[0].Value
    close (67.53 + 80.91) sum[1].[0].Value
    close (58.5 + 72.5) sum[0].[1].Value

    Assert.Equal<float option list list>(
        [ [ None; None ]; [ None; None ] ],
        (ScoreTable.aggregate "IQM" table).Value.Published
    )

    let text = ScoreTableText.lines table |> String.concat "\n"
    Assert.Matches("hopper-medium-v2 +65.0 ± .*\n  IQL paper +66.3 +58.5\n  CORL +67.5 ± 3.8 +59.1 ± 3.8\n", text)
    Assert.Matches("sum +143.5 ± .*\n  IQL paper +144.6 +131.0\n", text)
    Assert.DoesNotContain("†", text)

[<Fact>]
let ``data that are not D4RL's are marked in the table, and not counted as agreement`` () =
    let table = hoppers "generated"
    Assert.True table.Rows[0].ForeignData.IsSome
    Assert.Equal(None, table.Rows[1].ForeignData)
    let text = ScoreTableText.lines table |> String.concat "\n"
    Assert.Contains("hopper-medium-v2 †", text)

    Assert.Contains(
        "† hopper-medium-v2: learned from 998\u202f000 transitions collected here",
        String.concat "\n" (ScoreTableText.notes table)
    )

    Assert.Contains("hopper-medium-v2$^\\dagger$", ScoreTableText.latex table)

    let page =
        ComparisonFindings.ofTable table |> List.map Html.write |> String.concat ""

    Assert.Matches("IQL paper: . of 2 published figures of the same data", page)

[<Fact>]
let ``runs that diverged or wait are left out, and said so`` () =
    let broken = {
        mazes with
            Tasks = [
                for task, sweep in mazes.Tasks ->
                    task,
                    {
                        sweep with
                            Runs = [
                                for each in sweep.Runs ->
                                    match task, each.Name with
                                    | "pointmaze-umaze-v0", "algorithm=iql,seed=0" -> {
                                        each with
                                            Outcome = Diverged(100, "criticLoss", "NaN")
                                      }
                                    | "pointmaze-umaze-v0", "algorithm=iql,seed=1" -> {
                                        each with
                                            Outcome = Unfinished 100
                                      }
                                    | "pointmaze-medium-v0", name when name.StartsWith "algorithm=bc" -> {
                                        each with
                                            Outcome = Diverged(100, "policyLoss", "NaN")
                                      }
                                    | _ -> each
                            ]
                    }
            ]
    }

    let table = ScoreTable.ofResults broken
    let cell = table.Rows[0].Cells[0]
    Assert.Equal((1, 1, [ 94.0 ]), (cell.Diverged, cell.Waiting, cell.Scores))
    Assert.Equal(None, table.Rows[1].Cells[1].Summary)
    Assert.Equal(None, (ScoreTable.aggregate "sum" table).Value.Estimates[1])
    let notes = String.concat "\n" (ScoreTableText.notes table)
    Assert.Contains("* IQL on pointmaze-umaze-v0: 1 of 3 runs diverged", notes)
    Assert.Contains("* IQL on pointmaze-umaze-v0: 1 of 3 runs have no result yet", notes)
    Assert.Contains("94.0*", String.concat "\n" (ScoreTableText.lines table))
    // Charts and page go without what is missing.
    Assert.True((Charts.ScoreIntervals.overall table).IsSome)
    Assert.Contains("runs failed", ComparisonReport.page [] [] broken)

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
    let csv = (ScoreTableText.csv mazes table).TrimEnd().Split '\n'
    Assert.Equal(13, csv.Length)
    Assert.Equal("pointmaze-umaze-v0,iql,1,finished,92,,", csv[2])

[<Fact>]
let ``without scores everywhere there are returns, and nothing is added up`` () =
    let returns = {
        mazes with
            Tasks = [
                for task, sweep in mazes.Tasks ->
                    task,
                    {
                        sweep with
                            Runs = [
                                for run in sweep.Runs ->
                                    {
                                        run with
                                            Evaluations = [ for each in run.Evaluations -> { each with Score = None } ]
                                    }
                            ]
                    }
            ]
    }

    let table = ScoreTable.ofResults returns
    Assert.Equal(Return, table.Measure)
    close 920.0 table.Rows[0].Cells[0].Summary.Value.Mean
    Assert.Empty table.Aggregates

[<Fact>]
let ``the same results give the same intervals`` () =
    Assert.Equal(ScoreTable.ofResults mazes, ScoreTable.ofResults mazes)

[<Fact>]
let ``the figures have a bar a column and keep their order`` () =
    let table = ScoreTable.ofResults mazes

    let bars (figure: Figure) =
        figure.Data |> List.filter (fun trace -> Json.text "mode" trace = Some "lines")

    Assert.Equal(4, (bars (Charts.ScoreIntervals.byTask table)).Length)
    Assert.Equal(8, (bars (Charts.ScoreIntervals.overall table).Value).Length)
    Assert.Equal(1, (bars (Charts.ScoreIntervals.improvement table).Value).Length)

    for figure in
        [
            Charts.ScoreIntervals.byTask table
            (Charts.ScoreIntervals.overall table).Value
            (Charts.ScoreIntervals.improvement table).Value
            Charts.ScoreIntervals.curves mazes table
        ] do
        Assert.StartsWith("<svg", Figure.toSvg figure)

    let published = Charts.ScoreIntervals.byTask (hoppers "hopper-medium-v2.hdf5")

    Assert.Equal<string list>(
        [ "CORL"; "IQL paper" ],
        [
            for trace in published.Data do
                if Json.tryField "showlegend" trace <> Some(Json.Bool false) then
                    (Json.text "name" trace).Value
        ]
        |> List.sort
    )
