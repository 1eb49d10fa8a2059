using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;
using Config = Iql.Algorithms.ConservativeQLearningConfig;

namespace Iql.Algorithms;

/// <summary>
/// Conservative Q-learning (Kumar et al. 2020, arXiv:2006.04779) on soft actor-critic, as traced functions: a step in
/// the order of CORL is
/// <code>
/// temperature    ln α ← minimise −mean(ln α (ln π(ã|s) + H̄))                      ã ~ π(·|s)
/// policy step    π  ← minimise mean(α ln π(ã|s) − min(Q₁, Q₂)(s, ã));  cloning: mean(α ln π(ã|s) − ln π(a|s))
/// multiplier     ln α′ ← minimise −½ Σ penalties                                   where a gap is held
/// critic step    Q₁, Q₂ ← minimise mean (y − Q)² + penalty,  y = r + γ(1 − d) min(Q̂₁, Q̂₂)(s′, ã′), ã′ ~ π(·|s′)
///                penalty = w mean(c ln Σ exp((Q(s, aᵢ) − ln density) / c) − Q(s, a))
///                           aᵢ: N uniform, N of π(·|s′), N of π(·|s)
///                           Cal-QL: max(Q(s, aᵢ), R) of the policy's aᵢ, R the row's return to go
/// target step    Q̂  ← α Q + (1 − α) Q̂
/// </code>
/// Of discrete actions there is no policy to learn, it is the largest Q, and the term is exact:
/// <code>
/// critic step    y = r + γ(1 − d) min(Q̂₁, Q̂₂)(s′, argmax (Q₁ + Q₂)(s′, ·))
///                penalty = w mean(c ln Σₐ exp(Q(s, a) / c) − Q(s, a))
/// </code>
/// </summary>
public static class ConservativeQLearning
{
    /// <summary>Streams of noise: of ã, [B, A]; of ã′, [B, A], or [N, B, A] with a maximum backup; of samples of π(·|s)
    /// and π(·|s′) and of uniform actions, [N, B, A].</summary>
    public const int PolicyNoise = 0, TargetNoise = 1, CurrentNoise = 2, NextNoise = 3, UniformActions = 4;

    const string TemperatureName = "temperature/log", MultiplierName = "multiplier/log";
    static readonly string[] Both = ["critic1", "critic2"];

    /// <summary>The learner of a config: one program, two where the policy first clones.</summary>
    /// <param name="draw">Normal numbers; null draws them from seed and step, as it does uniform actions.</param>
    public static Learner Learner(
        Config config, int observationSize, int actionSize, Draw? draw = null, Draw? uniform = null)
    {
        Config[] members = [config];
        members.Validate(observationSize, actionSize);
        var discrete = config.Actions == ActionKind.Discrete;
        var (critics, targets) = Critics.Shapes(
            2, observationSize, config.CriticHiddenSizes ?? config.HiddenSizes, actionSize, config.Actions);
        List<(string, Shape)> learned = [.. critics];
        if (!discrete && config.AutomaticTemperature) learned.Add((TemperatureName, new(1)));
        if (config.Lagrange != Lagrange.Off) learned.Add((MultiplierName, new(1)));
        var policy = discrete ? []
            : TanhGaussianPolicy.Shapes(observationSize, config.HiddenSizes, actionSize, config.LearnedLogStd);
        var blocks = Learners.Layouts(learned, targets, [.. policy], [], members: 1);
        Phase[] phases = discrete ? [(shared, policies, batch) => DiscreteStep(config, shared, policies[0], batch)]
            : config.CloningSteps > 0 ? [Program(cloning: false), Program(cloning: true)] : [Program(cloning: false)];
        var calibrated = config.Calibration != Calibration.Off;
        var layout = BatchLayout.Of(config.BatchSize, observationSize, actionSize, returnsToGo: calibrated);
        return Learners.Of("cql", members, blocks, layout, Shared, Policy, Act, phases) with
        {
            Returns = calibrated ? Returns(config) : null,
            Batches = calibrated ? data => new Sampler(data, layout, ReturnsToGo(config, data)) : null,
            Explore = discrete ? null : rows => Acting.Of(blocks, observationSize, actionSize, rows,
                (_, policy, s) => Acting.Sample(Head(config, policy, s))),
            LogProbability = discrete ? null : Acting.LogProbability(blocks, observationSize, actionSize,
                (policy, s, a) => Acting.LogDensity(Head(config, policy, s), a, Scalar(config.ActionLimit))),
            Value = StateValue.OfPolicy(blocks, Act, discrete),
            Choose = step => !discrete && step < config.CloningSteps ? 1 : 0,
        };

        GraphFunction Act(int rows) => Acting.Of(blocks, observationSize, actionSize, rows, (shared, member, s) =>
            discrete ? CategoricalPolicy.Greedy(BothValues(shared, s)) : Tanh(Head(config, member, s).Mean));

        Phase Program(bool cloning) => (shared, policies, batch) =>
            Step(config, shared, policies[0], batch, cloning, draw ?? Draws.Normal, uniform ?? Draws.Uniform);

        void Shared(Seed seed, TensorBlock shared)
        {
            Critics.Initialise(config.CriticInitialisation, seed, shared);
            Start(shared, TemperatureName, config.InitialLogTemperature);
            Start(shared, MultiplierName, config.InitialLogMultiplier);
        }

        void Policy(Seed seed, TensorBlock block)
        {
            Initialisers.Network(config.PolicyInitialisation, seed.Split("policy"), block, "");
            Start(block, "logStdScale", 1);
            Start(block, "logStdOffset", -1);
        }

        static void Start(TensorBlock block, string name, double value)
        {
            if (block.Layout.Contains(name)) block.Write(name, [(float)value]);
        }
    }

