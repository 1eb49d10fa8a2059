using System.Collections.Immutable;
using System.Text.Json;
using Iql.Algorithms;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training;

/// <summary>Trains a group of runs to their end: one learner, one member a run, every run its own folder. Each run gets
/// the numbers it would get alone, on any number of threads, and the same to the bit when it is interrupted and called
/// again.</summary>
public static class TrainingLoop
{
    /// <summary>Sorts runs into groups that can go on together; runs that are done are left out.</summary>
    /// <param name="runs">Runs that differ at most in hyperparameters of a member.</param>
    /// <returns>Groups by step, the furthest first.</returns>
    /// <remarks>InvalidDataException when a checkpoint is damaged.</remarks>
    public static ImmutableArray<TrainingGroup> Groups(IEnumerable<TrainingRun> runs) =>
    [
        .. runs.Where(run => run.Folder.State != RunFolderState.Finished)
            .GroupBy(run => Checkpoint.Step(run.Folder))
            .OrderByDescending(group => group.Key)
            .Select(group => new TrainingGroup(group.Key, [.. group])),
    ];

    /// <summary>Trains until every run is finished or diverged, or until cancelled; then each run that goes on is saved
    /// where it is.</summary>
    /// <param name="plan">What the runs have in common.</param>
    /// <param name="runs">One run for each member of the learner, in its order; their configurations differ in
    /// hyperparameters only. A folder that holds the same run goes on from its checkpoint.</param>
    /// <param name="progress">Called from this thread at train lines and evaluations.</param>
    /// <param name="cancellation">Asks to stop after the current step.</param>
    /// <param name="claims">One for each run, which the caller gives back; null makes some. A run whose claim is lost
    /// stops there, and nothing more of it is written.</param>
    /// <returns>What came out, in the order of the runs. A run that diverges does not stop the others.</returns>
    /// <exception cref="ArgumentException">Plan and configurations do not fit, or data lack what the learner needs.
    /// </exception>
    /// <exception cref="InvalidOperationException">A folder holds another run or a finished one, or checkpoints are at
    /// different steps.</exception>
    /// <exception cref="InvalidDataException">A file in a folder is damaged.</exception>
    /// <exception cref="IOException">Another process trains in a folder.</exception>
    public static ImmutableArray<TrainingOutcome> Run(
        TrainingPlan plan, IReadOnlyList<TrainingRun> runs, Action<TrainingProgress>? progress = null,
        CancellationToken cancellation = default, IReadOnlyList<Claim>? claims = null)
    {
        Fit(plan, runs);
        var batches = plan.Learner.Source(plan.Transitions); // says what the data lack before a folder is made
        if (claims is null)
        {
            using var shared = new Claims();
            return Run(plan, runs, progress, cancellation, [.. runs.Select(run => Claimed(shared, run.Folder.Path))]);
        }
        Check.That(claims.Count == runs.Count, nameof(claims), $"{runs.Count}, one for each run", claims.Count);
        foreach (var run in runs)
            if (run.Folder.Create(run.Config) == RunFolderState.Finished) throw Finished(run);
        var logs = new List<RunLog>();
        try
        {
            var start = Start(plan.Learner, runs);
            for (var i = 0; i < runs.Count; i++) logs.Add(new(runs[i], claims[i], i, start.Step));
            using var session = new TrainingSession(plan, batches, logs, start);
            session.Train(progress, cancellation);
            return [.. logs.Select(log => log.Outcome!)];
        }
        finally
        {
            foreach (var log in logs) log.Dispose();
        }
    }

    static Claim Claimed(Claims claims, string folder) => claims.TryTake(folder) ?? throw new IOException(
        $"{folder}: expected a folder nobody trains in, got one that is claimed by {claims.Holder(folder, out _)}. "
        + "Wait for it, or stop it.");

    static InvalidOperationException Finished(TrainingRun run) =>
        new($"{run.Folder.Path}: expected a run that is not done, got one with a result. "
            + "Leave it out; TrainingLoop.Groups does.");

    /// <summary>The state the runs are in: their checkpoints put together, or the learner's own start.</summary>
    static LearnerState Start(Learner learner, IReadOnlyList<TrainingRun> runs)
    {
        var states = runs.Select(run => Checkpoint.Load(run.Folder, learner.Blocks[0], learner.Blocks[1])).ToArray();
        var steps = states.Select(state => state?.Step ?? 0).ToArray();
        if (steps.Distinct().Count() > 1)
            throw new InvalidOperationException(
                "expected checkpoints of one step, got "
                + $"{string.Join(", ", runs.Zip(steps, (run, step) => $"{run.Folder.Name} at {step}"))}. "
                + "Train them apart; TrainingLoop.Groups says how.");
        var root = runs[0].Config.Root();
        if (steps[0] == 0) return Trainer.Start(learner, root);
        foreach (var (run, state) in runs.Zip(states))
        {
            if (state!.Seed != root)
                throw new InvalidDataException($"{run.Folder.CheckpointPath}: "
                    + $"expected the seed {root.Value} of {run.Folder.ConfigPath}, got {state.Seed.Value}.");
            if (!state.Blocks[0].SameBits(states[0]!.Blocks[0]))
                throw new InvalidDataException($"{run.Folder.CheckpointPath}: "
                    + $"expected the shared part of {runs[0].Folder.CheckpointPath}, got another. Train them apart.");
        }
        return new(root, steps[0], [states[0]!.Blocks[0], .. states.Select(state => state!.Blocks[1])]);
    }

    static void Fit(TrainingPlan plan, IReadOnlyList<TrainingRun> runs)
    {
        var learner = plan.Learner;
        Check.That(runs.Count >= 1 && runs.Count == learner.Members, nameof(runs),
            $"{learner.Members} runs, one for each member of the learner", runs.Count);
        Check.AtLeast(plan.Threads, 1, nameof(plan.Threads));
        var folders = runs.Select(run => Path.GetFullPath(run.Folder.Path)).Distinct().Count();
        Check.That(folders == runs.Count, nameof(runs), "a folder for each", "one folder twice");
        var first = runs[0].Config.Checked();
        foreach (var config in runs.Select(run => run.Config))
        {
            var difference = (config with { Hyperparameters = first.Hyperparameters }).FirstDifference(first);
            Check.That(difference is null, nameof(runs), "configurations that differ in hyperparameters only",
                difference);
        }
        Check.That(learner.Algorithm == first.Algorithm, nameof(first.Algorithm), learner.Algorithm, first.Algorithm);
        var rows = learner.Batch["observations"].Shape[0];
        Check.That(rows == first.BatchSize, nameof(first.BatchSize), $"{rows}, as the learner was traced for",
            first.BatchSize);
        for (var i = 2; i < learner.Step.Scalars.Length; i++)
            for (var member = 0; member < runs.Count; member++)
                Fit(learner.Step.Scalars[i], learner.Hyperparameters[i - 2], member,
                    runs[member].Config.Hyperparameters);
    }

    /// <summary>A number that the learner was given and that the configuration names too must be the same.</summary>
    static void Fit(string scalar, double value, int member, JsonElement hyperparameters)
    {
        var name = TrainingSession.NameFor(scalar, member);
        if (name is null || !hyperparameters.TryGetProperty(name, out var said)
            || said.ValueKind != JsonValueKind.Number) return;
        Check.That(said.GetDouble() == value, name, $"{value}, as the learner has for member {member}",
            said.GetRawText());
    }
}
