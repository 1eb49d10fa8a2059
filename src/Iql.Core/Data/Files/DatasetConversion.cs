using System.Collections.Immutable;
using Iql.Data.Files.Arrays;
using Iql.Data.Files.Hdf5;
using Iql.Data.Files.Minari;

namespace Iql.Data.Files;

/// <summary>The layouts that data sets are converted between.</summary>
public enum DatasetForm
{
    /// <summary>HDF5 with flat columns, as D4RL's.</summary>
    D4rl,

    /// <summary>A folder with one group an episode, as Minari's.</summary>
    Minari,

    /// <summary>An .npz file with D4RL's names.</summary>
    Npz,
}

/// <summary>
/// From one layout to another without loss: there and back gives the same arrays to the bit. What the other layout has no place for is
/// refused, unless it is named to be dropped.
/// </summary>
public static class DatasetConversion
{
    /// <summary>The columns, which cannot be dropped.</summary>
    static readonly ImmutableHashSet<string> Needed = ["observations", "actions", "rewards", "terminals"];

    /// <summary>Converts a file or folder.</summary>
    /// <param name="source">An HDF5 or .npz file, a Minari folder, or the main_data.hdf5 in it.</param>
    /// <param name="target">A new file, or a new folder for <see cref="DatasetForm.Minari"/>; written to a temporary name and renamed.</param>
    /// <param name="form">The target's layout.</param>
    /// <param name="drop">Arrays, or groups of arrays ("infos"), to leave out.</param>
    /// <param name="cut">To Minari, of a file without next observations: leave out the last step of episodes that were cut.</param>
    /// <param name="defaults">Entries of Minari's metadata.json, as JSON texts, where the source brings none.</param>
    /// <returns>What was written: "6,704 steps in 25 episodes, observations of 39, actions of 28".</returns>
    /// <exception cref="InvalidDataException">The source is damaged or no data set, or holds what the target cannot.</exception>
    public static string Convert(string source, string target, DatasetForm form, IReadOnlyCollection<string>? drop = null, bool cut = false,
        IReadOnlyDictionary<string, string>? defaults = null)
    {
        if (File.Exists(target) || Directory.Exists(target)) throw new ArgumentException($"target: expected a new name, got {target}, where there is something. Delete it, or choose another.");
        using var file = DatasetFile.Open(source);
        if (form == DatasetForm.Minari && file is MinariFile) throw new ArgumentException($"{source}: expected a flat file to convert, got a Minari data set already. Copy its folder.");
        if (cut && form != DatasetForm.Minari) throw new ArgumentException("cut: expected it only for a target in Minari's layout, which needs every step's next observation. Leave it out.");
        var kept = Keep(file, drop ?? []);
        if (form == DatasetForm.Minari)
        {
            Refuse(file, [.. kept.Where(entry => !EpisodeCutting.Fits(entry)).Select(entry => entry.Name)], "Minari's layout");
            var flat = EpisodeCutting.Of(file, kept, cut);
            MinariWriter.Write(target, flat, defaults ?? ImmutableDictionary<string, string>.Empty);
            return Say($"{flat.Episodes.Sum(episode => (long)episode.Length):N0} steps in {flat.Episodes.Length:N0} episodes, observations of {string.Join(", ", flat.Blocks)}, actions of {(flat.Actions is long[]? flat.Choices : flat.ActionSize)}") +
                (cut ? Say($"; left out {flat.Terminals.Length - flat.Episodes.Sum(episode => (long)episode.Length):N0} steps without a next observation") : "");
        }
        var columns = ColumnShapes.Of(file);
        if (kept.FirstOrDefault(entry => !Readable(entry)) is { } odd)
            throw new InvalidDataException($"{file.Path}: '{odd.Name}': expected numbers, flags or texts, got {odd.Kind}. Leave it out: --drop {odd.Name}.");
        var arrays = kept.Select(entry => file.Read(entry.Name));
        if (form == DatasetForm.D4rl) Hdf5Writer.Write(target, arrays);
        else NpzFile.Write(target, arrays);
        return Say($"{columns.Rows:N0} rows, observations of {columns.ObservationSize}, actions of {columns.Actions.Size}, {kept.Count} arrays");
    }

    static List<ArrayEntry> Keep(IArrayFile file, IReadOnlyCollection<string> drop)
    {
        var others = file is MinariFile minari ? minari.Others : [];
        foreach (var name in drop)
        {
            if (Needed.Contains(name)) throw new ArgumentException($"drop: expected something else than {name}, without which nothing can be learned.");
            if (!others.Concat(file.Entries.Select(entry => entry.Name)).Any(Within(name)))
                throw new ArgumentException($"drop: expected one of {string.Join(", ", others.Concat(file.Entries.Select(entry => entry.Name)).Where(entry => !Needed.Contains(entry)).Take(20))}, got {name}.");
        }
        Refuse(file, [.. others.Where(name => !drop.Any(dropped => Within(dropped)(name)))], "the flat layout");
        return [.. file.Entries.Where(entry => !drop.Any(dropped => Within(dropped)(entry.Name)))];

        static Func<string, bool> Within(string dropped) => name => name == dropped || name.StartsWith(dropped + "/", StringComparison.Ordinal);
    }

    static void Refuse(IArrayFile file, IReadOnlyList<string> lost, string layout)
    {
        if (lost.Count == 0) return;
        var groups = lost.Select(name => name.StartsWith("metadata/", StringComparison.Ordinal) ? string.Join('/', name.Split('/').Take(2)) : name.Split('/')[0]).Distinct();
        throw new InvalidDataException($"{file.Path}: expected what {layout} has a place for, got also {string.Join(", ", lost.Take(8))}{(lost.Count > 8 ? ", …" : "")}. " +
            $"To go without: --drop {string.Join(',', groups)}.");
    }

    static bool Readable(ArrayEntry entry) => entry.Kind is "bool" or "string" or "float16" or "float32" or "float64"
        || (entry.Kind != "uint64" && (entry.Kind.StartsWith("int", StringComparison.Ordinal) || entry.Kind.StartsWith("uint", StringComparison.Ordinal)) && entry.Kind != "integer");

    static string Say(FormattableString text) => FormattableString.Invariant(text);
}
