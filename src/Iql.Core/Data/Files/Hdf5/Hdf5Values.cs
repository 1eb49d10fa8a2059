using System.Numerics;
using System.Runtime.InteropServices;
using PureHDF;

namespace Iql.Data.Files.Hdf5;

/// <summary>Fills bytes with elements as the file holds them, from an element on.</summary>
delegate void Hdf5Bytes(Span<byte> elements, int first);

/// <summary>The elements of a data set or of an attribute.</summary>
/// <param name="Pieces">The first element and the number of elements to read at once.</param>
sealed record Hdf5Values(
    IH5DataType Type, int Count, IEnumerable<(int First, int Count)> Pieces, Hdf5Bytes Bytes, Func<string?[]> Texts)
{
    /// <summary>"float32", "int8", "bool", "string"; or a kind that is not read, such as "compound".</summary>
    internal static string KindOf(IH5DataType type)
    {
        var order = PureHdf.IsBigEndian(type) ? "big-endian " : "";
        return type.Class switch
        {
            H5DataTypeClass.FloatingPoint => $"{order}float{8 * type.Size}",
            H5DataTypeClass.FixedPoint => $"{order}{(type.FixedPoint.IsSigned ? "" : "u")}int{8 * type.Size}",
            H5DataTypeClass.Enumerated => IsFlag(type) ? "bool" : KindOf(type.Enumeration.BaseType),
            H5DataTypeClass.VariableLength => PureHdf.IsText(type) ? "string" : "list",
            var other => other.ToString().ToLowerInvariant(),
        };
    }

    /// <summary>h5py's bool: an enumeration of FALSE and TRUE in a byte.</summary>
    static bool IsFlag(IH5DataType type) =>
        type.Size == 1 && type.Enumeration.GetMembers<byte>() is { Count: 2 } members
        && members.TryGetValue("FALSE", out var no) && members.TryGetValue("TRUE", out var yes) && (no, yes) == (0, 1);

    /// <summary>A float[], double[], long[], bool[] or string[]; null for another kind.</summary>
    internal Array? Read() => KindOf(Type) switch
    {
        "float16" => Widened<Half, float>(),
        "float32" => Plain<float>(),
        "float64" => Plain<double>(),
        "int8" => Widened<sbyte, long>(),
        "int16" => Widened<short, long>(),
        "int32" => Widened<int, long>(),
        "int64" => Plain<long>(),
        "uint8" => Widened<byte, long>(),
        "uint16" => Widened<ushort, long>(),
        "uint32" => Widened<uint, long>(),
        "uint64" => Widened<ulong, long>(),
        "bool" => Array.ConvertAll(Plain<byte>(), flag => flag != 0),
        "string" => Array.ConvertAll(Texts(), Text),
        _ => null,
    };

    /// <summary>A text of fixed length is padded.</summary>
    string Text(string? text) => Type.Class == H5DataTypeClass.String ? text!.TrimEnd('\0', ' ') : text ?? "";

    T[] Plain<T>() where T : unmanaged
    {
        var elements = new T[Count];
        foreach (var (first, count) in Pieces) Bytes(MemoryMarshal.AsBytes(elements.AsSpan(first, count)), first);
        return elements;
    }

    /// <summary>Wider numbers; those above the largest become the largest.</summary>
    TTo[] Widened<TFrom, TTo>() where TFrom : unmanaged, INumber<TFrom> where TTo : INumber<TTo>
    {
        var elements = new TTo[Count];
        TFrom[] piece = [];
        foreach (var (first, count) in Pieces)
        {
            if (piece.Length < count) piece = new TFrom[count];
            Bytes(MemoryMarshal.AsBytes(piece.AsSpan(0, count)), first);
            for (var i = 0; i < count; i++) elements[first + i] = TTo.CreateSaturating(piece[i]);
        }
        return elements;
    }
}
