using System.Security.Cryptography;

namespace Iql.Training;

/// <summary>The lines of metrics.jsonl when a checkpoint was saved: they are its first bytes for ever.</summary>
/// <param name="Step">Steps made.</param>
/// <param name="Lines">How many lines, all of steps up to this one.</param>
/// <param name="Bytes">Their length with the last line's end.</param>
/// <param name="Sha256">Their hash, 64 hexadecimal digits.</param>
public sealed record MetricsMark(long Step, long Lines, long Bytes, string Sha256)
{
    /// <summary>The mark of a run without a checkpoint: no line counts.</summary>
    internal static MetricsMark None { get; } = new(0, 0, 0, Sum([]));

    /// <summary>Whether a file begins with these lines.</summary>
    internal bool Fits(ReadOnlySpan<byte> file) => file.Length >= Bytes && Sum(file[..(int)Bytes]) == Sha256;

    /// <summary>A hash as this and other files have it.</summary>
    internal static string Sum(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
