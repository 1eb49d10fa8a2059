using System.Collections.Immutable;

namespace Iql.Environments.Tasks;

/// <summary>A mean with its standard error.</summary>
/// <param name="Mean">Mean of E returns.</param>
/// <param name="StandardError">Standard deviation (E − 1 in the denominator) over √E.</param>
/// <param name="SuccessRate">Share of episodes that got any reward, in [0, 1].</param>
/// <param name="MeanLength">Mean number of decisions.</param>
public readonly record struct MeasuredReturn(double Mean, double StandardError, double SuccessRate, double MeanLength)
{
    /// <summary>Of finished episodes, at least two.</summary>
    public static MeasuredReturn Of(ImmutableArray<EpisodeResult> episodes)
    {
        Check.AtLeast(episodes.Length, 2, nameof(episodes));
        var mean = episodes.Average(episode => episode.Return);
        var variance = episodes.Sum(e => (e.Return - mean) * (e.Return - mean)) / (episodes.Length - 1);
        return new(mean, Math.Sqrt(variance / episodes.Length), episodes.Average(e => e.Success ? 1.0 : 0.0),
            episodes.Average(e => (double)e.Length));
    }
}

/// <summary>A task's measured reference returns: scores 0 and 100.</summary>
/// <param name="Expert">The task's <see cref="TaskCard.Expert"/>.</param>
public sealed record ReferenceMeasurement(string Task, MeasuredReturn Random, MeasuredReturn Expert)
{
    /// <summary>Measures both; the same seed gives the same numbers.</summary>
    /// <param name="task">A task of Iql, such as pointmaze-umaze-v0.</param>
    /// <param name="episodes">E, at least 2.</param>
    public static ReferenceMeasurement Measure(string task, int episodes, Seed seed)
    {
        var card = Tasks.Get(task);
        Check.That(card.Expert is not null, nameof(task), "a task with a controller of its own", task,
            "A robot's scale is D4RL's.");
        var policy = RandomPolicy(card.Environment.ActionSpace, seed.Split("random actions"));
        var random = Rollout.Run(card.Environment, episodes, seed.Split("random"), policy);
        var expert = Enumerable.Range(0, episodes).Select(e => Drive(card, seed.Split("expert").Split((ulong)e)));
        return new(task, MeasuredReturn.Of(random), MeasuredReturn.Of([.. expert]));
    }

    /// <summary>Uniform actions in [−1, 1)ᴬ, or of A choices. It counts draws.</summary>
    public static PolicyRows RandomPolicy(ActionSpace space, Seed seed)
    {
        var drawn = 0UL;
        return (_, rows, actions) =>
        {
            if (space.IsDiscrete)
                for (var row = 0; row < rows; row++)
                    ActionSpace.Write(seed.Below(drawn++, space.Size), actions.Slice(row * space.Size, space.Size));
            else
                for (var i = 0; i < rows * space.Size; i++) actions[i] = (float)seed.Uniform(drawn++, 1);
        };
    }

    static EpisodeResult Drive(TaskCard card, Seed seed)
    {
        var environment = card.Environment;
        Span<double> state = stackalloc double[environment.StateSize];
        Span<float> observation = stackalloc float[environment.ObservationSize],
            action = stackalloc float[environment.ActionSize];
        var expert = card.Expert!(seed.Split("waypoints"));
        environment.Reset(seed, state, observation);
        var (sum, success) = (0.0, false);
        for (var length = 1; ; length++)
        {
            expert(state, action);
            var (reward, terminal, truncated) = environment.Step(state, action, observation);
            sum += reward;
            success |= reward > 0;
            if (terminal || truncated || length >= environment.TimeLimit)
                return new(sum, length, terminal, success, []);
        }
    }
}
