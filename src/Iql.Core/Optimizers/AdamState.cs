using Iql.Graph;
using Iql.Networks;

namespace Iql.Optimizers;

/// <summary>Parameters with Adam's two moments: "value/w0" has "adam-m/value/w0" and "adam-v/value/w0".</summary>
/// <param name="Parameters">w, under the block's names.</param>
/// <param name="Mean">m, running mean of the gradient.</param>
/// <param name="Square">v, running mean of its square.</param>
public sealed record AdamState(TensorGroup Parameters, TensorGroup Mean, TensorGroup Square)
{
    const string MeanPart = "adam-m", SquarePart = "adam-v";

    /// <summary>Names and shapes of the moments that belong to some parameters.</summary>
    public static IEnumerable<(string Name, Shape Shape)> Moments(
        IReadOnlyList<(string Name, Shape Shape)> parameters) =>
        [.. parameters.Under(MeanPart), .. parameters.Under(SquarePart)];

    /// <summary>Takes parameters and their moments out of a block.</summary>
    /// <param name="block">The block, as traced.</param>
    /// <param name="networks">Parts to take ("critic1", "critic2"); none takes everything that has moments.</param>
    public static AdamState In(TensorGroup block, params string[] networks)
    {
        var names = block.Part(MeanPart).Entries().Select(entry => entry.Name)
            .Where(name =>
                networks.Length == 0 || networks.Any(part => name.StartsWith(part + "/", StringComparison.Ordinal)))
            .ToArray();
        return new(Take("parameters", ""), Take(MeanPart, MeanPart + "/"), Take(SquarePart, SquarePart + "/"));

        TensorGroup Take(string group, string prefix) =>
            TensorGroups.Group(group, [.. names.Select(name => (name, block[prefix + name]))]);
    }

    /// <summary>Moments of a block become 0, as before the first step.</summary>
    public static void Clear(TensorBlock block)
    {
        foreach (var entry in block.Layout.Entries)
            if (entry.Name.StartsWith(MeanPart + "/", StringComparison.Ordinal)
                || entry.Name.StartsWith(SquarePart + "/", StringComparison.Ordinal))
                block.Write(entry.Name, new float[entry.Shape.Count]);
    }

    /// <summary>Everything, under the names it has in a block.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> Entries =>
        [.. Parameters.Entries(), .. Mean.Entries().Under(MeanPart), .. Square.Entries().Under(SquarePart)];
}
