namespace Iql.Scripts

open System
open System.Globalization

/// Colours that colour-blind readers tell apart.
[<RequireQualifiedAccess>]
module Palette =

    /// For things without an order. Source: Okabe and Ito 2008, without its yellow, which is too light for lines, and
    /// with the wine of Tol 2021.
    let categorical: string list = [
        "#0072b2"
        "#d55e00"
        "#009e73"
        "#cc79a7"
        "#e69f00"
        "#56b4e9"
        "#4d4d4d"
        "#882255"
    ]

    /// Colours for so many things without an order; beyond the palette's end they begin again.
    let apart (count: int) : string list = [ for i in 0 .. count - 1 -> categorical[i % categorical.Length] ]

    // Viridis from its dark end to where it becomes too light for a line on white.
    let private viridis = [|
        68, 1, 84
        70, 50, 126
        54, 92, 141
        39, 127, 142
        31, 161, 135
        74, 193, 109
        160, 205, 40
    |]

    /// For an ordered axis: `count` steps of viridis from dark to light, light enough apart to follow in grey too.
    let ordered (count: int) : string list = [
        for i in 0 .. count - 1 do
            let place = float i / float (max 1 (count - 1)) * float (viridis.Length - 1)
            let below = min (int place) (viridis.Length - 2)
            let share = place - float below

            let mix a b =
                int (Math.Round(float a * (1.0 - share) + float b * share))

            let (r0, g0, b0), (r1, g1, b1) = viridis[below], viridis[below + 1]
            $"#{mix r0 r1:x2}{mix g0 g1:x2}{mix b0 b1:x2}"
    ]

    /// The colour "#rrggbb" with an opacity in [0, 1].
    let translucent (opacity: float) (colour: string) : string =
        let part i =
            Int32.Parse(colour.AsSpan(i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)

        $"rgba({part 1},{part 3},{part 5},{string opacity})"
