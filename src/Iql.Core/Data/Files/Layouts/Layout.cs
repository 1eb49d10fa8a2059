using System.Collections.Immutable;
using Iql.Data.Files.Arrays;
using Iql.Data.Files.Hdf5;
using Iql.Data.Files.Minari;

namespace Iql.Data.Files.Layouts;

/// <summary>Finds the layout of an open file by the names of its arrays.</summary>
static class Layout
{
    /// <summary>The layouts, and how each is known.</summary>
    static readonly (Func<IArrayFile, bool> Fits, Func<IArrayFile, IArrayFile> Of)[] Known =
    [
        (file => file is Hdf5File && MinariFile.Fits(file), file => new MinariFile((Hdf5File)file)),
        Grouped(GroupLayout.Robomimic),
        Grouped(GroupLayout.D3rlpy),
        (D3rlpyLayout.Fits, D3rlpyLayout.Of),
        (ImitationLayout.Fits, ImitationLayout.Of),
        (OgbenchLayout.Fits, OgbenchLayout.Of),
    ];

    /// <summary>The file as D4RL's columns; the file itself where no layout fits.</summary>
    /// <param name="names">Of <see cref="NamedColumns"/>; null or none: by its layout.</param>
    internal static IArrayFile Of(IArrayFile file, IReadOnlyDictionary<string, string>? names)
    {
        try
        {
            if (names is { Count: > 0 }) return NamedColumns.Of(file, names);
            foreach (var (fits, of) in Known)
                if (fits(file)) return of(file);
            return file;
        }
        catch { file.Dispose(); throw; }
    }

    static (Func<IArrayFile, bool>, Func<IArrayFile, IArrayFile>) Grouped(GroupNames names) =>
        (file => GroupLayout.Fits(file, names), file => GroupLayout.Of((Hdf5File)file, names));

    internal static Dictionary<string, ArrayEntry> Entries(IArrayFile file) =>
        file.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);

    internal static bool Has(IArrayFile file, params string[] names) =>
        names.All(name => file.Entries.Any(entry => entry.Name == name && entry.Shape.Length > 0));

    /// <summary>Arrays beside those that are used.</summary>
    internal static ImmutableArray<string> Others(IArrayFile file, params IEnumerable<string> used) =>
        [.. file.Entries.Where(entry => entry.Shape.Length > 0).Select(entry => entry.Name).Except(used)];

    /// <summary>The rows that arrays have in common.</summary>
    /// <exception cref="InvalidDataException">They have different ones.</exception>
    internal static long Rows(IArrayFile file, params ReadOnlySpan<ArrayEntry> entries)
    {
        var rows = entries[0].Shape[0];
        foreach (var entry in entries)
            if (entry.Shape[0] != rows) throw new InvalidDataException(
                $"{file.Path}: '{entry.Name}': expected {rows} rows, as '{entries[0].Name}' has, " +
                $"got {entry.Shape[0]}. Write the file again.");
        return rows;
    }
}
