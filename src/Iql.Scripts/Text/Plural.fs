namespace Iql.Scripts

/// Counted things.
[<RequireQualifiedAccess>]
module Plural =

    /// "1 thread", "2 threads".
    let count (number: int) (word: string) : string =
        if number = 1 then $"1 {word}" else $"{number} {word}s"
