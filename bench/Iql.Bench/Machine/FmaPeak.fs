namespace Iql.Bench

open System
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open Iql.Cpu.Emit

/// The most floating-point operations a machine makes: fused multiply-adds in registers, which wait for nothing and
/// touch no memory. No product of matrices can be faster, so training steps are measured against it.
[<RequireQualifiedAccess>]
module FmaPeak =

    // Two pipes of latency 4 need 8 chains; 12 and two operands fit the 16 registers of AVX2.
    let private chains = 12
    let private probes = 7
    let private floatsOfProbe = 32_000_000

    /// Twelve chains; `next` is a multiply-add whose fixed point is 1, far from infinities and denormals.
    let inline private chained
        ([<InlineIfLambda>] next: 'v -> 'v)
        ([<InlineIfLambda>] add: 'v -> 'v -> 'v)
        (start: 'v)
        rounds
        =
        let mutable a, b, c, d, e, f = start, start, start, start, start, start
        let mutable g, h, i, j, k, l = start, start, start, start, start, start

        for _ in 1..rounds do
            a <- next a
            b <- next b
            c <- next c
            d <- next d
            e <- next e
            f <- next f
            g <- next g
            h <- next h
            i <- next i
            j <- next j
            k <- next k
            l <- next l

        let abcdef = add (add (add a b) (add c d)) (add e f)
        let ghijkl = add (add (add g h) (add i j)) (add k l)
        add abcdef ghijkl

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let private chained512 (rounds: int) : float32 =
        let x, y = Vector512.Create 0.999f, Vector512.Create 1e-3f
        Vector512.Sum(chained (fun a -> Vector512.FusedMultiplyAdd(a, x, y)) (fun a b -> Vector512.Add(a, b)) y rounds)

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let private chained256 (rounds: int) : float32 =
        let x, y = Vector256.Create 0.999f, Vector256.Create 1e-3f
        Vector256.Sum(chained (fun a -> Vector256.FusedMultiplyAdd(a, x, y)) (fun a b -> Vector256.Add(a, b)) y rounds)

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let private chained128 (rounds: int) : float32 =
        let x, y = Vector128.Create 0.999f, Vector128.Create 1e-3f

        Vector128.Sum(
            chained (fun a -> Vector128.MultiplyAddEstimate(a, x, y)) (fun a b -> Vector128.Add(a, b)) y rounds
        )

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let private chained1 (rounds: int) : float32 =
        chained (fun a -> MathF.FusedMultiplyAdd(a, 0.999f, 1e-3f)) (+) 1e-3f rounds

    /// GFLOP/s of a number of threads together with vectors of a set: the best of several probes of about 3 ms.
    let measure (set: InstructionSet) (threads: int) : float =
        let width = int set
        let rounds = floatsOfProbe / width
        let sums = Array.zeroCreate<float32> threads

        let probe =
            match set with
            | InstructionSet.Vector512 -> chained512
            | InstructionSet.Vector256 -> chained256
            | InstructionSet.Vector128 -> chained128
            | _ -> chained1

        // The first round also compiles.
        let seconds = SideBySide.seconds threads (1 + probes) (fun worker _ -> sums[worker] <- probe rounds)

        float threads * 2.0 * float chains * float width * float rounds / Array.min seconds / 1e9
