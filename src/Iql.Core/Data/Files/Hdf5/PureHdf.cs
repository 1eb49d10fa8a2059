using System.Reflection;
using PureHDF;
using PureHDF.VOL.Native;

namespace Iql.Data.Files.Hdf5;

/// <summary>What PureHDF 2.2.0 knows of a file and does not publish, by reflection.</summary>
static class PureHdf
{
    const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>The address of an object's header, the same for every link to it.</summary>
    internal static ulong Address(NativeObject item) => (ulong)Part(Part(item, "Reference")!, "Value")!;

    /// <summary>Whether a link led into another file.</summary>
    internal static bool IsElsewhere(NativeObject item, NativeFile file) =>
        Part(Part(item, "Context")!, "File") != file;

    /// <summary>Whether the numbers of a data set are in other files.</summary>
    internal static bool IsExternal(NativeDataset set) => Part(set, "InternalExternalFileList") != null;

    /// <summary>Whether numbers begin with their most significant byte.</summary>
    internal static bool IsBigEndian(IH5DataType type) =>
        Text(BitField(type), "ByteOrder") is not (null or "LittleEndian");

    /// <summary>Whether values of variable length are texts, not lists.</summary>
    internal static bool IsText(IH5DataType type) => Text(BitField(type), "Type") == "String";

    static object BitField(IH5DataType type) =>
        Part(type.GetType().GetField("_dataType", Any)!.GetValue(type)!, "BitField")!;

    static string? Text(object of, string name) => of.GetType().GetProperty(name, Any)?.GetValue(of)?.ToString();
    static object? Part(object of, string name) => of.GetType().GetProperty(name, Any)!.GetValue(of);
}
