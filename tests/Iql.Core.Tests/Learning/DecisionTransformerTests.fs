/// The decision transformer: its network against an oracle, what it remembers, and what it does when asked for a
/// return.
module Iql.Core.Tests.Learning.DecisionTransformerTests

open System
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Data
open Iql.Graph
open Iql.Losses
open Iql.Networks
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Graph.Dense
open Iql.Core.Tests.Learning.Differences
open Iql.Core.Tests.Learning.SequenceOracle

let private s, a, width, layers, table = 2, 2, 4, 2, 9

/// A small network: its group, and its inputs with numbers.
let private network () =
    let layout = Layout("net", ReturnConditionedPolicy.Shapes(s, a, layers, width, table))

    let group = layout.Inputs()

    group,
    [
        for entry, tensor in Seq.zip layout.Entries group.Tensors ->
            tensor, snd (input $"net/{entry.Name}" (List.ofSeq entry.Shape.Extents) 0.7)
    ]

let private named (inputs: (Tensor * float[]) list) : Parameters =
    fun name -> inputs |> List.find (fun (x, _) -> x.Name = $"net/{name}") |> snd

let private rectifier = max 0.0

/// Abramowitz and Stegun have the error function as a series too: 2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)).
let private gelu x =
    let z = x / sqrt 2.0

    let terms =
        (z, [ 1..60 ])
        ||> List.scan (fun term n -> -term * z * z / float n)
        |> List.mapi (fun n term -> term / float (2 * n + 1))

    0.5 * x * (1.0 + 2.0 / sqrt Math.PI * List.sum terms)

/// Three pieces of 1, 2 and 3 steps in a context of 3, padded on the left with what must not matter.
let private context = 3

let private lengths = [ 1; 3; 2 ]

let private columns padding =
    let whole name size =
        let x, numbers = input name ([ lengths.Length; context ] @ size) 1.0
        let each = List.fold (*) 1 size

        x,
        numbers
        |> Array.mapi (fun i number ->
            let row, k = i / (context * each), i / each % context

            if k < context - lengths[row] then padding * number else number)

    let place name f =
        Tensor.Input(name, shape [ lengths.Length; context ]),
        [|
            for length in lengths do
                for k in 0 .. context - 1 -> f (k - (context - length))
        |]

    whole "returns" [],
    whole "observations" [ s ],
    whole "actions" [ a ],
    place "timesteps" (fun step -> float (max 0 (step + 4))),
    place "mask" (fun step -> if step < 0 then 0.0 else 1.0)

let private policy heads activation padding =
    let group, parameters = network ()
    let returns, observations, actions, timesteps, mask = columns padding

    ReturnConditionedPolicy.Actions(
        group,
        fst returns,
        fst observations,
        fst actions,
        fst timesteps,
        fst mask,
        heads,
        activation
    ),
    parameters,
    [ returns; observations; actions; timesteps; mask ]

/// Numbers of the steps that are not padding.
let private valid (numbers: float[]) = [
    for row, length in List.indexed lengths do
        for k in context - length .. context - 1 do
            for j in 0 .. a - 1 -> numbers[(row * context + k) * a + j]
]

let private small =
    DecisionTransformerConfig(
        Context = 3,
        HiddenSizes = Widths(List.replicate layers width),
        Heads = 2,
        MaxTimesteps = table,
        ReturnScale = 2.0
    )

/// The policy of a learner, decision after decision for one row: what it does, given what it sees and the reward
/// before.
let private decide (learner: Learner) (blocks: TensorBlock list) m (seen: (float[] * float) list) =
    let act = learner.Act.Invoke 1
    use graph = CompiledGraph.Compile act

    let inputs = [| blocks[0]; blocks[m + 1]; new TensorBlock(act.Inputs[2]); new TensorBlock(act.Inputs[3]) |]

    let outputs = [| new TensorBlock(act.Outputs[0].Layout); new TensorBlock(act.Inputs[3]) |]

    [
        for decision, (observation, reward) in List.indexed seen do
            inputs[2].Write("observations", ReadOnlySpan(Array.map float32 observation))
            inputs[2].Write("rewards", ReadOnlySpan [| float32 reward |])

            let scalars = [|
                for name in act.Scalars -> if name = "decision" then float decision else learner.Hyperparameter(name, m)
            |]

            graph.Run(ReadOnlySpan inputs, ReadOnlySpan scalars, ReadOnlySpan outputs, Span<float>.Empty)
            let remembered = inputs[3]
            inputs[3] <- outputs[1]
            outputs[1] <- remembered
            Array.map float (outputs[0].Read "actions")
    ]

