using System.Text.Json;

namespace Iql;

/// <summary>The one guard around every reader of foreign bytes. Whatever happens inside becomes one exception, whose
/// message is one line with path, place and mend.</summary>
public static class Reading
{
    const string Guarded = "Iql.Reading";
    const int LongestReason = 300;

    /// <summary>How JSON of a file is parsed: a name twice in one object and depth above 64 are refused.</summary>
    internal static JsonDocumentOptions Json { get; } = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    /// <summary>Reads a part of a file.</summary>
    /// <param name="path">The file; every message begins with it.</param>
    /// <param name="expected">The right contents, in words: "an .npz file".</param>
    /// <param name="place">Where in the file, behind the path: "(17)"; null: nowhere in particular.</param>
    /// <exception cref="InvalidDataException">The contents are wrong, whatever the reader threw.</exception>
    /// <exception cref="IOException">The disk failed, or there is no such file.</exception>
    public static T Of<T>(string path, string expected, Func<T> read, Func<string>? place = null)
    {
        try { return read(); }
        catch (Exception failure) when (!Passes(path, failure))
        {
            var reason = OneLine(failure.GetBaseException().Message);
            if (reason.Length > LongestReason && failure is not InvalidDataException)
                reason = reason[..LongestReason] + "…";
            Exception guarded = failure switch
            {
                InvalidDataException when reason.StartsWith(path, StringComparison.Ordinal) =>
                    new InvalidDataException(reason, failure),
                InvalidDataException => new InvalidDataException($"{path}{place?.Invoke()}: {reason}", failure),
                OutOfMemoryException => new InvalidDataException(
                    $"{path}{place?.Invoke()}: expected {expected} that fits into memory, got a larger one.", failure),
                IOException when !IsOfContents(failure) =>
                    new IOException($"{path}: cannot be read ({reason.TrimEnd('.')}).", failure),
                _ => new InvalidDataException($"{path}{place?.Invoke()}: expected {expected}, got damaged contents " +
                    $"({reason.TrimEnd('.')}). Copy or write the file again.", failure),
            };
            guarded.Data[Guarded] = true;
            throw guarded;
        }
    }

    /// <summary>Reads rows one by one, each within <see cref="Of"/>.</summary>
    internal static IEnumerable<T> Each<T>(string path, string expected, IEnumerable<T> rows)
    {
        using var each = rows.GetEnumerator();
        var count = 0L;
        Func<bool> next = each.MoveNext;
        Func<string> place = () => FormattableString.Invariant($", record {count + 1}");
        for (; Of(path, expected, next, place); count++) yield return each.Current;
    }

    /// <summary>Text of a file without line breaks and other control characters, which a terminal might obey.</summary>
    internal static string OneLine(string text) => text.Any(Unprintable)
        ? string.Concat(text.ReplaceLineEndings(" ").Select(letter => Unprintable(letter) ? '?' : letter)) : text;

    static bool Unprintable(char letter) => char.IsControl(letter) || letter is '\u2028' or '\u2029';

    /// <summary>Whether an IOException is not of a disk, which gives its own number.</summary>
    static bool IsOfContents(Exception failure)
    {
        const int unspecified = unchecked((int)0x80131620);
        return failure is EndOfStreamException || failure.HResult == unspecified;
    }

    /// <summary>Whether an exception says all already, or says nothing of the contents.</summary>
    static bool Passes(string path, Exception failure) => failure switch
    {
        OperationCanceledException or ObjectDisposedException or PlatformNotSupportedException => true,
        UnauthorizedAccessException or FileNotFoundException or DirectoryNotFoundException => true,
        InvalidDataException or IOException when failure.Data.Contains(Guarded) => true,
        InvalidDataException when failure.Message.StartsWith(path, StringComparison.Ordinal) =>
            !failure.Message.Any(Unprintable),
        _ => false,
    };
}
