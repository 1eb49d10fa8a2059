using System.Collections.Immutable;

namespace Iql.Data.Files.Logs;

/// <summary>A log that is being read, and what happened to its rows.</summary>
sealed class LogReading(string path, LogSchema schema)
{
    internal string Path => path;
    internal LogSchema Schema => schema;
    internal Float32Loss Loss { get; } = new();
    internal LogFields Fields => field ??= new(path, schema, Loss);
    /// <summary>Names of the numbers of an observation and of an action, known from the first row on.</summary>
    internal List<string> Observations { get; } = [];
    internal List<string> Actions { get; } = [];
    /// <summary>Rows without a number; numbers that were held; steps of time that cut an episode.</summary>
    internal long LeftOut, Held, Gaps;

    /// <summary>The rows of a file, by its ending.</summary>
    internal IEnumerable<LogRow> Rows() => System.IO.Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".csv" => CsvLog.Rows(this),
        ".tsv" => CsvLog.Rows(this, '\t'),
        ".jsonl" or ".ndjson" or ".json" => JsonLog.Rows(this),
        ".parquet" => ParquetLog.Rows(this),
        var other => throw new InputException(
            $"log: expected a name ending in .csv, .tsv, .jsonl, .ndjson or .parquet, got '{other}' in {path}."),
    };

    /// <summary>The columns as the log and its schema name them.</summary>
    internal DataColumns Columns => new(
        [.. Observations.Select(schema.Describe)], [.. Actions.Select(schema.Describe)]);

    /// <summary>"; left out 3 rows with missing numbers; cut at 2 steps of time"</summary>
    internal string Said => string.Concat(new[]
    {
        LeftOut > 0 ? Invariant.Say($"; left out {LeftOut:N0} rows with missing numbers") : "",
        Held > 0 ? Invariant.Say($"; held {Held:N0} missing numbers") : "",
        Gaps > 0 ? Invariant.Say($"; cut at {Gaps:N0} steps of time") : "",
    }.Concat(Loss.Merged.Select(lost => "; column " + lost)));
}
