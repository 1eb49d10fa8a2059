namespace Iql.Data;

/// <summary>Gathers <see cref="DatasetStatistics"/> row by row.</summary>
sealed class StatisticsBuilder(int observationSize, int actionSize)
{
    readonly double[] sum = new double[observationSize], shifted = new double[observationSize];
    readonly double[] square = new double[observationSize];
    readonly float[] first = new float[observationSize], next = new float[observationSize];
    readonly List<(long Length, double Return)> kept = [];
    long rows, episodes, terminals, timeouts, outside, length, stride = 1;
    double rewards, episode, trajectory, least = double.PositiveInfinity, greatest = double.NegativeInfinity, largest;
    bool zeroOrOne = true, ended;

    internal void Add(ReadOnlySpan<float> observation, ReadOnlySpan<float> action, float reward, bool terminal,
        bool timeout, ReadOnlySpan<float> nextObservation)
    {
        if (rows == 0) observation.CopyTo(first);
        else if (ended || Discontinuity.Between(next, observation)) CloseTrajectory();
        rows++;
        for (var i = 0; i < sum.Length; i++)
        {
            // Squares are counted from the first row, so that a mean far from 0 costs no digits.
            var difference = (double)observation[i] - first[i];
            sum[i] += observation[i];
            shifted[i] += difference;
            square[i] += difference * difference;
        }
        foreach (var number in action)
            if (Math.Abs(number) > 1f) outside++;
        rewards += reward;
        zeroOrOne &= reward is 0f or 1f;
        terminals += terminal ? 1 : 0;
        timeouts += timeout ? 1 : 0;
        trajectory += reward;
        episode += reward;
        length++;
        if (terminal || timeout) CloseEpisode();
        nextObservation.CopyTo(next);
        ended = terminal;
    }

    internal DatasetStatistics Done()
    {
        CloseTrajectory();
        if (length > 0) CloseEpisode();
        return new(episodes, terminals, timeouts, [.. sum.Select(s => s / rows)],
            [.. square.Zip(shifted, (q, s) => Math.Sqrt(Math.Max(0, q / rows - s / rows * (s / rows))))],
            least, greatest, largest, rewards / rows, zeroOrOne, outside / ((double)rows * actionSize),
            [.. kept.Select(e => e.Length)], [.. kept.Select(e => e.Return)]);
    }

    void CloseTrajectory() =>
        (least, greatest, trajectory) = (Math.Min(least, trajectory), Math.Max(greatest, trajectory), 0);

    void CloseEpisode()
    {
        if (episodes++ % stride == 0) kept.Add((length, episode));
        if (kept.Count > DatasetStatistics.MostEpisodes)
        {
            for (var i = 0; 2 * i < kept.Count; i++) kept[i] = kept[2 * i];
            kept.RemoveRange((kept.Count + 1) / 2, kept.Count / 2);
            stride *= 2;
        }
        largest = Math.Max(largest, Math.Abs(episode));
        (length, episode) = (0, 0);
    }
}
