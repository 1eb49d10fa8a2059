namespace Iql.Scripts

open System
open System.Globalization

/// Values written on a command line. An Error says what would have been right: "a whole number of at least 1".
module Read =

    let private invariant = CultureInfo.InvariantCulture

    /// Any text.
    let text (word: string) : Result<string, string> = if word = "" then Error "some text" else Ok word

    /// A finite number accepted by a test.
    let numberWhere (expected: string) (accept: float -> bool) (word: string) : Result<float, string> =
        match Double.TryParse(word, NumberStyles.Float, invariant) with
        | true, number when Double.IsFinite number && accept number -> Ok number
        | _ -> Error expected

    /// A number in (low, high), bounds excluded.
    let between (low: float) (high: float) (word: string) : Result<float, string> =
        numberWhere (String.Format(invariant, "a number in ({0}, {1})", low, high)) (fun x -> x > low && x < high) word

    /// A number in [low, high], bounds included.
    let within (low: float) (high: float) (word: string) : Result<float, string> =
        numberWhere
            (String.Format(invariant, "a number in [{0}, {1}]", low, high))
            (fun x -> x >= low && x <= high)
            word

    /// A number of at least `low`.
    let atLeast (low: float) (word: string) : Result<float, string> =
        numberWhere (String.Format(invariant, "a number of at least {0}", low)) (fun x -> x >= low) word

    /// A number above zero.
    let positive (word: string) : Result<float, string> = numberWhere "a number above 0" (fun x -> x > 0.0) word

    /// Whether a word is a number above 2,000,000,000, of any size: 3000M, 1e300.
    let isHuge (word: string) : bool =
        let digits = word.TrimEnd('k', 'M')

        match Option.ofNullable (Iql.Algorithms.NumberText.Decimal word), Double.TryParse(digits, invariant) with
        | Some number, _ -> number > 2_000_000_000M
        | None, (true, number) -> Double.IsFinite number && number > 2e9
        | _ -> false

    /// A whole number of at least `low`; 20k, 1.5M and 1e4 are 20000, 1500000 and 10000.
    let whole (low: int) (word: string) : Result<int, string> =
        match Option.ofNullable (Iql.Algorithms.NumberText.Decimal word) with
        | _ when isHuge word -> Error $"a whole number from {low} to 2,000,000,000"
        | Some number when number >= decimal low && number = Math.Truncate number -> Ok(int number)
        | _ -> Error $"a whole number of at least {low}"

    /// A number of bytes: 4G, 500M, 65536; k, M and G are powers of 1000.
    let bytes (word: string) : Result<int64, string> =
        let factor =
            match Seq.tryLast word with
            | Some 'k' -> 1_000M
            | Some 'M' -> 1_000_000M
            | Some 'G' -> 1_000_000_000M
            | _ -> 1M

        let digits = if factor > 1M then word[.. word.Length - 2] else word

        match Decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, invariant) with
        | true, number when number > 0M && number * factor < 1e18M -> Ok(int64 (number * factor))
        | _ -> Error "a number of bytes, such as 4G or 500M"

    /// Layer widths: "256x256", or "256,256".
    let sizes (word: string) : Result<int list, string> =
        List.ofArray (word.Split([| 'x'; ',' |]))
        |> Attempt.each (whole 1)
        |> Result.mapError (fun _ -> "layer widths such as 256x256")

    /// One of a few words.
    let oneOf (words: string seq) (word: string) : Result<string, string> =
        if Seq.contains word words then Ok word else Error("one of " + String.concat ", " words)

    /// An Error that names the first two words of one value.
    let private eachOnce (values: (string * 'value) list) : Result<'value list, string> =
        values
        |> List.groupBy snd
        |> List.tryPick (function
            | _, (first, _) :: (second, _) :: _ -> Some(first, second)
            | _ -> None)
        |> function
            | Some(first, second) when first = second -> Error $"each value once, not {first} twice"
            | Some(first, second) -> Error $"each value once, not both {first} and {second}"
            | None -> Ok(List.map snd values)

    let private split (word: string) : string list = List.ofArray (word.Split(',', StringSplitOptions.TrimEntries))

    /// Values between commas, each read by `item`, none of them twice.
    let listOf (item: string -> Result<'value, string>) (word: string) : Result<'value list, string> =
        let words = split word

        if List.contains "" words then
            Error "values with one comma between two of them"
        else
            words
            |> Attempt.each (fun word -> item word |> Result.map (fun value -> word, value))
            |> Result.mapError (sprintf "values between commas, each %s")
            |> Result.bind eachOnce

    /// Seeds: "0,1,2", "0-4", or a mixture; at most 10,000.
    let seeds (word: string) : Result<int list, string> =
        let range (part: string) =
            match part.Split '-' |> Array.map (whole 0) with
            | [| Ok seed |] -> Ok(seed, seed)
            | [| Ok first; Ok last |] when first <= last -> Ok(first, last)
            | _ -> Error "seeds such as 0,1,2 or 0-4"

        split word
        |> Attempt.each (fun part -> range part |> Result.map (fun ends -> part, ends))
        |> Result.bind (fun parts ->
            if parts |> List.sumBy (fun (_, (first, last)) -> int64 last - int64 first + 1L) > 10_000L then
                Error "at most 10,000 seeds"
            else
                eachOnce [
                    for part, (first, last) in parts do
                        for seed in first..last -> part, seed
                ])
