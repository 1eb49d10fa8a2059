using Iql.Training;

namespace Iql.Estimation;

/// <summary>What data say of a policy, without an environment: the estimates.json of an evaluation's folder.</summary>
public sealed record OfflineEstimates
{
    /// <summary>Name and version of the file's format.</summary>
    public const string FormatName = "iql-estimates-1";

    public string Format { get; init; } = FormatName;
    /// <summary>SHA-256 of the checkpoint whose policy it is.</summary>
    public required string Policy { get; init; }
    /// <summary>Training steps of that policy.</summary>
    public required long PolicyStep { get; init; }
    /// <summary>The data it was judged by.</summary>
    public required DatasetInfo Dataset { get; init; }
    /// <summary>Whether the policy learned from these very data.</summary>
    public required bool Seen { get; init; }
    public required int Episodes { get; init; }
    /// <summary>Episodes that the fit did not see.</summary>
    public required int HeldOut { get; init; }
    /// <summary>γ of all discounted sums.</summary>
    public required double Discount { get; init; }
    /// <summary>Steps of the fitted Q evaluation.</summary>
    public required long Steps { get; init; }
    /// <summary>Why there is no fitted value; null where there is one.</summary>
    public string? Failure { get; init; }
    /// <summary>By name, as docs/evaluation.md explains them. What a policy does not have is left out.</summary>
    public required OrderedDictionary<string, double> Numbers { get; init; }

    /// <summary>The evaluations of a run that are of its present checkpoint, those by its own data first.</summary>
    /// <exception cref="FileException">A file is damaged.</exception>
    public static OfflineEstimates[] Of(RunFolder run)
    {
        var files = Directory.GetDirectories(run.Path, OfflineEvaluation.FolderName + "*").Order(StringComparer.Ordinal)
            .Select(folder => Path.Combine(folder, OfflineEvaluation.FileName)).Where(File.Exists).ToArray();
        if (files.Length == 0) return [];
        var sum = JudgedPolicy.Sum(run);
        return [.. files.Select(Read).Where(each => each.Policy == sum).OrderBy(each => !each.Seen)];
    }

    internal static OfflineEstimates Read(string path) => RunJson.Read<OfflineEstimates>(path, FormatName,
        "Make it again: iql evaluate.");
}
