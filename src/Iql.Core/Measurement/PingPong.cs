using System.Diagnostics;
using Iql.Execution;

namespace Iql.Measurement;

/// <summary>How far two cores are from each other: the time one cache line takes from the one to the other and back.</summary>
public static class PingPong
{
    const int Blocks = 40, Trips = 500;

    /// <summary>
    /// Nanoseconds of a round trip, the median over blocks of 500; NaN on a machine with one core. Cores that share a cache take 50 to
    /// 180, cores that do not more than 300.
    /// </summary>
    public static double Nanoseconds()
    {
        if (Environment.ProcessorCount < 2) return double.NaN;
        using var team = new WorkerTeam(2);
        // A line of its own, so that nothing else travels with it.
        var ball = new int[64];
        // So many that other teams' threads have gone to sleep for most of them: in the first they still look for work.
        var blocks = new double[Blocks];
        for (var block = 0; block < Blocks; block++)
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
            blocks[block] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / Trips;
        }
        Array.Sort(blocks);
        return blocks[Blocks / 2];
    }

    // Yields in the end: the other one may be waiting for this core.
    static void Await(ref int ball, int turn)
    {
        for (var spins = 0; Volatile.Read(ref ball) != turn; spins++)
            if (spins > 10_000) Thread.Yield();
    }
}
