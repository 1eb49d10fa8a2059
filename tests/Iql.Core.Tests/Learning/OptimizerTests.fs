module Iql.Core.Tests.Learning.OptimizerTests

open System
open System.Collections.Immutable
open Iql.Graph
open Iql.Networks
open Iql.Optimizers
open Expecto
open Iql.Tests
open Iql.Core.Tests.Graph.Dense
open Iql.Core.Tests.Learning.Differences

let private layout =
    Layout("state", [| struct ("w", shape [ 3 ]); struct ("adam-m/w", shape [ 3 ]); struct ("adam-v/w", shape [ 3 ]) |])

let private rate, step, gradient =
    Tensor.Scalar "rate", Tensor.Scalar "step", Tensor.Input("gradient", shape [ 3 ])

let private gradients = ImmutableArray.Create gradient

/// Gradient of step t, entry i.
let private slope t i = sin (float (3 * t + i)) * 10.0 ** float (i - 1)

/// (w, m, v) after some steps of a traced optimiser.
let private run (optimiser: AdamState -> AdamState) steps (start: float[]) =
    let group = layout.Inputs()
    let next = optimiser (AdamState.In group)

    (([| start; Array.zeroCreate 3; Array.zeroCreate 3 |]), [ 0 .. steps - 1 ])
    ||> List.fold (fun state t ->
        let inputs =
            (rate, [| 0.01 |])
            :: (step, [| float t |])
            :: (gradient, Array.init 3 (slope t))
            :: List.ofSeq (Seq.zip group.Tensors state)

        [| for struct (_, tensor) in next.Entries -> number tensor inputs |])

/// The formula, one number at a time.
let private byHand decay steps (start: float[]) =
    Array.init 3 (fun i ->
        let mutable w, m, v = start[i], 0.0, 0.0

        for t in 1..steps do
            let g = slope (t - 1) i
            m <- 0.9 * m + 0.1 * g
            v <- 0.999 * v + 0.001 * g * g

            let direction = m / (1.0 - Math.Pow(0.9, t)) / (sqrt (v / (1.0 - Math.Pow(0.999, t))) + 1e-8)

            w <- w - 0.01 * (direction + decay * w)

        w)

let private near (expected: float[]) (actual: float[]) =
    Array.iter2
        (fun e a -> Expect.isTrue (abs (e - a) <= 1e-12 * (1.0 + abs e)) $"expected {e:R}, got {a:R}")
        expected
        actual

[<Tests>]
let tests =
    testList "OptimizerTests" [
        testCase "Adam is its formula" (fun () ->
            let start = [| 0.5; -1.0; 2.0 |]
            near (byHand 0.0 50 start) (run (fun state -> Adam.Step(state, gradients, step, rate)) 50 start).[0])

        testCase "AdamW decays the parameter from before the step" (fun () ->
            let start = [| 0.5; -1.0; 2.0 |]
            near (byHand 0.1 50 start) (run (fun state -> Adam.Step(state, gradients, step, rate, 0.1)) 50 start).[0])

        testCase "the first step of Adam is the learning rate, whatever the gradient's size" (fun () ->
            let moved = (run (fun state -> Adam.Step(state, gradients, step, rate)) 1 [| 0.0; 0.0; 0.0 |]).[0]

            Array.iteri
                (fun i w ->
                    if slope 0 i <> 0.0 then
                        Expect.floatClose (Accuracy.decimals 7) (abs w) 0.01 "w")
                moved)

        testCase "the cosine starts at the learning rate, halves it half-way and stays 0 after the end" (fun () ->
            let at (t: float) =
                let lr, t', steps = Tensor.Scalar "lr", Tensor.Scalar "t", Tensor.Scalar "T"

                number (LearningRate.Cosine(lr, t', steps)) [ lr, [| 3e-4 |]; t', [| t |]; steps, [| 1e6 |] ]
                |> Array.exactlyOne

            Expect.equal (at 0.0) 3e-4 "at 0.0"
            Expect.floatClose (Accuracy.decimals 15) (at 5e5) 1.5e-4 "at 5e5"
            Expect.equal (at 1e6) 0.0 "at 1e6"
            Expect.equal (at 1.7e6) 0.0 "at 1.7e6")

        testCase "the warm-up climbs in equal steps to the learning rate and stays there" (fun () ->
            let at (t: float) =
                let lr, t', steps = Tensor.Scalar "lr", Tensor.Scalar "t", Tensor.Scalar "T"

                number (LearningRate.WarmUp(lr, t', steps)) [ lr, [| 1e-3 |]; t', [| t |]; steps, [| 4.0 |] ]
                |> Array.exactlyOne

            near [| 2.5e-4; 5e-4; 7.5e-4; 1e-3; 1e-3; 1e-3 |] [| for t in [ 0.0; 1.0; 2.0; 3.0; 4.0; 9.0 ] -> at t |])

        testCase "gradients longer than their bound are shortened to it, together; shorter ones are left" (fun () ->
            let x, y =
                (Tensor.Input("x", shape [ 2 ]), [| 3.0; 0.0 |]), (Tensor.Input("y", shape [ 1 ]), [| -4.0 |])

            let clip (bound: float) =
                let struct (gradients, norm, scale) = GradientNorm.Clip(ImmutableArray.Create(fst x, fst y), bound)

                [|
                    for tensor in [ gradients[0]; gradients[1]; norm; scale ] do
                        yield! number tensor [ x; y ]
                |]

            let scale = 0.25 / (5.0 + 1e-6)
            near [| 3.0 * scale; 0.0; -4.0 * scale; 5.0; scale |] (clip 0.25)
            near [| 3.0; 0.0; -4.0; 5.0; 1.0 |] (clip 6.0))

        testCase "Polyak moves a share of the way" (fun () ->
            let group name = Layout(name, [| struct ("w", shape [ 2 ]) |]).Inputs()

            let target, online, share = group "target", group "online", Tensor.Scalar "share"
            let inputs = [ target["w"], [| 1.0; -2.0 |]; online["w"], [| 3.0; 2.0 |]; share, [| 0.25 |] ]
            Expect.equal (number (Polyak.Step(target, online, share)["w"]) inputs) [| 1.5; -1.0 |] "number")

        testCase "gradients that are not one a parameter are refused" (fun () ->
            let failure =
                Expect.raises<ArgumentException>
                    (fun () -> Adam.Step(AdamState.In(layout.Inputs()), ImmutableArray.Empty, step, rate) |> ignore)
                    "step"

            Expect.stringContains failure.Message "one for each of 1 parameters" "message of failure")

        testCase "a part that is not there is named" (fun () ->
            let failure =
                Expect.raises<ArgumentException>
                    (fun () -> layout.Inputs().Part "critic3" |> ignore)
                    "part 'critic3' of inputs of layout"

            Expect.stringContains failure.Message "critic3" "message of failure")
    ]
