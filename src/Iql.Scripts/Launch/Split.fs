namespace Iql.Scripts

open System

/// How a sweep's groups share the cores: how many are trained at a time, and with how many threads each. Results do not
/// depend on it, only the time they take.
type Split = {
    /// Threads of each place side by side; a group takes the next place that falls free.
    ThreadsEach: int list
}

/// The rule, and the split in words.
[<RequireQualifiedAccess>]
module Split =

    /// One group a core while there are at least as many groups as cores; else every group at once, and the cores
    /// shared out evenly, the first groups getting what is left over. Two groups side by side train more in all than
    /// one on two threads, which has to wait for each other.
    ///
    /// cores: at least 1. groups: those still to be trained; 0 counts as 1.
    let share (cores: int) (groups: int) : Split =
        let cores = max 1 cores
        let places = max 1 (min cores groups)

        {
            ThreadsEach = [
                for place in 0 .. places - 1 -> cores / places + (if place < cores % places then 1 else 0)
            ]
        }

    /// The cores a request gets: as many as asked for, never more than the machine has.
    let cores (machine: int) (asked: int) : int = max 1 (min machine asked)

    /// Groups trained at a time.
    let sideBySide (split: Split) : int = split.ThreadsEach.Length

    /// Threads in all.
    let threads (split: Split) : int = List.sum split.ThreadsEach

    /// "2 groups side by side, 1 thread each"
    let describe (split: Split) : string =
        let groups = Plural.count (sideBySide split) "group"
        let least, most = List.min split.ThreadsEach, List.max split.ThreadsEach

        match sideBySide split with
        | 1 -> $"one group at a time, " + Plural.count most "thread"
        | _ when least = most -> $"{groups} side by side, " + Plural.count most "thread" + " each"
        | _ -> $"{groups} side by side, {least} or {most} threads each"