    /// <summary>The bounds of a config's calibration, [N], of rewards as the learner sees them.</summary>
    public static float[] ReturnsToGo(Config config, Transitions data) =>
        data.ReturnsToGo(config.Discount, Returns(config).Ending);

    static ReturnRule Returns(Config config) => new(config.Discount, config.Calibration switch
    {
        Calibration.SparseReturns => Ending.EndlessFailure,
        Calibration.EndlessReturns => Ending.EndlessReward,
        _ => Ending.Nothing,
    });

    static Traced Step(
        Config config, TensorGroup shared, TensorGroup policy, TensorGroup batch, bool cloning, Draw draw, Draw uniform)
    {
        var limit = Scalar(config.ActionLimit);
        batch = batch.With([("actions", Clip(batch["actions"], -limit, limit))]);
        var (s, a, actor) = (batch["observations"], batch["actions"], AdamState.In(policy));

        var (mean, logStd) = Head(config, policy, s);
        var (_, logDensity) = TanhGaussianPolicy.Sample(mean, logStd, draw(PolicyNoise, a.Shape));
        var (temperature, before, after, temperatureMetrics) = TemperatureStep(config, shared, logDensity, a.Shape[1]);
        var alpha = config.ConservativeOrder == ConservativeOrder.Simultaneous ? before : after;

        var (learned, policyMetrics) = PolicyStep(config, actor, shared, s, a, draw, alpha, cloning);
        var newest = config.ConservativeOrder == ConservativeOrder.Sequential ? learned.Parameters : actor.Parameters;
        var (critics, criticMetrics) = CriticStep(config, shared, newest, batch, draw, uniform, alpha);
        return new(shared.With([.. critics, .. temperature?.Entries ?? []]),
            [(policy.With(learned.Entries), policyMetrics)], [.. criticMetrics, .. temperatureMetrics]);
    }

