/// What `iql data inspect` finds, as a page with charts.
module Iql.Scripts.DatasetPage

open System.Globalization
open System.IO
open Giraffe.ViewEngine
open Iql.Data
open Iql.Data.Inspection

let private number (value: float) =
    value.ToString("G6", CultureInfo.InvariantCulture).Replace("E+", "e").Replace("E-", "e-")

/// The report's page; it holds its charts and needs no network.
let page (report: DatasetReport) : string =
    let counted (value: System.Nullable<int64>) = if value.HasValue then Plural.thousands value.Value else "unknown"

    let facts = [
        "rows", Plural.thousands (int64 report.Rows)
        "episodes", Plural.thousands (int64 report.Episodes.Length)
        "observation", $"{report.ObservationSize} numbers"
        "action",
        (if report.ActionSpace.IsDiscrete then
             $"one of {report.ActionSpace.Size}"
         else
             $"{report.ActionSpace.Size} numbers")
        "terminals", Plural.thousands (int64 report.Terminals)
        "time-outs", counted report.Timeouts
        "breaks within an episode",
        (match Option.ofNullable report.Discontinuities, Option.ofNullable report.SuspectedDiscontinuities with
         | None, Some suspected -> $"{Plural.thousands (int64 suspected)} suspected"
         | known, _ -> known |> Option.map int64 |> Option.toNullable |> counted)
        "duplicate rows", Plural.thousands (int64 report.DuplicateRows)
    ]

    let summaries: (string * (Summary -> float)) list = [
        "least", _.Min
        "median", _.Median
        "greatest", _.Max
        "mean", _.Mean
        "deviation", _.Deviation
    ]

    let columns = [
        "column", (fun (column: ColumnReport) -> Html.cell column.Label)
        for name, pick in summaries do
            name, (fun (column: ColumnReport) -> Html.numberCell number (Some(pick column.Summary)))
        "not finite", (fun (column: ColumnReport) -> Html.cell (string (column.NaNs + column.Infinities)))
    ]

    let numbers = DatasetNumbers.ofReport report

    Html.page report.Name [
        h1 [] [ str report.Name ]
        Html.paragraph report.Source
        for finding in report.Findings do
            Html.styled "warn" finding
        Html.facts "The data set" facts
        if not report.Replay.IsEmpty then
            h2 [] [ str "Replayed" ]

            for line in report.Replay do
                Html.paragraph (line.Substring(0, 1).ToUpperInvariant() + line.Substring 1 + ".")
        h2 [] [ str "Pictures" ]
        for i, picture in List.indexed (Charts.DatasetPicture.named (Option.ofObj report.Names) numbers) do
            yield! Html.figure $"figure-{i + 1}" picture.Caption (DatasetNumbers.spoken numbers) picture.Charts
        h2 [] [ str "Columns" ]
        Html.sortable "Finite numbers of each column" columns (List.ofSeq report.Columns)
        details [] [ summary [] [ str "As text" ]; pre [] [ str (report.ToText()) ] ]
    ]

/// Writes the page under a temporary name, then renames it.
let write (path: string) (report: DatasetReport) : unit =
    AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, page report)))
