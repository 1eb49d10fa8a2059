using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Iql.Data.Files.Arrays;
using static Iql.Data.Files.Hdf5.Hdf5Library;

namespace Iql.Data.Files.Hdf5;

/// <summary>Reads values of a type in memory; negative: failed.</summary>
delegate int Hdf5Read(long memoryType, ref byte values);

/// <summary>Numbers, flags and texts of data sets and of attributes, under the gate.</summary>
static class Hdf5Values
{
    internal const int IntegerClass = 0, FloatClass = 1, StringClass = 3, EnumerationClass = 8;

    /// <summary>The values of a type in the file; null for another kind than numbers, flags and texts.</summary>
    internal static Array? Read(long type, long count, string failure, Hdf5Read read)
    {
        return (H5Tget_class(type), (int)H5Tget_size(type)) switch
        {
            (FloatClass, <= 4) => Numbers<float>(Constant("H5T_NATIVE_FLOAT_g")),
            (FloatClass, _) => Numbers<double>(Constant("H5T_NATIVE_DOUBLE_g")),
            (IntegerClass, _) => Numbers<long>(Constant("H5T_NATIVE_INT64_g")),
            (EnumerationClass, 1) => Array.ConvertAll(Numbers<byte>(type), flag => flag != 0),
            (StringClass, _) when H5Tis_variable_str(type) > 0 => VariableTexts(),
            (StringClass, var size) => Numbers<byte>(type, size).Chunk(size)
                .Select(cell => Encoding.UTF8.GetString(cell).TrimEnd('\0', ' ')).ToArray(),
            _ => null,
        };

        T[] Numbers<T>(long memoryType, int width = 1)
        {
            var numbers = new T[count * width];
            if (count > 0 && read(memoryType, ref MemoryMarshal.GetArrayDataReference((Array)numbers)) < 0)
                throw new InvalidDataException(failure);
            return numbers;
        }

        string[] VariableTexts()
        {
            using var memoryType = new Hdf5Id(H5Tcopy(Constant("H5T_C_S1_g")), failure);
            H5Tset_size(memoryType.Value, nuint.MaxValue);
            H5Tset_cset(memoryType.Value, H5Tget_cset(type));
            return Array.ConvertAll(Numbers<nint>(memoryType.Value), pointer =>
            {
                var text = Marshal.PtrToStringUTF8(pointer) ?? "";
                H5free_memory(pointer);
                return text;
            });
        }
    }

    /// <summary>The extents of a space; null for an empty one.</summary>
    internal static ImmutableArray<long>? Extents(long space)
    {
        const int empty = 2;
        if (H5Sget_simple_extent_type(space) == empty) return null;
        var extents = new ulong[Math.Max(0, H5Sget_simple_extent_ndims(space))];
        H5Sget_simple_extent_dims(space, extents, 0);
        return [.. extents.Select(extent => (long)extent)];
    }

    /// <summary>The attributes of a group or data set that hold numbers, flags or texts.</summary>
    internal static ImmutableSortedDictionary<string, ArrayData> Attributes(long item)
    {
        var found = ImmutableSortedDictionary.CreateBuilder<string, ArrayData>(StringComparer.Ordinal);
        const int byName = 0, increasing = 0, longestName = 1 << 10;
        var name = new byte[longestName];
        for (var i = 0UL; ; i++)
        {
            var opened = H5Aopen_by_idx(item, ".", byName, increasing, i, 0, 0);
            if (opened < 0) return found.ToImmutable();
            using var attribute = new Hdf5Id(opened, "an attribute");
            using var type = new Hdf5Id(H5Aget_type(attribute.Value), "an attribute");
            using var space = new Hdf5Id(H5Aget_space(attribute.Value), "an attribute");
            if (Extents(space.Value) is not { } extents) continue;
            var (id, count) = (attribute.Value, ArrayData.Count(extents));
            var length = (int)H5Aget_name(id, (nuint)name.Length, name);
            var text = Encoding.UTF8.GetString(name.AsSpan(0, Math.Clamp(length, 0, name.Length)));
            var values = Read(type.Value, count, "an attribute cannot be read",
                (memoryType, ref numbers) => H5Aread(id, memoryType, ref numbers));
            if (values != null) found[text] = new(text, extents, values);
        }
    }
}
