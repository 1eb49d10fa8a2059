namespace Iql.Bench

open System
open System.Threading

/// How far two cores are from each other, by the round trip of a cache line.
type CoreDistance =
    /// One thread does everything, or nobody can tell which cores do.
    | Unknown
    /// Below 200 ns: they share a cache.
    | Near
    /// 200 to 300 ns.
    | Between
    /// Above 300 ns: they share none.
    | Far
    /// It changed meanwhile, as where a host moves a virtual machine's processors.
    | Changing

[<RequireQualifiedAccess>]
module CoreDistance =

    let private blocks, trips = 40, 500

    /// Nanoseconds of a cache line's way from one core to another and back: the median over blocks of 500 trips.
    /// Cores that share a cache take 50 to 180, others more than 300. NaN on a machine with one core.
    let nanoseconds () : float =
        if Environment.ProcessorCount < 2 then
            nan
        else
            // A line of its own, so that nothing else travels with it.
            let ball = Array.zeroCreate<int> 64

            let times =
                SideBySide.seconds 2 blocks (fun worker block ->
                    for trip in block * trips .. (block + 1) * trips - 1 do
                        let turn = 2 * trip + worker
                        let mutable spins = 0

                        while Volatile.Read(&ball[32]) <> turn do
                            spins <- spins + 1

                            if spins > 10_000 then
                                Thread.Yield() |> ignore

                        Volatile.Write(&ball[32], turn + 1))

            (Array.sort times)[blocks / 2] / float trips * 1e9

    /// The distance of a round trip.
    let ofNanoseconds (nanoseconds: float) : CoreDistance =
        if nanoseconds < 200.0 then Near
        elif nanoseconds <= 300.0 then Between
        elif nanoseconds > 300.0 then Far
        else Unknown

    /// "near", "far" …; nothing where it is not known.
    let name (distance: CoreDistance) : string = if distance = Unknown then "" else (string distance).ToLowerInvariant()
