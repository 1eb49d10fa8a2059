/// Axes of a still picture: which values they span, where they lie, and their ticks.
module internal Iql.Scripts.SvgAxis

open System.Globalization
open Iql.Scripts.SvgPen

type Kind =
    | Linear
    | Log
    | Category of string list

/// One axis of one panel: values from Low to High lie on pixels From to To.
type Axis = {
    Kind: Kind
    Layout: Json
    Low: float
    High: float
    From: float
    To: float
}

let coordinate (kind: Kind) (value: Json) : float option =
    match kind, value with
    | Category labels, Json.Text label -> labels |> List.tryFindIndex ((=) label) |> Option.map float
    | Category _, Json.Number place -> Some place
    | Log, Json.Number value when value > 0.0 -> Some(log10 value)
    | Linear, Json.Number value -> Some value
    | _ -> None

let pixel (axis: Axis) (value: float) : float =
    axis.From + (value - axis.Low) / (axis.High - axis.Low) * (axis.To - axis.From)

let at (axis: Axis) (value: Json) : float option =
    coordinate axis.Kind value |> Option.map (pixel axis)

/// Every value of a trace along one axis, spread out: error bars, bars' feet, whiskers, cells' edges.
let extent (kind: Kind) (letter: string) (trace: Json) : float list =
    let own = trace |> Json.field letter |> Json.items |> List.choose (coordinate kind)

    match Json.text "type" trace, letter with
    | Some "heatmap", _ ->
        match kind, own with
        | Category _, _ -> []
        | _, first :: second :: _ ->
            let half = abs (second - first) / 2.0
            [ List.min own - half; List.max own + half ]
        | _ -> own
    | Some "bar", "y" -> 0.0 :: own
    | Some "box", "y" -> own @ Json.numbers "lowerfence" trace @ Json.numbers "upperfence" trace
    | Some "scatter", "y" ->
        let bars = Json.field "error_y" trace
        let longer = Json.numbers "array" bars
        let shorter = Json.numbers "arrayminus" bars

        if longer.Length = own.Length && shorter.Length = own.Length then
            List.map2 (+) own longer @ List.map2 (-) own shorter
        elif Json.text "fill" trace = Some "tozeroy" then
            0.0 :: own
        else
            own
    | _ -> own

let axis (layout: Json) (letter: string) (name: string) (from: float) (till: float) (traces: Json list) : Axis =
    let own = Json.field name layout

    let texts = [
        for trace in traces do
            for item in Json.field letter trace |> Json.items do
                match item with
                | Json.Text text -> text
                | _ -> ()
    ]

    let kind =
        match Json.text "type" own with
        | Some "log" -> Log
        | _ when not texts.IsEmpty -> Category(List.distinct texts)
        | _ -> Linear

    let values = traces |> List.collect (extent kind letter)

    let tight =
        traces |> List.exists (fun trace -> Json.text "type" trace = Some "heatmap")

    let low, high =
        match kind, Json.numbers "range" own, values with
        | _, [ low; high ], _ -> low, high
        | Category labels, _, _ -> -0.5, float labels.Length - 0.5
        | _, _, [] -> 0.0, 1.0
        | _, _, values ->
            let low, high = List.min values, List.max values

            let room =
                if tight then 0.0
                elif high > low then 0.05 * (high - low)
                else 0.5

            (if Json.text "rangemode" own = Some "tozero" && low >= 0.0 then
                 0.0
             else
                 low - room),
            high + room

    let low, high =
        if Json.text "autorange" own = Some "reversed" then
            high, low
        else
            low, high

    {
        Kind = kind
        Layout = own
        Low = low
        High = (if low = high then low + 1.0 else high)
        From = from
        To = till
    }

let ticks (axis: Axis) : (float * string) list =
    let plain (value: float) =
        if axis.Layout |> Json.text "tickformat" = Some ".0%" then
            (100.0 * value).ToString("0.#", CultureInfo.InvariantCulture) + "%"
        elif abs value >= 1e6 then
            (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + "M"
        elif abs value >= 1e3 then
            (value / 1e3).ToString("0.##", CultureInfo.InvariantCulture) + "k"
        else
            value.ToString("0.####", CultureInfo.InvariantCulture).Replace('-', '−')

    let low, high = min axis.Low axis.High, max axis.Low axis.High

    match axis.Kind with
    | Category labels -> labels |> List.mapi (fun i label -> float i, label)
    | Log -> [ for power in ceil low .. floor high -> power, plain (10.0 ** power) ]
    | Linear ->
        let rough = (high - low) / 5.0
        let size = 10.0 ** floor (log10 rough)

        let step =
            [ 1.0; 2.0; 5.0; 10.0 ]
            |> List.map ((*) size)
            |> List.find (fun step -> step >= rough * 0.999)

        [
            for i in ceil (low / step) .. floor (high / step) -> i * step, plain (i * step)
        ]

let title (json: Json) : string =
    json |> Json.field "title" |> Json.text "text" |> Option.defaultValue ""

let small = "font-size=\"12\" fill=\"#52606d\""

let frame (x: Axis) (y: Axis) : string list = [
    let visible (axis: Axis) =
        Json.tryField "visible" axis.Layout <> Some(Json.Bool false)

    let labelled (axis: Axis) =
        Json.tryField "showticklabels" axis.Layout <> Some(Json.Bool false)

    let gridded (axis: Axis) =
        Json.tryField "showgrid" axis.Layout <> Some(Json.Bool false)

    if visible x then
        for value, label in ticks x do
            let place = pixel x value

            if gridded x then
                stroke place y.From place y.To "#e8ebef" 1.0

            if labelled x then
                words place (y.From + 18.0) "middle" small label

        stroke x.From y.From x.To y.From "#9aa5b1" 1.0
        words ((x.From + x.To) / 2.0) (y.From + 40.0) "middle" "font-size=\"13\"" (title x.Layout)

    if visible y then
        for value, label in ticks y do
            let place = pixel y value

            if gridded y then
                stroke x.From place x.To place "#e8ebef" 1.0

            if labelled y then
                words (x.From - 7.0) (place + 4.0) "end" small label

        stroke x.From y.From x.From y.To "#9aa5b1" 1.0
        let middle, left = (y.From + y.To) / 2.0, x.From - 46.0

        words left middle "middle" $"font-size=\"13\" transform=\"rotate(-90 {px left} {px middle})\"" (title y.Layout)
]
