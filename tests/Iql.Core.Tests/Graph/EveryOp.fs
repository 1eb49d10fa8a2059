/// One row for every op (several where an op has cases): a new op is a new row here, and its value and gradient are
/// tested.
module Iql.Core.Tests.Graph.EveryOp

open System
open Iql.Graph
open Iql.Core.Tests.Graph.Dense

/// An op on sources of given shapes, and its meaning in F#.
type Row = {
    Name: string
    Shapes: int list list
    /// Range of the numbers in each source.
    Ranges: (float * float) list
    Build: Tensor list -> Tensor
    Meaning: Dense list -> Dense
    /// Sources with respect to which the gradient is compared with differences.
    Smooth: int list
}

type private Elementwise = {
    Op: Op
    From: float list
    To: float list
    Trace: Tensor[] -> Tensor
    Number: float[] -> float
    In: int list
}

let private unary op trace number = {
    Op = op
    From = [ -2.0 ]
    To = [ 2.0 ]
    Trace = fun x -> trace x[0]
    Number = fun x -> number x[0]
    In = [ 0 ]
}

let private binary op (trace: Tensor * Tensor -> Tensor) number = {
    Op = op
    From = [ -2.0; -2.0 ]
    To = [ 2.0; 2.0 ]
    Trace = fun x -> trace (x[0], x[1])
    Number = fun x -> number x[0] x[1]
    In = [ 0; 1 ]
}

let private positive row = { row with From = row.From |> List.map (fun _ -> 0.3) }

/// The integral of the error function's density by Simpson's rule.
let erf (x: float) : float =
    let n = 2000
    let h = x / float n
    let density t = exp (-t * t)

    let inner =
        Seq.sum (seq { for i in 1 .. n - 1 -> (if i % 2 = 1 then 4.0 else 2.0) * density (float i * h) })

    2.0 / sqrt Math.PI * h / 3.0 * (1.0 + inner + density x)

let private truth condition = if condition then 1.0 else 0.0

let private elementwise = [
    unary Op.Negate (~-) (fun x -> -x)
    unary Op.Exp Tensor.Exp exp
    unary Op.Log Tensor.Log log |> positive
    unary Op.Sqrt Tensor.Sqrt sqrt |> positive
    unary Op.Square Tensor.Square (fun x -> x ** 2.0)
    unary Op.Reciprocal Tensor.Reciprocal (fun x -> x ** -1.0) |> positive
    unary Op.Abs Tensor.Abs (fun x -> sqrt (x * x))
    unary Op.Sign Tensor.Sign (fun x -> float (sign x))
    unary Op.Floor Tensor.Floor floor
    unary Op.Relu Tensor.Relu (fun x -> if x > 0.0 then x else 0.0)
    unary Op.Tanh Tensor.Tanh (fun x -> (exp x - exp -x) / (exp x + exp -x))
    unary Op.Sigmoid Tensor.Sigmoid (fun x -> 1.0 / (1.0 + exp -x))
    unary Op.Softplus Tensor.Softplus (fun x -> log (1.0 + exp x))
    unary Op.Sin Tensor.Sin sin
    unary Op.Cos Tensor.Cos cos
    unary Op.Erf Tensor.Erf erf
    { unary Op.StopGradient Tensor.StopGradient id with In = [] }
    binary Op.Add Tensor.op_Addition (fun x y -> x + y)
    binary Op.Subtract Tensor.op_Subtraction (fun x y -> x - y)
    binary Op.Multiply Tensor.op_Multiply (fun x y -> x * y)
    binary Op.Divide Tensor.op_Division (fun x y -> x / y) |> positive
    binary Op.Minimum Tensor.Minimum (fun x y -> if x < y then x else y)
    binary Op.Maximum Tensor.Maximum (fun x y -> if x < y then y else x)
    binary Op.Less Tensor.Less (fun x y -> truth (x < y))
    binary Op.LessOrEqual Tensor.LessOrEqual (fun x y -> truth (x <= y))
    binary Op.Equal Tensor.Equal (fun x y -> truth (x = y))
    {
        Op = Op.Where
        From = [ 0.0; -2.0; -2.0 ]
        To = [ 2.0; 2.0; 2.0 ]
        In = [ 0; 1; 2 ]
        Trace = fun x -> Tensor.Where(Tensor.Floor x[0], x[1], x[2])
        Number = fun x -> if x[0] >= 1.0 then x[1] else x[2]
    }
]

