using System.Text.Json.Nodes;
using Iql.Algorithms;
using Iql.Data;
using Iql.Execution;
using Iql.Training;

namespace Iql.Estimation;

/// <summary>How a policy is judged by data.</summary>
/// <param name="Steps">Steps of the fitted Q evaluation.</param>
/// <param name="HoldOut">Share of the episodes that it does not see.</param>
/// <param name="Discount">γ; null is that of the policy's training.</param>
/// <param name="Config">The rest of the fit. Discount, bounds and kind of actions come from policy and data.</param>
/// <param name="Threads">Threads that share a step. No bit depends on them.</param>
public sealed record EvaluationPlan(long Steps = OfflineEvaluation.StandardSteps, double HoldOut = 0.1,
    double? Discount = null, FittedQEvaluationConfig? Config = null, int Threads = 1)
{
    /// <summary>A copy with some parts replaced, for F#; null keeps a part.</summary>
    public EvaluationPlan With(long? steps = null, double? holdOut = null, double? discount = null,
        FittedQEvaluationConfig? config = null, int? threads = null) =>
        new(steps ?? Steps, holdOut ?? HoldOut, discount ?? Discount, config ?? Config, threads ?? Threads);
}

/// <summary>Judges a run's policy by data alone. The fit is a run in a folder inside the policy's: it has metrics and
/// checkpoints, and goes on where it was stopped, to the same bits.</summary>
public static class OfflineEvaluation
{
    public const long StandardSteps = 50_000;

    internal const string FolderName = "estimates", FileName = "estimates.json";

    /// <summary>Evaluates the policy of a run's last checkpoint, and keeps what came out.</summary>
    /// <param name="data">Raw data, in memory.</param>
    /// <param name="info">What they are.</param>
    /// <param name="behaviour">ln μ(a|s) of every row, of the policy that made the data: <see cref="BehaviourLog"/>.
    /// Null leaves importance sampling out.</param>
    /// <returns>The estimates, or null where a cancellation stopped the fit.</returns>
    /// <exception cref="InputException">Policy and data do not fit, or the policy has a memory.</exception>
    /// <exception cref="FileException">A file is damaged.</exception>
    /// <exception cref="IOException">Another process evaluates this run.</exception>
    public static OfflineEstimates? Run(RunFolder run, IDataset data, DatasetInfo info, EvaluationPlan plan,
        IReadOnlyList<float>? behaviour = null, Action<TrainingProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        var whole = data.InMemory("the starts of episodes");
        var policy = JudgedPolicy.Read(run, whole);
        FixedPolicy target = new(policy.Learner, policy.State, whole.ActionSpace.IsDiscrete);
        if (behaviour is not null) ImportanceNumbers.Check(policy, whole, behaviour);
        var (rest, heldOut) = HeldOutEpisodes.Of(whole, plan.HoldOut);
        // Rewards are as the data have them, but for a scale: what comes out is in the user's units.
        var largest = Math.Max(Math.Abs(whole.Rewards.Min()), Math.Abs(whole.Rewards.Max()));
        var scale = largest > 0 ? 1.0 / largest : 1;
        var seen = policy.Config.Normalization;
        var normalization = seen with { Rewards = RewardRule.Custom, RewardScale = scale, RewardShift = 0 };
        var config = ((plan.Config ?? new()) with
        {
            Discount = plan.Discount ?? policy.Discount,
            Actions = whole.ActionSpace.Kind,
        }).Bounded(scale * whole.Rewards.Min(), scale * whole.Rewards.Max());
        var learner = FittedQEvaluation.Learner(config, target);
        var same = info.Fingerprint == policy.Config.Dataset.Fingerprint;
        RunFolder folder = new(Path.Combine(run.Path, same ? FolderName : $"{FolderName}-{info.Fingerprint[..8]}"));
        var fit = Fit(policy, plan, config, info, normalization);
        if (folder.State != RunFolderState.Absent && folder.ReadConfig().FirstDifference(fit) is not null)
            folder.Clear(); // of another checkpoint, or asked for otherwise
        TrainingRun training = new(folder, fit);
        var result = training.Verified();
        if (result is null)
        {
            TrainingPlan trainingPlan = new(learner, normalization.Apply(rest), Threads: plan.Threads);
            result = TrainingLoop.Run(trainingPlan, [training], progress, cancellation)[0].Result;
            if (result is null) return null;
        }
        OrderedDictionary<string, double> numbers = [];
        (Learner, LearnerState)? fitted = result.Failure is not null ? null
            : (learner, Checkpoint.Load(folder, learner.Blocks[0], learner.Blocks[1])!);
        if (fitted is var (_, state))
            FittedValues.Add(numbers, learner, state, normalization, config.Discount, whole, heldOut);
        if (behaviour is not null)
            ImportanceNumbers.Add(numbers, policy, fitted, normalization, config.Discount, whole, behaviour);
        PolicyStatistics.Add(numbers, policy, target, seen.Apply(heldOut));
        OfflineEstimates estimates = new()
        {
            Policy = policy.Checkpoint,
            PolicyStep = policy.State.Step,
            Dataset = info,
            Seen = same,
            Episodes = whole.Episodes.Length,
            HeldOut = heldOut.Episodes.Length,
            Discount = config.Discount,
            Steps = plan.Steps,
            Failure = result.Failure?.Message,
            Numbers = numbers,
        };
        RunJson.Write(Path.Combine(folder.Path, FileName), estimates);
        return estimates;
    }

    /// <summary>The fit as a run. Its hyperparameters name the policy: another checkpoint is another run.</summary>
    static RunConfig Fit(JudgedPolicy policy, EvaluationPlan plan, FittedQEvaluationConfig config, DatasetInfo info,
        Normalization normalization)
    {
        var written = JsonObject.Create(config.ToJson())!;
        written["policy"] = policy.Checkpoint;
        written["holdOut"] = plan.HoldOut;
        return new()
        {
            Algorithm = FittedQEvaluation.Name,
            Dataset = info,
            Seed = policy.Config.Seed,
            Steps = plan.Steps,
            BatchSize = config.BatchSize,
            EvaluateEvery = plan.Steps,
            EvaluationEpisodes = 0,
            LogEvery = Math.Max(1, plan.Steps / 100),
            CheckpointEvery = Math.Max(1, plan.Steps / 5),
            Hyperparameters = RunJson.Element(written),
            Normalization = normalization,
        };
    }
}
