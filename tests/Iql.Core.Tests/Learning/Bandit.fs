/// One state, one decision: the smallest problem whose best action is known.
module Iql.Core.Tests.Learning.Bandit

open System
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Data
open Iql.Graph
open Iql.Training

/// Every action of a fixed spread on ±0.9, rewarded by a function of it, and the end.
let data (reward: float32 -> float32) : Transitions =
    let seed, count = Seed.Named "bandit", 400
    let actions = [| for i in 0 .. count - 1 -> float32 (seed.Uniform(uint64 i, 0.9)) |]
    let ones = Array.replicate count 1f
    let ends = Array.replicate count true
    Transitions("bandit", 1, 1, ones, actions, Array.map reward actions, ends, Array.replicate count false, ones)

/// One state, one decision: actions of the lower half alone, each rewarded by itself.
let lowerHalf =
    let seed, count = Seed.Named "lower half", 400
    let actions = [| for i in 0 .. count - 1 -> float32 (seed.Uniform(uint64 i, 0.25)) - 0.3f |]
    let ones = Array.replicate count 1f
    let ends = Array.replicate count true
    Transitions("lower half", 1, 1, ones, actions, actions, ends, Array.replicate count false, ones)

/// Blocks after so many steps.
let trained (learner: Learner) (data: Transitions) steps : TensorBlock list =
    use trainer = new Trainer(learner, data, Trainer.Start(learner, Seed.Named "cloning"))

    for _ in 1..steps do
        trainer.Advance()

    [ for block in trainer.Blocks.ToArray() -> block.Clone() ]

/// What a member's policy does in the only state.
let actionOf member' (learner: Learner) (blocks: TensorBlock list) : float =
    let act = learner.Act.Invoke 1
    use observations = new TensorBlock(act.Inputs[2])
    observations.Write("observations", ReadOnlySpan [| 1f |])
    use chosen = new TensorBlock(act.Outputs[0].Layout)
    use graph = CompiledGraph.Compile act

    let scalars = [|
        for name in act.Scalars ->
            match name with
            | "seed" -> (Seed.Named "bandit").AsScalar()
            | "decision" -> 0.0
            | name -> learner.Hyperparameter(name, member')
    |]

    graph.Run(
        ReadOnlySpan [| blocks[0]; blocks[1 + member']; observations |],
        ReadOnlySpan scalars,
        ReadOnlySpan [| chosen |],
        Span<float>.Empty
    )

    float (chosen.Read "actions").[0]

/// What the policy does in the only state.
let action (learner: Learner) (blocks: TensorBlock list) : float = actionOf 0 learner blocks

/// Mean of the data's actions.
let meanAction (data: Transitions) : float = data.Actions |> Seq.averageBy float
