using System.Diagnostics;
using Iql.Compile;

namespace Iql.Measurement;

/// <summary>How far two cores are from each other: the time one cache line takes from the one to the other and back.</summary>
public static class PingPong
{
    const int Trips = 500;

    /// <summary>
    /// Nanoseconds of a round trip, the median over blocks of 500; NaN on a machine with one core. Cores that share a cache take 50 to
    /// 180, cores that do not more than 300.
    /// </summary>
    /// <param name="blocks">At least 1.</param>
    public static double Nanoseconds(int blocks = 40)
    {
        Check.AtLeast(blocks, 1, nameof(blocks));
        if (Environment.ProcessorCount < 2) return double.NaN;
        using var team = new WorkerTeam(2);
        // A line of its own, so that nothing else travels with it.
        var ball = new int[64];
        var times = new double[blocks];
        for (var block = 0; block < blocks; block++)
        {
            ball[32] = 0;
            var start = Stopwatch.GetTimestamp();
            team.Run(worker =>
            {
                for (var trip = 0; trip < Trips; trip++)
                {
                    Await(ref ball[32], 2 * trip + worker);
                    Volatile.Write(ref ball[32], 2 * trip + worker + 1);
                }
            });
            times[block] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Trips;
        }
        Array.Sort(times);
        return times[blocks / 2];
    }

    // Yields in the end: the other one may be waiting for this core.
    static void Await(ref int ball, int turn)
    {
        for (var spins = 0; Volatile.Read(ref ball) != turn; spins++)
            if (spins > 10_000) Thread.Yield();
    }
}
