/// Fitted Q evaluation: a step against plain arithmetic, and values that a dynamic programme knows.
module Iql.Core.Tests.Learning.FittedQTests

open System
open System.Collections.Immutable
open Iql
open Iql.Algorithms
open Iql.Cpu
open Iql.Cpu.Emit
open Iql.Data
open Iql.Execution
open Iql.Graph
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Execute

// ---- a step of continuous actions

let private s, a, rows, hidden = 2, 2, 5, 3

let private batch: Numbers =
    Map [
        "batch/observations", numbers "fqe s" (rows * s) 1.0
        "batch/actions", numbers "fqe a" (rows * a) 0.99
        "batch/rewards", numbers "fqe r" rows 1.0
        "batch/terminals", [| 0.0; 1.0; 0.0; 0.0; 0.0 |]
        "batch/nextObservations", numbers "fqe next" (rows * s) 1.0
    ]

let private row name width b = [ for i in 0 .. width - 1 -> batch[$"batch/{name}"][b * width + i] ]

let private target (learner: Learner) (discrete: bool) : FixedPolicy =
    FixedPolicy(learner, Trainer.Start(learner, Seed.Named "fixed"), discrete)

let private policy =
    target (BehaviourCloning.Learner(BehaviourCloningConfig(HiddenSizes = Widths []), s, a)) false

let private config (layerNorm: bool) =
    FittedQEvaluationConfig(
        LayerNorm = layerNorm,
        HiddenSizes = Widths [ hidden ],
        BatchSize = rows,
        PolyakStep = 0.3,
        LeastValue = -0.4,
        GreatestValue = 0.5
    )

/// A network with one hidden layer, normalised where it has gains.
let private q (parameters: Numbers) (net: string) (x: float list) : float =
    let inner = [ for o in 0 .. hidden - 1 -> linear parameters net x o ]

    let normalised =
        match parameters.TryFind $"{net}/gain0" with
        | None -> inner
        | Some gain ->
            let mean = List.average inner
            let deviation = sqrt (List.averageBy (fun h -> (h - mean) ** 2.0) inner + 1e-6)

            [
                for i, h in List.indexed inner -> (h - mean) / deviation * gain[i] + parameters[$"{net}/offset0"][i]
            ]

    parameters[$"{net}/b1"][0]
    + Seq.sum [ for i, h in List.indexed normalised -> max 0.0 h * parameters[$"{net}/w1"][i] ]

let private each f = Seq.average [ for b in 0 .. rows - 1 -> f b ]

/// The loss of the first step, its mean target, and the share of targets at a bound.
let private oracle (config: FittedQEvaluationConfig) (p: Numbers) : Map<string, float> =
    let openTarget b =
        let after = row "nextObservations" s b
        let action = [ for i in 0 .. a - 1 -> tanh (linear p "policy0/member" after i) ]
        let next = q p "shared/targetCritic1" (after @ action)
        (row "rewards" 1 b).Head + config.Discount * (1.0 - (row "terminals" 1 b).Head) * next

    let y b = openTarget b |> max config.LeastValue |> min config.GreatestValue

    let error b = y b - q p "shared/critic1" (row "observations" s b @ row "actions" a b)

    Map [
        "criticLoss", each (fun b -> error b ** 2.0)
        "tdTargetMean", each y
        "targetsBounded", each (fun b -> if y b = openTarget b then 0.0 else 1.0)
    ]

let private step (config: FittedQEvaluationConfig) =
    let learner = FittedQEvaluation.Learner(config, policy)
    let seed = Seed.Named "fqe step"

    let start =
        initial learner seed
        |> Map.map (fun name values -> if name.Contains "adam" then values else numbers name values.Length 0.9)

    let next, metrics = train inDouble learner seed (fun _ -> batch) start 1
    start, next, metrics.Head

let private close what (expected: float) (actual: float) tolerance =
    Expect.isTrue (abs (expected - actual) <= tolerance * (1.0 + abs expected)) $"{what}: {expected:R} {actual:R}"

// ---- a chain of states with two moves, whose values are known

let private length, discount = 6, 0.9

/// Reward and next state of a move: right walks on and ends behind the last state with 1, left goes back for 0.05.
let private after state move =
    if move = 0 then 0.05, Some(max 0 (state - 1))
    elif state = length - 1 then 1.0, None
    else -0.1, Some(state + 1)

let private moves = [
    for state in 0 .. length - 1 do
        for move in 0..1 -> state, move
]

let private oneHot size i = Array.init size (fun j -> if Some j = i then 1.0 else 0.0)

