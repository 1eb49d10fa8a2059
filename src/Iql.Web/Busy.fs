namespace Iql.Web

open System
open System.Collections.Generic
open System.Diagnostics

/// Processes of this machine, and the cores that they keep busy between two looks.
type Busy() =
    let before = Dictionary<int, TimeSpan * int64>()

    let used (id: int) : TimeSpan option =
        try
            use found = Process.GetProcessById id
            if found.HasExited then None else Some found.TotalProcessorTime
        with
        | :? ArgumentException
        | :? InvalidOperationException
        | :? ComponentModel.Win32Exception -> None

    /// Whether there is no such process.
    member _.IsGone(id: int) : bool = (used id).IsNone

    /// The cores, since the look before; None at the first look.
    member _.Cores(ids: int list) : float option =
        let shares = [
            for id in List.distinct ids do
                for now in Option.toList (used id) do
                    let at = Stopwatch.GetTimestamp()

                    match before.TryGetValue id with
                    | true, (earlier, since) -> (now - earlier) / Stopwatch.GetElapsedTime(since, at)
                    | _ -> ()

                    before[id] <- (now, at)
        ]

        if shares.IsEmpty then None else Some(List.sum shares)
