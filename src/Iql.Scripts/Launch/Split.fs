namespace Iql.Scripts

open System

/// How a sweep's groups share the cores: the threads of each place side by side. A group takes the next free place.
/// Results do not depend on it, only the time they take.
[<RequireQualifiedAccess>]
module Split =

    /// One group a core while there are at least as many groups as cores; else every group at once, and the cores
    /// shared out evenly, the first groups getting what is left over. Two groups side by side train more in all than
    /// one on two threads, which has to wait for each other.
    ///
    /// cores: at least 1. groups: those still to be trained; 0 counts as 1.
    let share (cores: int) (groups: int) : int list =
        let cores = max 1 cores
        let places = max 1 (min cores groups)

        [ for place in 0 .. places - 1 -> cores / places + (if place < cores % places then 1 else 0) ]

    /// The cores a request gets: as many as asked for, never more than the machine has.
    let cores (machine: int) (asked: int) : int = max 1 (min machine asked)

    /// "2 groups side by side, 1 thread each"
    let describe (split: int list) : string =
        let groups = Plural.count split.Length "group"
        let least, most = List.min split, List.max split

        match split.Length with
        | 1 -> $"one group at a time, " + Plural.count most "thread"
        | _ when least = most -> $"{groups} side by side, " + Plural.count most "thread" + " each"
        | _ -> $"{groups} side by side, {least} or {most} threads each"
