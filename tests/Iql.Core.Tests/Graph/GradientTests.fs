module Iql.Core.Tests.Graph.GradientTests

open System
open System.Collections.Immutable
open FsCheck
open FsCheck.FSharp
open Iql.Graph
open Iql.Core.Tests.Graph.Dense
open Xunit

let private input i extents = Tensor.Input($"x{i}", shape extents)

let private gradient (loss: Tensor) (parameters: Tensor list) =
    Gradient.Of(loss, List.toArray parameters) |> List.ofSeq

/// The gradient with respect to x0 at the given numbers.
let private slope (numbers: float[]) (f: Tensor -> Tensor) =
    let x = input 0 [ numbers.Length ]
    (evaluate [ numbers ] (gradient (Tensor.Sum(f x)) [ x ])).[0]

[<Fact>]
let ``a loss has to be a scalar`` () =
    let x = input 0 [ 2; 3 ]

    let error =
        Assert.Throws<ArgumentException>(fun () -> gradient (x * 2.0) [ x ] |> ignore)

    Assert.Contains("[2, 3]", error.Message)
    Assert.Contains("Tensor.Mean", error.Message)

[<Fact>]
let ``a parameter the loss does not need has zeros of its shape`` () =
    let x, y, z = input 0 [ 2 ], input 1 [ 2; 3 ], input 2 []
    let found = gradient (Tensor.Sum x) [ y; x; z ]
    Assert.Equal(y.Shape, found[0].Shape)
    let values = evaluate [] (found)
    Assert.Equal<float[]>([ Array.zeroCreate 6; [| 1.0; 1.0 |]; [| 0.0 |] ], List.ofArray values)

[<Fact>]
let ``the loss has gradient 1 with respect to itself`` () =
    let loss = Tensor.Sum(input 0 [ 2 ])
    Assert.Equal<float>([| 1.0 |], (evaluate [] (gradient loss [ loss ])).[0])

[<Fact>]
let ``a parameter may be an intermediate node, together with what it came from`` () =
    let x = input 0 [ 3 ]
    let h = Tensor.Tanh x
    let loss = Tensor.Sum(Tensor.Square h * x)
    let values = [ [| 0.3; -0.7; 1.2 |] ]

    match evaluate values (gradient loss [ h; x; h ]) with
    | [| dh; dx; again |] ->
        near 1e-14 "dh" (values[0] |> Array.map (fun x -> 2.0 * tanh x * x)) dh
        near 1e-8 "dx" (differences 1e-5 values loss 0) dx
        Assert.Equal<float>(dh, again)
    | _ -> Assert.Fail "three gradients"

[<Fact>]
let ``a node used several times gathers every use`` () =
    near 1e-14 "x·x·x + x" [| 13.0 |] (slope [| 2.0 |] (fun x -> x * x * x + x))

[<Fact>]
let ``an input is the same input by its name`` () =
    let loss = Tensor.Sum(input 0 [ 2 ] * 3.0 + input 0 [ 2 ])
    Assert.Equal<float>([| 4.0; 4.0 |], (evaluate [] (gradient loss [ input 0 [ 2 ] ])).[0])

[<Fact>]
let ``only the way to a named parameter is differentiated`` () =
    let x, z = input 0 [ 2 ], input 1 [ 2 ]
    let strange = Tensor(enum<Op> 999, ImmutableArray.Create z, shape [ 2 ])

    Assert.Equal(
        strange,
        (gradient (Tensor.Sum(x * strange)) [ x ])[0]
        |> fun dx -> Order.Of [ dx ] |> Seq.find (fun node -> node.Op = enum 999)
    )

    let error =
        Assert.Throws<NotSupportedException>(fun () -> gradient (Tensor.Sum(x * strange)) [ z ] |> ignore)

    Assert.Contains("has no gradient rule; add one line to Gradient.Rule", error.Message)
    // Behind a StopGradient nothing is differentiated either.
    gradient (Tensor.Sum(x * Tensor.StopGradient strange)) [ z ] |> ignore

[<Fact>]
let ``nothing behind StopGradient learns`` () =
    near 0.0 "x · stop(x)" [| 3.0 |] (slope [| 3.0 |] (fun x -> x * Tensor.StopGradient x))

[<Fact>]
let ``clip passes its gradient inside and at its bounds, none outside`` () =
    near
        0.0
        "Clip"
        [| 0.0; 1.0; 1.0; 1.0; 0.0 |]
        (slope [| -6.0; -5.0; 0.0; 2.0; 2.5 |] (fun x -> Tensor.Clip(x, -5.0, 2.0)))

