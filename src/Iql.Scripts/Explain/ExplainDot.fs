namespace Iql.Scripts

open System.Collections.Generic
open Iql.Graph

/// An explanation as a graph in DOT, the text format of Graphviz: `dot -Tsvg FILE` draws it.
[<RequireQualifiedAccess>]
module ExplainDot =

    type private Box = {
        Id: string
        Label: string list
        /// The label of the frame it stands in; empty outside of all.
        Frame: string
        Sources: string list
    }

    /// A graph of more nodes shows kernels instead: nobody reads so many boxes.
    let private mostNodes = 120

    /// The kernel that computes a node first.
    let private owners (explanation: Explanation) : Dictionary<Tensor, int> =
        let owner = Dictionary<Tensor, int>(HashIdentity.Reference)

        for i, kernel in List.indexed explanation.Kernels do
            for node in kernel.Info.Nodes do
                owner.TryAdd(node, i) |> ignore

        owner

    /// Every node in the frame of its kernel; constants stand in their users.
    let private nodes (explanation: Explanation) : Box list =
        let owner = owners explanation
        let name = ExplainText.names explanation.Simplified
        let isConstant (node: Tensor) = node.Op = Op.Constant

        [
            for node in explanation.Simplified |> List.filter (isConstant >> not) do
                let constants, others = node.Sources |> List.ofSeq |> List.partition isConstant

                {
                    Id = name node
                    Label =
                        if node.Op = Op.Input then
                            [ node.Name; string node.Shape ]
                        else
                            let operation = String.concat " " (string node.Op :: List.map name constants)
                            [ operation; $"{name node} {node.Shape}" ]
                    Frame =
                        match owner.TryGetValue node with
                        | true, i -> ExplainText.numbered i explanation.Kernels[i]
                        | _ -> ""
                    Sources = List.map name others
                }
        ]

    /// Every kernel in the frame of its phase, and what they hand each other.
    let private kernels (explanation: Explanation) : Box list =
        let owner = owners explanation

        // A view of a node (a reshape, say) leads to the kernel that computed it.
        let rec makers (node: Tensor) : int seq =
            match owner.TryGetValue node with
            | true, i -> Seq.singleton i
            | _ -> node.Sources |> Seq.collect makers

        [
            for i, kernel in List.indexed explanation.Kernels ->
                {
                    Id = $"k{i}"
                    Label = [ ExplainText.numbered i kernel ]
                    Frame = $"phase {kernel.Info.Phase}"
                    Sources = [
                        for maker in kernel.Info.Nodes |> Seq.collect _.Sources |> Seq.collect makers do
                            if maker < i then
                                $"k{maker}"
                    ]
                }
        ]

    let private quoted (lines: string list) : string =
        let escaped = [ for line in lines -> line.Replace("\\", "\\\\").Replace("\"", "\\\"") ]
        "\"" + String.concat "\\n" escaped + "\""

    /// The graph's text.
    let write (explanation: Explanation) : string =
        let few = explanation.Simplified.Length <= mostNodes
        let boxes = if few then nodes explanation else kernels explanation

        String.concat "\n" [
            "digraph explanation {"
            $"  graph [label={quoted [ explanation.Name ]}, fontname=\"sans-serif\", color=\"#9aa5b1\"]"
            "  node [shape=box, style=rounded, fontname=\"sans-serif\"]"
            for i, (frame, own) in boxes |> List.groupBy _.Frame |> List.indexed do
                if frame <> "" then
                    $"  subgraph cluster_{i} {{ label={quoted [ frame ]}"

                for box in own do
                    $"    {quoted [ box.Id ]} [label={quoted box.Label}]"

                if frame <> "" then
                    "  }"
            for box in boxes do
                for source in List.distinct box.Sources do
                    $"  {quoted [ source ]} -> {quoted [ box.Id ]}"
            "}"
            ""
        ]
