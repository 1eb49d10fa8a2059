/// A small stochastic decision problem whose answers a dynamic programme gives exactly. States and state-action pairs
/// are one-hot, so linear networks are tables; every step's batch is the whole dataset in its exact proportions, so
/// nothing is left to sampling.
module Iql.Core.Tests.Learning.TabularTests

open Iql
open Iql.Algorithms
open Iql.Execution
open Iql.Cpu.Emit
open Iql.Optimizers
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Execute

/// What may follow a state-action pair: how often in the data, reward, next state (None ends the episode).
type private Outcome = { Weight: int; Reward: float; Next: int option }

let private outcome weight reward next = { Weight = weight; Reward = reward; Next = next }

/// State-action pairs with what followed them. At the fork, "gamble" pays 2 once in four times and else nothing (0.5 on
/// average); "wait" leads to the field, where "right" is better than "left" and may come back.
let private pairs = [
    "wait", 0, [ outcome 8 0.0 (Some 1) ]
    "gamble", 0, [ outcome 2 2.0 None; outcome 6 0.0 None ]
    "left", 1, [ outcome 12 0.2 None ]
    "right", 1, [ outcome 2 0.6 (Some 0); outcome 2 1.0 None ]
]

let private discount = 0.9

let private frequency pair = let _, _, outcomes = List.item pair pairs in List.sumBy _.Weight outcomes

let private pairsAt state = [
    for pair, (_, s, _) in List.indexed pairs do
        if s = state then
            pair
]

/// The τ-expectile m of weighted numbers: Σ w |τ − 1(x < m)| (x − m) = 0, by bisection.
let private expectileOf expectile (weighted: (float * float) list) =
    let slope m = List.sumBy (fun (w, x) -> w * (if x < m then 1.0 - expectile else expectile) * (x - m)) weighted

    let rec between low high count =
        let middle = (low + high) / 2.0

        if count = 0 then middle
        elif slope middle > 0.0 then between middle high (count - 1)
        else between low middle (count - 1)

    between (weighted |> List.map snd |> List.min) (weighted |> List.map snd |> List.max) 60

let rec private fixedPoint improve count (values: float list) =
    if count = 0 then values else fixedPoint improve (count - 1) (improve values)

/// Q of a pair when following states are worth `values`.
let private actionValue (values: float list) pair =
    let _, _, outcomes = List.item pair pairs
    let total = frequency pair

    outcomes
    |> List.sumBy (fun o ->
        float o.Weight / float total
        * (o.Reward + (o.Next |> Option.map (fun s -> discount * values[s]) |> Option.defaultValue 0.0)))

/// V_τ: the τ-expectile over the data's actions of the mean over what follows.
let private exactValues expectile =
    let improve values = [
        for state in 0..1 ->
            expectileOf expectile [ for pair in pairsAt state -> float (frequency pair), actionValue values pair ]
    ]

    fixedPoint improve 400 [ 0.0; 0.0 ]

/// The single network's fixed point: the τ-expectile over following states and actions alike.
let private exactSingleNetwork expectile =
    let improve (q: float list) = [
        for _, _, outcomes in pairs ->
            expectileOf expectile [
                for o in outcomes do
                    match o.Next with
                    | None -> float o.Weight, o.Reward
                    | Some state ->
                        let total = pairsAt state |> List.sumBy frequency

                        for following in pairsAt state do
                            float o.Weight * float (frequency following) / float total,
                            o.Reward + discount * q[following]
            ]
    ]

    fixedPoint improve 400 [ 0.0; 0.0; 0.0; 0.0 ]

let private best =
    let improve values = [ for state in 0..1 -> pairsAt state |> List.map (actionValue values) |> List.max ]

    fixedPoint improve 400 [ 0.0; 0.0 ]

// ---- the same numbers, learned

