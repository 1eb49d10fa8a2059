using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Iql.Data;

/// <summary>The first 64 bits of a SHA-256 over all <see cref="RowLayout"/> rows, N, S and A.</summary>
sealed class RowFingerprint(RowLayout layout) : IDisposable
{
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    long count;

    /// <summary>Adds whole rows.</summary>
    internal void Add(ReadOnlySpan<float> rows)
    {
        hash.AppendData(MemoryMarshal.AsBytes(rows));
        count += rows.Length / layout.Stride;
    }

    /// <summary>16 hexadecimal digits.</summary>
    internal string Done()
    {
        hash.AppendData(MemoryMarshal.AsBytes([count, layout.ObservationSize, layout.ActionSize]));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }

    internal static string Of(Transitions transitions)
    {
        var layout = new RowLayout(transitions.ObservationSize, transitions.ActionSize);
        using var fingerprint = new RowFingerprint(layout);
        var rows = new float[Math.Max(1, (1 << 18) / layout.Stride) * layout.Stride];
        var filled = 0;
        for (var row = 0; row < transitions.Count; row++)
        {
            layout.Write(rows.AsSpan(filled, layout.Stride), transitions, row);
            filled += layout.Stride;
            if (filled < rows.Length && row < transitions.Count - 1) continue;
            fingerprint.Add(rows.AsSpan(0, filled));
            filled = 0;
        }
        return fingerprint.Done();
    }

    public void Dispose() => hash.Dispose();
}
