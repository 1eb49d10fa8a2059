using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Iql.Data.Files.Arrays;
using static Iql.Data.Files.Hdf5.Hdf5Library;

namespace Iql.Data.Files.Hdf5;

/// <summary>The attributes of a group or data set: small arrays, texts and single values, under the gate.</summary>
static class Hdf5Attributes
{
    const int IntegerClass = 0, FloatClass = 1, StringClass = 3, EnumerationClass = 8, LongestName = 1 << 10;

    /// <summary>All attributes that hold numbers, flags or texts; other kinds are left out.</summary>
    internal static ImmutableSortedDictionary<string, ArrayData> Read(long item)
    {
        var found = ImmutableSortedDictionary.CreateBuilder<string, ArrayData>(StringComparer.Ordinal);
        const int byName = 0, increasing = 0;
        var name = new byte[LongestName];
        for (var i = 0UL; ; i++)
        {
            var opened = H5Aopen_by_idx(item, ".", byName, increasing, i, 0, 0);
            if (opened < 0) return found.ToImmutable();
            using var attribute = new Hdf5Id(opened, "an attribute");
            using var type = new Hdf5Id(H5Aget_type(attribute.Value), "an attribute");
            using var space = new Hdf5Id(H5Aget_space(attribute.Value), "an attribute");
            var extents = new ulong[Math.Max(0, H5Sget_simple_extent_ndims(space.Value))];
            H5Sget_simple_extent_dims(space.Value, extents, 0);
            const int empty = 2;
            if (H5Sget_simple_extent_type(space.Value) == empty) continue;
            var length = (int)H5Aget_name(attribute.Value, (nuint)name.Length, name);
            var text = Encoding.UTF8.GetString(name.AsSpan(0, Math.Clamp(length, 0, name.Length)));
            var count = extents.Aggregate(1L, (product, extent) => checked(product * (long)extent));
            if (Values(attribute.Value, type.Value, count) is { } values)
                found[text] = new(text, [.. extents.Select(extent => (long)extent)], values);
        }
    }

    /// <summary>Gives an item an attribute.</summary>
    internal static void Write(long item, ArrayData value, long type, Array numbers, long memoryType)
    {
        var extents = value.Shape.Select(extent => (ulong)extent).ToArray();
        using var space = new Hdf5Id(
            extents.Length == 0 ? H5Screate(0) : H5Screate_simple(extents.Length, extents, 0), value.Name);
        using var attribute = new Hdf5Id(H5Acreate2(item, value.Name, type, space.Value, 0, 0), value.Name);
        if (H5Awrite(attribute.Value, memoryType, ref MemoryMarshal.GetArrayDataReference(numbers)) < 0)
            throw new InvalidDataException(value.Name);
    }

    static Array? Values(long attribute, long type, long count) => (H5Tget_class(type), (int)H5Tget_size(type)) switch
    {
        (FloatClass, <= 4) => Numbers<float>(attribute, Constant("H5T_NATIVE_FLOAT_g"), count),
        (FloatClass, _) => Numbers<double>(attribute, Constant("H5T_NATIVE_DOUBLE_g"), count),
        (IntegerClass, _) => Numbers<long>(attribute, Constant("H5T_NATIVE_INT64_g"), count),
        (EnumerationClass, 1) => Array.ConvertAll(Numbers<byte>(attribute, type, count), flag => flag != 0),
        (StringClass, _) when H5Tis_variable_str(type) > 0 => VariableTexts(attribute, type, count),
        (StringClass, var size) => Hdf5File.FixedTexts(Numbers<byte>(attribute, type, count * size), size),
        _ => null,
    };

    static T[] Numbers<T>(long attribute, long memoryType, long count) where T : struct
    {
        var numbers = new T[count];
        if (count > 0 && H5Aread(attribute, memoryType, ref Hdf5File.BytesOf(numbers)) < 0)
            throw new InvalidDataException("an attribute cannot be read");
        return numbers;
    }

    static string[] VariableTexts(long attribute, long fileType, long count)
    {
        using var memoryType = new Hdf5Id(H5Tcopy(Constant("H5T_C_S1_g")), "an attribute");
        H5Tset_size(memoryType.Value, nuint.MaxValue);
        H5Tset_cset(memoryType.Value, H5Tget_cset(fileType));
        return Array.ConvertAll(Numbers<nint>(attribute, memoryType.Value, count), Hdf5File.TakeText);
    }
}
