/// Pictures of an explanation: its graph, its kernels over time, its memory over phases.
module internal Iql.Scripts.ExplainPicture

open System.Collections.Generic
open System.Net
open Iql.Graph
open Iql.Scripts.SvgPen

let private wide = 1020.0

let private svg (height: float) (body: string list) : string =
    let body = String.concat "" body

    $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {px wide} {px height}\" style=\"width:100%%\" font-family=\"system-ui, Segoe UI, Roboto, Helvetica, Arial, sans-serif\" fill=\"#1f2933\">{body}</svg>"

let private hinted (hint: string) (inner: string) : string =
    $"<g><title>{WebUtility.HtmlEncode hint}</title>{inner}</g>"

/// A colour for every kind of kernel, in the order in which they appear.
let colours (explanation: Explanation) : Map<string, string> =
    explanation.Kernels
    |> List.map (fun kernel -> KernelKind.name kernel.Info)
    |> List.distinct
    |> List.mapi (fun i kind -> kind, Palette.categorical[i % Palette.categorical.Length])
    |> Map

/// Kinds and their colours in a row.
let legend (explanation: Explanation) : string =
    let kinds =
        explanation.Kernels
        |> List.map (fun kernel -> KernelKind.name kernel.Info)
        |> List.distinct

    let colours = colours explanation

    let marks, _ =
        (([], 0.0), kinds)
        ||> List.fold (fun (marks, x) kind ->
            let mark =
                box x 4.0 (x + 14.0) 18.0 $"rx=\"3\" fill=\"{colours[kind]}\""
                + words (x + 20.0) 15.5 "start" "font-size=\"13\"" kind

            mark :: marks, x + 44.0 + 7.2 * float kind.Length)

    svg 24.0 (List.rev marks)

/// The nodes, framed in the colour of the kernel kind that computes them; constants stand in their users.
let graph (explanation: Explanation) : string =
    let nodes =
        explanation.Simplified |> List.filter (fun node -> node.Op <> Op.Constant)

    let number = Dictionary<Tensor, int>(HashIdentity.Reference)
    nodes |> List.iteri (fun i node -> number[node] <- i)
    let colours = colours explanation
    let owner = Dictionary<Tensor, string>(HashIdentity.Reference)

    for kernel in explanation.Kernels do
        for node in kernel.Info.Nodes do
            owner[node] <- colours[KernelKind.name kernel.Info]

    let name = ExplainText.names explanation.Simplified

    LayeredPicture.write [
        for node in nodes ->
            let constants =
                node.Sources
                |> Seq.filter (fun source -> source.Op = Op.Constant)
                |> Seq.map (fun source -> Json.numberText source.Number)
                |> List.ofSeq

            {
                Label =
                    (if node.Op = Op.Input then
                         [ node.Name; string node.Shape ]
                     else
                         [ String.concat " " (string node.Op :: constants); $"{name node} {node.Shape}" ])
                Hint =
                    (if node.Op = Op.Input then
                         string node
                     else
                         ExplainText.node name node)
                Colour =
                    (match owner.TryGetValue node with
                     | true, colour -> colour
                     | _ -> "#c3cad4")
                Sources = [
                    for source in node.Sources do
                        match number.TryGetValue source with
                        | true, i -> i
                        | _ -> ()
                ]
            }
    ]

/// The kernels and what they hand each other, for graphs whose nodes are too many to draw.
let kernels (explanation: Explanation) : string =
    let colours = colours explanation
    let owner = Dictionary<Tensor, int>(HashIdentity.Reference)

    explanation.Kernels
    |> List.iteri (fun i kernel ->
        for node in kernel.Info.Nodes do
            owner.TryAdd(node, i) |> ignore)

    // A view of a node (a reshape, say) leads to the kernel that computed it.
    let rec from (node: Tensor) : int list =
        match owner.TryGetValue node with
        | true, i -> [ i ]
        | _ -> node.Sources |> Seq.collect from |> Seq.distinct |> List.ofSeq

    LayeredPicture.write [
        for i, kernel in List.indexed explanation.Kernels ->
            let extents =
                match kernel.Info.Extents |> Seq.map string<int> |> List.ofSeq with
                | [] -> "1"
                | extents -> String.concat " × " extents

            {
                Label = [
                    $"k{i} {kernel.Info.Kind}"
                    $"{extents}, {ExplainText.microseconds kernel.Microseconds}"
                ]
                Hint = $"phase {kernel.Info.Phase}: {kernel.Info}"
                Colour = colours[KernelKind.name kernel.Info]
                Sources =
                    kernel.Info.Nodes
                    |> Seq.collect _.Sources
                    |> Seq.collect from
                    |> Seq.filter (fun source -> source < i)
                    |> Seq.distinct
                    |> List.ofSeq
            }
    ]

