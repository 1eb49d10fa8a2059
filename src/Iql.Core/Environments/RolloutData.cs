using System.Runtime.InteropServices;
using Iql.Data;

namespace Iql.Environments;

/// <summary>A policy's rows, with the state before each decision.</summary>
/// <param name="Transitions">N rows: whole episodes, the last cut at N by a time-out.</param>
/// <param name="States"><c>[N, StateSize]</c> row-major: the environment's state before the decision.</param>
/// <param name="Returns">Undiscounted return of each whole episode.</param>
public sealed record CollectedRows(Transitions Transitions, double[] States, IReadOnlyList<double> Returns)
{
    /// <summary>A part of every state, [N, size] row-major.</summary>
    public double[] Column(StateColumn column)
    {
        var (width, numbers) = (States.Length / Transitions.Count, new double[Transitions.Count * column.Size]);
        for (var row = 0; row < Transitions.Count; row++)
            States.AsSpan(row * width + column.First, column.Size).CopyTo(numbers.AsSpan(row * column.Size));
        return numbers;
    }
}

/// <summary>The data of an acting policy: whole episodes from the environment's own starts. Actions are the policy's
/// plus N(0, <see cref="Noise"/>), clipped to ±1, or U(−1, 1) without a policy.</summary>
public sealed record RolloutData
{
    // Rows that one call of the policy serves; fixed, so that the bits depend on the seed alone.
    const int EpisodesAtATime = 8;

    /// <summary>Makes a policy for a thread, which acts in <paramref name="episodes"/> episodes at a time.</summary>
    public delegate IRolloutPolicy MakePolicy(int episodes);

    /// <summary>The policy; null: uniform random actions.</summary>
    public MakePolicy? Policy { get; init; }
    /// <summary>Standard deviation of normal noise added to the policy's actions, at least 0.</summary>
    public double Noise { get; init; }

    /// <summary>Collects N transitions; the bits depend on environment, policy, seed and N alone.</summary>
    /// <param name="threads">Maximum threads, 0 for one a core.</param>
    /// <param name="progress">Called with the rows so far, from one thread.</param>
    public CollectedRows Collect(IEnvironment environment, Seed seed, int size, string name, int threads = 0,
        Action<long>? progress = null, CancellationToken cancellation = default)
    {
        Check.AtLeast(size, 1, nameof(size));
        Check.AtLeast(threads, 0, nameof(threads), "0 takes one a core.");
        Check.NotNegative(Noise, nameof(Noise));
        if (threads == 0) threads = System.Environment.ProcessorCount;
        var source = seed.Split($"roll out {environment.Name}");
        using var policies = new ThreadLocal<IRolloutPolicy?>(
            () => Policy?.Invoke(EpisodesAtATime), trackAllValues: true);
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellation };
        var (episodes, rows, blocks) = (new List<RecordedEpisode>(), 0L, 0);
        try
        {
            while (rows < size)
            {
                // As many blocks as the rows of those before suggest, at least one a thread.
                var wanted = rows == 0
                    ? threads : (int)Math.Clamp((size - rows) * blocks / rows, threads, 64 * threads);
                var wave = new List<RecordedEpisode>[wanted];
                Parallel.For(0, wanted, options, i =>
                    wave[i] = Block(environment, policies.Value, source.Split((ulong)(blocks + i))));
                foreach (var block in wave)
                {
                    if (rows < size) episodes.AddRange(block);
                    rows += block.Sum(episode => (long)episode.Rewards.Count);
                }
                blocks += wanted;
                progress?.Invoke(Math.Min(rows, size));
            }
        }
        finally
        {
            foreach (var policy in policies.Values) policy?.Dispose();
        }
        return Join(environment, episodes, size, name);
    }

    List<RecordedEpisode> Block(IEnvironment environment, IRolloutPolicy? policy, Seed seed)
    {
        var recorder = new RolloutRecorder(environment);
        var (draws, noise, decision) = (seed.Split("random actions"), seed.Split("noise"), 0);
        var act = policy?.Begin(seed.Split("policy"));
        Rollout.RunEpisodes(recorder, EpisodesAtATime, seed, (running, observations, rewards, actions) =>
        {
            act?.Invoke(running, observations, rewards, actions);
            var size = environment.ActionSize;
            // Noise is for continuous actions only.
            var discrete = environment.ActionSpace.IsDiscrete;
            for (var row = 0; row < running.Length; row++)
            {
                var (own, disturbance) = (draws.Split((ulong)running[row]), noise.Split((ulong)running[row]));
                if (discrete && act is null)
                    ActionSpace.Write(own.Below((ulong)decision, size), actions.Slice(row * size, size));
                for (var i = 0; i < size && !discrete; i++)
                {
                    var number = (ulong)(decision * size + i);
                    ref var action = ref actions[row * size + i];
                    if (act is null) action = (float)own.Uniform(number, 1);
                    else if (Noise > 0) action = (float)Math.Clamp(action + Noise * disturbance.Normal(number), -1, 1);
                }
            }
            decision++;
        });
        return recorder.Episodes;
    }

    static CollectedRows Join(IEnvironment environment, List<RecordedEpisode> episodes, int size, string name)
    {
        var columns = new Columns(size, environment.ObservationSize, environment.ActionSpace);
        var states = new double[(long)size * environment.StateSize];
        var (row, returns) = (0, new List<double>());
        foreach (var episode in episodes)
        {
            var length = Math.Min(episode.Rewards.Count, size - row);
            if (length == 0) break;
            CollectionsMarshal.AsSpan(episode.States)[..(length * environment.StateSize)]
                .CopyTo(states.AsSpan(row * environment.StateSize));
            var observations = CollectionsMarshal.AsSpan(episode.Observations);
            var actions = CollectionsMarshal.AsSpan(episode.Actions);
            for (var i = 0; i < length; i++, row++)
            {
                Row(observations, i, environment.ObservationSize).CopyTo(columns.Observation(row));
                Row(actions, i, environment.ActionSize).CopyTo(columns.Action(row));
                Row(observations, i + 1, environment.ObservationSize).CopyTo(columns.NextObservation(row));
                var last = i + 1 == episode.Rewards.Count;
                columns.End(row, new(episode.Rewards[i], last && episode.Terminal), timeout: i + 1 == length);
            }
            if (length == episode.Rewards.Count) returns.Add(episode.Rewards.Sum(reward => (double)reward));
        }
        return new(columns.ToTransitions(name), states, returns);

        static Span<float> Row(Span<float> rows, int row, int size) => rows.Slice(row * size, size);
    }
}
