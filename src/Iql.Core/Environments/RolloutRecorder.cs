using System.Runtime.InteropServices;

namespace Iql.Environments;

/// <summary>A recorded episode.</summary>
sealed class RecordedEpisode
{
    internal readonly List<double> States = [];
    internal readonly List<float> Observations = [], Actions = [], Rewards = [];
    internal bool Terminal;
}

/// <summary>Records the episodes of another environment; its states end in the episode's number.</summary>
sealed class RolloutRecorder(IEnvironment inner) : IEnvironment
{
    internal List<RecordedEpisode> Episodes { get; } = [];
    public string Name => inner.Name;
    public int ObservationSize => inner.ObservationSize;
    public ActionSpace ActionSpace => inner.ActionSpace;
    public int StateSize => inner.StateSize + 1;
    public int TimeLimit => inner.TimeLimit;

    public void Reset(Seed seed, Span<double> state, Span<float> observation)
    {
        inner.Reset(seed, state[..^1], observation);
        state[^1] = Episodes.Count;
        Episodes.Add(new());
        Episodes[^1].Observations.AddRange(observation);
    }

    public StepResult Step(Span<double> state, ReadOnlySpan<float> action, Span<float> observation)
    {
        var episode = Episodes[(int)state[^1]];
        episode.States.AddRange(state[..^1]);
        episode.Actions.AddRange(action);
        var result = inner.Step(state[..^1], action, observation);
        episode.Observations.AddRange(observation);
        episode.Rewards.Add(result.Reward);
        episode.Terminal = result.Terminal;
        return result;
    }
}
