namespace Iql.Web

open System
open System.Threading

/// How long answers took: counts in buckets that grow by 9 %, in microseconds. Its memory never grows.
type Latency() =
    let counts = Array.zeroCreate<int64> 256

    /// One answer more.
    member _.Add(time: TimeSpan) : unit =
        let bucket = int (8.0 * Math.Log2(1.0 + max 0.0 time.TotalMicroseconds))
        Interlocked.Increment(&counts[min bucket (counts.Length - 1)]) |> ignore

    /// The counts so far.
    member _.Counts: int64[] = Array.init counts.Length (fun i -> Volatile.Read(&counts[i]))

module Latency =

    /// The time within which a share of the answers came, in milliseconds; 0 without answers.
    let within (share: float) (counts: int64[]) : float =
        let sums = counts |> Array.scan (+) 0L |> Array.tail
        let wanted = share * float (Array.last sums)

        if Array.last sums = 0L then
            0.0
        else
            let bucket = sums |> Array.findIndex (fun sum -> float sum >= wanted)
            (Math.Pow(2.0, float (bucket + 1) / 8.0) - 1.0) / 1000.0

    /// "1,000 answers, 50 % within 0.21 ms, 99 % within 0.90 ms"
    let describe (counts: int64[]) : string =
        String.Format(
            Globalization.CultureInfo.InvariantCulture,
            "{0:N0} answers, 50 % within {1:F2} ms, 99 % within {2:F2} ms",
            Array.sum counts,
            within 0.5 counts,
            within 0.99 counts
        )
