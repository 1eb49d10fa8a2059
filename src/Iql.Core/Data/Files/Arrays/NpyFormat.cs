using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Iql.Data.Files.Arrays;

/// <summary>One array in NumPy's .npy form: 0x93 "NUMPY", a version, the header's length, the header (a Python
/// dictionary of descr, fortran_order and shape, padded to a multiple of 64 bytes), the numbers.</summary>
static partial class NpyFormat
{
    static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>The header's entries.</summary>
    /// <param name="Start">Bytes before the numbers.</param>
    internal sealed record Header(string Descr, bool FortranOrder, ImmutableArray<long> Shape, long Start)
    {
        const int Widest = 1 << 26;

        internal long Count => ArrayData.Count(Shape);

        /// <summary>Bytes of one number or text; null for a kind that is not read.</summary>
        internal int? Size => Descr switch
        {
            "|b1" or "|i1" or "|u1" => 1,
            "<f2" or "<i2" or "<u2" => 2,
            "<f4" or "<i4" or "<u4" => 4,
            "<f8" or "<i8" or "<u8" => 8,
            ['<', 'U', .. var digits] when Width(digits) is { } width => 4 * width,
            ['|', 'S', .. var digits] when Width(digits) is { } width => width,
            _ => null,
        };

        /// <summary>"float32", "bool", "string"; or a kind that is not read, such as "record".</summary>
        internal string Kind => Descr switch
        {
            "|b1" => "bool",
            ['[', ..] => "record",
            "|O" => "object",
            [_, 'U' or 'S', ..] => "string",
            [_, 'f' or 'i' or 'u', .. var digits] when Width(digits) is { } bytes =>
                (Descr[0] == '>' ? "big-endian " : "")
                + (Descr[1] switch { 'f' => "float", 'i' => "int", _ => "uint" }) + 8 * bytes,
            _ => Descr,
        };

        static int? Width(string digits) =>
            int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var width) && width <= Widest
                ? width : null;

