/// What discrete actions come to: the answers that dynamic programmes give on tables, and walks to the goal of a maze.
module Iql.Core.Tests.Learning.DiscreteLearningTests

open Iql
open Iql.Algorithms
open Iql.Execution
open Iql.Data
open Iql.Environments
open Iql.Environments.Tasks
open Iql.Cpu.Emit
open Iql.Optimizers
open Iql.Training
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Execute

let private card = Tasks.Get "gridmaze-medium-v0"
let private environment = card.Environment :?> GridMaze
let private cells, moves = environment.ObservationSize, environment.ActionSpace.Size
let private goal = card.Maze.Goal
let private discount = 0.9

let private others = [
    for cell in 0 .. cells - 1 do
        if cell <> goal then
            cell
]

// ---- every move from every cell once, −1 each but the last: what dynamic programmes say

/// r + γ V(s') of a move.
let private backup (values: float[]) cell action =
    let after = environment.After(cell, action)

    if after = goal then 0.0 else -1.0 + discount * values[after]

let rec private iterate count (improve: float[] -> float[]) values =
    if count = 0 then values else iterate (count - 1) improve (improve values)

let private valuesOf (choose: int -> float list -> float) =
    Array.zeroCreate cells
    |> iterate 400 (fun values -> [|
        for cell in 0 .. cells - 1 ->
            if cell = goal then
                0.0
            else
                choose cell [ for action in 0 .. moves - 1 -> backup values cell action ]
    |])

let private expectileOf expectile (numbers: float list) =
    let slope m = List.sumBy (fun x -> (if x < m then 1.0 - expectile else expectile) * (x - m)) numbers

    let rec between low high count =
        let middle = (low + high) / 2.0

        if count = 0 then middle
        elif slope middle > 0.0 then between middle high (count - 1)
        else between low middle (count - 1)

    between (List.min numbers) (List.max numbers) 60

let private everyMove = [
    for cell in others do
        for action in 0 .. moves - 1 -> cell, action
]

let private oneHot size i = Array.init size (fun j -> if i = j then 1.0 else 0.0)

let private batch: Numbers =
    let column each = everyMove |> List.map each |> Array.concat

    let after (cell, action) = environment.After(cell, action)

    Map [
        "batch/observations", column (fst >> oneHot cells)
        "batch/actions", column (snd >> oneHot moves)
        "batch/rewards", column (fun move -> [| (if after move = goal then 0.0 else -1.0) |])
        "batch/terminals", column (fun move -> [| (if after move = goal then 1.0 else 0.0) |])
        "batch/nextObservations", column (after >> oneHot cells)
    ]

/// The last numbers of a learner whose every batch is every move.
let private learned (learner: Learner) steps =
    let seed = Seed.Named "every move"
    let step = learner.Step.WithoutMetrics()

    let withoutMetrics: Executor = fun _ -> compiled InstructionSets.Default WorkerTeam.Single step

    train withoutMetrics learner seed (fun _ -> batch) (initial learner seed) steps |> fst

/// Row of a table: outputs of a linear network at a one-hot cell.
let private table (numbers: Numbers) net cell =
    let weights, bias = numbers[$"{net}/w0"], numbers[$"{net}/b0"]
    [ for j in 0 .. bias.Length - 1 -> bias[j] + weights[cell * bias.Length + j] ]

let private near tolerance what (expected: float list) (actual: float list) =
    // List.max would pass over a NaN.
    let worst = List.map2 (fun x y -> abs (x - y)) expected actual |> List.reduce max
    printfn "%s" $"{what}: {worst:G3}"
    Expect.isTrue (worst <= tolerance) $"{what}: expected %A{expected}, got %A{actual}"

let private choice (values: float list) = List.findIndex ((=) (List.max values)) values

/// Whether a move is the first of a shortest walk.
let private shortens cell action =
    card.Maze.Distance(environment.After(cell, action), goal) < card.Maze.Distance(cell, goal)

let private implicitly (expectile: float) =
    ImplicitQLearningConfig(
        Actions = ActionKind.Discrete,
        HiddenSizes = Widths [],
        BatchSize = everyMove.Length,
        Discount = discount,
        Expectile = expectile,
        InverseTemperature = 5.0,
        PolyakStep = 0.1,
        ValueLearningRate = 0.02,
        CriticLearningRate = 0.02,
        PolicyLearningRate = 0.02,
        PolicySchedule = LearningRateSchedule.Constant
    )

/// Where 2 p (Q − y) + w (softmax(Q) − p) = 0 for the moves of a cell, p = 1/4: by gradient steps.
let private conservativeFixedPoint weight (targets: float list) =
    let p = 1.0 / float moves

    let descend (q: float[]) =
        let total = Array.sumBy exp q

        [|
            for action in 0 .. moves - 1 ->
                q[action] - 0.2 * (2.0 * p * (q[action] - targets[action]) + weight * (exp q[action] / total - p))
        |]

    Array.ofList targets |> iterate 300 descend |> List.ofArray

let private conservatively (weight: float) =
    ConservativeQLearningConfig(
        Actions = ActionKind.Discrete,
        HiddenSizes = Widths [],
        BatchSize = everyMove.Length,
        Discount = discount,
        ConservativeWeight = weight,
        PolyakStep = 0.1,
        CriticLearningRate = 0.02
    )

// ---- from logs

let private walks = lazy card.Dataset.Collect(Seed.Named "walks", 30_000)

