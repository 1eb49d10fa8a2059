/// What `iql data inspect` finds, as a page with charts.
module Iql.Scripts.DatasetPage

open System.Globalization
open System.IO
open Iql.Data
open Iql.Data.Inspection

let private number (value: float) =
    value.ToString("G6", CultureInfo.InvariantCulture)

/// The report's page; it holds its charts and needs no network.
let page (report: DatasetReport) : string =
    let counted (value: System.Nullable<int64>) =
        if value.HasValue then string value.Value else "unknown"

    let facts = [
        "rows", string report.Rows
        "episodes", string report.Episodes.Length
        "observation", $"{report.ObservationSize} numbers"
        "action",
        (if report.ActionSpace.IsDiscrete then
             $"one of {report.ActionSpace.Size}"
         else
             $"{report.ActionSpace.Size} numbers")
        "terminals", string report.Terminals
        "time-outs", counted report.Timeouts
        "breaks within an episode", counted report.Discontinuities
        "duplicate rows", string report.DuplicateRows
    ]

    let columns = [
        for column in report.Columns ->
            [
                Html.cell column.Label
                let summary = column.Summary

                for value in [ summary.Min; summary.Median; summary.Max; summary.Mean; summary.Deviation ] do
                    Html.numberCell number (Some value)

                Html.cell (string (column.NaNs + column.Infinities))
            ]
    ]

    Html.page report.Name [
        yield Html.plain "h1" [ Html.text report.Name ]
        yield Html.paragraph report.Source
        for finding in report.Findings do
            yield Html.styled "warn" finding
        yield Html.facts facts
        if not report.Replay.IsEmpty then
            yield Html.plain "h2" [ Html.text "Replayed" ]

            for line in report.Replay do
                yield Html.paragraph (line.Substring(0, 1).ToUpperInvariant() + line.Substring 1 + ".")
        for i, picture in List.indexed (Charts.DatasetPicture.ofNumbers (DatasetNumbers.ofReport report)) do
            yield Html.figure $"figure-{i + 1}" picture.Caption picture.Charts
        yield Html.plain "h2" [ Html.text "Columns" ]
        yield Html.sortable [ "column"; "least"; "median"; "greatest"; "mean"; "deviation"; "not finite" ] columns
        yield
            Html.element "details" [] [
                Html.plain "summary" [ Html.text "As text" ]
                Html.plain "pre" [ Html.text (report.ToText()) ]
            ]
    ]

/// Writes the page under a temporary name, then renames it.
let write (path: string) (report: DatasetReport) : unit =
    AtomicFile.Write(path, (fun (draft: string) -> File.WriteAllText(draft, page report)))