[<Tests>]
let tests =
    testList "DecisionTransformerTests" [
        testCase "the network is its formula, token by token" (fun () ->
            for heads, activation, f in
                [
                    1, TransformerActivation.Rectifier, rectifier
                    2, TransformerActivation.Rectifier, rectifier
                    2, TransformerActivation.Gelu, gelu
                ] do
                let actions, parameters, inputs = policy heads activation 1.0

                let slice number size row k =
                    let values: float[] = snd inputs[number]
                    values[(row * context + k) * size .. (row * context + k + 1) * size - 1]

                let expected = [
                    for row, length in List.indexed lengths do
                        let steps = [
                            for k in context - length .. context - 1 ->
                                {
                                    Timestep = int (slice 3 1 row k).[0]
                                    ReturnToGo = (slice 0 1 row k).[0]
                                    Observation = slice 1 s row k
                                    Action = slice 2 a row k
                                }
                        ]

                        yield! Seq.concat (SequenceOracle.actions (named parameters) layers heads f steps)
                ]

                List.iter2
                    (fun (x: float) y -> Expect.floatClose (Accuracy.decimals 13) y x "y")
                    expected
                    (valid (number actions (parameters @ inputs))))

        testCase "what padding holds changes no step and no gradient" (fun () ->
            let run padding =
                let chosen, parameters, inputs = policy 2 TransformerActivation.Rectifier padding
                let loss = Cloning.SequenceError(chosen, fst inputs[2], fst inputs[4])
                let all = parameters @ inputs

                valid (number chosen all),
                number loss all,
                [
                    for gradient in Gradient.Of(loss, List.map fst parameters |> List.toArray) -> number gradient all
                ]

            Expect.equal (run -40.0) (run 1.0) "run of -40.0")

        testCase "an action depends on nothing that comes after it, and not on itself" (fun () ->
            let chosen, parameters, inputs = policy 1 TransformerActivation.Rectifier 1.0
            let all = parameters @ inputs
            // The second step of the piece that fills its context, number 1 of the batch.
            let place = (1 * context + 1) * a

            let one =
                Tensor.Sum(Tensor.Slice(Tensor.Reshape(chosen, shape [ lengths.Length * context * a ]), 0, place, 1))

            for x, size, last in [ inputs[0], 1, 1; inputs[1], s, 1; inputs[2], a, 0 ] do
                let gradient = number (Gradient.Of(one, [| fst x |])[0]) all

                for k in 0 .. context - 1 do
                    let part = gradient[(context + k) * size .. (context + k + 1) * size - 1]
                    Expect.equal (Array.exists ((<>) 0.0) part) (k <= last) "part")

        testCase "network and loss have the gradient of their differences" (fun () ->
            for heads, activation, countPadding in
                [ 1, TransformerActivation.Gelu, false; 2, TransformerActivation.Rectifier, true ] do
                let chosen, parameters, inputs = policy heads activation 1.0
                let loss = Cloning.SequenceError(chosen, fst inputs[2], fst inputs[4], countPadding)

                // Neither time steps nor mask: those are whole numbers.
                for x, values in parameters @ List.truncate 2 inputs do
                    let gradient = number (Gradient.Of(loss, [| x |])[0]) (parameters @ inputs)

                    let at i by =
                        parameters @ inputs
                        |> List.map (fun (input, numbers) ->
                            if obj.ReferenceEquals(input, x) then
                                input, Array.updateAt i (values[i] + by) numbers
                            else
                                input, numbers)
                        |> number loss
                        |> Array.exactlyOne

                    for i in 0 .. max 1 (values.Length / 5) .. values.Length - 1 do
                        let expected = (at i 1e-5 - at i -1e-5) / 2e-5

                        Expect.isTrue
                            (abs (gradient[i] - expected) <= 1e-8 * (1.0 + abs expected))
                            $"{x.Name}[{i}]: differences {expected:R}, gradient {gradient[i]:R}")

        testCase "the sequence error is a mean over steps, or over padding too" (fun () ->
            let policy, actions = input "policy" [ 2; 3; 2 ] 1.0, input "actions" [ 2; 3; 2 ] 1.0

            let mask = Tensor.Input("mask", shape [ 2; 3 ]), [| 0.0; 1.0; 1.0; 0.0; 0.0; 1.0 |]

            let sum =
                Seq.sum (seq { for i in 0..11 -> (snd mask)[i / 2] * ((snd policy)[i] - (snd actions)[i]) ** 2.0 })

            let error countPadding =
                (number (Cloning.SequenceError(fst policy, fst actions, fst mask, countPadding)) [
                    policy
                    actions
                    mask
                ]).[0]

            Expect.floatClose (Accuracy.decimals 14) (error false) (sum / 6.0) "error of false"
            Expect.floatClose (Accuracy.decimals 14) (error true) (sum / 12.0) "error of true")

        testCase "in an episode the policy sees its last steps, and asks for what is left of its return" (fun () ->
            for context in [ 1; 3 ] do
                let targets = [| 5.0; -1.0 |]

                let learner =
                    DecisionTransformer.Learner(small.With("context", context).Varied("targetReturn", targets), s, a)

                let blocks = List.ofSeq (learner.Initialise.Invoke(Seed.Named "remember"))

                // Larger weights than at the start, so that a difference shows.
                for entry in learner.Blocks[0].Entries do
                    let bound = if entry.Name.EndsWith "/gain" then 1.0 else 0.6

                    blocks[0]
                        .Write(
                            entry.Name,
                            ReadOnlySpan(snd (input entry.Name [ entry.Shape.Count ] bound) |> Array.map float32)
                        )

                // More decisions than the table has rows: the last ones share the last row.
                let seen = [
                    for i in 0..11 -> snd (input $"seen {i}" [ s ] 1.0), (if i = 0 then 0.0 else 0.25 * float i)
                ]

                for m in 0..1 do
                    let chosen = decide learner blocks m seen
                    let left = seen |> List.map snd |> List.scan (-) targets[m] |> List.tail

                    for decision in 0..11 do
                        let first = max 0 (decision - context + 1)

                        let steps = [
                            for i in first..decision ->
                                {
                                    Timestep = min i (table - 1)
                                    ReturnToGo = left[i] / 2.0
                                    Observation = fst seen[i]
                                    Action = if i = decision then [| 0.0; 0.0 |] else chosen[i]
                                }
                        ]

                        let parameters name = blocks[0].Read name |> Array.map float

                        let expected = SequenceOracle.actions parameters layers 2 rectifier steps |> List.last

                        near 2e-5 $"context {context}, decision {decision}" expected chosen[decision])

        testCase "the policy does what brought the return it is asked for" (fun () ->
            // One decision, whose action is its reward.
            let seed, count = Seed.Named "returns", 400
            let actions = [| for i in 0 .. count - 1 -> float32 (seed.Uniform(uint64 i, 0.9)) |]
            let ones = Array.replicate count 1f
            let ends, none = Array.replicate count true, Array.replicate count false
            let data = Transitions("returns", 1, 1, ones, actions, actions, ends, none, ones)

            let config =
                DecisionTransformerConfig(
                    Context = 2,
                    HiddenSizes = Widths [ 16 ],
                    MaxTimesteps = 2,
                    ReturnScale = 1.0,
                    Dropout = 0.0,
                    PolicyLearningRate = 0.003,
                    WarmUpSteps = 100.0
                )

            let targets = [| -0.6; 0.1; 0.7 |]

            let learner = DecisionTransformer.Learner(config.Varied("targetReturn", targets), 1, 1)

            use trainer = new Trainer(learner, data, Trainer.Start(learner, Seed.Named "asked"))

            for _ in 1..1500 do
                trainer.Advance()

            let blocks = List.ofArray (trainer.Blocks.ToArray())

            for m in 0..2 do
                Expect.floatClose
                    (Accuracy.within 0.05)
                    (decide learner blocks m [ [| 1.0 |], 0.0 ]).[0].[0]
                    targets[m]
                    "decide 0 0")

        testCase "what cannot be trained is refused by name" (fun () ->
            let refused (name: string) (attempt: unit -> obj) =
                let error = Expect.raises<ArgumentException> (fun () -> attempt () |> ignore) "the refusal"
                Expect.stringStarts error.Message name "message of error"

            refused "heads: expected a divisor of the width 4, got 3" (fun () -> small.With("heads", 3).Validate())

            refused "hiddenSizes: expected one width for all blocks" (fun () ->
                small.With("hiddenSizes", [ 4; 8 ]).Validate())

            let ten = Array.replicate 10 1f

            let data = Transitions("ten", 1, 1, ten, ten, ten, Array.init 10 ((=) 9), Array.replicate 10 false, ten)

            refused "maxTimesteps: expected at least 10, the rows of the longest episode of ten, got 9" (fun () ->
                small.Learner(1, 1).Source data))
    ]
