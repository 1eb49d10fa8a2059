namespace Iql.Bench

#nowarn "9" // memory by its address

open System
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Microsoft.FSharp.NativeInterop

/// How fast numbers come from memory and go back: the triad a = b + x·c of McCalpin's STREAM.
[<RequireQualifiedAccess>]
module MemoryBandwidth =

    [<MethodImpl(MethodImplOptions.AggressiveOptimization)>]
    let private triad (a: nativeptr<float32>) (b: nativeptr<float32>) (c: nativeptr<float32>) (count: int) : unit =
        let x = Vector512.Create 0.5f

        for i in 0..16 .. count - 16 do
            let sum =
                Vector512.FusedMultiplyAdd(x, Vector512.Load(NativePtr.add c i), Vector512.Load(NativePtr.add b i))

            Vector512.Store(sum, NativePtr.add a i)

    /// GB/s of a number of threads together on three arrays of so many megabytes together, the best of several passes.
    /// Two arrays read and one written are counted, as STREAM does. The fetch of a line before its write is not.
    let measure (megabytes: int) (passes: int) (threads: int) : float =
        // Floats of an array that one thread works on, whole cache lines.
        let share = megabytes * 1024 * 1024 / 4 / 3 / threads / 64 * 64
        let count = 3 * share * threads
        let memory = NativeMemory.AlignedAlloc(unativeint count * 4un, 64un)
        Span<float32>(memory, count).Fill 1.0f
        let all = NativePtr.ofVoidPtr<float32> memory

        try
            let part array worker = NativePtr.add all ((array * threads + worker) * share)

            let seconds =
                SideBySide.seconds threads (1 + passes) (fun worker _ ->
                    triad (part 0 worker) (part 1 worker) (part 2 worker) share)

            float count * 4.0 / Array.min (Array.tail seconds) / 1e9
        finally
            NativeMemory.AlignedFree memory