/// The dataset: (pair, reward, next state and its action's pair), repeated as often as it occurs.
let private rows = [
    for pair, (_, state, outcomes) in List.indexed pairs do
        for o in outcomes do
            let following =
                match o.Next with
                | None -> List.replicate o.Weight None
                | Some next -> [
                    let total = pairsAt next |> List.sumBy frequency

                    for pair in pairsAt next do
                        yield! List.replicate (o.Weight * frequency pair / total) (Some(next, pair))
                  ]

            for next in following do
                state, pair, o.Reward, next
]

let private oneHot size i = Array.init size (fun j -> if i = Some j then 1.0 else 0.0)

let private batch: Numbers =
    let column each = rows |> List.map each |> Array.concat

    Map [
        "batch/observations", column (fun (state, _, _, _) -> oneHot 2 (Some state))
        "batch/actions", column (fun (_, pair, _, _) -> oneHot 4 (Some pair))
        "batch/rewards", column (fun (_, _, reward, _) -> [| reward |])
        "batch/terminals", column (fun (_, _, _, next) -> [| (if next.IsNone then 1.0 else 0.0) |])
        "batch/nextObservations", column (fun (_, _, _, next) -> oneHot 2 (Option.map fst next))
        "batch/nextActions", column (fun (_, _, _, next) -> oneHot 4 (Option.map snd next))
    ]

let private config =
    ImplicitQLearningConfig(
        HiddenSizes = Widths [],
        BatchSize = rows.Length,
        Discount = discount,
        PolyakStep = 0.1,
        ValueLearningRate = 0.02,
        CriticLearningRate = 0.02,
        PolicyLearningRate = 0.02,
        PolicySchedule = LearningRateSchedule.Constant,
        InverseTemperature = 10.0,
        MeanTanh = false
    )

let private learnOn batch (learner: Learner) =
    let seed = Seed.Named "tabular"
    let step = learner.Step.WithoutMetrics()

    let withoutMetrics: Executor = fun _ -> compiled InstructionSets.Default WorkerTeam.Single step

    train withoutMetrics learner seed (fun _ -> batch) (initial learner seed) 1500 |> fst

let private learn (learner: Learner) = learnOn batch learner

let private table (numbers: Numbers) net input =
    let weights, bias = numbers[$"{net}/w0"], numbers[$"{net}/b0"]
    let outputs = bias.Length

    [
        for j in 0 .. outputs - 1 ->
            bias[j] + (input |> Array.indexed |> Array.sumBy (fun (i, x) -> x * weights[i * outputs + j]))
    ]

let private learnedValues numbers = [
    for state in 0..1 -> table numbers "shared/value" (oneHot 2 (Some state)) |> List.head
]

let private learnedCritic numbers = [
    for pair, (_, state, _) in List.indexed pairs ->
        table numbers "shared/critic1" (Array.append (oneHot 2 (Some state)) (oneHot 4 (Some pair)))
        |> List.head
]

let private implicitly (expectile: float) = learn (config.With("expectile", expectile).Learner(2, 4))

let private near tolerance (what: string) (expected: float list) (actual: float list) =
    // List.max would pass over a NaN.
    let worst = List.map2 (fun x y -> abs (x - y)) expected actual |> List.reduce max
    printfn "%s" $"{what}: expected %A{expected}, got %A{actual}: {worst:G3}"
    Expect.isTrue (worst <= tolerance) $"{what}: expected %A{expected}, got %A{actual}"

/// Every action that the data have at the next state, of every row: [2, B, 4].
let private seen = [|
    for choice in 0..1 do
        for _, _, _, next in rows do
            yield! oneHot 4 (next |> Option.map (fun (state, _) -> (pairsAt state)[choice]))
|]

