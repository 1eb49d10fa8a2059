namespace Iql.Scripts

open System.Globalization

/// Numbers, lists and conditional words in sentences.
[<RequireQualifiedAccess>]
module Plural =

    /// Words that are said only where they are true.
    let given (condition: bool) (words: string) : string = if condition then words else ""

    /// "1 thread", "2 threads".
    let count (number: int) (word: string) : string = if number = 1 then $"1 {word}" else $"{number} {word}s"

    /// Whole numbers with a comma between thousands, as in 20,000.
    let thousands (value: int64) : string = value.ToString("#,0", CultureInfo.InvariantCulture)

    /// A word as it is, or the start of a long one.
    let short (word: string) : string = if word.Length > 60 then word.Substring(0, 57) + "…" else word

    let private joined (word: string) (items: string list) : string =
        match List.rev items with
        | [] -> "none"
        | [ only ] -> only
        | last :: before -> $"""{before |> List.rev |> String.concat ", "} {word} {last}"""

    /// "a", "a and b", "a, b and c".
    let listed (items: string list) : string = joined "and" items

    /// "a", "a or b", "a, b or c".
    let either (items: string list) : string = joined "or" items
