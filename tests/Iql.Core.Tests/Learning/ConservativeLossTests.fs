/// The losses and the policy of conservative Q-learning: formulas and gradients.
module Iql.Core.Tests.Learning.ConservativeLossTests

open System
open Iql.Graph
open Iql.Losses
open Iql.Networks
open Expecto
open Iql.Tests
open Iql.Core.Tests.Learning.Differences

let private scalar name value = Tensor.Scalar name, [| value |]

/// ln of the density of tanh(x), x ~ N(mean, e^logStd), by the change of variables.
let private logDensity mean logStd action =
    let noise = (Math.Atanh action - mean) / exp logStd

    -noise * noise / 2.0 - logStd - 0.5 * log (2.0 * Math.PI) - log (1.0 - action * action)

[<Tests>]
let tests =
    testList "ConservativeLossTests" [
        testRows "the soft maximum and the clipped difference are their formulas" [ 1.0; 2.5 ] (fun c ->
            let logits, q, temperature = input "logits" [ 6; 4 ] 3.0, input "q" [ 4 ] 2.0, scalar "c" c

            let low, high = scalar "low" 1.0, scalar "high" 4.0

            let soft = [| for b in 0..3 -> c * log (Seq.sum [ for k in 0..5 -> exp ((snd logits)[4 * k + b] / c) ]) |]

            let text = Conservative.SoftMaximum(fst logits, fst temperature)

            Array.iter2
                (fun (x: float) y -> Expect.floatClose (Accuracy.decimals 13) y x "y")
                soft
                (number text [ logits; temperature ])

            let difference = Conservative.Difference(text, fst q, fst low, fst high)

            let expected = Array.map2 (fun x y -> min 4.0 (max 1.0 (x - y))) soft (snd q) |> Array.average

            let inputs = [ logits; q; temperature; low; high ]

            Expect.floatClose
                (Accuracy.decimals 13)
                (number difference inputs).[0]
                expected
                "number difference input 0"

            assertGradient "difference" difference inputs)

        testCase "a soft maximum of large numbers is finite" (fun () ->
            let logits, temperature = (Tensor.Input("logits", Shape.Of [ 2; 1 ]), [| 1e4; 1e4 |]), scalar "c" 1.0

            let value = number (Conservative.SoftMaximum(fst logits, fst temperature)) [ logits; temperature ]

            Expect.floatClose (Accuracy.decimals 8) value[0] (1e4 + log 2.0) "value 0")

        testCase "penalties, multiplier and its loss are their formulas" (fun () ->
            let difference, weight, multiplier, gap =
                scalar "d" 3.0, scalar "w" 5.0, scalar "m" 0.7, scalar "gap" 0.8

            let penalty kind =
                (number (Conservative.Penalty(kind, fst difference, fst weight, fst multiplier, fst gap)) [
                    difference
                    weight
                    multiplier
                    gap
                ]).[0]

            Expect.floatClose (Accuracy.decimals 13) (penalty Lagrange.Off) 15.0 "penalty"

            Expect.floatClose
                (Accuracy.decimals 13)
                (penalty Lagrange.WeightOutside)
                (0.7 * 5.0 * (3.0 - 0.8))
                "penalty"

            Expect.floatClose
                (Accuracy.decimals 13)
                (penalty Lagrange.WeightInside)
                (0.7 * (5.0 * 3.0 - 0.8))
                "penalty"

            let bounded x = (number (Conservative.Multiplier(Tensor.Scalar "log")) [ scalar "log" x ]).[0]

            Expect.floatClose (Accuracy.decimals 13) (bounded 1.5) (exp 1.5) "bounded 1.5"
            Expect.equal (bounded 20.0) 1e6 "bounded 20.0"
            let p1, p2 = scalar "p1" 2.0, scalar "p2" 5.0

            Expect.floatClose
                (Accuracy.decimals 13)
                (number (Conservative.Dual(fst p1, fst p2)) [ p1; p2 ]).[0]
                (-3.5)
                "number 0")

        testCase "the losses of policy and temperature are their formulas" (fun () ->
            let density, data, q = input "density" [ 5 ] 2.0, input "data" [ 5 ] 2.0, input "q" [ 5 ] 2.0

            let alpha, target = scalar "alpha" 0.3, scalar "target" -2.0
            let mean f = Seq.average (Seq.init 5 f)
            let policy = SoftActorCritic.Policy(fst alpha, fst density, fst q)

            Expect.floatClose
                (Accuracy.decimals 13)
                (number policy [ alpha; density; q ]).[0]
                (mean (fun i -> 0.3 * (snd density)[i] - (snd q)[i]))
                "number 0"

            assertGradient "policy" policy [ alpha; density; q ]
            let cloning = SoftActorCritic.Cloning(fst alpha, fst density, fst data)

            Expect.floatClose
                (Accuracy.decimals 13)
                (number cloning [ alpha; density; data ]).[0]
                (mean (fun i -> 0.3 * (snd density)[i] - (snd data)[i]))
                "number 0"

            assertGradient "cloning" cloning [ alpha; density; data ]

            // The density is a constant of the temperature's loss: its gradient goes to ln α alone.
            let log = input "log" [ 1 ] 1.0
            let loss = SoftActorCritic.Temperature(fst log, fst density, fst target)
            let gap = mean (fun i -> (snd density)[i] - 2.0)
            let inputs = [ log; density; target ]

            Expect.floatClose
                (Accuracy.decimals 13)
                (number loss inputs).[0]
                (-(snd log)[0] * gap)
                "number loss input 0"

            Expect.floatClose
                (Accuracy.decimals 13)
                (number (Gradient.Of(loss, [| fst log |]).[0]) inputs).[0]
                (-gap)
                "number 0"

            Expect.equal (number (Gradient.Of(loss, [| fst density |]).[0]) inputs) (Array.zeroCreate 5) "number")

        testCase "samples and densities of the tanh Gaussian are their formulas" (fun () ->
            let mean, logStd, noise =
                input "mean" [ 4; 2 ] 1.0, input "logStd" [ 4; 2 ] 0.7, input "noise" [ 3; 4; 2 ] 1.5

            let struct (action, density) = TanhGaussianPolicy.Sample(fst mean, fst logStd, fst noise)

            Expect.equal density.Shape (Shape.Of [ 3; 4 ]) "shape of density"
            let means, logStds = snd mean, snd logStd
            let inputs = [ mean; logStd; noise ]
            let actions, densities = number action inputs, number density inputs

            for n in 0..2 do
                for b in 0..3 do
                    let at i = 8 * n + 2 * b + i

                    let expected =
                        Seq.sum [ for i in 0..1 -> logDensity means[2 * b + i] logStds[2 * b + i] actions[at i] ]

                    for i in 0..1 do
                        let x = means[2 * b + i] + exp logStds[2 * b + i] * (snd noise)[at i]
                        Expect.floatClose (Accuracy.decimals 13) actions[at i] (tanh x) "actions"

                    Expect.floatClose (Accuracy.decimals 9) densities[4 * n + b] expected "densities"

            assertGradient "sample" (Tensor.Mean action) inputs
            assertGradient "density of a sample" (Tensor.Mean density) inputs
            let given = input "given" [ 4; 2 ] 0.95
            let givens = snd given
            let elsewhere = TanhGaussianPolicy.LogDensity(fst given, fst mean, fst logStd)

            for b, value in Seq.indexed (number elsewhere [ given; mean; logStd ]) do
                let expected = Seq.sum [ for i in 2 * b .. 2 * b + 1 -> logDensity means[i] logStds[i] givens[i] ]

                Expect.floatClose (Accuracy.decimals 11) value expected "value"

            assertGradient "density" (Tensor.Mean elsewhere) [ mean; logStd; given ])

        testCase "the tanh Gaussian's density is one in all, and finite at the edge" (fun () ->
            let count = 20_000

            let actions = Array.init count (fun i -> (2.0 * float i + 1.0) / float count - 1.0)

            let density (actions: float[]) =
                let column name value =
                    Tensor.Input(name, Shape.Of [ actions.Length; 1 ]), Array.replicate actions.Length value

                let given = Tensor.Input("given", Shape.Of [ actions.Length; 1 ]), actions
                let mean, logStd = column "mean" 0.4, column "logStd" -0.5
                number (TanhGaussianPolicy.LogDensity(fst given, fst mean, fst logStd)) [ given; mean; logStd ]

            Expect.floatClose
                (Accuracy.decimals 6)
                (Array.sumBy exp (density actions) * 2.0 / float count)
                1.0
                "sum of density of actions times 2.0 over count"

            Expect.all (density [| -1.0; 1.0; 2.0 |]) (fun value -> Double.IsFinite value) "density"
            Expect.floatClose (Accuracy.decimals 8) (density [| 1.0 - 1e-6 |]).[0] (density [| 1.0 |]).[0] "density 0")

        testCase "small last layers start small, the others as ever" (fun () ->
            let layout = Layout("net", Mlp.Shapes(5, [ 40; 40 ], 4))

            let largest initialisation name =
                use block = new TensorBlock(layout)
                Initialisers.Network(initialisation, Iql.Seed.Named "small", block, "")
                block.Read name |> Array.map abs |> Array.reduce max |> float

            let near (expected: float) actual = Expect.between (0.6 * expected) (1.0001 * expected) actual "actual"

            near (1.0 / sqrt 40.0) (largest Initialisation.TorchSmallOutput "w1")
            near (1.0 / sqrt 40.0) (largest Initialisation.TorchSmallOutput "b1")
            near (0.01 * sqrt (6.0 / 44.0)) (largest Initialisation.TorchSmallOutput "w2")
            Expect.equal (largest Initialisation.TorchSmallOutput "b2") 0.0 "largest 'b2'"

            Expect.equal
                (largest Initialisation.OrthogonalSmallOutput "w1")
                (largest Initialisation.Orthogonal "w1")
                "largest 'w1'"

            Expect.floatClose
                (Accuracy.decimals 7)
                (largest Initialisation.OrthogonalSmallOutput "w2")
                (largest Initialisation.Orthogonal "w2" * 0.01 / sqrt 2.0)
                "largest 'w2'")
    ]
