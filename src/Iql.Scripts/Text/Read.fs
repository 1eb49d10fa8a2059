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

    /// A whole number of at least `low`; 20k and 1.5M are 20000 and 1500000.
    let whole (low: int) (word: string) : Result<int, string> =
        let digits, factor =
            if word.EndsWith 'k' then word[.. word.Length - 2], 1e3
            elif word.EndsWith 'M' then word[.. word.Length - 2], 1e6
            else word, 1.0

        let fits (number: float) = Double.IsInteger number && number >= float low && number <= 2e9

        match Double.TryParse(digits, NumberStyles.AllowDecimalPoint ||| NumberStyles.AllowLeadingSign, invariant) with
        | true, number when fits (number * factor) -> Ok(int (number * factor))
        | _ -> Error $"a whole number of at least {low}"

    /// Layer widths: "256x256", or "256,256".
    let sizes (word: string) : Result<int list, string> =
        List.ofArray (word.Split([| 'x'; ',' |]))
        |> Attempt.each (whole 1)
        |> Result.mapError (fun _ -> "layer widths such as 256x256")

    /// One of a few words.
    let oneOf (words: string seq) (word: string) : Result<string, string> =
        if Seq.contains word words then Ok word else Error("one of " + String.concat ", " words)

    /// Values between commas, each read by `item`, none of them twice.
    let listOf (item: string -> Result<'value, string>) (word: string) : Result<'value list, string> =
        match List.ofArray (word.Split(',', StringSplitOptions.TrimEntries)) |> Attempt.each item with
        | Ok values when (List.distinct values).Length < values.Length -> Error "each value once"
        | values -> values |> Result.mapError (sprintf "values between commas, each %s")

    /// Seeds: "0,1,2", "0-4", or a mixture.
    let seeds (word: string) : Result<int list, string> =
        let range (part: string) =
            match part.Split '-' |> Array.map (whole 0) with
            | [| Ok seed |] -> Some [ seed ]
            | [| Ok first; Ok last |] when first <= last && last - first < 10_000 -> Some [ first..last ]
            | _ -> None

        let parts = word.Split(',', StringSplitOptions.TrimEntries) |> Array.map range
        let seeds = parts |> Array.choose id |> List.concat

        if Array.contains None parts || (List.distinct seeds).Length < seeds.Length then
            Error "seeds such as 0,1,2 or 0-4, each once"
        else
            Ok seeds
