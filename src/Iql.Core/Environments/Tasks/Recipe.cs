using Iql.Data;

namespace Iql.Environments.Tasks;

/// <summary>Makes a task's data set. The bits depend on seed and number of transitions, not on threads.</summary>
public sealed class Recipe
{
    const int ShardsAPiece = 50;
    readonly IEnvironment environment;
    readonly string name;
    readonly int shardLength;
    readonly Action<Columns, Seed, int, int> roll;

    /// <summary>A recipe.</summary>
    /// <param name="kind">Ends the name of the transitions: "wandering".</param>
    /// <param name="shardLength">Rows of one seed.</param>
    /// <param name="roll">Fills rows first … last − 1 of a shard from its seed.</param>
    internal Recipe(IEnvironment environment, string kind, int shardLength, Action<Columns, Seed, int, int> roll)
    {
        (this.environment, this.shardLength, this.roll) = (environment, shardLength, roll);
        name = $"{environment.Name}/{kind}";
    }

    /// <summary>A recipe of pieces, each of at most so many rows.</summary>
    /// <param name="piece">Fills rows first … last − 1, fewer at a terminal; returns the row after the piece.</param>
    internal static Recipe OfPieces(
        IEnvironment environment, string kind, int maxLength, Func<Columns, Seed, int, int, int> piece) =>
        new(environment, kind, shardLength: 10_000, (columns, shard, first, last) =>
        {
            var row = first;
            for (var number = 0UL; row < last; number++)
                row = piece(columns, shard.Split(number), row, Math.Min(row + maxLength, last));
        });

    /// <summary>Collects N transitions; the last episode may be cut.</summary>
    /// <param name="threads">Maximum threads, 0 for one a core.</param>
    public Transitions Collect(Seed seed, int size, int threads = 0) =>
        Pieces(seed, size, threads, int.MaxValue / shardLength).Single();

    /// <summary>The same in pieces, made on demand, for data beyond memory. No episode crosses pieces.</summary>
    public IEnumerable<Transitions> Pieces(Seed seed, long size, int threads = 0) =>
        Pieces(seed, size, threads, ShardsAPiece);

    IEnumerable<Transitions> Pieces(Seed seed, long size, int threads, int shards)
    {
        Check.AtLeast(size, 1, nameof(size));
        Check.AtLeast(threads, 0, nameof(threads), "0 takes one a core.");
        if (threads == 0) threads = Environment.ProcessorCount;
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads };
        var source = seed.Split($"collect {environment.Name}");
        for (var first = 0L; first * shardLength < size; first += shards)
        {
            var count = (int)Math.Min((long)shards * shardLength, size - first * shardLength);
            var columns = new Columns(count, environment.ObservationSize, environment.ActionSpace);
            Parallel.For(0, (int)((count + (long)shardLength - 1) / shardLength), options, shard =>
                roll(columns, source.Split((ulong)(first + shard)),
                    shard * shardLength, (int)Math.Min((shard + 1L) * shardLength, count)));
            yield return columns.ToTransitions(name);
        }
    }
}
