using Iql.Data;

namespace Iql.Environments;

/// <summary>The columns of a data set while it is being collected: several threads may write, each its own rows.</summary>
sealed class Columns(int count, int observationSize, ActionSpace actions)
{
    readonly float[] observations = new float[count * observationSize], actionRows = new float[count * actions.Size];
    readonly float[] rewards = new float[count], nextObservations = new float[count * observationSize];
    readonly bool[] terminals = new bool[count], timeouts = new bool[count];

    public int Count => count;

    public Span<float> Observation(int row) => observations.AsSpan(row * observationSize, observationSize);

    public Span<float> Action(int row) => actionRows.AsSpan(row * actions.Size, actions.Size);

    public Span<float> NextObservation(int row) => nextObservations.AsSpan(row * observationSize, observationSize);

    /// <summary>Sets a row's outcome. A terminal is never a time-out as well.</summary>
    public void End(int row, StepResult result, bool timeout)
    {
        rewards[row] = result.Reward;
        terminals[row] = result.Terminal;
        timeouts[row] = timeout && !result.Terminal;
    }

    public Transitions ToTransitions(string name) =>
        new(name, observationSize, actions.Size, observations, actionRows, rewards, terminals, timeouts, nextObservations, actions.Kind);

    /// <summary>
    /// Collects N rows in shards of <paramref name="shardLength"/> rows, each from a seed of its own: the bits depend on the seed
    /// and N, not on the number of threads. <paramref name="roll"/> fills the rows first … last − 1 of a shard.
    /// </summary>
    public static Columns Collect(IEnvironment environment, Seed seed, int size, int threads, int shardLength, Action<Columns, Seed, int, int> roll) =>
        Pieces(environment, seed, size, int.MaxValue, threads, shardLength, roll).Single();

    /// <summary>The same rows in pieces of about <paramref name="pieceLength"/>, whole shards each, made as they are asked for.</summary>
    public static IEnumerable<Columns> Pieces(IEnvironment environment, Seed seed, long size, int pieceLength, int threads, int shardLength,
        Action<Columns, Seed, int, int> roll)
    {
        Check.AtLeast(size, 1, nameof(size));
        Check.AtLeast(threads, 0, nameof(threads), "0 takes one a core.");
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads == 0 ? Environment.ProcessorCount : threads };
        var source = seed.Split($"collect {environment.Name}");
        var pieceShards = Math.Max(1, pieceLength / shardLength);
        for (var first = 0L; first * shardLength < size; first += pieceShards)
        {
            var count = (int)Math.Min((long)pieceShards * shardLength, size - first * shardLength);
            var columns = new Columns(count, environment.ObservationSize, environment.ActionSpace);
            Parallel.For(0, (int)((count + (long)shardLength - 1) / shardLength), options, shard =>
                roll(columns, source.Split((ulong)(first + shard)), shard * shardLength, (int)Math.Min((shard + 1L) * shardLength, count)));
            yield return columns;
        }
    }
}
