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

/// <summary>One run's folder: config.json, metrics.jsonl, checkpoint.safetensors with checkpoint.json,
/// result.json.</summary>
public sealed class RunFolder(string path)
{
    public string Path { get; } = path;
    public string Name => new DirectoryInfo(Path).Name;
    public string ConfigPath => Inside("config.json");
    public string MetricsPath => Inside("metrics.jsonl");
    public string CheckpointPath => Inside("checkpoint.safetensors");
    public string ResultPath => Inside("result.json");

    /// <summary>How far the run is.</summary>
    public RunFolderState State => !File.Exists(ConfigPath) ? RunFolderState.Absent
        : File.Exists(ResultPath) ? RunFolderState.Finished : RunFolderState.Started;

    /// <summary>Makes the folder with its configuration, or leaves it alone when it already holds this run.</summary>
    /// <returns>How far the run was before.</returns>
    /// <exception cref="InvalidOperationException">The folder holds another run, and stays as it is.</exception>
    /// <exception cref="InvalidDataException">Its configuration cannot be read.</exception>
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
            if (stored.Steps < config.Steps && config.Continuing(stored, out var obstacle) is { } longer
                && obstacle is null && longer.FirstDifference(config) is null)
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

    public RunConfig ReadConfig() => Reading.Of(ConfigPath, "a run's configuration",
        () => RunJson.Read<RunConfig>(ConfigPath, RunConfig.FormatName).Checked());

    /// <summary>Everything that is in the folder.</summary>
    /// <param name="labels">The run's labels in a sweep's plan.</param>
    /// <exception cref="InvalidDataException">A file is damaged; the message names it.</exception>
    /// <exception cref="IOException">There is no configuration.</exception>
    public Run Read(OrderedDictionary<string, string>? labels = null)
    {
        var result = ReadResult(); // first: all lines are there when it is
        var lines = MetricsFile.Read(MetricsPath);
        return new(Name, labels ?? [], ReadConfig(), [.. lines.OfType<TrainLine>()],
            [.. lines.OfType<EvaluationLine>().Where(line => double.IsFinite(line.ReturnMean))],
            [.. lines.OfType<WeightsLine>()], result);
    }

    /// <summary>The result, null when the run is not done.</summary>
    public RunResult? ReadResult() => File.Exists(ResultPath) ? RunJson.Read<RunResult>(ResultPath) : null;
    /// <summary>Writes the result: the run is done.</summary>
    public void WriteResult(RunResult result) => RunJson.Write(ResultPath, result);

    string Inside(string file) => System.IO.Path.Combine(Path, file);
}