/// Ranks 0 to 4; broadcasting to the left, to the right, both at once, and over several axes.
let private shapesFor sources : int list list list =
    match sources with
    | 1 -> [ [ [] ]; [ [ 5 ] ]; [ [ 2; 3 ] ]; [ [ 2; 1; 3 ] ]; [ [ 2; 3; 1; 2 ] ] ]
    | 2 -> [
        [ []; [] ]
        [ [ 3 ]; [ 3 ] ]
        [ []; [ 3 ] ]
        [ [ 2; 3 ]; [] ]
        [ [ 2; 3 ]; [ 3 ] ]
        [ [ 1; 3 ]; [ 2; 1 ] ]
        [ [ 3 ]; [ 2; 2; 1 ] ]
        [ [ 2; 1; 2 ]; [ 2; 3; 1 ] ]
        [ [ 2; 2; 3; 2 ]; [ 2; 1; 2 ] ]
        [ [ 1; 1 ]; [ 2; 3 ] ]
      ]
    | _ -> [
        [ []; []; [] ]
        [ [ 3 ]; []; [ 2; 1 ] ]
        [ [ 2; 3 ]; [ 3 ]; [ 1 ] ]
        [ [ 2; 1; 2 ]; [ 3; 1 ]; [ 2; 3; 2 ] ]
      ]

let private stretchedShape (shapes: int list list) =
    let rank = shapes |> List.map List.length |> List.max

    [
        for axis in 0 .. rank - 1 ->
            shapes
            |> List.map (fun s -> if axis < rank - s.Length then 1 else s[axis - rank + s.Length])
            |> List.max
    ]

let private elementwiseRows = [
    for op in elementwise do
        for shapes in shapesFor op.From.Length do
            {
                Name = $"{op.Op} %A{shapes}"
                Shapes = shapes
                Ranges = List.zip op.From op.To
                Build = List.toArray >> op.Trace
                Smooth = op.In
                Meaning =
                    fun sources ->
                        let whole = stretchedShape shapes
                        let stretched = sources |> List.map (stretch whole)

                        { Shape = whole; At = fun index -> op.Number [| for x in stretched -> x.At index |] }
            }
]

let private row name shapes build meaning = {
    Name = name
    Shapes = shapes
    Ranges = shapes |> List.map (fun _ -> -2.0, 2.0)
    Smooth = List.indexed shapes |> List.map fst
    Build = List.toArray >> build
    Meaning = List.toArray >> meaning
}

let private reductions = [
    for extents, axis in
        [
            [ 4 ], 0
            [ 3; 4 ], 0
            [ 3; 4 ], 1
            [ 2; 3; 2 ], 1
            [ 2; 3; 2; 2 ], 0
            [ 2; 3; 2; 2 ], 3
            [ 2; 1 ], 1
        ] do
        let over fold (x: Dense[]) = {
            Shape = at axis 1 extents
            At = fun index -> fold [ for k in 0 .. extents[axis] - 1 -> x[0].At(at axis k index) ]
        }

        row $"Sum {extents} over {axis}" [ extents ] (fun x -> Tensor.Sum(x[0], axis)) (over List.sum)
        row $"Max {extents} over {axis}" [ extents ] (fun x -> Tensor.Max(x[0], axis)) (over List.max)
]

