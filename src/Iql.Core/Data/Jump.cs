namespace Iql.Data;

/// <summary>Tells whether one row goes on where another left off.</summary>
static class Jump
{
    /// <summary>How far apart two observations may be and still count as one.</summary>
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

    /// <summary>Whether s′ of a row is not s of the next.</summary>
    internal static bool Between(ReadOnlySpan<float> next, ReadOnlySpan<float> observation) =>
        !next.SequenceEqual(observation) && Distance(next, observation) > Tolerance;
}
