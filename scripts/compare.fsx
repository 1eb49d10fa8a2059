// A comparison is data: tasks, algorithms and seeds. What comes back is the table of a paper, as a value.
#load "prelude.fsx"

open System.IO
open Prelude
open Iql.Scripts

// Every algorithm starts from its preset for the task's name; this is what all of them are changed by.
let change (trial: Trial) = {
    trial with
        Steps = size 10_000 60
        EvaluateEvery = size 1_000 20
        Episodes = size 50 2
}

let comparison = {
    Name = "Three algorithms, and a variant, on two mazes"
    Tasks = [
        // Short pieces that lead anywhere: only dynamic programming puts a way together from them.
        ComparisonTask.builtIn (Some(size 100_000 2_000)) "pointmaze-umaze-stitch-v0"
        // Wandering from place to place in the same maze; every moment at its goal is rewarded.
        ComparisonTask.builtIn (Some(size 100_000 2_000)) "pointmaze-umaze-v0"
    ]
    Contenders = [
        for name in [ "iql"; "td3bc"; "bc" ] do
            Contender.preset Ablation.trialOf change name

        // A contender of one's own is a name and a trial.
        Ablation.standard
        |> Trial.implicit _.With(expectile = 0.5)
        |> change
        |> Contender.ofTrial "IQL at τ 0.5"
    ]
    Seeds = [ 0 .. size 2 1 ]
    Last = 1
}

let target = folder "compare"

if tiny && Directory.Exists target then
    Directory.Delete(target, true)

Comparison.run
    {
        Launch.into target with
            Watch = progress
    }
    comparison
|> ignore

let results =
    match ComparisonResults.read target with
    | Ok results -> results
    | Error problem -> failwith problem

let table = ScoreTable.ofResults results
printfn ""
ScoreTableText.lines table |> List.iter (printfn "%s")

// Every number of the table is a value; so is every figure.
match ScoreTable.aggregate "IQM" table with
| Some iqm ->
    for name, estimate in List.zip table.Contenders iqm.Estimates do
        for estimate in Option.toList estimate do
            printfn
                "IQM of %s: %.1f, from %.1f to %.1f"
                name
                estimate.Value
                estimate.Interval.Low
                estimate.Interval.High
| None -> ()

for pair in ScoreTable.improvements table do
    printfn "a run of %s beats one of %s with probability %.2f" pair.Better pair.Worse pair.Probability.Value

Charts.ScoreIntervals.byTask table |> save "compare"

// What others published of the same datasets is a value too. The mazes have none; of D4RL's hopper there is much.
for source in Published.beside [ "hopper-medium-v2" ] [ "iql"; "td3bc"; "bc" ] do
    Published.lines source |> List.iter (printfn "%s")

match ComparisonReport.write target with
| Ok page -> printfn "%s" page
| Error problem -> failwith problem
