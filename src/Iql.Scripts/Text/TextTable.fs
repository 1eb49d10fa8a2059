namespace Iql.Scripts

/// Tables of plain text.
[<RequireQualifiedAccess>]
module TextTable =

    /// Rows of equally many cells as lines: the first column set to the left, the others to the right.
    let lines (rows: string list list) : string list =
        match rows with
        | [] -> []
        | first :: _ ->
            let widths = [ for i in 0 .. first.Length - 1 -> rows |> List.map (fun row -> row[i].Length) |> List.max ]

            [
                for row in rows ->
                    List.zip row widths
                    |> List.mapi (fun i (cell, width) -> if i = 0 then cell.PadRight width else cell.PadLeft width)
                    |> String.concat "  "
            ]

    /// The same as a Markdown table; the first row is its head.
    let markdown (rows: string list list) : string list =
        match rows with
        | [] -> []
        | head :: body ->
            let line (cells: string list) = "| " + String.concat " | " cells + " |"

            line head :: line ("---" :: List.replicate (head.Length - 1) "---:") :: List.map line body