/// Kernels over time, a row a phase: what one worker does, from the first microsecond to the last. Empty where nothing was timed.
let timeline (explanation: Explanation) : string =
    match ExplainText.sum explanation.Kernels with
    | None -> ""
    | Some total when total <= 0.0 -> ""
    | Some total ->
        let left, right, rowHigh = 80.0, wide - 110.0, 30.0
        let colours = colours explanation
        let across time = left + time / total * (right - left)
        let count = ExplainText.phases explanation
        let bottom = 8.0 + float count * rowHigh

        let bars, _ =
            (([], 0.0), List.indexed explanation.Kernels)
            ||> List.fold (fun (bars, start) (i, kernel) ->
                let time = Option.defaultValue 0.0 kernel.Microseconds
                let y = 8.0 + float kernel.Info.Phase * rowHigh
                let x0, x1 = across start, across (start + time)

                let bar =
                    box
                        x0
                        (y + 4.0)
                        (max (x0 + 0.6) x1)
                        (y + rowHigh - 4.0)
                        $"fill=\"{colours[KernelKind.name kernel.Info]}\" stroke=\"#ffffff\" stroke-width=\"0.6\""

                let label =
                    if x1 - x0 > 26.0 then
                        words ((x0 + x1) / 2.0) (y + 19.0) "middle" "font-size=\"11\" fill=\"#ffffff\"" $"k{i}"
                    else
                        ""

                let hint =
                    $"k{i}: {ExplainText.kernel kernel}, {ExplainText.microseconds kernel.Microseconds} {ExplainText.rate kernel}"

                hinted hint (bar + label) :: bars, start + time)

        svg (bottom + 44.0) [
            for phase in 0 .. count - 1 do
                let y = 8.0 + float phase * rowHigh

                let own =
                    explanation.Kernels |> List.filter (fun kernel -> kernel.Info.Phase = phase)

                stroke left (y + rowHigh) right (y + rowHigh) "#e8ebef" 1.0
                words (left - 10.0) (y + 19.0) "end" "font-size=\"12\" fill=\"#52606d\"" $"phase {phase}"

                words
                    (right + 8.0)
                    (y + 19.0)
                    "start"
                    "font-size=\"12\" fill=\"#52606d\""
                    (ExplainText.microseconds (ExplainText.sum own))
            yield! List.rev bars
            for part in 0..4 do
                let time = total * float part / 4.0
                stroke (across time) bottom (across time) (bottom + 5.0) "#9aa5b1" 1.0

                words
                    (across time)
                    (bottom + 20.0)
                    "middle"
                    "font-size=\"12\" fill=\"#52606d\""
                    (ExplainText.microseconds (Some time))
        ]

/// Temporaries as rectangles: across, the kernels during which each is needed; up, where it lies. Empty without any.
let memory (explanation: Explanation) : string =
    if explanation.Memory.IsEmpty || explanation.MemoryLength = 0 then
        ""
    else
        let left, right, top, high = 80.0, wide - 20.0, 8.0, 320.0
        let count = explanation.Kernels.Length

        let across kernel =
            left + float (min count kernel) / float count * (right - left)

        let up floats =
            top + high * (1.0 - float floats / float explanation.MemoryLength)

        let name = ExplainText.names explanation.Simplified
        let quiet = "font-size=\"12\" fill=\"#52606d\""

        svg (top + high + 44.0) [
            for phase, kernels in
                explanation.Kernels
                |> List.indexed
                |> List.groupBy (fun (_, kernel) -> kernel.Info.Phase) do
                let x0, x1 = across (fst kernels.Head), across (fst (List.last kernels) + 1)
                stroke x0 top x0 (top + high + 6.0) "#c3cad4" 1.0

                if x1 - x0 > 50.0 then
                    words ((x0 + x1) / 2.0) (top + high + 18.0) "middle" quiet $"phase {phase}"
            for part in 0..4 do
                let floats = float explanation.MemoryLength * float part / 4.0
                words (left - 8.0) (top + high * (1.0 - float part / 4.0) + 4.0) "end" quiet (ExplainText.bytes floats)
            for i, buffer in List.indexed explanation.Memory do
                let first, last = ExplainText.first buffer, ExplainText.last buffer
                let x0, x1 = across first + 0.5, across (last + 1) - 0.5
                let y0, y1 = up buffer.Offset, up (buffer.Offset + buffer.Length)
                let colour = Palette.categorical[i % Palette.categorical.Length]
                let what = $"{name buffer.Value} {buffer.Value.Op} {buffer.Value.Shape}"

                let frame =
                    box
                        x0
                        y0
                        x1
                        y1
                        $"fill=\"{Palette.translucent 0.22 colour}\" stroke=\"{colour}\" stroke-width=\"0.8\""

                let label =
                    if y0 - y1 > 13.0 && x1 - x0 > 6.2 * float what.Length then
                        words ((x0 + x1) / 2.0) ((y0 + y1) / 2.0 + 4.0) "middle" "font-size=\"11\"" what
                    else
                        ""

                let hint =
                    $"{what}: {ExplainText.bytes (float buffer.Length)} at {ExplainText.bytes (float buffer.Offset)}, from k{first} to k{last}"

                hinted hint (frame + label)
        ]
