using System.Collections.Immutable;
using Iql.Graph;

namespace Iql.Cpu;

/// <summary>What one kernel of a compiled graph does, for people and for measuring.</summary>
/// <param name="Phase">No kernel needs other rows of the batch from one of the same phase than its own.</param>
/// <param name="Kind">"product", "loop", "sums", "scalars", "move", "random".</param>
/// <param name="Extents">The axes it iterates over.</param>
/// <param name="Nodes">The nodes of the simplified graph it computes, sources first.</param>
/// <param name="Flop">Operations of a product, two for each multiply-add; 0 for all others, which move memory.</param>
/// <param name="Floats">Numbers it reads and writes at least, each of its arrays counted once.</param>
/// <param name="Owner">The worker that does all of it; null where all workers share it.</param>
public sealed record KernelInfo(
    int Phase, string Kind, ImmutableArray<int> Extents, ImmutableArray<Tensor> Nodes,
    double Flop, double Floats, int? Owner)
{
    internal static ImmutableArray<KernelInfo> Of(Schedule schedule, int copies)
    {
        var kernels = ImmutableArray.CreateBuilder<KernelInfo>();
        int phase = 0, start = 1;
        for (var i = 1; i < schedule.Groups.Count; i++)
        {
            var group = schedule.Groups[i];
            var needed = schedule.Dependencies.Needs(group).Where(need => !need.IsAligned)
                .Select(need => schedule[need.Group]);
            if (needed.Any(position => position >= start)) (phase, start) = (phase + 1, i);
            var (flop, floats) = WorkOf(group);
            kernels.Add(new(phase, KindOf(group), group.Kept, [.. group.All], flop, floats, schedule.WorkerOf(group)));
        }
        for (var i = 0; i < copies; i++) kernels.Add(new(phase + 1, "move", [], [], 0, 0, schedule.Streams[0]));
        return kernels.ToImmutable();
    }

    /// <summary>Floating-point operations of a group's product, and numbers that it reads and writes.</summary>
    internal static (double Flop, double Floats) WorkOf(Group group)
    {
        Tensor[] nodes = [.. group.All];
        var read = nodes.SelectMany(node => node.Sources).Select(Addressing.Root).Distinct()
            .Where(root => !nodes.Contains(root));
        return (FlopOf(group.Anchor), read.Concat(nodes.TakeLast(1)).Sum(node => (double)node.Shape.Count));
    }

    /// <summary>Floating-point operations of a function's products.</summary>
    public static double WorkOf(GraphFunction function) => Order.Of(function.Results).Sum(FlopOf);

    static double FlopOf(Tensor? anchor) =>
        anchor is not { Op: Op.MatMul } product ? 0
            : 2.0 * product.Shape.Count * product.Sources[0].Shape[product.Integers[0] == 1 ? -2 : -1];

    static string KindOf(Group group) => group.Anchor?.Op switch
    {
        null => group.IsScalar ? "scalars" : "loop",
        Op.MatMul => "product",
        Op.Sum or Op.Max => "sums",
        Op.RandomNormal or Op.RandomUniform => "random",
        _ => "move",
    };

    /// <summary>"product [256, 256]: MatMul Add Relu"</summary>
    public override string ToString() =>
        $"{Kind} [{string.Join(", ", Extents)}]: {string.Join(' ', Nodes.Select(node => node.Op))}";
}

/// <summary>Where a temporary lies in a compiled graph's memory, in floats; it is made by kernel number
/// <paramref name="Made"/> − 1 of <see cref="CompiledGraph.Kernels"/> and last read by kernel number
/// <paramref name="LastUse"/> − 1.</summary>
public sealed record BufferInfo(Tensor Value, int Offset, int Length, int Made, int LastUse);
