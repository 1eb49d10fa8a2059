using System.Globalization;

namespace Iql.Data;

/// <summary>The memory that this process may still fill.</summary>
static class AvailableMemory
{
    /// <summary>Refuses a file whose contents need more bytes than there are.</summary>
    /// <param name="got">What the file has: "about 300,000,000 rows".</param>
    internal static void Require(double bytes, string file, string got, string mend, long? available = null)
    {
        var most = available ?? Bytes();
        if (bytes > most) throw new FileException(
            $"{file}: expected contents that fit into {Size(most)} of memory, got {got}, which need {Size(bytes)}. " +
            mend);
    }

    /// <summary>"12 MB"</summary>
    internal static string Size(double bytes) =>
        bytes < 1e9 ? Invariant.Say($"{bytes / 1e6:N0} MB") : Invariant.Say($"{bytes / 1e9:N1} GB");

    /// <summary>Bytes: the memory of the machine (or container), on Linux at most what is free now.</summary>
    internal static long Bytes()
    {
        var most = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        const string meminfo = "/proc/meminfo", field = "MemAvailable:";
        if (!OperatingSystem.IsLinux() || !File.Exists(meminfo)) return most;
        var line = File.ReadLines(meminfo).FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal));
        return line != null && long.TryParse(
            line.AsSpan(field.Length).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture, out var kilobytes)
            ? Math.Min(most, kilobytes * 1024) : most;
    }
}