let private products = [
    for transposedX in [ false; true ] do
        for transposedY in [ false; true ] do
            for leadX, leadY, lead in
                [
                    [], [], []
                    [ 2 ], [ 2 ], [ 2 ]
                    [ 2 ], [], [ 2 ]
                    [], [ 2 ], [ 2 ]
                    [ 2 ], [ 1 ], [ 2 ]
                    [ 2; 1 ], [ 3 ], [ 2; 3 ]
                    [ 2; 2 ], [ 1; 1 ], [ 2; 2 ]
                    [ 1; 3 ], [ 2; 1 ], [ 2; 3 ]
                ] do
                let m, k, n = 2, 3, 4
                let pair turned a b = if turned then [ b; a ] else [ a; b ]

                row
                    $"MatMul {leadX} {leadY} {transposedX} {transposedY}"
                    [ leadX @ pair transposedX m k; leadY @ pair transposedY k n ]
                    (fun x -> Tensor.MatMul(x[0], x[1], transposedX, transposedY))
                    (fun x ->
                        let wholeX, wholeY =
                            stretch (lead @ pair transposedX m k) x[0], stretch (lead @ pair transposedY k n) x[1]

                        {
                            Shape = lead @ [ m; n ]
                            At =
                                fun index ->
                                    let outer, i, j =
                                        List.take lead.Length index, index[lead.Length], index[lead.Length + 1]

                                    List.sum [
                                        for l in 0 .. k - 1 ->
                                            wholeX.At(outer @ pair transposedX i l)
                                            * wholeY.At(outer @ pair transposedY l j)
                                    ]
                        })
]

let private moves = [
    row "Reshape [2, 3] to [3, 2]" [ [ 2; 3 ] ] (fun x -> Tensor.Reshape(x[0], shape [ 3; 2 ])) (fun x ->
        ofArray [ 3; 2 ] (toArray x[0]))
    row "Reshape [1] to []" [ [ 1 ] ] (fun x -> Tensor.Reshape(x[0], shape [])) (fun x -> ofArray [] (toArray x[0]))
    row "Reshape [] to [1, 1]" [ [] ] (fun x -> Tensor.Reshape(x[0], shape [ 1; 1 ])) (fun x ->
        ofArray [ 1; 1 ] (toArray x[0]))
    for extents, order in
        [
            [ 2; 3 ], [ 1; 0 ]
            [ 2; 3; 4 ], [ 2; 0; 1 ]
            [ 2; 3; 2; 4 ], [ 0; 2; 1; 3 ]
            [ 2; 3; 2; 4 ], [ 3; 1; 0; 2 ]
        ] do
        row
            $"Transpose {extents} by {order}"
            [ extents ]
            (fun x -> Tensor.Transpose(x[0], ReadOnlySpan(List.toArray order)))
            (fun x -> {
                Shape = order |> List.map (fun axis -> extents[axis])
                At =
                    fun index ->
                        x[0].At [ for axis in 0 .. extents.Length - 1 -> index[List.findIndex ((=) axis) order] ]
            })
    for from, target in
        [
            [], [ 2; 3 ]
            [ 3 ], [ 2; 3 ]
            [ 2; 1 ], [ 2; 3 ]
            [ 1; 3; 1 ], [ 2; 2; 3; 2 ]
            [ 2; 1; 1; 3 ], [ 2; 2; 2; 3 ]
        ] do
        row $"Broadcast {from} to {target}" [ from ] (fun x -> Tensor.Broadcast(x[0], shape target)) (fun x ->
            stretch target x[0])
    for axis, shapes in
        [
            0, [ [ 2 ]; [ 3 ] ]
            1, [ [ 2; 1 ]; [ 2; 3 ]; [ 2; 2 ] ]
            0, [ [ 1; 2; 2 ]; [ 2; 2; 2 ] ]
            2, [ [ 2; 2; 1; 2 ]; [ 2; 2; 2; 2 ] ]
        ] do
        row $"Concat {shapes} along {axis}" shapes (fun x -> Tensor.Concat(axis, ReadOnlySpan x)) (fun x ->
            let rec find i k = if k < x[i].Shape[axis] then i, k else find (i + 1) (k - x[i].Shape[axis])

            {
                Shape = at axis (x |> Array.sumBy (fun part -> part.Shape[axis])) shapes[0]
                At = fun index -> let i, k = find 0 index[axis] in x[i].At(at axis k index)
            })

    let slices = [ [ 5 ], 0, 1, 3; [ 2; 4 ], 1, 2, 2; [ 4; 2 ], 0, 0, 1; [ 2; 3; 2; 2 ], 1, 1, 2 ]

    for extents, axis, start, taken in slices do
        row
            $"Slice {extents} along {axis} from {start}"
            [ extents ]
            (fun x -> Tensor.Slice(x[0], axis, start, taken))
            (fun x -> {
                Shape = at axis taken extents
                At = fun index -> x[0].At(at axis (start + index[axis]) index)
            })

        row
            $"Pad {extents} along {axis} after {start}"
            [ extents ]
            (fun x -> Tensor.Pad(x[0], axis, start, extents[axis] + start + 1))
            (fun x -> {
                Shape = at axis (extents[axis] + start + 1) extents
                At =
                    fun index ->
                        let i = index[axis] - start

                        if i < 0 || i >= extents[axis] then 0.0 else x[0].At(at axis i index)
            })
]