[<Tests>]
let tests =
    testList "TabularTests" [
        testCase "the exact expectile of zero and one is the expectile" (fun () ->
            for expectile in [ 0.1; 0.5; 0.7; 0.99 ] do
                Expect.floatClose
                    (Accuracy.decimals 12)
                    (expectileOf expectile [ 1.0, 0.0; 1.0, 1.0 ])
                    expectile
                    "expectile of")

        testCase "expectile one half learns the behaviour policy's value" (fun () ->
            // Solved by hand: V1 = 0.35 + 0.1125 V0 and V0 = 0.45 V1 + 0.25.
            let v0 = (0.25 + 0.45 * 0.35) / (1.0 - 0.45 * 0.1125)
            near 1e-9 "exact" [ v0; 0.35 + 0.1125 * v0 ] (exactValues 0.5)
            implicitly 0.5 |> learnedValues |> near 5e-3 "learned" (exactValues 0.5))

        testCase "values rise with the expectile towards the best action in the data" (fun () ->
            let expectiles = [ 0.5; 0.7; 0.9; 0.99 ]

            for lower, higher in List.pairwise (List.map exactValues [ 0.1; 0.3; yield! expectiles; 0.999 ]) do
                Expect.all (List.zip lower higher) (fun (x, y) -> x < y) "higher"

            near 0.03 "exact, against the best" best (exactValues 0.999)

            let learned = [ for expectile in expectiles -> implicitly expectile |> learnedValues ]

            for expectile, values in List.zip expectiles learned do
                values |> near 5e-3 $"learned at {expectile}" (exactValues expectile)

            for lower, higher in List.pairwise learned do
                Expect.all (List.zip lower higher) (fun (x, y) -> x < y) "higher")

        testCase "one network takes luck for skill and two do not" (fun () ->
            let expectile = 0.9
            let single = exactSingleNetwork expectile
            let twofold = [ for pair in 0..3 -> actionValue (exactValues expectile) pair ]

            // The gamble: {2 once, 0 three times} has mean 0.5 and 0.9-expectile 1.5.
            Expect.floatClose (Accuracy.decimals 9) single[1] 1.5 "single 1"
            Expect.floatClose (Accuracy.decimals 9) twofold[1] 0.5 "twofold 1"

            Expect.isTrue
                (single[1] > single[0] && twofold[1] < twofold[0])
                "single 1 is above single 0 and twofold 1 is below twofold 0"

            let split = implicitly expectile
            split |> learnedCritic |> near 5e-3 "value and critics" twofold

            let one =
                learn (
                    config
                        .With("objective", Objective.ExpectileTD)
                        .With("critics", 1)
                        .With("expectile", expectile)
                        .Learner(2, 4)
                )

            one |> learnedCritic |> near 5e-3 "one network" single

            // What each policy would rather do at the fork: the mean's entry of "wait" against "gamble".
            let preference numbers =
                let mean = table numbers "policy0" (oneHot 2 (Some 0))
                mean[0] - mean[1]

            Expect.isGreaterThan (preference split) 0.5 $"two networks wait: {preference split}"
            Expect.isTrue (preference one < -0.5) $"one network gambles: {preference one}")

        testCase "SARSA learns the same values as expectile one half" (fun () ->
            let learned = learn (config.With("objective", Objective.Sarsa).With("critics", 1).Learner(2, 4))

            let exact = exactValues 0.5

            learnedCritic learned |> near 5e-3 "critic" [ for pair in 0..3 -> actionValue exact pair ]

            learnedValues learned |> near 5e-3 "baseline" exact)

        testCase "the maximum over the data's actions learns the best values in the data" (fun () ->
            let shape = [ 2; rows.Length; 4 ]

            let handed = Candidates(fun _ -> Iql.Graph.Tensor.Input("batch/candidates", Iql.Graph.Shape.Of shape))

            for objective in [ Objective.MaximumTD; Objective.SupportedMaximumTD ] do
                let learner =
                    ImplicitQLearning.Learner([ config.With("objective", objective).With("critics", 1) ], 2, 4, handed)
                    |> Replay.withColumns [ "candidates", shape ]

                let learned = learnOn (batch.Add("batch/candidates", seen)) learner

                learnedCritic learned |> near 5e-3 "critic" [ for pair in 0..3 -> actionValue best pair ]

                // The best action at the fork is to wait, and its value is what the expectile climbs to.
                let expectile = [ for pair in 0..3 -> actionValue (exactValues 0.999) pair ]
                learnedCritic learned |> near 0.03 "the expectile's limit" expectile)
    ]
