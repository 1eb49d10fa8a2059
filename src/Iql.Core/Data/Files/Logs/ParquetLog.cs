using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace Iql.Data.Files.Logs;

/// <summary>A Parquet file of flat columns: numbers, flags, texts, times. Columns of lists and structures are
/// refused.</summary>
static class ParquetLog
{
    /// <summary>A group of rows may take so many bytes, or so many times the file's own.</summary>
    const long UsualBytes = 1L << 26;
    const int UsualRatio = 100, SampleRows = 1000;
    /// <summary>Seconds for a part of any file, and more for each million bytes of it.</summary>
    const double UsualSeconds = 4, SecondsPerMillion = 2;

    internal static IEnumerable<LogRow> Rows(LogReading log)
    {
        var (path, schema, fields) = (log.Path, log.Schema, log.Fields);
        using var stream = File.OpenRead(path);
        var reader = Open(stream);
        var known = Fields(reader);
        foreach (var name in schema.All)
            if (!known.ContainsKey(name)) throw new InvalidDataException(
                $"{path}: expected a flat column '{name}', which the schema names, " +
                $"got {string.Join(", ", known.Keys.Take(30))}.{EditDistance.DidYouMean(known.Keys, name)}");
        log.Observations.AddRange(schema.Observations);
        log.Actions.AddRange(schema.Actions);
        var line = 0L;
        for (var group = 0; group < reader.RowGroupCount; group++)
        {
            using var rows = reader.OpenRowGroupReader(group);
            var columns = schema.All.Distinct()
                .ToDictionary(name => name, name => Texts(rows, known[name], stream.Length));
            for (var i = 0; i < rows.RowCount; i++)
            {
                line++;
                yield return new(line, Numbers(schema.Observations), Numbers(schema.Actions), Number(schema.Reward),
                    Flag(schema.Terminal), Flag(schema.Timeout), schema.Episode is { } run ? columns[run][i] : null,
                    Numbers(schema.NextObservations),
                    schema.Time is { } time ? fields.Time(line, time, columns[time][i]) : double.NaN);

                float[] Numbers(IReadOnlyList<string> names) => [.. names.Select(Number)];
                float Number(string name) => fields.Number(line, name, columns[name][i]);
                bool Flag(string? name) => name != null && fields.Flag(line, name, columns[name][i]);
            }
        }
    }

    /// <summary>The flat columns with their first texts.</summary>
    internal static List<(string Name, List<string> Texts)> Sample(string path)
    {
        using var stream = File.OpenRead(path);
        var reader = Open(stream);
        if (reader.RowGroupCount == 0) return [];
        using var rows = reader.OpenRowGroupReader(0);
        return [.. Fields(reader).Values.Select(field =>
            (field.Name, Texts(rows, field, stream.Length).Take(SampleRows).ToList()))];
    }

    static Dictionary<string, DataField> Fields(ParquetReader reader) => reader.Schema.GetDataFields()
        .Where(field => field.MaxRepetitionLevel == 0 && field.Path.Length == 1)
        .ToDictionary(field => field.Name, StringComparer.Ordinal);

    /// <summary>A column of a group of rows as texts, as a log in CSV has them; empty where there is none.</summary>
    static string[] Texts(ParquetRowGroupReader rows, DataField field, long length)
    {
        const int textBytes = 32;
        var most = Math.Max(UsualBytes, UsualRatio * length);
        if (rows.RowCount < 0 || rows.RowCount > most / textBytes) throw new InvalidDataException(Invariant.Say(
            $"'{field.Name}': expected groups of at most {most / textBytes:N0} rows in {length:N0} bytes, ") +
            Invariant.Say($"got {rows.RowCount:N0}. Write smaller groups, or write the file again."));
        var type = field.ClrType;
        return type == typeof(float) ? Of<float>(number => number.ToString("R", CultureInfo.InvariantCulture))
            : type == typeof(double) ? Of<double>(number => number.ToString("R", CultureInfo.InvariantCulture))
            : type == typeof(int) ? Of<int>(Whole) : type == typeof(long) ? Of<long>(Whole)
            : type == typeof(short) ? Of<short>(Whole) : type == typeof(sbyte) ? Of<sbyte>(Whole)
            : type == typeof(byte) ? Of<byte>(Whole) : type == typeof(ushort) ? Of<ushort>(Whole)
            : type == typeof(uint) ? Of<uint>(Whole) : type == typeof(ulong) ? Of<ulong>(Whole)
            : type == typeof(decimal) ? Of<decimal>(Whole)
            : type == typeof(bool) ? Of<bool>(flag => flag ? "1" : "0")
            : type == typeof(DateTime) ? Of<DateTime>(time => time.ToString("O", CultureInfo.InvariantCulture))
            : type == typeof(string) || type == typeof(ReadOnlyMemory<char>) ? Strings()
            : throw new InvalidDataException(
                $"'{field.Name}': expected numbers, flags, texts or times, got {type.Name}.");

        static string Whole<T>(T number) where T : IFormattable => number.ToString(null, CultureInfo.InvariantCulture);

        string[] Of<T>(Func<T, string> text) where T : struct
        {
            if (field.IsNullable)
            {
                var some = new T?[rows.RowCount];
                Soon(length, () => rows.ReadAsync<T>(field, some.AsMemory()).AsTask());
                return Array.ConvertAll(some, value => value is { } one ? text(one) : "");
            }
            var all = new T[rows.RowCount];
            Soon(length, () => rows.ReadAsync<T>(field, all.AsMemory()).AsTask());
            return Array.ConvertAll(all, value => text(value));
        }

        string[] Strings()
        {
            var texts = new string?[rows.RowCount];
            Soon(length, () => rows.ReadAsync(field, texts.AsMemory()).AsTask());
            return Array.ConvertAll(texts, text => text ?? "");
        }
    }

    static ParquetReader Open(Stream stream)
    {
        ParquetFooter.Check(stream);
        return Soon(stream.Length, () => ParquetReader.CreateAsync(stream));
    }

    /// <summary>The result of the library, which can turn in a circle in a damaged file. It is left there, since no
    /// thread can be ended from outside.</summary>
    static T Soon<T>(long length, Func<Task<T>> read)
    {
        var reading = Task.Run(read);
        var seconds = UsualSeconds + SecondsPerMillion * length / 1e6;
        if (Task.WaitAny([reading], TimeSpan.FromSeconds(seconds)) < 0) throw new InvalidDataException(Invariant.Say(
            $"expected a part of {length:N0} bytes within {seconds:N0} seconds, got none. Write the file again."));
        return reading.GetAwaiter().GetResult();
    }

    static void Soon(long length, Func<Task> read) => Soon(length, async () => { await read(); return true; });
}
