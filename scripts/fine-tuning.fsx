// From offline to online: a policy learned from few data goes on learning in its environment. What it costs at the
// switch and what it gains are values.
#load "prelude.fsx"

open Prelude
open Iql.Scripts
open Iql.Scripts.Charts
open Iql.Training.Online
open Plotly.NET

let offline = size 4_000 60
let online = size 16_000 300

// The offline steps are the trial's own; the record says everything about what follows them. This one is the paper's:
// a decision drawn from the policy, then an update, batches from the data and the new rows alike.
let change (trial: Trial) =
    { trial with Steps = offline; EvaluateEvery = size 1_000 20; Episodes = size 20 2 }
    |> Trial.atConstantRate
    |> Trial.goingOnline (FineTuning(OfflineSteps = 0L, OnlineSteps = int64 online))

let sweep = {
    Name = "fine-tuning"
    Base = Ablation.standard
    Axes = [
        Axis.task [ DataSource.Task("pointmaze-medium-stitch-v0", Some(size 100_000 2_000)) ]
        Axis.algorithm Ablation.small change [ "iql"; "awac" ]
        // Half of each batch from the data, half from acting; or one buffer of both.
        Axis.along "dataShare" [ "none"; "0.5" ]
        Axis.seed [ 0 .. size 4 1 ]
    ]
}

let results = train sweep

// Runs by what they differ in, each judged by numbers of its online phase.
let groups =
    results.Runs
    |> List.groupBy (fun run -> $"""{Run.valueOf "algorithm" run}, data share {Run.valueOf "dataShare" run}""")

let columns = OnlineColumn.all Score

let cells (runs: Run list) = [
    let numbers = List.choose (OnlineNumbers.ofRun Score) runs

    for column in columns ->
        match numbers |> List.choose column.Of with
        | [] -> "–"
        | values -> OnlineColumn.shown Score column (List.average values)
]

printfn ""

let head = "" :: [ for column in columns -> column.Head ]

TextTable.lines (head :: [ for name, runs in groups -> name :: cells runs ])
|> List.iter (printfn "%s")

for column in columns do
    printfn "%s: %s" column.Head column.Meaning

OnlineRates.describe results.Runs |> List.iter (printfn "%s")

// Acting is no evaluation: its actions are drawn. Both successes over the decisions in the environment, of one run.
let run = results.Runs.Head

let acting = [
    for lines in List.chunkBySize 20 (List.ofSeq run.Acting) ->
        float (List.last lines).EnvironmentSteps, lines |> List.averageBy (_.Success >> float)
]

let evaluated = [
    for evaluation in run.Evaluations do
        let place = Run.place run evaluation.Step - Run.switch run

        if place >= 0.0 then
            place, evaluation.SuccessRate
]

Chart.combine [
    Chart.Line(acting, Name = "acting, twenty episodes at a time", UseDefaults = false)
    Chart.Line(evaluated, Name = "evaluation", ShowMarkers = true, UseDefaults = false)
]
|> Style.titled "Success while acting, and in evaluations" "decision in the environment" "share of successes"
|> save "fine-tuning"

Report.write (folder sweep.Name) |> get |> printfn "%s"
