namespace Iql.Scripts

open System
open System.Globalization
open Iql
open Iql.Algorithms

/// Points drawn at random: a plan as a grid is, but each value appears once.
[<RequireQualifiedAccess>]
module RandomSearch =

    /// From which a value is drawn: a range, on a log scale or not, or a few words.
    type private Space =
        | Range of low: float * high: float * log: bool
        | Words of string list

    let private space (name: string) (word: string) : Result<Space, string> =
        let range, log = if word.EndsWith ":log" then word.Substring(0, word.Length - 4), true else word, false

        match range.Split ".." with
        | [| low; high |] ->
            match Read.numberWhere "" (fun _ -> true) low, Read.numberWhere "" (fun _ -> true) high with
            | Ok low, Ok high when low < high && (low > 0.0 || not log) -> Ok(Range(low, high, log))
            | _ ->
                Error
                    $"{name}: expected a range such as 0.5..0.95, or 0.0001..0.01:log above 0, got {Plural.short word}."
        | _ -> Ok(Words(List.ofArray (word.Split(',', StringSplitOptions.TrimEntries))))

    /// Three digits decide nothing that a sweep could tell apart.
    let private shown (hyperparameter: Hyperparameter) (value: float) : string =
        let rounded = value.ToString("G3", CultureInfo.InvariantCulture)
        let isWhole = hyperparameter.Expected.StartsWith "a whole number"

        if isWhole then
            (Math.Round value).ToString("F0", CultureInfo.InvariantCulture)
        else
            rounded

    /// The value at a share of the way, from 0 to 1.
    let private at (share: float) (name: string) (space: Space) : string =
        match space with
        | Words words -> words[min (words.Length - 1) (int (share * float words.Length))]
        | Range(low, high, false) -> shown (Hyperparameter.find name) (low + share * (high - low))
        | Range(low, high, true) -> shown (Hyperparameter.find name) (low * (high / low) ** share)

    /// So many points: of each name a value between its bounds, "0.5..0.95" evenly and "0.0001..0.01:log" evenly in
    /// the logarithm, or one of some words, "64x64,256x256". The same seed draws the same points; the first ones of a
    /// longer list are those of a shorter.
    let points (count: int) (seed: int) (spaces: (string * string) list) : Result<(string * string) list list, string> =
        spaces
        |> Attempt.each (fun (name, word) -> space name word |> Result.map (fun space -> name, space))
        |> Result.bind (fun spaces ->
            Attempt.run (fun () -> [
                for point in 1..count ->
                    let random = Seed(uint64 seed).Split("random search").Split(uint64 point)
                    [ for i, (name, space) in List.indexed spaces -> name, at (random.Unit(uint64 i)) name space ]
            ]))
        |> Result.bind (fun points ->
            match points |> List.countBy id |> List.tryFind (fun (_, times) -> times > 1) with
            | None -> Ok points
            | Some _ when spaces.IsEmpty ->
                Error "--random: expected a range to draw from, such as --expectiles 0.5..0.95."
            | Some _ ->
                Error $"--random: expected {count} points that differ, got some twice. Ask for fewer, or wider ranges.")
