using System.Collections.Immutable;

namespace Iql.Graph;

/// <summary>Strides and aliases of a shape's entries in memory (see <see cref="Layout"/>).</summary>
static class Addressing
{
    /// <summary>Extents that are not 1: the axes a kernel iterates over.</summary>
    public static ImmutableArray<int> Kept(Shape shape) => [.. shape.Extents.Where(extent => extent != 1)];

    /// <summary>Floats from one entry to the next along every axis of a shape; 0 where the extent is 1.</summary>
    public static ImmutableArray<int> Strides(Shape shape)
    {
        var strides = new int[shape.Rank];
        var next = 0;
        for (var axis = shape.Rank - 1; axis >= 0; axis--)
        {
            if (shape[axis] == 1) continue;
            strides[axis] = next == 0 ? 1 : next;
            next = next == 0 ? Layout.RowStride(shape) : next * shape[axis];
        }
        return [.. strides];
    }

    /// <summary>Strides of an operand along the kept axes of its user, 0 where the operand is stretched.</summary>
    public static ImmutableArray<int> StridesOver(Shape node, Shape operand)
    {
        var own = Strides(operand);
        var strides = ImmutableArray.CreateBuilder<int>();
        for (var axis = 0; axis < node.Rank; axis++)
        {
            var aligned = axis - node.Rank + operand.Rank;
            if (node[axis] != 1) strides.Add(aligned < 0 ? 0 : own[aligned]);
        }
        return strides.ToImmutable();
    }

    // Whether a reshape keeps every number in its place: equal rows, or no padding on either side.
    static bool SamePlaces(Shape a, Shape b) =>
        Layout.RowLength(a) == Layout.RowLength(b)
        || (Layout.RowStride(a) == Layout.RowLength(a) && Layout.RowStride(b) == Layout.RowLength(b));

    /// <summary>A node that is another name for its source's memory.</summary>
    public static bool IsAlias(Tensor node) => node.Op == Op.StopGradient
        || (node.Op is Op.Reshape or Op.Broadcast && node.Shape.Count == node.Sources[0].Shape.Count
            && SamePlaces(node.Shape, node.Sources[0].Shape));

    /// <summary>The node whose memory this one names.</summary>
    public static Tensor Root(Tensor node)
    {
        while (IsAlias(node)) node = node.Sources[0];
        return node;
    }
}
