/// A learner small enough to check by hand, a little task for it, and groups of runs of both.
module Iql.Core.Tests.Training.TinyRuns

open System
open System.Collections.Immutable
open System.IO
open System.Text.Json.Nodes
open Iql
open Iql.Algorithms
open Iql.Data
open Iql.Environments
open Iql.Execution
open Iql.Environments.Tasks
open Iql.Graph
open Iql.Training
open Iql.Core.Tests.Training.Fixture

let observationSize = 3
let actionSize = 2

/// 64 transitions in 4 episodes; actions and rewards are nearly linear in observations.
let transitions: Transitions =
    let seed = Seed.Named "tiny"
    let count = 64

    let observations = [| for i in 0 .. count * observationSize - 1 -> float32 (seed.Normal(uint64 i)) |]

    let actions = [|
        for row in 0 .. count - 1 do
            for column in 0 .. actionSize - 1 -> 0.5f * observations[row * observationSize + column]
    |]

    let rewards = [|
        for row in 0 .. count - 1 -> observations[row * observationSize] - observations[row * observationSize + 2]
    |]

    let timeouts = [| for row in 0 .. count - 1 -> row % 16 = 15 |]

    let next = [|
        for i in 0 .. observations.Length - 1 -> observations[(i + observationSize) % observations.Length]
    |]

    Transitions(
        "tiny",
        observationSize,
        actionSize,
        observations,
        actions,
        rewards,
        Array.zeroCreate count,
        timeouts,
        next
    )

/// A point on a line that is to be pushed up: the reward is the push, an episode ends above 1.
type Line() =
    interface IEnvironment with
        member _.Name = "line"
        member _.ObservationSize = observationSize
        member _.ActionSpace = ActionSpace.Continuous actionSize
        member _.StateSize = 1
        member _.TimeLimit = 7

        member _.Reset(seed, state, observation) =
            state[0] <- seed.Unit 0UL
            observation[0] <- float32 state[0]
            observation[1] <- 1f
            observation[2] <- 0f

        member _.Step(state, action, observation) =
            state[0] <- state[0] + 0.3 * float action[0]
            observation[0] <- float32 state[0]
            observation[1] <- 1f
            observation[2] <- action[1]
            StepResult(action[0], state[0] > 1.0)

/// The scale of the task.
let reference = ReferenceScore("line", 0.0, 2.0, 7, "made up")

