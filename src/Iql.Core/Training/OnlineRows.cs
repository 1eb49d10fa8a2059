using System.Globalization;
using Iql.Data;
using Iql.Graph;
using Iql.Training.Online;

namespace Iql.Training;

/// <summary>The rows that acting added, in files of their own: each has those between two checkpoints, with checksums,
/// and is never rewritten. A file is kept while one of the last two checkpoints needs a row of it, and until the run
/// ends.</summary>
static class OnlineRows
{
    const string FormatName = "iql-online-rows-1", Start = "online-", End = ".safetensors", Tensor = "rows";

    /// <summary>Saves the rows behind those of the files.</summary>
    internal static void Save(RunFolder folder, ReplayBuffer buffer)
    {
        var first = Math.Max(buffer.FirstAdded, Files(folder).Select(file => file.First + file.Count).LastOrDefault());
        if (first == buffer.Added) return;
        var (count, width) = ((int)(buffer.Added - first), buffer.Width);
        var rows = new float[(long)count * width];
        for (var i = 0; i < count; i++) buffer.Row(first + i).CopyTo(rows.AsSpan(i * width));
        NamedTensor[] tensors = [new(Tensor, new(count, width), rows)];
        SafeTensors.Write(Name(folder, first, count),
            TensorSums.Added([("format", FormatName), ("run", folder.ReadConfig().Identity)], tensors), tensors);
    }

    /// <summary>Reads all rows that a checkpoint needs into a buffer; null only compares them with their
    /// checksums.</summary>
    /// <exception cref="FileException">A file is damaged, missing, or of another run.</exception>
    internal static void Read(RunFolder folder, ActingState acting, ReplayBuffer? buffer)
    {
        var at = acting.FirstRow;
        var run = at == acting.Rows ? "" : folder.ReadConfig().Identity;
        foreach (var (path, first, count) in Files(folder))
        {
            if (first + count <= at || first >= acting.Rows) continue;
            if (first > at || first + count > acting.Rows) break;
            var file = SafeTensors.Read(path);
            TensorSums.Check(file);
            if (file.Note("format") != FormatName || file.Note("run") != run || file.Tensors.Length != 1
                || file.Tensors[0] is not { Shape.Rank: 2 } rows || rows.Shape[0] != count)
                throw file.Wrong($"{count} rows of the run {run}", "others");
            var width = rows.Shape[1];
            if (buffer is not null && width != buffer.Width)
                throw file.Wrong($"rows of {buffer.Width} numbers", $"{width}");
            for (; at < first + count; at++) buffer?.Restore(rows.Values.Span.Slice((int)(at - first) * width, width));
        }
        if (at != acting.Rows)
            throw new FileException($"{folder.Path}: expected files of acting's rows {acting.FirstRow} to "
                + $"{acting.Rows}, got none with row {at}.");
    }

    /// <summary>Removes files that only a later checkpoint than the one to go on from would need.</summary>
    internal static void DropFrom(RunFolder folder, long row)
    {
        foreach (var (path, first, _) in Files(folder))
            if (first >= row) File.Delete(path);
    }

    /// <summary>Removes files whose rows are all older.</summary>
    internal static void DropBefore(RunFolder folder, long row)
    {
        foreach (var (path, first, count) in Files(folder))
            if (first + count <= row) File.Delete(path);
    }

    /// <summary>The files in the order of their rows; their names say which.</summary>
    static IEnumerable<(string Path, long First, long Count)> Files(RunFolder folder) =>
        from path in Directory.Exists(folder.Path) ? Directory.GetFiles(folder.Path, $"{Start}*{End}") : []
        let words = Path.GetFileName(path)[Start.Length..^End.Length].Split('-')
        let numbers = words.Select(word => long.TryParse(
            word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToArray()
        where numbers.Length == 2 && numbers.All(number => number >= 0)
        orderby numbers[0]
        select (path, numbers[0], numbers[1]);

    static string Name(RunFolder folder, long first, int count) => Path.Combine(folder.Path,
        FormattableString.Invariant($"{Start}{first:D12}-{count:D9}{End}"));
}
