module Iql.Core.Tests.Learning.NetworkTests

open System
open Iql
open Iql.Graph
open Iql.Networks
open Expecto
open Iql.Tests
open Iql.Core.Tests.Graph.Dense
open Iql.Core.Tests.Learning.Differences

/// A small network: its group, and its inputs with numbers.
let private network shapes bound =
    let layout = Layout("net", shapes)
    let group = layout.Inputs()

    let inputs = [
        for entry, tensor in Seq.zip layout.Entries group.Tensors ->
            tensor, snd (input $"net/{entry.Name}" (List.ofSeq entry.Shape.Extents) bound)
    ]

    group, inputs

let private gram (rows: int) (columns: int) (matrix: float[]) =
    let at i j = matrix[i * columns + j]
    // Of the fewer: rows when there are fewer rows.
    if rows <= columns then
        Array2D.init rows rows (fun i j -> Seq.sum (seq { for k in 0 .. columns - 1 -> at i k * at j k }))
    else
        Array2D.init columns columns (fun i j -> Seq.sum (seq { for k in 0 .. rows - 1 -> at k i * at k j }))

[<Tests>]
let tests =
    testList "NetworkTests" [
        testCase "a perceptron is its formula" (fun () ->
            let group, inputs = network (Mlp.Shapes(3, [| 4; 5 |], 2)) 0.7
            let x, xs = input "x" [ 6; 3 ] 1.0

            let named name = inputs |> List.find (fun (tensor, _) -> tensor.Name = $"net/{name}") |> snd

            let layer k (row: float[]) =
                let w, b = named $"w{k}", named $"b{k}"

                Array.init b.Length (fun j ->
                    b[j] + Seq.sum (seq { for i in 0 .. row.Length - 1 -> row[i] * w[i * b.Length + j] }))

            let expected =
                xs
                |> Array.chunkBySize 3
                |> Array.collect (layer 0 >> Array.map (max 0.0) >> layer 1 >> Array.map (max 0.0) >> layer 2)

            let actual = number (Mlp.Apply(group, x)) ((x, xs) :: inputs)
            Array.iter2 (fun (e: float) a -> Expect.floatClose (Accuracy.decimals 13) a e "a") expected actual)

        testCase "networks have the gradient of their differences" (fun () ->
            let s, a = input "s" [ 4; 3 ] 1.0, input "a" [ 4; 2 ] 1.0
            let critic, criticInputs = network (Critic.Shapes(3, [| 5 |], 2)) 0.8

            assertGradient
                "critic"
                (Tensor.Mean(Tensor.Square(Critic.Apply(critic, fst s, fst a))))
                (s :: a :: criticInputs)

            let policy, policyInputs = network (GaussianPolicy.Shapes(3, [| 5 |], 2)) 0.8

            for tanh in [ true; false ] do
                let density =
                    GaussianPolicy.LogDensity(
                        fst a,
                        GaussianPolicy.Mean(policy, fst s, tanh),
                        GaussianPolicy.LogStd(policy, -5.0, 2.0)
                    )

                assertGradient "log-density" (Tensor.Mean density) (s :: a :: policyInputs)

            assertGradient
                "deterministic"
                (Tensor.Mean(Tensor.Square(DeterministicPolicy.Action(policy, fst s) - fst a)))
                (s :: a :: List.filter (fun (x, _) -> x.Name <> "net/logStd") policyInputs))

        testCase "the log-density is that of independent normals" (fun () ->
            let a, mean = ([ 0.3; -1.2; 0.9; 0.0 ]), ([ 0.1; -0.7; 0.9; 2.0 ])
            let logStd = [ -0.5; 0.25 ]

            let tensor name (extents: int list) (values: float list) =
                Tensor.Input(name, shape extents), List.toArray values

            let inputs = [ tensor "a" [ 2; 2 ] a; tensor "mean" [ 2; 2 ] mean; tensor "logStd" [ 2 ] logStd ]

            let actual = number (GaussianPolicy.LogDensity(fst inputs[0], fst inputs[1], fst inputs[2])) inputs

            for row in 0..1 do
                let expected =
                    List.sum [
                        for j in 0..1 do
                            let sigma, error = exp logStd[j], a[2 * row + j] - mean[2 * row + j]
                            log (exp (-error * error / (2.0 * sigma * sigma)) / (sigma * sqrt (2.0 * Math.PI)))
                    ]

                Expect.floatClose (Accuracy.decimals 12) actual[row] expected "actual at row"

            let entropy = number (GaussianPolicy.Entropy(fst inputs[2])) inputs

            Expect.floatClose
                (Accuracy.decimals 12)
                entropy[0]
                (List.sum [ for s in logStd -> 0.5 * log (2.0 * Math.PI * Math.E * exp (2.0 * s)) ])
                "entropy 0")

        testCase "outside its range the log standard deviation has no gradient" (fun () ->
            let group, inputs = network (GaussianPolicy.Shapes(2, [||], 3)) 0.5

            let inputs =
                inputs
                |> List.map (fun (x, values) -> x, (if x.Name = "net/logStd" then [| 2.5; -5.5; 0.1 |] else values))

            let logStd = GaussianPolicy.LogStd(group, -5.0, 2.0)
            Expect.equal (number logStd inputs) [| 2.0; -5.0; 0.1 |] "number log std inputs"

            Expect.equal
                (number (Gradient.Of(Tensor.Sum logStd, [| group["logStd"] |])[0]) inputs)
                [| 0.0; 0.0; 1.0 |]
                "number")

        testCase "orthogonal weights are orthogonal with the gain's length" (fun () ->
            for rows, columns in [ 3, 8; 8, 3; 16, 16; 64, 1; 40, 64 ] do
                let matrix = Initialisers.Orthogonal(Seed.Named $"{rows}", rows, columns, sqrt 2.0)

                gram rows columns matrix
                |> Array2D.iteri (fun i j x ->
                    Expect.floatClose (Accuracy.decimals 12) x (if i = j then 2.0 else 0.0) "x"))

        testCase "orthogonal weights have no preferred sign" (fun () ->
            // The diagonal of a matrix uniform on the orthogonal group is symmetric about 0. A QR without its signs
            // corrected has it mostly of one sign.
            let diagonal = [ for i in 0..199 -> Initialisers.Orthogonal(Seed.Named $"sign {i}", 4, 4, 1.0)[0] ]

            let positive = diagonal |> List.filter (fun x -> x > 0.0) |> List.length
            Expect.between 70 130 positive "positive")

        testCase "torch's default stays within its bound and fills it" (fun () ->
            let block = new TensorBlock(Layout("net", Mlp.Shapes(9, [| 300 |], 2)))
            Initialisers.Network(Initialisation.Torch, Seed.Named "torch", block, "")

            for name, bound in [ "w0", 1.0 / 3.0; "b0", 1.0 / 3.0; "w1", 1.0 / sqrt 300.0 ] do
                let values = block.Read name |> Array.map float
                Expect.between (0.95 * bound) bound (Array.reduce max values) "largest of values"
                Expect.between (-bound) (-0.95 * bound) (Array.reduce min values) "least of values")

        testCase "Xavier's numbers stay within their bound and fill it; biases are 0, gains of layer norm 1" (fun () ->
            let block = new TensorBlock(Layout("net", Mlp.Shapes(9, [| 300 |], 2, layerNorm = true)))
            Initialisers.Network(Initialisation.Xavier, Seed.Named "xavier", block, "")

            for name, bound in [ "w0", sqrt (6.0 / 309.0); "w1", sqrt (6.0 / 302.0) ] do
                let values = block.Read name |> Array.map float
                Expect.between (0.95 * bound) bound (Array.reduce max values) "largest of values"
                Expect.between (-bound) (-0.95 * bound) (Array.reduce min values) "least of values"

            for name, expected in [ "b0", 0f; "b1", 0f; "offset0", 0f; "gain0", 1f ] do
                Expect.equal (Array.distinct (block.Read name)) [| expected |] name)

        testCase "initial numbers depend on the seed and the name alone" (fun () ->
            let start name layout =
                let block = new TensorBlock(layout)
                Initialisers.Network(Initialisation.Orthogonal, Seed.Named name, block, "")
                block

            let layout = Layout("net", Mlp.Shapes(5, [| 8 |], 3))
            Expect.isTrue ((start "a" layout).SameBits(start "a" layout)) "same bits of start 'a'"
            Expect.isFalse ((start "a" layout).SameBits(start "b" layout)) "same bits of start 'a'"

            for x in (start "a" layout).Read "b0" do
                Expect.equal x 0.0f "x")

        testCase "dropout keeps the mean, drops its share and is a function of seed, step and layer" (fun () ->
            let rate, seed, step = Tensor.Scalar "rate", Tensor.Scalar "seed", Tensor.Scalar "step"

            let hidden = Tensor.Input("hidden", shape [ 100; 64 ]), Array.create 6400 1.0

            let drop layer (seedNumber: float) (stepNumber: float) =
                number (Dropout(rate, seed, step).Apply(fst hidden, layer)) [
                    hidden
                    rate, [| 0.1 |]
                    seed, [| seedNumber |]
                    step, [| stepNumber |]
                ]

            let dropped = drop 0 7.0 3.0
            Expect.all dropped (fun x -> x = 0.0 || abs (x - 1.0 / 0.9) < 1e-15) "dropped"
            Expect.between 0.98 1.02 (Array.average dropped) "mean of dropped"
            Expect.equal (drop 0 7.0 3.0) dropped "drop 0 7.0 3.0"

            for other in [ drop 1 7.0 3.0; drop 0 8.0 3.0; drop 0 7.0 4.0 ] do
                Expect.notEqual other dropped "other")
    ]
