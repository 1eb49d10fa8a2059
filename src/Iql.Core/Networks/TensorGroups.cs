using Iql.Graph;

namespace Iql.Networks;

/// <summary>Networks inside one flat group: "critic1/w0" is w0 of the part "critic1".</summary>
public static class TensorGroups
{
    /// <summary>The tensors named "name/…" as a group, under the names after the slash.</summary>
    public static TensorGroup Part(this TensorGroup group, string name)
    {
        var entries = group.Entries().Where(entry => entry.Name.StartsWith(name + "/", StringComparison.Ordinal))
            .Select(entry => (Name: entry.Name[(name.Length + 1)..], entry.Tensor)).ToArray();
        Check.That(entries.Length > 0, name, $"a part of {group.Layout.Name}", "no tensor of that name");
        return Group(name, entries);
    }

    /// <summary>A group of the given tensors.</summary>
    public static TensorGroup Group(string name, IReadOnlyList<(string Name, Tensor Tensor)> entries) =>
        new(new(name, entries.Select(entry => (entry.Name, entry.Tensor.Shape))),
            [.. entries.Select(entry => entry.Tensor)]);

    /// <summary>Names with their tensors, in order.</summary>
    public static IEnumerable<(string Name, Tensor Tensor)> Entries(this TensorGroup group) =>
        group.Layout.Entries.Zip(group.Tensors, (entry, tensor) => (entry.Name, tensor));

    /// <summary>The same entries under "name/…".</summary>
    public static IEnumerable<(string Name, T Item)> Under<T>(
        this IEnumerable<(string Name, T Item)> entries, string name) =>
        entries.Select(entry => ($"{name}/{entry.Name}", entry.Item));
}
