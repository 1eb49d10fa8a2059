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

    let private part (colour: string) (i: int) : int =
        Int32.Parse(colour.AsSpan(i, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)

    /// The colour a share of the way, in [0, 1], along evenly spaced colours: red, green and blue.
    let private along (colours: string) (share: float) : int * int * int =
        let colours = colours.Split ' '
        let place = (min 1.0 (max 0.0 share)) * float (colours.Length - 1)
        let below = min (int place) (colours.Length - 2)
        let share = place - float below

        let mix i =
            int (
                Math.Round(
                    float (part colours[below] i) * (1.0 - share)
                    + float (part colours[below + 1] i) * share
                )
            )

        mix 1, mix 3, mix 5

    // Viridis from its dark end to where it becomes too light for a line on white.
    let private viridis =
        along "#440154 #46327e #365c8d #277f8e #1fa187 #4ac16d #a0cd28"

    /// For an ordered axis: `count` steps of viridis from dark to light, light enough apart to follow in grey too.
    let ordered (count: int) : string list = [
        for i in 0 .. count - 1 do
            let red, green, blue = viridis (float i / float (max 1 (count - 1)))
            $"#{red:x2}{green:x2}{blue:x2}"
    ]

    /// Cividis, which colour-blind readers see as others do, at a share of its length.
    let cividis: float -> int * int * int =
        along "#00224e #1a386f #434e6c #61646f #7d7c78 #9b9476 #bbaf68 #ddcb4d #fee838"

    /// The colour "#rrggbb" with an opacity in [0, 1].
    let translucent (opacity: float) (colour: string) : string =
        $"rgba({part colour 1},{part colour 3},{part colour 5},{string opacity})"
