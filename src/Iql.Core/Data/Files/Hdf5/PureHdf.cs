using System.Collections.Concurrent;
using System.Reflection;
using PureHDF;
using PureHDF.VOL.Native;

namespace Iql.Data.Files.Hdf5;

/// <summary>What PureHDF 2.2.0 knows of a file and does not publish, by reflection.</summary>
static class PureHdf
{
    const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
    const BindingFlags Plain = BindingFlags.DoNotWrapExceptions;

    /// <summary>The address of an object's header, the same for every link to it.</summary>
    internal static ulong Address(NativeObject item) => (ulong)Part(Part(item, "Reference")!, "Value")!;

    /// <summary>The file, in which a link to another file gives an unresolved link, before that file is opened: PureHDF
    /// looks for open files in a dictionary, and this one's comparer refuses every key.</summary>
    internal static NativeFile Alone(NativeFile file)
    {
        var files = typeof(NativeFile).Assembly.GetType("PureHDF.VOL.Native.NativeCache")!
            .GetField("_fileMap", Any | BindingFlags.Static)!.GetValue(null)!;
        var driver = Part(Part(file, "Context")!, "Driver")!;
        var none = new ConcurrentDictionary<string, NativeFile>(new Refusing());
        files.GetType().GetMethod("TryAdd")!.Invoke(files, [driver, none]);
        return file;
    }

    /// <summary>Whether a link leads into another file.</summary>
    internal static bool IsElsewhere(IH5UnresolvedLink link) => link.Reason?.GetBaseException() is OtherFileException
        || (link.Reason?.Message.StartsWith("Could not find file", StringComparison.Ordinal) ?? false);

    sealed class OtherFileException : Exception;

    sealed class Refusing : IEqualityComparer<string>
    {
        public bool Equals(string? one, string? other) => throw new OtherFileException();
        public int GetHashCode(string key) => throw new OtherFileException();
    }

    /// <summary>Whether the numbers of a data set are in other files.</summary>
    internal static bool IsExternal(NativeDataset set) => Part(set, "InternalExternalFileList") != null;

    /// <summary>The chunks of a data set that are stored: the number of each, and its bytes in the file.</summary>
    internal static IEnumerable<(long Index, ulong Size)> Chunks(NativeDataset set)
    {
        var library = typeof(NativeDataset).Assembly;
        object?[] parts = [.. Parts.Select(name => Part(set, name))];
        var information = Activator.CreateInstance(library.GetType("PureHDF.VOL.Native.DatasetInfo")!, parts);
        var kind = library.GetType("PureHDF.VOL.Native.H5D_Chunk")!;
        using var chunks = (IDisposable)kind.GetMethod("Create")!.Invoke(null, Plain, null,
            [Part(set, "Context"), null, information, default(H5DatasetAccess), default(H5DatasetCreation)], null)!;
        kind.GetMethod("Initialize")!.Invoke(chunks, Plain, null, null, null);
        if ((bool)kind.GetField("_readingChunkIndexAddressIsUndefined", Any)!.GetValue(chunks)!) yield break;
        var find = kind.GetMethod("GetReadChunkInfo", Any)!;
        var count = (ulong)Part(chunks, "TotalChunkCount")!;
        for (var index = 0UL; index < count; index++)
        {
            var found = find.Invoke(chunks, Plain, null, [index], null)!;
            if ((ulong)Part(found, "Address")! != ulong.MaxValue)
                yield return ((long)index, (ulong)Part(found, "Size")!);
        }
    }

    static readonly string[] Parts = ["InternalDataspace", "InternalDataType", "InternalDataLayout",
        "InternalFillValue", "InternalFilterPipeline", "InternalExternalFileList"];

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
