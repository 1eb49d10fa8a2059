using System.Collections.Immutable;
using Iql.Data.Files.Arrays;

namespace Iql.Data.Files.Layouts;

/// <summary>A column of D4RL's layout that another layout gives.</summary>
/// <param name="Rows">Rows first … first + count − 1, row-major.</param>
sealed record FlatColumn(string Name, string Kind, ImmutableArray<long> Shape, Func<long, int, Array> Rows)
{
    /// <summary>An array of the file under another name.</summary>
    internal static FlatColumn Renamed(IArrayFile file, ArrayEntry entry, string name) => new(name, entry.Kind,
        entry.Shape, (first, count) => count == entry.Shape[0]
            ? file.Read(entry.Name).Values : file.Read(entry.Name, first, count).Values);

    /// <summary>A column of flags.</summary>
    internal static FlatColumn Flags(string name, long rows, Func<long, int, bool[]> read) =>
        new(name, "bool", [rows], read);
}

/// <summary>A file in another layout, seen as D4RL's flat columns. Its single values keep their names.</summary>
/// <param name="layout">The layout's name, which the view says as metadata/layout.</param>
/// <param name="others">Arrays that are in none of the columns.</param>
/// <param name="findings">What the file says twice and not alike, a sentence each.</param>
sealed class FlatView(IArrayFile inner, string layout, IReadOnlyList<FlatColumn> columns,
    ImmutableArray<string> others, Func<IEnumerable<string>>? findings = null) : IArrayFile
{
    const string Layout = "metadata/layout";

    public string Path => inner.Path;
    public string Kind => inner.Kind;
    public string Name => inner.Name;

    public ImmutableArray<ArrayEntry> Entries { get; } =
        [.. columns.Select(column => new ArrayEntry(column.Name, column.Kind, column.Shape))
            .Concat(inner.Entries.Where(entry => entry.Shape.Length == 0 && entry.Name != Layout))
            .Append(new(Layout, "string", [])).OrderBy(entry => entry.Name, StringComparer.Ordinal)];

    public ImmutableArray<string> Others => others;

    /// <summary>"OGBench; not read: qpos, qvel"</summary>
    string Said => others.Length == 0 ? layout
        : $"{layout}; not read: {string.Join(", ", others.Take(8))}{(others.Length > 8 ? ", …" : "")}";

    public ArrayData Read(string name) => name == Layout ? ArrayData.Of(Layout, Said)
        : Find(name) is { } column ? Guarded(() => Read(name, 0, checked((int)column.Shape[0]))) : inner.Read(name);

    public ArrayData Read(string name, long first, int count) => Guarded(() =>
    {
        if (Find(name) is not { } column) return inner.Read(name, first, count);
        new ArrayEntry(name, column.Kind, column.Shape).RequireRows(first, count, Path);
        return new ArrayData(name, column.Shape.SetItem(0, count), column.Rows(first, count));
    });

    ArrayData Guarded(Func<ArrayData> read) => Reading.Of(Path, $"{layout}'s layout", read);

    IEnumerable<string> IArrayFile.Findings() => findings?.Invoke() ?? [];
    void IArrayFile.Verify() => inner.Verify();
    public void Dispose() => inner.Dispose();

    FlatColumn? Find(string name) => columns.FirstOrDefault(column => column.Name == name);
}
