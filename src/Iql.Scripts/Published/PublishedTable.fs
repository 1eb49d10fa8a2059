namespace Iql.Scripts

open System
open System.Globalization

/// A normalised score somebody published, with its spread where one stands beside it; the table says of what.
type PublishedScore = { Value: float; Spread: float option }

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
    /// Whether its columns may stand beside ours: scores of last policies, not of the best ones picked by the environment.
    Beside: bool
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

    let private score (word: string) : PublishedScore option =
        let number (text: string) =
            Double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)

        match word.Split '±' with
        | [| "–" |] -> None
        | [| value |] -> Some { Value = number value; Spread = None }
        | parts ->
            Some {
                Value = number parts[0]
                Spread = Some(number parts[1])
            }

    /// A table from its text: a line of column names, then a line a dataset, a total closing the rows since the one before
    /// it ("sum locomotion", "mean maze2d"). Cells are apart by spaces: "42.4", "42.40±0.19", or "–".
    let read (name: string) (title: string) (source: string) (protocol: string) (beside: bool) (text: string) =
        let lines = [
            for line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries) do
                match List.ofArray (line.Split(' ', StringSplitOptions.RemoveEmptyEntries)) with
                | [] -> ()
                | words -> words
        ]

        let head, body = List.tail (List.head lines), List.tail lines

        let total kind name datasets cells = {
            Name = name
            Kind = kind
            Datasets = List.rev datasets
            Figures = [ for cell in cells -> score cell |> Option.map _.Value ]
        }

        let folder (rows, totals, open') (words: string list) =
            match words with
            | "sum" :: name :: cells -> rows, total PublishedTotalKind.Sum name open' cells :: totals, []
            | "mean" :: name :: cells -> rows, total PublishedTotalKind.Mean name open' cells :: totals, []
            | dataset :: cells -> (dataset, List.map score cells) :: rows, totals, dataset :: open'
            | [] -> rows, totals, open'

        let decimals =
            let places (number: string) =
                match number.IndexOf '.' with
                | -1 -> 0
                | point -> number.Length - point - 1

            body
            |> List.collect (fun words -> words |> List.collect (fun word -> List.ofArray (word.Split '±')))
            |> List.filter (fun word -> word <> "" && (Char.IsAsciiDigit word[0] || word[0] = '-'))
            |> List.map places
            |> List.max

        let rows, totals, _ = (([], [], []), body) ||> List.fold folder

        {
            Name = name
            Title = title
            Source = source
            Protocol = protocol
            Beside = beside
            Decimals = decimals
            Algorithms = head
            Rows = List.rev rows
            Totals = List.rev totals
        }

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