/// Value: r ≈ V(s), linear. Policies: a ≈ π(s), linear, each with its own rate; the actions they see are noisy, and the
/// value sets how much they learn. Plain descent, so a large rate blows up.
let learner (learningRate: float) (rates: float list) : Learner =
    let batchSize = 8

    let shared =
        Layout("shared", [ struct ("weight", shape [ observationSize; 1 ]); struct ("bias", shape []) ])

    let blocks = [
        yield shared
        for i in 0 .. rates.Length - 1 do
            yield Layout($"policy{i}", [ struct ("weight", shape [ observationSize; actionSize ]) ])
    ]

    let batch = BatchLayout.Of(batchSize, observationSize, actionSize)
    let groups = [ for block in blocks -> block.Inputs() ]
    let columns = batch.Inputs()
    let seed, step = Tensor.Scalar "seed", Tensor.Scalar "step"
    let o = columns["observations"]

    let value (group: TensorGroup) (o: Tensor) =
        Tensor.Reshape(Tensor.MatMul(o, group["weight"]), shape [ o.Shape[0] ]) + group["bias"]

    let residual = columns["rewards"] - value groups[0] o
    let valueLoss = Tensor.Mean(Tensor.Square residual)

    let descend (group: TensorGroup) (loss: Tensor) (rate: Tensor) =
        let gradients = Gradient.Of(loss, group.Tensors)

        TensorGroup(
            group.Layout,
            ImmutableArray.CreateRange(Seq.map2 (fun (x: Tensor) (g: Tensor) -> x - rate * g) group.Tensors gradients)
        )

    let noise = Tensor.RandomNormal(seed, step, 0, shape [ batchSize; actionSize ])
    let damping = Tensor.Exp(-(Tensor.StopGradient valueLoss))

    let policies = [
        for i in 0 .. rates.Length - 1 do
            let target = columns["actions"] + noise * 0.01

            let loss = Tensor.Mean(Tensor.Square(Tensor.MatMul(o, groups[i + 1].["weight"]) - target))

            descend groups[i + 1] loss (Tensor.Scalar $"{i}:rate" * damping), struct ($"{i}:policyLoss", loss)
    ]

    let outputs = descend groups[0] valueLoss (Tensor.Scalar "learningRate") :: List.map fst policies

    let metrics =
        struct ("valueLoss", valueLoss)
        :: struct ("residualMean", Tensor.Mean residual)
        :: List.map snd policies

    let act (rows: int) =
        let observations = Layout("observations", [ struct ("observations", shape [ rows; observationSize ]) ])

        let actions = Layout("actions", [ struct ("actions", shape [ rows; actionSize ]) ])
        let x, policy = observations.Inputs().["observations"], blocks[1].Inputs()
        let action = Tensor.Tanh(Tensor.MatMul(x, policy["weight"]))

        GraphFunction(
            [ shared; blocks[1]; observations ].ToImmutableArray(),
            ImmutableArray.Empty,
            [ TensorGroup(actions, [ action ].ToImmutableArray()) ].ToImmutableArray(),
            ImmutableArray.Empty
        )

    let probe (rows: int) =
        let seen =
            Layout(
                "batch",
                [ struct ("observations", shape [ rows; observationSize ]); struct ("rewards", shape [ rows ]) ]
            )

        let output =
            Layout("probe", [ for name in [ "weights"; "advantages"; "values" ] -> struct (name, shape [ rows ]) ])

        let columns = seen.Inputs()
        let v = value groups[0] columns["observations"]
        let advantage = columns["rewards"] - v
        let results = [ Tensor.Exp(advantage * Tensor.Scalar "rate"); advantage; v ]

        GraphFunction(
            [ shared; blocks[1]; seen ].ToImmutableArray(),
            [ "rate" ].ToImmutableArray(),
            [ TensorGroup(output, results.ToImmutableArray()) ].ToImmutableArray(),
            ImmutableArray.Empty
        )

    let initialise (seed: Seed) =
        [
            for layout in blocks do
                let block = new TensorBlock(layout)
                let purpose = if layout.Name = "shared" then "value" else "policy"

                for entry in layout.Entries do
                    let numbers = seed.Split("initial parameters").Split(purpose).Split(entry.Name)

                    block.Write(
                        entry.Name,
                        ReadOnlySpan [|
                            for i in 0 .. entry.Shape.Count - 1 -> float32 (numbers.Uniform(uint64 i, 0.5))
                        |]
                    )

                block
        ]
            .ToImmutableArray()

    Learner(
        "tiny",
        blocks.ToImmutableArray(),
        batch,
        GraphFunction(
            (blocks @ [ batch ]).ToImmutableArray(),
            ([ "seed"; "step"; "learningRate" ] @ [ for i in 0 .. rates.Length - 1 -> $"{i}:rate" ]).ToImmutableArray(),
            outputs.ToImmutableArray(),
            metrics.ToImmutableArray()
        ),
        (learningRate :: rates).ToImmutableArray(),
        initialise,
        act,
        probe
    )

let hyperparameters (learningRate: float) (rate: float) = RunJson.Element {| learningRate = learningRate; rate = rate |}

/// 40 steps: train lines every 5, checkpoints every 10, evaluations every 20.
let config: RunConfig =
    Fixture.config.With(algorithm = "tiny", task = "line", hyperparameters = hyperparameters 0.05 0.1)

let run (folder: string) (name: string) (config: RunConfig) = TrainingRun(RunFolder(Path.Combine(folder, name)), config)

/// A plan for a device; null is the processor.
let planOn (device: IDevice) (threads: int) (learner: Learner) : TrainingPlan =
    TrainingPlan(
        Learner = learner,
        Transitions = transitions,
        Environment = Line(),
        Reference = reference,
        Threads = threads,
        Device = device
    )

let plan (threads: int) (learner: Learner) : TrainingPlan = planOn null threads learner

/// Trains one run for each rate, together, in folders of the given names.
let train (folder: string) (steps: int64) (members: (string * float) list) : TrainingOutcome list =
    let runs = [|
        for name, rate in members ->
            run folder name (config.With(steps = steps, hyperparameters = hyperparameters 0.05 rate))
    |]

    List.ofSeq (TrainingLoop.Run(plan 1 (learner 0.05 (List.map snd members)), runs))

/// Metrics lines without what a clock says.
let lines (folder: RunFolder) : string list = [
    for line in File.ReadAllLines folder.MetricsPath do
        let fields = JsonNode.Parse(line).AsObject()
        fields.Remove "seconds" |> ignore
        fields.Remove "stepsPerSecond" |> ignore
        fields.ToJsonString()
]

/// Everything of a run folder that does not depend on a clock.
let contents (folder: RunFolder) =
    let result = JsonNode.Parse(File.ReadAllText folder.ResultPath).AsObject()
    result.Remove "seconds" |> ignore
    result.Remove "stepsPerSecond" |> ignore
    result.Remove "sha256" |> ignore
    (result["files"].AsObject()).Remove "metrics" |> ignore
    Convert.ToHexString(File.ReadAllBytes folder.CheckpointPath), lines folder, result.ToJsonString()
