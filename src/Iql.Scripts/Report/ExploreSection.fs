/// Every run in one chart that the reader filters and groups by clicking; explore.js draws it.
module Iql.Scripts.ExploreSection

open System
open System.Text.Json
open Giraffe.ViewEngine
open Giraffe.ViewEngine.Accessibility
open Iql.Scripts.Charts

/// Points of a curve that are enough to look at.
let private most = 100

/// To five digits, which no eye tells from more.
let private short (value: float) : float = if Double.IsFinite value then Double.Parse(value.ToString "G5") else value

let private points (measure: Measure) (run: Run) : (float * float) list =
    let points = Run.curve measure run |> List.filter (snd >> Double.IsFinite)
    let step = (points.Length + most - 1) / most |> max 1
    let last = points.Length - 1

    [
        for i, (x, y) in List.indexed points do
            if (last - i) % step = 0 then
                x, short y
    ]

let private json (value: 'value) : string = JsonSerializer.Serialize(value).Replace("<", "\\u003c")

/// What explore.js takes: axes with their values and colours, and, apart, runs with theirs.
let private data (measure: Measure) (axes: string list) (runs: Run list) : string * string =
    let value name (run: Run) = if run.Labels.ContainsKey name then Run.valueOf name run else "–"

    let values name =
        ResultGroups.values name (ResultGroups.ofRuns [ name ] runs)
        @ if runs |> List.forall _.Labels.ContainsKey(name) then [] else [ "–" ]

    let colours (values: string list) =
        let isOrdered = values |> List.forall (ResultGroups.number >> Option.isSome)
        (if isOrdered then Style.ordered else Style.apart) values.Length

    json {|
        measure = Measure.title measure
        axes = [
            for name in axes ->
                {|
                    name = name
                    symbol = Shown.symbol name
                    title = Shown.axisTitle name
                    values = values name
                    colours = colours (values name)
                |}
        ]
    |},
    json [
        for run in runs ->
            let points = points measure run

            {|
                values = [ for name in axes -> value name run ]
                x = List.map fst points
                y = List.map snd points
                final = Run.final measure run |> Option.map short |> Option.toNullable
            |}
    ]

/// The section, where there are runs to tell apart.
let ofSweep (sweep: SweepResults) : Sections.Section list =
    let runs = sweep.Runs |> List.filter (fun run -> run.Evaluations.Length > 0)
    let seeds = runs |> List.map (Run.valueOf "seed") |> List.distinct
    let axes = ResultGroups.varying sweep @ (if seeds.Length > 1 then [ "seed" ] else [])

    match Measure.ofRuns runs with
    | Some measure when not axes.IsEmpty ->
        let words =
            "Click values to hide or show their runs, and a name to give each of its values a line. A click on a cell \
             of the heat map shows that cell alone. Lines are means over the runs that are left; thin lines are runs."

        let axesData, runsData = data measure axes runs

        [
            "explore",
            "Every run, by clicking",
            [
                figure [ _id "figure-explore" ] [
                    div [ _class "explore" ] [
                        div [ _class "choices" ] []
                        div [ _class "explored"; _roleImg; _ariaLabel $"Curves of {runs.Length} runs" ] []
                        script [ _type "application/json"; _class "axes" ] [ rawText axesData ]
                        script [ _type "application/json"; _class "runs" ] [ rawText runsData ]
                    ]
                    figcaption [] [ str words ]
                    yield! Html.tools
                ]
            ]
        ]
    | _ -> []