let private everyMove: Numbers =
    let column each = moves |> List.map (fun (state, move) -> each state move) |> Array.concat

    Map [
        "batch/observations", column (fun state _ -> oneHot length (Some state))
        "batch/actions", column (fun _ move -> oneHot 2 (Some move))
        "batch/rewards", column (fun state move -> [| fst (after state move) |])
        "batch/terminals", column (fun state move -> [| (if (snd (after state move)).IsNone then 1.0 else 0.0) |])
        "batch/nextObservations", column (fun state move -> oneHot length (snd (after state move)))
    ]

/// ln(chance of right / chance of left) in each state, as a table of logits.
let private logits = [| 0.4; 2.0; -0.5; 1.0; 0.2; 1.5 |]

let private chain (choice: ActionChoice) : FixedPolicy =
    let cloning =
        BehaviourCloningConfig(Actions = ActionKind.Discrete, HiddenSizes = Widths [], ActionChoice = choice)

    let learner = BehaviourCloning.Learner(cloning, length, 2)
    let state = Trainer.Start(learner, Seed.Named "chain")

    state.Blocks[1].Write("w0", ReadOnlySpan(Array.collect (fun logit -> [| 0f; float32 logit |]) logits))
    state.Blocks[1].Write("b0", ReadOnlySpan [| 0f; 0f |])
    FixedPolicy(learner, state, true)

/// Q of every move, exactly, where right is chosen with some chance.
let private exactly (chance: int -> float) : float list =
    let rec improve count (values: float list) =
        if count = 0 then
            values
        else
            let value state = (1.0 - chance state) * values[2 * state] + chance state * values[2 * state + 1]

            [
                for state, move in moves ->
                    let reward, next = after state move
                    reward + (next |> Option.map (fun next -> discount * value next) |> Option.defaultValue 0.0)
            ]
            |> improve (count - 1)

    improve 400 (List.replicate moves.Length 0.0)

let private fitted (policy: FixedPolicy) polyak steps : float list =
    let config =
        FittedQEvaluationConfig(
            Actions = ActionKind.Discrete,
            HiddenSizes = Widths [],
            BatchSize = moves.Length,
            Discount = discount,
            PolyakStep = polyak,
            CriticLearningRate = 0.01
        )

    let learner = FittedQEvaluation.Learner(config.Bounded(-0.1, 1.0), policy)
    let seed = Seed.Named "chain"
    let plain = learner.Step.WithoutMetrics()
    let execute: Executor = fun _ -> compiled InstructionSets.Default WorkerTeam.Single plain
    let numbers, _ = train execute learner seed (fun _ -> everyMove) (initial learner seed) steps
    let cell state = [ for i in 0 .. length - 1 -> if i = state then 1.0 else 0.0 ]
    [ for state, move in moves -> linear numbers "shared/targetCritic1" (cell state) move ]

let private worst expected actual = List.map2 (fun x y -> abs (x - y)) expected actual |> List.reduce max

// ---- the loop

let private small =
    FittedQEvaluation.Learner(
        FittedQEvaluationConfig(HiddenSizes = Widths [ 24; 24 ], BatchSize = 20),
        target
            (BehaviourCloning.Learner(
                BehaviourCloningConfig(
                    PolicyKind = PolicyKind.Gaussian,
                    ActionChoice = ActionChoice.Sampled,
                    HiddenSizes = Widths [ 16 ]
                ),
                1,
                1
            ))
            false
    )

let private trained (device: IDevice) metrics (start: LearnerState) count =
    use trainer = new Trainer(small, Bandit.lowerHalf, start, device)

    for _ in 1..count do
        trainer.Advance metrics

    let blocks = ImmutableArray.CreateRange [ for block in trainer.Blocks.ToArray() -> block.Clone() ]
    LearnerState(start.Seed, trainer.Step, blocks)

let private sameBits (x: LearnerState) (y: LearnerState) =
    for x, y in Seq.zip x.Blocks y.Blocks do
        Expect.isTrue (x.SameBits y) x.Layout.Name

