// Judge policies by data alone, and compare the verdict with what the maze says of them.
#load "prelude.fsx"

open System
open Prelude
open Iql
open Iql.Estimation
open Iql.Scripts
open Iql.Scripts.Statistics
open Iql.Training

let trainingData = TrainingData.load calm.Data |> get

// Policies from bad to good: β = 0 clones a careless driver, τ = 0.5 values what he does, few steps learn little.
let sweep steps = {
    Name = $"evaluate-{steps}"
    Base = { calm with Steps = size steps 60 }
    Axes = [
        Axis.expectile (if tiny then [ 0.9 ] else [ 0.5; 0.9 ])
        Axis.inverseTemperature [ 0.0; 3.0; 10.0 ]
        Axis.seed [ 0 .. size 1 0 ]
    ]
}

let judged = [
    for steps in [ 1_500; 15_000 ] do
        let results = train (sweep steps)
        let path (run: Run) = SweepPlan.RunFolder(folder $"evaluate-{steps}", run.Name).Path
        let plan = EvaluationPlan().With(steps = int64 (size 10_000 50), threads = Environment.ProcessorCount)

        let estimates =
            [ for run in results.Runs -> path run ]
            |> Estimates.run { Estimates.standard with Plan = plan }
            |> get

        for run, estimates in List.zip results.Runs estimates do
            run, path run, estimates.Value
]

// The truth: discounted sums of rewards from the very states where the data's episodes start.
let card = Option.get trainingData.Task
let environment = card.Environment
let data = trainingData.Raw.Sample Int32.MaxValue

let starts =
    let every = max 1 (data.Episodes.Length / size 500 20)
    [| for i in 0..every .. data.Episodes.Length - 1 -> data.Episodes[i].Start |]

let truth (folder: string) (discount: float) : float =
    use policy = Iql.Policies.Policy.Load folder
    use actor = policy.Acting starts.Length
    let act = actor.Begin(Seed.Named "truth")
    let states = [| for start in starts -> [| for x in data.Observation(start).ToArray() -> float x |] |]
    let seen = [| for start in starts -> data.Observation(start).ToArray() |]
    let rewards, returns = Array.zeroCreate<float32> starts.Length, Array.zeroCreate<float> starts.Length
    let mutable running = [| 0 .. starts.Length - 1 |]
    let mutable power = 1.0

    for _ in 1 .. environment.TimeLimit do
        if running.Length > 0 then
            let observations = running |> Array.collect (fun i -> seen[i])
            let actions = Array.zeroCreate<float32>(running.Length * 2)
            let before = running |> Array.map (fun i -> rewards[i])
            act.Invoke(ReadOnlySpan running, ReadOnlySpan observations, ReadOnlySpan before, Span actions)

            running <-
                running
                |> Array.indexed
                |> Array.filter (fun (row, i) ->
                    let action = actions[2 * row .. 2 * row + 1]
                    let result = environment.Step(Span states[i], ReadOnlySpan action, Span seen[i])
                    rewards[i] <- result.Reward
                    returns[i] <- returns[i] + power * float result.Reward
                    not result.Terminal)
                |> Array.map snd

            power <- power * discount

    Array.average returns

let rows = [
    for run, path, estimates in judged ->
        let value = EstimateColumn.value EstimateColumn.all.Head estimates |> Option.defaultValue nan
        run, estimates, value, truth path estimates.Discount
]

for run, _, value, truth in rows do
    printfn "%-46s %6d steps: fitted %.3f, true %.3f" run.Name run.Config.Steps value truth

// How well each number orders the policies, and what is lost by picking the best by it.
let truths = [| for _, _, _, truth in rows -> truth |]

for column in EstimateColumn.all do
    if column.Sign <> 0.0 then
        let numbers = [|
            for _, estimates, _, _ in rows ->
                column.Sign * (EstimateColumn.value column estimates |> Option.defaultValue nan)
        |]

        if numbers |> Array.forall Double.IsFinite then
            let picked = truths[Array.findIndex ((=) (Array.max numbers)) numbers]

            printfn
                "%-20s rank correlation %.2f, regret %.3f"
                column.Head
                (rankCorrelation numbers truths)
                (Array.max truths - picked)

let errors = [| for _, _, value, truth in rows -> value - truth |]
printfn "fitted value less true value: mean %.3f, largest %.3f" (mean errors) (errors |> Array.map abs |> Array.max)
