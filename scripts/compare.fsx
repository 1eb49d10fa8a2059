// A comparison is a sweep over tasks and algorithms. What comes back is the table of a paper, as a value.
#load "prelude.fsx"

open Prelude
open Iql.Scripts

let maze (name: string) = DataSource.Task(name, Some(size 100_000 2_000))

// Every algorithm starts from its preset for the task's name; this is what all of them are changed by.
let change (trial: Trial) = { trial with Steps = size 10_000 60; EvaluateEvery = size 1_000 20; Episodes = size 50 2 }

let algorithms = Axis.algorithm Ablation.small change [ "iql"; "td3bc"; "bc" ]

let sweep = {
    Name = "compare"
    Base = Ablation.standard
    Axes = [
        Axis.task [
            // Short pieces that lead anywhere: only dynamic programming puts a way together from them.
            maze "pointmaze-umaze-stitch-v0"
            // Wandering from place to place in the same maze; every moment at its goal is rewarded.
            maze "pointmaze-umaze-v0"
        ]
        {
            algorithms with
                // A value of one's own is a name and a function from trial to trial.
                Values = algorithms.Values @ [ "IQL at τ 0.5", Hyperparameter.set "expectile" 0.5 >> change ]
        }
        Axis.seed [ 0 .. size 2 1 ]
    ]
}

let results = train sweep
let table = ScoreTable.ofResults results
printfn ""
ScoreTableText.lines table |> List.iter (printfn "%s")

// Every number of the table is a value; so is every figure.
for iqm in Option.toList (ScoreTable.total "IQM" table) do
    for name, entry in List.zip table.Contenders iqm.Entries do
        match entry with
        | Some { Value = value; Interval = Some interval } ->
            printfn "IQM of %s: %.1f, from %.1f to %.1f" name value interval.Low interval.High
        | _ -> ()

for pair in ScoreTable.improvements table do
    printfn "a run of %s beats one of %s with probability %.2f" pair.Better pair.Worse pair.Probability.Value

Charts.ScoreIntervals.byTask table |> savePanels "compare"

// What others published of the same datasets is a value too. The mazes have none; of D4RL's hopper there is much.
for source in Published.beside PublishedPhase.Offline [ "hopper-medium-v2" ] [ "iql"; "td3bc"; "bc" ] do
    Published.lines source |> List.iter (printfn "%s")

Report.write (folder sweep.Name) |> get |> printfn "%s"