    /// <summary>ln α ← minimise −mean(ln α (ln π(ã|s) + H̄)); α before and after are constants.</summary>
    static (AdamState? State, Tensor Before, Tensor After, Metrics Metrics) TemperatureStep(
        Config config, TensorGroup shared, Tensor logDensity, int actionSize)
    {
        if (!config.AutomaticTemperature)
        {
            var alpha = Scalar(config.EntropyTemperature);
            return (null, alpha, alpha, [("temperature", alpha)]);
        }
        var state = AdamState.In(shared, "temperature");
        var loss = SoftActorCritic.Temperature(
            state.Parameters[TemperatureName], logDensity, Scalar(config.TargetEntropy) * actionSize);
        var (next, _) = Adam.Descend(state, loss, Learners.Updates(), Scalar(config.PolicyLearningRate));
        var (before, after) = (Value(state), Value(next));
        return (next, before, after, [("temperature", before), ("temperatureLoss", loss)]);

        static Tensor Value(AdamState state) =>
            StopGradient(Reshape(Exp(state.Parameters[TemperatureName]), Shape.Scalar));
    }

    /// <summary>π ← minimise mean(α ln π(ã|s) − min(Q₁, Q₂)(s, ã)), or its warm-up, where it clones.</summary>
    static (AdamState Policy, Metrics Metrics) PolicyStep(
        Config config, AdamState policy, TensorGroup critics, Tensor s, Tensor a, Draw draw, Tensor temperature,
        bool cloning)
    {
        var (mean, logStd) = Head(config, policy.Parameters, s);
        var (action, logDensity) = TanhGaussianPolicy.Sample(mean, logStd, draw(PolicyNoise, a.Shape));
        var dataLogDensity = TanhGaussianPolicy.LogDensity(a, mean, logStd);
        var q = Critics.Min(critics, s, action);
        var loss = cloning ? SoftActorCritic.Cloning(temperature, logDensity, dataLogDensity)
            : SoftActorCritic.Policy(temperature, logDensity, q);
        var (next, norm) = Adam.Descend(policy, loss, Learners.Updates(), Scalar(config.PolicyLearningRate));
        return (next,
        [
            ("policyLoss", loss), ("policyTemperature", temperature), ("policyQMean", Mean(q)),
            ("sampledLogProbabilityMean", Mean(logDensity)), ("logProbabilityMean", Mean(dataLogDensity)),
            ("logStdMean", Mean(logStd)), ("actionErrorMean", Mean(AdvantageWeighted.Error(Tanh(mean), a))),
            ("policyGradientNorm", norm),
        ]);
    }

