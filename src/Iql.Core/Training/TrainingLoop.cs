using System.Collections.Immutable;
using System.Text.Json;
using Iql.Algorithms;
using Iql.Cpu;
using Iql.Execution;
using Iql.Graph;

namespace Iql.Training;

/// <summary>Trains a group of runs to their end: one learner, a member a run, each run in a folder of its own. Every
/// run gets the numbers it would get alone, on any number of threads, and the same bits after an
/// interruption.</summary>
public static class TrainingLoop
{
    /// <summary>Groups of runs at the same step, the furthest first, without the runs that are done.</summary>
    /// <exception cref="FileException">A run has checkpoints, and all are damaged.</exception>
    public static ImmutableArray<TrainingGroup> Groups(IEnumerable<TrainingRun> runs) =>
    [
        .. runs.Where(run => run.Result() is null)
            .GroupBy(run => Checkpoint.Step(run.Folder))
            .OrderByDescending(group => group.Key)
            .Select(group => new TrainingGroup(group.Key, [.. group])),
    ];

    /// <summary>Trains until every run is finished or diverged; saves those that a cancellation stops.</summary>
    /// <param name="plan">What the runs have in common.</param>
    /// <param name="runs">A run a member, in the learner's order, each going on from its checkpoint.</param>
    /// <param name="progress">Called from this thread at train lines and evaluations.</param>
    /// <param name="cancellation">Asks to stop after the current step.</param>
    /// <param name="claims">A claim a run, which the caller gives back, or null. A run ends where it is lost.</param>
    /// <returns>What came out, in the order of the runs. A run that diverges does not stop the others.</returns>
    /// <exception cref="ArgumentException">Plan, configurations and data do not fit together.</exception>
    /// <exception cref="InvalidOperationException">A folder has another run or a result; steps differ.</exception>
    /// <exception cref="FileException">A file in a folder is damaged.</exception>
    /// <exception cref="IOException">Another process trains in a folder.</exception>
    public static ImmutableArray<TrainingOutcome> Run(
        TrainingPlan plan, IReadOnlyList<TrainingRun> runs, Action<TrainingProgress>? progress = null,
        CancellationToken cancellation = default, IReadOnlyList<Claim>? claims = null)
    {
        if (runs is [{ Config: { FineTuning: not null } first }, ..]) CheckOnline(plan, first);
        Fit(plan, runs);
        var batches = plan.Learner.Source(plan.Transitions); // says what the data lack before a folder is made
        if (claims is null)
        {
            using var shared = new Claims();
            return Run(plan, runs, progress, cancellation, [.. runs.Select(run => Claimed(shared, run.Folder.Path))]);
        }
        Check.That(claims.Count == runs.Count, nameof(claims), $"{runs.Count}, one for each run", claims.Count);
        foreach (var run in runs)
            if (run.Folder.Create(run.Config) == RunFolderState.Finished)
                throw new InvalidOperationException($"{run.Folder.Path}: expected a run that is not done, "
                    + "got one with a result. Leave it out; TrainingLoop.Groups does.");
        foreach (var run in runs) Checkpoint.Restore(run.Folder);
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
                throw new FileException($"{run.Folder.CheckpointPath}: "
                    + $"expected the seed {root.Value} of {run.Folder.ConfigPath}, got {state.Seed.Value}.");
            if (!state.Blocks[0].SameBits(states[0]!.Blocks[0]))
                throw new FileException($"{run.Folder.CheckpointPath}: "
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
        var difference = runs.Select(run => run.Config with { Hyperparameters = first.Hyperparameters })
            .Select(config => config.FirstDifference(first)).FirstOrDefault(each => each is not null);
        Check.That(difference is null, nameof(runs), "configurations that differ in hyperparameters only", difference);
        Check.That(learner.Algorithm == first.Algorithm, nameof(first.Algorithm), learner.Algorithm, first.Algorithm);
        var rows = learner.Batch["observations"].Shape[0];
        Check.That(rows == first.BatchSize, nameof(first.BatchSize), $"{rows}, as the learner was traced for",
            first.BatchSize);
        // A number that the learner was given and that the configuration names too must be the same.
        foreach (var (scalar, value) in learner.Step.Scalars.Skip(2).Zip(learner.Hyperparameters))
            for (var member = 0; member < runs.Count; member++)
                if (TrainingSession.NameFor(scalar, member) is { } name
                    && runs[member].Config.Hyperparameters.TryGetProperty(name, out var written)
                    && written.ValueKind == JsonValueKind.Number)
                    Check.That(written.GetDouble() == value, name, $"{value}, as the learner has for member {member}",
                        written.GetRawText());
    }

    /// <summary>Throws an ArgumentException where a plan cannot go on online as a run says.</summary>
    /// <param name="config">A run with <see cref="RunConfig.FineTuning"/>.</param>
    public static void CheckOnline(TrainingPlan plan, RunConfig config)
    {
        var (learner, data) = (plan.Learner, plan.Transitions);
        Check.That(learner.OfflineOnly is null, learner.Algorithm, "an algorithm that can go on online",
            $"one that {learner.OfflineOnly}");
        Check.That(learner.Members == 1, nameof(learner), "one policy in a run that goes on online", learner.Members);
        Check.That(plan.Environment is not null, nameof(plan.Environment), "an environment to act in", "none");
        var environment = plan.Environment!;
        Check.That(environment.ObservationSize == data.ObservationSize && environment.ActionSpace == data.ActionSpace,
            nameof(plan.Environment),
            $"{data.ActionSpace.Beside(data.ObservationSize)}, as in {data.Name}",
            $"{environment.ActionSpace.Beside(environment.ObservationSize)} in {environment.Name}",
            "The data are of another task.");
        Check.That(config.Dataset.Transitions == data.Count, nameof(config.Dataset),
            $"{data.Count} transitions, as in {data.Name}", config.Dataset.Transitions);
        var how = config.FineTuning!;
        Check.That(how.Acting == Online.ActingChoice.Greedy || learner.Explore is not null, "acting",
            "greedy for a policy that has no draws", how.Acting);
        var kept = how.Calibration == Online.OnlineCalibration.Kept;
        Check.That(kept || learner.Returns is not null, "onlineCalibration",
            "kept where the algorithm has no calibration to turn off", how.Calibration);
        if (kept && learner.Returns is not null)
        {
            Check.That(how.Turns == Online.Turns.Episodes, "turns", "episodes for a calibration that is kept",
                how.Turns, "An episode has returns to go when it is over. Or turn the calibration off online.");
            Check.AtLeast(how.Room(data.Count), environment.TimeLimit, "capacity",
                "Returns to go of an episode need all of its rows.");
        }
        Check.That(how.ActingNoise == 0 || !environment.ActionSpace.IsDiscrete, "actingNoise",
            "0 where actions are choices", how.ActingNoise);
    }
}
