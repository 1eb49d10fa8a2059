/// Sparse Q-learning: its loss and its weight by an independent formula, and what its value converges to.
module Iql.Core.Tests.Learning.SparseTests

open System
open Iql
open Iql.Algorithms
open Iql.Graph
open Iql.Losses
open Expecto
open Iql.Tests
open Iql.Core.Tests.Graph.Dense
open Iql.Core.Tests.Learning.Differences

let private advantages = [ -3.0; -1.9; -0.4; 0.0; 0.3; 2.5; 150.0 ]

let private vector name (values: float list) = Tensor.Input(name, shape [ values.Length ]), List.toArray values

let private scalar name (value: float) = Tensor.Scalar name, [| value |]

let private loss (q: float list) (v: float) (sparsity: float) =
    let residual = vector "u" [ for q in q -> q - v ]
    let value = vector "v" [ for _ in q -> v ]
    let lambda = scalar "lambda" sparsity

    number (SparseQ.ValueLoss(fst residual, fst value, fst lambda)) [ residual; value; lambda ]
    |> Array.exactlyOne

[<Tests>]
let tests =
    testList "SparseTests" [
        testRows "the value loss is its formula" [ 0.1; 0.5; 1.0; 3.0 ] (fun (sparsity: float) ->
            let value = 0.7

            let expected =
                List.average [
                    for u in advantages do
                        let z = u / (2.0 * sparsity) + 1.0
                        (if z > 0.0 then z * z else 0.0) + value / sparsity
                ]

            let actual = loss [ for u in advantages -> u + value ] value sparsity
            Expect.floatClose (Accuracy.within (1e-9 * abs expected)) actual expected "actual")

        testRows
            "its gradient vanishes where the mean of max(0, 1 + A / 2 lambda) is 1"
            [ 0.1; 1.0; 3.0 ]
            (fun (sparsity: float) ->
                let q = [ -1.0; 0.2; 0.5; 2.0 ]

                let mean v = List.average [ for q in q -> max 0.0 (1.0 + (q - v) / (2.0 * sparsity)) ]

                // The mean falls as v grows: by halves to where it is 1.
                let rec solve low high steps =
                    let middle = (low + high) / 2.0

                    if steps = 0 then middle
                    elif mean middle > 1.0 then solve middle high (steps - 1)
                    else solve low middle (steps - 1)

                let v = solve -5.0 5.0 80
                let h = 1e-5
                let slope = (loss q (v + h) sparsity - loss q (v - h) sparsity) / (2.0 * h)
                Expect.isTrue (abs slope < 1e-6) $"slope {slope} at v = {v}"

                Expect.isGreaterThanOrEqual
                    v
                    (List.average q - 1e-9)
                    "A sparse value is at least the mean: the actions far below it do not count")

        testCase "the weight is the advantage above 0, up to the cap" (fun () ->
            let a, cap = vector "a" advantages, scalar "cap" 100.0

            let weights = number (SparseQ.Weight(fst a, fst cap)) [ a; cap ] |> List.ofArray

            Expect.equal weights [ for a in advantages -> min 100.0 (max a 0.0) ] "weights")

        testCase "sql is implicit Q-learning with both, and has a sparsity" (fun () ->
            let row = Algorithm.Find "sql"
            Expect.equal row.Title "Sparse Q-learning" "title of row"
            let config = row.Standard :?> ImplicitQLearningConfig
            Expect.equal config.ValueLoss ValueLoss.Sparse "value loss of config"
            Expect.equal config.PolicyWeight PolicyWeight.Sparse "policy weight of config"
            Expect.equal config.Sparsity 1.0 "sparsity of config"
            let learner = ImplicitQLearning.Learner([ config ], 3, 2)
            Expect.contains learner.Step.Scalars "sparsity" "scalars of learner"

            let refused =
                Expect.raises<ArgumentException> (fun () -> config.With("sparsity", 0.0) |> ignore) "with of config"

            Expect.stringContains refused.Message "sparsity: expected a number above 0, got 0" "message of refused")
    ]
