using System.Collections.Immutable;
using Iql.Data.Files.Arrays;
using Iql.Data.Files.Hdf5;
using Iql.Data.Files.Minari;
using static Iql.Invariant;

namespace Iql.Data.Files;

/// <summary>Layouts of data sets.</summary>
public enum DatasetForm
{
    /// <summary>HDF5 with flat columns, as D4RL.</summary>
    D4rl,
    /// <summary>A folder with one group an episode, as Minari.</summary>
    Minari,
    /// <summary>An .npz file with D4RL's names.</summary>
    Npz,
}

/// <summary>Converts between layouts without loss: there and back gives the same arrays to the bit. Arrays without a
/// place in the other layout are refused unless dropped by name.</summary>
public static class DatasetConversion
{
    /// <summary>Columns that cannot be dropped.</summary>
    static readonly ImmutableHashSet<string> Needed = ["observations", "actions", "rewards", "terminals"];

    /// <summary>Converts a file or folder.</summary>
    /// <param name="source">An HDF5 or .npz file, a Minari folder, or the main_data.hdf5 in it.</param>
    /// <param name="target">A new file (<see cref="DatasetForm.Minari"/>: folder), written whole or not at all.</param>
    /// <param name="form">The target's layout.</param>
    /// <param name="drop">Arrays or groups of arrays ("infos") to leave out.</param>
    /// <param name="cut">To Minari without next observations: leave out the last step of cut episodes.</param>
    /// <param name="defaults">Default entries of Minari's metadata.json, as JSON texts.</param>
    /// <param name="unpackedLimit">Of <see cref="DatasetFile.Open"/>, as <paramref name="columns"/>.</param>
    /// <returns>"6,704 steps in 25 episodes, observations of 39, actions of 28"</returns>
    /// <exception cref="FileException">A damaged source, or arrays that the target cannot hold.</exception>
    public static string Convert(string source, string target, DatasetForm form,
        IReadOnlyCollection<string>? drop = null, bool cut = false,
        IReadOnlyDictionary<string, string>? defaults = null, long? unpackedLimit = null,
        IReadOnlyDictionary<string, string>? columns = null)
    {
        if (File.Exists(target) || Directory.Exists(target)) throw new InputException(
            $"target: expected a new name, got {target}, where there is something. Delete it, or choose another.");
        using var file = DatasetFile.Open(source, unpackedLimit, columns);
        if (form == DatasetForm.Minari && file is MinariFile) throw new InputException(
            $"{source}: expected a flat file to convert, got a Minari data set already. Copy its folder.");
        if (cut && form != DatasetForm.Minari) throw new InputException(
            "cut: expected it only for a target in Minari's layout, which needs every step's next observation. " +
            "Leave it out.");
        var kept = Keep(file, drop ?? []);
        if (form == DatasetForm.Minari)
        {
            var lost = kept.Where(entry => !EpisodeCutting.Fits(entry)).Select(entry => entry.Name);
            Refuse(file, [.. lost], "Minari's layout");
            var flat = Reading.Of(file.Path, "flat columns", () => EpisodeCutting.Of(file, kept, cut));
            MinariWriter.Write(target, flat, defaults ?? ImmutableDictionary<string, string>.Empty);
            var steps = flat.Episodes.Sum(episode => (long)episode.Length);
            return Say($"{steps:N0} steps in {flat.Episodes.Length:N0} episodes, observations of " +
                $"{string.Join(", ", flat.Blocks)}, " +
                $"actions of {(flat.Actions is long[]? flat.Choices : flat.ActionSize)}") +
                (cut ? Say($"; left out {flat.Terminals.Length - steps:N0} steps without a next observation") : "");
        }
        var shapes = ColumnShapes.Of(file);
        if (kept.Where(entry => !Readable(entry)).ToList() is { Count: > 0 } odd)
            throw new FileException($"{file.Path}: '{odd[0].Name}': expected numbers, flags or texts, " +
                $"got {odd[0].Kind}. Leave it out: --drop {string.Join(',', odd.Select(entry => entry.Name))}.");
        // HDF5 is written from all arrays at once and read back, .npz is written from one after the other.
        double[] sizes = [.. kept.Select(entry =>
            entry.Shape.Aggregate((double)Bytes(entry.Kind), (bytes, extent) => bytes * extent))];
        AvailableMemory.Require(form == DatasetForm.D4rl ? 3 * sizes.Sum() : sizes.Max(), file.Path,
            Say($"{shapes.Rows:N0} rows of {kept.Count} arrays"),
            "Leave arrays out with --drop, or use iql data pack: a row file may be larger than memory.");
        var arrays = kept.Select(entry => file.Read(entry.Name));
        if (form == DatasetForm.D4rl) Hdf5Writer.Write(target, arrays);
        else NpzFile.Write(target, arrays);
        return Say($"{shapes.Rows:N0} rows, observations of {shapes.ObservationSize}, " +
            $"actions of {shapes.Actions.Size}, {kept.Count} arrays");
    }

    static List<ArrayEntry> Keep(IArrayFile file, IReadOnlyCollection<string> drop)
    {
        var others = file.Others;
        List<string> all = [.. others, .. file.Entries.Select(entry => entry.Name)];
        foreach (var name in drop)
        {
            if (Needed.Contains(name)) throw new InputException(
                $"drop: expected something else than {name}, without which nothing can be learned.");
            if (!all.Any(Within(name))) throw new InputException(
                $"drop: expected one of {string.Join(", ", all.Except(Needed).Take(20))}, got {name}.");
        }
        Refuse(file, [.. others.Where(name => !drop.Any(dropped => Within(dropped)(name)))], "the flat layout");
        return [.. file.Entries.Where(entry => !drop.Any(dropped => Within(dropped)(entry.Name)))];

        static Func<string, bool> Within(string dropped) =>
            name => name == dropped || name.StartsWith(dropped + "/", StringComparison.Ordinal);
    }

    static void Refuse(IArrayFile file, IReadOnlyList<string> lost, string layout)
    {
        if (lost.Count == 0) return;
        var groups = lost.Select(name => name.Split('/'))
            .Select(parts => string.Join('/', parts.Take(parts[0] == "metadata" ? 2 : 1))).Distinct();
        throw new FileException($"{file.Path}: expected what {layout} has a place for, " +
            $"got also {string.Join(", ", lost.Take(8))}{(lost.Count > 8 ? ", …" : "")}. " +
            $"To go without: --drop {string.Join(',', groups)}.");
    }

    /// <summary>Bytes of a value in memory; a text is taken for a short one.</summary>
    static int Bytes(string kind) => kind switch { "bool" => 1, "float16" or "float32" => 4, "string" => 64, _ => 8 };

    static bool Readable(ArrayEntry entry) => entry.Kind is "bool" or "string" or "float16" or "float32" or "float64"
        || (entry.IsInteger && entry.Kind is not ("uint64" or "integer"));
}
