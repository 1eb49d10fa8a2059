namespace Iql.Scripts

open System
open System.Collections.Generic
open System.Globalization
open Iql.Cpu
open Iql.Graph

/// An explanation as lines of text.
[<RequireQualifiedAccess>]
module ExplainText =

    let private shown (format: string) (value: float) = value.ToString(format, CultureInfo.InvariantCulture)

    let private isComputed (node: Tensor) = node.Op <> Op.Input && node.Op <> Op.Constant

    /// Names for nodes: an input's own, a constant's number, "%12" for the others in their order.
    let names (nodes: Tensor list) : Tensor -> string =
        let numbers = Dictionary<Tensor, int>(HashIdentity.Reference)
        nodes |> List.filter isComputed |> List.iteri (fun i node -> numbers[node] <- i)

        fun node ->
            match node.Op with
            | Op.Input -> node.Name
            | Op.Constant -> shown "R" node.Number
            | _ -> $"%%{numbers[node]}"

    /// "%3 = Multiply [256] (%1, 0.5)"
    let private node (name: Tensor -> string) (node: Tensor) : string =
        let isProduct = node.Op = Op.MatMul

        let source i (tensor: Tensor) = name tensor + (if isProduct && node.Integers[i] = 1 then "ᵀ" else "")

        let detail =
            if isProduct || node.Integers.IsEmpty then
                ""
            else
                let numbers = node.Integers |> Seq.map string<int> |> String.concat ", "
                $" {{{numbers}}}"

        let sources = node.Sources |> Seq.mapi source |> String.concat ", "
        $"{name node} = {node.Op} {node.Shape}{detail} ({sources})"

    /// "1.5 KB"
    let private bytes (floats: int) : string =
        match 4.0 * float floats with
        | bytes when bytes < 1024.0 -> shown "0" bytes + " bytes"
        | bytes when bytes < 1048576.0 -> shown "0.#" (bytes / 1024.0) + " KB"
        | bytes -> shown "0.#" (bytes / 1048576.0) + " MB"

    /// "12.3 µs"
    let private microseconds (value: float option) : string =
        match value with
        | Some value -> shown (if value < 10.0 then "F2" else "F1") value + " µs"
        | None -> "–"

    /// "loop [256, 256]"
    let private kernel (kernel: ExplainedKernel) : string =
        let extents = kernel.Info.Extents |> Seq.map string<int> |> String.concat ", "
        $"{KernelKind.name kernel.Info} [{extents}]"

    /// "k3 loop [256, 256], 12.3 µs"
    let numbered (number: int) (each: ExplainedKernel) : string =
        $"k{number} {kernel each}, {microseconds each.Microseconds}"

    /// "105.2 GFLOP/s" of a product that was timed, else nothing.
    let private rate (kernel: ExplainedKernel) : string =
        match kernel.Microseconds with
        | Some time when time > 0.0 && kernel.Info.Flop > 0.0 -> shown "F1" (kernel.Info.Flop / time / 1e3) + " GFLOP/s"
        | _ -> ""

    /// Time of kernels together; all are timed, or none.
    let private sum (kernels: ExplainedKernel list) : string =
        match List.choose _.Microseconds kernels with
        | [] -> microseconds None
        | times -> microseconds (Some(List.sum times))

    let private listing (most: int) (lines: string list) : string list = [
        for line in List.truncate most lines do
            "   " + line
        if lines.Length > most then
            $"   … {lines.Length - most} more; --all lists them"
    ]

    let private graph (heading: string) (most: int) (nodes: Tensor list) : string list =
        let name = names nodes
        let computed, given = nodes |> List.partition isComputed
        let inputs = given |> List.filter (fun node -> node.Op = Op.Input)

        [
            $"""{heading}: {Plural.count computed.Length "node"} out of {Plural.count inputs.Length "input"}"""
            yield! listing most (List.map (node name) computed)
            ""
        ]

    let private schedule (explanation: Explanation) : string list =
        let name = names explanation.Simplified
        let kernels = Plural.count explanation.Kernels.Length "kernel"

        let phases = explanation.Kernels |> List.indexed |> List.groupBy (fun (_, each) -> each.Info.Phase)

        let count = Plural.count phases.Length "phase"
        let instructions = (string explanation.InstructionSet).ToLowerInvariant()

        let nodes (kernel: ExplainedKernel) =
            match [ for node in kernel.Info.Nodes -> name node ] with
            | all when all.Length > 9 -> String.concat " " (List.truncate 8 all) + $" … {all.Length} in all"
            | all -> String.concat " " all

        [
            $"3. Schedule: {kernels} in {count}, {instructions}, {sum explanation.Kernels} by one thread"
            for phase, kernels in phases do
                $"   phase {phase}, {sum (List.map snd kernels)}"

                for i, each in kernels do
                    let number, what = $"k{i}".PadRight 4, (kernel each).PadRight 38
                    let time = (microseconds each.Microseconds).PadLeft 10
                    $"     {number} {what} {time} {(rate each).PadLeft 14}  {nodes each}"
            ""
        ]

    let private memory (most: int) (explanation: Explanation) : string list =
        let name = names explanation.Simplified

        let place = if explanation.RunsInPlace then "; the state is updated in place" else ""

        let apart = explanation.Memory |> List.sumBy _.Length
        let count = explanation.Memory.Length

        [
            if count = 0 then
                $"4. Memory: no temporaries{place}"
            else
                let length = bytes explanation.MemoryLength
                $"4. Memory: {count} temporaries in {length}, apart they would take {bytes apart}{place}"
            yield!
                [
                    // A temporary that is made before all kernels counts from the first.
                    for buffer in explanation.Memory |> List.sortBy _.Offset ->
                        let first = max 0 (buffer.Made - 1)

                        [
                            $"{name buffer.Value} {buffer.Value.Op} {buffer.Value.Shape}"
                            bytes buffer.Length
                            $"at {bytes buffer.Offset}"
                            $"k{first}–k{max first (buffer.LastUse - 1)}"
                        ]
                ]
                |> TextTable.lines
                |> listing most
        ]

    /// Everything; at most `most` nodes and temporaries of a list.
    let lines (most: int) (explanation: Explanation) : string list = [
        yield! graph "1. As written, with gradients" most explanation.Traced
        yield! graph "2. Simplified" most explanation.Simplified
        yield! schedule explanation
        yield! memory most explanation
    ]

    /// Everything, as one text.
    let whole (explanation: Explanation) : string = lines Int32.MaxValue explanation |> String.concat "\n"