/// The normalised score after so many steps on the walks, rewards − 1.
let private score (learner: Learner) steps =
    let root = Seed.Named "walking"

    let normalization = Normalization.Of(walks.Value, false, RewardRule.AntMaze)

    use trainer = new Trainer(learner, normalization.Apply walks.Value, Trainer.Start(learner, root))

    for _ in 1..steps do
        trainer.Advance()

    use evaluation = new Evaluation(learner, environment, normalization, 100, root)
    let result = evaluation.Run(trainer.Blocks[0], trainer.Blocks[1])
    printfn "%s" $"{learner.Algorithm}: {result.ScoreMean}"
    result.ScoreMean.Value

[<Tests>]
let tests =
    testList "DiscreteLearningTests" [
        testCase
            "implicit Q-learning comes to the expectiles that dynamic programming gives, and to shortest walks"
            (fun () ->
                for expectile in [ 0.5; 0.9 ] do
                    let exact = valuesOf (fun _ -> expectileOf expectile)

                    let numbers = learned ((implicitly expectile).Learner(cells, moves)) 3000

                    near 0.05 $"V, τ = {expectile}" [ for cell in others -> exact[cell] ] [
                        for cell in others -> table numbers "shared/value" cell |> List.exactlyOne
                    ]

                    near 0.05 $"Q, τ = {expectile}" [ for cell, action in everyMove -> backup exact cell action ] [
                        for cell, action in everyMove -> (table numbers "shared/critic1" cell)[action]
                    ]

                    for cell in others do
                        Expect.isTrue
                            (shortens cell (choice (table numbers "policy0" cell)))
                            $"τ = {expectile}, cell {cell}")

        testCase
            "conservative Q-learning comes to the fixed point of its equation; without its term to the best values"
            (fun () ->
                for weight in [ 0.0; 0.4 ] do
                    let values = valuesOf (fun _ targets -> conservativeFixedPoint weight targets |> List.max)

                    if weight = 0.0 then
                        for cell in others do
                            let walk = card.Maze.Distance(cell, goal) - 1

                            Expect.floatClose
                                (Accuracy.decimals 9)
                                values[cell]
                                (-(1.0 - discount ** float walk) / (1.0 - discount))
                                "values at cell"

                    let numbers = learned (ConservativeQLearning.Learner(conservatively weight, cells, moves)) 3000

                    near 0.06 $"Q, w = {weight}" [
                        for cell in others do
                            yield!
                                conservativeFixedPoint weight [
                                    for action in 0 .. moves - 1 -> backup values cell action
                                ]
                    ] [ for cell, action in everyMove -> (table numbers "shared/critic1" cell)[action] ]

                    for cell in others do
                        let both =
                            List.map2 (+) (table numbers "shared/critic1" cell) (table numbers "shared/critic2" cell)

                        Expect.isTrue (shortens cell (choice both)) $"w = {weight}, cell {cell}")

        testCase "cloning on a table comes to the data's frequencies" (fun () ->
            let data = walks.Value
            let counts = Array2D.zeroCreate<float> cells moves

            for row in 0 .. data.Count - 1 do
                let cell, action = ActionSpace.Choice(data.Observation row), ActionSpace.Choice(data.Action row)

                counts[cell, action] <- counts[cell, action] + 1.0

            let config =
                BehaviourCloningConfig(
                    Actions = ActionKind.Discrete,
                    HiddenSizes = Widths [],
                    BatchSize = 512,
                    PolicyLearningRate = 0.05,
                    PolicySchedule = LearningRateSchedule.Cosine,
                    CosineSteps = 1500.0
                )

            let learner = BehaviourCloning.Learner(config, cells, moves)
            use trainer = new Trainer(learner, data, Trainer.Start(learner, Seed 1UL))

            for _ in 1..1500 do
                trainer.Advance()

            let weights, bias = trainer.Blocks[1].Read "w0", trainer.Blocks[1].Read "b0"

            for cell in others do
                let logits = [ for j in 0 .. moves - 1 -> float (bias[j] + weights[cell * moves + j]) ]
                let total = List.sumBy exp logits
                let seen = Seq.sum counts[cell, *]

                for action in 0 .. moves - 1 do
                    Expect.floatClose
                        (Accuracy.within 0.05)
                        (exp logits[action] / total)
                        (counts[cell, action] / seen)
                        "exp of logits at action over total")

        testCase "cloned walks lead nowhere, the stitched ones to the goal" (fun () ->
            let cloning =
                BehaviourCloningConfig(
                    Actions = ActionKind.Discrete,
                    HiddenSizes = Widths [ 32 ],
                    PolicyLearningRate = 1e-3
                )

            let implicitly =
                ImplicitQLearningConfig(
                    Actions = ActionKind.Discrete,
                    HiddenSizes = Widths [ 32 ],
                    Expectile = 0.9,
                    InverseTemperature = 10.0,
                    PolyakStep = 0.02,
                    ValueLearningRate = 1e-3,
                    CriticLearningRate = 1e-3,
                    PolicyLearningRate = 1e-3,
                    PolicySchedule = LearningRateSchedule.Constant
                )

            let conservatively =
                ConservativeQLearningConfig(
                    Actions = ActionKind.Discrete,
                    HiddenSizes = Widths [ 32 ],
                    ConservativeWeight = 1.0,
                    PolyakStep = 0.02,
                    CriticLearningRate = 1e-3
                )

            Expect.between (-20.0) 40.0 (score (BehaviourCloning.Learner(cloning, cells, moves)) 2000) "score"
            Expect.between 99.0 100.0 (score (implicitly.Learner(cells, moves)) 3000) "score"

            Expect.between
                99.0
                100.0
                (score (ConservativeQLearning.Learner(conservatively, cells, moves)) 3000)
                "score")
    ]