let private tables = [
    for rest in [ []; [ 2 ]; [ 2; 2 ] ] do
        let whole = Tensor.Floor

        {
            row $"Gather {rest}" [ 4 :: rest; [ 5 ] ] (fun x -> Tensor.Gather(x[0], whole x[1])) (fun x -> {
                Shape = 5 :: rest
                At = fun index -> x[0].At(at 0 (int (x[1].At [ index[0] ])) index)
            }) with
                Ranges = [ -2.0, 2.0; 0.0, 4.0 ]
        }

        {
            row $"ScatterAdd {rest}" [ 5 :: rest; [ 5 ] ] (fun x -> Tensor.ScatterAdd(x[0], whole x[1], 4)) (fun x -> {
                Shape = 4 :: rest
                At =
                    fun index ->
                        List.sum [
                            for i in 0..4 do
                                if int (x[1].At [ i ]) = index[0] then
                                    x[0].At(at 0 i index)
                        ]
            }) with
                Ranges = [ -2.0, 2.0; 0.0, 4.0 ]
        }
]

let private random = [
    for extents in [ []; [ 4 ]; [ 2; 3 ] ] do
        let stream (x: Dense[]) number =
            let seed = Iql.Seed(uint64 (floor (x[0].At []))).Split(7UL).Split(uint64 (floor (x[1].At [])))

            ofArray extents (Array.init (count extents) (fun i -> number seed (uint64 i)))

        let counted x = { x with Ranges = [ 0.0, 1e9; 0.0, 1e6 ]; Smooth = [] }

        row
            $"RandomUniform {extents}"
            [ []; [] ]
            (fun x -> Tensor.RandomUniform(Tensor.Floor x[0], Tensor.Floor x[1], 7, shape extents))
            (fun x -> stream x (fun (seed: Iql.Seed) i -> seed.Unit i))
        |> counted

        row
            $"RandomNormal {extents}"
            [ []; [] ]
            (fun x -> Tensor.RandomNormal(Tensor.Floor x[0], Tensor.Floor x[1], 7, shape extents))
            (fun x -> stream x (fun (seed: Iql.Seed) i -> seed.Normal i))
        |> counted
]

let private leaves = [
    row "Input" [ [ 2; 3 ] ] (fun x -> x[0]) (fun x -> x[0])
    row "Constant" [ [] ] (fun _ -> Tensor.Constant 2.5) (fun _ -> ofArray [] [| 2.5 |])
]

/// Every row.
let rows: Row list = leaves @ elementwiseRows @ products @ reductions @ moves @ tables @ random

/// Numbers for a row's sources, always the same.
let numbers (row: Row) : float[] list =
    let seed = Iql.Seed.Named row.Name

    List.zip row.Shapes row.Ranges
    |> List.mapi (fun i (extents, (low, high)) -> uniform (seed.Split(uint64 i)) low high (count extents))