    /// <summary>Q₁, Q₂ ← minimise mean (y − Q)² + penalty, summed over both; so does the multiplier.</summary>
    /// <returns>Entries of critics, targets and multiplier after, and metrics.</returns>
    static (IEnumerable<(string, Tensor)> Entries, Metrics Metrics) CriticStep(
        Config config, TensorGroup shared, TensorGroup policy, TensorGroup batch, Draw draw, Draw uniform,
        Tensor temperature)
    {
        var (s, a, after) = (batch["observations"], batch["actions"], batch["nextObservations"]);
        // The new policy came of the critics' gradient: to the critics' own loss it is a constant.
        var (current, next) = (Constants(Head(config, policy, s)), Constants(Head(config, policy, after)));
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar(config.Discount),
            NextValue(config, shared, next, after, draw, temperature));
        var samples = Samples(config, current, next, draw, uniform);
        var critics = AdamState.In(shared, Both);
        var q = Both.Select(name => Critics.Q(critics.Parameters, name, s, a)).ToArray();
        var bound = config.Calibration == Calibration.Off ? null : batch["returnsToGo"];
        Metrics shares = [];
        var soft = Both.Select((name, i) =>
        {
            var sampled = Critics.QOfSamples(critics.Parameters, name, s, samples.Actions);
            if (bound is not null)
            {
                (sampled, var share) = Bounded(config, sampled, bound);
                shares = [.. shares, ($"boundShare{i + 1}", share)];
            }
            return Conservative.SoftMaximum(
                Logits(config, sampled, samples.LogDensities, q[i]), Scalar(config.SoftmaxTemperature));
        }).ToArray();
        var (entries, metrics) = Learn(config, shared, critics, target, q, soft);
        return (entries, [.. metrics, .. shares]);
    }

    /// <summary>Moves critics, targets and multiplier, given y, values of the data's actions and soft maxima.</summary>
    static (IEnumerable<(string, Tensor)> Entries, Metrics Metrics) Learn(
        Config config, TensorGroup shared, AdamState critics, Tensor target, Tensor[] q, Tensor[] soft)
    {
        var (min, max) = (Scalar(config.DifferenceMin), Scalar(config.DifferenceMax));
        var differences = soft.Zip(q, (largest, data) => Conservative.Difference(largest, data, min, max)).ToArray();

        AdamState? multiplier = null;
        Tensor value = 1;
        Metrics multiplierMetrics = [];
        if (config.Lagrange != Lagrange.Off)
        {
            var before = AdamState.In(shared, "multiplier");
            value = Conservative.Multiplier(Reshape(before.Parameters[MultiplierName], Shape.Scalar));
            var dual = Conservative.Dual(Penalty(StopGradient(differences[0])), Penalty(StopGradient(differences[1])));
            (multiplier, _) = Adam.Descend(before, dual, Learners.Updates(), Scalar(config.CriticLearningRate));
            multiplierMetrics = [("multiplier", value), ("multiplierLoss", dual)];
        }
        var loss = q.Zip(differences, (data, difference) =>
            TemporalDifference.Squared(target, data) + Penalty(difference)).Aggregate((sum, other) => sum + other);
        var (after, norm) = Adam.Descend(critics, loss, Learners.Updates(), Scalar(config.CriticLearningRate));
        return (
            [
                .. after.Entries, .. multiplier?.Entries ?? [],
                .. Critics.TargetStep(shared, after, Scalar(config.PolyakStep)),
            ],
            [
                .. Critics.Measured(loss, target, q, norm),
                ("tdErrorSquareMean2", TemporalDifference.Squared(target, q[1])),
                .. Enumerable.Range(0, q.Length).SelectMany(i => new[]
                {
                    ($"softMaximum{i + 1}Mean", Mean(soft[i])), ($"difference{i + 1}", differences[i]),
                    ($"differenceClipped{i + 1}", Mean(soft[i] - q[i] < min) + Mean(soft[i] - q[i] > max)),
                }),
                .. multiplierMetrics,
            ]);

        Tensor Penalty(Tensor difference) => Conservative.Penalty(
            config.Lagrange, difference, Scalar(config.ConservativeWeight), value, Scalar(config.LagrangeGap));
    }

    /// <summary>min(Q̂₁, Q̂₂)(s′, ã′), [B], or the largest over N; less α ln π(ã′|s′) where entropy counts.</summary>
    static Tensor NextValue(
        Config config, TensorGroup shared, (Tensor Mean, Tensor LogStd) policy, Tensor next, Draw draw,
        Tensor temperature)
    {
        var (rows, size) = (policy.Mean.Shape[0], policy.Mean.Shape[1]);
        var several = config.Backup != SampledBackup.Sample;
        var noise = draw(TargetNoise, several ? new(config.ActionSamples, rows, size) : new(rows, size));
        var (actions, densities) = TanhGaussianPolicy.Sample(policy.Mean, policy.LogStd, noise);
        if (!several) return WithEntropy(Critics.MinTarget(shared, next, actions), densities);
        var q1 = Critics.QOfSamples(shared, "targetCritic1", next, actions);
        var q2 = Critics.QOfSamples(shared, "targetCritic2", next, actions);
        if (config.Backup == SampledBackup.LeastOfMax) return Row(Minimum(Max(q1, 0), Max(q2, 0)));
        var least = Minimum(q1, q2);
        var best = Max(least, 0);
        var chosen = Equal(least, best); // one sample; equal ones share
        return WithEntropy(Row(best), Row(Sum(chosen * densities, 0) / Sum(chosen, 0)));

        Tensor WithEntropy(Tensor value, Tensor density) =>
            config.EntropyInBackup ? value - temperature * density : value;

        Tensor Row(Tensor x) => Reshape(x, new(rows));
    }

    /// <summary>The term's actions, [3N, B, A], and log-densities, [3N, B]: uniform, of π(·|s′), of π(·|s).</summary>
    static (Tensor Actions, Tensor LogDensities) Samples(
        Config config, (Tensor Mean, Tensor LogStd) current, (Tensor Mean, Tensor LogStd) next, Draw draw, Draw uniform)
    {
        Shape shape = new(config.ActionSamples, current.Mean.Shape[0], current.Mean.Shape[1]);
        var (ofNext, nextDensity) = TanhGaussianPolicy.Sample(next.Mean, next.LogStd, draw(NextNoise, shape));
        var (ofCurrent, density) = TanhGaussianPolicy.Sample(current.Mean, current.LogStd, draw(CurrentNoise, shape));
        var flat = Broadcast(Constant(shape[2] * Math.Log(0.5)), new(shape[0], shape[1]));
        return (Concat(0, uniform(UniformActions, shape), ofNext, ofCurrent), Concat(0, flat, nextDensity, density));
    }

    /// <summary>Q of every sample, [3N, B], at least the bound, [B], where the policy drew it; and how many were below.
    /// </summary>
    static (Tensor Q, Tensor Share) Bounded(Config config, Tensor sampled, Tensor bound)
    {
        var n = config.ActionSamples;
        var ofPolicy = Slice(sampled, 0, n, 2 * n);
        return (Concat(0, Slice(sampled, 0, 0, n), Maximum(ofPolicy, bound)), Mean(ofPolicy < bound));
    }

    /// <summary>Q − ln density of every sample, [3N, B]; or Q alone with the data's among them, [3N + 1, B].</summary>
    static Tensor Logits(Config config, Tensor sampled, Tensor logDensities, Tensor q) =>
        config.ConservativeTerm == ConservativeTerm.ImportanceWeighted
            ? sampled - logDensities : Concat(0, sampled, Reshape(q, new(1, q.Shape[0])));

    static (Tensor Mean, Tensor LogStd) Head(Config config, TensorGroup policy, Tensor observations) =>
        TanhGaussianPolicy.Head(policy, observations, Scalar(config.LogStdMin), Scalar(config.LogStdMax));

    static (Tensor Mean, Tensor LogStd) Constants((Tensor Mean, Tensor LogStd) head) =>
        (StopGradient(head.Mean), StopGradient(head.LogStd));

    /// <summary>One whole step of discrete actions on symbols: double Q-learning (van Hasselt, Guez and Silver 2016,
    /// arXiv:1509.06461) with the conservative term over all actions, exact (Kumar et al. 2020, equation 4, section
    /// 6).</summary>
    /// <remarks>takuseno/d3rlpy's DiscreteCQL and DoubleDQN; docs/discrete-actions.md has the differences.</remarks>
    static Traced DiscreteStep(Config config, TensorGroup shared, TensorGroup policy, TensorGroup batch)
    {
        var critics = AdamState.In(shared, Both);
        var (s, a, next) = (batch["observations"], batch["actions"], batch["nextObservations"]);
        // The action is chosen by the critics that learn, and valued by the targets; equal ones share.
        var best = StopGradient(CategoricalPolicy.Greedy(BothValues(critics.Parameters, next)));
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar(config.Discount),
            Critics.MinTarget(shared, next, best / Sum(best, 1)));
        var all = Both.Select(name => Mlp.Apply(critics.Parameters.Part(name), s)).ToArray();
        var q = all.Select(values => CategoricalPolicy.Of(values, a)).ToArray();
        var soft = all.Select(values => Conservative.SoftMaximum(
            Transpose(values, 1, 0), Scalar(config.SoftmaxTemperature))).ToArray();
        var (after, metrics) = Learn(config, shared, critics, target, q, soft);
        var agreement = Mean(CategoricalPolicy.Of(CategoricalPolicy.Greedy(all[0] + all[1]), a));
        return new(shared.With([.. after]), [(policy, [("actionAgreement", agreement)])], metrics);
    }

    /// <summary>Q₁(s, ·) + Q₂(s, ·): [B, S] → [B, A]. The policy takes its largest.</summary>
    static Tensor BothValues(TensorGroup critics, Tensor observations) =>
        Mlp.Apply(critics.Part("critic1"), observations) + Mlp.Apply(critics.Part("critic2"), observations);
}
