/// The value that data give to policies, beside the score that an environment gave.
module Iql.Scripts.Charts.ValueAgainstScore

open Plotly.NET
open Plotly.NET.TraceObjects
open Iql.Scripts

/// A point for each run, coloured by its group.
let figure (measure: Measure) (column: EstimateColumn) (groups: EstimateGroup list) : GenericChart option =
    let points = [
        for group in groups do
            let pairs = [
                for run, estimates in group.Judged do
                    match EstimateColumn.value column estimates, Run.final measure run with
                    | Some number, Some score -> number, score
                    | _ -> ()
            ]

            if not pairs.IsEmpty then
                group.Heading, pairs
    ]

    if points |> List.sumBy (snd >> List.length) < 3 then
        None
    else
        [
            for i, ((heading, pairs), colour) in List.indexed (List.zip points (Style.apart points.Length)) ->
                Chart.Point(
                    pairs,
                    Name = heading,
                    Marker = Marker.init (Color = Style.colour colour, Symbol = Style.symbol i, Size = 9),
                    UseDefaults = false
                )
        ]
        |> Marks.over
        |> Style.titled
            $"{column.Head} against {Measure.title measure}"
            (column.Head.ToLowerInvariant())
            (Measure.title measure)
        |> Style.keyed (if points.Length > 1 then Some "" else None)
        |> Style.tall 420
        |> Some
