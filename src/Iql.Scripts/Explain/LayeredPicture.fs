/// A graph drawn in layers, sources above: boxes, and curves from each to those that use it.
module Iql.Scripts.LayeredPicture

open System.Net
open Iql.Scripts.SvgPen

/// A box of the picture.
type Box = {
    /// Two lines at most.
    Label: string list
    /// What the pointer is told.
    Hint: string
    Colour: string
    /// Numbers of the boxes it comes from, all smaller than its own.
    Sources: int list
}

let private wide, high, gapX, gapY, edge = 150.0, 42.0, 18.0, 46.0, 16.0

/// Boxes in a row, so that a picture is as wide as a page.
let private most = 6

/// A row for every box, below all of its sources; a row takes six boxes, leaves aside.
let layers (boxes: Box list) : int list =
    let row = Array.create boxes.Length 0
    let taken = Array.zeroCreate<int>(boxes.Length + 2)

    let rec free (from: int) =
        if taken[from] < most then from else free (from + 1)

    let place i at =
        row[i] <- at
        taken[at] <- taken[at] + 1

    // Row 0 is for leaves; what needs leaves alone may stand in row 1.
    boxes
    |> List.iteri (fun i box ->
        if not box.Sources.IsEmpty then
            place i (free (1 + List.max [ for source in box.Sources -> row[source] ])))

    // A leaf stands right above its first user, where there is room, not far away at the top.
    boxes
    |> List.iteri (fun i box ->
        if box.Sources.IsEmpty then
            let first =
                boxes
                |> List.indexed
                |> List.filter (fun (_, user) -> List.contains i user.Sources)
                |> List.map (fun (user, _) -> row[user])
                |> fun rows -> List.fold min boxes.Length rows

            let above = [ first - 1 .. -1 .. 0 ] |> List.filter (fun at -> taken[at] < most)
            place i (above |> List.tryHead |> Option.defaultValue 0))

    let used = row |> Array.distinct |> Array.sort
    [ for at in row -> Array.findIndex ((=) at) used ]

/// Boxes of each layer, left to right: a box tends to the middle of those it comes from, and then of those that use it.
let private ordered (boxes: Box list) (depth: int list) : int list list =
    let users = Array.create boxes.Length []

    boxes
    |> List.iteri (fun i box ->
        for source in box.Sources do
            users[source] <- i :: users[source])

    let place = Array.init boxes.Length float

    let mutable rows = [
        for layer in 0 .. List.max depth -> [ 0 .. boxes.Length - 1 ] |> List.filter (fun i -> depth[i] = layer)
    ]

    let settle (neighbours: int -> int list) =
        rows <-
            rows
            |> List.map (fun row ->
                let sorted =
                    row
                    |> List.sortBy (fun i ->
                        match neighbours i with
                        | [] -> place[i]
                        | near -> near |> List.averageBy (fun j -> place[j]))

                sorted
                |> List.iteri (fun x i -> place[i] <- float x - float (sorted.Length - 1) / 2.0)

                sorted)

    for _ in 1..4 do
        settle (fun i -> boxes[i].Sources)
        settle (fun i -> users[i])

    rows

/// The picture as an SVG element.
let write (boxes: Box list) : string =
    if boxes.IsEmpty then
        ""
    else
        let rows = ordered boxes (layers boxes)
        let widest = rows |> List.map _.Length |> List.max
        let width = 2.0 * edge + float widest * (wide + gapX) - gapX
        let height = 2.0 * edge + float rows.Length * (high + gapY) - gapY
        let corner = Array.create boxes.Length (0.0, 0.0)

        for y, row in List.indexed rows do
            let left = (width - (float row.Length * (wide + gapX) - gapX)) / 2.0

            for x, i in List.indexed row do
                corner[i] <- left + float x * (wide + gapX), edge + float y * (high + gapY)

        let curves = [
            for i, box in List.indexed boxes do
                for source in List.distinct box.Sources do
                    let x0, y0 = corner[source]
                    let x1, y1 = corner[i]
                    let startX, startY = x0 + wide / 2.0, y0 + high
                    let endX, endY = x1 + wide / 2.0, y1
                    let bend = (endY - startY) / 2.0

                    $"<path d=\"M{px startX} {px startY}C{px startX} {px (startY + bend)} {px endX} {px (endY - bend)} {px endX} {px endY}\" fill=\"none\" stroke=\"#9aa5b1\" stroke-width=\"1.2\"/>"
        ]

        let drawn = [
            for i, each in List.indexed boxes do
                let x, y = corner[i]

                let frame =
                    box
                        x
                        y
                        (x + wide)
                        (y + high)
                        $"rx=\"5\" fill=\"#ffffff\" stroke=\"{each.Colour}\" stroke-width=\"1.6\""

                let lines =
                    each.Label
                    |> List.mapi (fun line text ->
                        let style =
                            if line = 0 then
                                "font-size=\"12\" font-weight=\"600\""
                            else
                                "font-size=\"11\" fill=\"#52606d\""

                        let middle =
                            if each.Label.Length = 1 then
                                26.0
                            else
                                18.0 + 15.0 * float line

                        words (x + wide / 2.0) (y + middle) "middle" style text)

                let hint = WebUtility.HtmlEncode each.Hint
                $"""<g><title>{hint}</title>{frame}{String.concat "" lines}</g>"""
        ]

        let body = String.concat "" (curves @ drawn)

        $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{px width}\" height=\"{px height}\" viewBox=\"0 0 {px width} {px height}\" font-family=\"system-ui, Segoe UI, Roboto, Helvetica, Arial, sans-serif\" fill=\"#1f2933\">{body}</svg>"
