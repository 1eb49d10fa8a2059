namespace Iql.Scripts

open System
open System.Globalization
open System.Text.RegularExpressions

/// A published normalised score, with its spread where one stands beside it; the table says of what.
type PublishedScore = { Value: float; Spread: float option }

/// What scores are of, so that alike stands beside alike.
[<RequireQualifiedAccess>]
type PublishedPhase =
    /// Training from data alone.
    | Offline
    /// The same, where the runs then went on online.
    | BeforeOnline
    | AfterOnline

/// What a printed total is of the rows it closes.
[<RequireQualifiedAccess>]
type PublishedTotalKind =
    | Sum
    | Mean

/// A total as printed, over the datasets named; of none where the source gives the total alone.
type PublishedTotal = {
    Name: string
    Kind: PublishedTotalKind
    Datasets: string list
    /// One an algorithm, in the order of the table's columns.
    Figures: float option list
}

/// A table of scores as somebody published it. Rows are datasets of D4RL, named with their version.
type PublishedTable = {
    /// "corl"
    Name: string
    /// "CORL, last"
    Title: string
    /// Where it stands.
    Source: string
    /// Seeds, which evaluation counts, what the spread is.
    Protocol: string
    /// What its columns may stand beside of ours, if anything: scores of last policies, not of the best ones picked by
    /// the environment.
    Beside: PublishedPhase option
    /// Decimals that its scores are printed with.
    Decimals: int
    /// Columns, as `--algorithm` calls them where Iql has them.
    Algorithms: string list
    Rows: (string * PublishedScore option list) list
    Totals: PublishedTotal list
}

/// Reading a table, and its figures.
[<RequireQualifiedAccess>]
module PublishedTable =

    /// "42.4", "42.40±0.19" or "–"; groups 1 to 3 are the value, its decimals and the spread.
    let private cell = Regex(@"^(?:–|(-?\d+(?:\.(\d+))?)(?:±([\d.]+))?)$")

    let private score (text: string) : PublishedScore option =
        let groups = (cell.Match text).Groups

        let number (i: int) = if groups[i].Success then Some(float groups[i].Value) else None

        number 1 |> Option.map (fun value -> { Value = value; Spread = number 3 })

    /// A line's kind of total, its name and its cells.
    let private split (line: string) =
        match List.ofArray (line.Split(' ', StringSplitOptions.RemoveEmptyEntries)) with
        | "sum" :: name :: cells -> Some PublishedTotalKind.Sum, name, cells
        | "mean" :: name :: cells -> Some PublishedTotalKind.Mean, name, cells
        | words -> None, List.head words, List.tail words

    /// Rows and totals, each total with the rows since the one before it.
    let private fold (rows, totals, above) (kind, name, cells) =
        let scores = List.map score cells

        match kind with
        | None -> (name, scores) :: rows, totals, name :: above
        | Some kind ->
            let total = {
                Name = name
                Kind = kind
                Datasets = List.rev above
                Figures = scores |> List.map (Option.map _.Value)
            }

            rows, total :: totals, []

    /// A table from its text. Lines "name: …", "title: …", "source: …" and "protocol: …" come first, "beside: yes" (or
    /// "before" or "after" fine-tuning) where scores of others may stand beside them, then a line of column names and a
    /// line a dataset, cells apart by spaces. A total ("sum locomotion", "mean maze2d") closes the rows since the one
    /// before it.
    let read (text: string) : Result<PublishedTable, string> =
        let header, lines =
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries ||| StringSplitOptions.TrimEntries)
            |> List.ofArray
            |> List.partition _.Contains(": ")

        let entry (key: string) =
            header |> List.tryFind _.StartsWith(key + ": ") |> Option.map _.Substring(key.Length + 2)

        match entry "name", entry "title", entry "source", entry "protocol", List.map split lines with
        | Some name, Some title, Some source, Some protocol, (_, _, algorithms) :: body ->
            let wrong (_, _, cells: string list) =
                cells.Length <> algorithms.Length || cells |> List.exists (fun text -> not (cell.IsMatch text))

            match List.tryFind wrong body with
            | Some(_, row, cells) ->
                let got = String.concat " " cells
                Error $"{name}, {row}: expected {algorithms.Length} scores such as 42.4, 42.4±0.2 or –, got {got}."
            | None ->
                let rows, totals, _ = List.fold fold ([], [], []) body

                Ok {
                    Name = name
                    Title = title
                    Source = source
                    Protocol = protocol
                    Beside =
                        match entry "beside" with
                        | Some "yes" -> Some PublishedPhase.Offline
                        | Some "before" -> Some PublishedPhase.BeforeOnline
                        | Some "after" -> Some PublishedPhase.AfterOnline
                        | _ -> None
                    Decimals =
                        body
                        |> List.collect (fun (_, _, cells) -> cells)
                        |> List.fold (fun most text -> max most (cell.Match text).Groups[2].Length) 0
                    Algorithms = algorithms
                    Rows = List.rev rows
                    Totals = List.rev totals
                }
        | _ -> Error $"expected a table with a name, a title, a source, a protocol and rows, got {text}"

    /// A number as the table prints it.
    let number (table: PublishedTable) (value: float) : string =
        value.ToString("F" + string table.Decimals, CultureInfo.InvariantCulture)

    /// The score of an algorithm on a dataset, if the table has it.
    let find (dataset: string) (algorithm: string) (table: PublishedTable) : PublishedScore option =
        table.Rows
        |> List.tryFind (fun (name, _) -> name = dataset)
        |> Option.bind (fun (_, scores) ->
            List.zip table.Algorithms scores
            |> List.tryPick (fun (name, score) -> if name = algorithm then score else None))