[<Fact>]
let ``a tie of two gives its gradient to the first`` () =
    let x, y = input 0 [ 3 ], input 1 [ 3 ]

    for op in [ Tensor.Minimum; Tensor.Maximum ] do
        match evaluate [ [| 1.0; 2.0; 3.0 |]; [| 1.0; 2.0; 3.0 |] ] (gradient (Tensor.Sum(op (x, y))) [ x; y ]) with
        | [| dx; dy |] -> Assert.Equal((Array.create 3 1.0, Array.zeroCreate 3), (dx, dy))
        | _ -> Assert.Fail "two gradients"

[<Fact>]
let ``ties of a maximum over an axis share its gradient`` () =
    near 1e-15 "Max" [| 0.0; 0.5; 0.5; 0.0 |] (slope [| 1.0; 4.0; 4.0; 3.0 |] (fun x -> Tensor.Max(x, 0)))

[<Fact>]
let ``kinks at 0 have gradient 0`` () =
    for name, f in
        [
            "Relu", Tensor.Relu
            "Abs", Tensor.Abs
            "Sign", Tensor.Sign
            "Floor", Tensor.Floor
        ] do
        near 0.0 name [| 0.0 |] (slope [| 0.0 |] f)

[<Fact>]
let ``a NaN in the branch not taken stays there`` () =
    let mask = input 1 [ 2 ]

    let choose (f: Tensor -> Tensor) =
        let x = input 0 [ 2 ]
        (evaluate [ [| -1.0; 4.0 |]; [| 0.0; 1.0 |] ] (gradient (Tensor.Sum(f x)) [ x ])).[0]

    near 1e-15 "Where" [| 1.0; 1.0 |] (choose (fun x -> Tensor.Where(mask, Tensor.StopGradient(Tensor.Log x) + x, x)))
    near 1e-15 "Relu" [| 0.0; 0.25 |] (choose (fun x -> Tensor.Log(Tensor.Where(mask, Tensor.Relu x, 1.0))))

[<Fact>]
let ``saturated functions have finite gradients`` () =
    let far = [| -1e4; -800.0; 800.0; 1e4 |]
    near 1e-15 "Sigmoid" [| 0.0; 0.0; 0.0; 0.0 |] (slope far Tensor.Sigmoid)
    near 1e-15 "Tanh" [| 0.0; 0.0; 0.0; 0.0 |] (slope far Tensor.Tanh)
    near 1e-15 "Softplus" [| 0.0; 0.0; 1.0; 1.0 |] (slope far Tensor.Softplus)
    near 1e-15 "Erf" [| 0.0; 0.0; 0.0; 0.0 |] (slope far Tensor.Erf)

[<Fact>]
let ``a softmax of huge numbers has finite gradients`` () =
    near 1e-15 "LogSumExp" [| 0.5; 0.5; 0.0 |] (slope [| 1e300; 1e300; -1e300 |] (fun x -> Tensor.LogSumExp(x, 0)))

    near
        1e-15
        "Softmax"
        [| 0.25; -0.25; 0.0 |]
        (slope [| 1e5; 1e5; -1e5 |] (fun x -> Tensor.Slice(Tensor.Softmax(x, 0), 0, 0, 1)))

/// Functions of three sources of shapes [2, 3], [3] and [3, 2].
let private composites: (string * (Tensor -> Tensor -> Tensor -> Tensor)) list = [
    "layer norm", fun x gain _ -> Tensor.Sum(Tensor.Square(Tensor.LayerNorm(x, gain, gain)))
    "softmax", fun x bias _ -> Tensor.Sum(Tensor.Softmax(x + bias, 1) * x)
    "log of a sum of exponentials", fun x bias _ -> Tensor.Mean(Tensor.LogSumExp(x * bias, 0))
    "gelu", fun x _ _ -> Tensor.Mean(x * (1.0 + Tensor.Erf(x / sqrt 2.0)) * 0.5)
    "network",
    fun x b w -> Tensor.Mean(Tensor.Square(Tensor.MatMul(Tensor.Tanh(Tensor.MatMul(x, w)), w, false, true) + b))
    "attention",
    fun x _ w ->
        Tensor.Sum(
            Tensor.MatMul(
                Tensor.Softmax(Tensor.MatMul(x, x, false, true), 1),
                Tensor.Transpose(w, ReadOnlySpan [| 1; 0 |])
            )
        )
    "normal log-density",
    fun x logStd w ->
        let mean = Tensor.MatMul(w, Tensor.Slice(x, 0, 0, 1), true, true)

        Tensor.Mean(
            Tensor.Square((Tensor.Slice(x, 1, 0, 1) - mean) / Tensor.Exp logStd) * 0.5
            + logStd
        )
]

let private values name =
    [ 6; 3; 6 ]
    |> List.mapi (fun i n -> uniform (Iql.Seed.Named(name).Split(uint64 i)) -1.0 1.0 n)

