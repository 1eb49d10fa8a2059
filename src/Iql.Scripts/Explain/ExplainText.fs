namespace Iql.Scripts

open System.Collections.Generic
open System.Globalization
open Iql.Cpu
open Iql.Graph

/// An explanation as lines of text.
[<RequireQualifiedAccess>]
module ExplainText =

    /// Names for nodes: an input's own, a constant's number, "%12" for the others in their order.
    let names (nodes: Tensor list) : Tensor -> string =
        let numbered = Dictionary<Tensor, int>(HashIdentity.Reference)

        for node in nodes do
            if node.Op <> Op.Input && node.Op <> Op.Constant then
                numbered[node] <- numbered.Count

        fun node ->
            match node.Op, numbered.TryGetValue node with
            | Op.Input, _ -> node.Name
            | Op.Constant, _ -> Json.numberText node.Number
            | _, (true, number) -> $"%%{number}"
            | _ -> "?"

    /// "%3 = Multiply [256] (%1, 0.5)"
    let node (name: Tensor -> string) (node: Tensor) : string =
        let source i (tensor: Tensor) =
            if node.Op = Op.MatMul && node.Integers[i] = 1 then
                name tensor + "ᵀ"
            else
                name tensor

        let detail =
            if node.Op = Op.MatMul || node.Integers.IsEmpty then
                ""
            else
                let numbers = node.Integers |> Seq.map string<int> |> String.concat ", "
                $" {{{numbers}}}"

        let sources = node.Sources |> Seq.mapi source |> String.concat ", "
        $"{name node} = {node.Op} {node.Shape}{detail} ({sources})"

    let private computed (nodes: Tensor list) =
        nodes |> List.filter (fun node -> node.Op <> Op.Input && node.Op <> Op.Constant)

    /// "1.5 KB"
    let bytes (floats: float) : string =
        let bytes = 4.0 * floats

        let shown (value: float) unit =
            value.ToString("0.#", CultureInfo.InvariantCulture) + " " + unit

        if bytes < 1024.0 then
            shown bytes "bytes"
        elif bytes < 1024.0 * 1024.0 then
            shown (bytes / 1024.0) "KB"
        else
            shown (bytes / 1024.0 / 1024.0) "MB"

    /// "12.3 µs"
    let microseconds (value: float option) : string =
        match value with
        | Some value ->
            value.ToString((if value < 10.0 then "F2" else "F1"), CultureInfo.InvariantCulture)
            + " µs"
        | None -> "–"

    /// "loop [256, 256]"
    let kernel (kernel: ExplainedKernel) : string =
        let extents = kernel.Info.Extents |> Seq.map string<int> |> String.concat ", "
        $"{KernelKind.name kernel.Info} [{extents}]"

    /// "105.2 GFLOP/s" of a product that was timed, else nothing.
    let rate (kernel: ExplainedKernel) : string =
        match kernel.Microseconds with
        | Some time when time > 0.0 && kernel.Info.Flop > 0.0 ->
            (kernel.Info.Flop / time / 1e3).ToString("F1", CultureInfo.InvariantCulture)
            + " GFLOP/s"
        | _ -> ""

    /// The nodes it computes, the first few by name.
    let nodes (name: Tensor -> string) (kernel: ExplainedKernel) : string =
        let all = kernel.Info.Nodes |> Seq.map (fun node -> name node) |> List.ofSeq

        if all.Length > 9 then
            String.concat " " (List.truncate 8 all) + $" … {all.Length} in all"
        else
            String.concat " " all

    /// Phases of the schedule.
    let phases (explanation: Explanation) : int =
        match explanation.Kernels with
        | [] -> 0
        | kernels -> 1 + (kernels |> List.map _.Info.Phase |> List.max)

    /// Time of kernels together, where it was measured.
    let sum (kernels: ExplainedKernel list) : float option =
        let times = kernels |> List.choose _.Microseconds

        if times.Length = kernels.Length then
            Some(List.sum times)
        else
            None

    let private listing (most: int) (nodes: Tensor list) : string list =
        let name = names nodes
        let computed = computed nodes

        [
            for tensor in List.truncate most computed do
                "   " + node name tensor
            if computed.Length > most then
                $"   … {computed.Length - most} more; --all lists them"
        ]

    let private schedule (explanation: Explanation) : string list =
        let name = names explanation.Simplified

        [
            for phase, kernels in
                explanation.Kernels
                |> List.indexed
                |> List.groupBy (fun (_, kernel) -> kernel.Info.Phase) do
                $"   phase {phase}, {microseconds (sum (List.map snd kernels))}"

                for i, each in kernels do
                    let number, what = $"k{i}".PadRight 4, (kernel each).PadRight 38

                    let time, speed =
                        (microseconds each.Microseconds).PadLeft 10, (rate each).PadLeft 14

                    $"     {number} {what} {time} {speed}  {nodes name each}"
        ]

    /// The first and the last kernel that touch a temporary, by their numbers; one made before all kernels counts from the first.
    let first (buffer: BufferInfo) : int = max 0 (buffer.Made - 1)

    let last (buffer: BufferInfo) : int = max (first buffer) (buffer.LastUse - 1)

    let private temporaries (explanation: Explanation) : string list =
        let name = names explanation.Simplified

        TextTable.lines [
            for buffer in explanation.Memory |> List.sortBy _.Offset ->
                [
                    $"   {name buffer.Value} {buffer.Value.Op} {buffer.Value.Shape}"
                    bytes (float buffer.Length)
                    $"at {bytes (float buffer.Offset)}"
                    $"k{first buffer}–k{last buffer}"
                ]
        ]

    let private counts (nodes: Tensor list) =
        let inputs = nodes |> List.filter (fun node -> node.Op = Op.Input) |> List.length
        $"""{Plural.count (computed nodes).Length "node"} out of {Plural.count inputs "input"}"""

    /// Everything; at most `most` nodes and temporaries of a list.
    let lines (most: int) (explanation: Explanation) : string list =
        let apart = explanation.Memory |> List.sumBy (fun buffer -> float buffer.Length)
        let temporaries = temporaries explanation

        let inPlace =
            if explanation.RunsInPlace then
                "; the state is stepped where it lies"
            else
                ""

        [
            $"1. As written, with gradients: {counts explanation.Traced}"
            yield! listing most explanation.Traced
            ""
            $"2. Simplified: {counts explanation.Simplified}"
            yield! listing most explanation.Simplified
            ""
            $"""3. Schedule: {Plural.count explanation.Kernels.Length "kernel"} in {Plural.count (phases explanation) "phase"}, {(string explanation.InstructionSet).ToLowerInvariant()}, {microseconds (sum explanation.Kernels)} by one thread; within a phase nobody waits for another"""
            yield! schedule explanation
            ""
            if explanation.Memory.IsEmpty then
                $"4. Memory: no temporaries{inPlace}"
            else
                $"4. Memory: {explanation.Memory.Length} temporaries in {bytes (float explanation.MemoryLength)}, apart they would take {bytes apart}{inPlace}"
            yield! List.truncate most temporaries
            if temporaries.Length > most then
                $"   … {temporaries.Length - most} more; --all lists them"
        ]

    /// Everything, as one text.
    let whole (explanation: Explanation) : string =
        lines System.Int32.MaxValue explanation |> String.concat "\n"
