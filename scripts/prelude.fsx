// Loads Iql into F# Interactive. "Assembly reference … was not found": first build it, by `dotnet build -c Release`.
#r "../src/Iql.Scripts/bin/Release/net10.0/Iql.Core.dll"
#r "../src/Iql.Scripts/bin/Release/net10.0/Iql.Scripts.dll"
#r "../src/Iql.Scripts/bin/Release/net10.0/Deedle.dll"
#r "../src/Iql.Scripts/bin/Release/net10.0/DynamicObj.dll"
#r "../src/Iql.Scripts/bin/Release/net10.0/Giraffe.ViewEngine.dll"
#r "../src/Iql.Scripts/bin/Release/net10.0/Newtonsoft.Json.dll"
#r "../src/Iql.Scripts/bin/Release/net10.0/Plotly.NET.dll"

open System
open System.IO
open Iql.Scripts

/// IQL_TINY=1 shrinks every script to seconds, so that all of them can be tried; the results then mean nothing.
let tiny = Environment.GetEnvironmentVariable "IQL_TINY" = "1"

/// A size for a real look, and one for trying whether the script runs.
let size (full: int) (small: int) : int = if tiny then small else full

/// What a step gave, or its message as an exception: a script stops where something is wrong.
let get (result: Result<'T, string>) : 'T = Attempt.get result

/// A trial that learns the standard maze, from data collected on the spot, in half a minute on one core.
let trial: Trial = {
    Ablation.standard with
        Data = DataSource.Task(TaskName.standard, Some(size 10_000 4_000))
        Steps = size Ablation.standard.Steps 100
        EvaluateEvery = size 2_000 50
        Episodes = size Ablation.standard.Episodes 2
}

/// A trial in a maze without wind: nothing random follows an action, and an observation is the whole state.
let calm: Trial = {
    trial with
        Data = DataSource.Task("pointmaze-umaze-stitch-v0", Some(size 100_000 4_000))
        EvaluateEvery = size 1_500 50
        Episodes = size 50 2
}

/// Where a script's runs and pages go: runs/scripts/NAME in the repository, which Git ignores.
let folder (name: string) : string =
    Path.GetFullPath(
        Path.Combine(__SOURCE_DIRECTORY__, "..", "runs", (if tiny then "scripts-tiny" else "scripts"), name)
    )

/// Its data.
let trainingData: TrainingData = TrainingData.load trial.Data |> get

/// Prints how far a sweep is, a line every few seconds.
let progress: SweepEvent -> unit =
    let clock = Diagnostics.Stopwatch.StartNew()
    let next = ref TimeSpan.Zero

    fun event ->
        match event with
        | Advanced now when clock.Elapsed >= next.Value || now.Done = now.Runs ->
            next.Value <- clock.Elapsed + TimeSpan.FromSeconds 5.0
            printfn "%3.0f %%, %d of %d runs done" (100.0 * float now.Steps / float now.TotalSteps) now.Done now.Runs
        | _ -> ()

/// Trains a sweep into its folder, with a line now and then; what is there already is not trained again.
let train (sweep: Sweep) : SweepResults =
    let target = folder sweep.Name

    if tiny && Directory.Exists target then
        Directory.Delete(target, true)

    Launch.run { Launch.into target with Watch = progress } sweep |> get |> ignore

    Results.readSweep target |> get

/// Writes charts side by side as a page and prints where.
let savePanels (name: string) (charts: Plotly.NET.GenericChart list) : unit =
    let path = Path.Combine(folder name, name + ".html")
    Figure.savePanels path charts |> get
    printfn "%s" path

/// Writes a chart as a page of its own and prints where.
let save (name: string) (chart: Plotly.NET.GenericChart) : unit = savePanels name [ chart ]
