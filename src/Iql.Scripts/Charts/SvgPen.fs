/// Strokes, boxes and words of a still picture.
module internal Iql.Scripts.SvgPen

open System.Globalization
open System.Net
open System.Text.RegularExpressions

/// A pixel, to a tenth.
let px (value: float) : string =
    value.ToString("0.#", CultureInfo.InvariantCulture)

let lines (text: string) : string list =
    Regex.Replace(text, "</?b>", "").Split "<br>" |> List.ofArray

let words (x: float) (y: float) (anchor: string) (style: string) (text: string) : string =
    let lines = lines text
    // Several lines are centred on y.
    let first = y - 7.5 * float (lines.Length - 1)

    lines
    |> List.mapi (fun i line ->
        $"<text x=\"{px x}\" y=\"{px (first + 15.0 * float i)}\" "
        + $"text-anchor=\"{anchor}\" {style}>{WebUtility.HtmlEncode line}</text>")
    |> String.concat ""

let box (x0: float) (y0: float) (x1: float) (y1: float) (style: string) : string =
    $"<rect x=\"{px (min x0 x1)}\" y=\"{px (min y0 y1)}\" "
    + $"width=\"{px (abs (x1 - x0))}\" height=\"{px (abs (y1 - y0))}\" {style}/>"

let stroke (x0: float) (y0: float) (x1: float) (y1: float) (colour: string) (width: float) : string =
    $"<line x1=\"{px x0}\" y1=\"{px y0}\" x2=\"{px x1}\" y2=\"{px y1}\" "
    + $"stroke=\"{colour}\" stroke-width=\"{px width}\"/>"
