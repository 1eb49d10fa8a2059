using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Iql.Data;

namespace Iql.Training;

/// <summary>How far a group of runs is, as the process says that trains it.</summary>
public enum GroupState
{
    /// <summary>A process trains it. A killed one cannot say so: <see cref="GroupStatus.IsSilent"/>.</summary>
    Running,
    /// <summary>It was asked to stop, and saved what it had.</summary>
    Stopped,
    /// <summary>All its runs have results, also those that diverged.</summary>
    Done,
    /// <summary>It cannot go on; <see cref="GroupStatus.Reason"/> says why.</summary>
    Failed,
}

/// <summary>How far a group of a sweep's runs is: one small file, status/00042.json in the sweep's folder. A group that
/// nobody began has none. Its owner writes it, at most once a few seconds, in one move.</summary>
public sealed record GroupStatus
{
    /// <summary>Name and version of this file's format.</summary>
    public const string FormatName = "iql-group-1";

    /// <summary>Time from one sign of life to the next, at most.</summary>
    public static readonly TimeSpan Pulse = TimeSpan.FromMinutes(1);

    public string Format { get; init; } = FormatName;
    /// <summary>Its number in the sweep, from 0 on: <see cref="PlannedRun.Group"/>.</summary>
    public required int Group { get; init; }
    /// <summary>What its runs have in common: "expectile=0.7,seed=0".</summary>
    public required string Name { get; init; }
    /// <summary>Runs in the group.</summary>
    public required int Runs { get; init; }
    /// <summary>Steps made.</summary>
    public long Step { get; init; }
    /// <summary>Steps in all; the runs of a group make them together.</summary>
    public required long Steps { get; init; }
    public GroupState State { get; init; }
    /// <summary>Why it failed, or which runs diverged; null where there is nothing to say.</summary>
    public string? Reason { get; init; }
    /// <summary>Steps a second, evaluations and files counted; null before it is known.</summary>
    public double? StepsPerSecond { get; init; }
    /// <summary>When this was written, by the writer's clock.</summary>
    public DateTimeOffset Written { get; init; } = DateTimeOffset.UtcNow;
    /// <summary>The writer's machine and process.</summary>
    public string Host { get; init; } = Environment.MachineName;
    public int Process { get; init; } = Environment.ProcessId;

    /// <summary>Whether a running group gave no sign of life for a lease.</summary>
    public bool IsSilent(DateTimeOffset now) =>
        State == GroupState.Running && now - Written > Claims.StandardLease;

    /// <summary>One line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"GroupStatus {Group} {Name}: {JsonNamingPolicy.CamelCase.ConvertName($"{State}")} at {Step} of {Steps}");

    /// <summary>Where a sweep's folder keeps them.</summary>
    public static string FolderIn(string folder) => Path.Combine(folder, "status");

    /// <summary>A group's file.</summary>
    public static string PathIn(string folder, int group) =>
        Path.Combine(FolderIn(folder), group.ToString("D5", CultureInfo.InvariantCulture) + ".json");

    /// <summary>The same group as one that cannot go on.</summary>
    public GroupStatus Failing(string reason) => this with { State = GroupState.Failed, Reason = reason };

    /// <summary>Forgets that a group was done, because it got more runs or steps.</summary>
    public static void Reopen(string folder, int group)
    {
        if (OrNull(PathIn(folder, group)) is { State: GroupState.Done }) File.Delete(PathIn(folder, group));
    }

    /// <summary>Replaces the group's file in a sweep's folder.</summary>
    public void Write(string folder) => RunJson.Write(PathIn(folder, Group), this);

    /// <summary>A group's status; null where nobody began it.</summary>
    /// <exception cref="FileException">It is damaged, or of another format.</exception>
    public static GroupStatus? Read(string folder, int group) =>
        File.Exists(PathIn(folder, group)) ? OfFile(PathIn(folder, group)) : null;

    /// <summary>Every group's status by its number. A damaged file counts as none: it will be written again.</summary>
    public static ImmutableSortedDictionary<int, GroupStatus> ReadAll(string folder)
    {
        if (!Directory.Exists(FolderIn(folder))) return ImmutableSortedDictionary<int, GroupStatus>.Empty;
        return Directory.GetFiles(FolderIn(folder), "*.json")
            .AsParallel().WithDegreeOfParallelism(16) // waits for a file server, not for cores
            .Select(OrNull).OfType<GroupStatus>()
            .ToImmutableSortedDictionary(status => status.Group, status => status);
    }

    static GroupStatus OfFile(string path) => RunJson.Read<GroupStatus>(path, FormatName);

    static GroupStatus? OrNull(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            var status = OfFile(path);
            return Path.GetFileName(path) == Path.GetFileName(PathIn("", status.Group)) ? status : null;
        }
        catch (Exception error) when (error is FileException or IOException)
        {
            return null;
        }
    }
}
