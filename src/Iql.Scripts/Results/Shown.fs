namespace Iql.Scripts

open System.Globalization
open System.Text.RegularExpressions
open Iql.Scripts.Statistics

/// Numbers and hyperparameters as people read them.
[<RequireQualifiedAccess>]
module Shown =

    /// A name of the code in words: "policyLearningRate" is "policy learning rate".
    let words (name: string) : string =
        Regex.Replace(
            name,
            "(?<=[a-z0-9])[A-Z]|(?<=[a-z])\\.(?=[a-z])",
            fun found -> " " + found.Value.Trim('.').ToLowerInvariant()
        )

    /// The paper's letter for a hyperparameter, where it has one; else its name in words.
    let symbol (name: string) : string =
        match name with
        | "expectile" -> "τ"
        | "inverseTemperature" -> "β"
        | "discount" -> "γ"
        | "polyakStep" -> "α"
        | _ -> words name

    /// The symbol, or the name in words with a capital, for the head of a column.
    let head (name: string) : string =
        if symbol name = words name then
            name.Substring(0, 1).ToUpperInvariant() + (words name).Substring 1
        else
            symbol name

    /// The hyperparameter as an axis title: "expectile τ".
    let axisTitle (name: string) : string =
        if symbol name = words name then words name else $"{words name} {symbol name}"

    /// "τ = 0.7, β = 3".
    let values (values: (string * string) list) : string =
        values |> List.map (fun (name, value) -> $"{symbol name} = {value}") |> String.concat ", "

    /// Decimals that leave a number of this size three digits or so.
    let private decimals (size: float) : string =
        if size >= 99.95 || size = 0.0 then "#,0"
        elif size >= 9.995 then "0.0"
        elif size >= 0.9995 then "0.00"
        elif size >= 0.09995 then "0.000"
        elif size >= 0.0009995 then "0.0000"
        else "0.00e0"

    let private written (format: string) (value: float) : string =
        let text = value.ToString(format, CultureInfo.InvariantCulture)
        // What rounds to zero has no sign; others have a true minus, as wide as a plus.
        if text.Trim('-', '0', '.') = "" then text.TrimStart '-' else text.Replace('-', '−')

    /// A number to about three digits.
    let number (value: float) : string = written (decimals (abs value)) (if value = 0.0 then 0.0 else value)

    /// A measured number: scores to a tenth, returns to about three digits.
    let measured (measure: Measure) (value: float) : string =
        match measure with
        | Score -> written "0.0" value
        | Return -> number value

    /// A share in percent, "84.5 %".
    let percent (share: float) : string =
        let percent = 100.0 * share
        written (if percent = round percent then "0" else "0.0") percent + "\u00a0%"

    let private bounds (format: string) (interval: Interval) : string =
        $"[{written format interval.Low},\u00a0{written format interval.High}]"

    /// The decimals of the largest of several numbers that stand together.
    let private alike (values: float list) : string = values |> List.map abs |> List.max |> decimals

    /// "[64, 80]".
    let interval (interval: Interval) : string = bounds (alike [ interval.Low; interval.High ]) interval

    /// "72 [64, 80]".
    let estimate (estimate: Estimate) : string =
        let format = alike [ estimate.Value; estimate.Interval.Low; estimate.Interval.High ]
        $"{written format estimate.Value}\u00a0{bounds format estimate.Interval}"

    /// "72 [64, 80]", or without an interval "72 (one run)".
    let mean (value: float) (interval: Interval option) : string =
        match interval with
        | Some _ -> estimate (estimateOf value interval)
        | None -> $"{number value} (one run)"

    /// The mean of a summary, as `mean` shows it.
    let summary (summary: RunSummary) : string = mean summary.Mean summary.Interval
