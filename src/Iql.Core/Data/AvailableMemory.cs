using System.Globalization;

namespace Iql.Data;

/// <summary>The memory that this process may still fill.</summary>
static class AvailableMemory
{
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
