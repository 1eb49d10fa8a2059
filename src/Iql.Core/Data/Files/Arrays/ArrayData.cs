using System.Collections.Immutable;

namespace Iql.Data.Files.Arrays;

/// <summary>An array of a file without its numbers: name ("infos/qpos"), kind ("float32"), extents.</summary>
public sealed record ArrayEntry(string Name, string Kind, ImmutableArray<long> Shape)
{
    /// <summary>"observations float32 [6729, 39]"</summary>
    public override string ToString() => $"{Name} {Kind} {ArrayData.Text(Shape)}";

    /// <summary>Whether its kind is a whole number of some width.</summary>
    internal bool IsInteger =>
        Kind.StartsWith("int", StringComparison.Ordinal) || Kind.StartsWith("uint", StringComparison.Ordinal);

    internal void RequireRows(long first, int count, string file)
    {
        if (Shape.Length == 0 || first < 0 || count < 0 || first + count > Shape[0])
            throw new FileException($"{file}: '{Name}': expected rows {first} to {first + count - 1}, " +
                $"got an array of {ArrayData.Text(Shape)}.");
    }
}

/// <summary>A named array of the file's precision: float[], double[], long[], bool[] or string[], row-major.</summary>
public sealed record ArrayData
{
    /// <summary>An array to write or as read.</summary>
    public ArrayData(string name, ImmutableArray<long> shape, Array values)
    {
        Check.That(values is float[] or double[] or long[] or bool[] or string[], name,
            "float, double, long, bool or string values", values.GetType().GetElementType()?.Name);
        var count = Count(shape);
        Check.That(values.LongLength == count, name, $"{count} values for {Text(shape)}", values.LongLength);
        (Name, Shape, Values) = (name, shape, values);
    }

    /// <summary>Its name, with slashes between groups.</summary>
    public string Name { get; }
    /// <summary>Its extents; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }
    /// <summary>A float[], double[], long[], bool[] or string[].</summary>
    public Array Values { get; }
    /// <summary>"float32", "float64", "int64", "bool" or "string".</summary>
    internal string Kind => Values switch
    {
        float[] => "float32",
        double[] => "float64",
        long[] => "int64",
        bool[] => "bool",
        _ => "string",
    };

    /// <summary>A single text.</summary>
    public static ArrayData Of(string name, string text) => new(name, [], new[] { text });

    /// <summary>The numbers as float32, rounded to nearest; true is 1.</summary>
    /// <exception cref="FileException">The array holds texts.</exception>
    public float[] ToFloats() => Values switch
    {
        float[] numbers => numbers,
        double[] numbers => Array.ConvertAll(numbers, number => (float)number),
        long[] numbers => Array.ConvertAll(numbers, number => (float)number),
        bool[] flags => Array.ConvertAll(flags, flag => flag ? 1f : 0f),
        _ => throw new InvalidDataException($"'{Name}': expected numbers, got texts."),
    };

    /// <summary>The values as flags: 0 is false, 1 is true.</summary>
    /// <exception cref="FileException">A value other than 0 and 1, or texts.</exception>
    public bool[] ToFlags() => Values as bool[] ?? Array.ConvertAll(ToFloats(), number => number switch
    {
        0f => false,
        1f => true,
        _ => throw new InvalidDataException(
            FormattableString.Invariant($"'{Name}': expected flags (false and true, or 0 and 1), got {number}.")),
    });

    /// <summary><see cref="ToFloats"/> with the file named in its failures.</summary>
    internal float[] Numbers(string file) => InFile(file, ToFloats);
    /// <summary><see cref="ToFlags"/> with the file named in its failures.</summary>
    internal bool[] Flags(string file) => InFile(file, ToFlags);

    static T InFile<T>(string file, Func<T> read)
    {
        try { return read(); }
        catch (InvalidDataException failure) { throw new InvalidDataException($"{file}: {failure.Message}"); }
    }

    /// <summary>Numbers in an array.</summary>
    internal static long Count(IEnumerable<long> shape) =>
        shape.Aggregate(1L, (product, extent) => checked(product * extent));

    /// <summary>"[6729, 39]"</summary>
    internal static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}

/// <summary>A file of named arrays, open for reading: .npz, .hdf5, or a Minari data set.</summary>
public interface IArrayFile : IDisposable
{
    /// <summary>Its path.</summary>
    string Path { get; }
    /// <summary>"npz", "hdf5" or "minari".</summary>
    string Kind { get; }

    /// <summary>The data's name, by default the file's name without its ending.</summary>
    string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>All arrays, also those in groups, sorted by name.</summary>
    ImmutableArray<ArrayEntry> Entries { get; }

    /// <summary>Arrays of the file that are not among its entries, since its layout has no column for them.</summary>
    ImmutableArray<string> Others => [];

    /// <summary>What the file says twice and not alike, a sentence each.</summary>
    internal IEnumerable<string> Findings() => [];

    /// <summary>Compares the checksums of what was not read yet.</summary>
    internal void Verify() { }

    /// <summary>Reads one array.</summary>
    ArrayData Read(string name);

    /// <summary>Reads rows first … first + count − 1 of an array of numbers or flags.</summary>
    /// <remarks>Consecutive pieces cost the whole array once; a step back reads from the start again.</remarks>
    ArrayData Read(string name, long first, int count);
}
