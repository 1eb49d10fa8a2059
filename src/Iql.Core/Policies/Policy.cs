using Iql.Algorithms;
using Iql.Data;
using Iql.Execution;
using Iql.Training;

namespace Iql.Policies;

/// <summary>A trained run's policy: observations in the user's units in, actions in the user's units out. It needs no
/// environment. Any thread may use it; one acts at a time.</summary>
public sealed class Policy : IDisposable
{
    /// <summary>Rows of the program for many observations; one for a single row is beside it.</summary>
    const int Batch = 128;

    readonly Lazy<PolicyEpisode> one, many;
    readonly Lock acting = new();

    Policy(string folder, RunConfig config, Learner learner, LearnerState state, ActionSpace actions, int observation)
    {
        (Folder, Config, Learner, State) = (folder, config, learner, state);
        (Actions, ObservationSize, Bounds) = (actions, observation, ActionRange.Of(config, actions));
        (one, many) = (new(() => Begin(1)), new(() => Begin(Batch)));
        using var probe = Acting(1);
        Remembers = probe.Remembers;
    }

    /// <summary>Where it was read.</summary>
    public string Folder { get; }
    /// <summary>The run it came of.</summary>
    public RunConfig Config { get; }
    public Learner Learner { get; }
    /// <summary>Its numbers, after so many training steps.</summary>
    public LearnerState State { get; }
    /// <summary>S.</summary>
    public int ObservationSize { get; }
    /// <summary>What an action is. A discrete one is one-hot; <see cref="ActionSpace.Choice"/> reads it.</summary>
    public ActionSpace Actions { get; }
    /// <summary>The range of each number of an action.</summary>
    public ActionRange Bounds { get; }
    /// <summary>Whether a decision depends on those before it, as a decision transformer's: <see cref="Begin"/> then
    /// acts, one object an episode.</summary>
    public bool Remembers { get; }

    /// <summary>Reads the policy of a run's last checkpoint, or an exported one.</summary>
    /// <param name="path">The run's folder, with config.json, or a sweep's folder that has one run; or a file that
    /// `iql export` wrote, .onnx or .safetensors. A file has no values of states.</param>
    /// <exception cref="FileException">A file is damaged, missing, or another version's.</exception>
    public static Policy Load(string path)
    {
        if (File.Exists(path)) return Exported(path);
        var run = new RunFolder(OneRun(path));
        var config = run.ReadConfig();
        run.Verified(config);
        if (!File.Exists(run.CheckpointPath))
            throw new FileException($"{path}: expected a run with a checkpoint, found none. Train it first.");
        return Of(run.Path, config, SafeTensors.Read(run.CheckpointPath), learner =>
            (learner, Checkpoint.Load(run, learner.Blocks[0], learner.Blocks[1])!));
    }

    static Policy Exported(string path)
    {
        var file = ExportedPolicy.Read(path);
        return Of(path, ExportedPolicy.Config(file), file, learner =>
            (learner with { Value = null, Probe = null }, ExportedPolicy.State(file, learner)));
    }

    static Policy Of(
        string path, RunConfig config, SafeTensors stored, Func<Learner, (Learner, LearnerState)> read)
    {
        var algorithm = Algorithm.Find(config.Algorithm) ?? throw new FileException(
            $"{path}: expected a run of {string.Join(", ", Algorithm.All.Select(each => each.Name))}, "
            + $"got one of {config.Algorithm}. Another version of Iql wrote it.");
        var own = algorithm.Standard.FromJson(config.Hyperparameters);
        var (observation, action) = StoredSizes.Of(own, stored);
        var (learner, state) = read(own.Learner(observation, action));
        var kind = own.Find("actions")?.Get(own) is ActionKind named ? named : ActionKind.Continuous;
        return new(path, config, learner, state, new(kind, action), observation);
    }

    /// <summary>A run's folder: the one given, or the only one of a sweep.</summary>
    static string OneRun(string folder)
    {
        if (new RunFolder(folder).State != RunFolderState.Absent) return folder;
        var runs = Path.Combine(folder, "runs");
        var found = Directory.Exists(runs) ? Directory.GetDirectories(runs) : [];
        return found.Length == 1 ? found[0] : throw new FileException(
            $"{folder}: expected the folder of a run, with config.json, got " + (found.Length == 0
                ? "none. Give a folder that `iql train` wrote."
                : $"{found.Length} runs. Name one: {found.Min(StringComparer.Ordinal)}."));
    }

    /// <summary>The actions for any number of observations, each for itself.</summary>
    /// <param name="observations"><c>[N, S]</c>, row after row, finite.</param>
    /// <returns><c>[N, A]</c>.</returns>
    /// <exception cref="ArgumentException">Numbers are missing or not finite, or the policy remembers.</exception>
    public float[] Act(params float[] observations)
    {
        Check.That(!Remembers, nameof(Act), "a policy that forgets", $"{Config.Algorithm}, which remembers",
            "Let it act in an episode, by Begin.");
        var rows = PolicyEpisode.Rows(this, observations);
        var actions = new float[rows * Actions.Size];
        lock (acting)
            for (int first = 0, count; first < rows; first += count)
            {
                count = rows == 1 ? 1 : Math.Min(Batch, rows - first);
                (count == 1 ? one : many).Value.Decide(
                    observations.AsSpan(first * ObservationSize, count * ObservationSize), [],
                    actions.AsSpan(first * Actions.Size, count * Actions.Size));
            }
        return actions;
    }

    /// <summary>Episodes that begin now, with a memory of their own. Not thread-safe.</summary>
    /// <param name="episodes">How many act side by side, at least 1.</param>
    public PolicyEpisode Begin(int episodes = 1) => new(this, Acting(episodes));

    /// <summary>The policy for roll-outs in several episodes at once.</summary>
    public ActingPolicy Acting(int episodes) =>
        new ActingPolicy(Learner, Config.Normalization, episodes).Of(State);

    /// <summary>One line.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"Policy: {Config}, after {State.Step} steps; {Actions.Beside(ObservationSize)}");

    public void Dispose()
    {
        if (one.IsValueCreated) one.Value.Dispose();
        if (many.IsValueCreated) many.Value.Dispose();
    }
}
