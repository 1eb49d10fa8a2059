using System.Text;

namespace Iql;

/// <summary>Reads a text line by line. A line over <see cref="Reading.Longest"/> is refused before it is
/// whole.</summary>
sealed class LineReader(string path, Encoding? encoding = null) : IDisposable
{
    readonly StreamReader text = new(path, encoding ?? Encoding.UTF8);
    readonly char[] buffer = new char[1 << 15];
    int at, end;

    /// <summary>The number of the last line, from 1.</summary>
    internal long Number { get; private set; }

    /// <summary>Whether the last line had an end.</summary>
    internal bool IsWhole { get; private set; }

    /// <summary>The next line without its end ("\n", "\r\n" or "\r"); null behind the last.</summary>
    /// <exception cref="InvalidDataException">A line that is too long.</exception>
    internal string? Next()
    {
        StringBuilder? begun = null;
        for (Number++; Fill(); at = end)
        {
            var rest = buffer.AsSpan(at, end - at);
            var length = rest.IndexOfAny('\r', '\n');
            if (length >= 0)
            {
                var line = begun == null ? new string(rest[..length]) : begun.Append(rest[..length]).ToString();
                (at, IsWhole) = (at + length + 1, true);
                if (rest[length] == '\r' && Fill() && buffer[at] == '\n') at++;
                return line;
            }
            begun = (begun ?? new()).Append(rest);
            if (begun.Length > Reading.Longest) throw new InvalidDataException($"{path}({Number}): " +
                "expected a line of at most 16 MB, got a longer one. Write each row on its own line.");
        }
        IsWhole = false;
        return begun?.ToString();
    }

    /// <summary>Whether there is more.</summary>
    bool Fill()
    {
        if (at == end) (at, end) = (0, text.Read(buffer));
        return at < end;
    }

    public void Dispose() => text.Dispose();
}
