namespace Iql.Scripts

open System.IO
open Iql.Data

/// An explanation as a page that opens without a network.
[<RequireQualifiedAccess>]
module ExplainPage =

    /// More nodes than this are drawn as the kernels that compute them.
    let private drawable = 120

    let private drawing (svg: string) (caption: string) : Html list =
        if svg = "" then
            []
        else
            [
                Html.plain "figure" [
                    Html.element "div" [ "class", "wide" ] [ Html.Raw svg ]
                    Html.plain "figcaption" [ Html.text caption ]
                ]
            ]

    let private listing (summary: string) (lines: string list) : Html =
        Html.plain "details" [
            Html.plain "summary" [ Html.text summary ]
            Html.plain "pre" [ Html.text (String.concat "\n" lines) ]
        ]

    let private code (nodes: Iql.Graph.Tensor list) : string list =
        let name = ExplainText.names nodes

        [
            for node in nodes do
                if node.Op <> Iql.Graph.Op.Input && node.Op <> Iql.Graph.Op.Constant then
                    ExplainText.node name node
        ]

    let private table (explanation: Explanation) : Html =
        let name = ExplainText.names explanation.Simplified

        let number (value: float) =
            value.ToString((if value < 10.0 then "F2" else "F1"), System.Globalization.CultureInfo.InvariantCulture)

        Html.sortable [ "kernel"; "phase"; "kind"; "µs"; "MFLOP"; "GFLOP/s"; "KB"; "computes" ] [
            for i, kernel in List.indexed explanation.Kernels ->
                let flop = kernel.Info.Flop

                [
                    {
                        Html.Shown = Html.text $"k{i}"
                        Html.SortedBy = string<int> i
                    }
                    Html.cell (string<int> kernel.Info.Phase)
                    Html.cell (ExplainText.kernel kernel)
                    Html.numberCell number kernel.Microseconds
                    Html.numberCell number (if flop > 0.0 then Some(flop / 1e6) else None)
                    Html.numberCell
                        number
                        (match kernel.Microseconds with
                         | Some time when flop > 0.0 && time > 0.0 -> Some(flop / time / 1e3)
                         | _ -> None)
                    Html.numberCell number (Some(KernelKind.bytes kernel.Info / 1024.0))
                    Html.cell (ExplainText.nodes name kernel)
                ]
        ]

    /// The page's text.
    let write (explanation: Explanation) : string =
        let written, simplified = code explanation.Traced, code explanation.Simplified
        let few = explanation.Simplified.Length <= drawable
        let phases = Plural.count (ExplainText.phases explanation) "phase"
        let kernels = Plural.count explanation.Kernels.Length "kernel"

        let apart = explanation.Memory |> List.sumBy (fun buffer -> float buffer.Length)

        let time =
            match ExplainText.sum explanation.Kernels with
            | Some _ as total -> $"One thread needs {ExplainText.microseconds total} for them"
            | None -> "It was not timed: made-up numbers do not fit this graph"

        Html.still $"The life of {explanation.Name}" [
            Html.plain "header" [
                Html.plain "h1" [ Html.text $"The life of {explanation.Name}" ]
                Html.element "p" [ "class", "under" ] [
                    Html.text
                        $"{written.Length} nodes as written, gradients included; {simplified.Length} simplified; {kernels} in {phases}; {(string explanation.InstructionSet).ToLowerInvariant()}"
                ]
                Html.Raw(ExplainPicture.legend explanation)
            ]
            Html.plain "section" [
                yield Html.plain "h2" [ Html.text "Graph" ]
                yield!
                    (if few then
                         drawing
                             (ExplainPicture.graph explanation)
                             "The simplified graph, sources above. A frame has the colour of the kernel that computes the node; grey ones are inputs, views, and scalars computed before the first phase."
                     else
                         drawing
                             (ExplainPicture.kernels explanation)
                             "The kernels and what they hand each other; the nodes are too many to draw and stand below.")
                yield listing $"As written: {written.Length} nodes" written
                yield listing $"Simplified: {simplified.Length} nodes" simplified
            ]
            Html.plain "section" [
                yield Html.plain "h2" [ Html.text "Schedule" ]
                yield
                    Html.paragraph
                        $"{kernels} in {phases}. Within a phase no thread waits for another; a kernel of the next waits for what it needs. {time}."
                yield!
                    drawing
                        (ExplainPicture.timeline explanation)
                        "Kernels over time, a row a phase, as one thread runs them."
                yield table explanation
            ]
            Html.plain "section" [
                yield Html.plain "h2" [ Html.text "Memory" ]
                yield
                    Html.paragraph (
                        if explanation.Memory.IsEmpty then
                            "Nothing has to be stored between kernels."
                        else
                            $"{explanation.Memory.Length} temporaries share {ExplainText.bytes (float explanation.MemoryLength)}; each in a place of its own they would take {ExplainText.bytes apart}. Two may lie in the same place when one is through before the other is made."
                    )
                yield!
                    drawing
                        (ExplainPicture.memory explanation)
                        "Temporaries: across, the kernels from the one that makes it to its last reader; up, where it lies."
            ]
        ]

    /// Writes the page; an existing file is replaced in one move.
    let save (path: string) (explanation: Explanation) : unit =
        let text = write explanation
        AtomicFile.Write(Path.GetFullPath path, (fun (draft: string) -> File.WriteAllText(draft, text)))
