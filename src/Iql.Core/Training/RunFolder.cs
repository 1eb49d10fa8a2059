namespace Iql.Training;

/// <summary>How far a run folder is.</summary>
public enum RunFolderState
{
    /// <summary>There is no configuration.</summary>
    Absent,
    /// <summary>There is a configuration and no result.</summary>
    Started,
    /// <summary>There is a result.</summary>
    Finished,
}

/// <summary>One run's folder: config.json, metrics.jsonl, checkpoint.safetensors and the one before it with
/// checkpoint.json, result.json. Whatever is read is compared with its checksum.</summary>
public sealed class RunFolder(string path)
{
    public string Path { get; } = path;
    public string Name => new DirectoryInfo(Path).Name;
    public string ConfigPath => Inside("config.json");
    public string MetricsPath => Inside("metrics.jsonl");
    public string CheckpointPath => Inside("checkpoint.safetensors");
    /// <summary>The checkpoint before, kept until the run ends.</summary>
    public string CheckpointBeforePath => Inside("checkpoint.previous.safetensors");
    /// <summary>Which metrics belong to the checkpoints.</summary>
    public string RecordPath => Inside("checkpoint.json");
    public string ResultPath => Inside("result.json");

    /// <summary>How far the run is.</summary>
    public RunFolderState State => !File.Exists(ConfigPath) ? RunFolderState.Absent
        : File.Exists(ResultPath) ? RunFolderState.Finished : RunFolderState.Started;

    /// <summary>Whether no run was begun here, also not one whose configuration is missing now.</summary>
    public bool IsEmpty => !Files.Any(File.Exists);

    /// <summary>Makes the folder with its configuration, or leaves it alone when it already holds this run.</summary>
    /// <returns>How far the run was before.</returns>
    /// <exception cref="InvalidOperationException">The folder holds another run, and stays as it is.</exception>
    /// <exception cref="FileException">Its configuration cannot be read.</exception>
    public RunFolderState Create(RunConfig config)
    {
        config.Checked();
        var state = State;
        if (state == RunFolderState.Absent)
        {
            Directory.CreateDirectory(Path);
            RunJson.Write(ConfigPath, config);
        }
        else if (ReadConfig() is var stored && stored.FirstDifference(config) is { } difference)
        {
            if (GoesOn(stored, config))
            {
                // In this order: without its result, a run of the old number goes on to the same result.
                File.Delete(ResultPath);
                RunJson.Write(ConfigPath, config);
                return RunFolderState.Started;
            }
            throw new InvalidOperationException(
                $"{Path}: expected an empty folder or one of the same run, got another run (in the folder, asked for: "
                + $"{difference}). Choose another folder, or delete this one.");
        }
        return state;
    }

    /// <summary>Notes in config.json that a run with a checkpoint goes on on another device: its numbers are no longer
    /// those of one device.</summary>
    /// <returns>What to tell; null where the device is the same, or where nothing was trained.</returns>
    public string? NoteDevice(RunConfig config)
    {
        if (State != RunFolderState.Started || Checkpoint.Step(this) == 0) return null;
        var stored = ReadConfig();
        string before = stored.Machine.Device ?? "the processor", now = config.Machine.Device ?? "the processor";
        if (before == now || before.EndsWith($", then {now}", StringComparison.Ordinal)) return null;
        RunJson.Write(ConfigPath, stored.On($"{before}, then {now}"));
        return $"{Path}: it was trained on {before}, and continues on {now}. Its numbers are not those of one device.";
    }

    /// <summary>Whether a run is the stored one with more steps.</summary>
    static bool GoesOn(RunConfig stored, RunConfig config) =>
        stored.Steps < config.Steps && config.Continuing(stored, out var obstacle) is { } longer && obstacle is null
        && longer.FirstDifference(config) is null;

    public RunConfig ReadConfig() => Reading.Of(ConfigPath, "a run's configuration", () =>
    {
        var config = RunJson.Read<RunConfig>(ConfigPath, RunConfig.FormatName, Mend).Checked();
        _ = config.Identity; // reads the hyperparameters
        return config;
    });

    /// <summary>Everything that is in the folder.</summary>
    /// <param name="planned">The run in a sweep's plan; null for a run alone.</param>
    /// <param name="inTraining">Whether the checkpoint of a run without a result may be just now replaced: it is not
    /// looked at.</param>
    /// <exception cref="FileException">A file is damaged; the message names it and what helps.</exception>
    /// <exception cref="IOException">There is no configuration.</exception>
    public Run Read(PlannedRun? planned = null, bool inTraining = false)
    {
        if (State == RunFolderState.Absent && !IsEmpty)
            throw Damaged($"{ConfigPath}: expected a file, found none.");
        var config = ReadConfig();
        if (planned?.Identity is { } identity && identity != config.Identity)
            throw Damaged($"{ConfigPath}: expected the run of sweep.json, got another.");
        // Before the metrics: all lines are there when it is.
        var result = inTraining && !File.Exists(ResultPath) ? null : Verified(config);
        var lines = Guarded(() => MetricsFile.Read(MetricsPath));
        return new(Name, planned?.Labels ?? [], config, [.. lines.OfType<TrainLine>()],
            [.. lines.OfType<EvaluationLine>().Where(line => double.IsFinite(line.ReturnMean))],
            [.. lines.OfType<WeightsLine>()], result)
        {
            Acting = [.. lines.OfType<ActingLine>().Where(line => double.IsFinite(line.Return))],
        };
    }

