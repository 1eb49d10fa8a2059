using System.Globalization;

namespace Iql.Measurement;

/// <summary>How busy the machine and this process are, at one time.</summary>
/// <param name="Clock">Time since some beginning.</param>
/// <param name="Processor">Processor time this process has had so far, on all cores together.</param>
/// <param name="Average">Threads that ran or waited for a core, of all processes, averaged over the last minute; null where the system does not say.</param>
public sealed record SystemLoad(TimeSpan Clock, TimeSpan Processor, double? Average)
{
    const string AverageFile = "/proc/loadavg";

    /// <summary>This moment.</summary>
    public static SystemLoad Now() => new(TimeSpan.FromMilliseconds(Environment.TickCount64), ProcessorTime(), ReadAverage());

    static TimeSpan ProcessorTime() =>
        OperatingSystem.IsIOS() || OperatingSystem.IsTvOS() || OperatingSystem.IsBrowser() ? TimeSpan.Zero : Environment.CpuUsage.TotalTime;

    static double? ReadAverage()
    {
        try
        {
            if (!File.Exists(AverageFile)) return null;
            return double.TryParse(File.ReadAllText(AverageFile).Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var average) ? average : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
