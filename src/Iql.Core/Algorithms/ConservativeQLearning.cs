using Iql.Data;
using Iql.Graph;
using Iql.Losses;
using Iql.Networks;
using Iql.Optimizers;
using static Iql.Algorithms.Hyperparameters;
using static Iql.Graph.Tensor;
using Metrics = System.Collections.Immutable.ImmutableArray<(string Name, Iql.Graph.Tensor Value)>;

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
    /// <summary>Stream of the noise of the policy's own sample ã, [B, A].</summary>
    public const int PolicyNoise = 0;

    /// <summary>Stream of the noise of ã′, [B, A], or [N, B, A] with a maximum backup.</summary>
    public const int TargetNoise = 1;

    /// <summary>Stream of the noise of the samples of π(·|s), [N, B, A].</summary>
    public const int CurrentNoise = 2;

    /// <summary>Stream of the noise of the samples of π(·|s′), [N, B, A].</summary>
    public const int NextNoise = 3;

    /// <summary>Stream of the uniform actions, [N, B, A] on [−1, 1).</summary>
    public const int UniformActions = 4;

    const string TemperatureName = "temperature/log", MultiplierName = "multiplier/log";

    /// <summary>The learner of a config: one program, two where the policy first clones.</summary>
    /// <param name="config">Hyperparameters; validated here.</param>
    /// <param name="observationSize">S, at least 1.</param>
    /// <param name="actionSize">A, at least 1.</param>
    /// <param name="draw">Where normal numbers come from; null draws them from seed and step.</param>
    /// <param name="uniform">Where uniform actions come from; null draws them from seed and step.</param>
    public static Learner Learner(ConservativeQLearningConfig config, int observationSize, int actionSize,
        Draw? draw = null, Draw? uniform = null)
    {
        ConservativeQLearningConfig[] members = [config];
        members.Validate(observationSize, actionSize);
        var discrete = config.Actions == ActionKind.Discrete;
        var (critics, targets) =
            Critics.Shapes(2, observationSize, config.CriticHiddenSizes
                ?? config.HiddenSizes, actionSize, config.Actions);
        List<(string, Shape)> learned = [.. critics];
        if (!discrete && config.AutomaticTemperature) learned.Add((TemperatureName, new(1)));
        if (config.Lagrange != Lagrange.Off) learned.Add((MultiplierName, new(1)));
        var policy = discrete ? []
            : TanhGaussianPolicy.Shapes(observationSize, config.HiddenSizes, actionSize, config.LearnedLogStd);
        var blocks = Learners.Layouts(learned, targets, [.. policy], [], members: 1);
        Phase[] phases = discrete ? [(shared, policies, batch) => DiscreteStep(config, shared, policies[0], batch)]
            : config.CloningSteps > 0 ? [Program(cloning: false), Program(cloning: true)] : [Program(cloning: false)];
        return Learners.Of("cql", members, blocks, BatchLayout.Of(config.BatchSize, observationSize, actionSize),
            Learners.Start(blocks, Shared, Policy), Act, phases) with
        {
            Value = StateValue.OfPolicy(blocks, Act, discrete),
            Choose = step => !discrete && step < config.CloningSteps ? 1 : 0,
        };

        GraphFunction Act(int rows) => Acting.Of(blocks, observationSize, actionSize, rows, (shared, member, s) =>
            discrete ? CategoricalPolicy.Greedy(BothValues(shared, s)) : Tanh(Head(config, member, s).Mean));

        Phase Program(bool cloning) =>
            (shared, policies, batch) =>
                Step(config, shared, policies[0], batch, cloning, draw ?? Draws.Normal, uniform ?? Draws.Uniform);

        void Shared(Seed seed, TensorBlock shared)
        {
            Critics.Initialise(config.CriticInitialisation, seed, shared);
            if (shared.Layout.Contains(TemperatureName)) shared.Write(TemperatureName,
                [(float)config.InitialLogTemperature]);
            if (shared.Layout.Contains(MultiplierName)) shared.Write(MultiplierName,
                [(float)config.InitialLogMultiplier]);
        }

        void Policy(Seed seed, TensorBlock block)
        {
            Initialisers.Network(config.PolicyInitialisation, seed.Split("policy"), block, "");
            if (!block.Layout.Contains("logStdScale")) return;
            block.Write("logStdScale", [1f]);
            block.Write("logStdOffset", [-1f]);
        }
    }

    /// <summary>One whole step on symbols.</summary>
    static (TensorGroup, IEnumerable<(TensorGroup, Metrics)>, Metrics) Step(
        ConservativeQLearningConfig config, TensorGroup shared, TensorGroup policy, TensorGroup batch, bool cloning,
            Draw draw, Draw uniform)
    {
        var limit = Scalar(config.ActionLimit);
        batch = batch.With([("actions", Clip(batch["actions"], -limit, limit))]);
        var (s, a, actor) = (batch["observations"], batch["actions"], AdamState.In(policy));

        var (mean, logStd) = Head(config, policy, s);
        var (_, logDensity) = TanhGaussianPolicy.Sample(mean, logStd, draw(PolicyNoise, a.Shape));
        var (temperature, before, after, temperatureMetrics) = TemperatureStep(
            config, config.AutomaticTemperature ? AdamState.In(shared, "temperature") : null, logDensity, a.Shape[1]);
        var alpha = config.ConservativeOrder == ConservativeOrder.Simultaneous ? before : after;

        var (learned, policyMetrics) = PolicyStep(config, actor, shared, s, a, draw, alpha, cloning);
        var seen = config.ConservativeOrder == ConservativeOrder.Sequential ? learned.Parameters : actor.Parameters;
        var (critics, multiplier, criticMetrics) = CriticStep(config, shared, seen, batch, draw, uniform, alpha);
        return (
            shared.With(
            [
                .. critics.Entries, .. temperature?.Entries ?? [], .. multiplier?.Entries ?? [],
                .. Critics.TargetStep(shared, critics, Scalar(config.PolyakStep)),
            ]),
            [(policy.With(learned.Entries), policyMetrics)],
            [.. criticMetrics, .. temperatureMetrics]);
    }

    /// <summary>ln α ← minimise −mean(ln α (ln π(ã|s) + H̄)).</summary>
    /// <param name="config">Its numbers: α where it does not learn, H̄, the learning rate.</param>
    /// <param name="temperature">temperature/log with its moments; null where α does not learn.</param>
    /// <param name="logDensity">ln π(ã|s), [B].</param>
    /// <param name="actionSize">A: H̄ is A times the target entropy.</param>
    /// <returns>State after, α before and after, both scalars and constants, and the metrics.</returns>
    public static (AdamState? State, Tensor Before, Tensor After, Metrics Metrics) TemperatureStep(
        ConservativeQLearningConfig config, AdamState? temperature, Tensor logDensity, int actionSize)
    {
        if (temperature == null)
        {
            var alpha = Scalar(config.EntropyTemperature);
            return (null, alpha, alpha, [("temperature", alpha)]);
        }
        var loss =
            SoftActorCritic.Temperature(temperature.Parameters[TemperatureName], logDensity,
                Scalar(config.TargetEntropy) * actionSize);
        var (next, _) = Adam.Descend(temperature, loss, Scalar("step"), Scalar(config.PolicyLearningRate));
        var (before, after) = (Value(temperature), Value(next));
        return (next, before, after, [("temperature", before), ("temperatureLoss", loss)]);

        static Tensor Value(AdamState state) =>
            StopGradient(Reshape(Exp(state.Parameters[TemperatureName]), Shape.Scalar));
    }

    /// <summary>π ← minimise mean(α ln π(ã|s) − min(Q₁, Q₂)(s, ã)), or its warm-up.</summary>
    /// <param name="config">Its numbers: bounds of ln σ and the learning rate.</param>
    /// <param name="policy">π with its moments.</param>
    /// <param name="critics">critic1 and critic2; they do not learn here.</param>
    /// <param name="observations">s, [B, S].</param>
    /// <param name="actions">a, [B, A].</param>
    /// <param name="draw">Where ã's noise comes from.</param>
    /// <param name="temperature">α, a scalar, a constant.</param>
    /// <param name="cloning">Whether this is a step of the warm-up.</param>
    /// <returns>π after, and its metrics.</returns>
    public static (AdamState Policy, Metrics Metrics) PolicyStep(
        ConservativeQLearningConfig config, AdamState policy, TensorGroup critics, Tensor observations, Tensor actions,
            Draw draw,
        Tensor temperature, bool cloning)
    {
        var (mean, logStd) = Head(config, policy.Parameters, observations);
        var (action, logDensity) = TanhGaussianPolicy.Sample(mean, logStd, draw(PolicyNoise, actions.Shape));
        var dataLogDensity = TanhGaussianPolicy.LogDensity(actions, mean, logStd);
        var q = Critics.Least(critics, observations, action);
        var loss = cloning
            ? SoftActorCritic.Cloning(temperature, logDensity, dataLogDensity)
                : SoftActorCritic.Policy(temperature, logDensity, q);
        var (next, norm) = Adam.Descend(policy, loss, Scalar("step"), Scalar(config.PolicyLearningRate));
        return (next,
        [
            ("policyLoss", loss), ("policyTemperature", temperature), ("policyQMean", Mean(q)),
                ("sampledLogProbabilityMean", Mean(logDensity)),
            ("logProbabilityMean", Mean(dataLogDensity)), ("logStdMean", Mean(logStd)),
            ("actionErrorMean", Mean(AdvantageWeighted.Error(Tanh(mean), actions))), ("policyGradientNorm", norm),
        ]);
    }

    /// <summary>Q₁, Q₂ ← minimise mean (y − Q)² + penalty, summed over both; so does the multiplier.</summary>
    /// <param name="config">Its switches.</param>
    /// <param name="shared">critic1, critic2, their targets, multiplier/log, moments.</param>
    /// <param name="policy">π's parameters as the critics are to see them.</param>
    /// <param name="batch">observations, actions, rewards, terminals, nextObservations.</param>
    /// <param name="draw">Where normal numbers come from.</param>
    /// <param name="uniform">Where uniform actions come from.</param>
    /// <param name="temperature">α, a scalar: used with the entropy in the backup.</param>
    /// <returns>Critics and multiplier (null where nothing is constrained) after, and their metrics.</returns>
    public static (AdamState Critics, AdamState? Multiplier, Metrics Metrics) CriticStep(
        ConservativeQLearningConfig config, TensorGroup shared, TensorGroup policy, TensorGroup batch, Draw draw,
            Draw uniform, Tensor temperature)
    {
        var critics = AdamState.In(shared, "critic1", "critic2");
        var (s, a) = (batch["observations"], batch["actions"]);
        // The new policy came of the critics' gradient: to the critics' own loss it is a constant.
        var (current, next) =
            (Constants(Head(config, policy, s)), Constants(Head(config, policy, batch["nextObservations"])));
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar(config.Discount),
            NextValue(config, shared, next, batch["nextObservations"], draw, temperature));
        var samples = Samples(config, current, next, draw, uniform);
        string[] names = ["critic1", "critic2"];
        var q = names.Select(name => Critics.Q(critics.Parameters, name, s, a)).ToArray();
        var soft = names.Select((name, i) =>
            Conservative.SoftMaximum(Logits(config, critics.Parameters, name, s, samples, q[i]),
                Scalar(config.SoftmaxTemperature))).ToArray();
        return Learn(config, shared, critics, target, q, soft);
    }

    /// <summary>Moves critics and multiplier, given targets, values of the data's actions and soft maxima.</summary>
    static (AdamState Critics, AdamState? Multiplier, Metrics Metrics) Learn(
        ConservativeQLearningConfig config, TensorGroup shared, AdamState critics, Tensor target, Tensor[] q,
            Tensor[] soft)
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
            (multiplier, _) = Adam.Descend(before, dual, Scalar("step"), Scalar(config.CriticLearningRate));
            multiplierMetrics = [("multiplier", value), ("multiplierLoss", dual)];
        }
        var loss =
            q.Zip(differences, (data, difference) => TemporalDifference.Squared(target, data)
                + Penalty(difference)).Aggregate((sum, other) => sum + other);
        var (after, norm) = Adam.Descend(critics, loss, Scalar("step"), Scalar(config.CriticLearningRate));
        return (after, multiplier,
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

        Tensor Penalty(Tensor difference) =>
            Conservative.Penalty(config.Lagrange, difference, Scalar(config.ConservativeWeight), value,
                Scalar(config.LagrangeGap));
    }

    /// <summary>min(Q̂₁, Q̂₂)(s′, ã′), or the largest over N samples, less α ln π(ã′|s′) where the entropy counts, [B].</summary>
    static Tensor NextValue(
        ConservativeQLearningConfig config, TensorGroup shared, (Tensor Mean, Tensor LogStd) policy,
            Tensor nextObservations, Draw draw, Tensor temperature)
    {
        var shape = policy.Mean.Shape;
        if (config.Backup == SampledBackup.Sample)
        {
            var (action, density) = TanhGaussianPolicy.Sample(policy.Mean, policy.LogStd, draw(TargetNoise, shape));
            return WithEntropy(Critics.LeastTarget(shared, nextObservations, action), density);
        }
        var (actions, densities) =
            TanhGaussianPolicy.Sample(policy.Mean, policy.LogStd,
                draw(TargetNoise, new(config.ActionSamples, shape[0], shape[1])));
        var (q1, q2) =
            (Critics.QOfSamples(shared, "targetCritic1", nextObservations, actions),
                Critics.QOfSamples(shared, "targetCritic2", nextObservations, actions));
        if (config.Backup == SampledBackup.LeastOfMax) return Row(Minimum(Max(q1, 0), Max(q2, 0)));
        var least = Minimum(q1, q2);
        var best = Max(least, 0);
        var chosen = Equal(least, best); // one sample; equal ones share
        return WithEntropy(Row(best), Row(Sum(chosen * densities, 0) / Sum(chosen, 0)));

        Tensor WithEntropy(Tensor value, Tensor density) => config.EntropyInBackup ? value - temperature * density
            : value;
        Tensor Row(Tensor x) => Reshape(x, new(shape[0]));
    }

    /// <summary>Actions of the conservative term, [3N, B, A], and log-densities, [3N, B]: uniform, of π(·|s′), of π(·|s).</summary>
    static (Tensor Actions, Tensor LogDensities) Samples(
        ConservativeQLearningConfig config, (Tensor Mean, Tensor LogStd) current, (Tensor Mean, Tensor LogStd) next,
            Draw draw, Draw uniform)
    {
        Shape shape = new(config.ActionSamples, current.Mean.Shape[0], current.Mean.Shape[1]);
        var (ofNext, nextDensity) = TanhGaussianPolicy.Sample(next.Mean, next.LogStd, draw(NextNoise, shape));
        var (ofCurrent, currentDensity) =
            TanhGaussianPolicy.Sample(current.Mean, current.LogStd, draw(CurrentNoise, shape));
        var flat = Broadcast(Constant(shape[2] * Math.Log(0.5)), new(shape[0], shape[1]));
        return (Concat(0, uniform(UniformActions, shape), ofNext, ofCurrent),
            Concat(0, flat, nextDensity, currentDensity));
    }

    /// <summary>Q − ln density of every sample, [3N, B]; or Q alone with the data's among them, [3N + 1, B].</summary>
    static Tensor Logits(
        ConservativeQLearningConfig config, TensorGroup critics, string name, Tensor observations,
            (Tensor Actions, Tensor LogDensities) samples, Tensor q)
    {
        var sampled = Critics.QOfSamples(critics, name, observations, samples.Actions);
        return config.ConservativeTerm == ConservativeTerm.ImportanceWeighted
            ? sampled - samples.LogDensities : Concat(0, sampled, Reshape(q, new(1, q.Shape[0])));
    }

    static (Tensor Mean, Tensor LogStd) Head(ConservativeQLearningConfig config, TensorGroup policy,
        Tensor observations) =>
        TanhGaussianPolicy.Head(policy, observations, Scalar(config.LogStdMin), Scalar(config.LogStdMax));

    static (Tensor Mean, Tensor LogStd) Constants((Tensor Mean, Tensor LogStd) head) =>
        (StopGradient(head.Mean), StopGradient(head.LogStd));

    /// <summary>
    /// One whole step of discrete actions on symbols: double Q-learning (van Hasselt, Guez and Silver 2016,
    /// arXiv:1509.06461) with the conservative term over all actions, exact (Kumar et al. 2020, equation 4 and section
    /// 6).
    /// </summary>
    /// <remarks>takuseno/d3rlpy's DiscreteCQL and DoubleDQN; docs/discrete-actions.md has the differences.</remarks>
    static (TensorGroup, IEnumerable<(TensorGroup, Metrics)>, Metrics) DiscreteStep(
        ConservativeQLearningConfig config, TensorGroup shared, TensorGroup policy, TensorGroup batch)
    {
        var critics = AdamState.In(shared, "critic1", "critic2");
        var (s, a, next) = (batch["observations"], batch["actions"], batch["nextObservations"]);
        // The action is chosen by the critics that learn, and valued by the targets; equal ones share.
        var best = StopGradient(CategoricalPolicy.Greedy(BothValues(critics.Parameters, next)));
        var target = TemporalDifference.Target(batch["rewards"], batch["terminals"], Scalar(config.Discount),
            Critics.LeastTarget(shared, next, best / Sum(best, 1)));
        string[] names = ["critic1", "critic2"];
        var all = names.Select(name => Mlp.Apply(critics.Parameters.Part(name), s)).ToArray();
        var q = all.Select(values => CategoricalPolicy.Of(values, a)).ToArray();
        var soft =
            all.Select(values =>
                Conservative.SoftMaximum(Transpose(values, 1, 0), Scalar(config.SoftmaxTemperature))).ToArray();
        var (after, multiplier, metrics) = Learn(config, shared, critics, target, q, soft);
        return (
            shared.With([.. after.Entries, .. multiplier?.Entries
                ?? [], .. Critics.TargetStep(shared, after, Scalar(config.PolyakStep))]),
            [(policy, [("actionAgreement", Mean(CategoricalPolicy.Of(CategoricalPolicy.Greedy(all[0] + all[1]), a)))])],
                metrics);
    }

    /// <summary>Q₁(s, ·) + Q₂(s, ·): [B, S] → [B, A]. The policy takes its largest.</summary>
    static Tensor BothValues(TensorGroup critics, Tensor observations) =>
        Mlp.Apply(critics.Part("critic1"), observations) + Mlp.Apply(critics.Part("critic2"), observations);
}