    /// <summary>The result, null when the run is not done.</summary>
    public RunResult? ReadResult() => File.Exists(ResultPath) ? RunJson.Read<RunResult>(ResultPath, mend: Mend) : null;

    /// <summary>The result, null when the run is not done, after every file was compared with its checksum.</summary>
    /// <param name="config">The configuration that the folder must have, but for more steps.</param>
    /// <exception cref="FileException">A file is damaged, missing, or of another run.</exception>
    public RunResult? Verified(RunConfig config)
    {
        var result = ResultOf(config);
        if (result is null) return Checkpoint.Problem(this) is { } problem
            ? throw new FileException($"{problem} Start the run's command again: it continues from the "
                + "checkpoint before, or says what helps.") : null;
        var files = FilesOf(config);
        foreach (var (path, was, now) in new[]
        {
            (ConfigPath, result.Files.Run, files.Run), (MetricsPath, result.Files.Metrics, files.Metrics),
            (CheckpointPath, result.Files.Checkpoint, files.Checkpoint),
        })
            if (was != now)
                throw Damaged($"{path}: expected the file that result.json was made with, got "
                    + (File.Exists(path) ? "another: it was damaged, or is of another run." : "none."));
        return result;
    }

    /// <summary>Prepares a run to continue: a damaged checkpoint is replaced by the one before. Only for the holder of
    /// the folder's claim.</summary>
    /// <returns>What was damaged and where the run continues; null where nothing was.</returns>
    /// <exception cref="FileException">Nothing whole is left, or the folder has another run.</exception>
    public string? Restore(RunConfig config)
    {
        if (ResultOf(config) is null) return Checkpoint.Restore(this);
        Verified(config);
        return null;
    }

    /// <summary>The result of a folder that has this configuration, or nothing at all.</summary>
    RunResult? ResultOf(RunConfig config)
    {
        if (State == RunFolderState.Absent)
            return IsEmpty ? null : throw Damaged($"{ConfigPath}: expected a file, found none.");
        var stored = ReadConfig();
        return stored.FirstDifference(config) is { } difference && !GoesOn(stored, config)
            ? throw Damaged($"{ConfigPath}: expected the configuration of this run, got another ({difference}).")
            : ReadResult();
    }

    /// <summary>Writes the result with the checksums of the files it is made of: the run is done.</summary>
    /// <exception cref="ArgumentException">The result is that of an unfinished run.</exception>
    public void WriteResult(RunResult result)
    {
        Check.That(result.Status != RunStatus.Unfinished, "status", "finished or diverged", result.Status);
        RunJson.Write(ResultPath, result with { Files = FilesOf(ReadConfig()) });
        File.Delete(CheckpointBeforePath);
        OnlineRows.DropFrom(this, 0);
    }

    /// <summary>Removes everything but the claim, so that the run is trained again.</summary>
    public void Clear()
    {
        foreach (var file in Files) File.Delete(file);
        OnlineRows.DropFrom(this, 0);
    }

    // The result first: a run without one is not done.
    string[] Files => [ResultPath, CheckpointPath, CheckpointBeforePath, RecordPath, MetricsPath, ConfigPath];

    RunFiles FilesOf(RunConfig config) => new(
        config.Identity, MetricsMark.Sum(File.Exists(MetricsPath) ? File.ReadAllBytes(MetricsPath) : []),
        File.Exists(CheckpointPath) ? MetricsMark.Sum(File.ReadAllBytes(CheckpointPath)) : null);

    string Mend => $"Delete {Path} to train this run again, or add --retrain-damaged.";

    /// <summary>A problem with a file of the run, with what helps.</summary>
    internal FileException Damaged(string problem) =>
        new(problem.EndsWith(Mend, StringComparison.Ordinal) ? problem : $"{problem} {Mend}");

    /// <summary>Reads something of the run; a file that cannot be read is a damaged one.</summary>
    internal T Guarded<T>(Func<T> read)
    {
        try { return read(); }
        catch (FileException error) when (error.IsDamage) { throw Damaged(error.Message); }
    }

    string Inside(string file) => System.IO.Path.Combine(Path, file);
}