[<Fact>]
let ``composites have the gradient of their differences`` () =
    let x, b, w = input 0 [ 2; 3 ], input 1 [ 3 ], input 2 [ 3; 2 ]

    for name, f in composites do
        let loss = f x b w
        let actual = evaluate (values name) (gradient loss [ x; b; w ])

        for i in 0..2 do
            near 1e-8 $"{name}, source {i}" (differences 1e-5 (values name) loss i) actual[i]

[<Fact>]
let ``a gradient can be differentiated again`` () =
    let sources = [ input 0 [ 2; 3 ]; input 1 [ 3 ]; input 2 [ 3; 2 ] ]

    for name, f in composites do
        let slopes = gradient (f sources[0] sources[1] sources[2]) sources
        // Some direction of the gradient, and how it moves.
        let along =
            slopes
            |> List.map (fun dx -> Tensor.Sum(Tensor.Sin(dx * 3.0)))
            |> List.reduce (+)

        let actual = evaluate (values name) (gradient along sources)

        for i in 0..2 do
            near 1e-7 $"{name}, source {i}" (differences 1e-5 (values name) along i) actual[i]

[<Fact>]
let ``a product's gradients are products whose transposes are flags`` () =
    for transposedX in [ false; true ] do
        for transposedY in [ false; true ] do
            let x = input 0 (if transposedX then [ 3; 2 ] else [ 2; 3 ])
            let w = input 1 (if transposedY then [ 4; 3 ] else [ 3; 4 ])

            let found =
                gradient (Tensor.Sum(Tensor.Tanh(Tensor.MatMul(x, w, transposedX, transposedY)))) [ x; w ]

            Assert.All(found, fun dx -> Assert.Equal(Op.MatMul, dx.Op))
            Assert.DoesNotContain(Order.Of found, fun node -> node.Op = Op.Transpose)

            if not transposedX && not transposedY then
                Assert.Equal<int>([ 0; 1 ], found[0].Integers)
                Assert.Equal<int>([ 1; 0 ], found[1].Integers)

[<Fact>]
let ``one matrix for a whole batch gets its gradient from one product`` () =
    for one in [ [ 4; 5 ]; [ 1; 4; 5 ] ] do
        let x, w = input 0 [ 2; 3; 4 ], input 1 one
        let dw = (gradient (Tensor.Sum(Tensor.Tanh(Tensor.MatMul(x, w)))) [ w ])[0]
        let product = Order.Of [ dw ] |> Seq.findBack (fun node -> node.Op = Op.MatMul)
        Assert.Equal(shape [ 6; 4 ], product.Sources[0].Shape)

[<Fact>]
let ``the gradient of a long chain is found`` () =
    let x = input 0 []
    let long = (x, [ 1..20_000 ]) ||> List.fold (fun y _ -> y + 1.0)
    Assert.Equal<float>([| 1.0 |], (evaluate [] (gradient long [ x ])).[0])

/// Smooth functions of a [2, 3] and a [3], built at random.
let private smooth: Gen<Tensor> =
    let x, b = input 0 [ 2; 3 ], input 1 [ 3 ]

    let unary =
        Gen.elements [
            Tensor.Tanh
            Tensor.Sigmoid
            Tensor.Softplus
            Tensor.Sin
            Tensor.Square
            Tensor.Exp << Tensor.Sin
            Tensor.Erf
            (fun y -> Tensor.Mean(y, 1))
            (fun y -> Tensor.Sum(y, 0))
        ]

    let binary: Gen<Tensor -> Tensor -> Tensor> =
        Gen.elements [
            (fun y z -> y + z)
            (fun y z -> y - z)
            (fun y z -> y * z)
            (fun y z -> y / (1.5 + Tensor.Sin z))
        ]

    let rec tree depth =
        if depth = 0 then
            Gen.elements [ x; b + x * 0.0; Tensor.Broadcast(b, shape [ 2; 3 ]) ]
        else
            Gen.oneof [
                Gen.map2 (<|) unary (tree (depth - 1))
                Gen.map3 (fun f y z -> f y z) binary (tree (depth - 1)) (tree (depth - 1))
            ]

    Gen.choose (1, 4) |> Gen.bind tree |> Gen.map Tensor.Mean

[<Fact>]
let ``random functions have the gradient of their differences`` () =
    let config =
        Config.QuickThrowOnFailure
            .WithMaxTest(100)
            .WithQuietOnSuccess(true)
            .WithReplay(Some { Rnd = Rnd(1UL, 3UL); Size = None })

    let holds (loss: Tensor) =
        let sources = [ input 0 [ 2; 3 ]; input 1 [ 3 ] ]
        let numbers = values "random" |> List.take 2
        let actual = evaluate numbers (gradient loss sources)

        for i in 0..1 do
            near 1e-6 $"source {i}" (differences 1e-5 numbers loss i) actual[i]

    Check.One(config, Prop.forAll (Arb.fromGen smooth) holds)
