using System.Collections.Immutable;

namespace Iql.Data.Files.Arrays;

/// <summary>A file whose arrays are in memory.</summary>
/// <param name="kind">"json lines".</param>
/// <param name="findings">What the file says twice and not alike, a sentence each.</param>
sealed class MemoryFile(string path, string kind, IEnumerable<ArrayData> arrays, ImmutableArray<string> findings)
    : IArrayFile
{
    readonly ImmutableSortedDictionary<string, ArrayData> arrays =
        arrays.ToImmutableSortedDictionary(array => array.Name, array => array, StringComparer.Ordinal);

    public string Path => path;
    public string Kind => kind;
    public ImmutableArray<ArrayEntry> Entries =>
        [.. arrays.Values.Select(array => new ArrayEntry(array.Name, array.Kind, array.Shape))];

    public ArrayData Read(string name) => arrays.GetValueOrDefault(name) ?? throw new FileException(
        $"{path}: '{name}': expected one of {string.Join(", ", arrays.Keys)}; there is no such array.");

    public ArrayData Read(string name, long first, int count)
    {
        var whole = Read(name);
        new ArrayEntry(name, whole.Kind, whole.Shape).RequireRows(first, count, path);
        var width = ArrayData.Count(whole.Shape.Skip(1));
        var rows = Array.CreateInstance(whole.Values.GetType().GetElementType()!, count * width);
        Array.Copy(whole.Values, first * width, rows, 0, rows.Length);
        return new(name, whole.Shape.SetItem(0, count), rows);
    }

    IEnumerable<string> IArrayFile.Findings() => findings;
    public void Dispose() { }
}
