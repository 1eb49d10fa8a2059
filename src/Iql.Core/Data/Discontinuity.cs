namespace Iql.Data;

/// <summary>Whether a row continues the row before.</summary>
static class Discontinuity
{
    /// <summary>The maximum distance of two observations that count as one.</summary>
    internal const double Tolerance = 1e-6;

    /// <summary>‖s′ − s‖, the Euclidean distance.</summary>
    internal static double Distance(ReadOnlySpan<float> next, ReadOnlySpan<float> observation)
    {
        var sum = 0.0;
        for (var i = 0; i < next.Length; i++)
        {
            double difference = next[i] - observation[i];
            sum += difference * difference;
        }
        return Math.Sqrt(sum);
    }

    /// <summary>Whether s′ of a row differs from s of the next.</summary>
    internal static bool Between(ReadOnlySpan<float> next, ReadOnlySpan<float> observation) =>
        !next.SequenceEqual(observation) && Distance(next, observation) > Tolerance;
}
