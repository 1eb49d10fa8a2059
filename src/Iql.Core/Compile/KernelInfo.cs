using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Compile;

/// <summary>What one kernel of a compiled graph does, for people and for measuring.</summary>
/// <param name="Phase">Kernels of one phase run without a barrier between them.</param>
/// <param name="Kind">"product", "loop", "sums", "scalars", "move", "random".</param>
/// <param name="Extents">The axes it iterates over.</param>
/// <param name="Nodes">The nodes of the simplified graph it computes, sources first.</param>
/// <param name="Flop">Floating-point operations of a product, two for each multiply-add; 0 for the others, whose work is moving memory.</param>
/// <param name="Floats">Numbers it reads and writes at least, each of its arrays counted once.</param>
/// <param name="IsSingle">One worker does it all.</param>
public sealed record KernelInfo(
    int Phase, string Kind, ImmutableArray<int> Extents, ImmutableArray<Tensor> Nodes, double Flop, double Floats, bool IsSingle)
{
    internal static KernelInfo Of(Group group, Schedule schedule)
    {
        var nodes = group.All.ToImmutableArray();
        var read = nodes.SelectMany(node => node.Sources).Select(Addressing.Root).Distinct().Where(root => !nodes.Contains(root));
        return new(schedule[group], KindOf(group), group.Kept, nodes, FlopOf(group.Anchor), read.Concat(nodes[^1..]).Sum(node => (double)node.Shape.Count),
            schedule.PartitionOf(group).IsSingle);
    }

    internal static KernelInfo OfCopy(int phase) => new(phase, "move", [], [], 0, 0, true);

    static double FlopOf(Tensor? anchor) =>
        anchor?.Op == Op.MatMul ? 2.0 * anchor.Shape.Count * anchor.Sources[0].Shape[anchor.Integers[0] == 1 ? -2 : -1] : 0;

    static string KindOf(Group group) => group.Anchor?.Op switch
    {
        null => group.IsScalar ? "scalars" : "loop",
        Op.MatMul => "product",
        Op.Sum or Op.Max => "sums",
        Op.RandomNormal or Op.RandomUniform => "random",
        _ => "move",
    };

    /// <summary>"product [256, 256]: MatMul Add Rectify"</summary>
    public override string ToString() => $"{Kind} [{string.Join(", ", Extents)}]: {string.Join(' ', Nodes.Select(node => node.Op))}";
}

/// <summary>Where a temporary lies in a compiled graph's memory, in floats, and from which phase to which it is needed.</summary>
public sealed record BufferInfo(Tensor Value, int Offset, int Length, int FirstPhase, int LastPhase);
