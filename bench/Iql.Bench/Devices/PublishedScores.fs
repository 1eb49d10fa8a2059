namespace Iql.Bench

open System
open System.Globalization
open System.IO
open System.Text.Json
open Iql.Scripts

/// Scores of the default ablation, beside those that docs/numbers.json has of a processor.
[<RequireQualifiedAccess>]
module PublishedScores =

    // The grid of that table: expectiles down, inverse temperatures across.
    let private expectiles = [ "0.5"; "0.7"; "0.8"; "0.9"; "0.98" ]
    let private temperatures = [ "0"; "1"; "3"; "10"; "100" ]

    /// The scores of a cell, one for each seed, of `iql ablate`: the second command of the table "default".
    let private published (file: string) : (string * string -> float list) =
        use document = JsonDocument.Parse(File.ReadAllText file)

        let table =
            document.RootElement.GetProperty("tables").EnumerateArray()
            |> Seq.find (fun table -> table.GetProperty("name").GetString() = "default")

        let cells =
            Map [
                for row, expectile in List.indexed expectiles do
                    for column, temperature in List.indexed temperatures do
                        let scores = table.GetProperty("scores").[row].[column].[1]
                        (expectile, temperature), [ for score in scores.EnumerateArray() -> score.GetDouble() ]
            ]

        fun cell -> cells[cell]

    /// Mean, and the variance of the mean.
    let private moments (scores: float list) : float * float =
        let mean = List.average scores
        let squares = scores |> List.sumBy (fun score -> (score - mean) ** 2.0)
        let count = float scores.Length
        mean, (if scores.Length > 1 then squares / (count - 1.0) / count else nan)

    let private number (text: string) : float = Double.Parse(text, CultureInfo.InvariantCulture)

    /// A table in Markdown: a line for each cell of a sweep that has a score. The last column is the difference of the
    /// means over its standard error, Welch's t.
    let lines (file: string) (folder: string) : string list =
        let published = published file
        let runs = (Results.readSweep folder |> Attempt.get).Runs

        let cell (run: Run) =
            let of' axis known = known |> List.tryFind (fun value -> number value = number (Run.valueOf axis run))
            Option.map2 (fun x y -> x, y) (of' "expectile" expectiles) (of' "inverseTemperature" temperatures)

        [
            "| τ | β | runs | here | published | difference | t |"
            "|---|---|---:|---:|---:|---:|---:|"
            for cell, runs in List.groupBy cell runs do
                match cell, runs |> List.choose (Run.final Score) with
                | Some cell, (_ :: _ as scores) ->
                    let here, variance = moments scores
                    let there, other = moments (published cell)
                    let t = (here - there) / sqrt (variance + other)

                    String.concat " | " [
                        $"| {fst cell}"
                        snd cell
                        string<int> scores.Length
                        Rate.digits 1 here
                        Rate.digits 1 there
                        Rate.digits 1 (here - there)
                        (if Double.IsFinite t then Rate.digits 2 t else "–") + " |"
                    ]
                | _ -> ()
        ]