[<Tests>]
let tests =
    testList "FittedQTests" [
        testCase "a step is plain arithmetic, with layer norm and without" (fun () ->
            for layerNorm in [ true; false ] do
                let config = config layerNorm
                let start, _, metrics = step config
                let expected = oracle config start
                Expect.between 0.1 0.9 expected["targetsBounded"] "some targets are bounded, some not"

                for KeyValue(name, expected) in expected do
                    close name expected metrics[name] 1e-12)

        testCase "gradients are central differences of the loss" (fun () ->
            let config = config true
            let start, next, _ = step config

            for tensor in [ "w0"; "b0"; "gain0"; "offset0"; "w1"; "b1" ] do
                let name = $"shared/critic1/{tensor}"

                for i in 0 .. start[name].Length - 1 do
                    let at by =
                        let moved = Array.updateAt i (start[name].[i] + by) start[name]
                        (oracle config (start.Add(name, moved)))["criticLoss"]

                    // Adam's first mean is a tenth of the gradient.
                    let expected = (at 1e-5 - at -1e-5) / 2e-5 / 10.0
                    close $"{tensor}[{i}]" expected next[$"shared/adam-m/critic1/{tensor}"].[i] 1e-8)

        testCase "the target moves by the Polyak step, and the policy stays" (fun () ->
            let start, next, _ = step (config true)

            for i in 0 .. start["shared/critic1/w0"].Length - 1 do
                let expected = 0.3 * next["shared/critic1/w0"].[i] + 0.7 * start["shared/targetCritic1/w0"].[i]
                close "target" expected next["shared/targetCritic1/w0"].[i] 1e-12

            for KeyValue(name, numbers) in start do
                if name.StartsWith "policy0" then
                    Expect.sequenceEqual next[name] numbers name)

        // One state, one choice, reward 1, the end: y = 1, Q = w + b = 0. Gradients are −2 each; Adam's first step is
        // its rate, 0.1; the target takes half of it.
        testCase "a step by hand" (fun () ->
            let config =
                FittedQEvaluationConfig(
                    LayerNorm = false,
                    HiddenSizes = Widths [],
                    BatchSize = 1,
                    Actions = ActionKind.Discrete,
                    CriticLearningRate = 0.1,
                    PolyakStep = 0.5
                )

            let cloning = BehaviourCloningConfig(Actions = ActionKind.Discrete, HiddenSizes = Widths [])
            let only = target (BehaviourCloning.Learner(cloning, 1, 1)) true
            let learner = FittedQEvaluation.Learner(config, only)

            let start =
                initial learner (Seed.Named "hand") |> Map.map (fun _ values -> Array.map (fun _ -> 0.0) values)

            let columns = [ "observations"; "actions"; "rewards"; "terminals"; "nextObservations" ]
            let ones = Map [ for column in columns -> $"batch/{column}", [| 1.0 |] ]
            let next, metrics = train inDouble learner (Seed.Named "hand") (fun _ -> ones) start 1
            close "loss" 1.0 metrics.Head["criticLoss"] 1e-12

            for tensor in [ "w0"; "b0" ] do
                close tensor 0.1 next[$"shared/critic1/{tensor}"].[0] 1e-6
                close tensor 0.05 next[$"shared/targetCritic1/{tensor}"].[0] 1e-6)

        testCase "of a chain it finds the values that are known, of a policy that chooses" (fun () ->
            let exact = exactly (fun state -> if logits[state] > 0.0 then 1.0 else 0.0)
            let error = worst exact (fitted (chain ActionChoice.Greedy) 0.05 4000)
            printfn "%s" $"greedy: {error:G3}"
            Expect.isLessThan error 1e-3 "error")

        testCase "of a chain it finds the values that are known, of a policy that draws" (fun () ->
            let exact = exactly (fun state -> 1.0 / (1.0 + exp -logits[state]))
            let error = worst exact (fitted (chain ActionChoice.Sampled) 0.002 12000)
            printfn "%s" $"sampled: {error:G3}"
            Expect.isLessThan error 0.02 "error")

        testCase "the bits are the same on two threads, without metrics, and after a resume" (fun () ->
            use pair = new CpuDevice(2)
            let start = Trainer.Start(small, Seed.Named "fqe loop")
            let expected = trained CpuDevice.Single true start 7
            sameBits expected (trained pair true start 7)
            sameBits expected (trained pair false (trained CpuDevice.Single false start 4) 3))

        testAlone "a step allocates nothing" (fun () ->
            use trainer = new Trainer(small, Bandit.lowerHalf, Trainer.Start(small, Seed.Named "fqe loop"))

            let turn () =
                for t in 0..11 do
                    trainer.Advance(t % 2 = 0)

            turn ()
            turn ()
            Expect.allocatesNothing turn "fqe")

        testCase "a policy that remembers its episode is refused" (fun () ->
            let learner = DecisionTransformerConfig(Context = 2).Learner(2, 1)
            let error = Expect.raises<InputException> (fun () -> target learner false |> ignore) "the refusal"
            Expect.stringStarts error.Message "dt: expected a policy of the observation alone" "message")
    ]
