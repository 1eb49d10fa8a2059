using System.Text.Json;

namespace Iql;

/// <summary>The one guard around every reader of foreign bytes. Whatever happens inside becomes one exception, whose
/// message is one line with path, place and mend.</summary>
public static class Reading
{
    const int LongestReason = 300;
    /// <summary>Letters of the longest line, and bytes of the longest file of JSON: parsed, they take ten times as
    /// much.</summary>
    internal const int Longest = 16_000_000;

    /// <summary>How JSON of a file is parsed: a name twice in one object and depth above 64 are refused.</summary>
    internal static JsonDocumentOptions Json { get; } = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    /// <summary>Reads a part of a file.</summary>
    /// <param name="path">The file; every message begins with it.</param>
    /// <param name="expected">The right contents, in words: "an .npz file".</param>
    /// <param name="place">Where in the file, behind the path: "(17)"; null: nowhere in particular.</param>
    /// <exception cref="FileException">No such file, wrong contents, whatever the reader threw, or a failed
    /// disk.</exception>
    public static T Of<T>(string path, string expected, Func<T> read, Func<string>? place = null)
    {
        try { return read(); }
        catch (Exception failure) when (!SaysAll(failure))
        {
            throw new FileException(IsWhole(path, failure) ? failure : Said(path, expected, failure, place?.Invoke()));
        }
    }

    static Exception Said(string path, string expected, Exception failure, string? place)
    {
        var reason = OneLine(Words(failure.GetBaseException()));
        if (reason.Length > LongestReason && failure is not InvalidDataException)
            reason = reason[..LongestReason] + "…";
        return failure switch
        {
            FileNotFoundException or DirectoryNotFoundException =>
                new FileNotFoundException($"{path}: expected {expected}, found none there.", failure),
            InvalidDataException when reason.StartsWith(path, StringComparison.Ordinal) =>
                new InvalidDataException(reason, failure),
            InvalidDataException => new InvalidDataException($"{path}{place}: {reason}", failure),
            OutOfMemoryException => new InvalidDataException(
                $"{path}{place}: expected {expected} that fits into memory, got a larger one.", failure),
            IOException when !IsOfContents(failure) =>
                new IOException($"{path}: cannot be read ({reason.TrimEnd('.')}).", failure),
            _ => new InvalidDataException($"{path}{place}: expected {expected}, got damaged contents " +
                $"({reason.TrimEnd('.')}). Copy or write the file again.", failure),
        };
    }

    /// <summary>The path of a file of JSON, which is refused by its length before it is read.</summary>
    internal static string Small(string path)
    {
        var length = new FileInfo(path).Length;
        return length <= Longest ? path : throw new InvalidDataException(Invariant.Say(
            $"{path}: expected JSON of at most {Longest:N0} bytes, got {length:N0}. Is it another file?"));
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

    /// <summary>What went wrong, without a parser's own words.</summary>
    static string Words(Exception failure) =>
        failure is JsonException { LineNumber: { } line } json && json.Message.Contains("LineNumber:")
            ? $"no {(json.Path is null or "$" ? "valid JSON" : $"such value of {json.Path}")} at line {line + 1}, "
                + $"byte {json.BytePositionInLine + 1}"
            : failure.Message;

    static bool Unprintable(char letter) => char.IsControl(letter) || letter is '\u2028' or '\u2029';

    /// <summary>Whether an IOException is not of a disk, which gives its own number.</summary>
    static bool IsOfContents(Exception failure)
    {
        const int unspecified = unchecked((int)0x80131620);
        return failure is EndOfStreamException || failure.HResult == unspecified;
    }

    /// <summary>Whether an exception passed a guard already, or says nothing of the contents.</summary>
    static bool SaysAll(Exception failure) => failure is FileException
        or OperationCanceledException or ObjectDisposedException or PlatformNotSupportedException;

    /// <summary>Whether a message names the file and is one line.</summary>
    static bool IsWhole(string path, Exception failure) => failure is UnauthorizedAccessException
        || (failure is InvalidDataException or FileNotFoundException or DirectoryNotFoundException
            && failure.Message.StartsWith(path, StringComparison.Ordinal) && !failure.Message.Any(Unprintable));
}
