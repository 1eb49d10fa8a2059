// How implicit Q-learning is derived: five answers to one question, what is the next state worth?
#load "prelude.fsx"

open System
open Prelude
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Data
open Iql.Graph
open Iql.Scripts
open Iql.Scripts.Charts
open Iql.Training
open Plotly.NET

// All of them fit Q(s, a) to r + γ · next, and the policy is always taken from Q in the same way. Only `next` differs:
let objectives = [
    // max over all actions of Q(s', a'): Q-learning. For actions outside the data, Q is too high in some places, and
    // the maximum finds these places.
    "maximum-td", "Q-learning"
    // Q(s', a') of the data's own next action: SARSA. It uses no action outside the data, but its values are those of
    // the data's policy.
    "sarsa", "SARSA"
    // max over samples of a model of the data's policy: a maximum within the data's support, as good as the model is.
    // (A support threshold would draw in samples from the model's thin edges.)
    "supported-maximum-td", "supported maximum"
    // The data's next action again, but errors above count τ and errors below 1 − τ: a maximum without a model. It
    // cannot tell a good action from a lucky transition.
    "expectile-td", "expectile, one network"
    // The expectile over actions alone, in a network V of its own; what follows an action is averaged as before.
    "iql", "implicit Q-learning"
]

let names, titles = List.unzip objectives
let colours = Style.categorical |> List.take objectives.Length

// At these learning rates all of them have settled by the end of the run.
let learning =
    [ "critic"; "value"; "policy" ]
    |> List.fold (fun trial network -> trial |> Hyperparameter.set $"{network}LearningRate" 0.001) {
        calm with
            Steps = size 12_000 100
    }
    |> Hyperparameter.set "expectile" 0.9
    |> Hyperparameter.set "inverseTemperature" 10

let results =
    train {
        Name = "derivation"
        Base = learning
        Axes = [ Axis.along "objective" names; Axis.seed [ 0 .. size 2 0 ] ]
    }

// ---- the maze: pieces of driving that must be stitched together, with nothing random in what follows an action

let cells = [
    for name in names ->
        ResultGroups.ofRuns [ "objective" ] results.Runs
        |> ResultGroups.where "objective" name
        |> List.exactlyOne
]

/// A line from points.
let line name colour dash (points: (float * float) list) =
    Chart.Line(points, Name = name, LineColor = Style.colour colour, LineDash = dash, UseDefaults = false)

/// Mean over seeds of a number along training, a line an objective.
let curves (points: Run -> (float * float) list) = [
    for i, (title, colour, cell) in List.indexed (List.zip3 titles colours cells) do
        cell.Runs
        |> List.collect points
        |> Run.byStep
        |> List.map (fun (step, values) -> step, List.average values)
        |> line title colour (Style.dash i)
]

/// What the data's actions are worth if an expert drives on: what Q should be, or a little less.
let truth =
    let trainingData = TrainingData.load calm.Data |> get
    let card = trainingData.Task.Value
    let environment = card.Environment
    let data = trainingData.Transitions :?> Transitions

    let state, observation, action =
        Array.zeroCreate<float> 4, Array.zeroCreate<float32> 4, Array.zeroCreate<float32> 2

    // Every decision costs 1 but the one that reaches the goal.
    let rec drive (expert: Environments.Tasks.Expert) discount =
        expert.Invoke(ReadOnlySpan state, Span action)
        let result = environment.Step(Span state, ReadOnlySpan action, Span observation)

        if result.Terminal || discount < 1e-3 then
            0.0
        else
            -discount + drive expert (0.99 * discount)

    let seed = Seed.Named "truth"

    Seq.average [
        for i in 0 .. size 500 20 - 1 do
            let at = int (seed.Below(uint64 i, data.Count))

            if data.Terminals[at] then
                0.0
            else
                let next = (data.NextObservation at).ToArray()

                for j in 0..3 do
                    state[j] <- float next[j]

                -1.0 + 0.99 * drive (card.Expert.Invoke(seed.Split(uint64 i))) 1.0
    ]

// ---- the fork: a gamble beside a safe way, where what follows is random