        /// <summary>Refuses an array whose numbers take other bytes than there are, before memory is taken.</summary>
        internal void RequireBytes(string name, long bytes)
        {
            if (Size is { } size && (Count > bytes || Count * (Int128)size != bytes - Start))
                throw new InvalidDataException($"'{name}': expected {Count * (Int128)size} bytes for " +
                    $"{ArrayData.Text(Shape)} {Kind}, got {bytes - Start}. Copy or write the file again.");
        }
    }

    /// <summary>Writes an array, version 1.0, in C order, little-endian: f4, f8, i8, b1 or U.</summary>
    internal static void Write(Stream stream, ArrayData array)
    {
        var widest = array.Values is string[] texts ? Math.Max(1, texts.Max(text => text.EnumerateRunes().Count())) : 0;
        var descr = array.Values switch
        {
            float[] => "<f4",
            double[] => "<f8",
            long[] => "<i8",
            bool[] => "|b1",
            _ => $"<U{widest}",
        };
        var shape = string.Join(", ", array.Shape) + (array.Shape.Length == 1 ? "," : "");
        var dictionary = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}";
        var length = (10 + dictionary.Length + 1 + 63) / 64 * 64 - 10;
        stream.Write(Magic);
        stream.Write([1, 0, (byte)length, (byte)(length >> 8)]);
        stream.Write(Encoding.ASCII.GetBytes(dictionary.PadRight(length - 1) + "\n"));
        switch (array.Values)
        {
            case float[] values: Numbers(stream, values); break;
            case double[] values: Numbers(stream, values); break;
            case long[] values: Numbers(stream, values); break;
            case bool[] values: Numbers(stream, values); break;
            case string[] values:
                foreach (var text in values)
                {
                    var cell = new byte[4 * widest];
                    Encoding.UTF32.GetBytes(text, cell);
                    stream.Write(cell);
                }
                break;
        }
    }

    /// <summary>Reads the header; the numbers follow.</summary>
    internal static Header ReadHeader(Stream stream, string name)
    {
        var start = Bytes(stream, 8, name);
        if (!start.AsSpan(0, 6).SequenceEqual(Magic))
            throw new InvalidDataException($"'{name}': expected a .npy array, got other bytes.");
        var length = start[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(Bytes(stream, 2, name))
            : (int)Math.Min(int.MaxValue, BinaryPrimitives.ReadUInt32LittleEndian(Bytes(stream, 4, name)));
        if (start[6] is < 1 or > 3 || length > 1 << 20)
            throw new InvalidDataException($"'{name}': expected .npy version 1, 2 or 3 with a short header, " +
                $"got version {start[6]} with {length} bytes.");
        var text = Encoding.UTF8.GetString(Bytes(stream, length, name));
        var (descr, order, shape) = (Descr().Match(text), Order().Match(text), ShapeText().Match(text));
        if (!descr.Success || !order.Success || !shape.Success)
            throw new InvalidDataException(
                $"'{name}': expected a header with descr, fortran_order and shape, got {text.Trim()}. " +
                "Save the array again.");
        return new(descr.Groups[1].Success ? descr.Groups[1].Value : descr.Groups[2].Value,
            order.Groups[1].Value == "True", Shape(shape.Groups[1].Value, name),
            start[6] == 1 ? 10 + length : 12 + length);
    }

    /// <summary>"4, 2" or "4,", not negative, with fewer than 2⁶³ entries.</summary>
    static ImmutableArray<long> Shape(string text, string name)
    {
        var shape = ImmutableArray.CreateBuilder<long>();
        Int128 count = 1;
        foreach (var part in text.TrimEnd().TrimEnd(',').Split(',', StringSplitOptions.TrimEntries))
        {
            if (part == "" && shape.Count == 0 && !text.Contains(',')) break;
            if (!long.TryParse(part.TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out var extent)
                || (count *= Math.Max(1, extent)) > long.MaxValue)
                throw new InvalidDataException($"'{name}': expected a shape of whole numbers of at least 0, " +
                    $"got ({text}). Save the array again.");
            shape.Add(extent);
        }
        return shape.ToImmutable();
    }

    /// <summary>Reads the numbers that follow a header.</summary>
    internal static ArrayData ReadValues(Stream stream, Header header, string name)
    {
        Array values = header.Descr switch
        {
            "<f4" => Block<float>(),
            "<f8" => Block<double>(),
            "<f2" => Array.ConvertAll(Block<Half>(), x => (float)x),
            "|b1" => Array.ConvertAll(Block<byte>(), x => x != 0),
            "<i8" or "<u8" => Block<long>(),
            "<i4" => Array.ConvertAll(Block<int>(), x => (long)x),
            "<u4" => Array.ConvertAll(Block<uint>(), x => (long)x),
            "<i2" => Array.ConvertAll(Block<short>(), x => (long)x),
            "<u2" => Array.ConvertAll(Block<ushort>(), x => (long)x),
            "|i1" => Array.ConvertAll(Block<sbyte>(), x => (long)x),
            "|u1" => Array.ConvertAll(Block<byte>(), x => (long)x),
            ['<', 'U', ..] when header.Size is { } width => Texts(width, Encoding.UTF32),
            ['|', 'S', ..] when header.Size is { } width => Texts(width, Encoding.UTF8),
            _ => throw new InvalidDataException(
                $"'{name}': expected little-endian numbers, flags or texts, got " +
                $"{(header.Kind == "record" ? "records" : $"dtype {header.Descr}")}. " +
                "Convert it before saving, for instance with astype('<f4'), or leave it out."),
        };
        var transposed = header.FortranOrder && header.Shape.Length > 1;
        return new(name, header.Shape, !transposed ? values : values switch
        {
            float[] numbers => RowMajor(numbers, header.Shape),
            double[] numbers => RowMajor(numbers, header.Shape),
            long[] numbers => RowMajor(numbers, header.Shape),
            bool[] flags => RowMajor(flags, header.Shape),
            _ => RowMajor((string[])values, header.Shape),
        });

        T[] Block<T>() where T : struct
        {
            var numbers = new T[checked((int)header.Count)];
            try
            {
                for (var at = 0; at < numbers.Length; at += Chunk)
                    stream.ReadExactly(MemoryMarshal.AsBytes(numbers.AsSpan(at, Math.Min(Chunk, numbers.Length - at))));
            }
            catch (EndOfStreamException) { throw Short(name); }
            return numbers;
        }

        string[] Texts(int width, Encoding encoding) =>
            [.. Enumerable.Range(0, checked((int)header.Count))
                .Select(_ => encoding.GetString(Bytes(stream, width, name)).TrimEnd('\0'))];
    }

    /// <summary>Numbers in a piece: a span of bytes holds at most 2 GiB.</summary>
    const int Chunk = 1 << 24;

    static void Numbers<T>(Stream stream, T[] numbers) where T : struct
    {
        for (var at = 0; at < numbers.Length; at += Chunk)
            stream.Write(MemoryMarshal.AsBytes(numbers.AsSpan(at, Math.Min(Chunk, numbers.Length - at))));
    }

    /// <summary>In Fortran order entry (i0, i1, …) is at i0 + e0 (i1 + e1 (…)).</summary>
    static T[] RowMajor<T>(T[] columnMajor, ImmutableArray<long> shape)
    {
        var rowMajor = new T[columnMajor.Length];
        var index = new long[shape.Length];
        for (var to = 0; to < rowMajor.Length; to++)
        {
            var from = 0L;
            for (var axis = shape.Length - 1; axis >= 0; axis--) from = from * shape[axis] + index[axis];
            rowMajor[to] = columnMajor[from];
            for (var axis = shape.Length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) index[axis] = 0;
        }
        return rowMajor;
    }

    static byte[] Bytes(Stream stream, int count, string name)
    {
        var bytes = new byte[count];
        try { stream.ReadExactly(bytes); }
        catch (EndOfStreamException) { throw Short(name); }
        return bytes;
    }

    static InvalidDataException Short(string name) =>
        new($"'{name}': expected more numbers, the array ends early. The file is truncated; copy or write it again.");

    // A text, or a list of fields.
    [GeneratedRegex(@"'descr':\s*(?:'([^']*)'|(\[.*\])\s*,\s*')")]
    private static partial Regex Descr();

    [GeneratedRegex(@"'fortran_order':\s*(True|False)")]
    private static partial Regex Order();

    [GeneratedRegex(@"'shape':\s*\(([^)]*)\)")]
    private static partial Regex ShapeText();
}