// Left (a < 0) leads to a field that pays 0.7, worth 0.63 (0.9 · 0.7). Right (a > 0) pays 2 in one of four times,
// worth 0.5.
let fork =
    let seed, count = Seed.Named "fork", size 4000 400
    let left i = i % 2 = 0

    let rows = [
        for i in 0 .. count - 1 do
            let force = 0.5 + 0.5 * seed.Unit(uint64 (2 * i))

            if left i then
                // state, action, reward, terminal
                0, -force, 0.0, false
                1, seed.Uniform(uint64 (2 * i + 1), 1.0), 0.7, true
            else
                0, force, (if i % 8 = 1 then 2.0 else 0.0), true
    ]

    let place state = [| (if state = 0 then 1f else 0f); (if state = 1 then 1f else 0f) |]

    Transitions(
        "fork",
        2,
        1,
        [|
            for state, _, _, _ in rows do
                yield! place state
        |],
        [| for _, action, _, _ in rows -> float32 action |],
        [| for _, _, reward, _ in rows -> float32 reward |],
        [| for _, _, _, terminal in rows -> terminal |],
        Array.replicate rows.Length false,
        [|
            for _ in rows do
                yield! place 1
        |]
    )

/// Q of going left and of going right after learning from the fork.
let beliefs (objective: string) =
    let config =
        learning.Config.With("objective", objective).With("discount", 0.9).With("hiddenSizes", [ 32; 32 ])

    let learner = config.Learner(2, 1)
    use trainer = new Trainer(learner, fork, Trainer.Start(learner, Seed.Named "fork"))

    for _ in 1 .. size 6000 100 do
        trainer.Advance()

    // A probe gives V(s) and the advantage Q(s, a) − V(s).
    let probe = learner.Probe.Invoke 2
    use batch = new TensorBlock(probe.Inputs[2])
    batch.Write("observations", ReadOnlySpan [| 1f; 0f; 1f; 0f |])
    batch.Write("actions", ReadOnlySpan [| -0.75f; 0.75f |])
    use answer = new TensorBlock(probe.Outputs[0].Layout)
    use graph = CompiledGraph.Compile probe
    let scalars = [| for name in probe.Scalars -> learner.Hyperparameter(name, 0) |]

    graph.Run(
        ReadOnlySpan [| trainer.Blocks[0]; trainer.Blocks[1]; batch |],
        ReadOnlySpan scalars,
        ReadOnlySpan [| answer |],
        Span<float>.Empty
    )

    [
        for value, advantage in Seq.zip (answer.Read "values") (answer.Read "advantages") ->
            float value + float advantage
    ]

let believed = [
    for name, title in objectives do
        printfn "the fork: %s" title
        beliefs name
]

// ---- what came of it

printfn ""
printfn "%-26s %8s %9s %14s %15s" "objective" "score" "mean Q" "Q of the way" "Q of the gamble"

for title, cell, q in List.zip3 titles cells believed do
    let mean pick = ResultGroups.meanOf pick cell |> Option.defaultValue nan

    printfn "%-26s %8.1f %9.2f %14.2f %15.2f" title (mean (Run.final Score)) (mean (Run.lastMetric "qMean")) q[0] q[1]

printfn "%-26s %8.1f %9.2f %14.2f %15.2f" "the truth" 100.0 truth 0.63 0.5

let expert () =
    line "what an expert would make of the data's actions" Style.grey StyleParam.DrawingStyle.Dot [
        0.0, truth
        float learning.Steps, truth
    ]

let places = [ for title in titles @ [ "the truth" ] -> title.Replace(" ", "<br>") ]

let bars name colour worth (pick: float list -> float) =
    Chart.Column(
        values = List.map pick believed @ [ worth ],
        Keys = places,
        Name = name,
        MarkerColor = Style.colour colour,
        UseDefaults = false
    )

[
    curves (Run.curve Score)
    |> Chart.combine
    |> Style.titled "Which of them find the way" "gradient step" "normalised score"
    |> Chart.withYAxisStyle (MinMax = Style.bounds Score [])

    expert () :: curves (Run.metric "qMean")
    |> Chart.combine
    |> Style.titled "What they believe" "gradient step" "mean Q over the data"

    expert () :: curves (Run.metric "qMean")
    |> Chart.combine
    |> Style.titled "The same, from nearer" "gradient step" "mean Q over the data"
    |> Chart.withYAxisStyle (MinMax = (truth - 4.0, truth + 2.0))

    [ bars "the way" "#3a97d4" 0.63 List.head; bars "the gamble" Style.grey 0.5 List.last ]
    |> Chart.combine
    |> Style.titled "Which of them take luck for skill" "" "Q at the fork"
]
|> savePanels "derivation"
